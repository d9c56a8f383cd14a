"""What a client's signed proofs must say: RFC 7523 assertions and RFC 9449 DPoP proofs."""

import base64
import hmac
from collections.abc import Collection, Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec

from synfonium.apps.identity.model.oauth.words import OAuthError, sha256

LONGEST_ASSERTION_S = 3600
SKEW_S = 60
PROOF_LIFE_S = 300
LONGEST_JTI = 200
Claims = TypeVar("Claims")


class AssertionClaims(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 7523, section 3, with the `jti` that OpenID Connect Core 1.0, section 9, requires."""

    iss: str
    sub: str
    aud: str | list[str]
    exp: float
    jti: str
    nbf: float = 0.0
    iat: float = 0.0


class ProofClaims(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 9449, section 4.2."""

    htm: str
    htu: str
    jti: str
    iat: float
    ath: str = ""
    nonce: str = ""


def check_assertion(
    payload: bytes, client_id: str, audiences: Collection[str], now_s: float, *, only_issuer: bool
) -> AssertionClaims:
    """The claims of an assertion whose signature holds. Raises OAuthError invalid_client.

    only_issuer: FAPI 2 wants `aud` to be the issuer alone, as a text; `audiences` then
    holds it first.
    """
    claims = _decoded(payload, AssertionClaims, "invalid_client")
    if not claims.iss == claims.sub == client_id:
        raise _client("iss and sub are the client_id")
    named = [claims.aud] if isinstance(claims.aud, str) else claims.aud
    if only_issuer and claims.aud != next(iter(audiences)):
        raise _client("aud is the issuer, as a text")
    if not set(named) & set(audiences):
        raise _client("aud is the issuer or the address asked")
    if not now_s - SKEW_S < claims.exp <= now_s + LONGEST_ASSERTION_S:
        raise _client("exp is past, or more than an hour away")
    if max(claims.nbf, claims.iat) > now_s + SKEW_S:
        raise _client("nbf or iat lies in the future")
    if not 1 <= len(claims.jti) <= LONGEST_JTI:
        raise _client("jti is a text")
    return claims


def check_proof(
    payload: bytes, method: str, url: str, now_s: float, *, access_token: str = ""
) -> ProofClaims:
    """The claims of a DPoP proof whose signature holds. Raises OAuthError invalid_dpop_proof."""
    claims = _decoded(payload, ProofClaims, "invalid_dpop_proof")
    if claims.htm != method or _bare(claims.htu) != _bare(url):
        raise _proof("htm and htu are the method and the address asked")
    if not now_s - PROOF_LIFE_S < claims.iat <= now_s + SKEW_S:
        raise _proof("iat is too far from now")
    if not 1 <= len(claims.jti) <= LONGEST_JTI:
        raise _proof("jti is a text")
    if access_token and not hmac.compare_digest(claims.ath.encode(), sha256(access_token).encode()):
        raise _proof("ath is the hash of the access token")
    return claims


def _bare(url: str) -> str:
    """RFC 9449, section 4.3: without query and fragment, normalised by scheme, host and port."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.hostname}:{port}{parts.path or '/'}"


def _decoded(payload: bytes, kind: type[Claims], error: str) -> Claims:
    try:
        return msgspec.json.decode(payload, type=kind)
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise OAuthError(error, "a claim is missing or of another type") from None


def parse_header(token: str, error: str) -> Mapping[str, Any]:
    """The protected header of a compact JWS. Raises OAuthError `error`."""
    try:
        raw = token.split(".")[0]
        header = msgspec.json.decode(base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4)))
    except (ValueError, msgspec.DecodeError, RecursionError):
        raise OAuthError(error, "the JWT cannot be read") from None
    if not isinstance(header, dict):
        raise OAuthError(error, "the JWT cannot be read")
    return header


def _client(why: str) -> OAuthError:
    return OAuthError("invalid_client", why)


def _proof(why: str) -> OAuthError:
    return OAuthError("invalid_dpop_proof", why)
