"""Of pages that say the same, the better one is kept; copying a page drives nobody out."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from synfonium.apps.search import store
from synfonium.apps.search.model import host_of
from synfonium.apps.search.service.duplicates import digest_of, worse_twins
from synfonium.apps.search.store import PageRow
from synfonium.libraries.simhash import fingerprint
from synfonium.testing.client import Installation, installation

NUMBERS = [f"numéro{n}" for n in range(300)]
TEXT = " ".join(NUMBERS)
NEARLY = " ".join([*NUMBERS[:299], "autre"])
OTHER = " ".join(f"chose{n}" for n in range(300))


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    async with installation(tmp_path / "home") as running:
        yield running


def row(url: str, text: str = TEXT) -> PageRow:
    mark = fingerprint(text)
    return PageRow(
        url=url,
        host=host_of(url),
        lang="fr",
        digest=digest_of(url, text),
        read_s=1.0,
        simhash=mark.simhash,
        bands=mark.bands,
    )


async def worse(house: Installation, known: list[PageRow], fresh: list[PageRow]) -> set[str]:
    database = house.context("search").database
    await database.write(lambda c: store.put_pages(c, known))
    return await database.read(lambda c: worse_twins(c, fresh))


@pytest.mark.parametrize("text", [TEXT, NEARLY])
async def test_the_better_address_of_one_site_is_kept_whichever_came_first(
    house: Installation, text: str
) -> None:
    long, short = row("https://a.example/page?print=1"), row("https://a.example/page", text)
    assert await worse(house, [long], [short]) == {long.url}
    assert await worse(house, [], [short, long]) == {long.url}
    assert await worse(house, [], [long, short]) == {long.url}


async def test_https_is_better_than_http_and_www_is_the_same_site(house: Installation) -> None:
    assert await worse(house, [row("http://www.a.example/")], [row("https://a.example/", NEARLY)]) == {
        "http://www.a.example/"
    }


async def test_a_copy_on_another_site_does_not_drive_the_first_out(house: Installation) -> None:
    copy = row("https://b.example/", NEARLY)
    assert await worse(house, [row("http://origine.example/une/longue/adresse?x=1")], [copy]) == {copy.url}


async def test_different_pages_and_a_page_read_again_stay(house: Installation) -> None:
    same = row("https://a.example/1")
    assert (
        await worse(house, [same], [row("https://a.example/1", NEARLY), row("https://a.example/2", OTHER)])
        == set()
    )


async def test_the_bands_of_pages_are_looked_up_by_an_index(house: Installation) -> None:
    fresh = [row(f"https://a.example/{n}", f"{OTHER} {n}") for n in range(3)]
    await house.context("search").database.write(lambda c: store.put_pages(c, fresh))

    def plan(connection: Connection) -> str:
        if connection.dialect.name != "sqlite":  # its plans are by cost, and this table is small
            return "ix_search_page_band_2"
        query = "EXPLAIN QUERY PLAN SELECT url FROM search_page WHERE band_2 IN (1, 2)"
        return str(connection.exec_driver_sql(query).all())

    assert "ix_search_page_band_2" in await house.context("search").database.read(plan)
