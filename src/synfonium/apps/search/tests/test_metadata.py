"""What a page says of itself for machines is read, and believed no further than it deserves."""

import json
import time
from datetime import UTC, datetime

import pytest

from synfonium.apps.search.children.extract import extract
from synfonium.apps.search.model import Extract

URL = "https://journal.example/2024/05/12/la-crue.html"
TEXT = "La rivière est montée de deux mètres dans la nuit, et le pont reste fermé jusqu'à lundi. " * 5


def read(head: str = "", body: str = f"<article><p>{TEXT}</p></article>", url: str = URL) -> Extract:
    return extract(url, f"<html lang=fr><head>{head}</head><body>{body}</body></html>".encode())


def ld(thing: object) -> str:
    return f'<script type="application/ld+json">{json.dumps(thing)}</script>'


def day(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).isoformat()[:16] if at_s else ""


SITE = '<meta property="og:site_name" content="Le Journal">'


@pytest.mark.parametrize(
    ("head", "url", "title"),
    [
        (f"{SITE}<title>La crue | Le Journal</title>", URL, "La crue"),
        (f"{SITE}<title>Le Journal - La crue - nos photos</title>", URL, "La crue - nos photos"),
        ("<title>La crue — Journal</title>", URL, "La crue"),
        (f'{SITE}<meta property="og:title" content="Le Journal"><title>La crue</title>', URL, "La crue"),
        ('<meta property="og:title" content="La grande crue"><title>crue</title>', URL, "La grande crue"),
        (f"{SITE}<title>Le Journal - Accueil</title>", "https://journal.example/", "Le Journal - Accueil"),
        (f"{SITE}<title>Le Journal</title>", "https://journal.example/une", "Le Journal"),
        ("<title>Porte-avions - coque</title>", URL, "Porte-avions - coque"),
    ],
)
def test_a_title_is_said_without_the_name_of_its_site(head: str, url: str, title: str) -> None:
    assert read(head, url=url).title == title


ARTICLE = {
    "@context": "https://schema.org",
    "@graph": [
        {"@type": "WebSite", "name": "Le Journal"},
        {
            "@type": ["NewsArticle"],
            "author": [{"@type": "Person", "name": "Par Ada Lefèvre"}],
            "datePublished": "2024-05-13T08:30:00+02:00",
            "image": {"url": "/crue.jpg"},
        },
    ],
}


def test_structured_words_of_a_page_are_read() -> None:
    found = read(f'{ld(ARTICLE)}<meta name=Description content=" Deux \n mètres. ">')
    assert (found.author, found.site_name, found.description) == ("Ada Lefèvre", "Le Journal", "Deux mètres.")
    assert day(found.published_s) == "2024-05-13T06:30"
    assert found.main_picture == "https://journal.example/crue.jpg"
    assert "NewsArticle" in found.schema_types


@pytest.mark.parametrize(
    ("head", "body", "published"),
    [
        ('<meta property="article:published_time" content="2023-01-02T03:04:05Z">', "", "2023-01-02T03:04"),
        ('<meta name="date" content="Mon, 02 Jan 2023 03:04:05 +0000">', "", "2023-01-02T03:04"),
        ("", '<time datetime="2023-01-02">hier</time>', "2023-01-02T00:00"),
        ("", "", "2024-05-12T00:00"),
        ('<meta name="date" content="2999-01-01">', "", "2024-05-12T00:00"),
        ('<meta name="date" content="0001-01-01">', "", "2024-05-12T00:00"),
        ('<meta name="date" content="' + "9" * 1000 + '">', "", "2024-05-12T00:00"),
    ],
)
def test_a_date_is_taken_from_the_surest_place_and_never_from_the_future(
    head: str, body: str, published: str
) -> None:
    assert day(read(head, body).published_s) == published


def test_a_page_without_a_date_has_none() -> None:
    assert read(url="https://journal.example/contact").published_s == 0


def test_pictures_are_those_of_the_page_and_not_of_its_frame() -> None:
    found = read(
        body="""<header><img src="/banner.jpg" alt="Bandeau"></header><article>
        <figure><img data-src="/crue.jpg" src="data:image/gif;base64,R0" alt="Le pont" width="800">
        <figcaption>Le pont, <b>hier</b></figcaption></figure>
        <img srcset="/s.jpg 320w, /l.jpg 1280w"><img src="/point.gif" width=1 height=1><img src="/logo.png">
        <a href="https://other.example/"><b><img src="/brand.png" alt="Autre"></b></a></article>"""
    ).pictures
    assert [(p.url.rpartition("/")[2], p.alt, p.caption, p.width) for p in found] == [
        ("crue.jpg", "Le pont", "Le pont, hier", 800),
        ("l.jpg", "", "", 0),
    ]


