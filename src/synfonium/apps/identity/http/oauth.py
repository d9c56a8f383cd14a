"""Doors of the OpenID Provider."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import Response

from synfonium.apps.identity.http.browser import Form, form_pairs, needs_session, parse_pairs, service_of
from synfonium.apps.identity.model.oidc import OAuthError
from synfonium.apps.identity.service.provider import Answer, AskConsent, AskSignIn, Redirect, TokenAnswer
from synfonium.kernel.actor import Person, Visitor
from synfonium.kernel.context import Context
from synfonium.kernel.doors import AnyRequest, Page, See, get, post

LARGEST_FORM_BYTES = 32 * 1024
_NOT_KEPT = {"cache-control": "no-store", "pragma": "no-cache"}
_KEPT_A_WHILE = {"cache-control": "public, max-age=3600"}


class ConsentForm(msgspec.Struct, frozen=True, kw_only=True):
    request: str
    decision: str


class Refusal(msgspec.Struct, frozen=True):
    """RFC 6749, section 5.2."""

    error: str
    error_description: str


@get("/.well-known/openid-configuration")
async def discovery(actor: Visitor, context: Context) -> Response[dict[str, object]]:
    return Response(service_of(context).provider.discovery(), headers=_KEPT_A_WHILE)


@get("/oauth/jwks")
async def jwks(actor: Visitor, context: Context) -> Response[dict[str, Any]]:
    return Response(service_of(context).provider.jwks(), headers=_KEPT_A_WHILE)


@get("/oauth/authorize")
async def authorize(actor: Person | Visitor, request: AnyRequest, context: Context) -> See | Page:
    pairs = parse_pairs(request.scope["query_string"])
    answer = await service_of(context).provider.authorize(pairs, _person(actor))
    return See(answer.url) if isinstance(answer, Redirect) else _ask(answer)


@post("/oauth/authorize", max_body_bytes=LARGEST_FORM_BYTES)
async def authorize_by_form(actor: Visitor, request: AnyRequest) -> See:
    """Core 1.0, section 3.1.2.1. Comes back as GET, with the session that browsers do not
    send along with another site's form."""
    return See(f"/oauth/authorize?{urlencode(await form_pairs(request))}")


@get("/oauth/continue")
async def resume(actor: Person | Visitor, request: AnyRequest, context: Context) -> See | Page:
    sealed = dict(parse_pairs(request.scope["query_string"])).get("request", "")
    return _after_form(await service_of(context).provider.resume(sealed, _person(actor)))


@post("/oauth/consent")
async def decide(actor: Person, context: Context, data: Form[ConsentForm]) -> See | Page:
    needs_session(actor)
    allow = data.decision == "allow"
    return _after_form(await service_of(context).provider.decide(data.request, actor, allow=allow))


@post("/oauth/token", max_body_bytes=LARGEST_FORM_BYTES)
async def token(actor: Visitor, request: AnyRequest, context: Context) -> Response[TokenAnswer | Refusal]:
    authorization = request.headers.get("authorization", "")
    try:
        answer = await service_of(context).provider.token(await form_pairs(request), authorization)
    except OAuthError as refusal:
        return _refuse(refusal, 'Basic realm="Synfonium"' if authorization else "")
    return Response(answer, headers=_NOT_KEPT)


@get("/oauth/userinfo")
async def userinfo(actor: Visitor, request: AnyRequest, context: Context) -> Response[Any]:
    return await _userinfo(request, context, ())


@post("/oauth/userinfo", max_body_bytes=LARGEST_FORM_BYTES)
async def userinfo_by_form(actor: Visitor, request: AnyRequest, context: Context) -> Response[Any]:
    return await _userinfo(request, context, await form_pairs(request))


async def _userinfo(request: AnyRequest, context: Context, pairs: Sequence[tuple[str, str]]) -> Response[Any]:
    """RFC 6750, sections 2.1 and 2.2."""
    kind, _, credential = request.headers.get("authorization", "").partition(" ")
    access_token = credential.strip() if kind.lower() == "bearer" else dict(pairs).get("access_token", "")
    try:
        claims = await service_of(context).provider.userinfo(access_token)
    except OAuthError as refusal:
        said = (
            f'Bearer realm="Synfonium", error="{refusal.error}"'
            if access_token
            else 'Bearer realm="Synfonium"'
        )
        return _refuse(refusal, said)
    return Response(claims, headers=_NOT_KEPT)


def _refuse(refusal: OAuthError, www_authenticate: str) -> Response[Any]:
    is_unknown = refusal.error in ("invalid_client", "invalid_token")
    headers = _NOT_KEPT | ({"www-authenticate": www_authenticate} if is_unknown and www_authenticate else {})
    body = Refusal(refusal.error, refusal.description)
    return Response(body, status_code=401 if is_unknown else 400, headers=headers)


def _ask(answer: AskSignIn | AskConsent) -> See | Page:
    if isinstance(answer, AskSignIn):
        here = f"/oauth/continue?{urlencode({'request': answer.sealed})}"
        return See(f"/signin?{urlencode({'next': here})}")
    return Page(
        "identity/consent.html",
        sealed=answer.sealed,
        client=answer.client,
        asks_profile="profile" in answer.scopes,
    )


def _after_form(answer: Answer) -> See | Page:
    # A redirect to another site at the end of a form's journey is refused by the page's
    # own `form-action 'self'`: a page of ours sends the browser on instead.
    if isinstance(answer, Redirect):
        return Page("identity/back.html", url=answer.url)
    return _ask(answer)


def _person(actor: Person | Visitor) -> Person | None:
    return actor if isinstance(actor, Person) else None


doors = (
    discovery,
    jwks,
    authorize,
    authorize_by_form,
    resume,
    decide,
    token,
    userinfo,
    userinfo_by_form,
)
