"""What is probably meant: learned from pages alone, said only where it helps."""

import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from synfonium.apps.search.service.spelling import Spelling
from synfonium.ports.index import IndexDocument
from synfonium.testing.client import Installation, installation

pytestmark = pytest.mark.asyncio(loop_scope="module")
TITLES = [*["Développement durable"] * 6, *["Le restaurant de la gare"] * 6, *["Lumière du phare"] * 6]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Installation]:
    async with installation(tmp_path_factory.mktemp("spelling") / "home") as running:
        index = running.context("search").service.find.index
        index.add(
            IndexDocument(key=f"https://s{n}.example/{n}", host=f"s{n}.example", title=t, text=t, lang="fr")
            for n, t in enumerate(TITLES)
        )
        index.commit()
        yield running


async def meant(house: Installation, query: str) -> str:
    async with house.client() as client:
        return str((await client.get("/api/search", params={"q": query})).json()["corrected"])


@pytest.mark.parametrize(
    ("typed", "corrected"),
    [
        ("restuarant gare", "restaurant gare"),
        ("developement durable", "développement durable"),
        ("lumere -lampe", "lumière -lampe"),
        ("site:s13.example phrae", "site:s13.example phare"),
        ("developpement durable", ""),
        ("restaurant", ""),
        ("zzyzx", ""),
        ("rest", ""),
        ("", ""),
    ],
)
async def test_a_word_that_pages_hardly_have_is_corrected_by_one_that_they_have(
    house: Installation, typed: str, corrected: str
) -> None:
    assert await meant(house, typed) == corrected


async def test_what_is_meant_can_be_asked_by_link_and_by_form(house: Installation) -> None:
    async with house.client(headers={"accept": "text/html", "accept-language": "fr"}) as client:
        page = (await client.get("/search?q=restuarant")).text
        assert 'href="/search?q=restaurant"' in page
        assert "Vouliez-vous dire" in page
        form = (await client.post("/search", data={"q": "restuarant"})).text
        assert 'value="query:restaurant"' in form
        answer = (await client.post("/search", data={"q": "restuarant", "do": "query:restaurant"})).text
        assert "Le restaurant de la gare" in answer


async def test_questions_asked_often_are_never_what_is_meant(house: Installation) -> None:
    for _ in range(50):
        assert await meant(house, "restuarants") in ("", "restaurant")
    assert await meant(house, "restuarantz") == "restaurant"


async def test_hostile_words_cost_little(house: Installation) -> None:
    spelling = Spelling(house.context("search").service.find.index)
    begun_s = time.monotonic()
    for typed in ("x" * 2000, "é" * 1000, " ".join(f"mot{n}" for n in range(300)), "\x00 \u202e 🐎"):
        spelling.corrected(typed, typed)
    assert time.monotonic() - begun_s < 1
