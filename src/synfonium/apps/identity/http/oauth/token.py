"""Doors for clients: discovery, keys, tokens, and what tokens say."""

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Response

from synfonium.apps.identity.http.browser import form_pairs, service_of
from synfonium.apps.identity.http.oauth.answers import (
    KEPT_A_WHILE,
    NOT_KEPT,
    PREFLIGHT,
    asked,
    dpop_of,
    refuse,
)
from synfonium.apps.identity.http.oauth.authorize import LARGEST_FORM_BYTES
from synfonium.apps.identity.model.oauth.client import PROOF_ALGORITHMS
from synfonium.apps.identity.model.oauth.words import OAuthError, discovery
from synfonium.apps.identity.service.oauth.authentication import Asked
from synfonium.apps.identity.service.oauth.keys import ALGORITHMS
from synfonium.kernel.actor import Visitor
from synfonium.kernel.context import Context
from synfonium.kernel.doors import AnyRequest, get, post, preflight

_BASIC = 'Basic realm="Synfonium"'


@get(["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"])
async def metadata(actor: Visitor, context: Context) -> Response[dict[str, Any]]:
    """Discovery 1.0 and RFC 8414: the same facts at both addresses."""
    issuer = context.site.public_url
    told = discovery(issuer, ALGORITHMS, PROOF_ALGORITHMS)
    if kinds := sorted(service_of(context).provider.detail_types()):
        told["authorization_details_types_supported"] = kinds
    if context.config.open_registration:
        told["registration_endpoint"] = f"{issuer}/oauth/register"
    return Response(told, headers=KEPT_A_WHILE)


@get("/oauth/jwks")
async def jwks(actor: Visitor, context: Context) -> Response[dict[str, Any]]:
    return Response(service_of(context).oauth.keys.jwks(), headers=KEPT_A_WHILE)


@preflight(["/oauth/token", "/oauth/par", "/oauth/revoke", "/oauth/userinfo"])
async def preflighted(actor: Visitor) -> Response[None]:
    """Clients that are pages ask before they send a proof or a token (RFC 9449, 9.2)."""
    return Response(None, status_code=204, headers=PREFLIGHT)


@post("/oauth/token", max_body_bytes=LARGEST_FORM_BYTES)
async def token(actor: Visitor, request: AnyRequest, context: Context) -> Response[Any]:
    return await _answered(request, context, service_of(context).oauth.granting.token)


@post("/oauth/par", max_body_bytes=LARGEST_FORM_BYTES)
async def push(actor: Visitor, request: AnyRequest, context: Context) -> Response[Any]:
    return await _answered(request, context, service_of(context).provider.push, status=201)


@post("/oauth/device", max_body_bytes=LARGEST_FORM_BYTES)
async def begin_device(actor: Visitor, request: AnyRequest, context: Context) -> Response[Any]:
    return await _answered(request, context, service_of(context).oauth.devices.begin)


@post("/oauth/introspect", max_body_bytes=LARGEST_FORM_BYTES)
async def introspect(actor: Visitor, request: AnyRequest, context: Context) -> Response[Any]:
    return await _answered(request, context, service_of(context).oauth.inspecting.introspect)


@post("/oauth/revoke", max_body_bytes=LARGEST_FORM_BYTES)
async def revoke(actor: Visitor, request: AnyRequest, context: Context) -> Response[Any]:
    return await _answered(request, context, service_of(context).oauth.inspecting.revoke)


async def _answered(
    request: AnyRequest, context: Context, act: Callable[[Asked], Awaitable[Any]], status: int = 200
) -> Response[Any]:
    nonce = {}
    if "dpop" in request.headers:
        nonce = {"dpop-nonce": service_of(context).oauth.proving.nonce()}
    try:
        answer = await act(await asked(request))
    except OAuthError as refusal:
        # Of a grant or a proof, not of the client: 400 (RFC 6749, 5.2; RFC 8628, 3.5).
        is_client = refusal.error == "invalid_client"
        challenge = _BASIC if request.headers.get("authorization") else ""
        refused = refuse(refusal, challenge=challenge, status=401 if is_client else 400)
        refused.headers.update(nonce)
        return refused
    return Response(answer if answer is not None else {}, status_code=status, headers={**NOT_KEPT, **nonce})


@get("/oauth/userinfo")
async def userinfo(actor: Visitor, request: AnyRequest, context: Context) -> Response[Any]:
    return await _userinfo(request, context, "")


@post("/oauth/userinfo", max_body_bytes=LARGEST_FORM_BYTES)
async def userinfo_by_form(actor: Visitor, request: AnyRequest, context: Context) -> Response[Any]:
    return await _userinfo(request, context, dict(await form_pairs(request)).get("access_token", ""))


async def _userinfo(request: AnyRequest, context: Context, in_body: str) -> Response[Any]:
    """RFC 6750, sections 2.1 and 2.2; RFC 9449, section 7."""
    kind, _, credential = request.headers.get("authorization", "").partition(" ")
    kind = kind.lower() if credential else "bearer"
    access_token = credential.strip() if kind in ("bearer", "dpop") and credential else in_body
    try:
        claims = await service_of(context).oauth.inspecting.userinfo(
            access_token, kind=kind, dpop=dpop_of(request), method=request.method
        )
    except OAuthError as refusal:
        status = 403 if refusal.error == "insufficient_scope" else 401
        return refuse(refusal, challenge=_challenge(kind, access_token, refusal), status=status)
    if isinstance(claims, str):
        return Response(claims, headers=NOT_KEPT, media_type="application/jwt")
    return Response(claims, headers=NOT_KEPT)


def _challenge(kind: str, access_token: str, refusal: OAuthError) -> str:
    scheme = f'{"DPoP" if kind == "dpop" else "Bearer"} realm="Synfonium"'
    if kind == "dpop":
        scheme += f', algs="{" ".join(PROOF_ALGORITHMS)}"'
    return f'{scheme}, error="{refusal.error}"' if access_token else scheme


doors = (
    metadata,
    jwks,
    preflighted,
    token,
    push,
    begin_device,
    introspect,
    revoke,
    userinfo,
    userinfo_by_form,
)
