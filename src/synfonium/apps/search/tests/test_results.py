"""Results of each kind, and what a reader may want of them, by GET and by POST."""

import html
import re
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from synfonium.ports.index import IndexDocument, Signals
from synfonium.testing.client import Installation, installation

DAY_S = 86_400.0


def document(key: str, title: str, kind: str = "page", **more: object) -> IndexDocument:
    host = key.split("/")[2]
    known: dict[str, object] = {"key": key, "title": title, "kind": kind, "host": host, "lang": "en"}
    return IndexDocument(**{**known, "text": f"{title}. A harbour and its lighthouse.", **more})  # type: ignore[arg-type]


def shelf(now_s: float) -> list[IndexDocument]:
    return [
        *(document(f"https://many.example/{n}", f"Lighthouse number {n}") for n in range(6)),
        document("https://coast.example/a/b/c/d/lights", "Lights of the coast", shown={"site": "The Coast"}),
        document("https://trackers.example/", "Lighthouse keeper", signals=Signals(trackers=3)),
        document("https://adult.example/", "Lighthouse nights", signals=Signals(adult=0.9)),
        document("https://spicy.example/", "Lighthouse stories", signals=Signals(adult=0.5)),
        document("https://fr.example/", "Le phare lighthouse", lang="fr"),
        document("https://paper.example/old", "Lighthouse sold", "news", time_s=now_s - 90 * DAY_S),
        document(
            "https://paper.example/new",
            "Lighthouse saved",
            "news",
            time_s=now_s - DAY_S / 2,
            shown={"author": "Ada L.", "image": "https://paper.example/new.jpg", "published": "2026-01-01"},
        ),
        document(
            "https://coast.example/photo#picture-1",
            "Lighthouse at dusk",
            "image",
            shown={
                "image": "https://coast.example/dusk.jpg",
                "page": "https://coast.example/photo",
                "width": "1200",
                "height": "800",
            },
        ),
        document(
            "https://coast.example/film#film-1",
            "Lighthouse film",
            "video",
            shown={"page": "https://coast.example/film", "duration": "3725"},
        ),
        document("https://coast.example/plan.pdf", "Lighthouse plan", "document", file_type="pdf"),
    ]


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Installation]:
    async with installation(tmp_path_factory.mktemp("results") / "home") as running:
        context = running.context("search")
        index = context.service.find.index
        index.add(shelf(context.clock.now_s()))
        index.commit()
        yield running


async def get(house: Installation, path: str) -> httpx.Response:
    async with house.client(headers={"accept": "text/html", "accept-language": "en"}) as client:
        return await client.get(path)


async def post(house: Installation, path: str = "/search", **data: str) -> httpx.Response:
    async with house.client(headers={"accept": "text/html", "accept-language": "en"}) as client:
        return await client.post(path, data=data)


async def found(house: Installation, query: str) -> list[str]:
    answer = await get(house, f"/api/search?{query}")
    assert answer.status_code == 200, answer.text
    return [result["url"] for result in answer.json()["results"]]


def count_hits(page: httpx.Response) -> int:
    return len(re.findall(r'class="hit[ "]', page.text))


async def test_a_page_shows_at_most_two_results_of_a_host(house: Installation) -> None:
    urls = await found(house, "q=lighthouse")
    assert sum("many.example" in url for url in urls) == 2


@pytest.mark.parametrize(
    ("vertical", "urls"),
    [
        ("news", ["https://paper.example/new", "https://paper.example/old"]),
        ("images", ["https://coast.example/photo"]),
        ("videos", ["https://coast.example/film"]),
        ("documents", ["https://coast.example/plan.pdf"]),
    ],
)
async def test_each_kind_has_a_tab_of_its_own(house: Installation, vertical: str, urls: list[str]) -> None:
    assert await found(house, f"q=lighthouse&vertical={vertical}") == urls
    page = await get(house, f"/search?q=lighthouse&vertical={vertical}")
    assert count_hits(page) == len(urls)
    assert re.search(rf'vertical={vertical}" aria-current="page"', html.unescape(page.text))


async def test_an_unknown_kind_is_a_clear_404(house: Installation) -> None:
    answer = await get(house, "/api/search?q=a&vertical=shopping")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "search.unknown_vertical"


