"""A person designates one thing, and the app that asked gets that and nothing else."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from synfonium.apps.identity.contract import People
from synfonium.testing.client import Installation, installation

from .outside_app import BACK, SAME_ORIGIN, OutsideApp, choices_in, code_in, manifest, sealed_in

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    async with installation(tmp_path / "home", {"SYNFONIUM_FABRIC_LOCAL_APPS": "true"}) as running:
        yield running


@pytest.fixture
async def ana(house: Installation) -> AsyncIterator[httpx.AsyncClient]:
    """Ana's browser. She has tea.txt, notes/one.txt and notes/two.png."""
    token = await house.person("ana")
    async with house.client(token=token) as files:
        for method, path in (
            ("PUT", "tea.txt"),
            ("MKCOL", "notes"),
            ("PUT", "notes/one.txt"),
            ("PUT", "notes/two.png"),
        ):
            content = f"this is {path}".encode() if method == "PUT" else None
            assert (await files.request(method, f"/dav/files/ana/{path}", content=content)).status_code == 201
    async with house.client(headers=SAME_ORIGIN) as browser:
        answer = await browser.post("/signin", data={"name": "ana", "password": "ana-password-1"})
        assert answer.status_code == 303
        yield browser


@pytest.fixture
async def hello(house: Installation) -> OutsideApp:
    return await OutsideApp.install(house)


async def chosen(browser: httpx.AsyncClient, page: httpx.Response, *choices: str) -> httpx.Response:
    form = {"request": sealed_in(page), "chosen": list(choices), "decision": "give"}
    return await browser.post("/fabric/pick", data=form)


async def picked(hello: OutsideApp, browser: httpx.AsyncClient, **detail: Any) -> dict[str, Any]:
    """Picks the first thing offered; the token's answer."""
    page = await hello.open(browser, detail)
    assert page.status_code == 200, page.text
    back = code_in(await chosen(browser, page, choices_in(page)[0]))
    assert back["state"] == "s1"
    answer = await hello.token(back["code"])
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_the_token_opens_the_picked_file_and_nothing_beside_it(
    house: Installation, hello: OutsideApp, ana: httpx.AsyncClient
) -> None:
    token = await picked(hello, ana, actions=["read"])
    (detail,) = token["authorization_details"]
    assert (detail["title"], detail["actions"]) == ("tea.txt", ["read"])
    async with house.client(token=token["access_token"]) as app:
        assert (await app.get(detail["locations"][0])).text == "this is tea.txt"
        assert (await app.put(detail["locations"][0], content=b"no")).status_code == 403
        for path in ("/dav/files/ana/tea.txt", "/dav/files/ana/notes/one.txt", "/drive", "/settings"):
            assert (await app.get(path)).status_code in (403, 404, 409), path
        held = (await app.get("/fabric/grants/held")).json()["grants"]
        assert [one["grant"] for one in held] == [detail["grant"]]
        seen = (await app.get("/fabric/objects", params={"address": detail["identifier"]})).json()
        assert (seen["title"], seen["grant"]) == ("tea.txt", detail["grant"])


async def test_a_right_that_is_taken_back_ends_at_once_and_an_undo_gives_it_again(
    house: Installation, hello: OutsideApp, ana: httpx.AsyncClient
) -> None:
    token = await picked(hello, ana)
    (detail,) = token["authorization_details"]
    async with house.client(token=token["access_token"]) as app:
        await ana.post(f"/fabric/grants/{detail['grant']}/revoke", data={})
        assert (await app.get(detail["locations"][0])).status_code in (401, 403, 404)
        await house.context("fabric").service.granting.undo(await _person(house, "ana"), detail["grant"])
        assert (await app.get(detail["locations"][0])).status_code == 200


async def _person(house: Installation, name: str) -> Any:
    return await house.context("fabric").offer(People).by_name(name)


async def test_a_new_file_is_saved_and_only_that_can_be_written(
    house: Installation, hello: OutsideApp, ana: httpx.AsyncClient
) -> None:
    ask = {"verb": "save", "actions": ["read", "write"], "title": "report.txt", "media_type": "text/plain"}
    page = await hello.open(ana, ask)
    form = {"request": sealed_in(page), "folder": "drive:root", "title": "report.txt", "decision": "give"}
    back = code_in(await ana.post("/fabric/pick", data=form))
    token = (await hello.token(back["code"])).json()
    (location,) = token["authorization_details"][0]["locations"]
    async with house.client(token=token["access_token"]) as app:
        assert (await app.put(location, content=b"written")).status_code == 204
    assert (await ana.get("/dav/files/ana/report.txt")).text == "written"


