"""How a listening address treats those who connect."""

import asyncio
import socket
import statistics
import time
from collections.abc import Iterator
from contextlib import closing

from synfonium.kernel.asgi import Receive, Scope, Send, respond
from synfonium.kernel.server import Listener

HEAD = b"PUT / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 4\r\n\r\n"
BY_DEFAULT_MS, LONGEST_MS = 40, 200


async def answer(_scope: Scope, receive: Receive, send: Send) -> None:
    while (await receive()).get("more_body"):
        pass
    await respond(send, 200, [], b"ok")


def knows_option() -> bool:
    with closing(socket.socket()) as probe:
        try:
            probe.setsockopt(socket.IPPROTO_TCP, 46, 8_000)
        except OSError:
            return False
    return True


def in_two_pieces_ms(port: int) -> Iterator[float]:
    """By a client that sends what comes after only when what came before has been acknowledged."""
    with closing(socket.create_connection(("127.0.0.1", port))) as line:
        for _ in range(25):
            started_s = time.perf_counter()
            line.send(HEAD)
            line.send(b"body")
            line.recv(4096)
            yield (time.perf_counter() - started_s) * 1000


async def test_a_request_in_two_pieces_does_not_wait_for_its_acknowledgement() -> None:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    listener = Listener(answer, port=port)
    await listener.start()
    try:
        times_ms = await asyncio.to_thread(lambda: list(in_two_pieces_ms(port)))
    finally:
        await listener.stop()
    # Older kernels than 6.15 know no other wait.
    assert statistics.median(times_ms) < (0.75 * BY_DEFAULT_MS if knows_option() else LONGEST_MS)
