"""Makes tokens of what a person approved, and says who the person is."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection

from synfonium.apps.identity.model.oauth import words
from synfonium.apps.identity.model.oauth.claims import claims_about
from synfonium.apps.identity.model.oauth.client import Client
from synfonium.apps.identity.model.oauth.issued import Approval, Issued, Kind
from synfonium.apps.identity.model.oauth.words import OAuthError
from synfonium.apps.identity.model.people import ACCESS_PREFIX, Account, digest, new_secret
from synfonium.apps.identity.service.oauth.keys import SigningKeys
from synfonium.apps.identity.store.oauth import issued as store
from synfonium.kernel.context import Context

REFRESH_PREFIX = "syr_"
encode = msgspec.json.encode
_APPROVAL = msgspec.json.Decoder(Approval)
_SPENT = {"nonce": "", "redirect_uri": "", "code_challenge": ""}


class Granted(msgspec.Struct, frozen=True, kw_only=True):
    """What a grant comes to. expires_s: no token lives longer, 0 for no such bound."""

    client: Client
    account: Account
    approval: Approval
    family: str
    session_id: str = ""
    with_refresh: bool = False
    refresh_until_s: float = 0.0
    expires_s: float = 0.0
    email: str = ""


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens just stored, to be told once. jkt: of the access token."""

    granted: Granted
    access_token: str
    refresh_token: str
    jkt: str
    lives_s: int
    now_s: float


def approval_of(row: Issued) -> Approval:
    return _APPROVAL.decode(row.body)


class Issuing:
    """Stores tokens and signs id tokens."""

    def __init__(self, context: Context, keys: SigningKeys) -> None:
        self._context, self._keys = context, keys
        self._sub_key = context.secrets.derive("identity.pairwise")
        self._sid_key = context.secrets.derive("identity.pairwise-session")

    @property
    def issuer(self) -> str:
        return self._context.site.public_url

    def sub(self, client: Client, person_id: str) -> str:
        return words.pairwise(self._sub_key, client.sector, person_id)

    def sid(self, client: Client, session_id: str) -> str:
        return words.pairwise(self._sid_key, client.id, session_id)

    def make(self, connection: Connection, granted: Granted, jkt: str) -> Made:
        """Stores the tokens. Raises OAuthError where the client must prove a key and did not."""
        if granted.client.needs_dpop and not jkt:
            raise OAuthError(
                "invalid_dpop_proof", "this client's tokens are bound to a key: a proof is needed"
            )
        now_s = self._context.clock.now_s()
        until_s = min(now_s + words.ACCESS_LIFE_S, granted.expires_s or float("inf"))
        access_token = new_secret(ACCESS_PREFIX)
        self._store(connection, "access", access_token, granted, jkt, until_s)
        refresh_token = ""
        if granted.with_refresh:
            refresh_token = new_secret(REFRESH_PREFIX)
            # RFC 9449, section 5: bound to the key only where nothing else binds them to the client.
            bound = jkt if granted.client.is_public else ""
            self._store(connection, "refresh", refresh_token, granted, bound, granted.refresh_until_s)
        self._remember_visit(connection, granted)
        return Made(
            granted=granted,
            access_token=access_token,
            refresh_token=refresh_token,
            jkt=jkt,
            lives_s=max(0, int(until_s - now_s)),
            now_s=now_s,
        )

    def _store(
        self, connection: Connection, kind: Kind, secret: str, granted: Granted, jkt: str, until_s: float
    ) -> None:
        approval, now_s = granted.approval, self._context.clock.now_s()
        row = Issued(
            hash=digest(secret),
            kind=kind,
            family=granted.family,
            client_id=granted.client.id,
            person_id=granted.account.id,
            session_id="" if approval.is_lasting else granted.session_id,
            expires_s=until_s,
            body=encode(msgspec.structs.replace(approval, jkt=jkt, issued_s=now_s, **_SPENT)),
        )
        store.add(connection, row)

    def _remember_visit(self, connection: Connection, granted: Granted) -> None:
        """That this session signed in there, so that the site is told when it ends."""
        if not granted.client.metadata.backchannel_logout_uri or not granted.session_id:
            return
        hashed = digest(f"visit\0{granted.session_id}\0{granted.client.id}")
        if store.find(connection, "visit", hashed) is None:
            row = Issued(
                hash=hashed,
                kind="visit",
                client_id=granted.client.id,
                person_id=granted.account.id,
                session_id=granted.session_id,
                expires_s=self._context.clock.now_s() + words.REFRESH_LIFE_S,
                body=b"{}",
            )
            store.add(connection, row)

    def answer(self, made: Made) -> dict[str, Any]:
        """RFC 6749, section 5.1, with the id token of Core 1.0."""
        approval = made.granted.approval
        answer: dict[str, Any] = {
            "access_token": made.access_token,
            "token_type": "DPoP" if made.jkt else "Bearer",
            "expires_in": made.lives_s,
            "scope": " ".join(approval.scopes),
        }
        if "openid" in approval.scopes and not approval.actor:
            answer["id_token"] = self._id_token(made)
        if made.refresh_token:
            answer["refresh_token"] = made.refresh_token
        if approval.details:
            answer["authorization_details"] = approval.details
        return answer

    def _id_token(self, made: Made) -> str:
        granted, approval = made.granted, made.granted.approval
        client = granted.client
        algorithm = client.metadata.id_token_signed_response_alg
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "sub": self.sub(client, granted.account.id),
            "aud": client.id,
            "iat": int(made.now_s),
            "exp": int(made.now_s) + words.ID_TOKEN_LIFE_S,
            "auth_time": int(approval.auth_time_s),
            "at_hash": words.half_hash(made.access_token, algorithm),
        }
        if granted.session_id:
            claims["sid"] = self.sid(client, granted.session_id)
        if approval.nonce:
            claims["nonce"] = approval.nonce
        claims |= claims_about(granted.account, (), approval.id_token_claims, granted.email)
        return self._keys.sign(claims, algorithm)

    def userinfo(
        self, client: Client, account: Account, approval: Approval, email: str
    ) -> Mapping[str, Any] | str:
        """The claims, or a JWT of them where the client registered for one (Core 1.0, 5.3.2)."""
        sub = self.sub(client, account.id)
        claims = {"sub": sub, **claims_about(account, approval.scopes, approval.userinfo_claims, email)}
        algorithm = client.metadata.userinfo_signed_response_alg
        if not algorithm:
            return claims
        return self._keys.sign({**claims, "iss": self.issuer, "aud": client.id}, algorithm, "userinfo+jwt")


def narrowed(wanted: str, granted: Sequence[str]) -> tuple[str, ...]:
    """The wanted part of `granted`, all of it when nothing is said. Raises ValueError for more."""
    asked = tuple(wanted.split())
    if not set(asked) <= set(granted):
        raise ValueError("more than was granted")
    return asked or tuple(granted)