async def test_images_and_films_are_no_pages_of_the_web(house: Installation) -> None:
    urls = await found(house, "q=lighthouse&page=1") + await found(house, "q=lighthouse&page=2")
    assert "https://coast.example/photo" not in urls
    assert "https://coast.example/film" not in urls


async def test_pictures_come_from_this_installation_alone(house: Installation) -> None:
    page = await get(house, "/search?q=lighthouse&vertical=images")
    sources = re.findall(r'<img[^>]* src="([^"]+)"', page.text)
    assert sources
    assert all(source.startswith("/search/picture?u=") for source in sources)
    assert "1200 × 800" in page.text
    film = await get(house, "/search?q=lighthouse&vertical=videos")
    assert "1:02:05" in film.text


async def test_a_result_says_where_it_is_from_and_what_watches_there(house: Installation) -> None:
    page = html.unescape((await get(house, "/search?q=lights+coast")).text)
    assert "The Coast" in page
    assert "a › b › … › lights" in page
    keeper = (await get(house, "/search?q=lighthouse+keeper")).text
    assert "3 trackers on this page" in keeper


async def test_time_language_and_safety_narrow_what_is_found(house: Installation) -> None:
    assert await found(house, "q=lighthouse&vertical=news&time=week") == ["https://paper.example/new"]
    assert await found(house, "q=lighthouse&lang=fr") == ["https://fr.example/"]
    adult, spicy = "https://adult.example/", "https://spicy.example/"
    for safe, expected in (("off", {adult, spicy}), ("moderate", {spicy}), ("strict", set())):
        urls = await found(house, f"q=lighthouse+nights+stories&safe={safe}")
        assert {adult, spicy} & set(urls) == expected, safe


@pytest.mark.parametrize(
    ("query", "status"),
    [("time=never", 422), ("safe=maybe", 422), ("prefs=%00%ff;;=", 200), ("q=" + "a" * 50_000, 400)],
)
async def test_bad_filters_get_a_clear_refusal(house: Installation, query: str, status: int) -> None:
    answer = await get(house, f"/api/search?{'' if query[0] == 'q' else 'q=a&'}{query}")
    assert answer.status_code == status
    assert status == 200 or answer.json()["code"]


@pytest.mark.parametrize("query", ["%22%22", "(((%20!!", "-lighthouse", "%F0%9F%A6%91%20%E2%80%AE", "q=+"])
async def test_a_question_without_a_word_finds_nothing(house: Installation, query: str) -> None:
    assert await found(house, f"q={query}") == []
    assert "lighthouse" not in (await get(house, f"/search?q={query}&vertical=images")).text.lower().replace(
        html.escape(query.lower()), ""
    ).replace("-lighthouse", "")


async def test_more_sites_than_fit_on_a_page_are_blocked_as_well(house: Installation) -> None:
    others = ",".join(f"other-{number}.example" for number in range(150))
    urls = await found(house, f"q=lighthouse&prefs=v1;block={others},many.example,coast.example")
    assert urls
    assert not [url for url in urls if "many.example" in url or "coast.example" in url]


async def test_a_blocked_site_is_gone_and_a_pinned_one_first(house: Installation) -> None:
    urls = await found(house, "q=lighthouse&prefs=v1;block=many.example;pin=trackers.example")
    assert urls[0] == "https://trackers.example/"
    assert not any("many.example" in url for url in urls)
    assert any("many.example" in url for url in await found(house, "q=lighthouse"))


async def test_who_asks_for_a_blocked_site_by_name_finds_it(house: Installation) -> None:
    urls = await found(house, "q=lighthouse+site:many.example&prefs=v1;block=many.example")
    assert len(urls) == 6, "a site that was named may fill the page"


async def test_a_page_leads_to_more_of_a_site_that_it_has_no_room_for(house: Installation) -> None:
    page = html.unescape((await get(house, "/search?q=lighthouse")).text)
    assert "/search?q=lighthouse%20site:many.example" in page
    assert "site:fr.example" not in page
    answer = await post(house, q="lighthouse", do="site:many.example")
    assert count_hits(answer) == 6


