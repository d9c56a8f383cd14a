"""What an organisation or a family gives is what Drive takes: in the page, by upload, by WebDAV."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from synfonium.testing.client import Installation, installation

AS_BROWSER = {"sec-fetch-site": "same-origin", "accept": "text/html"}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    async with installation(tmp_path) as running:
        yield running


async def member_of(house: Installation, slug: str, name: str) -> httpx.AsyncClient:
    """A browser of a member, by their token."""
    token = await house.person(name)
    await house.call("identity.organisation_member", {"slug": slug, "name": name})
    return house.client(token=token, headers=AS_BROWSER)


async def upload(browser: httpx.AsyncClient, name: str, size_bytes: int) -> httpx.Response:
    page = (await browser.get("/drive")).text
    folder = page.partition('data-folder="')[2].partition('"')[0]
    return await browser.post(f"/drive/upload/{folder}", files={"file": (name, b"x" * size_bytes)})


async def test_an_upload_beyond_a_members_share_is_refused_and_the_page_says_so(house: Installation) -> None:
    await house.call("identity.organisation_add", {"slug": "school", "name": "School", "each": "1000"})
    async with await member_of(house, "school", "paul") as paul:
        assert (await upload(paul, "first", 800)).status_code == 303
        refused = await upload(paul, "second", 300)
        assert refused.status_code == 507
        assert "Your storage is full." in refused.text
        assert "800\u00a0B of 1\u00a0kB used" in (await paul.get("/drive")).text
        by_webdav = await paul.put("/dav/files/paul/third", content=b"x" * 300)
        assert by_webdav.status_code == 507


async def test_a_family_fills_one_pool_together(house: Installation) -> None:
    family = {"slug": "home", "name": "Chez nous", "kind": "family", "total": "1000"}
    await house.call("identity.organisation_add", family)
    async with await member_of(house, "home", "ada") as ada, await member_of(house, "home", "bob") as bob:
        assert (await upload(ada, "a", 700)).status_code == 303
        refused = await upload(bob, "b", 400)
        assert refused.status_code == 507
        assert "The storage that you share is full: Chez nous." in refused.text
        assert (await upload(bob, "b", 300)).status_code == 303
        assert (await upload(ada, "c", 1)).status_code == 507


async def test_who_is_in_no_organisation_has_no_new_limit(house: Installation) -> None:
    await house.call("identity.organisation_add", {"slug": "school", "name": "School", "each": "0"})
    async with house.client(token=await house.person("eve"), headers=AS_BROWSER) as eve:
        assert (await upload(eve, "a", 2000)).status_code == 303
