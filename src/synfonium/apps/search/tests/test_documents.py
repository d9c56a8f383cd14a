"""A page becomes itself in the index, with its pictures and films beside it."""

import msgspec
import pytest

from synfonium.apps.search.model import Extract, Film, Picture
from synfonium.apps.search.service.documents import Standing, derived_keys, documents_of

URL = "https://journal.example/la-crue"
PAGE = Extract(
    title="La crue", text="La rivière est montée.", lang="fr", headings=("La crue", "Le pont"), spam=0.1
)


def test_a_page_brings_what_the_graph_and_itself_know_of_it() -> None:
    standing = Standing(host_rank=0.5, page_rank=0.25, anchors=("la crue", "inondation"))
    (page,) = documents_of(URL, PAGE, read_s=100.0, standing=standing)
    assert (page.key, page.host, page.time_s, page.kind) == (URL, "journal.example", 100.0, "page")
    assert (page.headings, page.anchors) == ("La crue\nLe pont", "la crue\ninondation")
    assert (page.signals.host_rank, page.signals.page_rank, page.signals.spam) == (0.5, 0.25, 0.1)
    assert not page.signals.is_home
    assert documents_of("https://journal.example/", PAGE, read_s=1.0)[0].signals.is_home


@pytest.mark.parametrize(
    ("types", "feeds", "published_s", "file_type", "kind"),
    [
        (("NewsArticle",), (), 0.0, "", "news"),
        (("BlogPosting",), ("https://journal.example/rss",), 5.0, "", "news"),
        (("BlogPosting",), (), 5.0, "", "page"),
        (("WebPage",), ("https://journal.example/rss",), 5.0, "", "page"),
        ((), (), 0.0, "pdf", "document"),
    ],
)
def test_a_page_is_news_or_a_document_when_it_says_so(
    types: tuple[str, ...], feeds: tuple[str, ...], published_s: float, file_type: str, kind: str
) -> None:
    said = msgspec.structs.replace(PAGE, schema_types=types, feeds=feeds, published_s=published_s)
    page = documents_of(URL, said, read_s=9.0, file_type=file_type)[0]
    assert page.kind == kind
    assert page.time_s == (published_s or 9.0)


def test_pictures_and_films_are_found_by_their_own_words_and_lead_to_their_page() -> None:
    said = msgspec.structs.replace(
        PAGE,
        main_picture="https://journal.example/main.jpg",
        pictures=(
            Picture(url="https://journal.example/pont.jpg", alt="Le pont", caption="Hier", width=800),
            Picture(url="https://journal.example/mute.jpg"),
        ),
        films=(Film(url="https://vimeo.com/1", title="Le film", duration_s=61.0),),
    )
    _, main, bridge, film = documents_of(URL, said, read_s=1.0)
    assert (main.kind, main.title, main.shown["image"]) == (
        "image",
        "La crue",
        "https://journal.example/main.jpg",
    )
    assert (bridge.title, bridge.text.splitlines()[0]) == ("Le pont", "Hier")
    assert bridge.shown["page"] == URL
    assert bridge.shown["width"] == "800"
    assert (film.kind, film.title, film.shown["watch"]) == ("video", "Le film", "https://vimeo.com/1")
    assert film.shown["duration"] == "61"


def test_what_went_with_a_page_can_be_deleted_by_its_address_alone() -> None:
    many = msgspec.structs.replace(
        PAGE,
        pictures=tuple(Picture(url=f"https://journal.example/{n}.jpg", alt=str(n)) for n in range(30)),
        films=tuple(Film(url=f"https://vimeo.com/{n}") for n in range(10)),
    )
    keys = [document.key for document in documents_of(URL, many, read_s=1.0)]
    assert len(set(keys)) == len(keys)
    assert set(keys[1:]) == set(derived_keys(URL))
