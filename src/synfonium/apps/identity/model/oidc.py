"""OpenID Connect Core 1.0 and OAuth 2.0 (RFC 6749, 7636, 9207, 9700) as far as they are rules."""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from urllib.parse import unquote_plus, urlencode, urlsplit

import msgspec

from synfonium.apps.identity.model.people import Account
from synfonium.common.ids import PersonId

OPENID_SCOPES = ("openid", "profile")
PROMPTS = frozenset({"none", "login", "consent", "select_account"})
CODE_LIFE_S = 60
ID_TOKEN_LIFE_S = 600
ACCESS_LIFE_S = 3600
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
LONGEST_VALUE = 2000


class OAuthError(Exception):
    """A refusal in OAuth's own words: `error` of RFC 6749 or OpenID Connect, and why."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(error)
        self.error, self.description = error, description


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """A site or program that people may sign in to. Without a secret it is public."""

    id: str
    name: str
    secret_hash: str
    redirect_uris: tuple[str, ...]
    created_s: float

    @property
    def sector(self) -> str:
        """What a pairwise `sub` is bound to: the one https host, else the client itself.

        OpenID Connect Core 1.0, section 8.1. Loopback and private schemes name no site.
        """
        parts = [urlsplit(uri) for uri in self.redirect_uris]
        hosts = {part.hostname for part in parts if part.scheme == "https"}
        if len(hosts) == 1 and all(part.scheme == "https" for part in parts):
            return f"host:{hosts.pop()}"
        return f"client:{self.id}"


class AuthorizationRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request that may be answered at `redirect_uri`.

    proved_after_s: sign-in must be more recent than this (prompt=login).
    """

    client_id: str
    redirect_uri: str
    state: str | None
    scopes: tuple[str, ...] = ()
    nonce: str = ""
    code_challenge: str = ""
    prompts: frozenset[str] = frozenset()
    max_age_s: int | None = None
    id_token_hint: str = ""
    proved_after_s: float = 0.0


class Code(msgspec.Struct, frozen=True, kw_only=True):
    """An authorization code's row."""

    client_id: str
    person_id: PersonId
    redirect_uri: str
    scopes: tuple[str, ...]
    nonce: str
    code_challenge: str
    auth_time_s: float
    expires_s: float
    is_used: bool = False


class TokenRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A token request of the authorization code grant, with the client's credentials."""

    client_id: str
    client_secret: str
    code: str
    redirect_uri: str
    code_verifier: str


