"""The journal of facts: what installed apps tell by the house's events, and outside apps by HTTP."""

import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Sequence

from sqlalchemy import Connection

from synfonium.apps.fabric.config import FabricConfig
from synfonium.apps.fabric.contract import Apps, Grant, Objects, RegisteredApp
from synfonium.apps.fabric.errors import TooManyEvents
from synfonium.apps.fabric.model import app_of, is_address
from synfonium.apps.fabric.model.facts import (
    GRANT_FACTS,
    MOST_STEPS,
    CloudEvent,
    Fact,
    Listener,
    owner_of,
    path_of,
    wants,
)
from synfonium.apps.fabric.service.authority import Authority
from synfonium.apps.fabric.store import deliveries
from synfonium.apps.fabric.store import facts as store
from synfonium.apps.fabric.store import grants as grants_store
from synfonium.common.event import Event
from synfonium.common.ids import GrantId, PersonId, new_id
from synfonium.common.problem import BadInput, Forbidden, Problem
from synfonium.kernel.actor import Person
from synfonium.kernel.context import Context
from synfonium.kernel.i18n import _

DAY_S = 86_400.0
AT_ONCE, A_SECOND = 200.0, 2.0
"""How much an app may tell for one person: so many events at once, then so many a second."""
KEPT_PATHS, KEPT_PATHS_S = 4096, 30.0
MOST_BUCKETS = 10_000
Path = tuple[str, ...]


