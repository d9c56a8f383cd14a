"""What becomes of an answer: a page for the index, links for the frontier, or nothing."""

from collections.abc import Iterable
from hashlib import blake2b
from urllib.parse import urlsplit

import msgspec

from synfonium.apps.search.model import (
    FILE_TYPES,
    MEDIA_TYPES,
    CrawlPlan,
    Extract,
    ParseJob,
    ReadPage,
    VisitKind,
    authority_of,
)
from synfonium.apps.search.service.archive import record_of
from synfonium.apps.search.service.batch import Findings
from synfonium.apps.search.service.bounds import Bounds
from synfonium.apps.search.service.fetch import Fetched
from synfonium.apps.search.service.lists import Lists, led
from synfonium.apps.search.service.parsing import Unparsable
from synfonium.apps.search.service.robots import Rules
from synfonium.apps.search.service.schedule import unchanged, unpack, visit_of
from synfonium.apps.search.service.tools import Tools
from synfonium.apps.search.service.xml_texts import BadXml
from synfonium.apps.search.store import FrontierRow, VisitRow

_MOST_REDIRECTS = 5
_TWIN_FROM = 200
_MOST_DIGESTS = 50_000
# A page in another language leads on near the seeds: a home page may have all languages beside one another.
_FAR_FROM_HOME = 1
_FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/rdf+xml")


class Reader:
    """Turns answers into findings of one crawl."""

    def __init__(self, plan: CrawlPlan, tools: Tools, findings: Findings) -> None:
        self._parsers, self._findings, self._clock = tools.parsers, findings, tools.clock
        self._is_archived = tools.archive is not None and tools.archive.keeps
        self._lists = Lists(tools.database, findings)
        self._bounds = Bounds(plan)
        self._digests: dict[bytes, str] = {}

    async def take_in(self, row: FrontierRow, answer: Fetched, rules: Rules, before: VisitRow | None) -> bool:
        """Whether the answer was a page. before: what the last visit left behind."""
        if answer.media_type in _FEED_TYPES:
            row = msgspec.structs.replace(row, kind="feed")
        if answer.location:
            self._redirect(row, answer.location)
        elif answer.status == 304 and before:
            self._keep(row, before)
        elif answer.failure or answer.status != 200:
            self._fail(row, answer)
        elif row.kind != "page":
            await self._read_list(row, answer, before)
        elif answer.media_type not in MEDIA_TYPES:
            self._findings.deal_with(row, "skipped")
        else:
            await self._parse(row, answer, rules, before)
            return True
        return False

    def _redirect(self, row: FrontierRow, location: str) -> None:
        self._findings.deal_with(row, "skipped")
        if row.redirects >= _MOST_REDIRECTS:
            self._findings.batch.failures["redirects"] += 1
            return
        if row.hops == 0:
            self._bounds.add_home(location)
        self._findings.links.append(msgspec.structs.replace(row, url=location, redirects=row.redirects + 1))

    def _keep(self, row: FrontierRow, before: VisitRow) -> None:
        """Nothing changed: it leads where it led, and nothing is parsed or indexed."""
        self._findings.batch.visits[row.url] = unchanged(before, self._clock.now_s())
        self._lead(row, unpack(before.links))
        self._findings.deal_with(row, "unchanged" if row.kind == "page" else "skipped")

    def _fail(self, row: FrontierRow, answer: Fetched) -> None:
        if answer.status in (404, 410):
            self._findings.batch.forget_page(row.url)
            if row.kind != "page":  # that a host has no sitemap is nobody's fault
                self._findings.deal_with(row, "skipped")
                return
        self._findings.deal_with(row, "failed", failure_of(answer))

    async def _read_list(self, row: FrontierRow, answer: Fetched, before: VisitRow | None) -> None:
        """A sitemap or a feed leads to pages, and is itself due again."""
        try:
            read = self._lists.sitemap if row.kind == "sitemap" else self._lists.feed
            rows = await read(row, answer.body)
        except BadXml:
            self._findings.deal_with(row, "failed", "unparsable")
            return
        digest, now_s = _digest("\n".join(found.url for found in rows)), self._clock.now_s()
        self._findings.batch.visits[row.url] = visit_of(
            answer, before, kind=row.kind, digest=digest, links=(found.url for found in rows), now_s=now_s
        )
        self._findings.links += [found for found in rows if self._bounds.admits(found)]
        self._findings.deal_with(row, "skipped")

    async def _parse(self, row: FrontierRow, answer: Fetched, rules: Rules, before: VisitRow | None) -> None:
        job = ParseJob(url=row.url, body=answer.body, charset=answer.charset, media_type=answer.media_type)
        self._findings.batch.counts["fetched"] += 1
        try:
            extract = await self._parsers.parse(job)
        except Unparsable:
            self._findings.deal_with(row, "failed", "unparsable")
            return
        told = header_rules(answer.robots_tag)
        links = () if told & {"nofollow", "none"} else self._links(row, extract)
        self._remember(row, answer, before, extract, links)
        is_kept = self._bounds.keeps(extract.lang)
        if is_kept or row.depth <= _FAR_FROM_HOME:
            self._lead(row, links)
            self._lead(row, extract.feeds, kind="feed")
        if (
            not is_kept
            or extract.is_hidden
            or told & {"noindex", "none"}
            or not (extract.text or extract.title)
        ):
            self._findings.batch.forget_page(row.url)
            self._findings.deal_with(row, "skipped")
            return
        if self._is_archived and not told & {"noarchive"}:
            self._findings.batch.records.append(record_of(answer, self._clock.now_s()))
        is_followed = told.isdisjoint(("nofollow", "none"))
        said = extract if is_followed else msgspec.structs.replace(extract, links=())
        page = ReadPage(
            url=_address(row.url, extract, rules),
            extract=_announced(said, row.published_s),
            read_s=self._clock.now_s(),
            file_type=FILE_TYPES.get(answer.media_type, ""),
        )
        self._findings.batch.add_page(page, is_known=before is not None)
        self._findings.deal_with(row, "indexed")

    def _links(self, row: FrontierRow, extract: Extract) -> tuple[str, ...]:
        """Where the page leads. The links of a page that we know under another address on its
        host are left alone: an address for each visit (session ids) is a trap without end."""
        digest = _trap_digest(row.url, extract)
        if self._digests.setdefault(digest, row.url) != row.url:
            return ()
        if len(self._digests) > _MOST_DIGESTS:
            self._digests.clear()
        return tuple(dict.fromkeys((*(link.url for link in extract.links), *extract.alternates.values())))

    def _remember(
        self,
        row: FrontierRow,
        answer: Fetched,
        before: VisitRow | None,
        extract: Extract,
        links: Iterable[str],
    ) -> None:
        digest, now_s = _digest(extract.text), self._clock.now_s()
        self._findings.batch.visits[row.url] = visit_of(
            answer, before, kind=row.kind, digest=digest, links=links, now_s=now_s
        )

    def _lead(self, row: FrontierRow, links: Iterable[str], kind: VisitKind = "page") -> None:
        rows = (led(row, url, kind) for url in links)
        self._findings.links += [link for link in rows if self._bounds.admits(link)]


