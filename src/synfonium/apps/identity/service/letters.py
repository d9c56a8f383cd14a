"""What people want to be written to about, and how the mail is."""

import msgspec
from sqlalchemy import Connection

from synfonium.apps.identity.contract import person_address
from synfonium.apps.identity.store import letters as store
from synfonium.common.ids import PersonId
from synfonium.common.problem import BadInput, NotFound
from synfonium.kernel.context import Context
from synfonium.kernel.mail import Letter, MailState
from synfonium.kernel.mail.topics import TOPICS, Stop, open_stop

__all__ = ["Letters", "Topic", "choices"]


class Topic(msgspec.Struct, frozen=True, kw_only=True):
    """Notices of one kind. title: English gettext source."""

    name: str
    title: str
    is_stopped: bool


class Letters:
    """Offers kernel.mail.topics.MailChoices; needs only to read for that."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def has_stopped(self, person_id: str, topic: str) -> bool:
        return topic in await self._context.database.read(lambda c: store.stopped_by(c, person_id))

    async def topics_of(self, person_id: PersonId) -> list[Topic]:
        """Every topic, and whether the person has stopped it."""
        stopped = await self._context.database.read(lambda c: store.stopped_by(c, person_id))
        return [Topic(name=name, title=title, is_stopped=name in stopped) for name, title in TOPICS.items()]

    def read_stop(self, token: str) -> Stop:
        """Who wants to stop what, by the path in a letter. Raises NotFound."""
        try:
            return open_stop(self._context.secrets, token)
        except ValueError:
            raise NotFound from None

    async def choose(self, person_id: PersonId, topic: str, *, is_wanted: bool) -> None:
        """Stops or starts notices of `topic`; again, it changes nothing. Raises BadInput."""
        if topic not in TOPICS:
            raise BadInput("topic", "")

        def change(connection: Connection) -> None:
            if is_wanted:
                changed = store.start(connection, person_id, topic)
            else:
                changed = store.stop(connection, person_id, topic, self._context.clock.now_s())
            if changed:
                act = "identity.mail.start" if is_wanted else "identity.mail.stop"
                self._context.audit.add(connection, person_id, act, person_address(person_id))

        await self._context.database.write(change)

    async def state(self) -> MailState:
        """How the letters of accounts are."""
        return await self._context.database.read(self._context.mail.state)

    async def troubled(self) -> list[tuple[str, str, str, float]]:
        """Letters that did not surely arrive: id, state, code, when."""
        return list(await self._context.database.read(self._context.mail.troubled))

    async def send_test(self, by: PersonId, to: str, locale: str) -> None:
        """Queues a test letter. Raises BadInput."""
        letter = Letter(
            to=to,
            template="identity/mail/test",
            locale=locale,
            values={"admin_url": f"{self._context.site.public_url}/admin/mail"},
            about=by,
        )

        def add(connection: Connection) -> None:
            self._context.mail.add(connection, letter)
            self._context.audit.add(connection, by, "identity.mail.test", person_address(by))

        await self._context.database.write(add)


def choices(context: Context) -> Letters:
    """The one of the service where it runs, else one that only reads."""
    if context.service is not None:
        own: Letters = context.service.letters
        return own
    return Letters(context)
