"""People of a directory sign in with their name and password there; nothing of the password stays."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import msgspec

from synfonium.apps.identity.errors import (
    LastAdministrator,
    NameTaken,
    OutsideUnreachable,
    TooManyTries,
)
from synfonium.apps.identity.model.directory import is_askable
from synfonium.apps.identity.model.outside import (
    Binding,
    DirectorySettings,
    Said,
    Source,
    may_come,
    proposed_name,
    usable_display,
)
from synfonium.apps.identity.model.people import Account
from synfonium.apps.identity.service.outside.admission import Admission
from synfonium.apps.identity.service.outside.ldap import DirectoryFailed, Ldap
from synfonium.apps.identity.service.outside.sources import Sources
from synfonium.apps.identity.service.people import OPERATOR, Directory
from synfonium.apps.identity.store import outside as store
from synfonium.kernel import logs
from synfonium.kernel.context import Context

T = TypeVar("T")
THREADS = 4
MOST_WAITING = 32
SLOWEST_S = 20.0
FOLLOW_EVERY_S = 3600.0
MOST_ASKED = 5
NAMES_TRIED = 20
# More people gone at once than this is a mistake in the directory or in its settings.
GONE_AT_ONCE = (5, 0.2)

log = logs.get("identity")


class Followed(msgspec.Struct, frozen=True, kw_only=True):
    """What a round through the directories found."""

    asked: int = 0
    suspended: int = 0


class LdapDirectories:
    """Asks directories, in few threads and for a short time."""

    def __init__(self, context: Context, sources: Sources, admission: Admission, people: Directory) -> None:
        self._context, self._sources = context, sources
        self._admission, self._people = admission, people
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="ldap")
        self._waiting = 0

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def check(self, source: Source) -> None:
        """Raises OutsideUnreachable."""
        await self._ask(self._ldap(source).check)

    async def known(self, name: str, password: str, account: Account | None) -> tuple[Account, Source] | None:
        """Whose name and password these are in a directory; None when nobody's.

        `account` is who has that name here: then only a directory that it is bound to hears of
        it, and the others are asked as much about nobody, so that the time tells nothing.
        Newcomers get an account. Raises OutsideUnreachable, TooManyTries, NameTaken.
        """
        if not password or not is_askable(name):
            return None
        bound = await self._subjects_of(account) if account else {}
        silent: OutsideUnreachable | None = None
        for source in await self._open():
            try:
                if account is None:
                    said = await self._ask(
                        partial(self._ldap(source).authenticate, name=name, password=password)
                    )
                else:
                    said = await self._said_of(source, bound.get(source.id, []), password)
            except OutsideUnreachable as failure:
                silent = failure
                continue
            if said is not None and account is None:
                return await self._welcome(source, said)
            if said is not None:
                return await self._admission.follow(source, said), source
        if silent:
            raise silent
        return None

    async def _subjects_of(self, account: Account) -> dict[str, list[str]]:
        """What directories call the person, by the source."""
        subjects: dict[str, list[str]] = {}
        for binding in await self._context.database.read(lambda c: store.bindings_of(c, account.id)):
            subjects.setdefault(binding.source, []).append(binding.subject)
        return subjects

    async def _said_of(self, source: Source, subjects: Sequence[str], password: str) -> Said | None:
        ldap = self._ldap(source)
        for subject in subjects:
            said = await self._ask(partial(ldap.authenticate, subject=subject, password=password))
            if said is not None:
                return said
        if not subjects:
            await self._ask(ldap.ask_nobody)
        return None

    async def _welcome(self, source: Source, said: Said) -> tuple[Account, Source] | None:
        if await self._admission.account_of(said.issuer, said.subject):
            return await self._admission.follow(source, said), source
        wish = proposed_name(said)
        if not wish or not may_come(source.settings, said):
            return None
        for number in range(NAMES_TRIED):
            ending = str(number + 1) if number else ""
            try:
                name = f"{wish[: 32 - len(ending)]}{ending}"
                return await self._admission.create_bound(
                    source, said, name, usable_display(said.display)
                ), source
            except NameTaken:
                continue
        raise NameTaken

    async def follow(self) -> Followed:
        """Asks every open directory for everybody bound to it: changes are taken over, and who is
        gone there is suspended here."""
        asked = suspended = 0
        for source in await self._open():
            bindings = await self._context.database.read(partial(store.bindings_at, source_id=source.id))
            try:
                gone = await self._follow(source, bindings)
            except (OutsideUnreachable, TooManyTries):
                continue
            asked += len(bindings)
            if len(gone) > max(GONE_AT_ONCE[0], GONE_AT_ONCE[1] * len(bindings)):
                log.error("identity.directory_lost_many", count=len(gone), total=len(bindings))
                continue
            suspended += await self._suspend(gone)
        return Followed(asked=asked, suspended=suspended)

    async def _follow(self, source: Source, bindings: Sequence[Binding]) -> list[Binding]:
        """Who of the bound is gone."""
        gone, ldap = [], self._ldap(source)
        for binding in bindings:
            found = await self._ask(partial(ldap.look, subject=binding.subject))
            if found is None:
                gone.append(binding)
            else:
                await self._admission.follow(source, found[1], is_use=False)
        return gone

    async def _suspend(self, gone: Sequence[Binding]) -> int:
        count = 0
        for binding in gone:
            account = await self._admission.account_of(binding.issuer, binding.subject)
            if account is None or account.is_suspended:
                continue
            try:
                await self._people.suspend(binding.person_id, by=OPERATOR)
                count += 1
            except LastAdministrator:
                log.warning("identity.directory_last_administrator")
        return count

    async def follow_for_ever(self) -> None:
        while True:
            await asyncio.sleep(FOLLOW_EVERY_S)
            try:
                await self.follow()
            except Exception as failure:
                log.error("identity.directory_not_followed", failure)

    async def _open(self) -> list[Source]:
        found = [s for s in await self._sources.all() if s.is_open and s.kind == "ldap"]
        return found[:MOST_ASKED]

    def _ldap(self, source: Source) -> Ldap:
        settings = source.settings
        if not isinstance(settings, DirectorySettings):
            raise OutsideUnreachable
        return Ldap(settings, self._sources.secret_of(source), source.issuer)

    async def _ask(self, work: Callable[[], T]) -> T:
        if self._waiting >= MOST_WAITING:
            raise TooManyTries
        self._waiting += 1
        try:
            async with asyncio.timeout(SLOWEST_S):
                return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except (DirectoryFailed, TimeoutError) as failure:
            reason = failure.reason if isinstance(failure, DirectoryFailed) else "slow"
            log.warning("identity.directory_unreachable", reason=reason)
            raise OutsideUnreachable from None
        finally:
            self._waiting -= 1
