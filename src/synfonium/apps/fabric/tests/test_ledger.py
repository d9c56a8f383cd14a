"""Who may see what: each right in plain words, when it was used, taken back and given back."""

import asyncio
import csv
import io
import json
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from synfonium.apps.fabric.contract import GRANT_USED, Grant, Limits, Objects
from synfonium.apps.fabric.errors import AppAway
from synfonium.apps.fabric.http.score import NARROW, WIDE, score
from synfonium.apps.fabric.model.uses import DAY_S, KEPT_DAYS, Use
from synfonium.apps.fabric.service import titles as titles_room
from synfonium.apps.fabric.service.titles import Titles
from synfonium.apps.fabric.store import uses as store
from synfonium.common.ids import AppName, GrantId, PersonId
from synfonium.common.problem import Forbidden
from synfonium.kernel.actor import Person
from synfonium.kernel.personal_tables import sweep_rows, tables_of
from synfonium.testing.client import installation

from .ledger_town import ORIGIN, Town


def said(html: str) -> str:
    """The words of a page, without its marks."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html[max(0, html.find("<main")) :])).replace(
        "\xa0", " "
    )


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with installation(tmp_path / "home") as house:
        town = Town(house)
        await town.come("ana")
        await town.come("bob")
        await town.register("hello")
        yield town


async def test_every_right_is_said_in_plain_words(town: Town) -> None:
    file = await town.put("ana", "budget.ods")
    await town.give("ana", file, "read write", origin="pick")
    until_s = town.clock.now_s() + 5 * DAY_S
    await town.give("ana", "drive:root", app="pc", label="Bureau")
    await town.give("ana", file, origin="share", limits=Limits(until_s=until_s, uses=3))
    words = said(await town.get("ana", "/fabric/grants"))
    assert "3 rights, for 2 apps. Everything else is yours alone." in words
    assert re.search(r"Hello hello\.example:4433", words)
    assert re.search(
        r"may change budget\.ods Drive picked on \d+ \w+, \d\d:\d\d .*? without end never", words
    )
    assert re.search(r"may see budget\.ods Drive shared on .*? until \d+ .*?, 3 uses left", words)
    assert re.search(
        r"Bureau PC .*?may see Your whole Drive Drive given on the page of PC on .*? without end", words
    )
    assert "3 rights. Each access is written down." in words


async def test_a_newcomer_reads_that_everything_is_theirs(town: Town) -> None:
    html = await town.get("ana", "/fabric/grants")
    assert "Everything here is yours alone." in said(html)
    assert "No app may see anything of yours." in said(html)
    assert '<svg class="wid"' not in html


async def test_each_access_is_counted_by_day_and_shown(town: Town) -> None:
    grant = await town.give("ana", await town.put("ana", "a.txt"), "read write")
    assert await town.uses(grant) == []
    assert await town.use(grant) == 200
    assert await town.use(grant, "PUT") == 204
    (use,) = await town.uses(grant)
    assert use.reads >= 2
    assert use.writes >= 1
    html = await town.get("ana", "/fabric/grants")
    assert "right now" in said(html[html.index("<table") :])
    assert html.count('class="nl"') == 2, "one note in brass on each of the two scores"
    town.clock.skipped_s += DAY_S
    await town.use(grant)
    assert [(one.day, one.writes) for one in await town.uses(grant)] == [
        (use.day, use.writes),
        (use.day + 1, 0),
    ]


async def test_a_refused_access_is_not_counted(town: Town) -> None:
    grant = await town.give("ana", await town.put("ana", "a.txt"))
    assert await town.use(grant, "PUT") in (403, 404)
    assert not any(use.writes for use in await town.uses(grant))


async def test_what_was_counted_is_there_after_the_house_was_closed(tmp_path: Path) -> None:
    async with installation(tmp_path / "home") as house:
        town = Town(house)
        await town.come("ana")
        await town.register("hello")
        grant = await town.give("ana", await town.put("ana", "a.txt"))
        await town.use(grant)
    async with installation(tmp_path / "home") as house:
        (use,) = await house.context("fabric").database.read(lambda c: store.since(c, [grant.id], 0))
        assert use.reads >= 1


async def test_counting_makes_no_check_wait_and_is_written_by_itself(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("synfonium.apps.fabric.service.uses.WRITE_EVERY_S", 0.05)
    file = await town.put("ana", "a.txt")
    grant = await town.give("ana", file)
    holder = Person(id=town.ids["ana"], name="", display="", app=AppName("hello"), grants=(grant.id,))
    authority = town.service.authority
    for _again in range(50):
        assert await authority.check(holder, [file], "read")
    database = town.house.context("fabric").database
    assert await database.read(lambda c: store.since(c, [grant.id], 0)) == []
    await asyncio.sleep(0.5)
    (use,) = await database.read(lambda c: store.since(c, [grant.id], 0))
    assert use.reads == 50


async def test_what_cannot_be_written_is_kept_for_the_next_time(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = await town.put("ana", "a.txt")
    grant = await town.give("ana", file)
    holder = Person(id=town.ids["ana"], name="", display="", app=AppName("hello"), grants=(grant.id,))
    uses = town.service.authority.uses
    await town.service.authority.check(holder, [file], "read")

    async def broken(_seen: Any) -> None:
        raise AppAway

    with monkeypatch.context() as patch:
        patch.setattr(uses, "add", broken)
        with pytest.raises(AppAway):
            await uses.write()
        await town.service.authority.check(holder, [file], "read")
    (use,) = await town.uses(grant)
    assert use.reads == 2


async def test_other_roles_send_what_they_counted_and_nobody_else_may(town: Town) -> None:
    grant = await town.give("ana", await town.put("ana", "a.txt"))
    use = msgspec.to_builtins([Use(grant=grant.id, day=20_000, reads=2, last_s=20_000 * DAY_S)])
    for _twice in range(2):
        await town.house.runtime.call("fabric.uses_add", {"uses": use}, caller="fabric")
    with pytest.raises(Forbidden):
        await town.house.runtime.call("fabric.uses_add", {"uses": use}, caller="drive")
    (found,) = await town.uses(grant)
    assert (found.day, found.reads) == (20_000, 4)


async def test_the_first_access_of_a_day_is_a_row_of_the_audit(town: Town) -> None:
    grant = await town.give("ana", await town.put("ana", "a.txt"))
    for _again in range(3):
        await town.use(grant)
        await town.uses(grant)
    audit = town.house.context("fabric").audit_of_all()
    from synfonium.kernel.audit.store import Wanted

    (row,) = await audit.find(Wanted(act=GRANT_USED), 10)
    assert (row.person, row.subject, row.by_app) == (town.ids["ana"], grant.object, "hello")
    words = said(await town.get("ana", f"/fabric/grants/{grant.id}"))
    assert "First access of the day" in words
    assert "The right was given" in words


async def test_what_an_app_changed_below_a_folder_stands_in_its_story(town: Town) -> None:
    folder = await town.put("ana", "kermesse/")
    await town.put("ana", "other.txt")
    grant = await town.give("ana", folder, "read write")
    found = await town.service.granting.secret(grant.id, "hello")
    async with town.house.client(token=found.secret) as client:
        answer = await client.put(f"/dav/grants/{grant.id}/list.txt", content=b"new")
        assert answer.status_code == 201
    words = said(await town.get("ana", f"/fabric/grants/{grant.id}"))
    assert re.search(r"(Made|Changed) : list\.txt", words) or re.search(r"(Made|Changed): list\.txt", words)
    assert "other.txt" not in words


async def test_uses_end_after_ninety_days(town: Town) -> None:
    grant = await town.give("ana", await town.put("ana", "a.txt"))
    await town.use(grant)
    assert await town.uses(grant)
    context = town.house.context("fabric")
    tables = tables_of(context.app)
    for later_s, left in ((KEPT_DAYS * DAY_S - 60, 1), (KEPT_DAYS * DAY_S + 60, 0)):
        now_s = town.clock.now_s() + later_s
        await context.database.write(lambda c, now_s=now_s: sweep_rows(c, tables, now_s))
        assert len(await town.uses(grant)) == left


async def test_a_thing_is_called_as_it_is_now_and_one_that_is_gone_is_said_so(town: Town) -> None:
    file = await town.put("ana", "draft.txt")
    await town.give("ana", file)
    async with town.house.client(token=town.tokens["ana"]) as client:
        node = file.rpartition("/")[2]
        assert (
            await client.post(f"/drive/node/{node}/rename", data={"name": "final.txt"})
        ).status_code == 303
        words = said(await town.get("ana", "/fabric/grants"))
        assert "final.txt" in words
        assert "draft.txt" not in words
        assert (await client.post("/drive/trash", data={"node": node})).status_code == 303
    words = said(await town.get("ana", "/fabric/grants"))
    assert "draft.txt gone, so nothing is to be seen any more" in words


async def test_an_app_that_does_not_answer_costs_nothing(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    door = {"kinds": {"card": {"title": "Card", "interfaces": ["file/1"]}}, "door": "/objects"}
    await town.register("cards", synfonium={"objects": door})
    file = await town.put("ana", "a.txt")
    await town.give("ana", file)
    grants = town.house.context("fabric").database
    await grants.write(lambda c: _plant(c, town.ids["ana"]))
    asked: list[str] = []
    objects: Any = town.service.objects
    before = objects.describe

    async def slow(person: PersonId, address: str) -> Any:
        asked.append(address)
        if address.startswith("cards:"):
            await asyncio.sleep(30)
        return await before(person, address)

    monkeypatch.setattr(objects, "describe", slow)
    began = time.monotonic()
    words = said(await town.get("ana", "/fabric/grants"))
    assert time.monotonic() - began < 15
    assert "a.txt" in words
    assert "What it was called" in words, "the title of then"
    await town.get("ana", "/fabric/grants")
    assert asked.count("cards:card/1") == 1, "it is not asked again so soon"


def _plant(connection: Any, person: PersonId) -> None:
    from synfonium.apps.fabric.store import grants

    grants.add(
        connection,
        Grant(
            id=GrantId("0" * 26),
            person=person,
            app=AppName("hello"),
            subject="hello:app",
            object="cards:card/1",
            actions=frozenset({"read"}),
            title="What it was called",
            since_s=1.0,
        ),
    )


async def test_a_page_of_another_site_than_the_apps_is_no_link(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = await town.put("ana", "a.txt")
    await town.give("ana", file)
    objects: Any = town.service.objects
    before = objects.describe
    for page in ("javascript:alert(1)", "//evil.example/", "https://evil.example/"):

        async def lying(person: PersonId, address: str, page: str = page) -> Any:
            return msgspec.structs.replace(await before(person, address), page=page)

        monkeypatch.setattr(objects, "describe", lying)
        assert page not in await town.get("ana", "/fabric/grants")


async def test_what_is_taken_back_is_said_and_given_back(town: Town) -> None:
    file = await town.put("ana", "a.txt")
    grant = await town.give("ana", file)
    html = await town.get("ana", "/fabric/grants")
    (next_,) = set(re.findall(r'name="next" value="([^"]*)"', html))
    status, location = await town.post("ana", f"/fabric/grants/{grant.id}/revoke", next=next_)
    assert (status, location) == (303, f"/fabric/grants?done={grant.id}")
    words = said(await town.get("ana", location))
    assert "Taken back: a.txt, from Hello." in words
    assert "Taken back in the last day" in words
    assert "Everything here is yours alone." in words
    status, location = await town.post(
        "ana", f"/fabric/grants/{grant.id}/undo", next="/fabric/grants?done=back"
    )
    assert (status, location) == (303, "/fabric/grants?done=back")
    words = said(await town.get("ana", location))
    assert "Given back." in words
    assert "1 right, for 1 app." in words
    assert await town.use(grant) == 200


async def test_everything_of_an_app_is_taken_back_at_once_and_given_back_at_once(town: Town) -> None:
    files = [await town.put("ana", f"{n}.txt") for n in range(3)]
    grants = [await town.give("ana", file) for file in files]
    other = await town.give("ana", files[0], app="pc", label="Bureau")
    of_bob = await town.give("bob", await town.put("bob", "b.txt"))
    html = await town.get("ana", "/fabric/grants")
    assert "3 rights end at once." in said(html)
    status, location = await town.post("ana", "/fabric/grants/revoke", app="hello", subject="hello:app")
    assert status == 303
    assert "3 rights were taken back." in said(await town.get("ana", location))
    assert [await town.use(one) for one in (other, of_bob)] == [200, 200]
    held = await town.service.granting.of_person(town.ids["ana"])
    assert [one.id for one in held] == [other.id]
    at = re.search(r'name="at" value="([^"]*)"', await town.get("ana", location))
    assert at
    assert (await town.post("bob", "/fabric/grants/undo", at=at[1]))[0] == 404
    assert (await town.post("ana", "/fabric/grants/undo", at=at[1]))[0] == 303
    assert len(await town.service.granting.of_person(town.ids["ana"])) == 4
    assert all([await town.use(one) == 200 for one in grants])
    assert (await town.post("ana", "/fabric/grants/revoke", app="ghost"))[0] == 404


async def test_what_was_passed_on_says_by_whom_and_ends_with_it(town: Town) -> None:
    await town.register("notes")
    folder = await town.put("ana", "kermesse/")
    file = await town.put("ana", "kermesse/list.txt")
    parent = await town.give("ana", folder, origin="pick")
    cut = await town.delegate(parent, "notes", file)
    html = await town.get("ana", "/fabric/grants")
    assert re.search(r"Notes .*?may see list\.txt Drive passed on by Hello on", said(html))
    assert "One more right was cut from this one, and ends with it." in said(html)
    words = said(await town.get("ana", f"/fabric/grants/{cut.id}"))
    assert "You gave it to Hello" in words
    assert "Hello passed it on to Notes" in words
    assert "Hello passed it on to Notes" in said(await town.get("ana", f"/fabric/grants/{parent.id}"))
    await town.post("ana", f"/fabric/grants/{parent.id}/revoke")
    words = said(await town.get("ana", "/fabric/grants"))
    assert "Everything here is yours alone." in words
    words = said(await town.get("ana", f"/fabric/grants/{cut.id}"))
    assert "This right ended with the one that it was cut from." in words


async def test_what_is_over_by_itself_is_no_right_any_more(town: Town) -> None:
    grant = await town.give(
        "ana", await town.put("ana", "a.txt"), limits=Limits(until_s=town.clock.now_s() + 60)
    )
    town.clock.skipped_s += 120
    words = said(await town.get("ana", "/fabric/grants"))
    assert "Everything here is yours alone." in words
    assert "Over by themselves" in words
    assert (await town.post("ana", f"/fabric/grants/{grant.id}/revoke"))[0] == 303
    assert "Over by themselves" not in said(await town.get("ana", "/fabric/grants"))


async def test_the_list_is_filtered_by_app_and_by_thing(town: Town) -> None:
    budget, photo = await town.put("ana", "Budget.ods"), await town.put("ana", "photo.png")
    await town.give("ana", budget)
    await town.give("ana", photo)
    await town.give("ana", photo, app="pc", label="Bureau")
    only_pc = said(await town.get("ana", "/fabric/grants?app=pc"))
    assert "Hello" not in only_pc[only_pc.index("right found") :]
    assert "photo.png" in only_pc
    found = said(await town.get("ana", "/fabric/grants?q=budget"))
    assert "1 right found" in found
    assert "photo.png" not in found
    assert "Nothing found" in said(await town.get("ana", "/fabric/grants?q=zzz"))
    assert "Take everything back" not in found


async def test_the_list_is_taken_along_as_a_table_and_for_programs(town: Town) -> None:
    file = await town.put("ana", "=1+2.txt")
    grant = await town.give("ana", file, "read write", origin="pick")
    await town.give("ana", "drive:root", app="pc", label="Bureau")
    told = json.loads(await town.get("ana", "/fabric/grants/list.json"))["grants"]
    mine = next(one for one in told if one["grant"] == grant.id)
    assert (mine["app_name"], mine["app_origin"], mine["actions"]) == ("Hello", ORIGIN, "read write")
    assert (mine["title"], mine["origin"], mine["until"], mine["last_access"]) == ("=1+2.txt", "pick", "", "")
    text = await town.get("ana", "/fabric/grants/list.csv")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert {row["grant"] for row in rows} == {one["grant"] for one in told}
    assert next(row["title"] for row in rows if row["grant"] == grant.id) == "'=1+2.txt"
    assert json.loads(await town.get("bob", "/fabric/grants/list.json")) == {"grants": []}


async def test_a_person_sees_who_may_see_one_thing(town: Town) -> None:
    folder = await town.put("ana", "kermesse/")
    file = await town.put("ana", "kermesse/list.txt")
    other = await town.put("ana", "other.txt")
    await town.give("ana", folder)
    await town.give("ana", other, app="pc", label="Bureau")
    await town.give("bob", "drive:root")
    words = said(await town.get("ana", f"/fabric/objects/grants?address={file}"))
    assert "Who may see “list.txt”" in words
    assert "Hello" in words
    assert "Bureau" not in words
    await town.give("ana", "drive:root", app="pc", label="Atelier")
    words = said(await town.get("ana", f"/fabric/objects/grants?address={file}"))
    assert "Atelier" in words
    async with town.house.client(token=town.tokens["bob"]) as client:
        for address in (file, "drive:node/none", "../etc", ""):
            answer = await client.get("/fabric/objects/grants", params={"address": address})
            assert answer.status_code == 404, address


async def test_drive_leads_there(town: Town) -> None:
    file = await town.put("ana", "a.txt")
    node = file.rpartition("/")[2]
    about = await town.get("ana", f"/drive/node/{node}/about")
    (link,) = re.findall(r'href="(/fabric/objects/grants[^"]*)"', about)
    assert "You alone." in said(await town.get("ana", link.replace("&amp;", "&")))
    assert link in await town.get("ana", "/drive")


async def test_another_persons_right_is_nobodys(town: Town) -> None:
    grant = await town.give("ana", await town.put("ana", "a.txt"))
    async with town.house.client(token=town.tokens["bob"]) as client:
        assert (await client.get(f"/fabric/grants/{grant.id}")).status_code == 404
        for act in ("revoke", "undo"):
            assert (await client.post(f"/fabric/grants/{grant.id}/{act}", data={})).status_code == 404
    await town.post("ana", f"/fabric/grants/{grant.id}/revoke")
    assert (await town.post("bob", f"/fabric/grants/{grant.id}/undo"))[0] == 404
    assert "a.txt" not in await town.get("bob", f"/fabric/grants?done={grant.id}")


async def test_the_token_of_an_app_does_not_open_the_ledger(town: Town) -> None:
    grant = await town.give("ana", await town.put("ana", "a.txt"))
    secret = (await town.service.granting.secret(grant.id, "hello")).secret
    async with town.house.client(token=secret) as client:
        for path in (
            "/fabric/grants",
            f"/fabric/grants/{grant.id}",
            "/fabric/grants/list.csv",
            "/fabric/grants/list.json",
            f"/fabric/objects/grants?address={grant.object}",
        ):
            assert (await client.get(path)).status_code == 403, path
        for path in ("/fabric/grants/revoke", "/fabric/grants/undo", f"/fabric/grants/{grant.id}/undo"):
            assert (await client.post(path, data={"app": "hello", "at": "1"})).status_code == 403, path


async def test_uses_are_given_out_and_erased_with_the_person(town: Town) -> None:
    grant = await town.give("ana", await town.put("ana", "a.txt"))
    of_bob = await town.give("bob", await town.put("bob", "b.txt"))
    await town.use(grant)
    await town.use(of_bob)
    await town.uses(grant)
    context = town.house.context("fabric")
    tables = tables_of(context.app)
    from synfonium.kernel.personal_tables import owned, rows_of

    rows = await context.database.read(
        lambda c: list(rows_of(c, tables["fabric_use"], tables, town.ids["ana"]))
    )
    assert [row["grant_id"] for row in rows] == [grant.id]
    condition = owned(tables["fabric_use"], tables, town.ids["ana"])
    found = await context.database.read(lambda c: c.execute(select(store.uses).where(condition)).all())
    assert len(found) == 1


async def test_titles_are_asked_for_at_once_and_few_at_a_time(town: Town) -> None:
    running = most = 0

    class Slow:
        async def describe(self, person: PersonId, address: str) -> None:
            nonlocal running, most
            running += 1
            most = max(most, running)
            await asyncio.sleep(0.005)
            running -= 1

    class Context:
        def offer(self, protocol: Any) -> Any:
            assert protocol is Objects
            return Slow()

    titles = Titles(Context())  # type: ignore[arg-type]
    addresses = [f"cards:card/{n}" for n in range(50)]
    found = await titles.of(PersonId("ana"), addresses)
    assert set(found) == set(addresses)
    assert 2 <= most <= titles_room.AT_ONCE


def test_a_score_has_time_from_left_to_right_and_a_note_for_each_day() -> None:
    now_s = 20_000 * DAY_S + 3600
    grant = GrantId("g")
    uses = [
        Use(grant=grant, day=20_000, reads=1, last_s=now_s - 10),
        Use(grant=grant, day=19_999, reads=1, writes=2, last_s=now_s - DAY_S),
        Use(grant=GrantId("h"), day=19_999, reads=4, last_s=now_s - DAY_S),
        Use(grant=grant, day=20_000 - 27, reads=1, last_s=now_s - 27 * DAY_S),
    ]
    drawn = score([("Hello", uses), ("PC", [])], WIDE, now_s)
    first, yesterday, today = drawn.lines[0].notes
    assert (first.x, today.x) == (WIDE.first_x, WIDE.first_x + 27 * WIDE.day_x)
    assert (first.is_change, yesterday.is_change, today.is_change) == (False, True, False)
    assert (yesterday.is_live, today.is_live) == (False, True)
    assert drawn.lines[0].days == 3
    assert drawn.lines[1].notes == ()
    assert len(drawn.bars) == 4
    assert len(score([("Hello", uses)], NARROW, now_s).lines[0].notes) == 2
    assert score([(str(n), []) for n in range(15)], WIDE, now_s).left_out == 3


PLACES = ("drive:root", "folder", "file")
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["ana", "bob"]),
        st.sampled_from(["give", "use", "revoke", "pass on", "revoke all"]),
        st.sampled_from(PLACES),
        st.sampled_from(["hello", "pc"]),
    ),
    min_size=1,
    max_size=8,
)


def test_two_people_never_see_each_others_rows(tmp_path: Path) -> None:
    with asyncio.Runner() as runner:
        entered = installation(tmp_path / "home")
        town = Town(runner.run(entered.__aenter__()))
        places = runner.run(_settle(town))
        try:

            @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
            @given(STEPS)
            def play(steps: list[tuple[str, str, str, str]]) -> None:
                runner.run(_play(town, places, steps))

            play()
        finally:
            runner.run(entered.__aexit__(None, None, None))


async def _settle(town: Town) -> dict[tuple[str, str], str]:
    await town.register("hello")
    places = {}
    for name in ("ana", "bob"):
        await town.come(name)
        places[name, "drive:root"] = "drive:root"
        places[name, "folder"] = await town.put(name, f"{name}s folder/")
        places[name, "file"] = await town.put(name, f"{name}s folder/{name}s file")
    return places


async def _play(
    town: Town, places: dict[tuple[str, str], str], steps: list[tuple[str, str, str, str]]
) -> None:
    for name, deed, place, app in steps:
        mine = await town.service.granting.of_person(town.ids[name])
        if deed == "give":
            await town.give(name, places[name, place], "read write", app=app)
        elif deed == "revoke all":
            await town.post(name, "/fabric/grants/revoke", app=app)
        elif mine and deed == "use":
            await town.use(mine[0])
        elif mine and deed == "pass on" and not mine[0].parent:
            await town.delegate(mine[0], "search")
        elif mine and deed == "revoke":
            await town.post(name, f"/fabric/grants/{mine[-1].id}/revoke")
    for name, other in (("ana", "bob"), ("bob", "ana")):
        await _sees_only_their_own(town, places, name, other)


async def _sees_only_their_own(town: Town, places: dict[tuple[str, str], str], name: str, other: str) -> None:
    service = town.service
    theirs = [*(await service.granting.of_person(town.ids[other]))]
    theirs += [grant for grant, _s in await service.granting.ended(town.ids[other])]
    pages = [await town.get(name, path) for path in ("/fabric/grants", "/fabric/grants/list.json")]
    pages += [
        await town.get(name, f"/fabric/objects/grants?address={places[name, place]}") for place in PLACES
    ]
    for grant in (await service.granting.of_person(town.ids[name]))[:2]:
        pages.append(await town.get(name, f"/fabric/grants/{grant.id}"))
    for page in pages:
        assert f"{other}s f" not in page
        assert not [grant.id for grant in theirs if grant.id in page]
    async with town.house.client(token=town.tokens[name]) as client:
        for grant in theirs[:3]:
            assert (await client.get(f"/fabric/grants/{grant.id}")).status_code == 404
