"""An outside app tells of its own objects, in its own name, of what it declared, and not too much."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from cloudevents.core.bindings.http import to_structured  # type: ignore[import-untyped]
from cloudevents.core.formats.json import JSONFormat  # type: ignore[import-untyped]
from cloudevents.core.v1.event import CloudEvent  # type: ignore[import-untyped]

from synfonium.testing.client import Installation, installation

from .events_house import Someone, cloud_event, installed, tell
from .listening import listening
from .outside_app import OutsideApp
from .site import pages, site

BATCH = "application/cloudevents-batch+json"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    async with installation(tmp_path / "home", {"SYNFONIUM_FABRIC_LOCAL_APPS": "true"}) as running:
        yield running


@pytest.fixture
async def ana(house: Installation) -> Someone:
    return await Someone.come(house, "ana")


@pytest.fixture
async def app(house: Installation) -> OutsideApp:
    return await installed(house)


async def test_what_an_app_tells_is_heard_by_the_person_and_once(
    house: Installation, ana: Someone, app: OutsideApp
) -> None:
    token = await app.agreed(ana.browser)
    bob = await house.person("bob")
    async with listening(house, ana.token) as hers, listening(house, bob) as his:
        for _ in range(2):
            assert (await tell(house, token, cloud_event())).status_code == 202
        event = await hers.event()
        assert (event["id"], event["subject"], event["data"]) == ("e-1", "hello:page/1", {"words": 3})
        assert event["source"] == "http://localhost:8600/hello"
        assert await hers.nothing()
        assert await his.nothing()


async def test_an_event_made_by_the_library_of_cloudevents_is_taken(
    house: Installation, ana: Someone, app: OutsideApp
) -> None:
    attributes = {
        "source": app.back.removesuffix("/back"),
        "type": "hello.page.written",
        "subject": "hello:page/1",
    }
    made = CloudEvent({**attributes, "id": "l-1", "specversion": "1.0", "path": "hello:page/1"}, {"words": 4})
    message = to_structured(made, JSONFormat())
    token = await app.agreed(ana.browser)
    async with listening(house, ana.token) as hers:
        answer = await tell(house, token, bytes(message.body), message.headers["content-type"])
        assert answer.status_code == 202, answer.text
        assert (await hers.event())["data"] == {"words": 4}


async def test_a_batch_is_taken_as_a_whole_or_not_at_all(
    house: Installation, ana: Someone, app: OutsideApp
) -> None:
    token = await app.agreed(ana.browser)
    good = [cloud_event(id=f"e-{number}") for number in range(3)]
    async with listening(house, ana.token) as hers:
        refused = await tell(house, token, [*good, cloud_event(type="drive.file.written")], BATCH)
        assert refused.status_code == 422
        assert await hers.nothing()
        assert (await tell(house, token, good, BATCH)).status_code == 202
        assert [(await hers.event())["id"] for _ in good] == ["e-0", "e-1", "e-2"]


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"type": "drive.file.written"}, "synfonium.emits"),
        ({"type": "hello.page.burnt"}, "synfonium.emits"),
        ({"source": "drive"}, "its own name"),
        ({"source": "http://localhost:8600/drive"}, "its own name"),
        ({"subject": "drive:root"}, "its own objects"),
        ({"subject": "hello:page/1\n"}, "its own objects"),
        ({"path": "hello:page/1 drive:root"}, "its own objects"),
        ({"datacontenttype": "text/html"}, "JSON"),
        ({"specversion": "0.3"}, "CloudEvent 1.0"),
        ({"id": ""}, "CloudEvent 1.0"),
        ({"id": None}, "CloudEvent 1.0"),
        ({"data": "text"}, "CloudEvent 1.0"),
    ],
    ids=str,
)
async def test_a_forged_event_is_refused_with_the_rule_and_nobody_hears_it(
    house: Installation, ana: Someone, app: OutsideApp, changes: dict[str, Any], rule: str
) -> None:
    token = await app.agreed(ana.browser)
    async with listening(house, ana.token) as hers:
        refused = await tell(house, token, cloud_event(**changes))
        assert refused.status_code == 422, refused.text
        assert rule in refused.json()["detail"]
        assert await hers.nothing()


async def test_an_event_that_is_too_large_or_no_json_is_refused(
    house: Installation, ana: Someone, app: OutsideApp
) -> None:
    token = await app.agreed(ana.browser)
    large = cloud_event(data={"text": "x" * 70_000})
    assert (await tell(house, token, large)).status_code == 413
    assert (await tell(house, token, [large], BATCH)).status_code == 422
    assert (await tell(house, token, b"[" * 100_000, BATCH)).status_code == 422
    assert (await tell(house, token, cloud_event(), "text/plain")).status_code == 422


async def test_a_flood_is_refused_and_others_are_heard(
    house: Installation, ana: Someone, app: OutsideApp
) -> None:
    bob = await Someone.come(house, "bob")
    token, other = await app.agreed(ana.browser), await app.agreed(bob.browser)
    statuses = set()
    for batch in range(4):
        events = [cloud_event(id=f"e-{batch}-{number}") for number in range(100)]
        answer = await tell(house, token, events, BATCH)
        statuses.add(answer.status_code)
    assert statuses == {202, 429}
    assert answer.headers["retry-after"]
    assert (await tell(house, other, cloud_event(id="of-bob"))).status_code == 202


async def test_nobody_but_an_app_tells(house: Installation, ana: Someone) -> None:
    assert (await tell(house, ana.token, cloud_event())).status_code == 403
    assert (await tell(house, "", cloud_event())).status_code == 401


async def test_another_app_hears_of_an_object_that_it_was_granted_and_of_no_other(
    house: Installation, ana: Someone
) -> None:
    async with site() as there:
        book = "pages:page/9"
        there.answer = pages(
            {"pages:page/1": ["pages:page/1", book], "pages:page/2": ["pages:page/2"], book: [book]}
        )
        teller = await installed(house, "pages", there.origin)
        wants = {"types": ["pages.page.written"]}
        listener = await installed(house, "other", "http://127.0.0.1:9101", listens=wants)
        await ana.give("other", book)
        told = {"source": "pages", "type": "pages.page.written", "path": None}
        token = await teller.agreed(ana.browser)
        async with listening(house, await listener.agreed(ana.browser)) as hears:
            for page in ("2", "1"):
                event = cloud_event(**told, id=f"p-{page}", subject=f"pages:page/{page}")
                assert (await tell(house, token, event)).status_code == 202
            heard = await hears.event()
            assert (heard["id"], heard["subject"]) == ("p-1", "pages:page/1")
            assert await hears.nothing()
        unknown = await tell(house, token, cloud_event(**told, subject="pages:page/404"))
        assert unknown.status_code == 422
        assert "does not know" in unknown.json()["detail"]
