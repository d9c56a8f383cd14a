"""Finding pages: the one query path of the pages, the API and the measurements."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Literal

import msgspec

from synfonium.apps.search.service import query_syntax
from synfonium.apps.search.service.ordering import AsFound, Newest, Preferring, prefers_hosts
from synfonium.apps.search.service.preferences import MOST_ADULT, Preferences, Safe
from synfonium.apps.search.service.query_syntax import LONGEST_QUERY
from synfonium.apps.search.service.spelling import Spelling
from synfonium.apps.search.service.verticals import WEB, Vertical, vertical_of
from synfonium.common.problem import BadInput
from synfonium.kernel.i18n import _
from synfonium.ports.index import IndexAnswer, IndexHit, IndexQuery, Reranker, SearchIndex

LAST_PAGE = 100
MOST_SUGGESTIONS = 8
Period = Literal["", "day", "week", "month", "year"]
DAYS: Mapping[str, int] = {"day": 1, "week": 7, "month": 31, "year": 366}
SecondLook = Callable[[IndexQuery], Reranker | None]
"""The order that a question deserves; None for that of the index."""
_DAY_S = 86400.0
_FEW = 5
_WORD = re.compile(r"[^\W_]")
# What a person reads counts a little more than what else matches.
_LANGUAGE_BOOSTS = (1.25, 1.15)


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked, already within limits: see `question`.

    only_hosts: nothing is found elsewhere; None for anywhere.
    """

    query: str
    lang: str = ""
    page: int = 1
    vertical: Vertical = WEB
    period: Period = ""
    preferences: Preferences = Preferences()
    only_hosts: tuple[str, ...] | None = None

    @property
    def safe(self) -> Safe:
        return self.preferences.safe


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """corrected: what was probably meant, where little was found and that finds more; else ""."""

    found: IndexAnswer
    took_ms: float
    corrected: str = ""


def question(
    query: str,
    lang: str = "",
    page: int = 1,
    vertical: str = "",
    *,
    period: str = "",
    preferences: Preferences | None = None,
) -> Question:
    """Raises QueryTooLong, TooManyOperators, UnknownVertical or BadInput."""
    query_syntax.parse(query)
    if not 1 <= page <= LAST_PAGE:
        raise BadInput("page", _("A page is a number from 1 to 100."))
    if lang and not (lang.isascii() and lang.isalpha() and 2 <= len(lang) <= 3):
        raise BadInput("lang", _("A language is two or three letters, like fr."))
    if period and period not in DAYS:
        raise BadInput("time", _("A time is one of: day, week, month, year."))
    return Question(
        query=query.strip(),
        lang=lang.lower(),
        page=page,
        vertical=vertical_of(vertical),
        period=period,  # type: ignore[arg-type]  # checked above
        preferences=preferences or Preferences(),
    )


def learned_look(asked: IndexQuery) -> Reranker:
    """The learned order; imported when first asked for, since numpy takes its time."""
    from synfonium.apps.search.service.ranking.reranker import PageReranker, depth_for

    return PageReranker(depth_for(asked))