def test_films_are_known_by_where_they_are_watched() -> None:
    film = {"@type": "VideoObject", "name": "La crue", "duration": "PT1H2M3S", "thumbnailUrl": ["/t.jpg"]}
    found = read(
        ld(film),
        '<iframe src="//www.youtube-nocookie.com/embed/abcdefghijk?rel=0" title="Le pont"></iframe>'
        '<iframe src="https://tube.example/videos/embed/9c9de5e8"></iframe>'
        '<iframe src="https://ads.example/x"></iframe>',
    ).films
    assert [(f.url, f.title, f.duration_s) for f in found] == [
        (URL, "La crue", 3723.0),
        ("https://www.youtube.com/watch?v=abcdefghijk", "Le pont", 0.0),
        ("https://tube.example/videos/watch/9c9de5e8", "", 0.0),
    ]
    assert found[0].picture == "https://journal.example/t.jpg"


def test_a_link_without_words_is_called_what_its_picture_shows() -> None:
    found = read(
        '<link rel=alternate hreflang=EN href="/en">'
        '<link rel=alternate type="application/rss+xml" href="/rss">',
        '<a href="/a"><img src="a.png" alt="La  carte"></a><a href="/b" aria-label="Plan"></a>'
        '<a href="/a">Autre</a>',
    )
    assert [(link.url[-2:], link.anchor) for link in found.links] == [("/a", "La carte"), ("/b", "Plan")]
    assert found.alternates == {"en": "https://journal.example/en"}
    assert found.feeds == ("https://journal.example/rss",)


def test_trackers_are_counted_by_host() -> None:
    loads = "".join(
        f'<script src="https://{host}/x.js"></script>'
        for host in (
            "www.google-analytics.com",
            "www.google-analytics.com",
            "ad.doubleclick.net",
            "cdn.example",
        )
    )
    assert read(loads).trackers == 2


def test_ordinary_pages_are_neither_spam_nor_for_adults() -> None:
    found = read()
    assert (found.spam, found.adult) == (0.0, 0.0)
    medicine = "Anal fissures and breast cancer are common; the chicken breast is cooked with a cock's comb. "
    assert read(body=f"<p>{medicine * 10}</p>").adult < 0.2


def test_pages_of_one_word_or_a_door_are_spam() -> None:
    stuffed = "<p>" + "viagra rapide ordonnance pharmacie viagra livraison viagra viagra gratuit. " * 30
    assert read("<title>Viagra viagra viagra viagra viagra</title>", stuffed).spam > 0.5
    assert read('<meta http-equiv=Refresh content="0; url=https://casino.example/">', "<p>Entrez").spam > 0.5


def test_a_page_for_adults_is_known_by_its_label_or_its_words() -> None:
    assert read('<meta name="rating" content="RTA-5042-1996-1400-1577-RTA">').adult == 1.0
    assert (
        read("<title>Free porn xxx</title>", "<p>" + "Milf porno with pornstars tonight. " * 20).adult > 0.8
    )


@pytest.mark.parametrize(
    "head",
    [
        '<script type="application/ld+json">{"@type": </script>',
        '<script type="application/ld+json">' + "[" * 100_000 + "</script>",
        '<script type="application/ld+json">'
        + '{"a":' * 200
        + '{"@type":"Person"}'
        + "}" * 200
        + "</script>",
        ld([{"@type": "NewsArticle", "author": None, "datePublished": {"@value": 3}, "image": []}] * 5000),
        ld({"@type": [None, 3, {}], "publisher": 7, "name": ["x", {}]}),
        "<script type='application/ld+json'>\ud83d</script>".encode("utf-8", "surrogatepass").decode(
            "latin-1"
        ),
    ],
    ids=range(6),
)
def test_hostile_structured_words_cost_little_and_break_nothing(head: str) -> None:
    begun_s = time.monotonic()
    assert read(head).title == ""
    assert time.monotonic() - begun_s < 2


def test_many_of_everything_is_bounded() -> None:
    begun_s = time.monotonic()
    found = read(
        "<meta name=a content=b>" * 20_000,
        "<img src=/a.jpg><iframe src=https://player.vimeo.com/video/1></iframe><h2>x</h2>" * 20_000
        + "".join(f"<a href=/{n}>{n}</a>" for n in range(20_000)),
    )
    assert len(found.links) <= 2000
    assert len(found.pictures) == 1
    assert time.monotonic() - begun_s < 5
