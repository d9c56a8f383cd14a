"""Facts told and heard: CloudEvents in, server-sent events out."""

import asyncio
from typing import Annotated, Any

import msgspec
from litestar import Request, Response

from synfonium.apps.fabric.contract import APP_SCOPE
from synfonium.apps.fabric.model.facts import (
    BATCH_MEDIA_TYPE,
    LARGEST_FACT_BYTES,
    MEDIA_TYPE,
    CloudEvent,
    told,
)
from synfonium.apps.fabric.service import FabricService
from synfonium.apps.fabric.service.listening import Connection
from synfonium.common.problem import BadInput, Forbidden
from synfonium.kernel.actor import Person, Scope
from synfonium.kernel.asgi import ASGIApp, Receive, Send
from synfonium.kernel.asgi import Scope as AsgiScope
from synfonium.kernel.context import Context
from synfonium.kernel.doors import AnyRequest, Described, get, post
from synfonium.kernel.i18n import _
from synfonium.kernel.refusals import TooLarge

LARGEST_BODY_BYTES = 1024 * 1024
LONGEST_SEND_S = 30.0
MOST_TYPES = 100
CREDENTIALS = (b"authorization", b"cookie", b"host")
STREAM = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]
By = Annotated[Person, Scope(APP_SCOPE)]


@post(
    "/fabric/events",
    status_code=202,
    max_body_bytes=LARGEST_BODY_BYTES,
    described=Described(takes=CloudEvent, sent=MEDIA_TYPE),
)
async def tell(actor: By, context: Context, request: AnyRequest) -> None:
    """Takes a CloudEvent 1.0 (`application/cloudevents+json`), or up to 100 of them
    (`application/cloudevents-batch+json`), from the app that shows its access token. An event
    that was taken before, by its id, is taken again and changes nothing."""
    if not actor.app:
        raise Forbidden
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in (MEDIA_TYPE, BATCH_MEDIA_TYPE):
        raise BadInput("content-type", _("Send application/cloudevents+json, or cloudevents-batch+json."))
    body = await request.body()
    if kind == MEDIA_TYPE and len(body) > LARGEST_FACT_BYTES:
        raise TooLarge
    try:
        found = told(body, is_batch=kind == BATCH_MEDIA_TYPE)
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise BadInput(
            "body", _("This is no CloudEvent 1.0 of at most 64 KiB, or more than 100 of them.")
        ) from None
    service: FabricService = context.service
    await service.journal.tell(actor, found)


@get("/fabric/events", described=Described(gives=str, answered="text/event-stream"))
async def listen(
    actor: By,
    context: Context,
    request: AnyRequest,
    types: Annotated[str, msgspec.Meta(max_length=10_000)] = "",
    after: Annotated[str, msgspec.Meta(max_length=200)] = "",
) -> Response[None]:
    """Server-sent events, each a CloudEvent: to an app, those of what the person granted it; to a
    person, those of all that is theirs. types: some of them, parted by commas. after (or
    Last-Event-ID): what happened since the event with that id, at most a week ago."""
    asked = [type_.strip() for type_ in types.split(",") if type_.strip()]
    if len(asked) > MOST_TYPES:
        raise BadInput("types", _("Name at most 100 types."))
    after = request.headers.get("last-event-id", after)[:200]
    credential = [(k, v) for k, v in request.scope["headers"] if k in CREDENTIALS]
    service: FabricService = context.service
    return _Stream(await service.listening.open(actor, asked, after, credential))


class _Stream(Response[None]):
    def __init__(self, connection: Connection) -> None:
        super().__init__(None)
        self._connection = connection

    def to_asgi_response(self, app: Any, request: Request[Any, Any, Any], **options: Any) -> Any:
        connection = self._connection

        async def answer(scope: AsgiScope, receive: Receive, send: Send) -> None:
            await _run(connection, receive, send)

        found: ASGIApp = answer
        return found


async def _run(connection: Connection, receive: Receive, send: Send) -> None:
    gone = asyncio.ensure_future(_gone(receive))
    gone.add_done_callback(lambda _done: connection.ear.end())
    try:
        await send({"type": "http.response.start", "status": 200, "headers": STREAM})
        async for frame in connection.frames():
            # A reader that takes nothing is let go; it comes back and says what it heard last.
            async with asyncio.timeout(LONGEST_SEND_S):
                await send({"type": "http.response.body", "body": frame, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    except TimeoutError:
        pass
    finally:
        gone.cancel()
        connection.close()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


doors = (tell, listen)
