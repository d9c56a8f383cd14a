"""Whatever kills the process that pushes: every message arrives, hardly one of them twice."""

import asyncio
import sqlite3
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from synfonium.apps.notifications.tests import push_process
from synfonium.apps.notifications.tests.push_service import TAKEN, Answer, Browser, PushService
from synfonium.testing.client import installation

pytestmark = [pytest.mark.full, pytest.mark.timeout(400)]
KILLS, ITEMS, BROWSERS = 30, 100, 3
LOOKS = 600
NIGHT = {"from": "00:00", "to": "00:00", "zone": "UTC", "on": "on"}
DAYS = dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), "on")


class Killer:
    """Kills the process in the middle of every tenth message, before it gets an answer."""

    def __init__(self) -> None:
        self.process: asyncio.subprocess.Process | None = None
        self.kills = self._since = 0

    def __call__(self, path: str) -> Answer:
        self._since += 1
        if self.process and self.kills < KILLS and self._since >= 9:
            self.process.kill()
            self.kills, self._since, self.process = self.kills + 1, 0, None
        return TAKEN


async def furnish(home: Path, service: PushService) -> list[Browser]:
    """300 messages that wait for the end of the night, in a home that nobody serves."""
    browsers = [service.browser(str(number)) for number in range(BROWSERS)]
    async with installation(home, {"SYNFONIUM_NOTIFICATIONS_LOCAL_PUSH": "true"}) as house:
        await house.person("ana")
        person = (await house.call("identity.user_find", {"name": "ana"}))["id"]
        async with house.client() as client:
            await client.post("/signin", data={"name": "ana", "password": "ana-password-1"})
            await client.post("/settings/notifications", data={**NIGHT, **DAYS})
            for browser in browsers:
                await client.post("/api/notifications/devices", json=browser.subscription)
            for number in range(ITEMS):
                notice = {"person": person, "topic": "job", "title": {"text": f"News {number}"}}
                await house.runtime.call("notifications.notify", notice, caller="drive")
    return browsers


async def test_thirty_kills_in_three_hundred_pushes_lose_none(tmp_path: Path, service: PushService) -> None:
    home = tmp_path / "home"
    browsers = await furnish(home, service)
    tables = home / "databases" / "notifications.sqlite"
    with closing(sqlite3.connect(tables)) as database, database:
        database.execute("update notifications_waiting set due_s = 0, is_held = 0")
        [[waiting]] = database.execute("select count(*) from notifications_waiting").fetchall()
    assert waiting >= ITEMS * BROWSERS
    service.pushed.clear()
    service.answer = killer = Killer()
    words = [sys.executable, "-m", push_process.__name__, str(home)]
    for _start in range(KILLS + 1):
        process = killer.process = await asyncio.create_subprocess_exec(*words)
        try:
            for _look in range(LOOKS):
                if killer.process is not process or is_told(tables):
                    break
                await asyncio.sleep(0.1)
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()
    assert killer.kills == KILLS
    read = [(path, browsers[int(path[-1])].read(body)) for path, _h, body in service.pushed]
    arrived = Counter((path, message["title"]) for path, message in read)
    wanted = {(f"/push/{b}", f"News {number}") for b in range(BROWSERS) for number in range(ITEMS)}
    assert wanted <= set(arrived)
    assert sum(arrived.values()) - len(arrived) <= KILLS * BROWSERS
    tags = {(path, message["title"]): message["tag"] for path, message in read}
    assert all(tags[path, message["title"]] == message["tag"] for path, message in read)


def is_told(tables: Path) -> bool:
    with closing(sqlite3.connect(tables)) as database:
        [[waiting]] = database.execute("select count(*) from notifications_waiting").fetchall()
    return bool(waiting == 0)
