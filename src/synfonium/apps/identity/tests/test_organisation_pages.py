"""Organisations by their pages: delegated to those who look after them, and to nobody else."""

import re
from html import escape
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event

from synfonium.apps.identity.store import tables_organisations
from synfonium.apps.identity.store.tables import people
from synfonium.testing.client import Installation

from .conftest import SAME_ORIGIN, MovedClock


async def signed_in(house: Installation, name: str) -> httpx.AsyncClient:
    browser = house.client(headers=SAME_ORIGIN)
    answer = await browser.post("/signin", data={"name": name, "password": f"{name}-password-1"})
    assert answer.status_code == 303, answer.text
    return browser


async def owner_of(house: Installation, slug: str, name: str) -> httpx.AsyncClient:
    """A browser of the owner of a new organisation."""
    await house.person(name)
    await house.call("identity.organisation_add", {"slug": slug, "name": slug.title(), "owner": name})
    return await signed_in(house, name)


async def id_of(house: Installation, name: str) -> str:
    return str((await house.call("identity.user_find", {"name": name}))["id"])


def link_in(page: str, kind: str) -> str:
    return re.findall(rf'value="http://localhost:8600(/{kind}/\w+)"', page)[0]


async def test_an_owner_adds_a_person_who_comes_in_by_the_link(house: Installation) -> None:
    olga = await owner_of(house, "school", "olga")
    await olga.post("/organisation/school/groups", data={"name": "6e A"})
    group = re.findall(r"groups/(\w+)/rename", (await olga.get("/organisation/school/groups")).text)[0]
    page = await olga.post(
        "/organisation/school/members", data={"name": "paul", "display": "Paul", "group": group}
    )
    assert page.status_code == 200, page.text
    link = link_in(page.text, "welcome")
    async with house.client(headers=SAME_ORIGIN) as paul:
        secret = link.rpartition("/")[2]
        assert (
            await paul.post("/welcome", data={"link": secret, "password": "a long sentence"})
        ).status_code == 303
        mine = (await paul.get("/organisation/school")).text
        assert "6e A" in mine
        assert "olga" not in mine
        assert (await paul.get("/organisation/school/groups")).status_code == 403
    listed = (await olga.get("/organisation/school", params={"q": "pau", "group": group})).text
    assert "Paul" in listed
    assert "olga" not in re.findall(r"<tbody>.*</tbody>", listed, re.DOTALL)[0]


async def test_a_link_into_a_members_account_takes_a_pass_of_who_looks_after_it(house: Installation) -> None:
    olga = await owner_of(house, "school", "olga")
    stranger = await owner_of(house, "club", "eve")
    page = await olga.post("/organisation/school/members", data={"name": "paul", "display": "Paul"})
    secret = link_in(page.text, "welcome").rpartition("/")[2]
    paul, member = await id_of(house, "paul"), f"/organisation/school/members/{await id_of(house, 'paul')}"
    assert (await olga.post(f"{member}/link")).status_code == 200  # nobody uses the account yet
    page = await olga.post(f"{member}/link")
    secret = link_in(page.text, "welcome").rpartition("/")[2]
    async with house.client(headers=SAME_ORIGIN) as browser:
        await browser.post("/welcome", data={"link": secret, "password": "a long sentence"})
        refused = await olga.post(f"{member}/link")
        assert (refused.status_code, refused.headers["location"].partition("?")[0]) == (303, f"/pass/{paul}")
        why = {"reason": "Paul lost his phone on Monday", "hours": "1", "next": member}
        assert (await stranger.get(f"/pass/{paul}")).status_code == 404
        assert (await stranger.post(f"/pass/{paul}", data=why)).status_code == 404
        assert "A sign-in link for Paul" in (await olga.get(f"/pass/{paul}")).text
        assert (await olga.post(f"/pass/{paul}", data=why)).headers["location"] == member
        assert link_in((await olga.post(f"{member}/link")).text, "welcome")
        seen = (await browser.get("/settings/privacy")).text
    newest = seen.partition('<ul class="list plain mt-4">')[2].partition("</li>")[0]
    assert "<b>Olga</b> made a sign-in link to hand to you" in newest
    assert "Paul lost his phone on Monday" in newest


