"""`tls = "acme"`: certificates from a public authority by ACME (RFC 8555), proved by HTTP-01.

The authority fetches `/.well-known/acme-challenge/TOKEN` from port 80 of each name; the
front listens there (`http_port`), or a proxy passes that path on.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import requests
from acme import challenges, client, crypto_util, errors, messages
from cryptography.hazmat.primitives import hashes, serialization
from josepy.jwa import ES256
from josepy.jwk import JWKEC
from josepy.util import ComparableECKey

from synfonium.common.problem import NotFound
from synfonium.kernel.asgi import ASGIApp, Receive, Scope, Send, raw_path, respond
from synfonium.kernel.tls.authority import InternalCertificates
from synfonium.kernel.tls.certificate import (
    Names,
    is_due,
    key_pem,
    names_in,
    new_key,
    read_certificate,
    write_secret,
)
from synfonium.kernel.tls.pair import Pair, RenewalFailed
from synfonium.ports.clock import Clock

LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory"
DOOR = "/.well-known/acme-challenge"
ORDER_TIMEOUT_S = 90
REQUEST_TIMEOUT_S = 20
USER_AGENT = "synfonium"


class AcmeCertificates:
    """Orders certificates for `names` and keeps account and certificate in `folder`.

    Until the first order succeeds, an own certificate is served that nobody trusts, so that
    the port answers. contact: an e-mail address for the authority's warnings, or "".
    trust: PEM file of who vouches for the directory itself, for private authorities.
    """

    # Let's Encrypt allows five failed validations an hour for a name.
    check_every_s = 900.0

    def __init__(
        self, folder: Path, names: Names, clock: Clock, *, directory: str, contact: str, trust: Path | None
    ) -> None:
        self._certificate, self._account = folder / "acme.pem", folder / "acme-account.pem"
        self._names, self._clock = names, clock
        self._directory, self._contact, self._trust = directory or LETS_ENCRYPT, contact, trust
        self._meanwhile = InternalCertificates(folder / "meanwhile", names, clock)
        self._answers: dict[bytes, bytes] = {}
        self.doors: Mapping[str, ASGIApp] = {DOOR: self._answer}

    def pair(self) -> Pair:
        found = read_certificate(self._certificate)
        if found is None or names_in(found) != self._names:
            return self._meanwhile.pair()
        return Pair(self._certificate, self._certificate, found.fingerprint(hashes.SHA256()).hex())

    def renew(self) -> None:
        found = read_certificate(self._certificate)
        if found and names_in(found) == self._names and not is_due(found, self._clock.now_s()):
            return
        key = new_key()
        try:
            chain = self._order(key_pem(key))
        except messages.Error as error:
            raise RenewalFailed(error.code or "acme") from None
        except errors.ValidationError as error:
            raise RenewalFailed(_first_reason(error)) from None
        except (errors.Error, requests.RequestException, ValueError) as error:
            raise RenewalFailed(type(error).__name__) from None
        write_secret(self._certificate, chain + key_pem(key))

    def _order(self, key: bytes) -> bytes:
        """The chain of a new certificate for our names."""
        account_key, acme = self._client()
        order = acme.new_order(crypto_util.make_csr(key, list(self._names.hosts)))
        deadline = datetime.now() + timedelta(seconds=ORDER_TIMEOUT_S)  # noqa: DTZ005 - as the library compares
        with self._answering(order, account_key) as challenges_open:
            for challenge in challenges_open:
                acme.answer_challenge(challenge, challenge.response(account_key))
            done = acme.poll_and_finalize(order, deadline)
        return str(done.fullchain_pem).encode()

    def _client(self) -> tuple[JWKEC, client.ClientV2]:
        """The account's key, and a client signed in with it."""
        if not self._account.exists():
            write_secret(self._account, key_pem(new_key()))
        private = serialization.load_pem_private_key(self._account.read_bytes(), None)
        key = JWKEC(key=ComparableECKey(private))  # type: ignore[arg-type]
        network = client.ClientNetwork(key, alg=ES256, user_agent=USER_AGENT, timeout=REQUEST_TIMEOUT_S)
        if self._trust:
            network.verify_ssl = str(self._trust)  # type: ignore[assignment]
        acme = client.ClientV2(client.ClientV2.get_directory(self._directory, network), network)
        wanted = messages.NewRegistration.from_data(email=self._contact or None, terms_of_service_agreed=True)
        try:
            acme.new_account(wanted)
        except errors.ConflictError as known:
            network.account = messages.RegistrationResource(uri=known.location, body=messages.Registration())
        return key, acme

    @contextmanager
    def _answering(self, order: messages.OrderResource, key: JWKEC) -> Iterator[list[Any]]:
        """Serves the answers of the order's open challenges while the block runs."""
        chosen = [
            _http_challenge(a) for a in order.authorizations if a.body.status == messages.STATUS_PENDING
        ]
        for challenge in chosen:
            path = challenge.chall.path.encode()
            self._answers[path] = challenge.chall.validation(key).encode()
        try:
            yield chosen
        finally:
            for challenge in chosen:
                self._answers.pop(challenge.chall.path.encode(), None)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = self._answers.get(raw_path(scope))
        if found is None or scope.get("method") not in ("GET", "HEAD"):
            raise NotFound
        await respond(send, 200, [(b"content-type", b"application/octet-stream")], found)


def _first_reason(error: errors.ValidationError) -> str:
    """Why a challenge failed, in ACME's words: `dns`, `connection`, `unauthorized` …"""
    tried = [challenge for one in error.failed_authzrs for challenge in one.body.challenges]
    return next((str(one.error.code) for one in tried if one.error), "validation")


def _http_challenge(authorization: messages.AuthorizationResource) -> Any:
    for challenge in authorization.body.challenges:
        if isinstance(challenge.chall, challenges.HTTP01):
            return challenge
    raise RenewalFailed("no_http_challenge")
