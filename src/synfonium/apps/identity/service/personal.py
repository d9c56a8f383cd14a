"""What identity does with a person's data beyond its tables: a newcomer begins to exist here."""

import asyncio
import re
from collections.abc import Mapping
from email import message_from_bytes
from email.policy import default
from email.utils import parseaddr
from pathlib import Path

from sqlalchemy import Connection

from synfonium.apps.identity.contract import Mailbox, Mailboxes
from synfonium.apps.identity.model.people import Account
from synfonium.apps.identity.service.people import OPERATOR, SCHEMES, insert_account, new_account
from synfonium.apps.identity.store import addresses, people
from synfonium.common.ids import PersonId
from synfonium.kernel.context import Context
from synfonium.kernel.i18n import LOCALES, _
from synfonium.kernel.personal import Coming, Part, Plain

_STAY_BEHIND = {
    "identity_passkey": _("Passkeys belong to the address they were made at: make new ones here."),
    "identity_token": _("Tokens do not travel: make new ones here."),
    "identity_totp": _("The second step is set up anew."),
    "identity_consent": _("Sites that knew the account there do not know this one."),
    "identity_member": _("Organisations and families stay where they are: ask to be invited here."),
}


class _Identity(Plain):
    def __init__(self, context: Context) -> None:
        self._context = context

    async def bring(self, person: PersonId, name: str, coming: Coming) -> None:
        """The switch: one commit, after which the person is there. Never an administrator,
        and with no way in: an operator hands over a sign-in link. Raises BadInput, NameTaken."""
        now_s = self._context.clock.now_s()
        row = next(coming.rows("identity_person"), {})
        made = new_account(name, str(row.get("display") or name), is_administrator=False, now_s=now_s)
        locale, scheme = row.get("locale"), row.get("scheme")
        account = Account(
            id=person,
            name=made.name,
            display=made.display,
            locale=locale if isinstance(locale, str) and locale in LOCALES else "",
            scheme=scheme if isinstance(scheme, str) and scheme in SCHEMES else "",
            created_s=now_s,
        )
        for table, text in _STAY_BEHIND.items():
            if next(coming.rows(table), None) is not None:
                coming.note(text)

        def work(connection: Connection) -> None:
            insert_account(self._context, connection, account, OPERATOR)

        await self._context.database.write(work)

    async def erase(self, person: PersonId) -> Mapping[str, int]:
        """Letters that lie in the home as files go while their address is still known."""
        self._context.service.authenticator.forget()

        def work(connection: Connection) -> tuple[str, str]:
            account = people.person_by_id(connection, person)
            return account.name if account else "", addresses.address_of(connection, person)

        name, address = await self._context.database.read(work)
        folder = self._context.home / "mail"
        return {"letters": await asyncio.to_thread(_forget_letters, folder, name, address)}


def _forget_letters(folder: Path, name: str, address: str) -> int:
    """Removes letters to the address, and those to an earlier one, which speak of the name."""
    if not name:
        return 0
    spoken = re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])")
    count = 0
    for path in folder.glob("*.eml"):
        letter = message_from_bytes(path.read_bytes(), policy=default)
        to = parseaddr(str(letter["to"] or ""))[1]
        words = " ".join(
            str(part.get_content()) for part in letter.walk() if part.get_content_type() == "text/plain"
        )
        if (address and to.casefold() == address.casefold()) or spoken.search(
            f"{letter['subject']} {to} {words}"
        ):
            path.unlink(missing_ok=True)
            count += 1
    return count


class _Mailboxes:
    """See contract.Mailboxes."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def of(self, person_id: PersonId) -> Mailbox | None:
        def work(connection: Connection) -> Mailbox | None:
            account = people.person_by_id(connection, person_id)
            address = addresses.address_of(connection, person_id)
            return Mailbox(address, account.locale) if account and address else None

        return await self._context.database.read(work)


def mailboxes(context: Context) -> Mailboxes:
    return _Mailboxes(context)


def part(context: Context) -> Part:
    return _Identity(context)