async def test_who_looks_after_an_organisation_gets_no_pass_for_an_account_of_a_persons_own(
    house: Installation,
) -> None:
    olga = await owner_of(house, "school", "olga")
    await house.person("bob")
    await house.call("identity.organisation_member", {"slug": "school", "name": "bob"})
    assert (await olga.get(f"/organisation/school/members/{await id_of(house, 'bob')}")).status_code == 200
    assert (await olga.get(f"/pass/{await id_of(house, 'bob')}")).status_code == 404


async def test_a_list_of_people_gets_links_to_print(house: Installation) -> None:
    olga = await owner_of(house, "school", "olga")
    page = await olga.post("/organisation/school/list", data={"lines": "paul; Paul\nlea; Léa"})
    assert len(re.findall(r"http://localhost:8600/welcome/\w+", page.text)) == 2
    again = await olga.post("/organisation/school/list", data={"lines": "tom\nlea"})
    assert again.status_code == 409


async def test_an_invited_person_makes_an_account_of_their_own(house: Installation) -> None:
    olga = await owner_of(house, "nest", "olga")
    page = await olga.post("/organisation/nest/invitations", data={"uses": "2", "days": "7"})
    link = link_in(page.text, "invitation")
    secret = link.rpartition("/")[2]
    async with house.client(headers=SAME_ORIGIN) as bob:
        assert "Nest" in (await bob.get(link)).text
        wrong = await bob.post("/invitation/new", data={"link": secret, "name": "B/b"})
        assert (wrong.status_code, 'aria-invalid="true"' in wrong.text) == (422, True)
        assert (await bob.post("/invitation/new", data={"link": secret, "name": "olga"})).status_code == 409
        made = await bob.post("/invitation/new", data={"link": secret, "name": "bob", "display": "Bob"})
        assert made.status_code == 303
        assert made.headers["location"].startswith("/welcome/")
        welcome = made.headers["location"].rpartition("/")[2]
        await bob.post("/welcome", data={"link": welcome, "password": "a long sentence"})
        assert "Nest" in (await bob.get("/settings/family")).text
    assert "Bob" in (await olga.get("/organisation/nest/invitations")).text
    await house.person("eve")
    eve = await signed_in(house, "eve")
    assert (await eve.post("/invitation/join", data={"link": secret})).status_code == 303
    assert (await eve.get("/organisation/nest")).status_code == 200
    assert (await eve.get(link)).status_code == 410


async def test_an_invitation_ends_by_time_and_by_being_taken_back(
    house: Installation, clock: MovedClock
) -> None:
    olga = await owner_of(house, "nest", "olga")
    links = [
        link_in((await olga.post("/organisation/nest/invitations", data={"days": "1"})).text, "invitation")
        for _ in range(2)
    ]
    invitation = re.findall(
        r"invitations/(\w+)/revoke", (await olga.get("/organisation/nest/invitations")).text
    )[0]
    await olga.post(f"/organisation/nest/invitations/{invitation}/revoke")
    async with house.client(headers=SAME_ORIGIN) as bob:
        assert (await bob.get(links[1])).status_code == 410
        assert (await bob.get(links[0])).status_code == 200
        clock.ahead_s = 86_401
        assert (await bob.get(links[0])).status_code == 410
        secret = links[0].rpartition("/")[2]
        assert (await bob.post("/invitation/new", data={"link": secret, "name": "bob"})).status_code == 410
        for made_up in ("x", "A" * 43, "A" * 5000):
            assert (await bob.get(f"/invitation/{made_up}")).status_code == 410


async def test_an_invitation_is_written_to_an_address(house: Installation) -> None:
    olga = await owner_of(house, "nest", "olga")
    page = await olga.post("/organisation/nest/invitations", data={"email": "bob@example.org"})
    assert page.status_code == 200, page.text
    assert "bob@example.org" in page.text
    for wrong in ("bob@example.org\nBcc: x@example.org", "nobody", "a@b\r\nX: y"):
        refused = await olga.post("/organisation/nest/invitations", data={"email": wrong})
        assert refused.status_code == 422
    assert (await olga.post("/organisation/nest/invitations", data={"uses": "0"})).status_code == 422


async def test_a_person_makes_a_family_where_the_operator_lets_them(house: Installation) -> None:
    await house.person("bob")
    bob, context = await signed_in(house, "bob"), house.context("identity")
    family = {"name": "Chez nous", "slug": "chez-nous"}
    assert (await bob.post("/settings/family", data=family)).status_code == 403
    context.config = msgspec.structs.replace(context.config, people_make_families=True)
    made = await bob.post("/settings/family", data=family)
    assert made.headers["location"] == "/organisation/chez-nous/invitations"
    assert (await bob.get(made.headers["location"])).status_code == 200
    more = await bob.post("/organisation/chez-nous/settings", data={"name": "Chez nous", "total": "9 TB"})
    assert more.status_code == 303
    quota = (await house.call("identity.organisation_list"))["organisations"][0]
    assert quota["total_bytes"] is None


