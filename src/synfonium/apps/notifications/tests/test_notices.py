"""Telling, reading, silencing; and what hostile apps and people get."""

import asyncio
from typing import Any

import pytest

from synfonium.apps.notifications.tests.conftest import SignIn, Tell
from synfonium.common.ids import AppName, PersonId
from synfonium.common.problem import Problem
from synfonium.kernel.actor import Person
from synfonium.testing.client import Installation


async def listed(house: Installation, token: str, **headers: str) -> dict[str, Any]:
    async with house.client(token=token, headers=headers) as client:
        answer = await client.get("/api/notifications")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


async def test_what_an_app_tells_stands_in_one_place_until_it_is_read(
    house: Installation, tell: Tell
) -> None:
    token = await house.person("ana")
    await tell("ana", "It is done.", url="/drive/", body={"text": "All of it."})
    await tell("ana", "And more.")
    found = await listed(house, token)
    assert found["unread"] == 2
    assert [item["title"] for item in found["items"]] == ["And more.", "It is done."]
    async with house.client(token=token) as client:
        opened = await client.get(f"/notifications/{found['items'][1]['id']}")
        assert (opened.status_code, opened.headers["location"]) == (303, "/drive/")
        assert (await listed(house, token))["unread"] == 1
        page = await client.get("/notifications")
        assert "And more." in page.text
        assert "Mark all as read" in page.text
        assert (await client.post("/notifications/read", data={})).status_code == 303
    assert (await listed(house, token))["unread"] == 0


async def test_a_notice_is_said_in_the_readers_language(house: Installation, tell: Tell) -> None:
    token = await house.person("ana")
    words = {"text": "%(app)s may now read “%(what)s”.", "values": {"app": "Hello", "what": "tea.txt"}}
    await tell("ana", title=words, caller="notifications")
    french = await listed(house, token, **{"accept-language": "fr"})
    assert french["items"][0]["title"] == "Hello peut désormais lire «\u00a0tea.txt\u00a0»."
    assert (await listed(house, token))["items"][0]["title"] == "Hello may now read “tea.txt”."


async def test_news_with_the_same_key_is_one_notification(house: Installation, tell: Tell) -> None:
    token = await house.person("ana")
    for number in range(5):
        await tell("ana", f"{number} files", key="files")
    await tell("ana", "another", key="other")
    await tell("ana", "of another app", key="files", caller="search")
    found = await listed(house, token)
    assert [(item["title"], item["count"]) for item in found["items"]] == [
        ("of another app", 1), ("another", 1), ("4 files", 5),
    ]  # fmt: skip


async def test_the_count_comes_as_soon_as_it_changes(house: Installation, tell: Tell) -> None:
    token = await house.person("ana")
    async with house.client(token=token) as client:
        waiting = asyncio.create_task(client.get("/api/notifications/count?known=0&wait_s=20"))
        await asyncio.sleep(0.2)
        assert not waiting.done()
        await tell("ana")
        assert (await asyncio.wait_for(waiting, 2)).json() == {"unread": 1}


async def test_nobody_holds_more_than_ten_connections_that_wait(house: Installation) -> None:
    token = await house.person("ana")
    async with house.client(token=token) as client:
        path = "/api/notifications/count?known=0&wait_s=20"
        waiting = [asyncio.create_task(client.get(path)) for _number in range(10)]
        await asyncio.sleep(0.5)
        assert not any(task.done() for task in waiting)
        assert (await asyncio.wait_for(client.get(path), 2)).json() == {"unread": 0}
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def choose(house: Installation, token: str, way: str, topic: str = "") -> None:
    async with house.client(token=token) as client:
        data = {"app": "drive", "way": way, "topic": topic}
        assert (await client.post("/settings/notifications/way", data=data)).status_code == 303


async def test_an_app_that_was_silenced_counts_nothing(house: Installation, tell: Tell) -> None:
    token = await house.person("ana")
    await tell("ana")
    item = (await listed(house, token))["items"][0]
    async with house.client(token=token) as client:
        answer = await client.post(f"/notifications/{item['id']}/mute", data={})
        assert answer.headers["location"] == "/notifications?muted=drive"
    await tell("ana")
    found = await listed(house, token)
    assert (found["unread"], len(found["items"])) == (0, 2)


async def test_a_topic_can_be_turned_off_alone(house: Installation, tell: Tell) -> None:
    token = await house.person("ana")
    await tell("ana", topic="job")
    await choose(house, token, "off", "job")
    await tell("ana", "not kept", topic="job")
    await tell("ana", "kept", topic="other")
    assert [item["title"] for item in (await listed(house, token))["items"]] == ["kept", "It is done."]


