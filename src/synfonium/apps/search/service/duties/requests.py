"""Requests: removal of a site by who controls it, de-listing of a person (Regulation (EU) 2016/679, article
17), notice of something illegal (Regulation (EU) 2022/2065, articles 16, 17 and 20); the operator decides.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Literal

import msgspec
from sqlalchemy import Connection

from synfonium.apps.search import store
from synfonium.apps.search.errors import NoSuchRequest, NotShown, TooManyRequests
from synfonium.apps.search.model import LONGEST_URL, normal_url
from synfonium.apps.search.service import graph
from synfonium.apps.search.service.duties.blocks import Blocks, take_out
from synfonium.apps.search.service.duties.control import Control, is_shown
from synfonium.apps.search.service.duties.letters import DutyLetters
from synfonium.apps.search.service.fetch import Fetcher
from synfonium.apps.search.store import duties
from synfonium.apps.search.store.duties import BlockRow, Effect, Kind, RequestRow
from synfonium.common.ids import new_id
from synfonium.common.problem import BadInput
from synfonium.kernel.context import Context
from synfonium.kernel.i18n import _
from synfonium.libraries.mail_address import parse_address
from synfonium.ports.index import SearchIndex

MOST_TEXT = 2_000
MOST_NAME = 200
MOST_OPEN = 5_000
MOST_RECEIPTS = 3
DAY_S = 86_400.0
OBJECT_S = 180 * DAY_S
Answer = Literal["kept", "changed"]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody sends; see RequestRow."""

    kind: Kind
    url: str
    is_site: bool = False
    name: str = ""
    reason: str = ""
    text: str = ""
    contact: str = ""
    locale: str = ""


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """effect: "" rejects. by: id of the administrator."""

    id: str
    effect: Effect
    statement: str
    by: str


class Requests:
    """Where the database and the index are written. whole: the index with what must not be found; index:
    where others learn what was deleted. fetcher: makes one."""

    def __init__(
        self,
        context: Context,
        whole: SearchIndex,
        index: SearchIndex,
        blocks: Blocks,
        fetcher: Callable[[], Fetcher],
    ) -> None:
        self._context, self._blocks, self._fetcher = context, blocks, fetcher
        self._whole, self._index = whole, index
        self._control = Control(context.secrets)
        self._letters = DutyLetters(context, self._control)

    async def ask(self, asked: Asked) -> str:
        """Takes a request; the address of its page. Raises BadInput, TooManyRequests."""
        request = self._checked(asked)

        def work(connection: Connection) -> None:
            if duties.count_open(connection) >= MOST_OPEN:
                raise TooManyRequests
            # The address may be somebody else's, whom nobody shall be able to bury in receipts.
            since_s = request.made_s - DAY_S
            is_few = duties.written_by(connection, request.contact, since_s) < MOST_RECEIPTS
            duties.add_request(connection, request)
            if is_few:
                self._letters.received(connection, request)

        await self._context.database.write(work)
        return self._control.address(request.id)

    def _checked(self, asked: Asked) -> RequestRow:
        url = normal_url(asked.url.strip())
        if url is None or len(url) > LONGEST_URL:
            raise BadInput("url", _("Write the whole address of the page, beginning with https://."))
        text, name = asked.text.strip(), " ".join(asked.name.split())
        if len(text) > MOST_TEXT or (asked.kind != "removal" and not text):
            raise BadInput("text", _("Write why, in at most 2000 characters."))
        if len(name) > MOST_NAME or (asked.kind == "delisting" and not name):
            raise BadInput("name", _("Write the name by which the page should not be found."))
        now_s = self._context.clock.now_s()
        contact = _contact(asked.contact)
        given = {**msgspec.structs.asdict(asked), "url": url, "text": text, "name": name, "contact": contact}
        return RequestRow(**given, id=new_id(now_s), made_s=now_s)

    # Deciding

    async def prove(self, address: str) -> None:
        """Looks whether who asks for a removal controls the site, and takes it out at once.

        Raises NoSuchRequest, NotShown.
        """
        request = await self.find(address)
        if request.kind != "removal" or request.state != "open":
            raise NoSuchRequest
        fetcher = self._fetcher()
        try:
            if not await is_shown(fetcher, request.url, self._control.token(request.id)):
                raise NotShown
        finally:
            await fetcher.close()
        # Without words of a person: the pages say what a proof means, in the reader's language.
        await self._decide(request, Decision(id=request.id, effect="all", statement="", by=""))

    async def decide(self, decision: Decision) -> None:
        """Raises NoSuchRequest, BadInput."""
        request = await self._context.database.read(lambda c: duties.find_request(c, decision.id))
        if request is None or request.state != "open":
            raise NoSuchRequest
        if decision.effect == "name" and not request.name:
            raise BadInput("effect", _("There is no name in this request."))
        await self._decide(request, msgspec.structs.replace(decision, statement=_reasons(decision.statement)))

    async def _decide(self, request: RequestRow, decision: Decision) -> None:
        decided = msgspec.structs.replace(
            request,
            state="granted" if decision.effect else "rejected",
            effect=decision.effect,
            statement=decision.statement,
            decided_by=decision.by,
            decided_s=self._context.clock.now_s(),
        )

        def work(connection: Connection) -> None:
            one = duties.find_request(connection, request.id)
            if one is None or one.state != "open":
                raise NoSuchRequest
            self._put(connection, decided)
            self._letters.decided(connection, decided)
            self._note(connection, decided, decided.state)

        await self._context.database.write(work)
        await self._obey(decided)

    def _put(self, connection: Connection, request: RequestRow) -> None:
        """The request, and the block that follows from it, or none."""
        duties.change_request(connection, request)
        duties.remove_block(connection, request.id)
        if request.effect:
            duties.add_block(connection, self._block(request))

    def _block(self, request: RequestRow) -> BlockRow:
        name = request.name if request.effect == "name" else ""
        made_s = self._context.clock.now_s()
        return BlockRow(id=request.id, url=request.url, is_site=request.is_site, name=name, made_s=made_s)

    async def _obey(self, request: RequestRow) -> None:
        """At once: nobody finds it any more, and what is left out for all leaves the index."""
        await self._blocks.load()
        if request.effect == "all":
            gone = await asyncio.to_thread(take_out, self._whole, self._index, self._block(request))
            await self._context.database.write(lambda c: _forget(c, list(gone)))
        await self._context.call("search.blocks_changed", {})

    def _note(self, connection: Connection, request: RequestRow, act: str) -> None:
        by = request.decided_by or "house"
        self._context.audit.add(connection, by, f"search.request.{act}", f"search:request/{request.id}")

    # Objecting

    async def find(self, address: str) -> RequestRow:
        """Raises NoSuchRequest."""
        id_ = self._control.request_of(address)
        found = await self._context.database.read(lambda c: duties.find_request(c, id_)) if id_ else None
        if found is None:
            raise NoSuchRequest
        return found

    async def object(self, address: str, text: str) -> None:
        """Once, within 180 days, by who did not get their way. Raises NoSuchRequest, BadInput."""
        text, found, now_s = text.strip(), await self.find(address), self._context.clock.now_s()
        if not text or len(text) > MOST_TEXT:
            raise BadInput("text", _("Write why, in at most 2000 characters."))
        if found.decided_s is None or now_s - found.decided_s > OBJECT_S or found.objected_s:
            raise NoSuchRequest
        objected = msgspec.structs.replace(found, objection=text, objected_s=now_s)
        await self._context.database.write(lambda c: duties.change_request(c, objected))

    async def answer(self, decision: Decision) -> None:
        """Answers an objection: `effect` is what holds from now on. Raises NoSuchRequest, BadInput."""
        found = await self._context.database.read(lambda c: duties.find_request(c, decision.id))
        if found is None or not found.objected_s or found.answered_s:
            raise NoSuchRequest
        answered = msgspec.structs.replace(
            found,
            effect=decision.effect,
            state="granted" if decision.effect else "rejected",
            answer=_reasons(decision.statement),
            answered_s=self._context.clock.now_s(),
            decided_by=decision.by,
        )

        def work(connection: Connection) -> None:
            self._put(connection, answered)
            self._letters.answered(connection, answered)
            self._note(connection, answered, "answered")

        await self._context.database.write(work)
        await self._obey(answered)


