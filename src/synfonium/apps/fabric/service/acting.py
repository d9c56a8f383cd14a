"""Declared actions: which there are for somebody, and doing them. Every door of actions (HTTP,
MCP, the palette, rules) comes through `Acting.act`, and so through the same check."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from synfonium.apps.fabric.contract import (
    Act,
    Action,
    Apps,
    DeclaredAction,
    Grants,
    Object,
    Objects,
    ObjectsAsk,
    Offered,
    RegisteredApp,
    in_language,
)
from synfonium.apps.fabric.errors import (
    NoAction,
    NoObject,
    NotFor,
    NotGranted,
    TookTooLong,
    TooManyAtOnce,
    WrongInput,
)
from synfonium.apps.fabric.model import acts, app_of, is_address
from synfonium.apps.fabric.model.findings import shown_path
from synfonium.apps.fabric.model.schema import validate
from synfonium.apps.fabric.service.once import Answer, Once
from synfonium.apps.fabric.service.outside import OutsideApps
from synfonium.apps.fabric.service.registry import words_of
from synfonium.common.ids import AppName, GrantId, PersonId
from synfonium.kernel.actor import Person
from synfonium.kernel.context import Context

LONGEST_S = 30.0
AT_ONCE = 8
MOST_OBJECTS = 50
MOST_SUGGESTED = 100
RULES = AppName("fabric")
"""What acts for a person when a rule of theirs does."""
_NOTHING = {"type": "object", "maxProperties": 0}

Wanted = tuple[RegisteredApp, DeclaredAction]


class Deed(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants done. name: `drive.rename`."""

    name: str
    object: str = ""
    input: dict[str, Any] = {}


