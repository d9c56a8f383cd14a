"""Authorization requests (Core 1.0, 3.1.2; RFC 9101 excluded; RFC 9126, 9207, 9396, 8707)."""

import re
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec

from synfonium.apps.identity.model.oauth.claims import wanted_claims
from synfonium.apps.identity.model.oauth.client import Client, is_web
from synfonium.apps.identity.model.oauth.words import PROMPTS, SCOPES, OAuthError, code_challenge

MOST_DETAILS = 10
MOST_RESOURCES = 10
_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}")


class AuthorizationRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A request that may be answered at `redirect_uri`.

    proved_after_s: sign-in must be more recent than this (prompt=login). jkt: thumbprint of
    the DPoP key that the code will be bound to. pushed: the hash of its row, when pushed.
    wanted_sub: the one person that an answer may be about. details: RFC 9396.
    """

    client_id: str
    redirect_uri: str
    state: str | None = None
    response_mode: str = "query"
    scopes: tuple[str, ...] = ()
    nonce: str = ""
    code_challenge: str = ""
    prompts: frozenset[str] = frozenset()
    max_age_s: int | None = None
    id_token_hint: str = ""
    wanted_sub: str = ""
    proved_after_s: float = 0.0
    id_token_claims: tuple[str, ...] = ()
    userinfo_claims: tuple[str, ...] = ()
    details: tuple[dict[str, Any], ...] = ()
    resources: tuple[str, ...] = ()
    jkt: str = ""
    pushed: str = ""
    locales: str = ""


def answerable(fields: Mapping[str, str], client: Client) -> AuthorizationRequest | None:
    """The bare request when its redirect URI is the client's, else None."""
    redirect_uri = fields.get("redirect_uri", "")
    if not client.owns(redirect_uri):
        return None
    mode = fields.get("response_mode", "")
    # Multiple Response Types 1.0, section 5: what is unknown here would be answered in the fragment.
    is_front = bool({"token", "id_token"} & set(fields.get("response_type", "").split()))
    return AuthorizationRequest(
        client_id=client.id,
        redirect_uri=redirect_uri,
        state=fields.get("state"),
        response_mode="form_post" if mode == "form_post" else "fragment" if is_front else "query",
    )


def complete(
    bare: AuthorizationRequest, fields: Mapping[str, str], client: Client, detail_types: Collection[str]
) -> AuthorizationRequest:
    """The whole request. Raises OAuthError, which is answered at the redirect URI."""
    for name in ("request", "request_uri", "registration"):
        if name in fields:
            raise OAuthError(f"{name}_not_supported", f"{name} is not supported")
    _check_response(fields, client)
    details = authorization_details(fields.get("authorization_details", ""), client, detail_types)
    id_token_claims, userinfo_claims, wanted_sub = wanted_claims(fields.get("claims", ""))
    return msgspec.structs.replace(
        bare,
        scopes=scopes_of(fields, client, has_details=bool(details)),
        nonce=fields.get("nonce", ""),
        code_challenge=code_challenge(fields, is_required=client.needs_pkce),
        prompts=_prompts(fields.get("prompt", "")),
        max_age_s=_max_age_s(fields.get("max_age"), client),
        id_token_hint=fields.get("id_token_hint", ""),
        wanted_sub=wanted_sub,
        id_token_claims=id_token_claims,
        userinfo_claims=userinfo_claims,
        details=details,
        resources=resources_of(fields),
        jkt=_jkt(fields),
        locales=fields.get("ui_locales", ""),
    )


def _check_response(fields: Mapping[str, str], client: Client) -> None:
    if "response_type" not in fields:
        raise OAuthError("invalid_request", "response_type is missing")
    if fields["response_type"] != "code":
        raise OAuthError("unsupported_response_type", "response_type is code")
    if "authorization_code" not in client.metadata.grant_types:
        raise OAuthError("unauthorized_client", "the client is not registered for codes")
    if fields.get("response_mode", "query") not in ("query", "form_post"):
        raise OAuthError("invalid_request", "response_mode is query or form_post")


def scopes_of(fields: Mapping[str, str], client: Client, *, has_details: bool) -> tuple[str, ...]:
    """The scopes that exist, in the order asked. Raises OAuthError invalid_scope for none.

    offline_access counts only where the client can refresh (Core 1.0, section 11).
    """
    asked = dict.fromkeys(fields.get("scope", "").split())
    can_refresh = "refresh_token" in client.metadata.grant_types
    own = client.metadata.scope.split() or SCOPES
    scopes = tuple(s for s in asked if s in SCOPES and s in own and (s != "offline_access" or can_refresh))
    if not scopes and not has_details:
        raise OAuthError("invalid_scope", "scope holds openid, or another scope of the metadata")
    return scopes


def resources_of(fields: Mapping[str, str]) -> tuple[str, ...]:
    """RFC 8707, section 2. Raises OAuthError invalid_target."""
    resources = tuple(fields.get("resource", "").split())
    if len(resources) > MOST_RESOURCES or not all(map(is_web, resources)):
        raise OAuthError("invalid_target", "resource is an absolute address without a fragment")
    return resources


def authorization_details(
    text: str, client: Client, known_types: Collection[str]
) -> tuple[dict[str, Any], ...]:
    """RFC 9396, section 2. Raises OAuthError invalid_authorization_details."""
    if not text:
        return ()
    try:
        details = msgspec.json.decode(text, type=list[dict[str, Any]])
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise _bad_details("it is a list of objects") from None
    allowed = client.metadata.authorization_details_types or known_types
    types = {detail.get("type") for detail in details}
    if not 1 <= len(details) <= MOST_DETAILS or not types <= {t for t in known_types if t in allowed}:
        raise _bad_details("a type is unknown here, or not open to this client")
    return tuple(details)


def _bad_details(why: str) -> OAuthError:
    return OAuthError("invalid_authorization_details", why)


def _prompts(text: str) -> frozenset[str]:
    prompts = frozenset(text.split())
    if not prompts <= PROMPTS or ("none" in prompts and len(prompts) > 1):
        raise OAuthError("invalid_request", "prompt is none, or login, consent, select_account")
    return prompts


def _max_age_s(text: str | None, client: Client) -> int | None:
    if text is None:
        return client.metadata.default_max_age
    if not text.isascii() or not text.isdigit() or len(text) > 10:
        raise OAuthError("invalid_request", "max_age is a number of seconds")
    return int(text)


def _jkt(fields: Mapping[str, str]) -> str:
    jkt = fields.get("dpop_jkt", "")
    if jkt and not _THUMBPRINT.fullmatch(jkt):
        raise OAuthError("invalid_request", "dpop_jkt is a SHA-256 thumbprint")
    return jkt


def answer_fields(request: AuthorizationRequest, issuer: str, answer: Mapping[str, str]) -> dict[str, str]:
    """The answer with the state and the issuer (RFC 9207)."""
    fields = {**answer, "iss": issuer}
    return fields if request.state is None else {**fields, "state": request.state}


def answer_url(uri: str, fields: Mapping[str, str], mode: str = "query") -> str:
    """`uri` with `fields` in its query, or in its fragment."""
    joint = "#" if mode == "fragment" else "&" if "?" in uri else "?"
    return f"{uri}{joint}{urlencode(fields)}" if fields else uri
