"""The key that signs id tokens: ES256, kept sealed, published as a JWK set."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

from synfonium.apps.identity.store import provider as store
from synfonium.kernel.context import Context

ALGORITHM = "ES256"
_PURPOSE = "identity.signing"


class SigningKeys:
    """Signs with the newest key; all of them are published."""

    def __init__(self, keys: Sequence[ECKey]) -> None:
        self._keys = list(keys)
        self._header = {"alg": ALGORITHM, "kid": self._keys[0].kid, "typ": "JWT"}
        self._public = KeySet([*keys])

    @classmethod
    async def load(cls, context: Context) -> "SigningKeys":
        """The keys of the installation; the first is made here."""
        sealed = await context.database.read(store.sealed_keys)
        if not sealed:
            sealed = [await cls._make(context)]
        keys = [
            ECKey.import_key(msgspec.json.decode(context.secrets.open(s, purpose=_PURPOSE))) for s in sealed
        ]
        return cls(keys)

    @staticmethod
    async def _make(context: Context) -> bytes:
        key = ECKey.generate_key("P-256", private=True)
        kid = key.thumbprint()
        private = {**key.as_dict(private=True), "kid": kid, "use": "sig", "alg": ALGORITHM}
        sealed = context.secrets.seal(msgspec.json.encode(private), purpose=_PURPOSE)
        now_s = context.clock.now_s()
        await context.database.write(lambda c: store.add_signing_key(c, kid, sealed, now_s))
        return sealed

    def sign(self, claims: Mapping[str, Any]) -> str:
        """A JWT of `claims` in compact form."""
        return jws.serialize_compact(self._header, msgspec.json.encode(claims), self._keys[0], [ALGORITHM])

    def subject(self, id_token: str) -> str | None:
        """`sub` of a token that was signed here, expired or not; None for anything else."""
        try:
            return str(jwt.decode(id_token, self._public, [ALGORITHM]).claims["sub"])
        except (JoseError, ValueError, KeyError):
            return None

    def jwks(self) -> dict[str, list[dict[str, Any]]]:
        """RFC 7517, public halves only."""
        return {"keys": [dict(key.as_dict(private=False)) for key in self._keys]}
