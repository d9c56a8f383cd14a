"""Who sees which PC, and what opens a screen."""

import json
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from synfonium.apps.pc.service import PcService
from synfonium.apps.pc.store import metadata
from synfonium.apps.pc.stream import door
from synfonium.testing.client import ORIGIN, Installation

JSON = {"accept": "application/json"}


async def machine_of(client: httpx.AsyncClient, house: Installation, name: str = "Bureau") -> str:
    form = {"name": name, "image": "debian-desktop"}
    answer = await client.post("/pc", data=form)
    assert answer.status_code == 303, answer.text
    return next(str(m["id"]) for m in await house.call("pc.list") if m["name"] == name)


async def talk(
    house: Installation, token: str, *messages: dict[str, Any], origin: str = ORIGIN
) -> list[dict[str, Any]]:
    """What the stream's door answers to a handshake and these messages."""
    headers = [(b"host", b"localhost:8600"), (b"origin", origin.encode())]
    if token:
        headers.append((b"authorization", f"Bearer {token}".encode()))
    scope = {
        "type": "websocket", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "ws",
        "path": "/pc/stream", "raw_path": b"/pc/stream", "query_string": b"", "headers": headers,
        "client": ("127.0.0.1", 1), "server": ("localhost", 8600), "subprotocols": [], "state": {},
    }  # fmt: skip
    waiting = [{"type": "websocket.connect"}, *messages, {"type": "websocket.disconnect", "code": 1000}]
    answers: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return waiting.pop(0)

    async def send(message: Any) -> None:
        answers.append(dict(message))

    await house.runtime.application(scope, receive, send)
    return answers


def ticket_message(ticket: str) -> dict[str, Any]:
    return {"type": "websocket.receive", "text": json.dumps({"ticket": ticket})}


def closing(answers: list[dict[str, Any]]) -> int:
    return int(answers[-1].get("code", 0))


async def test_a_page_without_an_image_says_what_to_type(bare_house: Installation) -> None:
    admin = await bare_house.person("ana", administrator=True)
    async with bare_house.client(token=admin) as client:
        page = (await client.get("/pc")).text
    assert "synfonium pc image build debian-desktop" in page


async def test_somebody_else_is_told_to_ask_the_administrator(bare_house: Installation) -> None:
    async with bare_house.client(token=await bare_house.person("bob")) as client:
        page = (await client.get("/pc")).text
    assert "synfonium pc image build" not in page


async def test_a_person_makes_switches_on_and_deletes_a_pc_by_the_page(house: Installation) -> None:
    async with house.client(token=await house.person("ana")) as client:
        machine_id = await machine_of(client, house)
        started = await client.post(f"/pc/machine/{machine_id}/start")
        assert started.headers["location"] == f"/pc/{machine_id}/screen"
        assert (await client.get(f"/pc/{machine_id}/screen")).status_code == 200
        assert "Bureau" in (await client.get("/pc")).text
        assert (await client.post(f"/pc/machine/{machine_id}/stop")).status_code == 303
        assert (await client.get(f"/pc/{machine_id}/screen")).headers["location"] == "/pc"
        assert (await client.post(f"/pc/machine/{machine_id}/delete")).status_code == 303
        assert await house.call("pc.list") == []


async def test_a_form_that_is_wrong_is_shown_again_with_the_reason(house: Installation) -> None:
    async with house.client(token=await house.person("ana")) as client:
        form = {"name": "B", "image": "debian-desktop", "memory": "none"}
        answer = await client.post("/pc", data=form)
        assert answer.status_code == 422
        assert "4G" in answer.text


async def test_another_persons_pc_is_not_there(house: Installation) -> None:
    async with house.client(token=await house.person("ana"), headers=JSON) as ana:
        machine_id = await machine_of(ana, house)
        await ana.post(f"/pc/machine/{machine_id}/start")
    async with house.client(token=await house.person("bob"), headers=JSON) as bob:
        for path in (
            f"/pc/{machine_id}/ticket",
            *(f"/pc/machine/{machine_id}/{x}" for x in ("stop", "delete")),
        ):
            assert (await bob.post(path)).status_code == 404
        assert (await bob.get(f"/pc/{machine_id}/screen")).status_code == 404
    assert [m["state"] for m in await house.call("pc.list")] == ["running"]