async def test_a_result_says_that_it_was_pinned(house: Installation) -> None:
    page = html.unescape((await get(house, "/search?q=lighthouse&prefs=v1;pin=trackers.example")).text)
    assert "Why this result?" in page
    assert "You have pinned this site" in page
    assert "we do not have them" in page


async def test_one_click_on_a_result_makes_a_rule_that_the_address_carries(house: Installation) -> None:
    page = await get(house, "/search?q=lighthouse")
    assert '<button form="same" name="do" value="block:many.example"' in page.text
    answer = await get(house, "/search?q=lighthouse&do=block:many.example")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/search?q=lighthouse&prefs=v1;block=many.example"
    ruled = await get(house, answer.headers["location"])
    assert "many.example/" not in ruled.text
    assert "Your rule for 1 site" in ruled.text
    cleared = await get(house, "/search?q=lighthouse&prefs=v1;block=many.example&do=clear:many.example")
    assert cleared.headers["location"] == "/search?q=lighthouse"


async def test_parts_of_a_token_that_are_not_understood_are_named(house: Installation) -> None:
    page = await get(house, "/search?q=lighthouse&prefs=v1;frobnicate=1;block=many.example")
    assert "frobnicate=1" in page.text
    assert "many.example/" not in page.text
    answer = await get(house, "/api/search?q=lighthouse&prefs=v1;frobnicate=1")
    assert answer.json()["ignored"] == ["frobnicate=1"]


async def test_the_whole_page_works_with_the_words_in_no_address(house: Installation) -> None:
    page = await post(house, q="lighthouse", prefs="v1;block=trackers.example")
    assert page.status_code == 200
    addresses = re.findall(r'(?:href|action)="(/[^"]*)"', page.text)
    assert not [address for address in addresses if "lighthouse" in address]
    assert 'name="do" value="vertical:images"' in page.text
    for do, words in (
        ("vertical:images", "Lighthouse at dusk"),
        ("page:2", "Previous results"),
        ("block:many.example", "Your rules for 2 sites"),
    ):
        again = await post(house, q="lighthouse", prefs="v1;block=trackers.example", do=do)
        assert again.status_code == 200, do
        assert words in again.text, do
        assert "trackers.example/" not in again.text


async def test_preferences_may_ask_for_the_form(house: Installation) -> None:
    page = await get(house, "/search?prefs=v1;send=post")
    form = re.search(r'<form class="bigfind"[^>]*>', page.text)
    assert form
    assert 'method="post"' in form[0]
    assert 'name="prefs" value="v1;send=post"' in page.text


@pytest.mark.parametrize("do", ["block:", "block:<script>", "steal:a.example", "page:-1", "page:x", "page:"])
async def test_a_button_that_we_did_not_draw_does_no_harm(house: Installation, do: str) -> None:
    for answer in (await post(house, q="lighthouse", do=do), await get(house, f"/search?q=a&do={do}")):
        assert answer.status_code in (200, 303, 422)
        assert "<script>" not in answer.text.replace('<script type="module"', "")


async def test_preferences_are_made_on_a_plain_page(house: Installation) -> None:
    answer = await post(
        house,
        "/search/preferences",
        language="fr",
        second="en",
        region="FR",
        safe="strict",
        theme="dark",
        block="https://www.many.example/x\ntrackers.example",
        **{"raise": "coast.example"},
    )
    assert answer.status_code == 303
    token = (
        "v1;lang=fr,en;region=FR;safe=strict;theme=dark;"
        "raise=coast.example;block=many.example,trackers.example"
    )
    assert answer.headers["location"] == f"/search/preferences?prefs={token}&saved=true"
    page = html.unescape((await get(house, answer.headers["location"])).text)
    assert token in page
    assert 'data-color-scheme="dark"' in page
    assert f'value="http://localhost:8600/search?prefs={token}"' in page
    assert "set-cookie" not in answer.headers


async def test_a_wrong_line_of_the_form_is_named(house: Installation) -> None:
    answer = await post(house, "/search/preferences", block="not/a host!\nmany.example")
    page = await get(house, answer.headers["location"])
    assert "many.example" in page.text
    assert "block=host!" in page.text


