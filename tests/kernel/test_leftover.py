"""A refused client is heard to the end, so that it sees why it was refused."""

import asyncio

from synfonium.kernel import leftover
from synfonium.kernel.asgi import Message, Scope
from synfonium.kernel.leftover import Leftover

CHUNKED: Scope = {"type": "http", "headers": [(b"transfer-encoding", b"chunked")]}
EMPTY: Scope = {"type": "http", "headers": [(b"content-length", b"0")]}


class Client:
    """Sends `pieces` of a body, then nothing for ever."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = list(pieces)
        self.asked = 0

    async def __call__(self) -> Message:
        self.asked += 1
        if not self._pieces:
            await asyncio.sleep(60)
        body = self._pieces.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(self._pieces)}


async def test_the_rest_of_a_body_is_read() -> None:
    client = Client(b"a", b"b", b"c")
    body = Leftover(CHUNKED, client)
    await body()
    await body.forget()
    assert client.asked == 3


async def test_a_body_that_was_read_is_not_waited_for() -> None:
    client = Client(b"a")
    body = Leftover(CHUNKED, client)
    await body()
    await body.forget()
    assert client.asked == 1


async def test_a_request_without_a_body_is_not_waited_for() -> None:
    client = Client()
    await Leftover(EMPTY, client).forget()
    await Leftover({"type": "http", "headers": []}, client).forget()
    assert client.asked == 0


async def test_an_endless_body_and_a_silent_client_are_left(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(leftover, "LARGEST_BYTES", 10)
    client = Client(*[b"xxxx"] * 100)
    await Leftover(CHUNKED, client).forget()
    assert client.asked == 3
    monkeypatch.setattr(leftover, "LONGEST_S", 0.05)
    silent = Client()
    await Leftover(CHUNKED, silent).forget()
    assert silent.asked == 1


async def test_a_body_that_is_held_back_is_not_waited_for() -> None:
    client = Client()
    asking: Scope = {"type": "http", "headers": [(b"expect", b"100-continue"), (b"content-length", b"5")]}
    body = Leftover(asking, client)
    assert body.is_held_back
    await body.forget()
    assert client.asked == 0


async def test_a_body_that_was_asked_for_is_held_back_no_more() -> None:
    asking: Scope = {"type": "http", "headers": [(b"expect", b"100-continue"), (b"content-length", b"5")]}
    body = Leftover(asking, Client(b"abcde"))
    await body()
    assert not body.is_held_back
