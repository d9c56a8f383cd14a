"""`/push/ws`: tells a client at once that files changed, so that it need not ask (notify_push).

The first two frames are the name and the app password. Then clients hear `notify_file`, or, when
they said `listen notify_file_id`, which nodes it is about.
"""

import asyncio
import base64
from collections import Counter
from collections.abc import Mapping

import msgspec

from synfonium.apps.drive.service import DriveService
from synfonium.common.ids import PersonId
from synfonium.common.problem import NotFound, Problem
from synfonium.kernel.actor import Person
from synfonium.kernel.asgi import ASGIApp, Receive, Scope, Send, respond
from synfonium.kernel.context import Context
from synfonium.kernel.problems import problem_response

PATH = "/push/ws"
FIRST_FRAMES_S = 15.0
RECHECK_S = 15.0
MOST_FRAME = 500
MOST_FRAMES = 1_000
MOST_OF_A_PERSON = 20
MOST_OPEN = 2_000
REFUSED = "err: Invalid credentials"
CROWDED = "err: Too many connections"


class _Closing(Exception):
    """Ends the connection; said: what the client hears last."""

    def __init__(self, said: str = "") -> None:
        super().__init__(said)
        self.said = said


class _Left(Exception):
    """The client has gone."""


def capability(context: Context) -> Mapping[str, object]:
    """Where clients find this door."""
    address = context.site.public_url.replace("http", "ws", 1)
    return {"notify_push": {"type": ["files"], "endpoints": {"websocket": f"{address}{PATH}"}}}


def push_app(context: Context) -> ASGIApp:
    """The door, for one process."""
    service: DriveService = context.service
    service.announced.capabilities.append(lambda: capability(context))
    open_ = Counter[PersonId]()
    waiting = asyncio.Semaphore(MOST_OPEN)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            status, headers, body = problem_response(scope, NotFound())
            await respond(send, status, headers, body)
            return
        if (await receive())["type"] != "websocket.connect":
            return
        if waiting.locked():
            await send({"type": "websocket.close", "code": 1013})
            return
        async with waiting:
            await send({"type": "websocket.accept"})
            await _serve(context, open_, receive, send)

    return app


async def _serve(context: Context, open_: Counter[PersonId], receive: Receive, send: Send) -> None:
    try:
        person, credential = await _opening(context, receive)
        if open_[person.id] >= MOST_OF_A_PERSON:
            raise _Closing(CROWDED)
        open_[person.id] += 1
        try:
            await _say(send, "authenticated")
            await _Told(context, person, credential).run(receive, send)
        finally:
            open_[person.id] -= 1
            open_ += Counter()  # drops those at zero
    except _Left:
        return
    except _Closing as closing:
        if closing.said:
            await _say(send, closing.said)
        await send({"type": "websocket.close", "code": 1000})


async def _opening(context: Context, receive: Receive) -> tuple[Person, str]:
    """Who it is, and the credential as HTTP Basic has it. Raises _Closing, _Left."""
    try:
        async with asyncio.timeout(FIRST_FRAMES_S):
            name, secret = await _frame(receive), await _frame(receive)
    except TimeoutError:
        raise _Closing from None
    credential = "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()
    return await _person(context, credential), credential


async def _person(context: Context, credential: str) -> Person:
    """Raises _Closing for a credential that is wrong, or was taken back."""
    headers = [(b"authorization", credential.encode())]
    scope: Scope = {"type": "http", "method": "GET", "path": PATH, "headers": headers, "state": {}}
    try:
        person = await context.authenticate(scope)
    except Problem:
        person = None
    if person is None or person.grants or not person.may("drive.read"):
        raise _Closing(REFUSED)
    return person


async def _frame(receive: Receive) -> str:
    """Raises _Left, and _Closing for what is no short text."""
    message = await receive()
    if message["type"] != "websocket.receive":
        raise _Left
    text = message.get("text")
    if not isinstance(text, str) or len(text) > MOST_FRAME:
        raise _Closing
    return text


async def _say(send: Send, text: str) -> None:
    try:
        await send({"type": "websocket.send", "text": text})
    except (OSError, RuntimeError):
        raise _Left from None


class _Told:
    """One client that listens."""

    def __init__(self, context: Context, person: Person, credential: str) -> None:
        self._context, self._person, self._credential = context, person, credential
        self._wants_ids = False

    async def run(self, receive: Receive, send: Send) -> None:
        """Until one of them ends. Raises _Left, _Closing."""
        work = [
            asyncio.create_task(one) for one in (self._listen(receive), self._tell(send), self._recheck())
        ]
        try:
            done, _ = await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
        for task in done:
            task.result()

    async def _listen(self, receive: Receive) -> None:
        for _ in range(MOST_FRAMES):
            if (await _frame(receive)) == "listen notify_file_id":
                self._wants_ids = True
        raise _Closing

    async def _tell(self, send: Send) -> None:
        service: DriveService = self._context.service
        async for numbers in service.following.changes(self._person):
            await _person(self._context, self._credential)
            with_ids = self._wants_ids and numbers
            ids = msgspec.json.encode(numbers).decode()
            await _say(send, f"notify_file_id {ids}" if with_ids else "notify_file")

    async def _recheck(self) -> None:
        """A credential that was taken back hears nothing more."""
        while True:
            await asyncio.sleep(RECHECK_S)
            await _person(self._context, self._credential)
