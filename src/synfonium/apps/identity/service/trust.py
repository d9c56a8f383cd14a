"""Coming back through a trusted person: two people and some time stand in for what was lost.

A person names one to three others, who accept. Whoever lost everything asks, and reads a code
to one of them, by voice; that person, having proved who they are, types it in. From then on the
owner is written to, and can stop it with one click, until the waiting time is over. Then the
page on which they asked lets them choose a new way in. Nobody learns here which names exist.
An administrator's account is not opened this way.
"""

import msgspec
from sqlalchemy import Connection

from synfonium.apps.identity.contract import person_address
from synfonium.apps.identity.errors import CodeRefused, LinkSpent, PersonUnknown
from synfonium.apps.identity.model.people import Account, digest, new_secret
from synfonium.apps.identity.model.trust import MOST_TRUSTED, Rescue, spoken_code
from synfonium.apps.identity.service.addresses import MailAddresses
from synfonium.apps.identity.service.sealed import seal, unseal
from synfonium.apps.identity.service.tries import Tries
from synfonium.apps.identity.service.welcome import Welcome
from synfonium.apps.identity.store import people as people_store
from synfonium.apps.identity.store import trust as store
from synfonium.common.ids import PersonId, new_id
from synfonium.common.problem import BadInput, Conflict, NotFound, Problem
from synfonium.kernel.context import Context
from synfonium.kernel.i18n import _

ANSWER_WITHIN_S = 3 * 86_400.0
USE_WITHIN_S = 7 * 86_400.0
LINK_S = 900
ASKED_OF_ONE = (3, 86_400.0)
ASKED_IN_ALL = (300, 3600.0)
SPOKEN_OF_ONE = (5, 3600.0)
SPOKEN_IN_ALL = (300, 60.0)


class Stop(msgspec.Struct, frozen=True, kw_only=True):
    """What the link in a letter stops."""

    rescue_id: str
    person_id: PersonId


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """What the page of somebody who asked shows. due_s is 0 until a trusted person confirmed."""

    code: str
    due_s: float
    is_due: bool


