"""Passkeys (WebAuthn Level 3): discoverable, with user verification, without a name typed.

Challenges are not stored: a sealed copy travels with the page, and the answer spends it
in the same commit as what it opens, so that it works once.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection

from synfonium.apps.identity.contract import PASSKEY_ADDED
from synfonium.apps.identity.errors import AccountSuspended, ChallengeExpired, LastWayIn, PasskeyRefused
from synfonium.apps.identity.model.people import Passkey, device_of, digest, new_secret
from synfonium.apps.identity.service.sealed import seal, unseal
from synfonium.apps.identity.service.sessions import Browser, NewSession, Sessions
from synfonium.apps.identity.service.tokens import checked_label
from synfonium.apps.identity.store import credentials
from synfonium.apps.identity.store import people as store
from synfonium.common.ids import PersonId, new_id
from synfonium.common.problem import Conflict, NotFound
from synfonium.kernel.context import Context

CHALLENGE_LIFE_S = 600
MOST_PASSKEYS = 50
ANYBODY = PersonId("")
Answer = Mapping[str, Any]


class Challenge(msgspec.Struct, frozen=True, kw_only=True):
    """What an authenticator is asked to sign. person_id is empty for a sign-in."""

    secret: str
    expires_s: float
    person_id: PersonId = PersonId("")


class Ceremony(msgspec.Struct, frozen=True, kw_only=True):
    """Options for `navigator.credentials`, and the sealed challenge to send back."""

    options: dict[str, Any]
    sealed: str


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A passkey that has just signed: its signature count before and now."""

    passkey: Passkey
    challenge: Challenge
    before: int
    sign_count: int


class NewPasskey(msgspec.Struct, frozen=True, kw_only=True):
    """A verified passkey about to be stored, and the challenge that it spends."""

    passkey: Passkey
    public_key: bytes
    sign_count: int
    challenge: Challenge


