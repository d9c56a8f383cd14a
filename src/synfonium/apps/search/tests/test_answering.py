"""Answers on the page of results and in JSON, and shortcuts typed into the field."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from synfonium.apps.search.tests.made_places import GEONAMES
from synfonium.apps.search.tests.test_knowledge import ENTERPRISE, lines
from synfonium.testing.client import Installation, installation


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    async with installation(tmp_path / "home") as running:
        yield running


async def get(house: Installation, path: str, locale: str = "fr") -> httpx.Response:
    headers = {"accept": "text/html", "accept-language": locale}
    async with house.client(headers=headers) as client:
        return await client.get(path)


async def test_an_answer_stands_above_the_pages_in_the_readers_language(house: Installation) -> None:
    """Even while the index is empty."""
    page = await get(house, "/search?q=jours+jusqu%27%C3%A0+No%C3%ABl")
    assert 'class="answer instant"' in page.text
    assert "D’ici au" in page.text
    assert "25 décembre" in page.text
    english = await get(house, "/search?q=3+%2B+4", "en")
    assert '<p class="lead">7</p>' in english.text.replace("\n", "")
    assert "instant" not in (await get(house, "/search?q=mairie")).text
    assert "instant" not in (await get(house, "/search?q=3%2B4&vertical=images")).text


async def test_programs_get_the_answer_as_data(house: Installation) -> None:
    answer = (await get(house, "/api/search?q=5+miles+en+km")).json()
    (found,) = answer["answers"]
    assert (found["kind"], found["lead"]) == ("units", "8,04672\u00a0km")
    assert (await get(house, "/api/search?q=mairie")).json()["answers"] == []


async def test_what_is_typed_is_text_in_an_answer(house: Installation) -> None:
    page = await get(house, "/search?q=md5+de+%3Cscript%3Ealert(1)%3C%2Fscript%3E")
    assert "instant" in page.text
    assert "<script>alert" not in page.text


async def test_an_article_of_the_encyclopedia_stands_beside_the_pages(
    house: Installation, tmp_path: Path
) -> None:
    wiki = tmp_path / "wiki.ndjson"
    wiki.write_bytes(lines(ENTERPRISE))
    await house.call("search.import_encyclopedia", {"path": str(wiki)})
    page = (await get(house, "/search?q=rennes")).text
    assert 'class="infobox"' in page
    assert "CC BY-SA" in page
    assert 'href="https://fr.wikipedia.org/wiki/Rennes" rel="noreferrer nofollow"' in page
    assert "<b>Somebody" not in page
    answer = (await get(house, "/api/search?q=rennes")).json()
    assert answer["infobox"]["title"] == "Rennes"


async def test_a_shortcut_goes_on_to_the_other_site_and_says_nothing_besides(house: Installation) -> None:
    """By a Refresh header: a redirect after our form is what `form-action 'self'` forbids."""
    page = await get(house, "/search?q=!w+chat+noir")
    target = "https://fr.wikipedia.org/w/index.php?search=chat%20noir"
    assert page.headers["refresh"] == f"0;url={target}"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    assert f'href="{target}" rel="noreferrer nofollow"' in page.text
    async with house.client(headers={"accept": "text/html"}) as client:
        posted = await client.post("/search", data={"q": "chat !wfr"})
    assert posted.headers["refresh"].startswith("0;url=https://fr.wikipedia.org/")


@pytest.mark.parametrize(
    ("typed", "location"),
    [
        ("!", "/search/shortcuts"),
        ("!i chat", "/search?q=chat&vertical=images"),
        ("!p lyon", "/search/places?q=lyon"),
    ],
)
async def test_a_shortcut_to_our_own_leads_there(house: Installation, typed: str, location: str) -> None:
    answer = await get(house, f"/search?q={typed}")
    assert (answer.status_code, answer.headers["location"]) == (303, location)


@pytest.mark.parametrize("typed", ["!w%0d%0aSet-Cookie:x=1", "!w%20a%0d%0aX-Evil:1", "!w \u2028 a", "!w%00"])
async def test_no_header_comes_out_of_a_shortcut(house: Installation, typed: str) -> None:
    answer = await get(house, f"/search?q={typed}")
    assert answer.status_code == 200
    assert "x-evil" not in answer.headers
    assert "set-cookie" not in answer.headers


async def test_young_people_are_not_led_away(house: Installation) -> None:
    answer = await get(house, "/search/young?q=!w+chat")
    assert "refresh" not in answer.headers
    assert answer.status_code == 200


async def test_the_tab_of_places_is_there_once_there_are_some(house: Installation, tmp_path: Path) -> None:
    assert 'href="/search/places' not in (await get(house, "/search?q=lyon")).text
    cities = tmp_path / "cities500.txt"
    cities.write_text(GEONAMES)
    await house.call("search.import_places", {"path": str(cities)})
    assert 'href="/search/places?q=lyon' in (await get(house, "/search?q=lyon")).text


async def test_suggesting_and_answering_write_nothing_down(house: Installation, tmp_path: Path) -> None:
    await get(house, "/search?q=md5+de+canary8812")
    await get(house, "/search/places?q=canary8812")
    await get(house, "/search?q=!w+canary8812")
    files = [path for path in (tmp_path / "home").rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if b"canary8812" in path.read_bytes()]