async def test_a_folder_that_was_picked_is_a_webdav_tree(
    house: Installation, hello: OutsideApp, ana: httpx.AsyncClient
) -> None:
    token = await picked(hello, ana, interfaces=["folder/1"], actions=["read", "write"])
    (detail,) = token["authorization_details"]
    assert detail["title"] == "notes"
    async with house.client(token=token["access_token"]) as app:
        root = detail["locations"][0]
        listed = await app.request("PROPFIND", root, headers={"depth": "1"})
        assert "one.txt" in listed.text
        assert (await app.put(f"{root}three.txt", content=b"3")).status_code == 201
        assert (await app.get(f"{root}../tea.txt")).status_code == 404


async def test_several_things_are_picked_at_once_when_the_app_asks_so(
    hello: OutsideApp, ana: httpx.AsyncClient
) -> None:
    page = await hello.open(ana, {"multiple": True, "interfaces": ["file/1", "folder/1"]})
    first, second, whole = choices_in(page)
    assert whole == "drive:root"
    back = code_in(await chosen(ana, page, first, second))
    details = (await hello.token(back["code"])).json()["authorization_details"]
    assert {detail["title"] for detail in details} == {"tea.txt", "notes"}


async def test_whoever_gives_nothing_is_believed(
    house: Installation, hello: OutsideApp, ana: httpx.AsyncClient
) -> None:
    page = await hello.open(ana, {})
    back = code_in(await ana.post("/fabric/pick", data={"request": sealed_in(page), "decision": "refuse"}))
    assert back["error"] == "access_denied"
    assert await house.context("fabric").service.granting.of_app("hello") == []


async def test_what_is_of_another_kind_cannot_be_given_by_a_forged_form(
    hello: OutsideApp, ana: httpx.AsyncClient, house: Installation
) -> None:
    page = await hello.open(ana, {"media_types": ["image/*"]})
    assert choices_in(page) == []
    everything = await hello.open(ana, {})
    for forged in (choices_in(everything)[0], "drive:root", "drive:node/nothing", "identity:person/1"):
        answer = await chosen(ana, page, forged)
        assert answer.status_code in (403, 422), forged
    assert await house.context("fabric").service.granting.of_app("hello") == []


async def test_another_persons_file_cannot_be_given(
    house: Installation, hello: OutsideApp, ana: httpx.AsyncClient
) -> None:
    token = await house.person("bob")
    async with house.client(token=token) as files:
        await files.put("/dav/files/bob/secret.txt", content=b"secret")
    bob = await _person(house, "bob")
    found = await house.context("fabric").call("drive.object_children", {"person": bob.id})
    page = await hello.open(ana, {})
    answer = await chosen(ana, page, found.items[0].address)
    assert answer.status_code == 403
    assert await house.context("fabric").service.granting.of_app("hello") == []


@pytest.mark.parametrize(
    ("detail", "code"),
    [
        ({"interfaces": ["calendar/1"]}, "fabric.not_asked"),
        ({"interfaces": ["file/1"], "actions": ["use"]}, "fabric.not_asked"),
        ({"verb": "open", "grant": "01h" + "0" * 23}, "fabric.unknown_grant"),
    ],
)
async def test_an_app_asks_only_for_what_its_manifest_names(
    hello: OutsideApp, ana: httpx.AsyncClient, detail: dict[str, Any], code: str
) -> None:
    ana.headers["accept"] = "application/json"
    answer = await hello.open(ana, detail)
    assert (answer.status_code >= 400, answer.json()["code"]) == (True, code)


@pytest.mark.parametrize(
    "detail",
    [
        {"verb": "steal"},
        {"interfaces": []},
        {"purpose": "x" * 201},
        {"verb": "save"},
        {"lifetime_s": -1},
        {"actions": ["burn"]},
    ],
)
async def test_a_wish_that_is_none_is_refused_when_it_is_pushed(
    house: Installation, hello: OutsideApp, detail: dict[str, Any]
) -> None:
    async with house.client() as app:
        answer = await app.post("/oauth/par", data=hello.request(detail))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_authorization_details")


async def test_a_client_without_a_manifest_gets_nothing(house: Installation, ana: httpx.AsyncClient) -> None:
    client = await house.call(
        "identity.client_add", {"name": "Nobody", "redirect_uris": [BACK], "public": True}
    )
    nobody = OutsideApp(house, client)
    ana.headers["accept"] = "application/json"
    answer = await nobody.open(ana, {})
    assert (answer.status_code, answer.json()["code"]) == (403, "fabric.not_registered")


