"""Rules of people: heard facts wait in a table, and are done one after the other for each person,
with that person's own rights at that moment."""

import asyncio
from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import Connection

from synfonium.apps.fabric.contract import Object, Objects
from synfonium.apps.fabric.errors import NoRule, TooManyRules
from synfonium.apps.fabric.model import is_address
from synfonium.apps.fabric.model.automation import (
    MOST_AN_HOUR,
    MOST_FAILURES,
    MOST_RULES,
    NOTHING,
    Rule,
    Run,
    chain_of,
    deed_of,
    fits,
    owner_of,
    values_of,
)
from synfonium.apps.fabric.model.facts import emitted_types, path_of
from synfonium.apps.fabric.service.acting import Acting, Deed
from synfonium.apps.fabric.store import automation as store
from synfonium.apps.identity.contract import People
from synfonium.apps.notifications.contract import NOTIFY, Notice
from synfonium.apps.shell.contract import Words
from synfonium.common.event import Event
from synfonium.common.ids import PersonId, new_id
from synfonium.common.problem import BadInput, Problem
from synfonium.kernel import logs
from synfonium.kernel.actor import Person
from synfonium.kernel.context import Context
from synfonium.kernel.i18n import _

log = logs.get("fabric")
AT_ONCE = 4
HOUR_S = 3600.0
PAUSED = {
    "failed": _("A rule failed three times in a row and is paused: {name}"),
    "often": _("A rule did too much within an hour and is paused: {name}"),
}
_with = msgspec.structs.replace