async def test_nobody_reads_or_changes_what_was_told_to_another(house: Installation, tell: Tell) -> None:
    await house.person("ana")
    ana, bob = await house.call("identity.user_find", {"name": "ana"}), await house.person("bob")
    await tell("ana", "a secret")
    items, _after = await house.context("notifications").service.reading.page(ana["id"])
    async with house.client(token=bob) as client:
        for method, path in (("GET", ""), ("POST", "/read"), ("POST", "/mute")):
            answer = await client.request(method, f"/notifications/{items[0].id}{path}", data={})
            assert (answer.status_code, answer.json()["code"]) == (404, "notifications.unknown")
        assert "a secret" not in (await client.get(f"/notifications?before={items[0].id}")).text
    assert (await house.context("notifications").service.bell.count(ana["id"])) == 1


HOSTILE: list[tuple[dict[str, Any], str]] = [
    ({"url": "javascript:alert(1)"}, "url"),
    ({"url": "https://evil.example/"}, "url"),
    ({"url": "//evil.example/"}, "url"),
    ({"url": "/\\evil.example/"}, "url"),
    ({"object": "<script>"}, "object"),
    ({"title": {"text": ""}}, "title"),
    ({"title": {"text": "x" * 5000}}, "title"),
    ({"topic": "Not A Topic"}, "topic"),
    ({"surprise": 1}, "surprise"),
]


@pytest.mark.parametrize(("change", "said"), HOSTILE)
async def test_a_notice_that_is_none_is_refused_by_its_rule(
    house: Installation, tell: Tell, change: dict[str, Any], said: str
) -> None:
    token = await house.person("ana")
    with pytest.raises(Problem, match=r"notifications\.bad_notice") as refused:
        await tell("ana", **change)
    assert said in str(refused.value.values)
    assert (await listed(house, token))["items"] == []


async def test_nobody_tells_in_the_name_of_an_app_or_to_nobody(house: Installation, tell: Tell) -> None:
    await house.person("ana")
    with pytest.raises(Problem, match=r"notifications\.not_an_app"):
        await tell("ana", caller="cli")
    with pytest.raises(Problem, match="not_found"):
        await tell("ana", person="nobody")


# Apps from outside


class HelloToken:
    """Knows the credential that ana gave to the app Hello."""

    def __init__(self, person: str) -> None:
        self._person = person

    async def by_session(self, cookie: str) -> Person | None:
        return None

    async def by_password(self, name: str, secret: str) -> Person | None:
        return None

    async def by_token(self, token: str) -> Person | None:
        if token not in ("hello", "hello-files"):
            return None
        scope = "fabric.app" if token == "hello" else "drive.read"
        return Person(
            id=PersonId(self._person),
            name="ana",
            display="Ana",
            scopes=frozenset({scope}),
            app=AppName("hello"),
        )


@pytest.fixture
async def hello(house: Installation) -> str:
    """A token of ana's own; the app's is `hello`."""
    token = await house.person("ana")
    person = (await house.call("identity.user_find", {"name": "ana"}))["id"]
    double = HelloToken(person)
    house.runtime._offers.add("synfonium.kernel.actor:Authenticator", lambda: double)
    return token


PLAIN = {"topic": "tea", "title": "Your tea is ready."}


async def test_an_app_from_outside_tells_the_person_whose_credential_it_has(
    house: Installation, hello: str
) -> None:
    async with house.client(token="hello") as client:
        notice = {**PLAIN, "url": "/fabric/open?object=drive:node/01h", "object": "drive:node/01h"}
        answer = await client.post("/notifications", json=notice)
        assert (answer.status_code, answer.json()) == (200, {"done": True}), answer.text
    found = await listed(house, hello)
    assert [(i["app"], i["title"], i["app_title"]) for i in found["items"]] == [
        ("hello", "Your tea is ready.", "Hello")
    ]


async def test_markup_and_directions_in_a_title_are_plain_text(house: Installation, hello: str) -> None:
    title = "<img src=x onerror=alert(1)> %(secret)s \u202egnp.exe\x00"
    async with house.client(token="hello") as client:
        assert (await client.post("/notifications", json={**PLAIN, "title": title})).status_code == 200
    assert (await listed(house, hello))["items"][0][
        "title"
    ] == "<img src=x onerror=alert(1)> %(secret)s  gnp.exe"
    async with house.client(token=hello) as client:
        page = (await client.get("/notifications")).text
    assert "<img" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"url": "javascript:alert(1)"}, 422),
        ({"url": "https://evil.example/"}, 422),
        ({"url": "/settings/data/leave"}, 422),
        ({"url": "/fabric/open?object=x\n"}, 422),
        ({"url": "/fabric/open?object=drive:node/01h&intent=edit"}, 422),
        ({"title": "\u200b\u200b"}, 422),
        ({"title": "x" * 201}, 422),
        ({"topic": "x" * 100}, 422),
        ({"app": "drive"}, 422),
        ({"person": "somebody"}, 422),
        ({"body": "x" * 100_000}, 413),
    ],
)
async def test_a_hostile_notice_from_outside_is_refused(
    house: Installation, hello: str, change: dict[str, str], status: int
) -> None:
    async with house.client(token="hello") as client:
        answer = await client.post("/notifications", json={**PLAIN, **change})
    assert answer.status_code == status, answer.text
    assert (await listed(house, hello))["items"] == []