async def test_administrators_invite_to_the_installation_alone(
    house: Installation, ada: httpx.AsyncClient
) -> None:
    page = await ada.post("/admin/people/invitations", data={"uses": "1", "days": "7"})
    assert page.status_code == 200, page.text
    link = link_in(page.text, "invitation")
    async with house.client(headers=SAME_ORIGIN) as bob:
        new = {"link": link.rpartition("/")[2], "name": "bob", "display": "Bob"}
        assert (await bob.post("/invitation/new", data=new)).status_code == 303
        assert (await bob.get(link)).status_code == 410
    shown = (await ada.get("/admin/people/invitations")).text
    assert "Bob" in shown
    await ada.post("/admin/people/invitations", data={"uses": "1", "days": "7"})
    open_one = re.findall(r"invitations/(\w+)/revoke", (await ada.get("/admin/people/invitations")).text)
    assert len(open_one) == 1
    assert (await ada.post(f"/admin/people/invitations/{open_one[0]}/revoke")).status_code == 303
    async with house.client(token=await house.person("eve")) as eve:
        assert (await eve.get("/admin/people/invitations")).status_code == 403


async def test_a_member_may_leave_and_an_account_of_the_organisations_own_may_not(
    house: Installation,
) -> None:
    await owner_of(house, "school", "olga")
    await house.person("bob")
    await house.call("identity.organisation_member", {"slug": "school", "name": "bob"})
    managed = {"name": "paul", "organisation": "school", "password": "paul-password-1"}
    await house.call("identity.user_add", managed)
    bob, paul = await signed_in(house, "bob"), await signed_in(house, "paul")
    assert (await bob.post("/organisation/school/leave")).status_code == 303
    assert (await bob.get("/organisation/school")).status_code == 404
    assert (await paul.post("/organisation/school/leave")).status_code == 403


async def test_administrators_find_people_among_many(house: Installation, ada: httpx.AsyncClient) -> None:
    await house.call("identity.organisation_add", {"slug": "school", "name": "School"})
    lines = "\n".join(f"pupil{number:03}; Pupil {number}" for number in range(150))
    await house.call("identity.organisation_import", {"slug": "school", "lines": lines})
    first = (await ada.get("/admin/people")).text
    assert "pupil098" in first
    assert "pupil099" not in first
    following = re.findall(r'href="(/admin/people\?[^"]*after=[^"]*)"', first)[0].replace("&amp;", "&")
    assert "pupil149" in (await ada.get(following)).text
    found = (await ada.get("/admin/people", params={"q": "Pupil 14"})).text
    assert re.findall(r"pupil\d+", found)[0] == "pupil014"
    inside = (await ada.get("/admin/people", params={"organisation": "school", "q": "a"})).text
    assert ">ada<" not in re.sub(r"\s", "", re.findall(r"<tbody>.*</tbody>", inside, re.DOTALL)[0])


