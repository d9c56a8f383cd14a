"""Signed things that a site sends, right and wrong: client assertions, DPoP proofs, forged tokens."""

import base64
import hashlib
import hmac
import json
import secrets
import warnings
from collections.abc import Iterator, Mapping
from itertools import cycle
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from joserfc import jws
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

Key = ECKey | RSAKey | OKPKey | OctKey
ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA", "Ed25519", "HS256"]
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unbase64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def challenge_of(verifier: str) -> str:
    return base64url(hashlib.sha256(verifier.encode()).digest())


def _rsa_keys() -> Iterator[dict[str, Any]]:
    """Four keys in turn: finding primes takes longer than whatever is tested with them."""
    made = [RSAKey.generate_key(2048).as_dict(private=True) for _ in range(4)]
    for parts in cycle(made):
        yield {name: value for name, value in parts.items() if name != "kid"}


_PRIMES = _rsa_keys()


def new_key(alg: str, kid: str = "") -> Key:
    parameters: dict[str, Any] = {"kid": kid or secrets.token_hex(8), "use": "sig", "alg": alg}
    if alg in ("RS256", "PS256"):
        return RSAKey.import_key({**next(_PRIMES), **parameters})
    if alg in ("EdDSA", "Ed25519"):
        return OKPKey.generate_key("Ed25519", parameters)
    return ECKey.generate_key("P-256", parameters)


def for_any_algorithm(key: Key) -> Key:
    """The same RSA key under the same name, without the algorithm that it is meant for."""
    parts = {name: value for name, value in key.as_dict(private=True).items() if name != "alg"}
    return RSAKey.import_key(parts)


def public(key: Key) -> dict[str, Any]:
    return dict(key.as_dict(private=False))


def signed(header: Mapping[str, Any], claims: Mapping[str, Any] | bytes, key: Key) -> str:
    """A compact JWS; whatever header and claims say, sensible or not."""
    body = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
    if header.get("alg") == "ES256" and isinstance(key, ECKey):
        head = f"{base64url(json.dumps(header).encode())}.{base64url(body)}"
        raw = key.private_key.sign(head.encode(), ec.ECDSA(hashes.SHA256()))
        r, s = decode_dss_signature(raw)
        return f"{head}.{base64url(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)
        registry = jws.JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
        return jws.serialize_compact(dict(header), body, key, registry=registry)


def hmac_signed(header: Mapping[str, Any], claims: Mapping[str, Any], secret: bytes) -> str:
    """HS256 with any bytes for a secret, which a library would not do with a public key."""
    head = ".".join(base64url(json.dumps(part).encode()) for part in (header, claims))
    return f"{head}.{base64url(hmac.digest(secret, head.encode(), 'sha256'))}"


def unsigned(header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
    """`alg: none`, or a header that nobody signs."""
    parts = [base64url(json.dumps(part).encode()) for part in (header, claims)]
    return f"{parts[0]}.{parts[1]}."


def read(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a JWT, unchecked."""
    header, claims, _signature = token.split(".")
    return json.loads(unbase64url(header)), json.loads(unbase64url(claims))


def spoiled(token: str) -> str:
    """The same token with a signature that does not hold."""
    head, _, signature = token.rpartition(".")
    raw = bytearray(unbase64url(signature))
    raw[len(raw) // 2] ^= 0x5A
    return f"{head}.{base64url(bytes(raw))}"


def merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with `changes`; a change to None takes the member away."""
    both = {**base, **changes}
    return {name: value for name, value in both.items() if value is not None}


def client_assertion(
    client_id: str,
    audience: Any,
    key: Key,
    alg: str,
    now_s: float,
    header: Mapping[str, Any] | None = None,
    **changes: Any,
) -> str:
    """RFC 7523, section 3."""
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": audience,
        "jti": secrets.token_urlsafe(16),
        "nbf": int(now_s),
        "iat": int(now_s),
        "exp": int(now_s) + 60,
    }
    return signed(
        merged({"alg": alg, "kid": key.kid, "typ": "JWT"}, header or {}), merged(claims, changes), key
    )


def dpop_proof(
    key: Key,
    method: str,
    url: str,
    now_s: float,
    access_token: str = "",
    alg: str = "ES256",
    header: Mapping[str, Any] | None = None,
    **changes: Any,
) -> str:
    """RFC 9449, section 4.2."""
    claims: dict[str, Any] = {
        "jti": secrets.token_urlsafe(16),
        "htm": method,
        "htu": url,
        "iat": int(now_s),
    }
    if access_token:
        claims["ath"] = base64url(hashlib.sha256(access_token.encode()).digest())
    bare = {name: value for name, value in public(key).items() if name not in ("kid", "use", "alg")}
    head = merged({"alg": alg, "typ": "dpop+jwt", "jwk": bare}, header or {})
    return signed(head, merged(claims, changes), key)