class Acting:
    """Use cases of actions, in the role that owns the fabric's tables."""

    def __init__(self, context: Context, objects: Objects, outside: OutsideApps) -> None:
        self._context, self._objects, self._outside = context, objects, outside
        self._once = Once(context)
        self._running: Counter[PersonId] = Counter()

    async def offered(self, actor: Person, locale: str, object_: str | None = None) -> list[Offered]:
        """What the actor may do: with `object_`, with nothing (""), or at all (None). Raises NoObject."""
        shown = await self._described(actor.id, object_) if object_ else None
        return [
            _offered(app, action, locale)
            for app in await self._apps.all(actor.id)
            for action in app.manifest.synfonium.actions
            if await self._is_offered(actor, app, action, object_, shown)
        ]

    async def one(self, actor: Person, name: str, locale: str) -> Offered:
        """Raises NoAction."""
        return _offered(*await self._wanted(actor.id, name), locale)

    async def described(self, actor: Person, address: str) -> Object:
        """The object as the person may see it. Raises NoObject."""
        return await self._described(actor.id, address)

    async def things(self, actor: Person, one: Offered) -> Sequence[Object]:
        """What the form of an action suggests where it asks for an object of the person's."""
        if actor.app or not (one.on or acts.asks_object(one.input)):
            return ()
        found = await self._objects.children(one.app, ObjectsAsk(person=actor.id, limit=MOST_SUGGESTED))
        return (found.parent, *found.items) if found else ()

    async def act(self, actor: Person, deed: Deed, *, key: str = "", by_rule: bool = False) -> Answer:
        """Does it, with the rights of the actor alone. key: a second act of the same key is not done.

        Raises NoAction, NoObject, NotFor, NotGranted, WrongInput, TooManyAtOnce, TookTooLong,
        and what the app refuses.
        """
        app, action, grants = await self.check(actor, deed)
        by_app = RULES if by_rule else actor.app or AppName("")
        call = Act(person=actor.id, object=deed.object, input=deed.input, app=by_app, grants=grants)

        async def work() -> Answer:
            async with self._place(actor.id):
                answer = await self._run(app, action, call, _message_id(actor, key))
            if by_app:
                await self._note(app, action, call)
            return answer

        return await self._once.do(actor, key, deed, work)

    async def check(
        self, actor: Person, deed: Deed
    ) -> tuple[RegisteredApp, DeclaredAction, tuple[GrantId, ...]]:
        """What would be done, and by which grants. Raises as `act` before it does anything."""
        app, action = await self._wanted(actor.id, deed.name)
        _check_input(action, deed.input)
        return app, action, await self._rights(actor, app, action, deed)

    # Which

    @property
    def _apps(self) -> Apps:
        return self._context.offer(Apps)  # type: ignore[type-abstract]

    async def _wanted(self, person: PersonId, name: str) -> Wanted:
        app = await self._apps.by_name(app_of(name.replace(".", ":", 1)))
        if app is None or app.owner not in ("", person):
            raise NoAction
        for action in app.manifest.synfonium.actions:
            if action.name == name and not (action.anonymous and action.on):
                return app, action
        raise NoAction

    async def _is_offered(
        self,
        actor: Person,
        app: RegisteredApp,
        action: DeclaredAction,
        object_: str | None,
        shown: Object | None,
    ) -> bool:
        if shown is not None:
            is_for = app_of(shown.address) == app.name and bool({*action.on} & {*shown.interfaces})
            return is_for and await self._may(actor, shown, _needs(action)) is not None
        if object_ == "" and action.on:
            return False
        if actor.app is None:
            return True
        if not action.on:
            return await self._held(actor, [acts.collection_of(app.name)], "use") is not None
        return await self._holds_any(actor, app.name, _needs(action))

    async def _holds_any(self, actor: Person, app: AppName, needs: Action) -> bool:
        grants = self._context.offer(Grants)  # type: ignore[type-abstract]
        held = [await grants.of(grant) for grant in actor.grants]
        return any(one and app_of(one.object) == app and needs in one.actions for one in held)

    # Whether

    async def _rights(
        self, actor: Person, app: RegisteredApp, action: DeclaredAction, deed: Deed
    ) -> tuple[GrantId, ...]:
        """By which grants it may be done; none for a person. Raises when it may not."""
        needs = _needs(action)
        addresses = acts.objects_in(action.input, deed.input)
        if len(addresses) > MOST_OBJECTS:
            raise TooManyAtOnce
        if action.on:
            shown = await self._described(actor.id, deed.object)
            # An app acts on what is its own: another's things it reaches by a right of its own.
            if app_of(shown.address) != app.name or not {*action.on} & {*shown.interfaces}:
                raise NotFor
            found = [await self._need(actor, shown, needs)]
        elif deed.object:
            raise NotFor
        else:
            found = [await self._need_collection(actor, app.name)]
        for address in addresses:
            found.append(await self._need(actor, await self._described(actor.id, address), needs))
        return tuple(dict.fromkeys(grant for grant in found if grant))

    async def _need_collection(self, actor: Person, app: AppName) -> GrantId:
        held = await self._held(actor, [acts.collection_of(app)], "use")
        if held is None:
            raise NotGranted
        return held

    async def _need(self, actor: Person, shown: Object, needs: Action) -> GrantId:
        held = await self._may(actor, shown, needs)
        if held is None:
            raise NotGranted
        return held

    async def _may(self, actor: Person, shown: Object, needs: Action) -> GrantId | None:
        """An app never may more than the person whose grant it has."""
        return await self._held(actor, shown.path, needs) if needs in shown.may else None

    async def _held(self, actor: Person, path: Sequence[str], needs: Action) -> GrantId | None:
        """The grant of an app, "" for a person, None for no right."""
        if actor.app is None and not actor.grants:
            return GrantId("")
        grant = await self._context.offer(Grants).check(actor, path, needs)  # type: ignore[type-abstract]
        return grant.id if grant is not None and grant.person == actor.id else None

    async def _described(self, person: PersonId, address: str) -> Object:
        if not is_address(address) or acts.is_collection(address):
            raise NoObject
        shown = await self._objects.describe(person, address)
        if shown is None:
            raise NoObject
        return shown

    # Doing

    @asynccontextmanager
    async def _place(self, person: PersonId) -> AsyncIterator[None]:
        if self._running[person] >= AT_ONCE:
            raise TooManyAtOnce
        self._running[person] += 1
        try:
            yield
        finally:
            self._running[person] -= 1
            if not self._running[person]:
                del self._running[person]

    async def _run(self, app: RegisteredApp, action: DeclaredAction, call: Act, message_id: str) -> Answer:
        try:
            async with asyncio.timeout(LONGEST_S):
                answer = await self._called(app, action, call, message_id)
        except TimeoutError:
            raise TookTooLong from None
        plain = msgspec.to_builtins(answer)
        found: Answer = plain if isinstance(plain, dict) else {} if plain is None else {"result": plain}
        return {**found, "page": _page(app, found["page"])} if "page" in found else found

    async def _called(self, app: RegisteredApp, action: DeclaredAction, call: Act, message_id: str) -> Any:
        if action.anonymous:
            call = Act(person=PersonId(""), input=call.input)
        fields: Mapping[str, Any] = msgspec.to_builtins(call)
        if not app.is_outside:
            return await self._context.call(f"{app.name}.act_{action.word}", fields)
        # Which rights another app has is not its business.
        shown = {key: value for key, value in fields.items() if key != "grants"}
        person = PersonId("") if action.anonymous else call.person
        return await self._outside.ask(app, person, action.door, shown, message_id=message_id)

    async def _note(self, app: RegisteredApp, action: DeclaredAction, call: Act) -> None:
        subject = call.object or acts.collection_of(app.name)
        act = f"fabric.{app.name}.{action.word}"

        await self._context.database.write(
            lambda c: self._context.audit.add(c, call.person, act, subject, call.app)
        )


def _needs(action: DeclaredAction) -> Action:
    return action.needs if action.on else "use"


def _check_input(action: DeclaredAction, value: dict[str, Any]) -> None:
    """Without a schema there is nothing to say. Raises WrongInput for the first fault."""
    for finding in validate(action.input or _NOTHING, value, most=1):
        member = str(finding.path[0]) if finding.path else ""
        raise WrongInput(member, shown_path(finding.path), finding.source, finding.values)


def _message_id(actor: Person, key: str) -> str:
    """The same for the same act, so that an outside app knows one that it gets again."""
    named = f"{actor.id} {actor.app or ''} {key}".encode()
    return f"msg_{hashlib.sha256(named).hexdigest()[:32]}" if key else ""


def _page(app: RegisteredApp, page: object) -> str:
    """A path of this site for an installed app; of its own origin for an outside one; else ""."""
    text = str(page)
    is_path = text.startswith("/") and not text.startswith(("//", "/\\")) and text.isprintable()
    return f"{app.origin}{text}" if is_path else ""


def _offered(app: RegisteredApp, action: DeclaredAction, locale: str) -> Offered:
    return Offered(
        name=action.name,
        app=app.name,
        app_title=in_language(app.manifest.name, locale),
        title=in_language(action.title, locale),
        description=in_language(action.description, locale),
        input=acts.spoken(action.input, words_of(app, locale)),
        on=action.on,
        effect=action.effect,
        icon=action.icon,
    )
