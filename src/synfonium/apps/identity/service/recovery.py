"""Coming back without one's passkey or password: by e-mail, by a recovery code on paper.

Each way ends in a one-time link at which the person chooses a new way in; all sessions end
then. What each may open (docs/how-to/let-people-sign-up.md says it to people):

- e-mail stands in for a password: the second step is asked for where it is on, and it does
  not open an administrator's account, whose passkey it would undercut;
- a recovery code is the owner's own paper and opens the account by itself;
- trusted people are in `service.trust`.

None of them removes the second step or a passkey.
"""

import asyncio

from sqlalchemy import Connection

from synfonium.apps.identity.errors import CodeRefused, TooManyTries
from synfonium.apps.identity.model.people import digest, folded_address
from synfonium.apps.identity.service.addresses import MailAddresses, checked_address
from synfonium.apps.identity.service.second import SecondStep
from synfonium.apps.identity.service.tries import Tries
from synfonium.apps.identity.service.welcome import Welcome
from synfonium.apps.identity.store import addresses as address_store
from synfonium.apps.identity.store import people as store
from synfonium.common.ids import PersonId
from synfonium.kernel import logs
from synfonium.kernel.context import Context

CODE_LINK_S = 900
LETTERS_TO_ONE = (3, 3600.0)
LETTERS_IN_ALL = (300, 3600.0)
CODES_OF_ONE = (10, 3600.0)
CODES_IN_ALL = (300, 60.0)
MOST_AT_ONCE = 100
_NOBODY = PersonId("")

log = logs.get("identity")


class Recovery:
    """Lets people in again."""

    def __init__(
        self, context: Context, welcome: Welcome, addresses: MailAddresses, second: SecondStep
    ) -> None:
        self._context, self._welcome = context, welcome
        self._addresses, self._second = addresses, second
        self._letters = Tries(self._now_s, of_one=LETTERS_TO_ONE, in_all=LETTERS_IN_ALL)
        self._codes = Tries(self._now_s, of_one=CODES_OF_ONE, in_all=CODES_IN_ALL)
        self._writing: set[asyncio.Task[None]] = set()

    def _now_s(self) -> float:
        return self._context.clock.now_s()

    def ask_by_mail(self, text: str) -> None:
        """Writes to the address when it is somebody's. Whoever asks learns nothing of that, also
        not by how long it takes: the letter is written after the answer.

        Raises BadInput for what is no address, TooManyTries.
        """
        address = checked_address(text)
        # Kept in memory only, and not even there as an address.
        self._letters.take(digest(folded_address(address)))
        if len(self._writing) >= MOST_AT_ONCE:
            raise TooManyTries
        task = asyncio.create_task(self._write_to(address))
        self._writing.add(task)
        task.add_done_callback(self._written)

    def _written(self, task: "asyncio.Task[None]") -> None:
        self._writing.discard(task)
        if not task.cancelled() and (failure := task.exception()):
            log.error("identity.recovery_not_written", failure)

    async def _write_to(self, address: str) -> None:
        await self._context.database.write(lambda c: self._write(c, address))

    def _write(self, connection: Connection, address: str) -> None:
        person_id = address_store.person_at(connection, address)
        account = store.person_by_id(connection, person_id) if person_id else None
        if account is None or account.is_suspended:
            return
        if account.is_administrator:
            self._addresses.write(connection, account.id, "recover_administrator", {"name": account.name})
            return
        minutes: int = self._context.config.recovery_link_minutes
        url = self._welcome.recovery_link(connection, "mail", account.id, minutes * 60)
        values = {"name": account.name, "url": url, "minutes": minutes}
        self._addresses.write(connection, account.id, "recover", values)

    async def by_code(self, name: str, code: str) -> str:
        """The address of a one-time link, for the owner of a recovery code.

        Raises CodeRefused, which does not say whether the name or the code was wrong, and
        TooManyTries.
        """
        self._codes.take(name[:40])

        def work(connection: Connection) -> str:
            account = store.person_by_name(connection, name)
            is_open = account is not None and not account.is_suspended
            person_id = account.id if account and is_open else _NOBODY
            self._second.use_recovery_code(connection, person_id, code)
            if not is_open:
                raise CodeRefused
            return self._welcome.recovery_link(connection, "code", person_id, CODE_LINK_S)

        url = await self._context.database.write(work)
        self._codes.forgive(name[:40])
        return url