def _announced(extract: Extract, published_s: float) -> Extract:
    """What a feed announces is news, of the time that the page says or else the feed."""
    if not published_s:
        return extract
    types = (*extract.schema_types, "NewsArticle")
    return msgspec.structs.replace(
        extract, published_s=extract.published_s or published_s, schema_types=types
    )


def failure_of(answer: Fetched) -> str:
    """The kind of failure, for counting."""
    if answer.failure:
        return answer.failure
    named = {404: "absent", 410: "absent", 429: "busy", 503: "busy"}
    return named.get(answer.status) or ("server" if answer.status >= 500 else "refused")


def header_rules(value: str) -> set[str]:
    """The rules of an X-Robots-Tag header that are for us: `noindex`, `otherbot: nofollow`."""
    found = set()
    for part in value.split(","):
        name, colon, rule = part.strip().partition(":")
        if not colon or name.strip() == "synfoniumbot":
            found.add((rule if colon else name).strip())
    return found


def _trap_digest(url: str, extract: Extract) -> bytes:
    """Equal for one page of a host under several addresses: same text, as many links, and
    for a short text the same path."""
    parts = urlsplit(url)
    path = "" if len(extract.text) >= _TWIN_FROM else parts.path
    return _digest(f"{parts.netloc} {path} {len(extract.links)} {extract.text}")


def _digest(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "replace"), digest_size=16).digest()


def _address(url: str, extract: Extract, rules: Rules) -> str:
    """The page's canonical address if it stays on its host and may be read, else its own."""
    canonical = extract.canonical
    if canonical and authority_of(canonical) == authority_of(url) and rules.allows(canonical):
        return canonical
    return url