class Passkeys:
    """Registers passkeys, signs in by them, renames and removes them."""

    def __init__(self, context: Context, sessions: Sessions) -> None:
        self._context, self._sessions = context, sessions

    # Signing in

    def ask_to_sign_in(self, person_id: PersonId = ANYBODY) -> Ceremony:
        """Any passkey of this installation will do: no name is asked, none is told. With
        `person_id`, it must then be one of that person's."""
        from synfonium.apps.identity.service import ceremonies

        challenge = self._challenge(person_id)
        options = ceremonies.to_sign_in(self._context.site, challenge.secret, CHALLENGE_LIFE_S)
        return Ceremony(options=options, sealed=seal(self._context, challenge, "challenge"))

    async def sign_in(self, answer: Answer, sealed: str, browser: Browser) -> NewSession:
        """A session for the passkey's owner.

        Raises ChallengeExpired, PasskeyRefused, AccountSuspended.
        """
        shown = await self._shown(answer, self._open(sealed, PersonId("")))
        new = self._sessions.new(shown.passkey.person_id, "passkey", browser)

        def work(connection: Connection) -> None:
            self._use(connection, shown)
            self._sessions.begin(connection, new, browser)

        await self._context.database.write(work)
        self._sessions.forget_replaced(browser)
        return new

    async def prove(self, person_id: PersonId, answer: Answer, sealed: str, browser: Browser) -> NewSession:
        """The browser's session, proved again by a passkey of that person.

        Raises as `sign_in` does, and SignInNeeded.
        """
        shown = await self._shown(answer, self._open(sealed, person_id))
        if shown.passkey.person_id != person_id:
            raise PasskeyRefused

        def work(connection: Connection) -> NewSession:
            self._use(connection, shown)
            return self._sessions.prove(connection, person_id, "passkey", browser)

        new = await self._context.database.write(work)
        self._sessions.forget()
        return new

    async def _shown(self, answer: Answer, challenge: Challenge) -> Shown:
        from synfonium.apps.identity.service import ceremonies

        credential_id = ceremonies.credential_id_of(answer)
        found = await self._context.database.read(
            lambda c: credentials.passkey_by_credential(c, credential_id)
        )
        if found is None:
            raise PasskeyRefused
        passkey, public_key, before = found
        sign_count = ceremonies.sign_count_of(
            answer, self._context.site, challenge.secret, public_key, before
        )
        return Shown(passkey=passkey, challenge=challenge, before=before, sign_count=sign_count)

    def _use(self, connection: Connection, shown: Shown) -> None:
        self.spend(connection, shown.challenge)
        passkey, now_s = shown.passkey, self._context.clock.now_s()
        account = store.person_by_id(connection, passkey.person_id)
        if account is None or account.is_suspended:
            raise AccountSuspended(person=passkey.person_id)
        if not credentials.use_passkey(connection, passkey.id, shown.before, shown.sign_count, now_s):
            raise PasskeyRefused

    # Registering

    async def ask_to_add(self, person_id: PersonId, name: str, display: str) -> Ceremony:
        """For a person who exists, or is about to (`person_id` is then fresh)."""
        from synfonium.apps.identity.service import ceremonies

        challenge = self._challenge(person_id)
        known = await self.of(person_id)
        options = ceremonies.to_add(
            self._context.site,
            challenge.secret,
            CHALLENGE_LIFE_S,
            person_id,
            name,
            display,
            [passkey.credential_id for passkey in known],
        )
        return Ceremony(options=options, sealed=seal(self._context, challenge, "challenge"))

    def verify_new(self, answer: Answer, sealed: str, browser: Browser, person_id: PersonId) -> NewPasskey:
        """The passkey that the answer proves. Raises ChallengeExpired, and PasskeyRefused
        also when it was asked for somebody else."""
        from synfonium.apps.identity.service import ceremonies

        challenge = self._open(sealed, person_id)
        verified = ceremonies.registered(answer, self._context.site, challenge.secret)
        now_s = self._context.clock.now_s()
        passkey = Passkey(
            id=new_id(now_s),
            person_id=challenge.person_id,
            credential_id=verified.credential_id,
            label=device_of(browser.user_agent) or "Passkey",
            created_s=now_s,
            last_used_s=None,
        )
        return NewPasskey(
            passkey=passkey,
            public_key=verified.credential_public_key,
            sign_count=verified.sign_count,
            challenge=challenge,
        )

    def insert(self, connection: Connection, new: NewPasskey) -> None:
        """Stores a verified passkey. Raises ChallengeExpired for a replay, Conflict when known."""
        self.spend(connection, new.challenge)
        known = credentials.passkeys_of(connection, new.passkey.person_id)
        if len(known) >= MOST_PASSKEYS or credentials.passkey_by_credential(
            connection, new.passkey.credential_id
        ):
            raise Conflict
        credentials.add_passkey(connection, new.passkey, new.public_key, new.sign_count)
        self._audit(connection, new.passkey.person_id, "identity.passkey.add", new.passkey.id)

    async def add(self, new: NewPasskey, browser: Browser) -> NewSession:
        """Stores it; the browser's session, in which it was made, becomes one by passkey."""

        def work(connection: Connection) -> NewSession:
            self.insert(connection, new)
            facts = {"person": new.passkey.person_id}
            self._context.outbox.add(connection, PASSKEY_ADDED, f"identity:passkey/{new.passkey.id}", facts)
            return self._sessions.prove(connection, new.passkey.person_id, "passkey", browser)

        session = await self._context.database.write(work)
        self._sessions.forget()
        return session

    # Keeping

    async def of(self, person_id: PersonId) -> Sequence[Passkey]:
        return await self._context.database.read(lambda c: credentials.passkeys_of(c, person_id))

    async def rename(self, person_id: PersonId, passkey_id: str, label: str) -> None:
        """Raises BadInput, NotFound."""
        wanted = checked_label(label)
        if not await self._context.database.write(
            lambda c: credentials.rename_passkey(c, person_id, passkey_id, wanted)
        ):
            raise NotFound

    async def remove(self, person_id: PersonId, passkey_id: str) -> None:
        """Raises NotFound, LastWayIn."""

        def work(connection: Connection) -> None:
            if not credentials.remove_passkey(connection, person_id, passkey_id):
                raise NotFound
            if not credentials.ways_in(connection, person_id):
                raise LastWayIn
            self._audit(connection, person_id, "identity.passkey.remove", passkey_id)

        await self._context.database.write(work)

    # Challenges

    def spend(self, connection: Connection, challenge: Challenge) -> None:
        """Raises ChallengeExpired the second time."""
        if not credentials.spend(connection, digest(challenge.secret), challenge.expires_s):
            raise ChallengeExpired

    def _challenge(self, person_id: PersonId) -> Challenge:
        expires_s = self._context.clock.now_s() + CHALLENGE_LIFE_S
        return Challenge(secret=new_secret(), expires_s=expires_s, person_id=person_id)

    def _open(self, sealed: str, person_id: PersonId) -> Challenge:
        challenge = unseal(self._context, sealed, "challenge", Challenge)
        if self._context.clock.now_s() >= challenge.expires_s:
            raise ChallengeExpired
        if person_id != challenge.person_id:
            raise PasskeyRefused
        return challenge

    def _audit(self, connection: Connection, person_id: PersonId, act: str, passkey_id: str) -> None:
        self._context.audit.add(connection, person_id, act, f"identity:passkey/{passkey_id}")
