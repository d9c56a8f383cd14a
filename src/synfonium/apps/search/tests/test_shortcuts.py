"""Shortcuts lead where their file says, and never anywhere else."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synfonium.apps.search.errors import BadShortcuts
from synfonium.apps.search.service.shortcuts.book import OWN_FILE, Book, book_of
from synfonium.apps.search.service.shortcuts.going import going
from synfonium.testing.client import Installation, installation

NOWHERE = Path("/nonexistent")
BOOK = book_of(NOWHERE)


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("!w chat noir", "https://fr.wikipedia.org/w/index.php?search=chat%20noir"),
        ("chat noir !w", "https://fr.wikipedia.org/w/index.php?search=chat%20noir"),
        ("  !W   é&a#?/..  ", "https://fr.wikipedia.org/w/index.php?search=%C3%A9%26a%23%3F%2F.."),
        ("!wikipedia chat", "https://fr.wikipedia.org/w/index.php?search=chat"),
        ("!w", "https://fr.wikipedia.org/"),
        ("!i chat", "/search?q=chat&vertical=images"),
        ("!web chat", "/search?q=chat&vertical="),
        ("!p mairie", "/search/places?q=mairie"),
        ("!", "/search/shortcuts"),
    ],
)
def test_a_question_with_a_shortcut_goes_there(typed: str, url: str) -> None:
    found = going(typed, BOOK, "fr")
    assert found
    assert found.url == url
    assert found.is_outside == url.startswith("https://")


@pytest.mark.parametrize("typed", ["chat", "quoi !", "!nonexistent chat", "a!w", "ouah !!", "!", "chat ! w"])
def test_a_question_without_a_known_shortcut_stays_a_question(typed: str) -> None:
    found = going(typed, BOOK, "fr")
    assert found is None or found.url == "/search/shortcuts"


def test_young_people_are_led_to_no_other_site() -> None:
    assert going("!w chat", BOOK, "fr", only_ours=True) is None
    assert going("!i chat", BOOK, "fr", only_ours=True)


def test_the_house_knows_more_than_a_hundred_sites_each_by_https() -> None:
    shortcuts = [shortcut for of in BOOK.categories.values() for shortcut in of if shortcut.url]
    assert len(shortcuts) > 120
    assert all(shortcut.url.startswith("https://") for shortcut in shortcuts)


@given(st.text(max_size=80), st.sampled_from(sorted(BOOK.by_trigger)))
def test_whatever_is_asked_the_site_is_the_one_of_the_file(query: str, trigger: str) -> None:
    found = going(f"!{trigger} {query}", BOOK, "fr")
    assert found
    if found.is_outside:
        parts = urlsplit(found.url)
        assert parts.scheme == "https"
        assert parts.netloc.endswith(BOOK.by_trigger[trigger].host)
        assert parts.username is None
        assert found.url.isascii()
    else:
        assert found.url.startswith("/search")


def own(folder: Path, content: str) -> Book:
    (folder / OWN_FILE).write_text(content)
    return book_of(folder)


def test_an_operators_file_adds_replaces_and_takes_away(tmp_path: Path) -> None:
    book = own(
        tmp_path,
        '[town]\nmairie = { name = "Mairie", url = "https://val-joli.example/find?q={query}" }\n'
        'w = { name = "Our wiki", url = "https://wiki.val-joli.example/{query}" }\n'
        'g = { name = "-", url = "" }\n',
    )
    assert book.by_trigger["mairie"].category == "town"
    assert book.by_trigger["w"].name == "Our wiki"
    assert "g" not in book.by_trigger
    assert "ddg" in book.by_trigger


@pytest.mark.parametrize(
    "url",
    [
        "http://a.example/{query}",
        "javascript:alert({query})",
        "https://{query}.example/",
        "https://a.example{query}/",
        "https://a.example@{query}/x",
        "https://a.example/x",
        "https://a.example/{query}{query}",
        "https://a.example/{other}{query}",
        "https://user:pass@a.example/{query}",
        "https://a.example:8443/{query}",
        "https://a.{lang}/{query}",
        "//a.example/{query}",
        "https://a.example\\@b.example/{query}",
        "https://127.0.0.1/{query}",
        "https://localhost/{query}",
    ],
)
def test_a_template_that_could_lead_elsewhere_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(BadShortcuts):
        own(tmp_path, f"[x]\nt = {{ name = 'T', url = '{url}' }}\n")


@pytest.mark.parametrize(
    "content",
    ["[", "x = 1", "[x]\nt = 3", "[x]\nt = { nam = 'T' }", "[x]\n'T t' = { name = 'T', vertical = 'web' }"],
)
def test_a_broken_file_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(BadShortcuts):
        own(tmp_path, content)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    async with installation(tmp_path / "home") as running:
        yield running


async def test_the_list_says_what_the_other_site_sees(house: Installation) -> None:
    async with house.client(headers={"accept": "text/html", "accept-language": "fr"}) as client:
        page = await client.get("/search/shortcuts")
        some = await client.get("/search/shortcuts?q=wiki")
        none = await client.get("/search/shortcuts?q=zzzz")
    assert page.status_code == 200
    assert "!w" in page.text
    assert "vos mots" in page.text
    assert "set-cookie" not in page.headers
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "Wikidata" in some.text
    assert "Gallica" not in some.text
    assert "Aucun raccourci" in none.text
