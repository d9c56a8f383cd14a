"""What a page that was read becomes in the index: itself, and its pictures and films."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from urllib.parse import urlsplit

import msgspec

from synfonium.apps.search.model import Extract, Film, Picture, host_of
from synfonium.ports.index import IndexDocument, Signals

MOST_PICTURES = 12
MOST_FILMS = 4
_CONTEXT = 300
_NEWS = frozenset(
    ("NewsArticle", "ReportageNewsArticle", "AnalysisNewsArticle", "BackgroundNewsArticle", "LiveBlogPosting",
     "OpinionNewsArticle", "ReviewNewsArticle")
)  # fmt: skip
_ARTICLES = frozenset(("Article", "BlogPosting", "SocialMediaPosting"))
PARTS = frozenset(("image", "video"))
"""Kinds of what is on a page and no page itself."""
DOCUMENT_TYPES = frozenset(("pdf", "docx", "odt", "pptx", "odp", "xlsx", "ods", "rtf", "epub"))


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What the link graph knows of a page: how central it and its host are (0 to 1), and the
    words of the links that lead to it."""

    host_rank: float = 0.0
    page_rank: float = 0.0
    anchors: tuple[str, ...] = ()


UNKNOWN = Standing()


def documents_of(
    url: str, extract: Extract, *, read_s: float, standing: Standing = UNKNOWN, file_type: str = ""
) -> list[IndexDocument]:
    """The page at the normal address `url` first, then at most twelve pictures and four films.

    Their keys are `derived_keys(url)`, so that what went with the page before can be deleted.
    read_s: UTC seconds. file_type: an extension without its dot, empty for HTML and plain text.
    """
    signals = _signals(url, extract, standing)
    page = IndexDocument(
        key=url,
        title=extract.title,
        text=extract.text,
        lang=extract.lang,
        host=host_of(url),
        time_s=extract.published_s or read_s,
        headings="\n".join(extract.headings),
        anchors="\n".join(standing.anchors),
        kind=_kind(extract, file_type),
        file_type=file_type,
        signals=signals,
        shown=_shown(extract),
    )
    return [page, *_pictures(page, extract), *_films(page, extract)]


def derived_keys(url: str) -> list[str]:
    """Every key that documents of the page at `url` may have besides its own."""
    pictures = [_picture_key(url, number) for number in range(MOST_PICTURES)]
    return pictures + [_film_key(url, number) for number in range(MOST_FILMS)]


def _picture_key(url: str, number: int) -> str:
    return f"{url}#picture-{number + 1}"


def _film_key(url: str, number: int) -> str:
    return f"{url}#film-{number + 1}"


def _kind(extract: Extract, file_type: str) -> str:
    if file_type in DOCUMENT_TYPES:
        return "document"
    types = set(extract.schema_types)
    is_article = not types.isdisjoint(_ARTICLES) and extract.feeds and extract.published_s
    return "news" if not types.isdisjoint(_NEWS) or is_article else "page"


def _signals(url: str, extract: Extract, standing: Standing) -> Signals:
    parts = urlsplit(url)
    return Signals(
        host_rank=standing.host_rank,
        page_rank=standing.page_rank,
        spam=extract.spam,
        adult=extract.adult,
        trackers=extract.trackers,
        is_home=parts.path in ("", "/") and not parts.query,
    )


def _shown(extract: Extract) -> Mapping[str, str]:
    said = {
        "image": extract.main_picture,
        "author": extract.author,
        "site": extract.site_name,
        "description": extract.description,
        "published": _day(extract.published_s),
    }
    return {name: value for name, value in said.items() if value}


def _day(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).date().isoformat() if at_s else ""


def _part(
    page: IndexDocument, key: str, kind: str, title: str, text: str, shown: dict[str, str]
) -> IndexDocument:
    """A picture or film of the page: found by its own words and the page's title."""
    return msgspec.structs.replace(
        page,
        key=key,
        kind=kind,
        title=title or page.title,
        text="\n".join(
            dict.fromkeys(filter(None, [text, page.title if title else "", page.text[:_CONTEXT]]))
        ),
        headings="",
        anchors="",
        shown={
            name: value
            for name, value in {**shown, "page": page.key, "page_title": page.title}.items()
            if value
        },
    )


def _pictures(page: IndexDocument, extract: Extract) -> Iterator[IndexDocument]:
    for number, picture in enumerate(_shown_pictures(extract)):
        shown = {"image": picture.url, "width": str(picture.width or ""), "height": str(picture.height or "")}
        title, text = picture.alt or picture.caption, picture.caption if picture.alt else ""
        yield _part(page, _picture_key(page.key, number), "image", title, text, shown)


def _shown_pictures(extract: Extract) -> list[Picture]:
    """Those with words of their own, and the main one, which the page's words are about."""
    known = {picture.url: picture for picture in extract.pictures}
    main = extract.main_picture
    first = [known.get(main) or Picture(url=main)] if main else []
    others = [p for p in extract.pictures if (p.alt or p.caption) and p.url != main]
    return (first + others)[:MOST_PICTURES]


def _films(page: IndexDocument, extract: Extract) -> Iterator[IndexDocument]:
    for number, film in enumerate(extract.films[:MOST_FILMS]):
        yield _part(page, _film_key(page.key, number), "video", film.title, "", _shown_film(film))


def _shown_film(film: Film) -> dict[str, str]:
    duration = str(round(film.duration_s)) if film.duration_s else ""
    return {"watch": film.url, "image": film.picture, "duration": duration}
