"""A right that is passed on says less, never more, and ends with what it was cut from."""

import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from biscuit_auth import Biscuit, BlockBuilder, PublicKey

from synfonium.apps.fabric.contract import Grants
from synfonium.common.ids import GrantId, PersonId
from synfonium.composition import build_house
from synfonium.kernel.actor import Person
from synfonium.kernel.config import Settings
from synfonium.kernel.runtime import Runtime
from synfonium.testing.chosen_database import database_of
from synfonium.testing.client import Installation, installation

from .outside_app import SAME_ORIGIN, OutsideApp, choices_in, code_in, manifest, sealed_in


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    async with installation(tmp_path / "home", {"SYNFONIUM_FABRIC_LOCAL_APPS": "true"}) as running:
        yield running


@pytest.fixture
async def ana(house: Installation) -> AsyncIterator[httpx.AsyncClient]:
    """Ana's browser; she has a folder with one.txt and two.txt, and tea.txt beside it."""
    token = await house.person("ana")
    async with house.client(token=token) as files:
        await files.request("MKCOL", "/dav/files/ana/notes")
        for name in ("notes/one.txt", "notes/two.txt", "tea.txt"):
            await files.put(f"/dav/files/ana/{name}", content=name.encode())
    async with house.client(headers=SAME_ORIGIN) as browser:
        await browser.post("/signin", data={"name": "ana", "password": "ana-password-1"})
        yield browser


class Holding:
    """An app that holds a folder, to read and to write."""

    def __init__(self, token: dict[str, Any]) -> None:
        (self.detail,) = token["authorization_details"]
        self.access, self.grant = str(token["access_token"]), str(self.detail["grant"])


@pytest.fixture
async def hello(house: Installation, ana: httpx.AsyncClient) -> Holding:
    app = await OutsideApp.install(house)
    content = json.dumps(manifest("other"))
    await house.call("fabric.app_install", {"manifest": content, "origin": "http://127.0.0.1:9200"})
    page = await app.open(ana, {"interfaces": ["folder/1"], "actions": ["read", "write"]})
    form = {"request": sealed_in(page), "chosen": choices_in(page)[0], "decision": "give"}
    code = code_in(await ana.post("/fabric/pick", data=form))["code"]
    return Holding((await app.token(code)).json())


async def node(house: Installation, holding: Holding, name: str) -> str:
    """The address of a file in the folder."""
    inside = await house.context("fabric").call(
        "drive.object_children", {"person": await owner(house), "address": holding.detail["identifier"]}
    )
    return next(str(item.address) for item in inside.items if item.title == name)


async def owner(house: Installation) -> str:
    found = await house.call("identity.user_find", {"name": "ana"})
    return str(found["id"])


async def test_an_app_passes_a_part_on_and_the_other_app_has_that_part(
    house: Installation, hello: Holding
) -> None:
    one = await node(house, hello, "one.txt")
    async with house.client(token=hello.access) as app:
        asked = {"app": "other", "object": one, "actions": ["read"]}
        cut = await app.post(f"/fabric/grants/{hello.grant}/delegate", json=asked)
    assert cut.status_code == 200, cut.text
    secret = await house.context("fabric").service.granting.secret(cut.json()["grant"], "other")
    async with house.client(token=secret.secret) as other:
        at = f"/dav/grants/{secret.user}"
        assert (await other.get(at)).text == "notes/one.txt"
        assert (await other.put(at, content=b"x")).status_code == 403
        assert (await other.get(f"/dav/grants/{hello.grant}/two.txt")).status_code == 404


@pytest.mark.parametrize(
    "asked",
    [
        {"object": "drive:root"},
        {"actions": ["read", "use"]},
        {"app": "nobody"},
        {"object": "pc:all"},
        {"until_s": 1.0},
    ],
)
async def test_what_is_passed_on_is_never_more(
    house: Installation, hello: Holding, asked: dict[str, Any]
) -> None:
    async with house.client(token=hello.access) as app:
        refused = await app.post(f"/fabric/grants/{hello.grant}/delegate", json={"app": "other", **asked})
    assert 400 <= refused.status_code < 500, refused.text
    assert refused.json()["code"]


async def test_who_does_not_hold_a_grant_passes_nothing_on(house: Installation, hello: Holding) -> None:
    await house.person("bob")
    async with house.client(token=await _token_of(house, "bob")) as bob:
        refused = await bob.post(f"/fabric/grants/{hello.grant}/delegate", json={"app": "other"})
    assert (refused.status_code, refused.json()["code"]) == (404, "fabric.unknown_grant")


async def _token_of(house: Installation, name: str) -> str:
    made = await house.call("identity.user_token", {"name": name, "label": "x", "scopes": []})
    return str(made["token"])


