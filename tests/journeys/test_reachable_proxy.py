"""Behind a proxy that speaks HTTPS: it is believed about the scheme, strangers are not."""

import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from tests.journeys.raw import Answer, exchange, request

from synfonium.kernel.server import Listener
from synfonium.testing.client import installation

NAME = "cloud.example.test"


@pytest_asyncio.fixture
async def port(tmp_path: Path) -> AsyncIterator[int]:
    """A server behind a proxy at 127.0.0.9, which alone is trusted."""
    settings = {"SYNFONIUM_PUBLIC_URL": f"https://{NAME}", "SYNFONIUM_TRUSTED_PROXIES": "127.0.0.9"}
    async with installation(tmp_path / "home", settings) as inside:
        await inside.person("ana")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            found = int(probe.getsockname()[1])
        listener = Listener(inside.runtime.application, port=found)
        await listener.start()
        try:
            yield found
        finally:
            await listener.stop()


async def ask(port: int, method: str, target: bytes, *, by: str, **headers: str) -> Answer:
    body = b"name=ana&password=ana-password-1" if method == "POST" else None
    kind = "application/x-www-form-urlencoded" if body else ""
    raw = request(method, target, host=NAME, body=body, content_type=kind, **headers)
    answer = await exchange(port, raw, source=by)
    assert answer is not None
    return answer


async def test_a_person_comes_in_through_the_proxy(port: int) -> None:
    headers = {"x_forwarded_proto": "https", "origin": f"https://{NAME}", "sec_fetch_site": "same-origin"}
    assert (await ask(port, "GET", b"/signin", by="127.0.0.9", **headers)).status == 200
    entered = await ask(port, "POST", b"/signin", by="127.0.0.9", **headers)
    assert entered.status == 303
    assert "Secure" in entered.cookie("__Host-synfonium")
    assert entered.headers["strict-transport-security"] == "max-age=31536000"


async def test_a_stranger_who_says_so_too_is_not_believed(port: int) -> None:
    for said in ("https", "http", ""):
        answer = await ask(port, "GET", b"/signin", by="127.0.0.1", x_forwarded_proto=said)
        assert (answer.status, answer.code) == (403, "not_encrypted")


async def test_the_proxy_that_came_by_plain_http_shows_the_page(port: int) -> None:
    for said in ("http", ""):
        answer = await ask(
            port, "POST", b"/signin", by="127.0.0.9", x_forwarded_proto=said, accept="text/html"
        )
        assert answer.status == 403
        assert f"https://{NAME}".encode() in answer.body


async def test_a_proxy_cannot_say_another_name_or_another_peer(port: int) -> None:
    headers = {"x_forwarded_proto": "https", "x_forwarded_for": "127.0.0.1", "x_forwarded_host": NAME}
    evil = request("GET", b"/signin", host="evil.example", **headers)
    answer = await exchange(port, evil, source="127.0.0.9")
    assert answer is not None
    assert (answer.status, answer.code) == (421, "misdirected")
    metrics = await ask(port, "GET", b"/metrics", by="127.0.0.9", x_forwarded_proto="https")
    assert metrics.status == 401
