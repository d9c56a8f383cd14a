"""A person's e-mail address: written down once they have shown that they read it.

The link that is mailed carries the wish, sealed; it works once and for an hour. Whether an
address belongs to somebody already is told to that address alone.
"""

from collections.abc import Mapping

import msgspec
from sqlalchemy import Connection

from synfonium.apps.identity.contract import PERSON_CHANGED, person_address
from synfonium.apps.identity.errors import LinkSpent
from synfonium.apps.identity.model.people import Account, digest, new_secret
from synfonium.apps.identity.service.sealed import seal, unseal
from synfonium.apps.identity.service.tries import Tries
from synfonium.apps.identity.store import addresses as store
from synfonium.apps.identity.store import credentials
from synfonium.apps.identity.store import people as people_store
from synfonium.common.ids import PersonId
from synfonium.common.problem import BadInput, Problem
from synfonium.kernel.context import Context
from synfonium.kernel.i18n import _
from synfonium.kernel.mail import Letter
from synfonium.libraries.mail_address import parse_address

LIFE_S = 3600
LETTERS_TO_ONE = (5, 3600.0)
LETTERS_IN_ALL = (600, 3600.0)


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who had proved who they are wants this address for their account."""

    person_id: PersonId
    address: str
    secret: str
    expires_s: float


def checked_address(text: str) -> str:
    """Raises BadInput (`address`)."""
    try:
        return parse_address(text)
    except ValueError:
        raise BadInput("address", _("This is not an e-mail address.")) from None


class MailAddresses:
    """Asks for, verifies, changes and removes addresses."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._tries = Tries(lambda: context.clock.now_s(), of_one=LETTERS_TO_ONE, in_all=LETTERS_IN_ALL)

    async def of(self, person_id: PersonId) -> str:
        """The verified address, or an empty string."""
        return await self._context.database.read(lambda c: store.address_of(c, person_id))

    async def ask(self, person_id: PersonId, text: str) -> str:
        """Mails a link to the address; gives the address. Raises BadInput, TooManyTries."""
        address = checked_address(text)
        self._tries.take(person_id)
        expires_s = self._context.clock.now_s() + LIFE_S
        wish = Wish(person_id=person_id, address=address, secret=new_secret(), expires_s=expires_s)
        url = f"{self._context.site.public_url}/email/{seal(self._context, wish, 'address')}"

        def work(connection: Connection) -> None:
            account = self._account(connection, person_id)
            owner = store.person_at(connection, address)
            if owner is None or owner == person_id:
                values = {"name": account.name, "url": url, "minutes": LIFE_S // 60}
                self._write(connection, account, "verify_address", address, values)
            else:
                self._write(connection, account, "address_taken", address, {})
            self._audit(connection, person_id, "identity.mail_address.ask")

        await self._context.database.write(work)
        return address

    async def look(self, sealed: str) -> tuple[str, str]:
        """The account's name and the address that a link is about. Raises LinkSpent."""
        wish = self._open(sealed)

        def read(connection: Connection) -> str:
            if credentials.is_spent(connection, digest(wish.secret)):
                raise LinkSpent
            return self._account(connection, wish.person_id).name

        return await self._context.database.read(read), wish.address

    async def confirm(self, sealed: str) -> None:
        """The address is the person's from now on; the one before is told. Raises LinkSpent."""
        wish, now_s = self._open(sealed), self._context.clock.now_s()
        person_id = wish.person_id

        def work(connection: Connection) -> None:
            if not credentials.spend(connection, digest(wish.secret), wish.expires_s):
                raise LinkSpent
            account = self._account(connection, person_id)
            if store.person_at(connection, wish.address) not in (None, person_id):
                raise LinkSpent
            self._tell_old(connection, account, wish.address)
            store.set_address(connection, person_id, wish.address, now_s)
            self._context.outbox.add(connection, PERSON_CHANGED, person_address(person_id))
            self._audit(connection, person_id, "identity.mail_address.set")

        await self._context.database.write(work)

    async def remove(self, person_id: PersonId) -> None:
        def work(connection: Connection) -> None:
            self._tell_old(connection, self._account(connection, person_id), "")
            if store.remove_address(connection, person_id):
                self._context.outbox.add(connection, PERSON_CHANGED, person_address(person_id))
                self._audit(connection, person_id, "identity.mail_address.remove")

        await self._context.database.write(work)

    def write(
        self, connection: Connection, person_id: PersonId, template: str, values: Mapping[str, object]
    ) -> bool:
        """Writes to a person at their verified address; whether they have one."""
        address = store.address_of(connection, person_id)
        if address:
            self._write(connection, self._account(connection, person_id), template, address, values)
        return bool(address)

    def _tell_old(self, connection: Connection, account: Account, new: str) -> None:
        old = store.address_of(connection, account.id)
        if old and old != new:
            values = {"name": account.name, "security_url": self._security_url()}
            self._write(connection, account, "address_changed", old, values)

    def _write(
        self, connection: Connection, account: Account, template: str, to: str, values: Mapping[str, object]
    ) -> None:
        letter = Letter(
            to=to,
            template=f"identity/mail/{template}",
            locale=account.locale,
            values={"name": account.name, **values},
            about=account.id,
        )
        self._context.mail.add(connection, letter)

    def _security_url(self) -> str:
        return f"{self._context.site.public_url}/settings/security"

    def _account(self, connection: Connection, person_id: PersonId) -> Account:
        account = people_store.person_by_id(connection, person_id)
        if account is None or account.is_suspended:
            raise LinkSpent
        return account

    def _open(self, sealed: str) -> Wish:
        try:
            wish = unseal(self._context, sealed, "address", Wish)
        except Problem:
            raise LinkSpent from None
        if self._context.clock.now_s() >= wish.expires_s:
            raise LinkSpent
        return wish

    def _audit(self, connection: Connection, person_id: PersonId, act: str) -> None:
        self._context.audit.add(connection, person_id, act, person_address(person_id))
