"""One process of the house: the apps, doors, commands and events of its roles."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from synfonium.common.event import Event
from synfonium.common.problem import NotFound, Problem
from synfonium.kernel import anonymous, logs, metrics
from synfonium.kernel.app import ROLES, App, Role, Subscription, installed_apps, resolve
from synfonium.kernel.asgi import HeaderPairs
from synfonium.kernel.audit.book import AuditBook
from synfonium.kernel.audit.chain import Broken
from synfonium.kernel.audit.heads import Signer
from synfonium.kernel.audit.keeper import Keeper
from synfonium.kernel.authentication import Authentication
from synfonium.kernel.calls import Call, Progress
from synfonium.kernel.commands import find_command, keeps_something, role_of
from synfonium.kernel.config import sender_of, site_of
from synfonium.kernel.context import Context, Offers
from synfonium.kernel.giving import Giver
from synfonium.kernel.hearing import Hearing
from synfonium.kernel.hold import is_held
from synfonium.kernel.house import House
from synfonium.kernel.limits import Rate
from synfonium.kernel.mail.post import Postman, PostRules
from synfonium.kernel.mail.queue import Queued
from synfonium.kernel.mail.topics import MailChoices
from synfonium.kernel.migrations import migrate
from synfonium.kernel.neighbours import HEALTH, METRICS, Neighbours
from synfonium.kernel.relay import Relay
from synfonium.kernel.retention import Retention
from synfonium.kernel.socket import Request, call_socket, role_socket, serve_calls
from synfonium.kernel.tls import open_certificates
from synfonium.kernel.vitals import Vitals, vitals
from synfonium.ports.bus import ManySubscriber, Subscriber
from synfonium.ports.database import Database
from synfonium.ports.mailer import Outgoing

if TYPE_CHECKING:
    from synfonium.kernel.dispatcher import Dispatcher

log = logs.get("kernel")
DELIVER = "kernel.deliver"
SIGN_AUDIT = "kernel.sign_audit"


class Runtime:
    """Runs the given roles of a home in this process.

    `async with` it: tables are migrated, services open, events and calls flow. The ASGI
    app for people is `application`; it exists in every role, so that a role can be asked
    over its own socket.
    """

    def __init__(self, house: House, roles: frozenset[Role]) -> None:
        self.house, self.roles = house, roles
        self.site = site_of(house.config)
        self.apps = installed_apps()
        self._offers = Offers()
        self._authentication = Authentication(self._offers, self.site)
        self._neighbours = Neighbours(house.home, roles)
        self.contexts = {app.name: self._context(app) for app in self.apps}
        self._stack = AsyncExitStack()
        self._application: Dispatcher | None = None
        self.certificates = (
            open_certificates(house.config, house.home, house.clock) if "web" in roles else None
        )
        self._relays: list[Relay] = []
        self._signer = Signer(house.secrets)
        self._keepers: list[Keeper] = []
        self._composer: Callable[[Queued], Outgoing] | None = None

    # Starting and stopping

    async def __aenter__(self) -> "Runtime":
        try:
            await self._begin()
        except BaseException:
            # What was opened before is closed in its order, and not by the end of the loop.
            await self._stack.aclose()
            raise
        return self

    async def _begin(self) -> None:
        for app in self.apps:
            if app.migrations and app.role in self.roles:
                migrate(app, self.contexts[app.name].database)
        self._stack.push_async_callback(self.house.engines.close)
        for context in self.contexts.values():
            await self._open(context)
        await self.house.engines.open_jobs()
        await self._subscribe()
        await self._serve_sockets()
        self._start_relays()
        self._start_postmen()
        await self._start_keepers()
        self._start_retention()

    async def __aexit__(self, *exception: object) -> None:
        await self._stack.aclose()

    def _context(self, app: App) -> Context:
        context = Context(
            app=app,
            role=app.role if app.role in self.roles else next(iter(self.roles)),
            config=self.house.settings.of(app),
            settings=self.house.settings,
            folder=self.house.home / "apps" / app.name,
            home=self.house.home,
            site=self.site,
            clock=self.house.clock,
            secrets=self.house.secrets,
            engines=self.house.engines,
            call=partial(self.call, caller=app.name),
            offers=self._offers,
            authenticate=self._authentication.person_of,
            audit_book=self._audit_book,
            ask=self._ask,
            check_mail=self.house.mailer.check,
        )
        for protocol, maker in app.offers.items():
            self._offers.add(protocol, partial(_made, maker, context))
        if keeps_something(app):
            self._offers.add(f"{Giver.__module__}:{Giver.__qualname__}", partial(Giver, context))
        return context

    async def _open(self, context: Context) -> None:
        if context.app.service and (context.app.role in self.roles or context.app.doors_role in self.roles):
            context.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            context.service = await self._stack.enter_async_context(resolve(context.app.service)(context))

    async def _serve_sockets(self) -> None:
        for role in self.roles:
            path = role_socket(self.house.home, role)
            server = await serve_calls(path, self._answer)
            self._stack.callback(server.close)

    # Commands

    async def call(
        self,
        command: str,
        arguments: Mapping[str, Any] | None = None,
        progress: Progress | None = None,
        *,
        caller: str = "cli",
    ) -> Any:
        """Runs `app.command` here or in the role that owns it."""
        app, found = find_command(command)
        role = role_of(command)
        if role in self.roles:
            call = Call(arguments=dict(arguments or {}), caller=caller, progress=progress or _silent)
            return await resolve(found.handler)(self.contexts[app.name], call)
        path = role_socket(self.house.home, role)
        return await call_socket(path, command, arguments or {}, caller, progress)

    async def _answer(self, request: Request, progress: Progress) -> Any:
        if request.command == DELIVER:
            return await self._deliver(request.arguments["subscription"], request.arguments["events"])
        if request.command == METRICS:
            return metrics.samples()
        if request.command == SIGN_AUDIT:
            return await self._sign_audit()
        if request.command == HEALTH:
            return await self._vitals()
        return await self.call(request.command, request.arguments, progress, caller=request.caller)

    async def _vitals(self) -> Vitals:
        waiting = stuck = 0
        for app in self.apps:
            if app.migrations and app.role in self.roles:
                context = self.contexts[app.name]
                counted = await context.database.read(context.outbox.counts)
                waiting, stuck = waiting + counted[0], stuck + counted[1]
        return vitals(self.roles, waiting=waiting, stuck=stuck)

    # Events

    def _subscriptions(self) -> list[tuple[App, Subscription]]:
        return [(app, subscription) for app in installed_apps() for subscription in app.subscriptions]

    async def _subscribe(self) -> None:
        """Every relay of this process publishes to all subscriptions; those of another
        role are reached through that role's socket. Raises ConfigError."""
        for hearing in self._offers.all(Hearing):  # type: ignore[type-abstract]
            for app in self.apps:
                hearing.check(app)
        for app, subscription in self._subscriptions():
            role = subscription.role or app.role
            reach = self._subscriber_here if role in self.roles else self._subscriber_there
            one, of_many = reach(app, subscription, role)
            await self.house.bus.subscribe(
                subscription.name,
                subscription.types,
                one,
                of_many=of_many if subscription.of_many else None,
            )

    def _subscriber_here(
        self, app: App, subscription: Subscription, _role: Role
    ) -> tuple[Subscriber, ManySubscriber]:
        async def handle(event: Event) -> None:
            if subscription.of_many:
                await handle_many([event])
            else:
                await resolve(subscription.handler)(self.contexts[app.name], event)

        async def handle_many(events: Sequence[Event]) -> None:
            await resolve(subscription.of_many)(self.contexts[app.name], events)

        return handle, handle_many

    def _subscriber_there(
        self, _app: App, subscription: Subscription, role: Role
    ) -> tuple[Subscriber, ManySubscriber]:
        path = role_socket(self.house.home, role)

        async def send_many(events: Sequence[Event]) -> None:
            wire = {"subscription": subscription.name, "events": msgspec.to_builtins(list(events))}
            await call_socket(path, DELIVER, wire, "kernel")

        async def send(event: Event) -> None:
            await send_many([event])

        return send, send_many

    async def _deliver(self, name: str, wire: Any) -> None:
        for app, subscription in self._subscriptions():
            if subscription.name == name and (subscription.role or app.role) in self.roles:
                one, of_many = self._subscriber_here(app, subscription, app.role)
                events = msgspec.convert(wire, list[Event])
                await (one(events[0]) if len(events) == 1 else of_many(events))
                return
        raise NotFound

    def _start_relays(self) -> None:
        for app in self.apps:
            if app.migrations and app.role in self.roles:
                context = self.contexts[app.name]
                relay = Relay(context.database, context.outbox, self.house.bus)
                relay.start()
                context.outbox.on_added = relay.wake
                self._stack.push_async_callback(relay.stop)

    # Audit

    async def _start_keepers(self) -> None:
        for app in self.apps:
            if app.migrations and app.role in self.roles:
                database = self.contexts[app.name].database
                keeper = Keeper(
                    app.name,
                    database,
                    self._signer,
                    self._audit_folder,
                    self.house.clock,
                    is_held=partial(is_held, self.house.home),
                )
                await keeper.start()
                self._keepers.append(keeper)
                self._stack.push_async_callback(keeper.stop)

    @property
    def _audit_folder(self) -> Path:
        return self.house.home / "audit"

    async def _sign_audit(self) -> None:
        """Signs the heads of every app of this process. A chain that is broken is not signed."""
        for keeper in self._keepers:
            with suppress(Broken):
                await keeper.sign()

    async def _sign_everywhere(self) -> None:
        await self._sign_audit()
        for role in ROLES:
            if role not in self.roles:
                with suppress(Problem):
                    await call_socket(role_socket(self.house.home, role), SIGN_AUDIT, {}, "kernel")

    def _audit_book(self) -> AuditBook:
        databases = {
            app.name: partial(_database_of, self.contexts, app.name) for app in self.apps if app.migrations
        }
        return AuditBook(
            databases,
            self._signer,
            self._audit_folder,
            self._sign_everywhere,
            is_held=partial(is_held, self.house.home),
        )

    # Letters

    def _start_postmen(self) -> None:
        rules = PostRules(give_up_s=self.house.config.mail_give_up_days * 86_400)
        for app in self.apps:
            if app.migrations and app.role in self.roles:
                context = self.contexts[app.name]
                postman = Postman(
                    database=context.database,
                    mail=context.mail,
                    mailer=self.house.mailer,
                    compose=self._compose,
                    refuses=self._has_stopped,
                    clock=self.house.clock,
                    rules=rules,
                )
                postman.start()
                context.mail.on_added = postman.wake
                self._stack.push_async_callback(postman.stop)

    def _compose(self, queued: Queued) -> Outgoing:
        # Imported with the first letter: most roles write none.
        if self._composer is None:
            from synfonium.kernel.mail.compose import Composer

            self._composer = Composer(
                self.apps,
                site=self.site,
                name=self.house.config.name,
                language=self.house.config.language,
                sender=sender_of(self.house.config, self.site),
                secrets=self.house.secrets,
            )
        return self._composer(queued)

    async def _has_stopped(self, person_id: str, topic: str) -> bool:
        choices = self._offers.all(MailChoices)  # type: ignore[type-abstract]
        return any([await choice.has_stopped(person_id, topic) for choice in choices])

    # Ends

    def _start_retention(self) -> None:
        """What is over goes, by itself, where it may be written."""
        for app in self.apps:
            if app.migrations and app.role in self.roles:
                retention = Retention(self.contexts[app.name])
                retention.start()
                self._stack.push_async_callback(retention.stop)

    # Doors

    @property
    def application(self) -> "Dispatcher":
        """The dispatcher of this process, built when first asked for.

        Its imports wait until then: a role without doors does without a web framework.
        """
        if self._application is None:
            from synfonium.kernel.application import build_application

            self._application = build_application(
                contexts=self.contexts.values(),
                roles=self.roles,
                authentication=self._authentication,
                certificates=self.certificates,
                neighbours=self._neighbours,
                name=self.house.config.name,
                language=self.house.config.language,
                rate=Rate(self.house.config.questions_per_s, self.house.config.questions_at_once),
                closing=self._stack,
            )
        return self._application

    async def _ask(
        self,
        target: str,
        *,
        method: str = "GET",
        headers: HeaderPairs = (),
        body: bytes = b"",
        peer: str = "",
    ) -> anonymous.Answered:
        ask = anonymous.asker(self.application, "localhost")
        return await ask(target, method=method, headers=headers, body=body, peer=peer)

    async def health(self) -> dict[str, bool]:
        """Role to whether it answers."""
        return await self._neighbours.health()


def _database_of(contexts: Mapping[str, Context], app: str) -> Database:
    return contexts[app].database


def _made(maker: str, context: Context) -> Any:
    return resolve(maker)(context)


async def _silent(text: str, done: float = 0, total: float = 0) -> None:
    await asyncio.sleep(0)
