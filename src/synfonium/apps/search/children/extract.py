"""From the bytes of a page to what it says."""

import time
from collections.abc import Iterator

from resiliparse.parse.encoding import bytes_to_str, detect_encoding, map_encoding_to_html5
from selectolax.lexbor import LexborHTMLParser

from synfonium.apps.search.children import links, media, metadata, quality
from synfonium.apps.search.children.dates import published_s
from synfonium.apps.search.children.language import language_of
from synfonium.apps.search.children.main_text import LONGEST_TEXT, main_text
from synfonium.apps.search.children.pdf import pdf
from synfonium.apps.search.children.structured import Page, metas_of, things_of
from synfonium.apps.search.model import Extract, normal_url
from synfonium.libraries.simhash import fingerprint

_ROBOT_NAMES = ("robots", "synfoniumbot")


def extract(url: str, body: bytes, *, charset: str = "", media_type: str = "text/html") -> Extract:
    """What the page at `url` says; any bytes are accepted but for a PDF (see pdf).

    Encoding: byte order mark, then `charset` of the transport, then the page's own word,
    then a guess (WHATWG HTML, 13.2.3).
    """
    if media_type == "application/pdf":
        return pdf(body)
    is_html = media_type != "text/plain"
    text = bytes_to_str(body, _encoding(body, charset, is_html=is_html), "replace")
    return _html(url, text) if is_html else _plain(text)


def _encoding(body: bytes, charset: str, *, is_html: bool) -> str:
    for mark, name in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if body.startswith(mark):
            return name
    known = map_encoding_to_html5(charset, False) if charset else None
    return known or detect_encoding(body, from_html_meta=is_html) or "utf-8"


def _plain(text: str) -> Extract:
    text = text.lstrip("\ufeff")[:LONGEST_TEXT]
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    mark = fingerprint(text)
    return Extract(
        title=first[: metadata.LONGEST_TITLE],
        text=text,
        lang=language_of(text),
        simhash=mark.simhash,
        bands=mark.bands,
    )


def _html(url: str, html: str) -> Extract:
    # Two parsers: one knows main content, the other lists elements in linear time
    # (resiliparse 2.0 needs 8 s for the 1100 links of a 400 kB page, selectolax 40 ms).
    tree = LexborHTMLParser(html)
    base = normal_url(_attribute(tree, "base[href]", "href"), url) or url
    page = Page(url, base, tree, metas_of(tree), things_of(tree))
    text, title = main_text(html), metadata.title_of(page)
    mark = fingerprint(text)
    rules = set(_robots_rules(tree))
    found, pictures = links.links_of(page), media.pictures_of(page)
    return Extract(
        title=title,
        text=text,
        lang=language_of(text, _attribute(tree, "html[lang]", "lang")),
        canonical=normal_url(_attribute(tree, 'link[rel="canonical"]', "href"), base) or "",
        links=found if rules.isdisjoint(("nofollow", "none")) else (),
        is_hidden=not rules.isdisjoint(("noindex", "none")),
        headings=metadata.headings_of(page),
        description=metadata.description_of(page),
        author=metadata.author_of(page),
        site_name=metadata.site_of(page),
        published_s=published_s(page, time.time()),
        main_picture=media.main_picture_of(page, pictures),
        pictures=pictures,
        films=media.films_of(page),
        alternates=links.alternates_of(page),
        feeds=links.feeds_of(page),
        schema_types=metadata.types_of_page(page),
        simhash=mark.simhash,
        bands=mark.bands,
        trackers=quality.trackers_of(page),
        spam=quality.spam_of(page, title, text, len(found)),
        adult=quality.adult_of(page, title, text),
    )


def _attribute(tree: LexborHTMLParser, selector: str, name: str) -> str:
    found = tree.css_first(selector)
    return (found.attributes.get(name) or "") if found else ""


def _robots_rules(tree: LexborHTMLParser) -> Iterator[str]:
    for meta in tree.css("meta[name][content]"):
        if (meta.attributes.get("name") or "").lower() in _ROBOT_NAMES:
            yield from (rule.strip() for rule in (meta.attributes.get("content") or "").lower().split(","))