async def test_pages_of_people_ask_as_much_for_sixty_as_for_three(
    house: Installation, ada: httpx.AsyncClient
) -> None:
    await house.call("identity.organisation_add", {"slug": "school", "name": "School"})
    await house.call("identity.organisation_group", {"slug": "school", "name": "6e"})
    asked: list[str] = []
    event.listen(Engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    counts: list[list[int]] = []
    for start, stop in ((0, 3), (3, 60)):
        lines = "\n".join(f"pupil{number}; Pupil; 6e" for number in range(start, stop))
        await house.call("identity.organisation_import", {"slug": "school", "lines": lines})
        counts.append([])
        for path in ("/admin/people", "/admin/organisations", "/organisation/school"):
            tries = []
            for _ in range(4):  # who asks is looked up once a second
                asked.clear()
                assert (await ada.get(path)).status_code == 200
                # On PostgreSQL each transaction begins with SELECT 1.
                tries.append(len([one for one in asked if one.startswith("SELECT") and one != "SELECT 1"]))
            counts[-1].append(min(tries))
    assert counts[0] == counts[1]
    assert max(counts[1]) <= 8


_ACTS = st.sampled_from(
    [
        ("POST", "/members/{person}", {"role": "owner", "quota": "1 GB"}),
        ("POST", "/members/{person}/link", {}),
        ("POST", "/members/{person}/suspend", {}),
        ("POST", "/members/{person}/resume", {}),
        ("POST", "/members/{person}/remove", {}),
        ("GET", "/members/{person}", {}),
        ("GET", "?group={group}", {}),
        ("GET", "?q=target", {}),
        ("POST", "/members", {"name": "spy", "group": "{group}"}),
        ("POST", "/groups/{group}/rename", {"name": "Mine"}),
        ("POST", "/groups/{group}/remove", {}),
        ("POST", "/invitations", {"group": "{group}"}),
        ("POST", "/invitations/{invitation}/revoke", {}),
        ("POST", "/directory/{token}/revoke", {}),
        ("GET", "", {}),
        ("GET", "/settings", {}),
        ("GET", "/groups", {}),
        ("GET", "/invitations", {}),
        ("POST", "/settings", {"name": "Stolen", "each": "1"}),
        ("POST", "/remove", {}),
        ("POST", "/list", {"lines": "spy2; Spy; Target group"}),
    ]
)


async def test_nothing_of_one_organisation_is_readable_or_changeable_from_another(
    house: Installation,
) -> None:
    """Property, over one house: every act of an owner with ids of another organisation."""
    target = await owner_of(house, "target", "olga")
    await target.post("/organisation/target/groups", data={"name": "Target group"})
    managed = {"name": "target-pupil", "display": "Target pupil", "organisation": "target"}
    await house.call("identity.user_add", managed)
    await target.post("/organisation/target/invitations", data={"days": "7"})
    await house.call("identity.organisation_token", {"slug": "target", "label": "target directory"})
    mallory = await owner_of(house, "other", "mallory")
    ids = {"person": await id_of(house, "target-pupil"), **await _ids(house)}
    asked: list[tuple[tuple[str, str, dict[str, str]], str]] = []

    @given(_ACTS, st.sampled_from(["target", "other"]))
    @settings(max_examples=120, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def collect(act: tuple[str, str, dict[str, str]], slug: str) -> None:
        if (act, slug) not in asked:
            asked.append((act, slug))

    collect()
    before = await _rows(house)
    own = ("GET", "/settings", "/groups", "/invitations", "/remove")
    for (method, path, form), slug in asked:
        if slug == "other" and path in own and method == "POST":
            continue
        where = f"/organisation/{slug}{path.format(**ids)}"
        answer = await mallory.request(
            method, where, data={k: v.format(**ids) for k, v in form.items()} or None
        )
        # A refused form gives back what she typed herself, and nothing more.
        told = answer.text
        for typed in form.values():
            told = told.replace(escape(typed.format(**ids)), "")
        assert "Target" not in told, where
        if slug == "target":
            assert answer.status_code == 404, where
        assert await _rows(house) == before, where


async def _ids(house: Installation) -> dict[str, str]:
    tables = tables_organisations
    wanted = {"group": tables.groups, "invitation": tables.invitations, "token": tables.scim_tokens}

    def work(connection: Any) -> dict[str, str]:
        return {name: connection.execute(table.select()).first().id for name, table in wanted.items()}

    return dict(await house.context("identity").database.read(work))


async def _rows(house: Installation) -> str:
    """Everything about the first organisation, as it is stored."""
    tables = tables_organisations

    def work(connection: Any) -> str:
        found = connection.execute(
            tables.organisations.select().where(tables.organisations.c.slug == "target")
        )
        organisation = found.one()
        rows = [organisation]
        for table in (
            tables.members,
            tables.groups,
            tables.group_members,
            tables.invitations,
            tables.scim_tokens,
        ):
            rows += connection.execute(table.select().where(table.c.organisation == organisation.id)).all()
        rows += connection.execute(people.select().where(people.c.name == "target-pupil")).all()
        return repr([tuple(row) for row in rows])

    return str(await house.context("identity").database.read(work))


@pytest.mark.parametrize(
    "path", ["/admin/organisations", "/organisation/school", "/organisation/school/settings"]
)
async def test_a_visitor_and_a_stranger_see_nothing(house: Installation, path: str) -> None:
    await owner_of(house, "school", "olga")
    async with house.client(token=await house.person("eve")) as eve, house.client() as nobody:
        assert (await eve.get(path)).status_code in (403, 404)
        assert (await nobody.get(path)).status_code == 401
