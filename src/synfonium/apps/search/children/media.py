"""The pictures and films of a page."""

import re
from collections.abc import Iterator
from itertools import islice
from urllib.parse import urlsplit

from selectolax.lexbor import LexborNode

from synfonium.apps.search.children.structured import Page, Thing, types_of, words_of
from synfonium.apps.search.model import Film, Picture, normal_url

MOST_PICTURES = 16
MOST_FILMS = 10
LONGEST_WORDS = 300
SMALLEST_SIDE = 100
_MOST_LOOKED_AT = 500
_HIGHEST_CLIMB = 12
_SOURCES = ("data-src", "data-original", "data-lazy-src", "data-lazy", "data-hi-res-src", "src")
_FRAME_ONLY = frozenset(("nav", "footer", "aside", "header"))
_FRONT_PAGES = frozenset(("/", "/index.html", "/index.htm", "/index.php"))
_NO_PICTURE = re.compile(
    r"\.svg$|[/_.-](?:logo|icons?|sprite|pixel|spacer|blank|avatar|badge|emoji)s?[/_.-]", re.IGNORECASE
)
_DURATION = re.compile(
    r"P(?:(\d{1,3})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,5})M)?(?:(\d{1,6})(?:\.\d+)?S)?)?", re.IGNORECASE
)
# Where embedded films come from, and where the same film is watched.
_EMBEDS = (
    (re.compile(r"https?://(?:www\.)?youtube(?:-nocookie)?\.com/embed/([\w-]{11})"), "https://www.youtube.com/watch?v={}"),
    (re.compile(r"https?://player\.vimeo\.com/video/(\d{1,12})"), "https://vimeo.com/{}"),
    (re.compile(r"https?://(?:www\.|geo\.)?dailymotion\.com/(?:embed/video/|player\.html\?video=)(\w{3,12})"),
     "https://www.dailymotion.com/video/{}"),
    (re.compile(r"(https?://[\w.-]+)/videos/embed/([\w-]{8,40})"), "{}/videos/watch/{}"),
)  # fmt: skip


def pictures_of(page: Page) -> tuple[Picture, ...]:
    """Pictures that belong to what the page says: no icons, nothing from its frame."""
    found: dict[str, Picture] = {}
    for node in islice(page.tree.css("img"), _MOST_LOOKED_AT):
        picture = _picture(page, node)
        if picture and picture.url not in found and not _is_in_frame(node) and not _is_a_logo(page, node):
            found[picture.url] = picture
        if len(found) >= MOST_PICTURES:
            break
    return tuple(found.values())


def main_picture_of(page: Page, pictures: tuple[Picture, ...]) -> str:
    """The picture the page shows of itself, else its first."""
    said = [page.meta("og:image:secure_url", "og:image", "og:image:url"), page.meta("twitter:image")]
    said += [words_of(thing.get("image"), "url") for thing in page.things if "image" in thing]
    for words in said:
        if words and (url := normal_url(words, page.base)):
            return url
    return next((picture.url for picture in pictures), "")


def _picture(page: Page, node: LexborNode) -> Picture | None:
    attributes = node.attributes
    said = next((v for name in _SOURCES if _is_address(v := attributes.get(name) or "")), "")
    said = said or _largest(attributes.get("data-srcset") or attributes.get("srcset") or "")
    width, height = _pixels(attributes.get("width")), _pixels(attributes.get("height"))
    if not said or 0 < width < SMALLEST_SIDE or 0 < height < SMALLEST_SIDE or _NO_PICTURE.search(said):
        return None
    url = normal_url(said, page.base)
    if url is None:
        return None
    alt = " ".join((attributes.get("alt") or attributes.get("title") or "").split())[:LONGEST_WORDS]
    return Picture(url=url, alt=alt, caption=_caption(node), width=width, height=height)


def _is_address(said: str) -> bool:
    return bool(said.strip()) and not said.lstrip()[:5].lower().startswith("data:")


