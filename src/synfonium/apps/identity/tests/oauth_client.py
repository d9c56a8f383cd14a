"""A client with keys of its own: signed assertions, DPoP proofs, pushed requests."""

import base64
import hashlib
import json
import secrets
import time
from typing import Any

import httpx
from joserfc import jws, jwt
from joserfc.jwk import ECKey

from synfonium.testing.client import ORIGIN, Installation

from .relying_party import RelyingParty

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def sha256(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


class Signer:
    """A key pair that makes assertions and proofs."""

    def __init__(self) -> None:
        self.key = ECKey.generate_key("P-256", private=True)

    @property
    def public(self) -> dict[str, Any]:
        return dict(self.key.as_dict(private=False))

    @property
    def jkt(self) -> str:
        return self.key.thumbprint()

    def assertion(self, client_id: str, **changes: Any) -> dict[str, str]:
        now_s = int(time.time())
        claims = {
            "iss": client_id,
            "sub": client_id,
            "aud": ORIGIN,
            "jti": secrets.token_urlsafe(),
            "iat": now_s,
            "exp": now_s + 60,
            **changes,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        token = jwt.encode({"alg": "ES256"}, claims, self.key, ["ES256"])
        return {"client_assertion": token, "client_assertion_type": ASSERTION}

    def proof(
        self,
        path: str,
        *,
        method: str = "POST",
        access_token: str = "",
        header: dict[str, Any] | None = None,
        **changes: Any,
    ) -> str:
        claims = {
            "htm": method,
            "htu": f"{ORIGIN}{path}",
            "jti": secrets.token_urlsafe(),
            "iat": int(time.time()),
            **({"ath": sha256(access_token)} if access_token else {}),
            **changes,
        }
        said = {"alg": "ES256", "typ": "dpop+jwt", "jwk": self.public, **(header or {})}
        lenient = jws.JWSRegistry(algorithms=["ES256"], strict_check_header=False)
        return jws.serialize_compact(said, json.dumps(claims), self.key, registry=lenient)


async def post(house: Installation, path: str, data: dict[str, str], **headers: str) -> httpx.Response:
    async with house.client(headers=headers) as server:
        return await server.post(path, data=data)


async def post_proved(
    house: Installation, signer: Signer, path: str, data: dict[str, str], **claims: Any
) -> httpx.Response:
    """With a DPoP proof, and once more with the nonce that the first answer gives."""
    first = await post(house, path, data, dpop=signer.proof(path, **claims))
    if first.json().get("error") != "use_dpop_nonce":
        return first
    return await post(house, path, data, dpop=signer.proof(path, nonce=first.headers["dpop-nonce"], **claims))


def of(site: RelyingParty) -> dict[str, str]:
    """The client's credentials, as fields."""
    return {name: value for name, value in site.client.items() if value}