async def test_a_browser_adds_the_search_with_the_preferences_in_it(house: Installation) -> None:
    answer = await get(house, "/opensearch.xml?prefs=v1;block=many.example;%22%3E%3Cevil")
    assert "/search?q={searchTerms}&amp;prefs=v1;block=many.example" in answer.text
    assert "evil" not in answer.text
    assert "suggest?q={searchTerms}" in answer.text
    assert "<Image " in answer.text
    posted = await get(house, "/opensearch.xml?prefs=v1;send=post")
    assert 'method="post"' in posted.text
    assert '<Param name="q" value="{searchTerms}"/>' in posted.text
    page = await get(house, "/search?prefs=v1;block=many.example")
    assert 'rel="search"' in page.text
    assert "/opensearch.xml?prefs=v1%3Bblock%3Dmany.example" in page.text


async def test_preferences_kept_with_an_account_never_reach_the_search_by_themselves(
    house: Installation,
) -> None:
    token = await house.person("ada")
    async with house.client(token=token, headers={"accept": "text/html"}) as client:
        kept = await client.post(
            "/settings/search", data={"token": "http://localhost:8600/search?prefs=v1;block=many.example"}
        )
        assert kept.headers["location"] == "/settings/search?saved=true"
        assert "v1;block=many.example" in (await client.get("/settings/search")).text
        go = await client.get("/settings/search/go?q=lighthouse")
        assert go.headers["location"] == "/search?q=lighthouse&prefs=v1;block=many.example"
        assert "many.example/" in (await client.get("/search?q=lighthouse")).text
        refused = await client.post("/settings/search", data={"token": "rubbish"})
        assert refused.status_code == 422
        await client.post("/settings/search", data={"token": ""})
        assert (await client.get("/settings/search/go?q=a")).headers["location"] == "/search?q=a"
    stranger = await get(house, "/settings/search")
    assert stranger.status_code in (302, 303, 401)


async def test_young_people_find_chosen_sites_alone(house: Installation) -> None:
    context = house.context("search")
    (context.folder / "young-people.txt").write_text("# ours\ncoast.example\nspicy.example # a mistake\n")
    home = await get(house, "/search/young")
    assert "What would you like to know?" in home.text
    page = await get(house, "/search/young?q=lighthouse+lights&prefs=v1;safe=off&safe=off")
    assert "coast.example" in page.text
    for host in ("many.example", "spicy.example", "adult.example", "trackers.example"):
        assert host not in page.text, host
    assert "coast.example" not in (await get(house, "/search/young?q=lighthouse+site:many.example")).text
    assert "many.example/" not in (await get(house, "/search/young?q=lighthouse+site:many.example")).text
    pictures = await post(house, "/search/young", q="lighthouse", do="vertical:images")
    assert "Lighthouse at dusk" in pictures.text
    news = await get(house, "/search/young?q=lighthouse&vertical=news")
    assert "paper.example" not in news.text


async def test_an_empty_list_for_young_people_finds_nothing(house: Installation) -> None:
    context = house.context("search")
    (context.folder / "young-people.txt").write_text("# nothing yet\n")
    page = await get(house, "/search/young?q=lighthouse")
    assert page.status_code == 200
    assert count_hits(page) == 0


@pytest.mark.parametrize(
    "path",
    [
        "/search?q=lighthouse&vertical=images",
        "/search/preferences?prefs=v1;block=a.example",
        "/search/young?q=lighthouse",
        "/opensearch.xml?prefs=v1;lang=fr",
        "/api/search?q=lighthouse&vertical=news",
    ],
)
async def test_every_door_is_the_same_for_everybody_and_leaves_nothing(
    house: Installation, path: str
) -> None:
    token = await house.person(f"ada{abs(hash(path)) % 10**6}")
    plain = await get(house, path)
    async with house.client(token=token, headers={"accept": "text/html", "accept-language": "en"}) as client:
        known = await client.get(path, headers={"cookie": "session=x"})
    assert plain.status_code == 200
    assert plain.headers["cache-control"] == "no-store"
    assert plain.headers["referrer-policy"] == "no-referrer"
    assert "set-cookie" not in plain.headers
    assert _without_time(plain.text) == _without_time(known.text)


def _without_time(text: str) -> str:
    return re.sub(r'"took_ms":[\d.]+|in [\d.,]+\s?s', "", text)