def _largest(srcset: str) -> str:
    """The candidate with the largest width or density (WHATWG HTML 4.8.4.2.1, simplified)."""
    best, best_size = "", -1.0
    for part in srcset[:5000].split(", ")[:20]:
        said, _, size = part.strip().rpartition(" ")
        said, size = (said, size) if said else (size, "1x")
        try:
            number = float(size[:-1])
        except ValueError:
            continue
        if number > best_size and _is_address(said):
            best, best_size = said, number
    return best


def _pixels(said: str | None) -> int:
    digits = (said or "").strip().removesuffix("px")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 5 else 0


def _above(node: LexborNode) -> Iterator[LexborNode]:
    parent = node.parent
    for _ in range(_HIGHEST_CLIMB):
        if parent is None:
            return
        yield parent
        parent = parent.parent


def _is_in_frame(node: LexborNode) -> bool:
    tags = [above.tag for above in _above(node)]
    return not _FRAME_ONLY.isdisjoint(tags) and "article" not in tags


def _is_a_logo(page: Page, node: LexborNode) -> bool:
    """Whether it is a link to the front page of a site, as logos are."""
    link = next((above for above in islice(_above(node), 4) if above.tag == "a"), None)
    target = normal_url(link.attributes.get("href") or "", page.base) if link else None
    return target is not None and urlsplit(target).path in _FRONT_PAGES


def _caption(node: LexborNode) -> str:
    figure = next((above for above in islice(_above(node), 5) if above.tag == "figure"), None)
    words = figure.css_first("figcaption") if figure else None
    return " ".join(words.text().split())[:LONGEST_WORDS] if words else ""


def films_of(page: Page) -> tuple[Film, ...]:
    """Films by the address where they are watched; those of the page itself first."""
    found: dict[str, Film] = {}
    for film in islice(_films(page), 3 * MOST_FILMS):
        found.setdefault(film.url, film)
    return tuple(found.values())[:MOST_FILMS]


def _films(page: Page) -> Iterator[Film]:
    for thing in page.things:
        if "VideoObject" in types_of(thing):
            yield _film_of(page, thing)
    for node in page.tree.css("iframe")[:_MOST_LOOKED_AT]:
        attributes = node.attributes
        said = attributes.get("src") or attributes.get("data-src") or ""
        if watched := _watched(normal_url(said, page.base) or ""):
            yield Film(url=watched, title=" ".join((attributes.get("title") or "").split())[:LONGEST_WORDS])
    said = page.meta("og:video:secure_url", "og:video:url", "og:video")
    node_url = next((n.attributes.get("poster") or "" for n in page.tree.css("video")[:1]), None)
    if said or node_url is not None:
        seconds = page.meta("og:video:duration", "video:duration")
        yield Film(
            url=_watched(said) or page.url,
            picture=normal_url(node_url or page.meta("og:image"), page.base) or "",
            duration_s=float(seconds)
            if seconds.isascii() and seconds.isdigit() and len(seconds) < 7
            else 0.0,
        )


def _film_of(page: Page, thing: Thing) -> Film:
    thumbnail = thing.get("thumbnailUrl") or thing.get("thumbnail")
    return Film(
        url=_watched(words_of(thing.get("embedUrl"))) or page.url,
        title=words_of(thing.get("name"))[:LONGEST_WORDS],
        picture=normal_url(words_of(thumbnail, "url"), page.base) or "" if thumbnail else "",
        duration_s=duration_s(words_of(thing.get("duration"))),
    )


def _watched(said: str) -> str:
    for pattern, watched in _EMBEDS:
        if found := pattern.match(said):
            return watched.format(*found.groups())
    return ""


def duration_s(said: str) -> float:
    """Seconds of an ISO 8601 duration of days or less, `PT1M30S`; 0 for anything else."""
    found = _DURATION.fullmatch(said)
    if not found:
        return 0.0
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return float(((days * 24 + hours) * 60 + minutes) * 60 + seconds)
