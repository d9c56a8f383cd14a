"""Push: to the right browser, encrypted, once it may; never lost, never to a private address."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from synfonium.apps.notifications.tests.conftest import SignIn, Tell
from synfonium.apps.notifications.tests.push_service import Browser, PushService
from synfonium.libraries.webpush import from_base64url
from synfonium.testing.client import Installation, installation

DEVICES = "/api/notifications/devices"
SETTINGS = "/settings/notifications"


async def turn_on(client: httpx.AsyncClient, browser: Browser) -> None:
    answer = await client.post(DEVICES, json=browser.subscription, headers={"user-agent": "Firefox Linux"})
    assert answer.json() == {"is_on": True}, answer.text


async def person_of(house: Installation, name: str) -> str:
    return str((await house.call("identity.user_find", {"name": name}))["id"])


async def devices_of(house: Installation, name: str) -> Any:
    return await house.context("notifications").service.devices.of(await person_of(house, name))


async def quiet(client: httpx.AsyncClient, **fields: str) -> None:
    """Quiet hours that hold now and end in an hour or two, unless said otherwise."""
    hour = time.gmtime().tm_hour
    usual = {"from": f"{hour:02}:00", "to": f"{(hour + 2) % 24:02}:00", "zone": "UTC", "on": "on"}
    days = dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), "on")
    answer = await client.post(SETTINGS, data={**usual, **days, **fields})
    assert answer.status_code == 303, answer.text


async def test_a_notification_reaches_the_browser_and_nobody_in_between(
    house: Installation, service: PushService, sign_in: SignIn, tell: Tell
) -> None:
    await house.person("ana")
    client, browser = await sign_in("ana"), service.browser()
    await turn_on(client, browser)
    await tell("ana", "It is done.")
    await service.until(lambda: len(service.pushed) == 1)
    path, headers, body = service.pushed[0]
    assert path == "/push/one"
    assert b"done" not in body
    assert headers["content-encoding"] == "aes128gcm"
    assert (headers["ttl"], headers["urgency"]) == ("86400", "normal")
    assert 0 < len(headers["topic"]) <= 32
    token, key = (
        part.split("=", 1)[1] for part in headers["authorization"].removeprefix("vapid ").split(", ")
    )
    claims = json.loads(from_base64url(token.split(".")[1]))
    assert claims["aud"] == f"http://127.0.0.1:{service.port}"
    assert key == await house.context("notifications").service.devices.key()
    read = browser.read(body)
    assert (read["title"], read["app"]) == ("It is done.", "Drive")
    assert read["path"] == f"/notifications/{read['tag']}"
    assert (await client.get(read["path"])).status_code == 303


async def test_the_senders_key_is_made_once_and_lies_sealed(tmp_path: Path) -> None:
    keys = []
    for _start in range(2):
        async with installation(tmp_path / "home") as house:
            keys.append(await house.context("notifications").service.devices.key())
    assert keys[0] == keys[1]
    whole = b"".join(path.read_bytes() for path in (tmp_path / "home" / "databases").glob("notifications*"))
    assert from_base64url(keys[0])[1:33] not in whole


async def test_what_is_not_urgent_waits_for_quiet_hours_to_end_and_comes_as_one(
    house: Installation, service: PushService, sign_in: SignIn, tell: Tell
) -> None:
    await house.person("ana")
    client, browser = await sign_in("ana"), service.browser()
    await turn_on(client, browser)
    await quiet(client, high="on")
    for number in range(5):
        await tell("ana", f"News {number}")
    await tell("ana", "Somebody signed in.", urgency="high")
    await service.until(lambda: len(service.pushed) == 1)
    await asyncio.sleep(0.3)
    assert [browser.read(body)["title"] for _p, _h, body in service.pushed] == ["Somebody signed in."]
    await quiet(client, on="")
    await service.until(lambda: len(service.pushed) == 2)
    await asyncio.sleep(0.3)
    assert len(service.pushed) == 2
    read = browser.read(service.pushed[1][2])
    assert (read["title"], read["path"]) == ("5 things while it was quiet", "/notifications")


async def test_nothing_breaks_through_where_the_person_says_so(
    house: Installation, service: PushService, sign_in: SignIn, tell: Tell
) -> None:
    await house.person("ana")
    client, browser = await sign_in("ana"), service.browser()
    await turn_on(client, browser)
    await quiet(client)
    await tell("ana", "Urgent.", urgency="high")
    await asyncio.sleep(0.4)
    assert service.pushed == []
    await quiet(client, on="")
    await service.until(lambda: len(service.pushed) == 1)
    assert browser.read(service.pushed[0][2])["title"] == "Urgent."


async def test_what_was_read_in_the_meantime_is_not_pushed(
    house: Installation, service: PushService, sign_in: SignIn, tell: Tell
) -> None:
    await house.person("ana")
    client = await sign_in("ana")
    await turn_on(client, service.browser())
    await quiet(client)
    await tell("ana", "News")
    await client.post("/notifications/read", data={})
    await quiet(client, on="")
    await asyncio.sleep(0.4)
    assert service.pushed == []


@pytest.mark.parametrize("way", ["shown", "silent", "off"])
async def test_an_app_that_is_not_to_push_does_not(
    house: Installation, service: PushService, sign_in: SignIn, tell: Tell, way: str
) -> None:
    await house.person("ana")
    client = await sign_in("ana")
    await turn_on(client, service.browser())
    await tell("ana", "low", urgency="low")
    await client.post(f"{SETTINGS}/way", data={"app": "drive", "way": way})
    await tell("ana", "News")
    await asyncio.sleep(0.4)
    assert service.pushed == []


@pytest.mark.parametrize("status", [404, 410])
async def test_a_subscription_that_is_gone_is_forgotten(
    house: Installation, service: PushService, sign_in: SignIn, tell: Tell, status: int
) -> None:
    await house.person("ana")
    await turn_on(await sign_in("ana"), service.browser())
    service.answer = lambda path: (status, {})
    await tell("ana")
    await service.until(lambda: len(service.pushed) == 1)
    for _try in range(50):
        if not await devices_of(house, "ana"):
            break
        await asyncio.sleep(0.05)
    assert list(await devices_of(house, "ana")) == []


@pytest.mark.parametrize(("answer", "least_s"), [((429, {"retry-after": "120"}), 115), ((503, {}), 10)])
async def test_a_busy_push_service_is_left_alone_for_a_while(
    house: Installation,
    service: PushService,
    sign_in: SignIn,
    tell: Tell,
    answer: tuple[int, dict[str, str]],
    least_s: float,
) -> None:
    await house.person("ana")
    await turn_on(await sign_in("ana"), service.browser())
    service.answer = lambda path: answer
    for number in range(3):
        await tell("ana", f"{number}")
    await service.until(lambda: len(service.pushed) >= 1)
    await asyncio.sleep(0.5)
    assert len(service.pushed) == 1
    [device] = await devices_of(house, "ana")
    assert device.failures == 1
    assert device.waits_s - time.time() > least_s


async def test_a_device_that_is_slow_or_broken_does_not_keep_others_waiting(
    house: Installation, service: PushService, sign_in: SignIn, tell: Tell
) -> None:
    await house.person("ana")
    broken, well = service.browser("broken"), service.browser("well")
    await turn_on(await sign_in("ana"), broken)
    await turn_on(await sign_in("ana"), well)
    service.answer = lambda path: (503, {}) if path.endswith("broken") else (201, {})
    for number in range(3):
        await tell("ana", f"{number}")
    await service.until(lambda: sum(path.endswith("well") for path, _h, _b in service.pushed) == 3)


async def test_a_message_is_never_sent_to_a_private_address(tmp_path: Path, service: PushService) -> None:
    """Also when a name leads there, and when the row was there before the setting was taken back."""
    home, token = tmp_path / "home", ""
    async with installation(home, {"SYNFONIUM_NOTIFICATIONS_LOCAL_PUSH": "true"}) as house:
        token = await house.person("ana")
        async with house.client() as client:
            await client.post("/signin", data={"name": "ana", "password": "ana-password-1"})
            for name in ("127.0.0.1", "localhost"):
                browser = Browser(f"http://{name}:{service.port}/push/{name}")
                await turn_on(client, browser)
    service.pushed.clear()
    async with installation(home) as house:
        person = await person_of(house, "ana")
        notice = {"person": person, "topic": "job", "title": {"text": "It is done."}}
        await house.runtime.call("notifications.notify", notice, caller="drive")
        for _try in range(50):
            if all(device.failures for device in await devices_of(house, "ana")):
                break
            await asyncio.sleep(0.05)
        assert [device.failures for device in await devices_of(house, "ana")] == [1, 1]
        async with house.client() as client:
            await client.post("/signin", data={"name": "ana", "password": "ana-password-1"})
            for endpoint in (
                "http://127.0.0.1/a",
                "https://169.254.169.254/a",
                "https://[::1]/",
                "https://localhost/",
            ):
                answer = await client.post(DEVICES, json={**browser.subscription, "endpoint": endpoint})
                assert (answer.status_code, answer.json()["code"]) == (422, "bad_input")
    assert service.pushed == []
    assert token


async def test_nobody_takes_over_the_subscription_of_another_without_its_keys(
    house: Installation, service: PushService, sign_in: SignIn, tell: Tell
) -> None:
    await house.person("ana")
    await house.person("eve")
    ana, eve, browser = await sign_in("ana"), await sign_in("eve"), service.browser()
    await turn_on(ana, browser)
    forged = {**service.browser().subscription, "endpoint": browser.subscription["endpoint"]}
    answer = await eve.post(DEVICES, json=forged)
    assert (answer.status_code, answer.json()["code"]) == (409, "notifications.device_taken")
    [device] = await devices_of(house, "ana")
    for act in ("test", "remove"):
        answer = await eve.post(f"{SETTINGS}/devices/{device.id}/{act}", data={})
        assert (answer.status_code, answer.json()["code"]) == (404, "notifications.unknown_device")
    await tell("eve", "for eve")
    await tell("ana", "for ana")
    await service.until(lambda: len(service.pushed) == 1)
    assert browser.read(service.pushed[0][2])["title"] == "for ana"


async def test_a_browser_is_told_nothing_of_somebody_who_signed_out_of_it(
    house: Installation, service: PushService, sign_in: SignIn, tell: Tell
) -> None:
    await house.person("ana")
    await house.person("bob")
    ana, browser = await sign_in("ana"), service.browser()
    await turn_on(ana, browser)
    await ana.post("/signout", data={})
    for _try in range(50):
        if all(device.is_asleep for device in await devices_of(house, "ana")):
            break
        await asyncio.sleep(0.1)
    await tell("ana", "private")
    bob = await sign_in("bob")
    assert (await bob.post(DEVICES, json={**browser.subscription, "renew": True})).json() == {"is_on": False}
    again = await sign_in("ana")
    assert (await again.post(DEVICES, json={**browser.subscription, "renew": True})).json() == {"is_on": True}
    await tell("ana", "welcome back")
    await service.until(lambda: len(service.pushed) == 1)
    assert browser.read(service.pushed[0][2])["title"] == "welcome back"
    await turn_on(bob, browser)  # the same browser, by his own click: it is his now
    await tell("ana", "private")
    await tell("bob", "for bob")
    await service.until(lambda: len(service.pushed) == 2)
    await asyncio.sleep(0.3)
    assert [browser.read(body)["title"] for _p, _h, body in service.pushed[1:]] == ["for bob"]


async def test_a_person_turns_on_at_most_twenty_browsers(
    house: Installation, service: PushService, sign_in: SignIn
) -> None:
    await house.person("ana")
    client = await sign_in("ana")
    for number in range(20):
        await turn_on(client, service.browser(str(number)))
    answer = await client.post(DEVICES, json=service.browser("more").subscription)
    assert (answer.status_code, answer.json()["code"]) == (409, "notifications.too_many_devices")


async def test_a_test_goes_to_the_device_that_was_meant(
    house: Installation, service: PushService, sign_in: SignIn
) -> None:
    await house.person("ana")
    client, browser = await sign_in("ana"), service.browser("first")
    await turn_on(client, browser)
    await turn_on(client, service.browser("second"))
    first = (await devices_of(house, "ana"))[0]
    await client.post(f"{SETTINGS}/devices/{first.id}/test", data={})
    await service.until(lambda: len(service.pushed) == 1)
    path, headers, body = service.pushed[0]
    assert (path, headers["urgency"]) == ("/push/first", "high")
    assert browser.read(body)["title"] == "This is how a notification looks."
    page = (await client.get(SETTINGS)).text
    assert "Firefox, Linux" in page
    await client.post(f"{SETTINGS}/devices/{first.id}/remove", data={})
    assert len(await devices_of(house, "ana")) == 1


async def test_a_token_turns_on_no_browser(house: Installation, service: PushService) -> None:
    async with house.client(token=await house.person("ana")) as client:
        assert (await client.post(DEVICES, json=service.browser().subscription)).status_code == 403


async def test_the_service_worker_may_serve_the_whole_site_and_nothing_else(house: Installation) -> None:
    async with house.client() as client:
        answer = await client.get("/notifications/worker.js")
    assert answer.status_code == 200
    assert answer.headers["service-worker-allowed"] == "/"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cache-control"] == "no-cache"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "import" not in answer.text.split("{")[0]
