"""An outside app is verified, registered, updated and removed by its manifest."""

import argparse
import base64
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from synfonium.apps.fabric import cli
from synfonium.apps.fabric.contract import GRANT_REVOKED, Apps
from synfonium.apps.fabric.service.outside import signed
from synfonium.common.ids import PersonId
from synfonium.common.problem import BadInput, Problem
from synfonium.kernel.cli import Commands, Terminal
from synfonium.main import main
from synfonium.testing.client import Installation, installation

from .manifests import GOOD, changed

OURS = "synfonium"
ORIGIN = "https://notes.example"
Say = Callable[..., Any]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    async with installation(tmp_path / "home") as running:
        yield running


@pytest.fixture
def say(house: Installation, capsys: pytest.CaptureFixture[str]) -> Say:
    """Runs `synfonium WORDS` against the house; its lines, or exit code and error."""

    async def run(*words: str) -> list[str]:
        parser = argparse.ArgumentParser()
        cli.add_commands(Commands(parser))
        args = parser.parse_args(list(words))
        assert await args.run(args, house.call, Terminal()) == 0, capsys.readouterr().err
        return capsys.readouterr().out.splitlines()

    return run


def written(folder: Path, made: object) -> str:
    path = folder / "synfonium.app.json"
    path.write_text(json.dumps(made, indent=1), encoding="utf-8")
    return str(path)


def values(lines: list[str]) -> dict[str, str]:
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith(("+", "-")))


def apps_of(house: Installation) -> Apps:
    found: Apps = house.context("fabric").offer(Apps)
    return found


async def client_of(house: Installation, client_id: str) -> dict[str, Any] | None:
    found = (await house.call("identity.client_list"))["clients"]
    return next((client for client in found if client["id"] == client_id), None)


# verify


def test_an_author_without_a_home_reads_each_finding_with_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, changed((OURS, "asks"), {"file": ["read"]}))
    assert main(["app", "verify", path]) == 1
    line = json.dumps(changed((OURS, "asks"), {"file": ["read"]}), indent=1).split('"file": [')[0].count("\n")
    (shown,) = capsys.readouterr().out.splitlines()
    assert shown.startswith(f"{path}:{line + 1}:4: error: `synfonium.asks.file` must be an interface")
    assert shown.endswith("[interface]")


def test_a_good_manifest_and_one_with_a_warning_are_taken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written(tmp_path, GOOD)
    assert main(["app", "verify", str(tmp_path)]) == 0
    written(tmp_path, changed(("file_handlers", 0, "accept"), {"*/*": []}))
    assert main(["app", "verify", str(tmp_path)]) == 0
    assert ": warning: " in capsys.readouterr().out
    written(tmp_path, changed(("id",), "drive"))
    assert main(["app", "verify", str(tmp_path)]) == 1


