"""`/pc/stream`: the WebSocket between a browser and one PC's streamer.

The first message is the ticket. Everything that is wrong closes with a code of its own
(docs/decisions/0006-pc-stream.md) and touches neither the PC nor its neighbours.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec

from synfonium.apps.pc.errors import NotRunning, TicketRefused
from synfonium.apps.pc.model import frames
from synfonium.apps.pc.service import PcService
from synfonium.apps.pc.service.screens import Screen
from synfonium.common.problem import NotFound, Problem
from synfonium.kernel import logs
from synfonium.kernel.actor import Person
from synfonium.kernel.asgi import ASGIApp, Receive, Scope, Send
from synfonium.kernel.context import Context
from synfonium.kernel.problems import problem_response

log = logs.get("pc")
TICKET_TIMEOUT_S = 5.0
SILENCE_TIMEOUT_S = 30.0
RECHECK_S = 15.0
NORMAL, BAD_MESSAGE, REFUSED, SILENT, TAKEN, OFF, FAILED = 1000, 4400, 4403, 4408, 4409, 4410, 4500


class Opening(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first message."""

    ticket: str


class Closing(Exception):
    """Ends the connection with a code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def asgi_app(context: Context) -> ASGIApp:
    """The door as a plain ASGI app."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await _refuse(scope, send)
            return
        if (await receive())["type"] != "websocket.connect":
            return
        await send({"type": "websocket.accept"})
        code = await _serve(context, scope, receive, send)
        if code is not None:
            await send({"type": "websocket.close", "code": code})

    return app


async def _refuse(scope: Scope, send: Send) -> None:
    status, headers, body = problem_response(scope, NotFound())
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _serve(context: Context, scope: Scope, receive: Receive, send: Send) -> int | None:
    """Streams until somebody ends it; gives the code to close with, None when they left."""
    service: PcService = context.service
    try:
        person = await _person(context, scope)
        machine_id = await service.tickets.take(await _ticket(receive), person.id, person.session_id)
        async with service.screens.open(machine_id) as screen:
            return await _relay(context, scope, person, screen, receive, send)
    except Closing as closing:
        return closing.code
    except TicketRefused:
        return REFUSED
    except NotRunning:
        return OFF
    except Problem:
        return FAILED


async def _person(context: Context, scope: Scope) -> Person:
    """Who asks, found afresh. Raises Closing when nobody is signed in."""
    try:
        person = await context.authenticate({**scope, "state": {}})
    except Problem:
        person = None
    if person is None or person.app is not None:
        raise Closing(REFUSED)
    return person


async def _ticket(receive: Receive) -> str:
    try:
        async with asyncio.timeout(TICKET_TIMEOUT_S):
            message = await receive()
    except TimeoutError:
        raise Closing(SILENT) from None
    text = message.get("text")
    if message["type"] != "websocket.receive" or not text or len(text) > 1000:
        raise Closing(BAD_MESSAGE)
    try:
        return msgspec.json.decode(text, type=Opening).ticket
    except msgspec.DecodeError:
        raise Closing(BAD_MESSAGE) from None


async def _relay(
    context: Context, scope: Scope, person: Person, screen: Screen, receive: Receive, send: Send
) -> int | None:
    work = {
        asyncio.ensure_future(_pictures(screen, send)),
        asyncio.ensure_future(_inputs(screen, receive)),
        asyncio.ensure_future(_still_signed_in(context, scope, person)),
        asyncio.ensure_future(_taken(screen)),
    }
    done, rest = await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
    return next(iter(done)).result()


async def _pictures(screen: Screen, send: Send) -> int | None:
    while True:
        try:
            message = await screen.read()
        except EOFError:
            return FAILED
        try:
            await send({"type": "websocket.send", "bytes": message})
        except (OSError, RuntimeError):
            return None


async def _inputs(screen: Screen, receive: Receive) -> int | None:
    while True:
        try:
            async with asyncio.timeout(SILENCE_TIMEOUT_S):
                event: Mapping[str, Any] = await receive()
        except TimeoutError:
            return SILENT
        if event["type"] != "websocket.receive":
            return None
        message = event.get("bytes") or b""
        if not frames.is_input(message):
            return BAD_MESSAGE
        await screen.write(message)


async def _still_signed_in(context: Context, scope: Scope, person: Person) -> int | None:
    """Ends the picture soon after its session ended."""
    while True:
        await asyncio.sleep(RECHECK_S)
        try:
            now = await _person(context, scope)
        except Closing as closing:
            return closing.code
        if (now.id, now.session_id) != (person.id, person.session_id):
            return REFUSED


async def _taken(screen: Screen) -> int | None:
    await screen.taken.wait()
    return TAKEN
