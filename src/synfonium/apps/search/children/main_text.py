"""A page's own text, without what stands around it on every page of its site.

resiliparse finds the main content; what sites put into it nonetheless (captions, shares, related
pages, newsletters) is known by the names of its classes, and by being nothing but links. Measured
by benchmarks/how_good_is_the_extraction.py: this is as good as trafilatura's fast way at five
times its pace, so that no page is worth reading again with that one.
"""

import re
from collections.abc import Iterator
from html import unescape
from typing import Final, NamedTuple

from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import HTMLTree

LONGEST_TEXT: Final = 200_000
_SHORT_TEXT = 200
_DOUBTFUL_TEXT = 1000
_LEAST_SHARE = 0.4
_LINKS_SHARE = 0.7
_LONGEST_NAV_WORDS = 30
_MOST_BLOCKS = 20_000
# The title is a field of its own. The rest stands in the main content of many sites and is none.
_BY_CLASS = (
    "caption", "credit", "copyright", "gallery", "carousel", "related", "more-", "popular", "trending",
    "recommend", "teaser", "newsletter", "subscribe", "signup", "share", "social", "date", "image", "photo",
    "cookie", "popup", "banner", "alert", "print", "comment", "tags", "breadcrumb", "twitter-tweet",
)  # fmt: skip
_TITLES = ("h1", "h2", "h3", "h4", "header", "div", "p", "span")
_NEVER = ":not(html):not(body):not(main):not(article)"
_SKIPPED = (
    "h1", "figcaption", "time", "footer", "form", "button", '[id*="related"]', '[id*="comment"]',
    *(f'[class*="{name}"]{_NEVER}' for name in _BY_CLASS),
    *(f'{tag}[class*="{name}"]' for tag in _TITLES for name in ("title", "headline")),
)  # fmt: skip
_TAG = re.compile(r"<(/?)([a-z]+[1-6]?)[^<>]*>|\n\n+")


class _Block(NamedTuple):
    """number: of its words; linked: how many of them are links; is_item: of a list."""

    words: str
    number: int
    linked: int
    is_item: bool


def main_text(html: str) -> str:
    """The page's own text, a line a paragraph; all of it where the heuristics leave next to nothing."""
    tree = HTMLTree.parse(html)
    text = "\n".join(block.words for block in _blocks(_minimal_html(tree)) if not _is_nav(block))
    if len(text) < _DOUBTFUL_TEXT:
        plain = _plain_text(tree, main_content=True)
        text = plain if len(text) < _LEAST_SHARE * len(plain) else text
    if len(text) < _SHORT_TEXT:
        text = max(text, _plain_text(tree, main_content=False), key=len)
    return text[:LONGEST_TEXT]


def _plain_text(tree: HTMLTree, *, main_content: bool) -> str:
    return extract_plain_text(
        tree,
        preserve_formatting=False,
        main_content=main_content,
        list_bullets=False,
        alt_texts=False,
        comments=False,
        post_meta=False,
    )


def _minimal_html(tree: HTMLTree) -> str:
    return extract_plain_text(
        tree,
        preserve_formatting="minimal_html",
        main_content=True,
        list_bullets=False,
        alt_texts=False,
        links=True,
        comments=False,
        post_meta=False,
        skip_elements=list(_SKIPPED),
    )


def _blocks(minimal: str) -> Iterator[_Block]:
    """Paragraphs, headings, items and loose lines, each with how many of its words are links."""
    parts: list[str] = []
    linked, is_link, is_item, at, count = 0, False, False, 0, 0
    for mark in _TAG.finditer(minimal):
        piece, at = unescape(minimal[at : mark.start()]), mark.end()
        parts.append(piece)
        linked += len(piece.split()) if is_link else 0
        if mark[2] == "a":
            is_link = not mark[1]
            continue
        if words := " ".join(" ".join(parts).split()):
            count += 1
            yield _Block(words, words.count(" ") + 1, linked, is_item)
        if count >= _MOST_BLOCKS:
            return
        parts, linked, is_item = [], 0, mark[2] == "li" and not mark[1]
    if words := " ".join(" ".join([*parts, unescape(minimal[at:])]).split()):
        yield _Block(words, words.count(" ") + 1, linked, is_item)


def _is_nav(block: _Block) -> bool:
    is_linked = block.linked > _LINKS_SHARE * block.number and block.number < _LONGEST_NAV_WORDS
    return is_linked and not block.is_item
