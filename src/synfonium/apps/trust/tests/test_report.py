"""The report of promises: made, signed, checked, and told when it is not good."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from synfonium.apps.trust.contract import Proof
from synfonium.apps.trust.model import Report, SignedReport
from synfonium.kernel.app import App, Command
from synfonium.main import main
from synfonium.testing.client import Installation, installation

PROOF = Proof(
    promise="well.kept",
    said="It is so.",
    how="By looking.",
    state="kept",
    found="Seen {n}.",
    values={"n": "3"},
)


async def prove(context: Any, call: Any) -> list[Proof]:
    return [PROOF]


async def prove_not(context: Any, call: Any) -> list[Proof]:
    return [msgspec.structs.replace(PROOF, state="broken")]


async def fail(context: Any, call: Any) -> list[Proof]:
    raise RuntimeError


@pytest.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Installation]:
    async with installation(tmp_path / "home") as running:
        stranger = App(name="well", title="", commands=(Command(name="prove", handler=f"{__name__}:prove"),))
        monkeypatch.setattr("synfonium.apps.trust.service.report.installed_apps", lambda: (stranger,))
        yield running


def _answer(house: Installation, monkeypatch: pytest.MonkeyPatch, what: Any) -> None:
    async def call(command: str, arguments: object) -> Any:
        assert command == "well.prove"
        return await what(None, None)

    monkeypatch.setattr(house.context("trust"), "call", call)


async def test_anybody_gets_the_last_report_and_checks_who_signed_it(
    house: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with house.client() as client:
        assert (await client.get("/trust/report.json")).status_code == 404
        _answer(house, monkeypatch, prove)
        await house.call("trust.report")
        got = await client.get("/trust/report.json")
        pem = (await client.get("/trust/audit.pem")).text
    report = msgspec.json.decode(msgspec.json.decode(got.content, type=SignedReport).report, type=Report)
    assert report.proofs == (PROOF,)
    file, key = tmp_path / "report.json", tmp_path / "key.pem"
    file.write_bytes(got.content)
    key.write_text(pem)
    assert await asyncio.to_thread(main, ["trust", "check", str(file), "--key", str(key)]) == 0
    assert "well.kept: Seen 3." in capsys.readouterr().out


async def test_a_report_that_was_changed_is_refused(
    house: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _answer(house, monkeypatch, prove_not)
    signed = msgspec.convert(await house.call("trust.report"), SignedReport)
    file = tmp_path / "report.json"
    file.write_bytes(msgspec.json.encode(signed))
    assert await asyncio.to_thread(main, ["trust", "check", str(file)]) == 1, "a promise is broken"
    better = msgspec.structs.replace(signed, report=signed.report.replace("broken", "kept"))
    file.write_bytes(msgspec.json.encode(better))
    assert await asyncio.to_thread(main, ["trust", "check", str(file)]) == 1, "nobody signed this"
    file.write_text("{}")
    assert await asyncio.to_thread(main, ["trust", "check", str(file)]) == 1


async def test_the_doctor_tells_of_a_promise_that_is_broken(
    house: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def told() -> dict[str, str]:
        found = msgspec.to_builtins(await house.call("trust.check"))
        return {one["check"]: one["state"] for one in found}

    assert "trust.report" not in await told()
    for what, state in ((prove, "good"), (prove_not, "bad")):
        _answer(house, monkeypatch, what)
        await house.call("trust.report")
        assert (await told())["trust.report"] == state


async def test_an_app_that_fails_hides_no_other_and_keeps_no_promise(
    house: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    _answer(house, monkeypatch, fail)
    signed = msgspec.convert(await house.call("trust.report"), SignedReport)
    assert msgspec.json.decode(signed.report, type=Report).proofs[0].state == "open"