class Register:
    """What anybody may know of requests, and what the administrator decides on; reads alone."""

    def __init__(self, context: Context) -> None:
        self._context, self._control = context, Control(context.secrets)

    async def find(self, address: str) -> RequestRow:
        """Raises NoSuchRequest."""
        id_ = self._control.request_of(address)
        found = await self._context.database.read(lambda c: duties.find_request(c, id_)) if id_ else None
        if found is None:
            raise NoSuchRequest
        return found

    def token(self, request: RequestRow) -> str:
        return self._control.token(request.id)

    def file_of(self, request: RequestRow) -> str:
        return self._control.file_of(request.id)

    async def listing(self, *, is_open: bool, limit: int = 200) -> Sequence[RequestRow]:
        read = self._context.database.read
        return await read(lambda c: duties.list_requests(c, is_open=is_open, limit=limit))

    async def objections(self) -> Sequence[RequestRow]:
        return await self._context.database.read(lambda c: duties.objected_requests(c, 200))

    async def counts(self) -> dict[tuple[str, str], int]:
        """Kind and state to how many, of the last 180 days."""
        return await self._context.database.read(duties.count_requests)


def _contact(text: str) -> str:
    """Raises BadInput for what is no address; empty stays empty."""
    try:
        return parse_address(text.strip()) if text.strip() else ""
    except ValueError:
        raise BadInput("contact", _("This is not an e-mail address.")) from None


def _reasons(text: str) -> str:
    """Raises BadInput."""
    text = text.strip()
    if not text or len(text) > MOST_TEXT:
        raise BadInput("statement", _("A decision needs its reasons, in at most 2000 characters."))
    return text


def _forget(connection: Connection, urls: list[str]) -> None:
    """What is kept of pages beside the index: their rows, what they said, and their links."""
    store.remove_pages(connection, urls)
    graph.forget(connection, urls)
