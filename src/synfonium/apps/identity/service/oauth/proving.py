"""Signed proofs: who a client is (RFC 7523), and which key a token is bound to (RFC 9449)."""

import hmac
from collections.abc import Mapping, Sequence
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry

from synfonium.apps.identity.model.oauth import proofs
from synfonium.apps.identity.model.oauth.client import PROOF_ALGORITHMS, Client
from synfonium.apps.identity.model.oauth.words import OAuthError, base64url
from synfonium.apps.identity.model.people import digest
from synfonium.apps.identity.service.oauth.fetching import Fetcher
from synfonium.apps.identity.store import credentials
from synfonium.kernel.context import Context

NONCE_S = 300
SMALLEST_RSA_BITS = 2048
_NOTES = {"use", "key_ops", "alg"}
_PRIVATE = {"d", "k", "p", "q", "dp", "dq", "qi"}


class NonceNeeded(OAuthError):
    """The client repeats its request with the nonce that stands in the answer (RFC 9449, 8)."""

    def __init__(self) -> None:
        super().__init__("use_dpop_nonce", "the proof needs the nonce of the header DPoP-Nonce")


class Proving:
    """Checks assertions and DPoP proofs; gives nonces."""

    def __init__(self, context: Context, fetcher: Fetcher) -> None:
        self._context, self._fetcher = context, fetcher
        self._nonce_key = context.secrets.derive("identity.dpop-nonce")

    async def assertion(self, client: Client, token: str, url: str) -> None:
        """Checks the client's own signature, good for once. Raises OAuthError invalid_client."""
        header = proofs.parse_header(token, "invalid_client")
        wanted = client.metadata.token_endpoint_auth_signing_alg
        allowed = [wanted] if wanted else [*PROOF_ALGORITHMS, *([] if client.is_strict else ["RS256"])]
        if header.get("alg") not in allowed:
            raise OAuthError("invalid_client", "the assertion is signed by an algorithm that is not taken")
        payload = await self._verified(client, token, str(header.get("kid") or ""), allowed)
        issuer, now_s = self._context.site.public_url, self._context.clock.now_s()
        claims = proofs.check_assertion(
            payload,
            client.id,
            (issuer, f"{issuer}/oauth/token", url),
            now_s,
            only_issuer=client.is_strict,
        )
        await self._spend(f"{client.id}\0{claims.jti}", claims.exp + proofs.SKEW_S, "invalid_client")

    async def _spend(self, jti: str, until_s: float, error: str) -> None:
        """In a transaction of its own: a proof is spent whatever becomes of its request."""
        hashed = digest(jti)
        if not await self._context.database.write(lambda c: credentials.spend(c, hashed, until_s)):
            raise OAuthError(error, "jti was used before")

    async def _verified(self, client: Client, token: str, kid: str, allowed: Sequence[str]) -> bytes:
        """Tries the keys that are kept, then those that the client publishes now."""
        for is_fresh in (False, True):
            keys = client.metadata.jwks
            if client.metadata.jwks_uri:
                keys = await self._fetcher.keys(client.metadata.jwks_uri, is_fresh=is_fresh)
            payload = _verify(keys or {}, token, kid, allowed)
            if payload is not None:
                return payload
            if not client.metadata.jwks_uri:
                break
        raise OAuthError("invalid_client", "the assertion is signed by none of the client's keys")

    async def dpop(
        self, token: str, method: str, url: str, access_token: str = "", *, with_nonce: bool
    ) -> str:
        """The thumbprint of the key that was proved, once. Raises OAuthError invalid_dpop_proof,
        or NonceNeeded."""
        header = proofs.parse_header(token, "invalid_dpop_proof")
        jwk = header.get("jwk")
        if header.get("typ") != "dpop+jwt" or header.get("alg") not in PROOF_ALGORITHMS:
            raise OAuthError("invalid_dpop_proof", "typ is dpop+jwt, alg one of those in the metadata")
        if not isinstance(jwk, dict):
            raise OAuthError("invalid_dpop_proof", "jwk is a public key")
        try:
            key = public_key(jwk)
            payload = _payload(token, key, [header["alg"]])
            jkt: str = key.thumbprint()
        except (JoseError, ValueError, TypeError, KeyError):
            raise OAuthError("invalid_dpop_proof", "the signature does not hold") from None
        now_s = self._context.clock.now_s()
        claims = proofs.check_proof(payload, method, url, now_s, access_token=access_token)
        if with_nonce and not self._is_nonce(claims.nonce, now_s):
            raise NonceNeeded
        await self._spend(f"{jkt}\0{claims.jti}", claims.iat + proofs.PROOF_LIFE_S, "invalid_dpop_proof")
        return jkt

    def nonce(self, now_s: float | None = None) -> str:
        """Changes every five minutes and is known for ten; nothing is stored."""
        window = int((self._context.clock.now_s() if now_s is None else now_s) / NONCE_S)
        return base64url(hmac.digest(self._nonce_key, str(window).encode(), "sha256")[:16])

    def _is_nonce(self, nonce: str, now_s: float) -> bool:
        given = nonce.encode("utf-8", "surrogatepass")
        known = (self.nonce(now_s), self.nonce(now_s - NONCE_S))
        return any(hmac.compare_digest(one.encode(), given) for one in known)


def public_key(jwk: Mapping[str, Any]) -> Any:
    """A key that may verify a signature. Raises ValueError for a secret one, for RSA of less than
    2048 bits (RFC 7518, 3.3), and for what is no key."""
    if jwk.get("kty") == "oct" or jwk.keys() & _PRIVATE:
        raise ValueError("not a public key")
    try:
        key: Any = JWKRegistry.import_key({k: v for k, v in jwk.items() if k not in _NOTES})
        bits = key.public_key.key_size if jwk.get("kty") == "RSA" else 0
    except (JoseError, TypeError, KeyError, AttributeError):
        raise ValueError("not a key") from None
    if 0 < bits < SMALLEST_RSA_BITS:
        raise ValueError("too small")
    return key


def _verify(keys: Mapping[str, Any], token: str, kid: str, allowed: Sequence[str]) -> bytes | None:
    """The payload when one of the public keys made the signature. An unusable key is passed over."""
    for jwk in keys.get("keys", [])[:10]:
        if kid and jwk.get("kid") not in (None, kid):
            continue
        try:
            return _payload(token, public_key(jwk), allowed)
        except (JoseError, ValueError, TypeError, KeyError):
            continue
    return None


def _payload(token: str, key: Any, allowed: Sequence[str]) -> bytes:
    """What a key signed. Members of the header that nobody knows are passed over (RFC 7515, 4)."""
    lenient = jws.JWSRegistry(algorithms=list(allowed), strict_check_header=False)
    return jws.deserialize_compact(token.encode(), key, registry=lenient).payload