@pytest.mark.parametrize("name", ["missing.json", "app.tar.gz", "compose.yaml"])
def test_what_is_no_manifest_is_wrong_use(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if not name.startswith("missing"):
        (tmp_path / name).write_bytes(b"x")
    assert main(["app", "verify", str(tmp_path / name)]) == 2
    assert (
        main(["app", "install", str(tmp_path / name), "--origin", ORIGIN, "--home", str(tmp_path / "h")]) == 2
    )
    assert name in capsys.readouterr().err


# install, update, list, remove


async def test_an_operator_registers_an_app_for_everybody_and_gets_its_secrets_once(
    house: Installation, say: Say, tmp_path: Path
) -> None:
    file = written(tmp_path, changed((OURS, "is_confidential"), True))
    lines = await say("app", "install", file, "--origin", "https://Notes.Example:443/")
    assert lines[0] == f"registered notes at {ORIGIN}"
    told = values(lines)
    assert set(told) == {"client_id", "client_secret", "webhook_secret"}
    assert len(base64.b64decode(told["webhook_secret"].removeprefix("whsec_"))) == 32
    app = await apps_of(house).by_name("notes")
    assert app
    assert (app.origin, app.client_id, app.owner) == (ORIGIN, told["client_id"], "")
    client = await client_of(house, told["client_id"])
    assert client
    assert client["redirect_uris"] == [
        f"{ORIGIN}/back",
        "http://127.0.0.1/back",
        "org.example.notes:/back",
    ]
    assert not client["is_public"]
    service = house.context("fabric").service
    assert await service.registry.secret_of("notes") == told["webhook_secret"]
    assert signed(told["webhook_secret"], "msg_1", 1, b"x")["webhook-signature"].startswith("v1,")
    assert "notes\thttps://notes.example\teverybody" in await say("app", "list")
    assert "drive\tinstalled\teverybody" in await say("app", "list")


async def test_a_person_alone_has_the_app_that_was_installed_for_them(
    house: Installation, say: Say, tmp_path: Path
) -> None:
    await house.person("ana")
    ana = PersonId((await house.call("identity.user_find", {"name": "ana"}))["id"])
    told = values(await say("app", "install", written(tmp_path, GOOD), "--origin", ORIGIN, "--for", "ana"))
    assert "client_secret" not in told
    app = await apps_of(house).by_client(told["client_id"])
    assert app
    assert app.owner == ana
    assert "notes" not in {one.name for one in await apps_of(house).all(PersonId("bob"))}
    assert await say("app", "list", "--for", "ana") == ["notes\thttps://notes.example\tana"]


async def test_an_update_shows_what_is_new_and_keeps_client_and_secrets(
    house: Installation, say: Say, tmp_path: Path
) -> None:
    first = values(await say("app", "install", written(tmp_path, GOOD), "--origin", ORIGIN))
    asks = {"file/1": ["read"], "desktop/1": ["use"]}
    lines = await say("app", "install", written(tmp_path, changed((OURS, "asks"), asks)), "--origin", ORIGIN)
    assert lines == [
        f"updated notes at {ORIGIN}",
        "+ asks: desktop/1 use",
        "- asks: file/1 write",
        "- asks: folder/1 read",
        f"client_id={first['client_id']}",
    ]
    app = await apps_of(house).by_name("notes")
    assert app
    assert "desktop/1" in app.manifest.synfonium.asks
    secret = await house.context("fabric").service.registry.secret_of("notes")
    assert secret == first["webhook_secret"]


async def test_an_app_that_begins_to_keep_a_secret_gets_one(
    house: Installation, say: Say, tmp_path: Path
) -> None:
    first = values(await say("app", "install", written(tmp_path, GOOD), "--origin", ORIGIN))
    assert "client_secret" not in first
    confidential = written(tmp_path, changed((OURS, "is_confidential"), True))
    assert values(await say("app", "install", confidential, "--origin", ORIGIN))["client_secret"]
    assert "client_secret" not in values(await say("app", "install", confidential, "--origin", ORIGIN))


async def test_nobody_takes_over_an_app_from_another_origin_or_for_another(
    house: Installation, say: Say, tmp_path: Path
) -> None:
    file = written(tmp_path, GOOD)
    await house.person("eve")
    told = values(await say("app", "install", file, "--origin", ORIGIN))
    for more in (("--origin", "https://evil.example"), ("--origin", ORIGIN, "--for", "eve")):
        with pytest.raises(Problem, match="app_taken"):
            await say("app", "install", file, *more)
    app = await apps_of(house).by_name("notes")
    assert app
    assert (app.origin, app.client_id) == (ORIGIN, told["client_id"])


@pytest.mark.parametrize(
    "origin",
    [
        "http://notes.example",
        "https://notes.example/path",
        "https://user@notes.example",
        "https://",
        "javascript:alert(1)",
        "//notes.example",
        "https://notes.example?x",
        "https://notes example",
        "https://nötes.example",
        "http://localhost:8600",
        "https://notes.example:99999",
        "https://[::1",
        "",
    ],
)
async def test_what_is_no_origin_of_its_own_is_refused_and_nothing_is_made(
    house: Installation, say: Say, tmp_path: Path, origin: str
) -> None:
    with pytest.raises(BadInput):
        await say("app", "install", written(tmp_path, GOOD), f"--origin={origin}")
    assert (await house.call("identity.client_list"))["clients"] == []


async def test_a_developer_may_use_their_own_computer(house: Installation, say: Say, tmp_path: Path) -> None:
    lines = await say("app", "install", written(tmp_path, GOOD), "--origin", "http://127.0.0.1:5173")
    assert lines[0] == "registered notes at http://127.0.0.1:5173"


async def test_a_bad_manifest_is_refused_by_its_rule(house: Installation, say: Say, tmp_path: Path) -> None:
    with pytest.raises(Problem) as refused:
        await say("app", "install", written(tmp_path, changed(("id",), "fabric")), "--origin", ORIGIN)
    assert (refused.value.code, refused.value.values["rule"]) == ("fabric.bad_manifest", "id-reserved")


async def test_removing_an_app_ends_its_client_and_every_right_that_it_had(
    house: Installation, say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = await house.person("ana")
    told = values(await say("app", "install", written(tmp_path, GOOD), "--origin", ORIGIN))
    ana = PersonId((await house.call("identity.user_find", {"name": "ana"}))["id"])
    service = house.context("fabric").service
    grant = await service.granting.give(ana, "notes", "drive:root", frozenset({"read"}))
    assert await service.authority.of(grant.id)
    events: list[tuple[str, str]] = []
    outbox = house.context("fabric").outbox
    add = outbox.add
    monkeypatch.setattr(
        outbox,
        "add",
        lambda c, type_, subject, *more: (events.append((type_, subject)), add(c, type_, subject, *more)),
    )
    assert await say("app", "remove", "notes") == ["removed notes; rights that ended: 1"]
    assert events == [(GRANT_REVOKED, f"fabric:grant/{grant.id}")]
    assert await service.authority.of(grant.id) is None
    assert await apps_of(house).by_name("notes") is None
    assert await client_of(house, told["client_id"]) is None
    with pytest.raises(Problem, match="no_such_app"):
        await say("app", "remove", "notes")
    async with house.client(token=token) as client:
        assert (await client.get("/fabric/grants")).status_code == 200


async def test_a_removal_that_a_crash_broke_off_is_finished_by_the_next(
    house: Installation, say: Say, tmp_path: Path
) -> None:
    told = values(await say("app", "install", written(tmp_path, GOOD), "--origin", ORIGIN))
    await house.call("identity.client_remove", {"client_id": told["client_id"]})
    assert await say("app", "remove", "notes") == ["removed notes; rights that ended: 0"]


async def test_an_installed_app_is_not_removed(house: Installation, say: Say) -> None:
    with pytest.raises(Problem, match="no_such_app"):
        await say("app", "remove", "drive")


async def test_a_client_of_an_app_asks_for_no_scope_beyond_its_manifest(
    house: Installation, say: Say, tmp_path: Path
) -> None:
    told = values(await say("app", "install", written(tmp_path, GOOD), "--origin", ORIGIN))
    clients = house.context("identity").service.clients
    client = next(one for one in await clients.all() if one.id == told["client_id"])
    assert client.metadata.scope == "openid"
    assert client.metadata.authorization_details_types == ("synfonium-object",)
