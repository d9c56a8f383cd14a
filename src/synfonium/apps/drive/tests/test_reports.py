"""Reports of what is behind a link, and what the operator does about it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from synfonium.apps.drive.errors import LinkGone, NoSuchReport, TooManyTries
from synfonium.apps.drive.service import DriveService
from synfonium.apps.drive.service.linking import LinkTerms
from synfonium.apps.drive.tests.conftest import Hand, House
from synfonium.apps.drive.tests.test_links import made_link
from synfonium.apps.drive.tests.test_sharing_pages import made_folder, person
from synfonium.common.problem import BadInput
from synfonium.testing.client import Installation, installation


async def test_a_reported_link_is_closed_with_reasons_that_its_owner_reads(
    house: House, drive: DriveService, hand: Hand
) -> None:
    boss = house.person("boss", is_administrator=True)
    link = await drive.linking.make(hand.actor, await hand.folder("secret name"), LinkTerms())
    await drive.reporting.report(link, "harm", "It names my child", "who@example.org")
    (one,), _ = await drive.reporting.all()
    assert "secret name" not in str(one)
    assert (one.owner, one.report.text) == ("Ada", "It names my child")
    with pytest.raises(BadInput):
        await drive.reporting.decide(boss, one.report.id, "blocked", " ")
    await drive.reporting.decide(boss, one.report.id, "blocked", "Article 9 of the terms")
    with pytest.raises(LinkGone):
        await drive.linking.come(drive.linking.token(link.id), "")
    command, notice = house.told[-1]
    assert (command, notice["person"]) == ("notifications.notify", hand.actor.id)
    assert notice["body"]["values"] == {"reasons": "Article 9 of the terms"}
    with pytest.raises(NoSuchReport):
        await drive.reporting.decide(boss, one.report.id, "rejected", "Again")
    waiting, decided = await drive.reporting.all()
    assert (len(waiting), decided[0].report.state) == (0, "blocked")


async def test_reports_are_limited(drive: DriveService, hand: Hand) -> None:
    link = await drive.linking.make(hand.actor, await hand.folder("f"), LinkTerms())
    with pytest.raises(BadInput):
        await drive.reporting.report(link, "other", "x" * 2001, "")
    with pytest.raises(BadInput):
        await drive.reporting.report(link, "other", "x", "no address")
    for _ in range(10):
        await drive.reporting.report(link, "other", "x", "")
    with pytest.raises(TooManyTries):
        await drive.reporting.report(link, "other", "x", "")


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Installation]:
    async with installation(tmp_path / "home") as running:
        yield running


async def test_a_stranger_reports_on_the_page_of_a_link_and_the_operator_reads_it(town: Installation) -> None:
    ada = await person(town, "ada")
    trip = await made_folder(ada, "ada", "Trip")
    path = await made_link(ada, trip, mode="view")
    async with town.client() as stranger:
        stranger.headers["accept"] = "text/html"
        assert "Send the report" in (await stranger.get(f"{path}/report")).text
        sent = await stranger.post(f"{path}/report", data={"text": "Not <b>right</b>", "reason": "illegal"})
        assert sent.status_code == 303
        assert "The operator looks at it." in (await stranger.get(sent.headers["location"])).text
    token = await town.person("boss", administrator=True)
    async with town.client(token=token) as boss:
        boss.headers["accept"] = "text/html"
        page = (await boss.get("/admin/reports")).text
        assert "Not &lt;b&gt;right&lt;/b&gt;" in page
        assert "Trip" not in page
        report = page.partition('action="/admin/reports/')[2].partition('"')[0]
        form = {"decision": "blocked", "statement": "Because"}
        assert (await boss.post(f"/admin/reports/{report}", data=form)).status_code == 303
    assert (await ada.get("/admin/reports")).status_code == 403
    assert "closed by the operator" in (await ada.get(f"/drive/node/{trip}/share")).text
    async with town.client() as stranger:
        assert (await stranger.get(path)).status_code == 404
    await ada.aclose()