class Automation:
    """Use cases of rules, in the role that owns the fabric's tables."""

    def __init__(self, context: Context, acting: Acting, objects: Objects) -> None:
        self._context, self._acting, self._objects = context, acting, objects
        self._places = asyncio.Semaphore(AT_ONCE)
        self._draining: dict[PersonId, asyncio.Task[None]] = {}
        self._woken: set[PersonId] = set()

    async def start(self) -> None:
        """Goes on with what waited; what was being done when the process ended is not done again."""
        now_s = self._now_s()
        await self._context.database.write(lambda c: store.interrupt(c, now_s))
        for person in await self._context.database.read(store.waiting):
            self._wake(person)

    async def stop(self) -> None:
        tasks = list(self._draining.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def idle(self) -> None:
        """Returns when nothing waits any more."""
        while self._draining:
            await asyncio.gather(*self._draining.values())

    # The person's rules

    async def of_person(self, person: PersonId) -> Sequence[Rule]:
        return await self._context.database.read(lambda c: store.of_person(c, person))

    async def one(self, person: PersonId, id_: str) -> Rule:
        """Raises NoRule."""
        found = await self._context.database.read(lambda c: store.one(c, person, id_))
        if found is None:
            raise NoRule
        return found

    async def history(self, person: PersonId, id_: str) -> Sequence[Run]:
        """The last 20, the newest first. Raises NoRule."""
        rule = await self.one(person, id_)
        return await self._context.database.read(lambda c: store.history(c, rule.id))

    async def make(self, actor: Person, wanted: Rule) -> Rule:
        """Raises BadInput, NoAction, NoObject, TooManyRules."""
        now_s = self._now_s()
        rule = _with(wanted, id=new_id(now_s), person=actor.id, created_s=now_s, enabled=True)
        if rule.event not in emitted_types():
            raise BadInput("event", _("No app here tells this."))
        await self._acting.one(actor, rule.action, "en")
        for address in (rule.object, rule.target):
            if is_address(address):
                await self._acting.described(actor, address)
            elif address and "{" not in address:
                raise BadInput("object", _("This is not the address of an object."))

        def work(connection: Connection) -> None:
            if store.count(connection, actor.id) >= MOST_RULES:
                raise TooManyRules
            store.add(connection, rule)

        await self._context.database.write(work)
        return rule

    async def pause(self, person: PersonId, id_: str, *, enabled: bool) -> None:
        """Raises NoRule."""
        rule = await self.one(person, id_)
        await self._context.database.write(
            lambda c: store.change(c, rule.id, enabled=enabled, paused_why="", failures=0)
        )

    async def remove(self, person: PersonId, id_: str) -> None:
        """Raises NoRule."""
        rule = await self.one(person, id_)
        await self._context.database.write(lambda c: store.remove(c, rule.id))

    async def rehearse(self, actor: Person, id_: str, subject: str) -> bool:
        """Whether the rule is about that thing and could be done now; nothing is done. Raises NoRule,
        NoObject, and why it could not be done."""
        rule = await self.one(actor.id, id_)
        shown = await self._acting.described(actor, subject)
        if not fits(rule, subject, shown):
            return False
        await self._acting.check(actor, _deed(rule, rule.event, subject, shown))
        return True

    # What happens

    async def hear(self, events: Sequence[Event]) -> None:
        """Writes down which rules are to look at them; a second delivery adds nothing. What happened before
        a rule was made is none of its business, however late it is told."""
        told = [(owner, event) for event in events if (owner := owner_of(event))]
        heard = {(owner, event.type) for owner, event in told}
        rules = await self._context.database.read(lambda c: {one: store.hearing(c, *one) for one in heard})
        new = [
            _waiting(rule, owner, event)
            for owner, event in told
            for rule, created_s in rules[owner, event.type].items()
            if created_s <= event.time_s
        ]
        added = await self._context.database.write(lambda c: store.wait(c, new)) if new else 0
        if added:
            for owner in {owner for owner, event in told if rules[owner, event.type]}:
                self._wake(owner)

    def _wake(self, person: PersonId) -> None:
        self._woken.add(person)
        if person not in self._draining:
            task = asyncio.get_running_loop().create_task(self._drain(person), name="rules")
            self._draining[person] = task

    async def _drain(self, person: PersonId) -> None:
        """One after the other, so that what a rule has caused is known when it is looked at."""
        try:
            while person in self._woken:  # also by what came while the last look found nothing
                self._woken.remove(person)
                while run := await self._context.database.read(lambda c: store.next_of(c, person)):
                    async with self._places:
                        await self._look(run)
        except Exception as failure:
            log.error("fabric.rules_failed", failure)
        finally:
            del self._draining[person]

    async def _look(self, run: Run) -> None:
        rule = await self._context.database.read(lambda c: store.one(c, run.person, run.rule))
        actor = await self._actor(run.person)
        if rule is None or not rule.enabled or actor is None:
            await self._context.database.write(lambda c: store.drop(c, run))
            return
        shown = await self._shown(run)
        if not fits(rule, run.subject, shown, run.path):
            await self._context.database.write(lambda c: store.drop(c, run))
            return
        chain = chain_of(rule, await self._causes(run, shown))
        if chain is None:
            await self._put(_with(run, state="skipped", problem="fabric.loop", ended_s=self._now_s()))
        elif await self._is_too_often(rule):
            await self._context.database.write(lambda c: store.drop(c, run))
            await self._stop(rule, "often")
        else:
            await self._do(rule, actor, _with(run, chain=chain), _deed(rule, run.type, run.subject, shown))

    async def _do(self, rule: Rule, actor: Person, run: Run, deed: Deed) -> None:
        # On the disk before it is done: what is interrupted is not done a second time.
        run = _with(run, state="running", started_s=self._now_s(), touched=_touched(deed, {}))
        await self._put(run)
        try:
            answer = await self._acting.act(actor, deed, by_rule=True)
        except Problem as refusal:
            await self._put(_with(run, state="failed", problem=refusal.title[:200], ended_s=self._now_s()))
            await self._failed(rule)
            return
        except Exception as failure:
            log.error("fabric.rule_failed", failure)
            await self._put(_with(run, state="failed", problem="internal", ended_s=self._now_s()))
            await self._failed(rule)
            return
        await self._put(_with(run, state="done", touched=_touched(deed, answer), ended_s=self._now_s()))
        if rule.failures:
            await self._context.database.write(lambda c: store.change(c, rule.id, failures=0))

    async def _failed(self, rule: Rule) -> None:
        failures = rule.failures + 1
        await self._context.database.write(lambda c: store.change(c, rule.id, failures=failures))
        if failures >= MOST_FAILURES:
            await self._stop(rule, "failed")

    async def _stop(self, rule: Rule, why: str) -> None:
        await self._context.database.write(lambda c: store.change(c, rule.id, enabled=False, paused_why=why))
        notice = Notice(
            person=rule.person,
            topic="rule_paused",
            topic_title=_("A rule is paused"),
            title=Words(text=PAUSED[why], values={"name": rule.name}),
            url=f"/fabric/rules/{rule.id}",
            key=f"rule {rule.id}",
        )
        try:
            await self._context.call(NOTIFY, msgspec.to_builtins(notice))
        except Problem as refusal:
            log.warning("fabric.notice_failed", reason=refusal.code)

    async def _actor(self, person: PersonId) -> Person | None:
        """The person, with their own rights and no other; None for one who may not come in."""
        found = await self._context.offer(People).by_id(person)  # type: ignore[type-abstract]
        if found is None or found.is_suspended:
            return None
        return Person(id=found.id, name=found.name, display=found.display)

    async def _shown(self, run: Run) -> Object | None:
        try:
            return await self._objects.describe(run.person, run.subject)
        except Problem:
            return None

    async def _causes(self, run: Run, shown: Object | None) -> Sequence[Run]:
        """The runs by which this came about: going on when it happened, and about the same thing."""
        found = await self._context.database.read(lambda c: store.around(c, run.person, run.event_s))
        return [one for one in found if one.has_caused(run.subject, shown.path if shown else run.path)]

    async def _is_too_often(self, rule: Rule) -> bool:
        since_s = self._now_s() - HOUR_S
        return await self._context.database.read(
            lambda c: store.count_since(c, rule.id, since_s) >= MOST_AN_HOUR
        )

    async def _put(self, run: Run) -> None:
        await self._context.database.write(lambda c: store.put(c, run))

    def _now_s(self) -> float:
        return self._context.clock.now_s()


def _waiting(rule: str, owner: PersonId, event: Event) -> Run:
    return Run(
        id=new_id(),
        rule=rule,
        person=owner,
        event=event.id,
        type=event.type,
        subject=event.subject,
        event_s=event.time_s,
        path=path_of(event.data, event.subject),
    )


def _deed(rule: Rule, type_: str, subject: str, shown: Object | None) -> Deed:
    target, input_ = deed_of(rule, values_of(type_, subject, shown))
    return Deed(name=rule.action, object=target, input=input_)


def _touched(deed: Deed, answer: Mapping[str, object]) -> tuple[str, ...]:
    made = str(answer.get("object", ""))
    return (deed.object or NOTHING, *([made] if is_address(made) else ()))