def request_fields(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Fields by name, without empty ones. Raises OAuthError for one given twice (RFC 6749, 3.1)."""
    fields: dict[str, str] = {}
    seen = set[str]()
    for name, value in pairs:
        if name in seen:
            raise OAuthError("invalid_request", f"{name[:40]} is given twice")
        if len(value) > LONGEST_VALUE:
            raise OAuthError("invalid_request", f"{name[:40]} is too long")
        seen.add(name)
        if value:
            fields[name] = value
    return fields


def answerable(fields: Mapping[str, str], client: Client) -> AuthorizationRequest | None:
    """The bare request when its redirect URI is exactly one of the client's, else None."""
    redirect_uri = fields.get("redirect_uri", "")
    if redirect_uri not in client.redirect_uris:
        return None
    return AuthorizationRequest(client_id=client.id, redirect_uri=redirect_uri, state=fields.get("state"))


def complete(bare: AuthorizationRequest, fields: Mapping[str, str]) -> AuthorizationRequest:
    """The whole request. Raises OAuthError, which is answered at the redirect URI."""
    for name in ("request", "request_uri", "registration"):
        if name in fields:
            raise OAuthError(f"{name}_not_supported", f"{name} is not supported")
    if fields.get("response_type") != "code":
        missing = "response_type" not in fields
        raise OAuthError(
            "invalid_request" if missing else "unsupported_response_type", "response_type is code"
        )
    if fields.get("response_mode", "query") != "query":
        raise OAuthError("invalid_request", "response_mode is query")
    scopes = tuple(s for s in dict.fromkeys(fields.get("scope", "").split()) if s in OPENID_SCOPES)
    if "openid" not in scopes:
        raise OAuthError("invalid_scope", "scope must hold openid")
    return msgspec.structs.replace(
        bare,
        scopes=scopes,
        nonce=fields.get("nonce", ""),
        code_challenge=_code_challenge(fields),
        prompts=_prompts(fields.get("prompt", "")),
        max_age_s=_max_age_s(fields.get("max_age")),
        id_token_hint=fields.get("id_token_hint", ""),
    )


def _code_challenge(fields: Mapping[str, str]) -> str:
    challenge = fields.get("code_challenge", "")
    if fields.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(challenge):
        raise OAuthError("invalid_request", "PKCE with code_challenge_method S256 is required")
    return challenge


def _prompts(text: str) -> frozenset[str]:
    prompts = frozenset(text.split())
    if not prompts <= PROMPTS or ("none" in prompts and len(prompts) > 1):
        raise OAuthError("invalid_request", "prompt is none, or login, consent, select_account")
    return prompts


def _max_age_s(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 10:
        raise OAuthError("invalid_request", "max_age is a number of seconds")
    return int(text)


def answer_url(request: AuthorizationRequest, issuer: str, answer: Mapping[str, str]) -> str:
    """The redirect URI with the answer, the state and the issuer (RFC 9207) in its query."""
    fields = {**answer, "iss": issuer}
    if request.state is not None:
        fields["state"] = request.state
    joint = "&" if "?" in request.redirect_uri else "?"
    return f"{request.redirect_uri}{joint}{urlencode(fields)}"


def parse_token_request(fields: Mapping[str, str], authorization: str) -> TokenRequest:
    """Raises OAuthError. `authorization` is the header of that name, or empty."""
    client_id, client_secret = _client_credentials(fields, authorization)
    grant_type = fields.get("grant_type")
    if grant_type is None:
        raise OAuthError("invalid_request", "grant_type is missing")
    if grant_type != "authorization_code":
        raise OAuthError("unsupported_grant_type", "grant_type is authorization_code")
    missing = [name for name in ("code", "redirect_uri", "code_verifier") if name not in fields]
    if missing:
        raise OAuthError("invalid_request", f"{', '.join(missing)} missing")
    return TokenRequest(
        client_id=client_id,
        client_secret=client_secret,
        code=fields["code"],
        redirect_uri=fields["redirect_uri"],
        code_verifier=fields["code_verifier"],
    )


def _client_credentials(fields: Mapping[str, str], authorization: str) -> tuple[str, str]:
    if not authorization:
        if "client_id" not in fields:
            raise OAuthError("invalid_client", "client_id is missing")
        return fields["client_id"], fields.get("client_secret", "")
    if "client_secret" in fields:
        raise OAuthError("invalid_request", "two ways of client authentication")
    kind, _, encoded = authorization.partition(" ")
    try:
        name, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except ValueError:
        raise OAuthError("invalid_client", "the Authorization header cannot be read") from None
    # RFC 6749, 2.3.1: both halves are form-encoded before they are joined.
    client_id = unquote_plus(name)
    if kind.lower() != "basic" or not colon or fields.get("client_id", client_id) != client_id:
        raise OAuthError("invalid_client", "the Authorization header cannot be read")
    return client_id, unquote_plus(secret)


def verifier_matches(challenge: str, verifier: str) -> bool:
    """RFC 7636, section 4.6, S256."""
    if not _VERIFIER.fullmatch(verifier):
        return False
    return hmac.compare_digest(_base64url(hashlib.sha256(verifier.encode()).digest()), challenge)


def pairwise_sub(key: bytes, sector: str, person_id: PersonId) -> str:
    """The same for one person within one sector, unlinkable across sectors (Core 1.0, 8.1)."""
    return _base64url(hmac.digest(key, f"{sector}\0{person_id}".encode(), "sha256"))


def at_hash(access_token: str) -> str:
    """OpenID Connect Core 1.0, section 3.1.3.6, for ES256."""
    return _base64url(hashlib.sha256(access_token.encode()).digest()[:16])


def userinfo_claims(account: Account, scopes: Sequence[str], sub: str) -> dict[str, str]:
    claims = {"sub": sub}
    if "profile" in scopes:
        claims |= {"name": account.display, "preferred_username": account.name}
        if account.locale:
            claims["locale"] = account.locale
    return claims


def discovery(issuer: str) -> dict[str, object]:
    """OpenID Connect Discovery 1.0, section 3: what exists here and nothing else."""
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/oauth/authorize",
        "token_endpoint": f"{issuer}/oauth/token",
        "userinfo_endpoint": f"{issuer}/oauth/userinfo",
        "jwks_uri": f"{issuer}/oauth/jwks",
        "scopes_supported": list(OPENID_SCOPES),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": sorted(PROMPTS),
        "claims_supported": [
            *("iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash"),
            *("name", "preferred_username", "locale"),
        ],
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "authorization_response_iss_parameter_supported": True,
    }


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
