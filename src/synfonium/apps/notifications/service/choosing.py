"""How a person wants to hear of things, and when not."""

from collections.abc import Callable, Sequence

from babel.dates import LOCALTZ
from sqlalchemy import Connection

from synfonium.apps.notifications.errors import UnknownNotice
from synfonium.apps.notifications.model.notice import WAYS, Choice
from synfonium.apps.notifications.model.quiet import Quiet, zones
from synfonium.apps.notifications.service.bell import Bell
from synfonium.apps.notifications.store import choices, items, pushes
from synfonium.common.ids import PersonId
from synfonium.common.problem import BadInput, NotFound
from synfonium.kernel.context import Context
from synfonium.kernel.i18n import _


class Choosing:
    """Reads and changes the choices of one person."""

    def __init__(self, context: Context, bell: Bell, wake: Callable[[], None]) -> None:
        self._context, self._bell, self._wake = context, bell, wake

    async def quiet(self, person: PersonId) -> Quiet:
        """As chosen; else none, in the time zone of this machine."""
        chosen = await self._context.database.read(lambda c: choices.quiet_of(c, person))
        return chosen or Quiet(zone=own_zone())

    async def set_quiet(self, person: PersonId, quiet: Quiet) -> None:
        """What waits follows the new hours at once. Raises BadInput."""
        if quiet.zone not in zones():
            raise BadInput("zone", _("Choose a time zone of the list, such as Europe/Paris."))
        if quiet.is_on and not quiet.days:
            raise BadInput("days", _("Choose at least one day."))
        now_s = self._context.clock.now_s()

        def work(connection: Connection) -> None:
            choices.set_quiet(connection, person, quiet)
            pushes.hold(connection, person, quiet.ends_s(now_s), now_s)
            self._audit(connection, person, "notifications.quiet.set")

        await self._context.database.write(work)
        self._wake()

    async def of(self, person: PersonId) -> Sequence[Choice]:
        """Apps that have told them something, each before its topics."""
        return await self._context.database.read(lambda c: choices.of_person(c, person))

    async def choose(self, person: PersonId, app: str, topic: str, way: str) -> None:
        """`way` "" takes the choice back. Raises BadInput, NotFound."""
        if way and way not in WAYS:
            raise BadInput("way", _("Pushed, shown, silent or off."))

        def work(connection: Connection) -> None:
            if not choices.choose(connection, person, app, topic, way):
                raise NotFound
            if way in ("silent", "off"):
                items.silence(connection, person, app, topic)
            self._audit(connection, person, "notifications.way.set")

        await self._context.database.write(work)
        self._bell.ring(person)

    async def mute(self, person: PersonId, id_: str) -> str:
        """Silences the app that this notification is from; which one. Raises UnknownNotice."""
        found = await self._context.database.read(lambda c: items.one(c, person, id_))
        if found is None:
            raise UnknownNotice
        await self.choose(person, found.app, "", "silent")
        return found.app

    def _audit(self, connection: Connection, person: PersonId, act: str) -> None:
        self._context.audit.add(connection, person, act, f"identity:person/{person}")


def own_zone() -> str:
    """The IANA name of this machine's time zone, UTC when it has none."""
    name = getattr(LOCALTZ, "key", None) or getattr(LOCALTZ, "zone", None) or "UTC"
    return name if name in zones() else "UTC"
