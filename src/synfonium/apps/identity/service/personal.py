"""What identity does with a person's data beyond its tables: a newcomer begins to exist here."""

from collections.abc import Mapping

from sqlalchemy import Connection

from synfonium.apps.identity.model.people import Account
from synfonium.apps.identity.service.people import OPERATOR, SCHEMES, insert_account, new_account
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
        self._context.service.authenticator.forget()
        return {}


def part(context: Context) -> Part:
    return _Identity(context)
