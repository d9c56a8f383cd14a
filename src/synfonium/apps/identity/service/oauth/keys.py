"""The keys that sign: ES256, EdDSA and RS256, kept sealed, published as a JWK set, rotated.

Of each algorithm there is one key that signs and one that will: it is published long before,
so that whoever keeps a copy of the set knows it in time. A key that no longer signs is
published until no token carries it, and is kept for a year to recognise id_token_hint.
"""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, KeySet, OKPKey, RSAKey

from synfonium.apps.identity.model.oauth.words import ID_TOKEN_LIFE_S, base64url
from synfonium.apps.identity.store.oauth import clients as store
from synfonium.kernel.context import Context

Key = ECKey | OKPKey | RSAKey
ALGORITHMS = ("ES256", "EdDSA", "RS256")
ALWAYS = ("ES256", "EdDSA")
SIGNS_S = 90 * 86_400
JWKS_KEPT_S = 3600
OVERLAP_S = ID_TOKEN_LIFE_S + 86_400
KEPT_S = 400 * 86_400
_PURPOSE = "identity.signing"
_MAKERS: Mapping[str, Callable[[], Key]] = {
    "ES256": lambda: ECKey.generate_key("P-256", private=True),
    "EdDSA": lambda: OKPKey.generate_key("Ed25519", private=True),
    "RS256": lambda: RSAKey.generate_key(2048, private=True),
}


class SigningKey:
    """One key, ready to sign: what each signature needs is made once."""

    def __init__(self, key: Key, algorithm: str, signs_from_s: float) -> None:
        self.key, self.algorithm, self.signs_from_s = key, algorithm, signs_from_s
        self.public = {**key.as_dict(private=False), "use": "sig", "alg": algorithm}
        self._sign = _signer(key.private_key)
        self._heads: dict[str, str] = {}

    @property
    def kid(self) -> str:
        return str(self.public["kid"])

    def sign(self, claims: Mapping[str, Any], kind: str) -> str:
        """RFC 7515, compact. 59 µs of CPU against 91 by joserfc, which prepares anew (measured)."""
        head = self._heads.get(kind)
        if head is None:
            header = {"alg": self.algorithm, "kid": self.kid, "typ": kind}
            head = self._heads[kind] = base64url(msgspec.json.encode(header))
        signed = f"{head}.{base64url(msgspec.json.encode(claims))}"
        return f"{signed}.{base64url(self._sign(signed.encode()))}"


def _signer(private: object) -> Callable[[bytes], bytes]:
    match private:
        case ec.EllipticCurvePrivateKey():
            return lambda data: _raw(private.sign(data, ec.ECDSA(hashes.SHA256())))
        case ed25519.Ed25519PrivateKey():
            return private.sign
        case rsa.RSAPrivateKey():
            return lambda data: private.sign(data, padding.PKCS1v15(), hashes.SHA256())
    raise TypeError("no key that signs")


def _raw(signature: bytes) -> bytes:
    r, s = decode_dss_signature(signature)
    return r.to_bytes(32) + s.to_bytes(32)