async def test_only_an_app_with_its_scope_tells_something(house: Installation, hello: str) -> None:
    for token, status in ((hello, 403), ("hello-files", 403), ("nobody", 401)):
        async with house.client(token=token) as client:
            assert (await client.post("/notifications", json=PLAIN)).status_code == status
    async with house.client(token="hello") as client:
        assert (await client.get("/api/notifications")).status_code == 403
        assert (await client.get("/notifications")).status_code == 403


async def test_a_flood_is_counted_and_not_kept(house: Installation, hello: str) -> None:
    async with house.client(token="hello") as client:
        statuses = [
            (await client.post("/notifications", json={**PLAIN, "title": f"{number}"})).status_code
            for number in range(87)
        ]
        refused = await client.post("/notifications", json=PLAIN)
    assert statuses == [200] * 50 + [429] * 37
    assert 0 < int(refused.headers["retry-after"]) <= 86_400
    assert refused.json()["code"] == "notifications.too_many_today"
    found = await listed(house, hello)
    assert found["unread"] == 50
    async with house.client(token=hello, headers={"accept": "text/html"}) as client:
        assert "38 more from Hello today" in (await client.get("/notifications")).text


async def test_an_app_from_outside_cannot_invent_topics_without_end(house: Installation, hello: str) -> None:
    async with house.client(token="hello") as client:
        for number in range(40):
            await client.post("/notifications", json={**PLAIN, "topic": f"topic_{number}"})
    person = (await house.call("identity.user_find", {"name": "ana"}))["id"]
    assert len(await house.context("notifications").service.choosing.of(person)) <= 21


# What the house tells by itself


async def test_a_person_hears_of_a_sign_in_on_a_new_device(house: Installation, sign_in: SignIn) -> None:
    token = await house.person("ana")
    await sign_in("ana")
    for _try in range(50):
        found = await listed(house, token)
        if found["items"]:
            break
        await asyncio.sleep(0.1)
    assert [(i["app"], i["urgency"], i["url"]) for i in found["items"]] == [
        ("identity", "high", "/settings/security")
    ]


async def test_administrators_and_nobody_else_hear_of_a_failed_backup(house: Installation) -> None:
    ada, bob = await house.person("ada", administrator=True), await house.person("bob")
    for _time in range(2):
        with pytest.raises(Problem):
            await house.call("operations.backup", {"to": "/proc/nowhere"})
    for _try in range(50):
        found = await listed(house, ada)
        if found["items"] and found["items"][0]["count"] == 2:
            break
        await asyncio.sleep(0.1)
    assert [(i["title"], i["count"]) for i in found["items"]] == [("The last backup failed.", 2)]
    assert (await listed(house, bob))["items"] == []


async def test_a_person_hears_that_their_archive_is_ready(house: Installation, sign_in: SignIn) -> None:
    token = await house.person("ana")
    client = await sign_in("ana")
    assert (await client.post("/settings/data/archives", data={})).status_code == 303
    for _try in range(200):
        found = [item for item in (await listed(house, token))["items"] if item["app"] == "yourdata"]
        if found:
            break
        await asyncio.sleep(0.1)
    assert [(i["title"], i["url"]) for i in found] == [("The copy of your data is ready.", "/settings/data")]


async def test_a_person_sees_which_app_may_read_what_without_being_disturbed(
    house: Installation,
) -> None:
    token = await house.person("ana")
    given = {
        "app": "pc",
        "subject": "",
        "object": "drive:root",
        "actions": "read",
        "label": "Bureau",
    }
    async with house.client(token=token) as client:
        assert (await client.post("/fabric/grants", data=given)).status_code == 303
    for _try in range(50):
        found = await listed(house, token)
        if found["items"]:
            break
        await asyncio.sleep(0.1)
    assert [(i["app"], i["urgency"], i["url"]) for i in found["items"]] == [
        ("fabric", "low", "/fabric/grants")
    ]
    assert found["items"][0]["title"].startswith("Bureau may now read")
