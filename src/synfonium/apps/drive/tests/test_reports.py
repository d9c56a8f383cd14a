"""Reports of what is behind a link, and what the operator does about it."""

import asyncio
from collections.abc import AsyncIterator
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

import pytest

from synfonium.apps.drive.errors import LinkGone, NoSuchReport, TooManyTries
from synfonium.apps.drive.service import DriveService
from synfonium.apps.drive.service.linking import LinkTerms
from synfonium.apps.drive.tests.conftest import Hand, House
from synfonium.apps.drive.tests.test_links import made_link
from synfonium.apps.drive.tests.test_sharing_pages import made_folder, person
from synfonium.apps.identity.contract import Mailbox, Mailboxes
from synfonium.common.ids import PersonId
from synfonium.common.problem import BadInput
from synfonium.kernel.mail import Letter
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
    assert notice["url"].startswith("/drive/objection/")
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


class Boxes:
    """Everybody is written to at one address, in French."""

    async def of(self, person_id: PersonId) -> Mailbox | None:
        return Mailbox("owner@example.org", "fr")


def letters(house: House) -> list[Letter]:
    """Those that wait, the oldest first."""
    mail = house.context.mail
    queued = house.context.database.submit_read(lambda c: mail.due(c, 100)).result()
    return [one.letter for one in queued if one.letter]


async def test_who_reports_gets_a_receipt_and_the_decision_and_its_loser_may_object(
    house: House, drive: DriveService, hand: Hand
) -> None:
    house.context._offers.add(f"{Mailboxes.__module__}:{Mailboxes.__qualname__}", Boxes)
    boss = house.person("boss", is_administrator=True)
    link = await drive.linking.make(hand.actor, await hand.folder("secret name"), LinkTerms())
    await drive.reporting.report(link, "harm", "buy at https://evil.example", "who@EXAMPLE.org", "fr")
    await drive.reporting.report(link, "harm", "me too", "")
    (receipt,) = letters(house)
    assert (receipt.to, receipt.template, receipt.locale) == (
        "who@example.org",
        "drive/mail/report_received",
        "fr",
    )
    assert "evil" not in str(receipt.values)
    (one, _second), _ = await drive.reporting.all()
    await drive.reporting.decide(boss, one.report.id, "blocked", "Article 9")
    to_reporter, to_owner = letters(house)[1:]
    assert (to_reporter.template, to_reporter.values["can_object"]) == ("drive/mail/report_decided", False)
    assert (to_owner.to, to_owner.template) == ("owner@example.org", "drive/mail/link_closed")
    assert "who@" not in str(to_owner.values)
    token = to_owner.values["object_url"].rpartition("/")[2]
    with pytest.raises(NoSuchReport):
        await drive.reporting.decided(token[:-1] + ("A" if token[-1] != "A" else "B"))
    await drive.reporting.object(token, "The parents agreed")
    with pytest.raises(NoSuchReport):
        await drive.reporting.object(token, "Again")
    (objection,) = await drive.reporting.objections()
    await drive.reporting.answer(boss, objection.report.id, "changed", "They did")
    assert (await drive.linking.come(drive.linking.token(link.id), "")).link
    assert {one.to for one in letters(house)[3:]} == {"owner@example.org", "who@example.org"}
    assert await drive.reporting.objections() == []
    with pytest.raises(NoSuchReport):
        await drive.reporting.answer(boss, objection.report.id, "kept", "Again")


async def test_nobody_is_buried_in_receipts(house: House, drive: DriveService, hand: Hand) -> None:
    for name in ("a", "b"):
        link = await drive.linking.make(hand.actor, await hand.folder(name), LinkTerms())
        for _ in range(4):
            await drive.reporting.report(link, "other", "x", "victim@example.org")
    assert len(letters(house)) == 3


async def test_who_reported_in_vain_objects_within_half_a_year(
    house: House, drive: DriveService, hand: Hand
) -> None:
    boss = house.person("boss", is_administrator=True)
    link = await drive.linking.make(hand.actor, await hand.folder("f"), LinkTerms())
    await drive.reporting.report(link, "harm", "x", "who@example.org")
    ((one,), _) = await drive.reporting.all()
    await drive.reporting.decide(boss, one.report.id, "rejected", "It is allowed")
    assert house.told == []
    token = letters(house)[-1].values["object_url"].rpartition("/")[2]
    house.clock.time_s += 181 * 86_400
    with pytest.raises(NoSuchReport):
        await drive.reporting.object(token, "It is not")
    house.clock.time_s -= 2 * 86_400
    await drive.reporting.object(token, "It is not")
    (objection,) = await drive.reporting.objections()
    await drive.reporting.answer(boss, objection.report.id, "changed", "Right")
    with pytest.raises(LinkGone):
        await drive.linking.come(drive.linking.token(link.id), "")


async def letter_to(home: Path, address: str, subject: str) -> EmailMessage:
    """Once it has been sent."""
    for _ in range(200):
        for path in home.rglob("*.eml"):
            letter = BytesParser(EmailMessage, policy=policy.default).parsebytes(path.read_bytes())
            if address in str(letter["to"]) and letter["subject"] == subject:
                return letter
        await asyncio.sleep(0.05)
    raise AssertionError(f"no letter {subject!r} to {address}")


async def test_a_stranger_reads_the_decision_in_their_language_and_objects_without_an_account(
    town: Installation, tmp_path: Path
) -> None:
    ada = await person(town, "ada")
    path = await made_link(ada, await made_folder(ada, "ada", "Trip"), mode="view")
    async with town.client(headers={"accept": "text/html", "accept-language": "fr"}) as stranger:
        form = {"text": "Not right", "reason": "illegal", "contact": "who@example.org"}
        assert (await stranger.post(f"{path}/report", data=form)).status_code == 303
        await letter_to(tmp_path, "who@example.org", "Votre signalement est arrivé")
        token = await town.person("boss", administrator=True)
        async with town.client(token=token, headers={"accept": "text/html"}) as boss:
            page = (await boss.get("/admin/reports")).text
            report = page.partition('action="/admin/reports/')[2].partition('"')[0]
            decision = {"decision": "rejected", "statement": "It is allowed"}
            await boss.post(f"/admin/reports/{report}", data=decision)
            told = await letter_to(tmp_path, "who@example.org", "Ce qui a été décidé de votre signalement")
            words = told.get_body(("plain",))
            assert words is not None
            at = "/drive/objection/" + words.get_content().partition("/drive/objection/")[2].split()[0]
            assert "L’exploitant a laissé le lien ouvert." in (await stranger.get(at)).text
            assert (await stranger.post(at, data={"text": "Still <b>wrong</b>"})).status_code == 303
            assert "Votre contestation est arrivée." in (await stranger.get(at)).text
            assert "Still &lt;b&gt;wrong&lt;/b&gt;" in (await boss.get("/admin/reports")).text
            answer = {"answer": "kept", "statement": "It stays allowed"}
            assert (await boss.post(f"/admin/reports/{report}/answer", data=answer)).status_code == 303
        await letter_to(tmp_path, "who@example.org", "Une décision a été réexaminée")
        assert (await stranger.get(at[:-1] + ("A" if at[-1] != "A" else "B"))).status_code == 404
    await ada.aclose()