async def test_a_ticket_needs_a_sign_in_and_a_pc_that_runs(house: Installation) -> None:
    async with house.client(token=await house.person("ana"), headers=JSON) as ana:
        machine_id = await machine_of(ana, house)
        assert (await ana.post(f"/pc/{machine_id}/ticket")).status_code == 409
    async with house.client(headers=JSON) as nobody:
        assert (await nobody.post(f"/pc/{machine_id}/ticket")).status_code == 401


async def test_the_stream_refuses_whatever_is_not_a_good_ticket(house: Installation) -> None:
    token, other = await house.person("ana"), await house.person("bob")
    async with house.client(token=token, headers=JSON) as ana:
        machine_id = await machine_of(ana, house)
        await ana.post(f"/pc/machine/{machine_id}/start")
        ticket = (await ana.post(f"/pc/{machine_id}/ticket")).json()["ticket"]
        forged = "x" * len(ticket)
        assert closing(await talk(house, "", ticket_message(ticket))) == door.REFUSED
        assert closing(await talk(house, token, ticket_message(forged))) == door.REFUSED
        assert (
            closing(await talk(house, token, {"type": "websocket.receive", "text": "{"})) == door.BAD_MESSAGE
        )
        assert (
            closing(await talk(house, token, {"type": "websocket.receive", "bytes": b"x"}))
            == door.BAD_MESSAGE
        )
        too_long = {"type": "websocket.receive", "text": "x" * 2000}
        assert closing(await talk(house, token, too_long)) == door.BAD_MESSAGE
        # A ticket is spent by whoever shows it: the owner's comes too late after bob tried it.
        assert closing(await talk(house, other, ticket_message(ticket))) == door.REFUSED
        assert closing(await talk(house, token, ticket_message(ticket))) == door.REFUSED


async def test_a_foreign_page_cannot_even_connect(house: Installation) -> None:
    token = await house.person("ana")
    answers = await talk(house, token, ticket_message("x"), origin="https://evil.example")
    assert not [a for a in answers if a["type"] == "websocket.accept"]


async def test_a_ticket_serves_once_and_not_after_its_time(house: Installation) -> None:
    token = await house.person("ana")
    service: PcService = house.context("pc").service
    async with house.client(token=token, headers=JSON) as ana:
        machine_id = await machine_of(ana, house)
        await ana.post(f"/pc/machine/{machine_id}/start")
        answer = (await ana.post(f"/pc/{machine_id}/ticket")).json()
    machine = await service.broker.one(machine_id)
    from synfonium.apps.pc.errors import TicketRefused

    assert await service.tickets.take(answer["ticket"], machine.owner, "") == machine_id  # type: ignore[arg-type]
    for ticket in (answer["ticket"], ""):
        try:
            await service.tickets.take(ticket, machine.owner, "")  # type: ignore[arg-type]
        except TicketRefused:
            continue
        raise AssertionError("a used ticket opened a screen")


async def test_tickets_lie_about_in_no_file_and_no_row(house: Installation) -> None:
    token = await house.person("ana")
    async with house.client(token=token, headers=JSON) as ana:
        machine_id = await machine_of(ana, house)
        await ana.post(f"/pc/machine/{machine_id}/start")
        ticket = (await ana.post(f"/pc/{machine_id}/ticket")).json()["ticket"]
    context = house.context("pc")
    for path in context.home.rglob("*"):
        assert not path.is_file() or ticket.encode() not in path.read_bytes()
    rows = await context.database.read(lambda c: [list(c.execute(select(t))) for t in metadata.sorted_tables])
    assert any(rows)
    assert ticket not in repr(rows)


async def test_a_computer_without_the_programs_names_them(
    bare_house: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = await bare_house.person("ana", administrator=True)
    monkeypatch.setenv("PATH", "/nonexistent")
    async with bare_house.client(token=admin) as client:
        page = await client.get("/pc")
    assert page.status_code == 200
    assert "apt-get install bubblewrap rclone fuse3" in page.text