class Trust:
    """Trusted people, and recoveries through them."""

    def __init__(self, context: Context, welcome: Welcome, addresses: MailAddresses) -> None:
        self._context, self._welcome, self._addresses = context, welcome, addresses
        self._asked = Tries(self._now_s, of_one=ASKED_OF_ONE, in_all=ASKED_IN_ALL)
        self._spoken = Tries(self._now_s, of_one=SPOKEN_OF_ONE, in_all=SPOKEN_IN_ALL)

    def _now_s(self) -> float:
        return self._context.clock.now_s()

    # Naming

    async def of(
        self, person_id: PersonId
    ) -> tuple[list[tuple[Account, bool]], list[tuple[Account, bool, list[Rescue]]]]:
        """Whom the person trusts; who trusts them, with recoveries that wait for their word."""

        def read(
            connection: Connection,
        ) -> tuple[list[tuple[Account, bool]], list[tuple[Account, bool, list[Rescue]]]]:
            trusting = [
                (account, is_accepted, self._open_ones(connection, account.id) if is_accepted else [])
                for account, is_accepted in store.trusting(connection, person_id)
            ]
            return list(store.trusted_by(connection, person_id)), trusting

        return await self._context.database.read(read)

    async def name(self, person_id: PersonId, name: str) -> None:
        """Asks somebody. Raises PersonUnknown, BadInput."""

        def work(connection: Connection) -> None:
            other = people_store.person_by_name(connection, name)
            if other is None or other.is_suspended:
                raise PersonUnknown
            known = store.trusted_by(connection, person_id)
            if other.id == person_id or other.id in [account.id for account, _accepted in known]:
                raise BadInput("name", _("This person cannot be added."))
            if len(known) >= MOST_TRUSTED:
                raise BadInput("name", _("Three trusted people are enough."))
            store.add_trusted(connection, person_id, other.id, self._now_s())
            self._write(connection, other.id, "trusted_asked", person_id)
            self._audit(connection, person_id, "identity.trusted.name", other.id)

        await self._context.database.write(work)

    async def accept(self, other_id: PersonId, person_id: PersonId) -> None:
        """`other_id` accepts to be trusted by `person_id`. Raises NotFound."""

        def work(connection: Connection) -> None:
            if not store.accept(connection, person_id, other_id):
                raise NotFound
            self._audit(connection, other_id, "identity.trusted.accept", person_id)

        await self._context.database.write(work)

    async def remove(self, person_id: PersonId, other_id: PersonId, *, by: PersonId) -> None:
        """Ends it, from either side, and what was under way through them. Raises NotFound."""

        def work(connection: Connection) -> None:
            if not store.remove_trusted(connection, person_id, other_id):
                raise NotFound
            store.end_rescues_confirmed_by(connection, person_id, other_id)
            self._audit(connection, by, "identity.trusted.remove", person_id)

        await self._context.database.write(work)

    # Coming back

    async def ask(self, name: str) -> str:
        """The secret of a page that waits; for a name that nobody has, one that waits for ever.

        Raises TooManyTries.
        """
        self._asked.take(name[:40])
        secret = new_secret()
        await self._context.database.write(lambda c: self._ask(c, name, secret))
        return secret

    def _ask(self, connection: Connection, name: str, secret: str) -> None:
        account, now_s = people_store.person_by_name(connection, name), self._now_s()
        if account is None or account.is_suspended or account.is_administrator:
            return
        helpers = [other for other, accepted in store.trusted_by(connection, account.id) if accepted]
        if not helpers or any(r.confirmed_by for r in store.rescues_of(connection, account.id, now_s)):
            return
        for before in store.rescues_of(connection, account.id, now_s):
            store.end_rescue(connection, before.id)
        rescue = Rescue(
            id=new_id(now_s),
            person_id=account.id,
            confirmed_by=PersonId(""),
            due_s=0.0,
            expires_s=now_s + ANSWER_WITHIN_S,
        )
        store.add_rescue(connection, rescue, digest(secret), digest(spoken_code(secret)))
        self._audit(connection, account.id, "identity.rescue.ask", account.id)
        self._write_of_stop(connection, rescue, "rescue_asked", 0.0)
        for helper in helpers:
            self._write(connection, helper.id, "rescue_help", account.id)

    async def confirm(self, other_id: PersonId, rescue_id: str, code: str) -> None:
        """A trusted person's word: the code that the owner told them, by voice.

        Raises NotFound, CodeRefused, TooManyTries.
        """
        self._spoken.take(other_id)

        def work(connection: Connection) -> None:
            rescue = self._for(connection, other_id, rescue_id)
            due_s = self._now_s() + self._context.config.trusted_wait_hours * 3600
            spoken = digest(_tidy(code))
            if not store.confirm_rescue(
                connection, rescue.id, other_id, spoken, due_s=due_s, expires_s=due_s + USE_WITHIN_S
            ):
                raise CodeRefused
            self._audit(connection, other_id, "identity.rescue.confirm", rescue.person_id)
            self._write_of_stop(connection, rescue, "rescue_confirmed", due_s)

        await self._context.database.write(work)
        self._spoken.forgive(other_id)

    async def waiting(self, secret: str) -> Waiting:
        """What the page of `secret` shows; the same for one that nobody waits with."""
        rescue = await self._context.database.read(
            lambda c: store.rescue_by_hash(c, digest(secret), self._now_s())
        )
        due_s = rescue.due_s if rescue else 0.0
        return Waiting(code=spoken_code(secret), due_s=due_s, is_due=0 < due_s <= self._now_s())

    async def finish(self, secret: str) -> str:
        """The address of the link to choose a new way in. Raises Conflict when it is not time."""

        def work(connection: Connection) -> str:
            rescue = store.rescue_by_hash(connection, digest(secret), self._now_s())
            if rescue is None or not 0 < rescue.due_s <= self._now_s():
                raise Conflict
            account = people_store.person_by_id(connection, rescue.person_id)
            if account is None or account.is_suspended or account.is_administrator:
                raise LinkSpent
            store.end_rescue(connection, rescue.id)
            return self._welcome.recovery_link(connection, "rescue", rescue.person_id, LINK_S)

        return await self._context.database.write(work)

    # Stopping

    async def under_way(self, person_id: PersonId) -> list[Rescue]:
        """Recoveries of the person's own account."""
        return list(
            await self._context.database.read(lambda c: store.rescues_of(c, person_id, self._now_s()))
        )

    async def stop_all(self, person_id: PersonId) -> None:
        def work(connection: Connection) -> None:
            for rescue in store.rescues_of(connection, person_id, self._now_s()):
                self._stop(connection, Stop(rescue_id=rescue.id, person_id=person_id))

        await self._context.database.write(work)

    async def stop_by_link(self, sealed: str) -> None:
        """Whoever reads the owner's mail may stop it. Raises LinkSpent."""
        try:
            stop = unseal(self._context, sealed, "rescue", Stop)
        except Problem:
            raise LinkSpent from None
        await self._context.database.write(lambda c: self._stop(c, stop))

    def _stop(self, connection: Connection, stop: Stop) -> None:
        if store.end_rescue(connection, stop.rescue_id):
            self._audit(connection, stop.person_id, "identity.rescue.stop", stop.person_id)

    def _open_ones(self, connection: Connection, person_id: PersonId) -> list[Rescue]:
        living = store.rescues_of(connection, person_id, self._now_s())
        return [rescue for rescue in living if not rescue.confirmed_by]

    def _for(self, connection: Connection, other_id: PersonId, rescue_id: str) -> Rescue:
        for account, is_accepted in store.trusting(connection, other_id):
            for rescue in self._open_ones(connection, account.id) if is_accepted else ():
                if rescue.id == rescue_id:
                    return rescue
        raise NotFound

    def _write(self, connection: Connection, to: PersonId, template: str, about: PersonId) -> None:
        account = people_store.person_by_id(connection, about)
        values = {
            "name": account.display if account else "",
            "trusted_url": f"{self._context.site.public_url}/settings/trusted",
        }
        self._addresses.write(connection, to, template, values)

    def _write_of_stop(self, connection: Connection, rescue: Rescue, template: str, due_s: float) -> None:
        stop = Stop(rescue_id=rescue.id, person_id=rescue.person_id)
        stop_it = f"{self._context.site.public_url}/recover/stop/{seal(self._context, stop, 'rescue')}"
        values = {"cancel_url": stop_it, "due_s": due_s}
        self._addresses.write(connection, rescue.person_id, template, values)

    def _audit(self, connection: Connection, by: PersonId, act: str, about: PersonId) -> None:
        self._context.audit.add(connection, by, act, person_address(about))


def _tidy(code: str) -> str:
    letters = "".join(c for c in code[:40].lower() if c.isalnum()).translate(str.maketrans("oil", "011"))
    return f"{letters[:4]}-{letters[4:]}"
