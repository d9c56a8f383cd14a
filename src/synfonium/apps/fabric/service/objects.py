"""All apps' objects, whichever way the app is reached."""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from synfonium.apps.fabric.contract import Apps, Children, Object, ObjectsAsk, RegisteredApp, in_language
from synfonium.apps.fabric.errors import AppAway, NoObject
from synfonium.apps.fabric.model import app_of
from synfonium.apps.fabric.model.acts import is_collection
from synfonium.apps.fabric.service.outside import OutsideApps
from synfonium.common.ids import AppName, PersonId
from synfonium.common.problem import NotFound
from synfonium.kernel.context import Context

T = TypeVar("T")
ACTIONS = "actions/1"
"""The actions of an app that are done with no object."""


class ObjectsOfApps:
    """`contract.Objects`: installed apps are asked by a command, outside apps by HTTP."""

    def __init__(self, context: Context, outside: OutsideApps) -> None:
        self._context, self._outside = context, outside

    async def describe(self, person: PersonId, address: str) -> Object | None:
        app = AppName(app_of(address))
        if is_collection(address):
            return await self._actions_of(person, app, address)
        ask = ObjectsAsk(person=person, address=address)
        found: Object | None = await self._ask(app, "describe", ask, Object | None)
        return found if found is None or _is_about(found, app, address) else None

    async def children(self, app: AppName, ask: ObjectsAsk) -> Children | None:
        found: Children | None = await self._ask(app, "children", ask, Children | None)
        if found is None or not all(_is_of(item, app) for item in (found.parent, *found.items)):
            return None
        return found

    async def create(self, app: AppName, ask: ObjectsAsk) -> Object:
        made: Object | None = await self._ask(app, "create", ask, Object | None)
        if made is None or not _is_of(made, app):
            raise NoObject
        return made

    async def _actions_of(self, person: PersonId, name: AppName, address: str) -> Object | None:
        """What stands for all actions of an app that are done with no object; ours to answer."""
        app = await self._context.offer(Apps).by_name(name)  # type: ignore[type-abstract]
        if app is None or app.owner not in ("", person) or not app.manifest.synfonium.actions:
            return None
        title = in_language(app.manifest.name, "en")
        return Object(
            address=address,
            interfaces=(ACTIONS,),
            owner=person,
            title=title,
            path=(address,),
            may=frozenset({"use"}),
            page=app.manifest.start_url if not app.is_outside else "",
        )

    async def _ask(self, name: AppName, call: str, ask: ObjectsAsk, kind: Any) -> Any:
        app = await self._context.offer(Apps).by_name(name)  # type: ignore[type-abstract]
        if app is None or app.manifest.synfonium.objects is None:
            return None
        try:
            answer = await self._answer(app, call, ask)
            # Within one process the answer is the struct itself, from elsewhere it is JSON.
            return msgspec.convert(msgspec.to_builtins(answer), kind)
        except NotFound:
            return None
        except msgspec.ValidationError:
            raise AppAway from None

    async def _answer(self, app: RegisteredApp, call: str, ask: ObjectsAsk) -> Any:
        if app.is_outside:
            assert app.manifest.synfonium.objects is not None
            door = f"{app.manifest.synfonium.objects.door.rstrip('/')}/{call}"
            return await self._outside.ask(app, ask.person, door, _fields(ask))
        return await self._context.call(f"{app.name}.object_{call}", _fields(ask))


def _fields(ask: ObjectsAsk) -> Mapping[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(ask)
    return fields


def _is_of(object_: Object, app: AppName) -> bool:
    """An app speaks of its own objects alone, whatever it answers."""
    return all(app_of(address) == app for address in (object_.address, *object_.path))


def _is_about(object_: Object, app: AppName, address: str) -> bool:
    return object_.address == address and address in object_.path and _is_of(object_, app)