class Journal:
    """Keeps each fact once, with the grants by which it may be heard of at that moment."""

    def __init__(self, context: Context, authority: Authority) -> None:
        self._context, self._authority = context, authority
        config = context.config if isinstance(context.config, FabricConfig) else FabricConfig()
        self._keep_s, self._retry_s = config.keep_events_days * DAY_S, config.retry_days * DAY_S
        self._buckets = Buckets()
        self._paths: OrderedDict[tuple[str, PersonId], tuple[float, Path]] = OrderedDict()
        self.on_kept: Callable[[], None] = lambda: None
        self.on_due: Callable[[str], None] = lambda app: None

    async def hear(self, events: Sequence[Event]) -> None:
        """Facts of an installed app; those that are there already change nothing."""
        await self._keep([await self._heard(event) for event in events])

    async def _heard(self, event: Event) -> Fact:
        owner = owner_of(event.data)
        path = path_of(event.data, event.subject) or await self._asked_path(PersonId(owner), event.subject)
        return Fact(
            key=event.id,
            id=event.id,
            type=event.type,
            app=event.source,
            subject=event.subject,
            path=path,
            owner=owner,
            time_s=event.time_s,
            data=event.data,
        )

    async def tell(self, actor: Person, told: Sequence[CloudEvent]) -> None:
        """Facts of the outside app that `actor` is: of types that its manifest declares, about
        its own objects. Raises Forbidden, BadInput, TooManyEvents; then nothing was kept."""
        app = await self._context.offer(Apps).by_name(actor.app or "")  # type: ignore[type-abstract]
        if app is None or not app.is_outside:
            raise Forbidden
        self._buckets.take((app.name, actor.id), len(told))
        for one in told:
            self._check(app, one)
        await self._keep([await self._fact(app, actor.id, one) for one in told])

    def _check(self, app: RegisteredApp, one: CloudEvent) -> None:
        site = self._context.site.public_url
        if one.source not in (app.name, f"{site}/{app.name}", app.origin):
            raise BadInput("source", _("An app tells only in its own name: source is its id or its origin."))
        if one.type not in {emitted.type for emitted in app.manifest.synfonium.emits}:
            raise BadInput("type", _("An app tells only what its manifest names under synfonium.emits."))
        addresses = [one.subject, *one.path.split()]
        if len(addresses) > MOST_STEPS or any(
            not is_address(each) or app_of(each) != app.name for each in addresses
        ):
            raise BadInput(
                "subject", _("An app tells only of its own objects: the address begins with its id.")
            )
        if one.datacontenttype.partition(";")[0].strip() != "application/json":
            raise BadInput("datacontenttype", _("The data of an event is JSON."))

    async def _fact(self, app: RegisteredApp, owner: PersonId, one: CloudEvent) -> Fact:
        now_s = self._context.clock.now_s()
        said = tuple(dict.fromkeys([one.subject, *one.path.split()])) if one.path else ()
        return Fact(
            key=new_id(now_s),
            id=one.id,
            type=one.type,
            app=app.name,
            subject=one.subject,
            path=said or await self._outside_path(app, owner, one.subject),
            owner=owner,
            time_s=one.time.timestamp() if one.time else now_s,
            data=one.data,
        )

    async def _outside_path(self, app: RegisteredApp, person: PersonId, subject: str) -> Path:
        """As the app answers about its object, asked at most twice a minute. Raises BadInput, AppAway."""
        if app.manifest.synfonium.objects is None:
            return (subject,)
        kept = self._paths.get((subject, person))
        if kept is not None and time.monotonic() - kept[0] < KEPT_PATHS_S:
            return kept[1]
        found = await self._context.offer(Objects).describe(person, subject)  # type: ignore[type-abstract]
        if found is None:
            raise BadInput("subject", _("The app itself does not know this object of this person."))
        path = tuple(dict.fromkeys([subject, *found.path[:MOST_STEPS]]))
        self._paths[subject, person] = (time.monotonic(), path)
        if len(self._paths) > KEPT_PATHS:
            self._paths.popitem(last=False)
        return path

    async def _asked_path(self, person: PersonId, subject: str) -> Path:
        """Of an installed app that does not say it. What is gone, or cannot be asked now, lies nowhere."""
        if app_of(subject) == self._context.app.name:
            return (subject,)
        try:
            found = await self._context.offer(Objects).describe(person, subject)  # type: ignore[type-abstract]
        except (Problem, LookupError):
            found = None
        return tuple(dict.fromkeys([subject, *(found.path if found else ())]))

    async def _keep(self, found: Sequence[Fact]) -> None:
        now_s = self._context.clock.now_s()
        held = await self._holding(found)
        hooked = await self._hooked({grant.app for grants in held for grant in grants})

        def work(connection: Connection) -> None:
            ends_s = now_s + self._keep_s
            seqs = store.add_many(connection, found, ends_s)
            for fact, grants in zip(found, held, strict=True):
                if grants and fact.key in seqs:
                    self._add(connection, fact, seqs[fact.key], grants, hooked, now_s)

        await self._context.database.write(work)
        self.on_kept()
        for app in hooked:
            self.on_due(app)

    def _add(
        self,
        connection: Connection,
        fact: Fact,
        seq: int,
        grants: Sequence[Grant],
        hooked: dict[str, Collection[str]],
        now_s: float,
    ) -> None:
        ends_s = now_s + self._keep_s
        hearers = [store.Hearer(seq=seq, app=g.app, person=g.person, grant=g.id) for g in grants]
        store.add_hearers(connection, hearers, ends_s)
        to = {Listener(g.app, g.person) for g in grants if wants(hooked.get(g.app, ()), fact.type)}
        ends_s = min(ends_s, now_s + self._retry_s)
        deliveries.add(
            connection,
            [
                deliveries.Delivery(
                    app=one.app, seq=seq, person=one.person, subject=fact.subject, due_s=now_s, ends_s=ends_s
                )
                for one in sorted(to, key=lambda one: (one.app, one.person))
            ],
        )

    async def _holding(self, found: Sequence[Fact]) -> Sequence[Sequence[Grant]]:
        """By which grants each fact may be heard of. A grant's own app hears of it, whatever it says."""
        by_path = await self._authority.holding([fact.path for fact in found], "read")
        return [
            await self._own(fact)
            if fact.type in GRANT_FACTS and fact.app == self._context.app.name
            # What was given between the deed and its telling tells of nothing before it.
            else [grant for grant in grants if grant.since_s <= fact.time_s or fact.key != fact.id]
            for fact, grants in zip(found, by_path, strict=True)
        ]

    async def _own(self, fact: Fact) -> Sequence[Grant]:
        id_ = GrantId(fact.subject.rpartition("/")[2])
        return await self._context.database.read(lambda c: grants_store.any_state(c, id_))

    async def _hooked(self, apps: Iterable[str]) -> dict[str, Collection[str]]:
        """Outside apps that are told by a webhook, and of which types."""
        found: dict[str, Collection[str]] = {}
        for name in apps:
            app = await self._context.offer(Apps).by_name(name)  # type: ignore[type-abstract]
            listens = app.manifest.synfonium.listens if app and app.is_outside else None
            if listens and listens.door:
                found[name] = listens.types
        return found


class Buckets:
    """Counts what each app tells for each person, and refuses a flood."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, PersonId], tuple[float, float]] = OrderedDict()

    def take(self, name: tuple[str, PersonId], count: int) -> None:
        """Raises TooManyEvents."""
        now_s = time.monotonic()
        left, at_s = self._kept.pop(name, (AT_ONCE, now_s))
        left = min(AT_ONCE, left + (now_s - at_s) * A_SECOND)
        is_enough = left >= count
        self._kept[name] = (left - count if is_enough else left, now_s)
        if len(self._kept) > MOST_BUCKETS:
            self._kept.popitem(last=False)
        if not is_enough:
            raise TooManyEvents
