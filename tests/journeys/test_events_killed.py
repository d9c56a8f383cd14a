"""`kill -9` of the role that tells: no outside app misses anything, and no one that listens does."""

import asyncio
import json
import signal
from pathlib import Path

import httpx
import pytest

from synfonium.apps.fabric.tests.events_house import described
from synfonium.apps.fabric.tests.site import Answer, Message, Site, site
from synfonium.testing.server import RealServer

pytestmark = [pytest.mark.full, pytest.mark.timeout(300)]
FILES = 12
ALL_S = 120.0


class Told:
    """What an app took, and what it was sent; every third message meets an app that is away."""

    def __init__(self, there: Site) -> None:
        self.taken: list[str] = []
        self.sent = 0
        there.answer = self.answer

    async def answer(self, message: Message) -> Answer:
        self.sent += 1
        if self.sent % 3 == 0:
            return 503, {}, b""
        self.taken.append(json.loads(message.body)["subject"])
        return 200, {}, b""


def serve(tmp_path: Path) -> RealServer:
    return RealServer(tmp_path / "home", environment={"SYNFONIUM_FABRIC_LOCAL_APPS": "true"})


async def install(server: RealServer, token: str, there: Site, folder: Path) -> None:
    manifest = folder / "synfonium.app.json"
    listens = {"types": ["drive.file.written"], "door": "/hooks"}
    manifest.write_text(json.dumps(described(listens=listens)))
    await asyncio.to_thread(server.run, "app", "install", str(manifest), "--origin", there.origin)
    async with client(server, token) as ana:
        given = {"app": "hello", "subject": "", "object": "drive:root", "actions": "read"}
        answer = await ana.post("/fabric/grants", data=given)
        assert answer.status_code == 303, answer.text


def client(server: RealServer, token: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=server.url, headers={"authorization": f"Bearer {token}"}, timeout=60)


async def put(server: RealServer, token: str, names: range) -> list[str]:
    async with client(server, token) as ana:
        for name in names:
            answer = await ana.put(f"/dav/files/ana/{name}.txt", content=b"words")
            assert answer.status_code == 201, answer.text
    return [f"{name}.txt" for name in names]


async def heard(server: RealServer, token: str, after: str, count: int) -> tuple[list[str], str]:
    """Subjects of so many events after one, and the id of the last."""
    found: list[str] = []
    async with client(server, token) as ana, asyncio.timeout(ALL_S):
        asked = {"types": "drive.file.written", **({"after": after} if after else {})}
        async with ana.stream("GET", "/fabric/events", params=asked) as stream:
            assert stream.status_code == 200
            async for line in stream.aiter_lines():
                if line.startswith("id: "):
                    after = line.removeprefix("id: ")
                if line.startswith("data: "):
                    found.append(json.loads(line.removeprefix("data: "))["subject"])
                if len(found) == count and not line:
                    break
    return found, after


async def test_kill_9_loses_nothing_that_an_app_may_hear(tmp_path: Path) -> None:
    server = serve(tmp_path)
    await asyncio.to_thread(server.start)
    try:
        async with site() as there:
            told, token = Told(there), await asyncio.to_thread(server.person, "ana")
            await install(server, token, there, tmp_path)
            _none, place = await heard(server, token, "", 0)
            for half in (range(FILES // 2), range(FILES // 2, FILES)):
                await put(server, token, half)
                await asyncio.to_thread(server.stop, signal.SIGKILL)
                await asyncio.to_thread(server.start)
            found, _place = await heard(server, token, place, FILES)
            written = set(found)
            assert len(written) == FILES
            async with asyncio.timeout(ALL_S):
                while set(told.taken) != written:  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
    finally:
        await asyncio.to_thread(server.stop)
