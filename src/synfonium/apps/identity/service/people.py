"""Adding, finding and changing people."""

from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from synfonium.apps.identity import contract
from synfonium.apps.identity.contract import PersonView, person_address
from synfonium.apps.identity.errors import LastAdministrator, NameTaken, PersonUnknown
from synfonium.apps.identity.model.people import DISPLAY_LENGTH, Account, parse_line, parse_name
from synfonium.apps.identity.service.closing import close, open_again
from synfonium.apps.identity.store import credentials, members
from synfonium.apps.identity.store import people as store
from synfonium.common.ids import PersonId, new_id
from synfonium.common.problem import BadInput, NotFound
from synfonium.kernel.context import Context
from synfonium.kernel.i18n import LOCALES, _

OPERATOR = PersonId("operator")
"""Stands in audit rows for whoever uses the command line of the machine itself."""

SCHEMES = ("", "light", "dark")


def new_account(name: str, display: str, *, is_administrator: bool, now_s: float) -> Account:
    """A person to be added. Raises BadInput."""
    try:
        parse_name(name)
    except ValueError:
        raise BadInput(
            "name",
            _(
                "A name has 2 to 32 small letters, digits, dots, hyphens or underscores, "
                "and a letter or digit at both ends."
            ),
        ) from None
    return Account(
        id=PersonId(new_id(now_s)),
        name=name,
        display=checked_display(display or name),
        is_administrator=is_administrator,
        created_s=now_s,
    )


def checked_display(text: str) -> str:
    try:
        return parse_line(text, DISPLAY_LENGTH)
    except ValueError:
        raise BadInput("display", _("What people are called is one line of 1 to 80 characters.")) from None


def insert_account(context: Context, connection: Connection, account: Account, by: PersonId) -> None:
    """Adds the person with event and audit row. Raises NameTaken."""
    if store.person_by_name(connection, account.name):
        raise NameTaken
    store.add_person(connection, account)
    address = person_address(account.id)
    context.outbox.add(connection, contract.PERSON_ADDED, address)
    context.audit.add(connection, by, "identity.person.add", address)


