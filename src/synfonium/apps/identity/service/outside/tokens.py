"""Tokens that somebody else signed: by one of their published keys, with an algorithm we chose."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from synfonium.apps.identity.model.outside import TokenRefused

LONGEST_TOKEN = 32_000
MOST_KEYS = 50
LEAST_RSA_BITS = 2048
# What each algorithm needs: the kind of key, and its curve. No HMAC: a public key must never
# serve as a shared secret; no `none`.
_KEYS: dict[str, tuple[str, str]] = {
    "RS256": ("RSA", ""),
    "PS256": ("RSA", ""),
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
    "EdDSA": ("OKP", "Ed25519"),
    "Ed25519": ("OKP", "Ed25519"),
}
ALGORITHMS = tuple(_KEYS)
_HASHES = {"ES384": hashlib.sha384, "EdDSA": hashlib.sha512, "Ed25519": hashlib.sha512}
# Header members that are not understood are ignored (RFC 7515, section 4); `crit` is refused below.
_REGISTRY = JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)
T = TypeVar("T")
Key = RSAKey | ECKey | OKPKey


class UnknownKey(TokenRefused):
    """The token names a key that is not among those known; fetching them anew may help."""


def read_json(document: bytes, kind: type[T]) -> T:
    """JSON that a stranger sent. Raises ValueError, whatever is wrong with it."""
    try:
        return msgspec.json.decode(document, type=kind)
    except (msgspec.DecodeError, RecursionError):
        raise ValueError("json") from None


def import_keys(document: bytes) -> list[Key]:
    """Public signing keys of a JWK set (RFC 7517); those of other kinds are left out.

    Raises ValueError for what is no JWK set.
    """
    found = read_json(document, dict[str, Any]).get("keys")
    if not isinstance(found, list) or len(found) > MOST_KEYS:
        raise ValueError("jwks")
    return [key for one in found if isinstance(one, dict) and (key := _import_key(one)) is not None]


def _import_key(data: dict[str, Any]) -> Key | None:
    if data.get("use", "sig") != "sig" or data.get("kty") not in ("RSA", "EC", "OKP"):
        return None
    try:
        key = JWKRegistry.import_key(data)
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    if not isinstance(key, RSAKey | ECKey | OKPKey):
        return None
    too_short = isinstance(key, RSAKey) and key.public_key.key_size < LEAST_RSA_BITS
    return None if too_short else key


def signed_claims(token: str, keys: Sequence[Key]) -> tuple[dict[str, Any], str]:
    """The claims of a JWS in compact form and its algorithm. Raises TokenRefused, UnknownKey."""
    if not isinstance(token, str) or len(token) > LONGEST_TOKEN or token.count(".") != 2:
        raise TokenRefused("form")
    header = _decoded(token.partition(".")[0])
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in _KEYS:
        raise TokenRefused("alg")
    if "crit" in header or header.get("b64", True) is not True:
        raise TokenRefused("crit")
    key = _key_for(header.get("kid"), algorithm, keys)
    try:
        payload = jws.deserialize_compact(token, key, [algorithm], registry=_REGISTRY).payload
    except (JoseError, ValueError, TypeError, KeyError, RecursionError):
        raise TokenRefused("signature") from None
    try:
        return read_json(payload, dict[str, Any]), algorithm
    except ValueError:
        raise TokenRefused("form") from None


def _key_for(kid: Any, algorithm: str, keys: Sequence[Key]) -> Key:
    kind, curve = _KEYS[algorithm]
    fitting = [
        key
        for key in keys
        if key.key_type == kind
        and (not curve or key.as_dict(private=False).get("crv") == curve)
        and key.as_dict(private=False).get("alg", algorithm) == algorithm
    ]
    if kid is not None:
        fitting = [key for key in fitting if key.as_dict(private=False).get("kid") == kid]
    # Without a name only a single key can be meant (Core 1.0, section 10.1).
    if len(fitting) != 1:
        raise UnknownKey("kid")
    return fitting[0]


def _decoded(part: str) -> dict[str, Any]:
    try:
        raw = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
        return read_json(raw, dict[str, Any])
    except ValueError:
        raise TokenRefused("form") from None


def check_access_hash(claims: dict[str, Any], algorithm: str, access_token: str) -> None:
    """`at_hash` when it is there (Core 1.0, section 3.1.3.8). Raises TokenRefused."""
    told = claims.get("at_hash")
    if told is None:
        return
    hashed = _HASHES.get(algorithm, hashlib.sha256)(access_token.encode()).digest()
    half = base64.urlsafe_b64encode(hashed[: len(hashed) // 2]).rstrip(b"=").decode()
    if not isinstance(told, str) or not hmac.compare_digest(told.encode(), half.encode()):
        raise TokenRefused("at_hash")
