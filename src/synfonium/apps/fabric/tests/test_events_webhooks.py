"""An outside app is told by webhook: signed, until it takes it, at its own pace and nobody else's."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from synfonium.apps.fabric.service import webhooks
from synfonium.testing.client import Installation, installation

from .events_house import Someone, installed
from .site import Answer, Message, Site, site


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    async with installation(tmp_path / "home", {"SYNFONIUM_FABRIC_LOCAL_APPS": "true"}) as running:
        yield running


@pytest.fixture
async def ana(house: Installation) -> Someone:
    return await Someone.come(house, "ana")


@pytest.fixture
async def there() -> AsyncIterator[Site]:
    async with site() as found:
        yield found


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same, without the waiting."""
    monkeypatch.setattr(webhooks, "FIRST_WAIT_S", 0.02)
    monkeypatch.setattr(webhooks, "FIRST_REST_S", 0.05)


FILES = {"types": ["drive.file.written"], "door": "/hooks"}


async def deliveries(house: Installation, app: str = "hello") -> webhooks.Deliveries:
    found: webhooks.Deliveries = await house.context("fabric").service.webhooks.deliveries_of(app)
    return found


async def until(house: Installation, holds: Callable[[webhooks.Deliveries], bool]) -> webhooks.Deliveries:
    async with asyncio.timeout(20):
        while not holds(found := await deliveries(house)):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return found


def scripted(*statuses: int, **headers: str) -> Callable[[Message], object]:
    """Answers with these, one after the other, the last one for ever."""
    left = list(statuses)

    async def answer(message: Message) -> Answer:
        return (
            left.pop(0) if len(left) > 1 else left[0],
            {k.replace("_", "-"): v for k, v in headers.items()},
            b"",
        )

    return answer


async def test_a_webhook_is_signed_so_that_standard_webhooks_takes_it_and_no_changed_one(
    house: Installation, ana: Someone, there: Site
) -> None:
    app = await installed(house, origin=there.origin, listens=FILES)
    await ana.give("hello", "drive:root")
    await ana.put("plan.txt")
    message = await there.message()
    assert (message.path, message.headers["content-type"]) == ("/hooks", "application/cloudevents+json")
    seen = Webhook(app.webhook_secret).verify(message.body, message.headers)
    assert (seen["type"], seen["id"]) == ("drive.file.written", message.headers["webhook-id"])
    assert ana.id not in message.body.decode()
    for body, headers in (
        (message.body.replace(b"written", b"removed"), message.headers),
        (message.body, {**message.headers, "webhook-id": "another"}),
        (message.body, {**message.headers, "webhook-timestamp": "1"}),
    ):
        with pytest.raises(WebhookVerificationError):
            Webhook(app.webhook_secret).verify(body, headers)
    state = (await until(house, lambda now: now.state.sent == 1)).state
    assert (state.status, state.failures) == (200, 0)


async def test_an_app_is_told_nothing_of_what_it_was_not_granted(
    house: Installation, ana: Someone, there: Site
) -> None:
    await installed(house, origin=there.origin, listens=FILES)
    for name in ("Shared", "Private"):
        await ana.folder(name)
    shared = await ana.address_of("Shared")
    grant = await ana.give("hello", shared)
    await ana.put("Private/secret.txt")
    await ana.put("Shared/plan.txt")
    assert json.loads((await there.message()).body)["data"]["path"].split()[-1] == shared
    await ana.revoke(grant)
    await ana.put("Shared/later.txt")
    await asyncio.sleep(0.5)
    assert there.got.empty()


async def test_what_an_app_did_not_take_comes_again_under_the_same_id_until_it_does(
    house: Installation, ana: Someone, there: Site, quick: None
) -> None:
    there.answer = scripted(500, 302, 200)  # type: ignore[assignment]
    await installed(house, origin=there.origin, listens=FILES)
    await ana.give("hello", "drive:root")
    await ana.put("plan.txt")
    came = [await there.message() for _ in range(3)]
    assert len({message.headers["webhook-id"] for message in came}) == 1
    found = await until(house, lambda now: now.waiting == 0)
    assert (found.state.sent, found.state.given_up) == (1, 0)


async def test_a_right_that_ends_while_a_message_waits_takes_the_message_along(
    house: Installation, ana: Someone, there: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "FIRST_WAIT_S", 1.0)
    there.answer = scripted(500, 200)  # type: ignore[assignment]
    await installed(house, origin=there.origin, listens=FILES)
    grant = await ana.give("hello", "drive:root")
    await ana.put("plan.txt")
    await there.message()
    await ana.revoke(grant)
    await until(house, lambda now: now.waiting == 0)
    assert there.got.empty()


