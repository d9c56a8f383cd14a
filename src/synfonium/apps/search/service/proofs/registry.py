"""Every promise of web search: what is said, how it is tried, and the check that does it."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import msgspec

from synfonium.apps.search.service.proofs import answers, memory, process, traces
from synfonium.apps.search.service.proofs.scene import Outcome, Scene
from synfonium.apps.trust.contract import Proof
from synfonium.kernel import logs
from synfonium.kernel.context import Context
from synfonium.kernel.i18n import _

log = logs.get("search")
LIVE_FOR_S = 60.0
Check = Callable[[Scene], Awaitable[Outcome]]


class Promise(msgspec.Struct, frozen=True, kw_only=True):
    """said, how: English gettext sources. is_live: cheap enough to be tried for who reads the page."""

    name: str
    said: str
    how: str
    check: Check
    is_live: bool = True


PROMISES = (
    Promise(
        name="search.no_cookie",
        said=_("No cookie is set, and nothing is kept in your browser."),
        how=_("Ten questions go to every door, as from a new browser; no answer may set anything."),
        check=answers.no_cookie,
    ),
    Promise(
        name="search.nothing_of_others",
        said=_("The pages ask nobody but this installation for anything."),
        how=_("The pages are read as a browser reads them: whatever they load must come from here."),
        check=answers.nothing_of_others,
    ),
    Promise(
        name="search.same_for_all",
        said=_("Everybody gets the same answer to the same question."),
        how=_(
            "One question is asked with other cookies, accounts, addresses, browsers; answers are compared."
        ),
        check=answers.same_for_all,
    ),
    Promise(
        name="search.nobody_seen",
        said=_("The search does not learn who asks: it is taken off before your question arrives."),
        how=_("A request full of marks is sent to a door of search that says all it can see."),
        check=answers.nobody_seen,
    ),
    Promise(
        name="search.no_detour",
        said=_("Results lead straight to their pages, and those do not learn where you come from."),
        how=_(
            "A page of results is read: its links are those of the index, without detour, ping or referrer."
        ),
        check=answers.no_detour,
    ),
    Promise(
        name="search.can_be_posted",
        said=_("You may ask without your words standing in an address or a history."),
        how=_("The form is sent by POST and the results are compared with those of GET."),
        check=answers.can_be_posted,
    ),
    Promise(
        name="search.no_core",
        said=_("A crash leaves no picture of the memory in which your question was."),
        how=_("The processes are asked whether the kernel may write a core dump of them."),
        check=process.no_core,
    ),
    Promise(
        name="search.forgets_askers",
        said=_("So that nobody takes it all, questions are counted: in memory, without a name, for minutes."),
        how=_("An address stands there as a hash with a key drawn each day; the oldest count is looked at."),
        check=memory.forgets_askers,
    ),
    Promise(
        name="search.no_connection",
        said=_("A question to our own index makes no connection to anybody."),
        how=_("While questions are answered, every attempt to connect or to resolve a name is noted."),
        check=process.no_connection,
        is_live=False,
    ),
    Promise(
        name="search.no_trace",
        said=_("Neither your question nor your address is written anywhere."),
        how=_("A word and an address that nobody has are used, then looked for in files, in every encoding."),
        check=traces.no_trace,
        is_live=False,
    ),
    Promise(
        name="search.no_learning",
        said=_("Suggestions are words of pages, and never what somebody searched."),
        how=_("A new word is searched for a thousand times; it must not be suggested afterwards."),
        check=memory.no_learning,
        is_live=False,
    ),
)


class Proofs:
    """Tries the promises. Who reads the page gets the cheap ones, tried in the last minute."""

    def __init__(self, context: Context) -> None:
        self._scene = Scene(context)
        self._trying = asyncio.Lock()
        self._live, self._tried_s = list[Proof](), 0.0

    async def live(self) -> list[Proof]:
        """The cheap ones, tried at most once a minute however many look."""
        async with self._trying:
            if not self._live or time.monotonic() - self._tried_s > LIVE_FOR_S:
                self._live = [await self._tried(one) for one in PROMISES if one.is_live]
                self._tried_s = time.monotonic()
            return self._live

    async def all(self) -> list[Proof]:
        """Every one, now."""
        async with self._trying:
            return [await self._tried(one) for one in PROMISES]

    async def _tried(self, promise: Promise) -> Proof:
        try:
            outcome = await promise.check(self._scene)
        except Exception as failure:  # one check that breaks must not hide the others
            log.error("search.proof_failed", failure)
            outcome = Outcome(state="open", found=_("It could not be tried. The log says where."))
        return Proof(
            promise=promise.name,
            said=promise.said,
            how=promise.how,
            state=outcome.state,
            found=outcome.found,
            values=outcome.values,
        )