class SigningKeys:
    """Signs with the newest key whose time has come; publishes those before and after it."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._keys: list[SigningKey] = []
        self._making = asyncio.Lock()

    @classmethod
    async def load(cls, context: Context) -> "SigningKeys":
        """The keys of the installation; the first are made here."""
        keys = cls(context)
        await keys.tend()
        return keys

    async def tend(self) -> None:
        """Reads the keys, makes those that are due, and forgets those that nobody can need."""
        rows = await self._context.database.read(store.sealed_keys)
        self._keys = [self._opened(sealed, algorithm, from_s) for _kid, sealed, algorithm, from_s in rows]
        for algorithm in {*ALWAYS, *(key.algorithm for key in self._keys)}:
            await self.ensure(algorithm)
        now_s = self._context.clock.now_s()
        for key in [key for key in self._keys if self._replaced_s(key) <= now_s - KEPT_S]:
            await self._context.database.write(partial(store.remove_key, kid=key.kid))
            self._keys.remove(key)

    async def ensure(self, algorithm: str) -> None:
        """Makes sure that a key signs by `algorithm`, and that its successor is published."""
        async with self._making:
            mine = [key for key in self._keys if key.algorithm == algorithm]
            now_s = self._context.clock.now_s()
            if not mine:
                mine = [await self._make(algorithm, 0.0)]
            if all(key.signs_from_s <= now_s for key in mine):
                last_s = max(key.signs_from_s for key in mine) or now_s
                await self._make(algorithm, max(last_s + SIGNS_S, now_s + 2 * JWKS_KEPT_S))

    async def rotate(self) -> None:
        """Signs with the published successors from now on, and publishes new ones."""
        now_s = self._context.clock.now_s()
        for key in [key for key in self._keys if key.signs_from_s > now_s]:
            await self._context.database.write(partial(store.sign_from, kid=key.kid, signs_from_s=now_s))
        await self.tend()

    async def _make(self, algorithm: str, signs_from_s: float) -> SigningKey:
        key = await asyncio.to_thread(_MAKERS[algorithm])
        kid, now_s = key.thumbprint(), self._context.clock.now_s()
        private = {**key.as_dict(private=True), "kid": kid}
        sealed = self._context.secrets.seal(msgspec.json.encode(private), purpose=_PURPOSE)
        row: dict[str, Any] = {
            "kid": kid,
            "algorithm": algorithm,
            "created_s": now_s,
            "signs_from_s": signs_from_s,
        }
        await self._context.database.write(partial(store.add_signing_key, **row, sealed=sealed))
        made = self._opened(sealed, algorithm, signs_from_s)
        self._keys = sorted([*self._keys, made], key=lambda one: -one.signs_from_s)
        return made

    def _opened(self, sealed: bytes, algorithm: str, signs_from_s: float) -> SigningKey:
        private = msgspec.json.decode(self._context.secrets.open(sealed, purpose=_PURPOSE))
        private.pop("use", None)
        key: Any = JWKRegistry.import_key(private)
        return SigningKey(key, algorithm, signs_from_s)

    def _replaced_s(self, key: SigningKey) -> float:
        """When its successor began to sign, or will."""
        later = [
            other.signs_from_s
            for other in self._keys
            if other.algorithm == key.algorithm and other.signs_from_s > key.signs_from_s
        ]
        return min(later, default=float("inf"))

    def sign(self, claims: Mapping[str, Any], algorithm: str = "ES256", kind: str = "JWT") -> str:
        """A JWT of `claims` in compact form. `kind` is its `typ`."""
        now_s = self._context.clock.now_s()
        key = next(k for k in self._keys if k.algorithm == algorithm and k.signs_from_s <= now_s)
        return key.sign(claims, kind)

    def read(self, token: str) -> dict[str, Any] | None:
        """The claims of an id token that was signed here, expired or not; None for anything else."""
        try:
            keys = KeySet([key.key for key in self._keys])
            found = jws.deserialize_compact(token.encode(), keys, [*ALGORITHMS])
            claims = msgspec.json.decode(found.payload)
        except (JoseError, ValueError, TypeError, KeyError, msgspec.DecodeError, RecursionError):
            return None
        is_id_token = isinstance(claims, dict) and found.headers().get("typ") == "JWT"
        return claims if is_id_token and claims.get("iss") == self._context.site.public_url else None

    def jwks(self) -> dict[str, list[dict[str, Any]]]:
        """RFC 7517, public halves only."""
        now_s = self._context.clock.now_s()
        living = [key for key in self._keys if self._replaced_s(key) > now_s - OVERLAP_S]
        living.sort(key=lambda key: (ALGORITHMS.index(key.algorithm), key.signs_from_s))
        return {"keys": [key.public for key in living]}
