"""Finding pages: the one query path of the pages, the API and the measurements."""

import asyncio
import time

import msgspec

from synfonium.apps.search.errors import QueryTooLong, UnknownVertical
from synfonium.apps.search.service.query_syntax import LONGEST_QUERY
from synfonium.common.problem import BadInput
from synfonium.kernel.i18n import _
from synfonium.ports.index import IndexAnswer, IndexQuery, SearchIndex

PAGE_SIZE = 10
LAST_PAGE = 100
MOST_SUGGESTIONS = 8


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked, already within limits: see `question`."""

    query: str
    lang: str = ""
    page: int = 1


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    found: IndexAnswer
    took_ms: float


def question(query: str, lang: str, page: int, vertical: str) -> Question:
    """Raises QueryTooLong, UnknownVertical or BadInput."""
    if vertical not in ("", "web"):
        raise UnknownVertical
    if len(query) > LONGEST_QUERY:
        raise QueryTooLong(limit=LONGEST_QUERY)
    if not 1 <= page <= LAST_PAGE:
        raise BadInput("page", _("A page is a number from 1 to 100."))
    if lang and not (lang.isascii() and lang.isalpha() and 2 <= len(lang) <= 3):
        raise BadInput("lang", _("A language is two or three letters, like fr."))
    return Question(query=query.strip(), lang=lang.lower(), page=page)


class WebSearch:
    """The public index, read. Keeps nothing of what it is asked."""

    def __init__(self, index: SearchIndex) -> None:
        self.index = index

    async def pages(self, asked: Question, *, size: int = PAGE_SIZE, space: str = "") -> Answer:
        """One page of results; `size` and `space` are for measuring."""
        begun_s = time.perf_counter()
        offset = (asked.page - 1) * size
        query = IndexQuery(words=asked.query, lang=asked.lang)
        found = await asyncio.to_thread(self.index.search, query, spaces=(space,), limit=size, offset=offset)
        return Answer(found=found, took_ms=round((time.perf_counter() - begun_s) * 1000, 1))

    async def suggestions(self, typed: str) -> list[str]:
        """Completions of the last word typed, with words of indexed pages."""
        head, _, last = typed[:LONGEST_QUERY].rpartition(" ")
        words = await asyncio.to_thread(self.index.suggest, last, limit=MOST_SUGGESTIONS)
        return [f"{head} {word}".strip() for word in words]

    async def count(self) -> int:
        return await asyncio.to_thread(self.index.count)
