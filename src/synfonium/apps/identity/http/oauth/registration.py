"""Doors at which programs register themselves (OpenID Registration 1.0, RFC 7591, RFC 7592)."""

from collections.abc import Awaitable
from typing import Any

import msgspec
from litestar import Response

from synfonium.apps.identity.http.browser import service_of
from synfonium.apps.identity.http.oauth.answers import NOT_KEPT, refuse
from synfonium.apps.identity.model.oauth.words import OAuthError
from synfonium.apps.identity.service.oauth.registration import Registrations
from synfonium.kernel.actor import Visitor
from synfonium.kernel.context import Context
from synfonium.kernel.doors import AnyRequest, delete, get, post, put

LARGEST_BYTES = 64 * 1024
HERE = "/oauth/register"


@post(HERE, max_body_bytes=LARGEST_BYTES)
async def register(actor: Visitor, request: AnyRequest, context: Context) -> Response[Any]:
    return await _answered(request, _register(request, context), status=201)


async def _register(request: AnyRequest, context: Context) -> dict[str, Any]:
    return await _registrations(context).register(await _fields(request))


@get(f"{HERE}/{{client_id:str}}")
async def reread(actor: Visitor, request: AnyRequest, context: Context, client_id: str) -> Response[Any]:
    return await _answered(request, _registrations(context).reread(client_id, _token(request)))


@put(f"{HERE}/{{client_id:str}}", max_body_bytes=LARGEST_BYTES)
async def reregister(actor: Visitor, request: AnyRequest, context: Context, client_id: str) -> Response[Any]:
    return await _answered(request, _reregister(request, context, client_id))


async def _reregister(request: AnyRequest, context: Context, client_id: str) -> dict[str, Any]:
    return await _registrations(context).reregister(client_id, _token(request), await _fields(request))


@delete(f"{HERE}/{{client_id:str}}")
async def unregister(actor: Visitor, request: AnyRequest, context: Context, client_id: str) -> Response[Any]:
    gone = _registrations(context).unregister(client_id, _token(request))
    return await _answered(request, gone, status=204)


async def _answered(request: AnyRequest, act: Awaitable[Any], status: int = 200) -> Response[Any]:
    try:
        answer = await act
    except OAuthError as refusal:
        return refuse(refusal, challenge='Bearer realm="Synfonium", error="invalid_token"')
    return Response(answer, status_code=status, headers=NOT_KEPT)


async def _fields(request: AnyRequest) -> dict[str, Any]:
    try:
        return msgspec.json.decode(await request.body(), type=dict[str, Any])
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise OAuthError("invalid_client_metadata", "the body is an object in JSON") from None


def _registrations(context: Context) -> Registrations:
    return service_of(context).oauth.registrations


def _token(request: AnyRequest) -> str:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


doors = (register, reread, reregister, unregister)
