"""Open and share: which app takes a thing, by its manifest; the answer is a new grant."""

from collections.abc import Sequence
from urllib.parse import urlencode, urljoin

import msgspec

from synfonium.apps.fabric.contract import (
    FILE,
    Action,
    Apps,
    Grant,
    Intent,
    Object,
    RegisteredApp,
    fits,
)
from synfonium.apps.fabric.errors import NothingOpens
from synfonium.apps.fabric.service.grants import Granting
from synfonium.apps.fabric.store import choices
from synfonium.common.ids import PersonId
from synfonium.kernel.context import Context

NEEDS: dict[Intent, frozenset[Action]] = {
    "view": frozenset({"read"}),
    "edit": frozenset({"read", "write"}),
    "create": frozenset({"read", "write"}),
}


class Handler(msgspec.Struct, frozen=True, kw_only=True):
    """An app that takes a thing, at which address of its own, and whether it is the usual one."""

    app: RegisteredApp
    action: str
    is_default: bool = False


class Opening:
    """What the doors of open and share call."""

    def __init__(self, context: Context, granting: Granting) -> None:
        self._context, self._granting = context, granting
        self._database = context.database

    async def handlers(self, person: PersonId, shown: Object, intent: Intent) -> Sequence[Handler]:
        """Who opens it, the person's usual app first, those that open everything last."""
        usual = await self._database.read(lambda c: choices.default_of(c, person, intent, kind_of(shown)))
        found = []
        if NEEDS[intent] <= shown.may:
            for app in await self._context.offer(Apps).all(person):  # type: ignore[type-abstract]
                action = _action(app, shown, intent)
                if action:
                    found.append(Handler(app=app, action=action, is_default=app.name == usual))
        return sorted(found, key=lambda one: (not one.is_default, _opens_everything(one)))

    async def targets(self, person: PersonId) -> Sequence[RegisteredApp]:
        """Apps that something can be shared to."""
        apps = await self._context.offer(Apps).all(person)  # type: ignore[type-abstract]
        return [app for app in apps if app.manifest.share_target is not None]

    async def open(
        self, person: PersonId, address: str, intent: Intent, app: str, *, remember: bool = False
    ) -> str:
        """Gives the handler what it needs, and says where the browser goes. `app` may be empty
        for the usual one. Raises NothingOpens, NotYours."""
        shown = await self._granting.object_of(person, address)
        handlers = await self.handlers(person, shown, intent)
        wanted = [h for h in handlers if h.app.name == app or (not app and h.is_default)]
        if not wanted:
            raise NothingOpens
        handler = wanted[0]
        grant = await self._granting.give(person, handler.app.name, address, NEEDS[intent], origin="open")
        if remember:
            name = handler.app.name
            await self._database.write(lambda c: choices.set_default(c, person, intent, kind_of(shown), name))
        return self._launch(handler.app, handler.action, {"grant": grant.id, "intent": intent})

    async def share(self, person: PersonId, address: str, app: str) -> str:
        """Gives `app` leave to read it, and says where the browser goes. Raises NothingOpens."""
        shown = await self._granting.object_of(person, address)
        target = next((one for one in await self.targets(person) if one.name == app), None)
        if target is None or target.manifest.share_target is None:
            raise NothingOpens
        grant = await self._granting.give(person, app, address, frozenset({"read"}), origin="share")
        share = target.manifest.share_target
        location = self.location(shown, grant)
        named = {
            share.params.title: shown.title,
            share.params.url: location,
        }
        fields = {name: value for name, value in named.items() if name}
        return self._launch(target, share.action, {**fields, "grant": grant.id})

    def location(self, shown: Object, grant: Grant) -> str:
        location = shown.location.replace("{grant}", grant.id)
        return self._context.site.public_url + location if location.startswith("/") else location

    def _launch(self, app: RegisteredApp, action: str, fields: dict[str, str]) -> str:
        """The app learns which grant it comes for; it gets the token by coming back with it
        (`authorization_details` with verb open), so that the address alone opens nothing."""
        origin = app.origin or self._context.site.public_url
        url = urljoin(f"{origin}/", action)
        issuer = {"iss": self._context.site.public_url}
        return f"{url}{'&' if '?' in url else '?'}{urlencode({**fields, **issuer})}"


def kind_of(shown: Object) -> str:
    """For what a usual app is remembered: the media type of a file, else the interface."""
    return shown.media_type if FILE in shown.interfaces else shown.interfaces[0]


def _opens_everything(handler: Handler) -> bool:
    files = handler.app.manifest.file_handlers
    return any(file.action == handler.action and "*/*" in file.accept for file in files)


def _action(app: RegisteredApp, shown: Object, intent: Intent) -> str:
    if FILE in shown.interfaces:
        for handler in app.manifest.file_handlers:
            if intent in handler.intents and fits(shown.media_type, tuple(handler.accept)):
                return handler.action
    for opener in app.manifest.synfonium.opens:
        if intent in opener.intents and opener.interface in shown.interfaces:
            return opener.action
    return ""