async def test_what_was_passed_on_ends_with_what_it_was_cut_from(
    house: Installation, hello: Holding, ana: httpx.AsyncClient
) -> None:
    async with house.client(token=hello.access) as app:
        cut = await app.post(f"/fabric/grants/{hello.grant}/delegate", json={"app": "other"})
    secret = await house.context("fabric").service.granting.secret(cut.json()["grant"], "other")
    async with house.client(token=secret.secret) as other:
        at = f"/dav/grants/{secret.user}/one.txt"
        assert (await other.get(at)).status_code == 200
        await ana.post(f"/fabric/grants/{hello.grant}/revoke", data={})
        assert (await other.get(at)).status_code == 401


async def test_a_biscuit_is_narrowed_by_anybody_and_widened_by_nobody(
    house: Installation, hello: Holding, ana: httpx.AsyncClient
) -> None:
    one = await node(house, hello, "one.txt")
    async with house.client(token=hello.access) as app:
        made = await app.post(f"/fabric/grants/{hello.grant}/token", json={"actions": ["read"]})
        key = (await app.get("/fabric/key")).json()["public_key"]
    biscuit = made.json()["token"]
    narrow = narrowed(biscuit, key, f'check if resource("{one}")')
    late = narrowed(biscuit, key, f"check if time($t), $t < {datetime(2020, 1, 1, tzinfo=UTC).isoformat()}")
    wide = narrowed(biscuit, key, 'operation("write"); resource("drive:root"); grant("other")')
    there = f"/dav/grants/{hello.grant}~{one.rpartition('/')[2]}"
    whole = f"/dav/grants/{hello.grant}/two.txt"
    for token, at, status in (
        (biscuit, there, 200),
        (biscuit, whole, 200),
        (narrow, there, 200),
        (narrow, whole, 404),
        (late, there, 404),
        (wide, there, 200),
    ):
        async with house.client(token=token) as shower:
            assert (await shower.get(at)).status_code == status, at
            assert (await shower.put(at, content=b"x")).status_code in (403, 404), at
    async with house.client(token=biscuit) as shower:
        asked = {"path": [one, str(hello.detail["identifier"])], "action": "read"}
        assert (await shower.post("/fabric/check", json=asked)).json()["allowed"] is True
        assert (await shower.get("/fabric/grants/held")).status_code == 403
        await ana.post(f"/fabric/grants/{hello.grant}/revoke", data={})
        assert (await shower.get(there)).status_code == 401


def narrowed(token: str, key: str, block: str) -> str:
    """As a stranger does, who has the token and our public key."""
    biscuit = Biscuit.from_base64(token.removeprefix("synb_"), PublicKey(key))
    return "synb_" + biscuit.append(BlockBuilder(block)).to_base64()


@pytest.mark.parametrize("token", ["synb_", "synb_x", "synb_" + "A" * 300, "syng_x", "synb_" + "A" * 9000])
async def test_a_token_that_is_none_opens_nothing(house: Installation, token: str) -> None:
    async with house.client(token=token) as shower:
        assert (await shower.get("/dav/grants/x/")).status_code == 401


async def test_a_right_for_so_many_requests_is_used_up(house: Installation, hello: Holding) -> None:
    async with house.client(token=hello.access) as app:
        cut = await app.post(f"/fabric/grants/{hello.grant}/delegate", json={"app": "other", "uses": 2})
    secret = await house.context("fabric").service.granting.secret(cut.json()["grant"], "other")
    async with house.client(token=secret.secret) as other:
        at = f"/dav/grants/{secret.user}/one.txt"
        assert [(await other.get(at)).status_code for _try in range(4)] == [200, 200, 401, 401]


async def test_every_other_role_refuses_within_a_second_of_the_click(
    house: Installation, hello: Holding, ana: httpx.AsyncClient
) -> None:
    """Worker and gateway read the same table in processes of their own."""
    home = house.runtime.house.home
    holder = Person(id=PersonId(await owner(house)), name="", display="", grants=(GrantId(hello.grant),))
    path = (str(hello.detail["identifier"]), "drive:root")
    for role in ("worker", "gateway"):
        roles = frozenset({role})
        settings = Settings(home, {**database_of(home), "SYNFONIUM_FABRIC_LOCAL_APPS": "true"})
        runtime = Runtime(build_house(home, settings, roles), roles)  # type: ignore[arg-type]
        grants = runtime.contexts["fabric"].offer(Grants)  # type: ignore[type-abstract]
        assert await grants.check(holder, path, "read")
        await ana.post(f"/fabric/grants/{hello.grant}/revoke", data={})
        began = time.monotonic()
        while await grants.check(holder, path, "read"):
            assert time.monotonic() - began < 1.0
        await ana.post(f"/fabric/grants/{hello.grant}/undo", data={})
        deadline = time.monotonic() + 1.0
        while not await grants.check(holder, path, "read"):
            assert time.monotonic() < deadline
        await runtime.house.engines.close()
