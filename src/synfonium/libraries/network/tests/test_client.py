"""A request to a stranger's machine is bounded, and goes only where it may."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from synfonium.libraries.network.client import Answer, GuardedClient, RequestFailed

Answering = Callable[[str], bytes]
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json; charset=utf-8\r\nconnection: close\r\n"


class Server:
    """Answers on loopback with what `answer` gives for a path."""

    answer: Answering = staticmethod(lambda path: HEAD + b"content-length: 2\r\n\r\n{}")
    wait_s = 0.0
    port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = await reader.readline()
        await asyncio.sleep(self.wait_s)
        writer.write(self.answer(line.decode().split()[1]))
        writer.close()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    listening = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = listening.sockets[0].getsockname()[1]
    yield made
    listening.close()


async def _ask(url: str, *, allowed: bool = True, resolves_to: str = "127.0.0.1") -> Answer:
    async def resolver(host: str, port: int) -> list[str]:
        return [resolves_to]

    client = GuardedClient("test", is_local_allowed=allowed, slowest_s=0.5, resolver=resolver)
    try:
        return await client.request("GET", url, largest_bytes=1000)
    finally:
        await client.close()


async def test_an_answer_of_the_own_network_is_read(server: Server) -> None:
    answer = await _ask(f"http://directory.example:{server.port}/x")
    assert (answer.status, answer.media_type, answer.body) == (200, "application/json", b"{}")


@pytest.mark.parametrize(
    ("scheme", "allowed", "address"),
    [("http", False, "93.184.216.34"), ("https", False, "127.0.0.1"), ("http", True, "93.184.216.34")],
)
async def test_plain_http_in_public_and_private_addresses_unasked_are_refused(
    server: Server, scheme: str, allowed: bool, address: str
) -> None:
    with pytest.raises(RequestFailed) as refused:
        await _ask(f"{scheme}://directory.example:{server.port}/", allowed=allowed, resolves_to=address)
    assert refused.value.reason == "address"


async def test_a_redirect_is_reported_and_not_followed(server: Server) -> None:
    server.answer = lambda path: (
        b"HTTP/1.1 302 Found\r\nlocation: http://10.0.0.1/\r\ncontent-length: 0\r\n\r\n"
    )
    assert (await _ask(f"http://directory.example:{server.port}/")).status == 302


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (HEAD + b"content-length: 1001\r\n\r\n" + b"x" * 1001, "too_large"),
        (HEAD + b"content-encoding: gzip\r\ncontent-length: 1\r\n\r\nx", "broken"),
        (b"this is not HTTP\r\n\r\n", "broken"),
        (b"", "broken"),
    ],
)
async def test_what_is_too_large_packed_or_broken_is_refused(
    server: Server, answer: bytes, reason: str
) -> None:
    server.answer = lambda path: answer
    with pytest.raises(RequestFailed) as refused:
        await _ask(f"http://directory.example:{server.port}/")
    assert refused.value.reason == reason


async def test_a_slow_answer_is_not_waited_for(server: Server) -> None:
    server.wait_s = 3
    with pytest.raises(RequestFailed) as refused:
        await _ask(f"http://directory.example:{server.port}/")
    assert refused.value.reason == "slow"