async def test_a_code_is_used_once_and_its_replay_ends_what_it_gave(
    house: Installation, hello: OutsideApp, ana: httpx.AsyncClient
) -> None:
    page = await hello.open(ana, {})
    code = code_in(await chosen(ana, page, choices_in(page)[0]))["code"]
    token = (await hello.token(code)).json()
    assert (await hello.token(code)).json()["error"] == "invalid_grant"
    async with house.client(token=token["access_token"]) as app:
        assert (await app.get(token["authorization_details"][0]["locations"][0])).status_code == 401


async def test_another_apps_token_does_not_carry_the_grant(
    house: Installation, hello: OutsideApp, ana: httpx.AsyncClient
) -> None:
    """An app that names another's grant in what it asks for is told that there is none."""
    grant = (await picked(hello, ana))["authorization_details"][0]["grant"]
    content = manifest("thief")
    thief = OutsideApp(
        house,
        dict(
            await house.call(
                "fabric.app_install",
                {"manifest": json.dumps(content), "origin": "http://127.0.0.1:9200"},
            )
        ),
    )
    ana.headers["accept"] = "application/json"
    asking = thief.request({"verb": "open", "grant": grant}, redirect_uri="http://127.0.0.1:9200/back")
    answer = await ana.get("/oauth/authorize", params=asking)
    while answer.status_code == 303:
        answer = await ana.get(answer.headers["location"])
    assert answer.json()["code"] == "fabric.unknown_grant"


async def test_opening_with_an_app_gives_it_that_thing_and_is_remembered(
    house: Installation, ana: httpx.AsyncClient
) -> None:
    described = manifest()
    described["file_handlers"] = [
        {"action": "/open", "accept": {"text/plain": [".txt"]}, "intents": ["view", "edit"]}
    ]
    hello = await OutsideApp.install(house, described)
    tea = choices_in(await hello.open(ana, {}))[0]
    page = await ana.get("/fabric/open", params={"object": tea})
    assert "Hello" in page.text
    answer = await ana.post("/fabric/open", data={"object": tea, "app": "hello", "remember": "on"})
    launched = code_in(answer)
    token = await _launched(hello, ana, launched["grant"])
    (detail,) = token["authorization_details"]
    async with house.client(token=token["access_token"]) as app:
        assert (await app.get(detail["locations"][0])).text == "this is tea.txt"
        assert (await app.put(detail["locations"][0], content=b"x")).status_code == 403
    again = code_in(await ana.post("/fabric/open", data={"object": tea}))
    assert again["grant"] == launched["grant"]


async def _launched(hello: OutsideApp, browser: httpx.AsyncClient, grant: str) -> dict[str, Any]:
    page = await hello.open(browser, {"verb": "open", "grant": grant})
    return dict((await hello.token(code_in(page)["code"])).json())


async def test_pages_of_other_origins_may_ask_with_a_token_and_never_with_a_cookie(
    house: Installation, hello: OutsideApp, ana: httpx.AsyncClient
) -> None:
    async with house.client(headers={"origin": "http://127.0.0.1:9100"}) as page:
        asked = {"access-control-request-method": "GET", "access-control-request-headers": "authorization"}
        allowed = await page.options("/dav/grants/x", headers=asked)
        assert allowed.status_code == 204
        assert allowed.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in allowed.headers
        inside = await page.options("/drive", headers=asked)
        assert "access-control-allow-origin" not in inside.headers


async def test_no_page_may_frame_the_picker_and_its_opener_keeps_it(
    hello: OutsideApp, ana: httpx.AsyncClient
) -> None:
    page = await hello.open(ana, {})
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert page.headers["cross-origin-opener-policy"] == "unsafe-none"
    assert (await ana.get("/drive")).headers["cross-origin-opener-policy"] == "same-origin-allow-popups"


async def test_a_device_without_a_browser_gets_what_is_picked_on_another(
    house: Installation, hello: OutsideApp, ana: httpx.AsyncClient
) -> None:
    """RFC 8628 with a detail of ours: the page that asks for the code leads to the picker."""
    own = {"client_id": hello.client_id}
    details = json.dumps([{"type": "synfonium-object"}])
    async with house.client() as device:
        begun = await device.post("/oauth/device", data={**own, "authorization_details": details})
        assert begun.status_code == 200, begun.text
        page = await ana.post("/device", data={"user_code": begun.json()["user_code"]})
        assert page.status_code == 303, page.text
        picker = await ana.get(page.headers["location"])
        assert begun.json()["user_code"] in picker.text
        done = await chosen(ana, picker, choices_in(picker)[0])
        assert "It is done" in done.text
        asked = {**own, "device_code": begun.json()["device_code"], "grant_type": DEVICE_GRANT}
        token = (await device.post("/oauth/token", data=asked)).json()
    (detail,) = token["authorization_details"]
    async with house.client(token=token["access_token"]) as app:
        assert (await app.get(detail["locations"][0])).text == "this is tea.txt"