async def test_facts_of_one_object_come_in_order_though_the_first_fails(
    house: Installation, ana: Someone, there: Site, quick: None
) -> None:
    there.answer = scripted(500, 500, 200)  # type: ignore[assignment]
    await installed(house, origin=there.origin, listens=FILES)
    await ana.give("hello", "drive:root")
    for number in range(3):
        await ana.put("plan.txt", b"%d" % number)
    await until(house, lambda now: now.state.sent == 3)
    came = [json.loads((await there.message()).body)["time"] for _ in range(5)]
    assert came == sorted(came)
    assert came[0] == came[1] == came[2]


async def test_an_app_that_says_when_is_not_told_before(
    house: Installation, ana: Someone, there: Site
) -> None:
    there.answer = scripted(429, 200, retry_after="30")  # type: ignore[assignment]
    await installed(house, origin=there.origin, listens=FILES)
    await ana.give("hello", "drive:root")
    await ana.put("plan.txt")
    await there.message()
    found = await until(house, lambda now: now.state.failures == 1)
    now_s = house.context("fabric").clock.now_s()
    assert found.next_s is not None
    assert 25 < found.next_s - now_s <= 31
    assert 25 < found.state.rests_s - now_s <= 31


async def test_an_app_that_says_gone_is_told_no_more_until_its_owner_says_it_is_well(
    house: Installation, ana: Someone, there: Site
) -> None:
    there.answer = scripted(410, 200)  # type: ignore[assignment]
    await installed(house, origin=there.origin, listens=FILES)
    await ana.give("hello", "drive:root")
    await ana.put("one.txt")
    await there.message()
    found = await until(house, lambda now: now.state.stopped_s > 0)
    assert (found.waiting, found.state.given_up) == (0, 1)
    await ana.put("two.txt")
    await until(house, lambda now: now.waiting == 0)
    await asyncio.sleep(0.3)
    assert there.got.empty()
    await house.context("fabric").service.webhooks.resume("hello")
    await ana.put("three.txt")
    assert (await there.message()).path == "/hooks"


async def test_an_app_that_answers_slowly_or_never_holds_few_connections_and_delays_nobody(
    house: Installation, ana: Someone, there: Site
) -> None:
    stuck = asyncio.Event()

    async def never(message: Message) -> Answer:
        await stuck.wait()
        return 200, {}, b""

    async with site() as slow:
        slow.answer = never
        await installed(house, origin=slow.origin, listens=FILES)
        await installed(house, "other", there.origin, listens=FILES)
        for app in ("hello", "other"):
            await ana.give(app, "drive:root")
        for number in range(12):
            await ana.put(f"{number}.txt")
        began_s = asyncio.get_running_loop().time()
        for _ in range(12):
            await there.message()
        assert asyncio.get_running_loop().time() - began_s < 5
        assert slow.most_open <= webhooks.AT_ONCE
        stuck.set()
        await until(house, lambda now: now.waiting == 0)


async def test_an_app_that_fails_again_and_again_rests(
    house: Installation, ana: Someone, there: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "FIRST_WAIT_S", 0.01)
    there.answer = scripted(500)  # type: ignore[assignment]
    await installed(house, origin=there.origin, listens=FILES)
    await ana.give("hello", "drive:root")
    for number in range(10):
        await ana.put(f"{number}.txt")
    found = await until(house, lambda now: now.state.failures >= webhooks.RESTS_AFTER)
    assert found.state.rests_s > house.context("fabric").clock.now_s() + 10
    before = there.got.qsize()
    await asyncio.sleep(0.5)
    assert there.got.qsize() <= before + webhooks.AT_ONCE


async def test_what_waits_longer_than_it_is_tried_is_given_up(
    house: Installation, ana: Someone, there: Site, quick: None
) -> None:
    house.context("fabric").service.journal._retry_s = 0.2
    there.answer = scripted(500)  # type: ignore[assignment]
    await installed(house, origin=there.origin, listens=FILES)
    await ana.give("hello", "drive:root")
    await ana.put("plan.txt")
    found = await until(house, lambda now: now.state.given_up == 1)
    assert found.waiting == 0


@pytest.mark.parametrize(
    ("text", "expected_s"),
    [
        ("120", 120.0),
        ("", 0.0),
        ("soon", 0.0),
        ("-5", 0.0),
        ("Thu, 01 Jan 1970 00:02:00 GMT", 20.0),
        ("9" * 99, 999_999_999.0),
    ],
)
def test_retry_after_is_read_as_http_says(text: str, expected_s: float) -> None:
    assert webhooks.retry_after_s(text, 100.0) == expected_s
