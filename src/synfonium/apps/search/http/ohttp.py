"""Oblivious HTTP (RFC 9458): this installation as gateway for its own search, and as relay for others'.

The keys are at the well-known address of RFC 9540. Both doors are anonymous ones.
"""

from typing import Any

from litestar import Request, Response

from synfonium.apps.search.errors import NotOblivious
from synfonium.apps.search.service.ohttp.gateway import LARGEST_REQUEST_BYTES
from synfonium.apps.search.service.ohttp.relay import Passed
from synfonium.apps.search.service.open import SearchService
from synfonium.kernel.actor import Visitor
from synfonium.kernel.context import Context
from synfonium.kernel.doors import get, post
from synfonium.libraries.oblivious_http import KEYS_TYPE, REQUEST_TYPE, RESPONSE_TYPE, Unopenable

AnyRequest = Request[Any, Any, Any]
GATEWAY = "/.well-known/ohttp-gateway"
RELAY = "/search/relay/{gateway:str}"
_KEY_PROBLEM = (
    b'{"type":"https://iana.org/assignments/http-problem-types#ohttp-key","status":400,'
    b'"title":"This was not sealed to a key of today. Fetch the keys again."}'
)
_KEYS_FOR_S = 3600
_NO_STORE = {"cache-control": "no-store"}


@get(GATEWAY, include_in_schema=False)
async def keys(actor: Visitor, context: Context) -> Response[bytes]:
    """The gateway's keys."""
    content = _service(context).gateway.keys()
    return Response(
        content, media_type=KEYS_TYPE, headers={"cache-control": f"public, max-age={_KEYS_FOR_S}"}
    )


@post(GATEWAY, include_in_schema=False, max_body_bytes=LARGEST_REQUEST_BYTES)
async def gateway(actor: Visitor, context: Context, request: AnyRequest) -> Response[bytes]:
    """Answers a sealed question. Raises NotOblivious."""
    message = await _sealed(request)
    try:
        answer = await _service(context).gateway.answer(message)
    except Unopenable:
        return Response(
            _KEY_PROBLEM, status_code=400, media_type="application/problem+json", headers=_NO_STORE
        )
    return Response(answer, media_type=RESPONSE_TYPE, headers=_NO_STORE)


@get(RELAY, include_in_schema=False)
async def relayed_keys(actor: Visitor, context: Context, gateway: str) -> Response[bytes]:
    """The keys of a gateway that is relayed to. Raises NoSuchGateway, Unavailable."""
    return _response(await _service(context).relay.keys(gateway))


@post(RELAY, include_in_schema=False, max_body_bytes=LARGEST_REQUEST_BYTES)
async def relay(actor: Visitor, context: Context, request: AnyRequest, gateway: str) -> Response[bytes]:
    """Passes a sealed question on, and its sealed answer back. Raises NoSuchGateway, Unavailable."""
    return _response(await _service(context).relay.relay(gateway, await _sealed(request)))


async def _sealed(request: AnyRequest) -> bytes:
    if request.headers.get("content-type", "").partition(";")[0].strip() != REQUEST_TYPE:
        raise NotOblivious
    return await request.body()


def _response(passed: Passed) -> Response[bytes]:
    return Response(passed.body, status_code=passed.status, media_type=passed.type, headers=_NO_STORE)


def _service(context: Context) -> SearchService:
    service: SearchService = context.service
    return service


doors = [keys, gateway, relayed_keys, relay]
