"""A connection that breaks in the middle of a file, at a real server."""

import base64
import socket
import time

import httpx
import pytest

from .conftest import Account

pytestmark = [pytest.mark.full, pytest.mark.timeout(120)]


def _send_half(account: Account, name: str, framing: str, body: bytes) -> None:
    secret = base64.b64encode(":".join(account.auth).encode()).decode()
    head = (
        f"PUT /dav/files/{account.name}/{name} HTTP/1.1\r\nHost: localhost:{account.server.port}\r\n"
        f"Authorization: Basic {secret}\r\n{framing}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", account.server.port)) as line:
        line.sendall(head.encode() + body)
        time.sleep(0.3)


@pytest.mark.parametrize("existing", [False, True])
@pytest.mark.parametrize(
    ("framing", "body"),
    [
        ("Content-Length: 3000000", b"x" * 1_500_000),
        ("Transfer-Encoding: chunked", b"%x\r\n" % 1_500_000 + b"x" * 1_500_000 + b"\r\n"),
        ("Transfer-Encoding: chunked", b"100000\r\n" + b"x" * 1000),
    ],
)
def test_half_a_file_is_no_file(account: Account, framing: str, body: bytes, existing: bool) -> None:
    with httpx.Client(auth=account.auth, base_url=account.url) as client:
        client.delete("/half.bin")
        if existing:
            client.put("/half.bin", content=b"old")
        _send_half(account, "half.bin", framing, body)
        time.sleep(0.5)
        answer = client.get("/half.bin")
        assert (answer.status_code, answer.content if existing else b"") == (
            (200, b"old") if existing else (404, b"")
        )


def test_a_stream_of_unknown_length_arrives_whole(account: Account) -> None:
    with httpx.Client(auth=account.auth, base_url=account.url) as client:
        pieces = (bytes([number]) * 300_000 for number in range(10))
        assert client.put("/stream.bin", content=pieces).status_code == 201
        whole = b"".join(bytes([number]) * 300_000 for number in range(10))
        assert client.get("/stream.bin").content == whole


def _answer(line: socket.socket) -> bytes:
    """Status and headers; what else came is left out."""
    came = b""
    while b"\r\n\r\n" not in came:
        piece = line.recv(4096)
        if not piece:
            break
        came += piece
    return came.partition(b"\r\n\r\n")[0]


def test_after_a_refusal_no_request_is_taken_for_the_body_that_was_held_back(account: Account) -> None:
    """A client that asked first (`Expect: 100-continue`) and is refused sends no body."""
    host = f"Host: localhost:{account.server.port}\r\n"
    with socket.create_connection(("127.0.0.1", account.server.port), timeout=10) as line:
        asking = f"PUT /dav/files/ada/x HTTP/1.1\r\n{host}Expect: 100-continue\r\nContent-Length: 50\r\n\r\n"
        line.sendall(asking.encode())
        answer = _answer(line).lower()
        assert answer.startswith(b"http/1.1 401")
        assert b"connection: close" in answer, "what follows would be lost"
    with httpx.Client(auth=account.auth, base_url=account.url) as client:
        answer_ = client.put("/asked.bin", content=b"x" * 50, headers={"expect": "100-continue"})
        assert (answer_.status_code, client.get("/asked.bin").content) == (201, b"x" * 50)
