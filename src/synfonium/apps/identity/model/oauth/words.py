"""OAuth's own words: refusals, fields of requests, scopes, and the small codings."""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from typing import Any

LONGEST_VALUE = 8000
CODE_LIFE_S = 60
ID_TOKEN_LIFE_S = 600
ACCESS_LIFE_S = 3600
REFRESH_IDLE_S = 30 * 86_400
REFRESH_LIFE_S = 365 * 86_400
PUSHED_LIFE_S = 90
WAITING_LIFE_S = 3600
DEVICE_LIFE_S = 600
DEVICE_INTERVAL_S = 5
SCOPES = ("openid", "profile", "email", "offline_access")
PROMPTS = frozenset({"none", "login", "consent", "select_account"})
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
EXCHANGE_GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TYPE = "urn:ietf:params:oauth:token-type:access_token"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
PUSHED_PREFIX = "urn:ietf:params:oauth:request_uri:"
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


class OAuthError(Exception):
    """A refusal in OAuth's own words: `error` of the RFC that names it, and why.

    `description` is told to the client and holds nothing that the client did not know.
    """

    def __init__(self, error: str, description: str) -> None:
        super().__init__(error)
        self.error, self.description = error, description


def request_fields(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Fields by name, without empty ones. Raises OAuthError for one given twice (RFC 6749, 3.1).

    Only `resource` may come several times (RFC 8707); its values are joined by spaces.
    """
    fields: dict[str, str] = {}
    seen = set[str]()
    for name, value in pairs:
        if name in seen and name != "resource":
            raise OAuthError("invalid_request", f"{name[:40]} is given twice")
        if len(value) > LONGEST_VALUE:
            raise OAuthError("invalid_request", f"{name[:40]} is too long")
        seen.add(name)
        if value:
            fields[name] = f"{fields[name]} {value}" if name in fields else value
    return fields


def needed(fields: Mapping[str, str], name: str) -> str:
    """The field of that name. Raises OAuthError invalid_request when it is missing."""
    if name not in fields:
        raise OAuthError("invalid_request", f"{name} is missing")
    return fields[name]


def code_challenge(fields: Mapping[str, str], *, is_required: bool) -> str:
    """The S256 challenge of RFC 7636, or empty where none is needed. Raises OAuthError."""
    if not is_required and not fields.keys() & {"code_challenge", "code_challenge_method"}:
        return ""
    challenge = fields.get("code_challenge", "")
    if fields.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(challenge):
        raise OAuthError("invalid_request", "PKCE with code_challenge_method S256 is required")
    return challenge


def verifier_matches(challenge: str, verifier: str) -> bool:
    """RFC 7636, section 4.6, S256. A verifier without a challenge is a downgrade (RFC 9700, 4.8.2)."""
    if not challenge or not verifier:
        return challenge == verifier
    if not _VERIFIER.fullmatch(verifier):
        return False
    return hmac.compare_digest(sha256(verifier), challenge)


def pairwise(key: bytes, sector: str, subject: str) -> str:
    """The same for one subject within one sector, unlinkable across sectors (Core 1.0, 8.1)."""
    return base64url(hmac.digest(key, f"{sector}\0{subject}".encode(), "sha256"))


def half_hash(text: str, algorithm: str) -> str:
    """`at_hash` of Core 1.0, section 3.1.3.6: the hash of the signing algorithm; Ed25519 has SHA-512."""
    made = hashlib.sha512(text.encode()) if algorithm == "EdDSA" else hashlib.sha256(text.encode())
    return base64url(made.digest()[: made.digest_size // 2])


def sha256(text: str) -> str:
    return base64url(hashlib.sha256(text.encode()).digest())


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def discovery(issuer: str, algorithms: Sequence[str], proof_algorithms: Sequence[str]) -> dict[str, Any]:
    """Discovery 1.0, section 3, and RFC 8414: what exists here and nothing else."""
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/oauth/authorize",
        "token_endpoint": f"{issuer}/oauth/token",
        "userinfo_endpoint": f"{issuer}/oauth/userinfo",
        "jwks_uri": f"{issuer}/oauth/jwks",
        "pushed_authorization_request_endpoint": f"{issuer}/oauth/par",
        "revocation_endpoint": f"{issuer}/oauth/revoke",
        "introspection_endpoint": f"{issuer}/oauth/introspect",
        "device_authorization_endpoint": f"{issuer}/oauth/device",
        "end_session_endpoint": f"{issuer}/oauth/logout",
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "scopes_supported": list(SCOPES),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "form_post"],
        "grant_types_supported": ["authorization_code", "refresh_token", DEVICE_GRANT, EXCHANGE_GRANT],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": list(algorithms),
        "userinfo_signing_alg_values_supported": list(algorithms),
        "dpop_signing_alg_values_supported": list(proof_algorithms),
        **{f"{name}_endpoint_auth_methods_supported": [*methods] for name, methods in _METHODS.items()},
        **{
            f"{name}_endpoint_auth_signing_alg_values_supported": [*proof_algorithms, "RS256"]
            for name in _METHODS
        },
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": sorted(PROMPTS),
        "claim_types_supported": ["normal"],
        "claims_supported": [
            *("iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "sid"),
            *("name", "preferred_username", "locale", "email", "email_verified"),
        ],
        "claims_parameter_supported": True,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "require_pushed_authorization_requests": False,
        "authorization_response_iss_parameter_supported": True,
    }


_SECRETS = ("client_secret_basic", "client_secret_post", "private_key_jwt")
_METHODS = {"token": (*_SECRETS, "none"), "revocation": (*_SECRETS, "none"), "introspection": _SECRETS}
