"""How soon after its answer does a PUT of a file reach who listens, and what does listening cost?

    .venv/bin/python benchmarks/how_soon_does_a_subscriber_hear.py [--single] [--events N] [--listeners N …]

A real server on loopback with all its roles (`--single`: in one process). One person's Drive is
granted to an app of a stranger with a webhook; connections of server-sent events by that person
and by others wait beside it. Each PUT is timed from before its request (`from_put_ms`) and from its
answer, which comes after the commit (`from_commit_ms`; an event may come before the answer does),
to the event. The numbers of listeners take turns. `all_hear`: every connection hears of each event. CPU
and memory are those of the server (`kib_each`: the first round counts, later ones find memory that was
freed); the listeners are a process of their own on the same cores. Writes
benchmarks/results/events.json.
"""

import argparse
import asyncio
import json
import resource
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
from answers import cpu_s, keep, pss_mib

from synfonium.apps.fabric.tests.events_house import described
from synfonium.apps.fabric.tests.site import Answer, Message, site
from synfonium.testing.server import RealServer, family

OPEN_AT_ONCE = 100
PAUSE_S = 0.05


class Connections:
    """Listeners that read, and count what they hear."""

    def __init__(self, port: int) -> None:
        self._port, self._open = port, []
        self.heard = 0
        self.all_heard = asyncio.Event()
        self.expected = 0

    async def add(self, token: str, count: int) -> None:
        for start in range(0, count, OPEN_AT_ONCE):
            await asyncio.gather(*(self._one(token) for _ in range(min(OPEN_AT_ONCE, count - start))))

    async def _one(self, token: str) -> None:
        loop, opened = asyncio.get_running_loop(), asyncio.get_running_loop().create_future()
        owner = self

        class Reader(asyncio.Protocol):
            def data_received(self, data: bytes) -> None:
                if not opened.done():
                    assert b" 200 " in data[:20], data[:200]
                    opened.set_result(None)
                owner.hear(data.count(b"\ndata: "))

        transport, _reader = await loop.create_connection(Reader, "127.0.0.1", self._port)
        self._open.append(transport)
        lines = ("GET /fabric/events HTTP/1.1", "host: localhost", f"authorization: Bearer {token}", "", "")
        transport.write("\r\n".join(lines).encode())
        await asyncio.wait_for(opened, 60)

    def hear(self, count: int) -> None:
        self.heard += count
        if self.expected and self.heard >= self.expected:
            self.all_heard.set()

    def expect(self, count: int) -> None:
        self.heard, self.expected = 0, count
        self.all_heard.clear()

    def close(self) -> None:
        for transport in self._open:
            transport.abort()
        self._open.clear()


class Hearing:
    """When the one listener that is measured, and the webhook, heard of each file."""

    def __init__(self) -> None:
        self.sse: asyncio.Queue[tuple[str, float]] = asyncio.Queue()
        self._hooked: dict[str, float] = {}
        self._came = asyncio.Event()
        self.repeated = 0

    async def answer(self, message: Message) -> Answer:
        id_ = message.headers["webhook-id"]
        self.repeated += id_ in self._hooked
        self._hooked.setdefault(id_, time.monotonic())
        self._came.set()
        return 200, {}, b""

    async def hook(self, id_: str) -> float:
        """When the webhook brought the event first."""
        while id_ not in self._hooked:
            self._came.clear()
            await self._came.wait()
        return self._hooked[id_]

    async def listen(self, url: str, token: str) -> None:
        client = httpx.AsyncClient(timeout=None, headers={"authorization": f"Bearer {token}"})
        async with client, client.stream("GET", f"{url}/fabric/events?types=drive.file.written") as stream:
            async for line in stream.aiter_lines():
                if line.startswith("data: "):
                    event = json.loads(line.removeprefix("data: "))
                    self.sse.put_nowait((event["id"], time.monotonic()))