class WebSearch:
    """The public index, read. Keeps nothing of what it is asked."""

    def __init__(
        self,
        index: SearchIndex,
        *,
        second_look: SecondLook = learned_look,
        now_s: Callable[[], float] = time.time,
        ready: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.index, self._second_look, self._now_s = index, second_look, now_s
        self._spelling, self._ready = Spelling(index), ready

    async def pages(self, asked: Question, *, size: int = 0, space: str = "") -> Answer:
        """One page of results; `size` and `space` are for measuring."""
        begun_s = time.perf_counter()
        if self._ready is not None:
            await self._ready()
        size, most = size or asked.vertical.size, 0 if size else most_per_host(asked)
        wanted = wanted_of(asked, self._now_s())
        found = IndexAnswer(total=0, hits=())
        if wanted is not None:
            found = await asyncio.to_thread(
                self.index.search,
                wanted,
                spaces=(space,),
                limit=size,
                offset=(asked.page - 1) * size,
                boosts=dict(zip(asked.preferences.languages, _LANGUAGE_BOOSTS, strict=False)),
                reranker=self._order_for(asked, wanted),
                most_per_host=most,
            )
        if asked.vertical.layout == "pictures":
            found = msgspec.structs.replace(found, hits=_once(found.hits))
        corrected = ""
        if wanted is not None and found.whole < _FEW and not space:
            corrected = await asyncio.to_thread(self._corrected, asked.query, wanted, found.whole)
        took_ms = round((time.perf_counter() - begun_s) * 1000, 1)
        return Answer(found=found, took_ms=took_ms, corrected=corrected)

    def _corrected(self, typed: str, wanted: IndexQuery, whole: int) -> str:
        corrected = self._spelling.corrected(typed, wanted.words)
        if not corrected:
            return ""
        meant = msgspec.structs.replace(wanted, words=query_syntax.parse(corrected).words)
        return corrected if self.index.search(meant, limit=_FEW).whole > whole else ""

    def _order_for(self, asked: Question, wanted: IndexQuery) -> Reranker | None:
        learned = self._second_look(wanted)
        if asked.vertical.is_by_time:
            return Newest(learned or AsFound())
        if prefers_hosts(asked.preferences):
            return Preferring(learned or AsFound(), asked.preferences)
        return learned

    async def suggestions(self, typed: str) -> list[str]:
        """Completions of the last word typed, with words of indexed pages."""
        head, _, last = typed[:LONGEST_QUERY].rpartition(" ")
        words = await asyncio.to_thread(self.index.vocabulary, last, limit=MOST_SUGGESTIONS)
        return [f"{head} {word}".strip() for word, _documents in words]

    async def count(self) -> int:
        return await asyncio.to_thread(self.index.count)


def _once(hits: Sequence[IndexHit]) -> tuple[IndexHit, ...]:
    """Each picture once, though several pages show it."""
    first: dict[str, IndexHit] = {}
    for hit in hits:
        first.setdefault(hit.shown.get("image", hit.key), hit)
    return tuple(first.values())


def most_per_host(asked: Question) -> int:
    """How many results of one host a page may have; 0 for any number, where hosts were named."""
    return 0 if query_syntax.parse(asked.query).hosts else asked.vertical.most_per_host


def wanted_of(asked: Question, now_s: float) -> IndexQuery | None:
    """What was typed, and what narrows it besides; None when nothing can be within both."""
    typed = query_syntax.parse(asked.query)
    hosts = _within(typed.hosts, asked.only_hosts)
    if hosts is None or not _says_something(typed):
        return None
    blocked = tuple(host for host in asked.preferences.ruled("block") if host not in typed.hosts)
    since_s = now_s - DAYS[asked.period] * _DAY_S if asked.period else None
    is_kind_typed = asked.vertical is WEB and typed.kinds
    return msgspec.structs.replace(
        typed,
        hosts=hosts,
        not_hosts=(*typed.not_hosts, *blocked),
        lang=asked.lang or typed.lang,
        since_s=max((s for s in (typed.since_s, since_s) if s is not None), default=None),
        kinds=typed.kinds if is_kind_typed else asked.vertical.kinds,
        most_adult=MOST_ADULT[asked.safe],
    )


def _says_something(typed: IndexQuery) -> bool:
    """Whether there is a word, or an operator that names what to list: the kinds of a vertical are
    narrower than nothing, and a blank question shall find nothing."""
    is_narrowed = typed.hosts or typed.kinds or typed.file_types
    has_time = typed.since_s is not None or typed.until_s is not None
    return bool(typed.phrases or is_narrowed or has_time or _WORD.search(typed.words))


def _within(typed: tuple[str, ...], only: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """The hosts typed that are among the only ones, or all of these; None for none at all."""
    if only is None:
        return typed
    if not typed:
        return only or None
    allowed = tuple(host for host in typed if any(host == one or host.endswith(f".{one}") for one in only))
    return allowed or None
