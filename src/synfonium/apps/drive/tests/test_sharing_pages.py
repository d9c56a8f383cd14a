"""The pages of sharing, in a whole installation: as people see them, in French too."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from synfonium.testing.client import Installation, installation


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Installation]:
    async with installation(tmp_path / "home") as running:
        yield running


async def person(town: Installation, name: str) -> httpx.AsyncClient:
    await town.call("identity.user_add", {"name": name, "display": name.title()})
    token = (await town.call("identity.user_token", {"name": name, "label": "t"}))["token"]
    client = town.client()
    client.headers["authorization"] = f"Bearer {token}"
    client.headers["accept"] = "text/html"
    return client


async def made_folder(client: httpx.AsyncClient, who: str, name: str) -> str:
    assert (await client.request("MKCOL", f"/dav/files/{who}/{name}")).status_code == 201
    page = (await client.get("/drive")).text
    before = page.partition(f"<bdi>{name}</bdi>")[0]
    return before.rpartition('href="/drive/node/')[2].partition('"')[0]


async def test_a_folder_is_shared_by_name_seen_edited_and_taken_back(town: Installation) -> None:
    ada, bo = await person(town, "ada"), await person(town, "bo")
    trip = await made_folder(ada, "ada", "Trip")
    panel = await ada.get(f"/drive/node/{trip}/share")
    assert "Share “Trip”" in panel.text
    sent = await ada.post(
        f"/drive/node/{trip}/share", data={"name": "bo", "mode": "edit", "until": "2099-01-31", "note": "Hi"}
    )
    assert sent.status_code == 303
    panel = await ada.get(sent.headers["location"], headers={"accept-language": "fr"})
    assert "C’est partagé." in panel.text
    assert "<b>Bo</b>" in panel.text
    share = panel.text.partition("/drive/shares/")[2].partition("/")[0]
    assert "shared with you" in (await bo.get("/drive")).text
    assert "Ada" in (await bo.get("/drive/shared")).text
    assert (await bo.put("/dav/files/bo/Trip/a.txt", content=b"from bo")).status_code == 201
    assert (await ada.get("/dav/files/ada/Trip/a.txt")).content == b"from bo"
    assert "<bdi>Trip</bdi>" in (await bo.get(f"/drive/node/{trip}")).text
    about = await bo.get(f"/drive/node/{trip}/about")
    assert f"/drive/shared/{trip}/leave" in about.text
    assert "Bo" in (await ada.get("/drive/shared/mine")).text
    assert (await ada.post(f"/drive/shares/{share}/end?node={trip}")).status_code == 303
    assert (await bo.get(f"/drive/node/{trip}")).status_code == 404
    assert (await bo.request("PROPFIND", "/dav/files/bo/Trip/", headers={"depth": "0"})).status_code == 404
    for client in (ada, bo):
        await client.aclose()


async def test_a_wrong_name_is_told_kindly(town: Installation) -> None:
    ada = await person(town, "ada")
    trip = await made_folder(ada, "ada", "Trip")
    sent = await ada.post(f"/drive/node/{trip}/share", data={"name": "nobody"})
    assert sent.status_code == 404
    assert "Nobody here has that name." in sent.text
    await ada.aclose()


async def test_who_administers_an_organisation_makes_a_group_folder(town: Installation) -> None:
    ada, bo = await person(town, "ada"), await person(town, "bo")
    school = {"name": "School", "slug": "school", "kind": "organisation", "owner": "ada"}
    made = await town.call("identity.organisation_add", {**school, "total": "", "each": ""})
    await town.call("identity.organisation_member", {"slug": "school", "name": "bo", "role": "member"})
    page = await ada.get("/drive/groups")
    assert "A new group folder" in page.text
    terms = {"organisation": made["id"], "name": "Lessons", "mode": "edit", "quota": "5"}
    assert (await ada.post("/drive/groups", data=terms)).status_code == 303
    assert "<bdi>Lessons</bdi>" in (await ada.get("/drive/groups", headers={"accept-language": "fr"})).text
    assert (await bo.put("/dav/files/bo/Lessons/a", content=b"x")).status_code == 201
    assert (await ada.get("/dav/files/ada/Lessons/a")).content == b"x"
    assert "a group folder" in (await bo.get("/drive/shared")).text
    assert "A new group folder" not in (await bo.get("/drive/groups")).text
    for client in (ada, bo):
        await client.aclose()


async def test_the_page_of_activity_says_who_did_what(town: Installation) -> None:
    ada, bo = await person(town, "ada"), await person(town, "bo")
    trip = await made_folder(ada, "ada", "Trip")
    await ada.post(f"/drive/node/{trip}/share", data={"name": "bo", "mode": "edit"})
    for name in ("one.txt", "two.txt"):
        assert (await bo.put(f"/dav/files/bo/Trip/{name}", content=b"x")).status_code == 201
    page = (await ada.get("/drive/activity")).text
    assert "<b><bdi>Bo</bdi></b> added 2 files" in page
    assert "You shared" in page
    french = (await ada.get("/drive/activity?by=others", headers={"accept-language": "fr"})).text
    assert "<b><bdi>Bo</bdi></b> a ajouté 2 fichiers" in french
    assert "Vous avez" not in french
    about = (await bo.get(f"/drive/node/{trip}/about", headers={"accept-language": "fr"})).text
    assert "Vous avez ajouté 2 fichiers" in about
    assert f"/drive/activity?node={trip}" in about
    assert (await bo.get(f"/drive/activity?node={trip}&kind=nonsense&before=-3")).status_code == 200
    for client in (ada, bo):
        await client.aclose()


async def test_an_address_that_an_app_gave_on_leads_to_the_file_for_whoever_may_see_it(
    town: Installation,
) -> None:
    ada, bo = await person(town, "ada"), await person(town, "bo")
    trip = await made_folder(ada, "ada", "Trip")
    put = await ada.put("/remote.php/dav/files/ada/Trip/a.txt", content=b"x")
    number = int(put.headers["oc-fileid"].partition("oc")[0])
    led = await ada.get(f"/index.php/f/{number}", follow_redirects=False)
    assert led.status_code == 303
    there = httpx.URL(led.headers["location"]).path
    shown = await ada.get(there, follow_redirects=True)
    assert shown.status_code == 200
    assert "a.txt" in shown.text
    assert (await bo.get(there, follow_redirects=True)).status_code == 404
    await ada.post(f"/drive/node/{trip}/share", data={"name": "bo", "mode": "view"})
    assert "a.txt" in (await bo.get(there, follow_redirects=True)).text
    for client in (ada, bo):
        await client.aclose()
