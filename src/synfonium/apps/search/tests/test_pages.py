"""Search for anybody: results, nothing kept, nobody known."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from synfonium.testing.client import Installation, installation

PAGES = [
    {
        "url": f"https://quartier-{n}.val-joli.example/page",
        "title": f"Déchèterie n° {n} <script>alert(1)</script>",
        "text": f"Les horaires de la déchèterie numéro {n} & le plan <b>d’accès</b>.",
        "lang": "fr",
    }
    for n in range(25)
] + [
    {"id": "javascript:alert(1)", "title": "Not a link", "text": "zebra crossing", "lang": "en"},
    {"url": "https://en.example/", "title": "Opening hours", "text": "The tip opens at nine.", "lang": "en"},
]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    async with installation(tmp_path / "home") as running:
        yield running


@pytest.fixture
async def filled(house: Installation, tmp_path: Path) -> Installation:
    file = tmp_path / "pages.jsonl"
    file.write_text("\n".join(json.dumps(page) for page in PAGES) + "\nbroken\n\n{}\n")
    report = await house.call("search.add", {"paths": [str(file)]})
    assert report[str(file)] == {"indexed": 27, "skipped": 0, "broken": 2}
    return house


async def get(house: Installation, path: str, **headers: str) -> httpx.Response:
    async with house.client(headers={"accept": "text/html", **headers}) as client:
        return await client.get(path)


async def test_an_empty_index_says_so_and_what_to_do(house: Installation) -> None:
    page = await get(house, "/search?q=horaires", **{"accept-language": "fr"})
    assert page.status_code == 200
    assert "encore vide" in page.text
    assert "synfonium search crawl" in page.text
    assert "synfonium search add" in page.text
    assert 'href="/admin/search"' in page.text


async def test_a_reader_finds_pages_with_title_address_snippet_and_language(filled: Installation) -> None:
    page = await get(filled, "/search?q=dechetteries+horaire", **{"accept-language": "fr"})
    assert page.text.count('class="hit"') == 10
    assert ".val-joli.example/page" in page.text
    assert "val-joli.example" in page.text
    assert "<mark>" in page.text
    assert 'lang="fr"' in page.text


async def test_what_strangers_wrote_is_text_and_never_markup(filled: Installation) -> None:
    page = await get(filled, "/search?q=horaires+zebra+%3Cscript%3E")
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert" in page.text
    zebra = await get(filled, "/search?q=zebra")
    assert "Not a link" in zebra.text
    assert 'href="javascript:' not in zebra.text


async def test_results_are_linked_without_detour_and_without_referrer(filled: Installation) -> None:
    page = await get(filled, "/search?q=tip")
    assert 'href="https://en.example/" rel="noreferrer nofollow"' in page.text
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"


async def test_pages_of_results_neither_repeat_nor_end_early(filled: Installation) -> None:
    async with filled.client() as client:
        found = [
            result["url"]
            for page in (1, 2, 3, 4)
            for result in (await client.get(f"/api/search?q=horaires&page={page}")).json()["results"]
        ]
    assert len(found) == len(set(found)) == 25
    assert "page=2" in (await get(filled, "/search?q=horaires")).text
    assert "page=4" not in (await get(filled, "/search?q=horaires&page=3")).text


async def test_the_form_may_be_posted_so_that_no_address_holds_the_words(filled: Installation) -> None:
    async with filled.client(headers={"accept": "text/html", "cookie": "session=x"}) as client:
        page = await client.post("/search", data={"q": "horaires"})
    assert page.status_code == 200
    assert page.text.count('class="hit"') == 10
    assert 'name="do" value="page:2"' in page.text
    assert "page=2" not in page.text


async def test_programs_get_json_with_plain_text(filled: Installation) -> None:
    answer = (await get(filled, "/api/search?q=horaires")).json()
    assert answer["query"] == "horaires"
    assert answer["total"] == 25
    assert answer["took_ms"] >= 0
    first = answer["results"][0]
    assert {"url", "title", "snippet", "host", "lang"} <= set(first)
    assert first["host"].endswith(".val-joli.example")
    assert "& le plan <b>d’accès" in first["snippet"], "the page's own words, unescaped and unmarked"


async def test_a_language_keeps_its_pages_only(filled: Installation) -> None:
    answer = (await get(filled, "/api/search?q=opening+horaires&lang=en")).json()
    assert [result["url"] for result in answer["results"]] == ["https://en.example/"]


async def test_suggestions_are_words_of_pages_and_never_of_queries(filled: Installation) -> None:
    for _ in range(20):
        await get(filled, "/api/search?q=horaryzebrafish")
    answer = await get(filled, "/api/search/suggest?q=les+hora")
    assert answer.headers["content-type"].startswith("application/x-suggestions+json")
    assert answer.json() == ["les hora", ["les horaires"]]


async def test_a_browser_can_add_the_search(house: Installation) -> None:
    answer = await get(house, "/opensearch.xml")
    assert answer.headers["content-type"].startswith("application/opensearchdescription+xml")
    assert "/search?q={searchTerms}" in answer.text


async def test_the_crawler_says_who_it_is(house: Installation) -> None:
    page = await get(house, "/bot", **{"accept-language": "en"})
    assert "User-agent: SynfoniumBot" in page.text


@pytest.mark.parametrize("path", ["/search?q=horaires", "/api/search?q=horaires", "/search", "/bot"])
async def test_nobody_gets_a_cookie_and_everybody_the_same_answer(filled: Installation, path: str) -> None:
    token = await filled.person("ada", administrator=True)
    plain = await get(filled, path)
    known = await get(
        filled,
        path,
        authorization=f"Bearer {token}",
        cookie="session=abc",
        **{"x-forwarded-for": "203.0.113.9"},
    )
    assert "set-cookie" not in plain.headers
    assert "set-cookie" not in known.headers
    assert _without_time(plain.text) == _without_time(known.text)


def _without_time(text: str) -> str:
    import re

    return re.sub(r'"took_ms":[\d.]+|in [\d.,]+\s?s', "", text)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/search?q=" + "a" * 2001, 400),
        ("/api/search?q=a&page=0", 422),
        ("/api/search?q=a&page=101", 422),
        ("/api/search?q=a&page=x", 422),
        ("/api/search?q=a&lang=..%2F", 422),
        ("/api/search?q=a&vertical=shopping", 404),
        ("/api/search?q=%00%ff%20%22((&page=100", 200),
        ("/api/search?q=", 200),
        ("/api/search", 200),
    ],
)
async def test_bad_input_gets_a_clear_refusal(filled: Installation, path: str, status: int) -> None:
    answer = await get(filled, path, accept="application/json")
    assert answer.status_code == status
    if status >= 400:
        assert answer.json()["code"]


async def test_a_query_is_written_nowhere(
    filled: Installation, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for path in (
        "/search?q=canary7391word",
        "/api/search?q=canary7391word",
        "/api/search/suggest?q=canary7391word",
    ):
        await get(filled, path, **{"x-forwarded-for": "203.0.113.77"})
    async with filled.client() as client:
        await client.post("/search", data={"q": "canary7391word"})
    output = capfd.readouterr()
    assert "canary7391" not in output.out + output.err
    files = [path for path in (tmp_path / "home").rglob("*") if path.is_file()]
    assert files
    for path in files:
        content = path.read_bytes()
        assert b"canary7391" not in content, path
        assert b"203.0.113.77" not in content, path
