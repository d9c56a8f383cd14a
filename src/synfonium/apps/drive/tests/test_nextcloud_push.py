"""notify_push: who may listen, and what is heard when."""

import asyncio
import base64
from collections.abc import AsyncIterator

import msgspec
import pytest

from synfonium.apps.drive.nextcloud import push, push_app
from synfonium.apps.drive.tests.conftest import Hand, House
from synfonium.common.problem import SignInNeeded
from synfonium.kernel.actor import Person
from synfonium.kernel.asgi import Message, Scope


class Socket:
    """The client's end."""

    def __init__(self, house: House) -> None:
        self._in: asyncio.Queue[Message] = asyncio.Queue()
        self._out: asyncio.Queue[Message] = asyncio.Queue()
        self._in.put_nowait({"type": "websocket.connect"})
        scope: Scope = {"type": "websocket", "path": "/push/ws", "headers": []}
        self.task = asyncio.create_task(push_app(house.context)(scope, self._in.get, self._out.put))

    def say(self, text: str) -> None:
        self._in.put_nowait({"type": "websocket.receive", "text": text})

    def leave(self) -> None:
        self._in.put_nowait({"type": "websocket.disconnect", "code": 1000})

    async def hear(self, within_s: float = 1.0) -> str:
        async with asyncio.timeout(within_s):
            message = await self._out.get()
        return str(message.get("text") or message["type"])


@pytest.fixture(autouse=True)
def secrets(house: House, ada: Person) -> dict[str, Person]:
    """Authentication by HTTP Basic, for these tests."""
    known = {"right": ada}

    async def authenticate(scope: Scope) -> Person | None:
        value = dict(scope["headers"])[b"authorization"].removeprefix(b"Basic ")
        name, _, secret = base64.b64decode(value).decode().partition(":")
        person = known.get(secret)
        if person is None or person.name != name:
            raise SignInNeeded
        return person

    house.context.authenticate = authenticate
    return known


@pytest.fixture
async def socket(house: House) -> AsyncIterator[Socket]:
    socket = Socket(house)
    assert await socket.hear() == "websocket.accept"
    yield socket
    socket.leave()
    await asyncio.wait_for(socket.task, 2)


async def enter(socket: Socket) -> None:
    socket.say("ada")
    socket.say("right")
    assert await socket.hear() == "authenticated"
    await asyncio.sleep(0.05)


async def test_a_client_hears_of_a_change_within_a_second(socket: Socket, hand: Hand) -> None:
    await enter(socket)
    await hand.file("new.txt")
    assert await socket.hear() == "notify_file"


async def test_a_client_that_asks_hears_which_files(socket: Socket, hand: Hand) -> None:
    folder = await hand.folder("folder")
    await enter(socket)
    socket.say("listen notify_file_id")
    await asyncio.sleep(0.05)
    await hand.file("a", parent=folder)
    await hand.file("b", parent=folder)
    said = await socket.hear()
    assert said.startswith("notify_file_id [")
    numbers = set(msgspec.json.decode(said.removeprefix("notify_file_id "), type=list[int]))
    nodes = [*(await hand.drive.tree.listing(hand.actor, folder)).entries]
    assert {node.number for node in nodes} < numbers
    assert (await hand.drive.tree.node(hand.actor, folder)).number in numbers
    with pytest.raises(TimeoutError):
        await socket.hear(0.6)  # nothing is said twice


async def test_a_stranger_hears_nothing(socket: Socket, hand: Hand) -> None:
    socket.say("ada")
    socket.say("wrong")
    assert await socket.hear() == push.REFUSED
    assert await socket.hear() == "websocket.close"


async def test_another_persons_changes_are_not_told(socket: Socket, hand: Hand, house: House) -> None:
    await enter(socket)
    await Hand(hand.drive, house.person("bob")).file("secret.txt")
    with pytest.raises(TimeoutError):
        await socket.hear(0.8)


async def test_a_credential_that_was_taken_back_hears_no_more(
    socket: Socket, hand: Hand, secrets: dict[str, Person]
) -> None:
    await enter(socket)
    secrets.clear()
    await hand.file("new.txt")
    assert await socket.hear() == push.REFUSED
    assert await socket.hear() == "websocket.close"


@pytest.mark.parametrize("frame", ["x" * 501, None])
async def test_a_frame_that_is_no_short_text_ends_it(socket: Socket, frame: str | None) -> None:
    await enter(socket)
    socket._in.put_nowait({"type": "websocket.receive", "text": frame, "bytes": b"x"})
    assert await socket.hear() == "websocket.close"


async def test_a_person_has_no_more_sockets_than_twenty(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push, "MOST_OF_A_PERSON", 0)
    socket = Socket(house)
    await socket.hear()
    socket.say("ada")
    socket.say("right")
    assert await socket.hear() == push.CROWDED
    assert await socket.hear() == "websocket.close"
    await asyncio.wait_for(socket.task, 2)