class Directory:
    """The people of this installation; offers contract.Profile and contract.People."""

    def __init__(self, context: Context, forget: Callable[[], None]) -> None:
        self._context, self._forget = context, forget

    async def add(
        self, name: str, display: str, *, is_administrator: bool, by: PersonId, password_hash: str = ""
    ) -> Account:
        """Raises BadInput, NameTaken."""
        now_s = self._context.clock.now_s()
        account = new_account(name, display, is_administrator=is_administrator, now_s=now_s)

        def work(connection: Connection) -> None:
            insert_account(self._context, connection, account, by)
            if password_hash:
                store.set_password(connection, account.id, password_hash, now_s)

        await self._context.database.write(work)
        return account

    async def named(self, name: str) -> Account:
        """Raises PersonUnknown."""
        found = await self._context.database.read(lambda c: store.person_by_name(c, name))
        if found is None:
            raise PersonUnknown
        return found

    async def all(
        self, after: str = "", *, find: str = "", organisation: str = "", limit: int = store.PAGE
    ) -> tuple[Sequence[Account], frozenset[str]]:
        """People by name, at most `limit` after `after`, and the ids of those with a passkey.

        find: in what they are called; organisation: the slug of one they are members of.
        """

        def work(connection: Connection) -> tuple[Sequence[Account], frozenset[str]]:
            found = members.list_people(connection, after, limit, find=find, slug=organisation)
            return found, credentials.people_with_passkey(connection, [one.id for one in found])

        return await self._context.database.read(work)

    async def organisations_of(self, ids: Sequence[PersonId]) -> dict[PersonId, list[tuple[str, str]]]:
        """Slug and name of the organisations that each of these people is in; one query."""

        def work(connection: Connection) -> dict[PersonId, list[tuple[str, str]]]:
            found: dict[PersonId, list[tuple[str, str]]] = {}
            for member, row in members.memberships_of(connection, ids):
                found.setdefault(member.person, []).append((row.slug, row.name))
            return found

        return await self._context.database.read(work)

    async def suspend(self, person_id: PersonId, *, by: PersonId) -> None:
        """Closes the account and its sessions; nothing in it is lost. Raises LastAdministrator."""

        def work(connection: Connection) -> None:
            self._change(connection, person_id, by, "identity.person.suspend", is_suspended=True)
            close(self._context, connection, [person_id], "installation")

        await self._write(work)

    async def resume(self, person_id: PersonId, *, by: PersonId) -> None:
        """Opens the account, whoever had closed it."""

        def work(connection: Connection) -> None:
            self._change(connection, person_id, by, "identity.person.resume", is_suspended=False)
            open_again(self._context, connection, [person_id], None)
            members.resume_everywhere(connection, person_id)

        await self._write(work)

    async def leave(self, person_id: PersonId, *, by: PersonId) -> None:
        """The person closes their account, to be erased later. Raises LastAdministrator, NotFound."""

        def work(connection: Connection) -> None:
            self._change(connection, person_id, by, "identity.person.leave", is_suspended=True)
            close(self._context, connection, [person_id], "leaving")

        await self._write(work)

    async def stay(self, person_id: PersonId, *, by: PersonId) -> None:
        """Takes `leave` back; an account that somebody else holds closed stays closed."""

        def work(connection: Connection) -> None:
            open_again(self._context, connection, [person_id], "leaving")
            self._context.audit.add(connection, by, "identity.person.stay", person_address(person_id))

        await self._write(work)

    async def set_administrator(self, person_id: PersonId, is_administrator: bool, *, by: PersonId) -> None:
        """Raises LastAdministrator, NotFound."""
        act = "identity.administrator.make" if is_administrator else "identity.administrator.remove"
        await self._write(lambda c: self._change(c, person_id, by, act, is_administrator=is_administrator))

    async def set_locale(self, person_id: PersonId, locale: str) -> None:
        if locale and locale not in LOCALES:
            raise BadInput("locale", _("This language is not spoken here yet."))
        await self._set(person_id, locale=locale)

    async def set_scheme(self, person_id: PersonId, scheme: str) -> None:
        if scheme not in SCHEMES:
            raise BadInput("scheme", _("Colours are light, dark, or as the device."))
        await self._set(person_id, scheme=scheme)

    async def set_display(self, person_id: PersonId, display: str) -> None:
        await self._set(person_id, display=checked_display(display))

    async def _set(self, person_id: PersonId, **values: str) -> None:
        def work(connection: Connection) -> None:
            if not store.change_person(connection, person_id, **values):
                raise NotFound
            self._context.outbox.add(connection, contract.PERSON_CHANGED, person_address(person_id))

        await self._write(work)

    def _change(
        self, connection: Connection, person_id: PersonId, by: PersonId, act: str, **values: bool
    ) -> None:
        had_administrator = store.count_administrators(connection) > 0
        if not store.change_person(connection, person_id, **values):
            raise NotFound
        if had_administrator and not store.count_administrators(connection):
            raise LastAdministrator
        self._context.audit.add(connection, by, act, person_address(person_id))

    async def _write(self, work: Callable[[Connection], None]) -> None:
        await self._context.database.write(work)
        self._forget()


class Lookup:
    """See contract.People."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def by_name(self, name: str) -> PersonView | None:
        return _view(await self._context.database.read(lambda c: store.person_by_name(c, name)))

    async def by_id(self, person_id: PersonId) -> PersonView | None:
        return _view(await self._context.database.read(lambda c: store.person_by_id(c, person_id)))


def _view(account: Account | None) -> PersonView | None:
    if account is None:
        return None
    return PersonView(
        id=account.id, name=account.name, display=account.display, is_suspended=account.is_suspended
    )


def people(context: Context) -> contract.People:
    return Lookup(context)


def profile(context: Context) -> contract.Profile:
    """In identity's own role. Raises LookupError elsewhere."""
    if context.service is None:
        raise LookupError("a profile is changed in the role of identity")
    directory: Directory = context.service.people
    return directory