def spread(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {
        "p50": round(1000 * statistics.median(ordered), 1),
        "p95": round(1000 * ordered[int(0.95 * (len(ordered) - 1))], 1),
        "most": round(1000 * ordered[-1], 1),
    }


def server_cpu_s(pid: int) -> float:
    return sum(cpu_s(one) for one in family(pid))


async def events(server: RealServer, token: str, hearing: Hearing, count: int) -> dict[str, Any]:
    puts: dict[str, list[float]] = {"sse": [], "webhook": []}
    commits: dict[str, list[float]] = {"sse": [], "webhook": []}
    began_s = server_cpu_s(server.pid)
    async with httpx.AsyncClient(base_url=server.url, headers={"authorization": f"Bearer {token}"}) as ana:
        for number in range(count):
            started = time.monotonic()
            answer = await ana.put(f"/dav/files/ana/{number % 20}.bin", content=b"x" * 1000)
            answered = time.monotonic()
            assert answer.status_code in (201, 204), answer.text
            id_, sse_at = await asyncio.wait_for(hearing.sse.get(), 60)
            hook_at = await asyncio.wait_for(hearing.hook(id_), 60)
            for name, at in (("sse", sse_at), ("webhook", hook_at)):
                puts[name].append(at - started)
                commits[name].append(max(0.0, at - answered))
            await asyncio.sleep(PAUSE_S)
    cpu_ms = 1000 * (server_cpu_s(server.pid) - began_s) / count
    return {
        "from_put_ms": {name: spread(found) for name, found in puts.items()},
        "from_commit_ms": {name: spread(found) for name, found in commits.items()},
        "cpu_ms_an_event": round(cpu_ms, 1),
    }


async def all_hear(server: RealServer, token: str, connections: Connections, count: int) -> dict[str, float]:
    """One event that every connection hears: until the last has it."""
    taken = []
    async with httpx.AsyncClient(base_url=server.url, headers={"authorization": f"Bearer {token}"}) as person:
        for number in range(5):
            connections.expect(count)
            started = time.monotonic()
            answer = await person.put(f"/dav/files/bob/{number}.bin", content=b"x")
            assert answer.status_code in (201, 204)
            await asyncio.wait_for(connections.all_heard.wait(), 120)
            taken.append(time.monotonic() - started)
    return spread(taken)


async def measure(server: RealServer, asked: argparse.Namespace, folder: Path) -> dict[str, Any]:
    ana, bob = [await asyncio.to_thread(server.person, name) for name in ("ana", "bob")]
    hearing, rounds = Hearing(), {str(number): [] for number in asked.listeners}
    async with site() as there:
        there.answer = hearing.answer
        manifest = folder / "synfonium.app.json"
        manifest.write_text(
            json.dumps(described(listens={"types": ["drive.file.written"], "door": "/hooks"}))
        )
        await asyncio.to_thread(server.run, "app", "install", str(manifest), "--origin", there.origin)
        async with httpx.AsyncClient(headers={"authorization": f"Bearer {ana}"}) as client:
            given = {"app": "hello", "subject": "", "object": "drive:root", "actions": "read"}
            assert (await client.post(f"{server.url}/fabric/grants", data=given)).status_code == 303
        listening = asyncio.create_task(hearing.listen(server.url, ana))
        await asyncio.sleep(1)
        await events(server, ana, hearing, 20)  # to warm up
        for _round in range(asked.rounds):
            for number in asked.listeners:
                rounds[str(number)].append(await one_round(server, asked, number, ana, bob, hearing))
        listening.cancel()
    return {"rounds": rounds, "webhooks_repeated": hearing.repeated}


async def one_round(
    server: RealServer, asked: argparse.Namespace, number: int, ana: str, bob: str, hearing: Hearing
) -> dict[str, Any]:
    connections = Connections(server.port)
    before_mib, began = pss_mib(server.pid), time.monotonic()
    # The one that is measured is the first.
    await connections.add(bob, number - 1)
    opened_s = time.monotonic() - began
    await asyncio.sleep(2)
    found: dict[str, Any] = {
        "opened_per_s": round((number - 1) / opened_s) if number > 1 else 0,
        "kib_each": round((pss_mib(server.pid) - before_mib) * 1024 / (number - 1), 1) if number > 1 else 0,
        **await events(server, ana, hearing, asked.events),
    }
    idle_s, cpu = 20, server_cpu_s(server.pid)
    await asyncio.sleep(idle_s)
    found["idle_cpu_percent"] = round(100 * (server_cpu_s(server.pid) - cpu) / idle_s, 1)
    if number > 1:
        found["all_hear_ms"] = await all_hear(server, bob, connections, number - 1)
    connections.close()
    await asyncio.sleep(3)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--listeners", type=int, nargs="+", default=[1, 100, 10_000])
    parser.add_argument("--single", action="store_true")
    asked = parser.parse_args()
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    environment = {
        "SYNFONIUM_FABRIC_LOCAL_APPS": "true",
        "SYNFONIUM_FABRIC_MOST_LISTENERS_EACH": str(2 * max(asked.listeners)),
        "SYNFONIUM_FABRIC_MOST_LISTENERS": str(2 * max(asked.listeners)),
    }
    with tempfile.TemporaryDirectory() as folder:
        options = ("--single",) if asked.single else ()
        server = RealServer(Path(folder) / "home", options=options, environment=environment)
        server.start()
        try:
            found = asyncio.run(measure(server, asked, Path(folder)))
        finally:
            server.stop()
    keep(
        "events",
        {
            "files_a_process_may_open": hard,
            "is_single": asked.single,
            "listeners": found["rounds"],
            "webhooks_repeated": found["webhooks_repeated"],
        },
    )


if __name__ == "__main__":
    main()
