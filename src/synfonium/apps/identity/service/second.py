"""The second step after a password: a code from an app (TOTP, RFC 6238), or a recovery code.

A passkey needs no second step: it is two already. The app's secret is kept sealed and for its
owner alone; recovery codes are 80 random bits each and kept as SHA-256.
"""

import hmac

import msgspec
import pyotp
import segno
from sqlalchemy import Connection

from synfonium.apps.identity.errors import CodeRefused
from synfonium.apps.identity.model.people import digest
from synfonium.apps.identity.model.second import new_recovery_code, parse_app_code, parse_recovery_code
from synfonium.apps.identity.service.sealed import seal, unseal
from synfonium.apps.identity.service.tries import Tries
from synfonium.apps.identity.store import second as store
from synfonium.common.ids import PersonId
from synfonium.common.problem import Conflict
from synfonium.kernel.context import Context

STEP_S = 30
CODES = 10
# Three of a million codes fit at any time: 480 tries a day hit one in 700 days.
TRIES = (5, 900.0)
TRIES_IN_ALL = (300, 60.0)


class AppSecret(msgspec.Struct, frozen=True, kw_only=True):
    """An app's secret that is not confirmed yet; it travels sealed with the page."""

    person_id: PersonId
    base32: str


class Enrolment(msgspec.Struct, frozen=True, kw_only=True):
    """What the person scans (an image as a `data:` URL) or types, and what comes back."""

    image: str
    typed: str
    sealed: str


class SecondStep:
    """Switches the second step on and off, and checks it."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._tries = Tries(lambda: context.clock.now_s(), of_one=TRIES, in_all=TRIES_IN_ALL)

    async def is_on(self, person_id: PersonId) -> bool:
        return await self._context.database.read(lambda c: is_on(c, person_id))

    # An app's codes

    def begin(self, person_id: PersonId, name: str, sealed: str = "") -> Enrolment:
        """A fresh secret to put into an app; with `sealed`, the same as before."""
        known = self._open(person_id, sealed) if sealed else None
        secret = known or AppSecret(person_id=person_id, base32=pyotp.random_base32())
        issuer = f"Synfonium {self._context.site.host}"
        address = pyotp.TOTP(secret.base32).provisioning_uri(name=name, issuer_name=issuer)
        return Enrolment(
            image=segno.make(address, error="m").svg_data_uri(scale=4, border=2, light="#fff"),
            typed=" ".join(secret.base32[at : at + 4] for at in range(0, len(secret.base32), 4)),
            sealed=seal(self._context, secret, "totp"),
        )

    async def confirm(self, person_id: PersonId, sealed: str, code: str) -> None:
        """Switches it on. Raises CodeRefused, TooManyTries, ChallengeExpired."""
        secret = self._open(person_id, sealed)
        self._tries.take(person_id)
        step, now_s = _step_of(secret.base32, code, self._context.clock.now_s()), self._context.clock.now_s()
        kept = self._context.secrets.seal(secret.base32.encode(), purpose=_purpose(person_id))

        def work(connection: Connection) -> None:
            store.set_totp(connection, person_id, kept, step, now_s)
            self._audit(connection, person_id, "identity.totp.set")

        await self._context.database.write(work)
        self._tries.forgive(person_id)

    async def remove(self, person_id: PersonId) -> None:
        def work(connection: Connection) -> None:
            if store.remove_totp(connection, person_id):
                self._audit(connection, person_id, "identity.totp.remove")

        await self._context.database.write(work)

    # Recovery codes

    async def new_codes(self, person_id: PersonId) -> list[str]:
        """Ten codes, shown this once; the ones before them no longer work."""
        codes, now_s = [new_recovery_code() for _ in range(CODES)], self._context.clock.now_s()
        hashes = [digest(parse_recovery_code(code)) for code in codes]

        def work(connection: Connection) -> None:
            store.replace_codes(connection, person_id, hashes, now_s)
            self._audit(connection, person_id, "identity.recovery_codes.make")

        await self._context.database.write(work)
        return codes

    async def codes_left(self, person_id: PersonId) -> int:
        return await self._context.database.read(lambda c: store.count_codes(c, person_id))

    # Checking

    def take(self, person_id: PersonId) -> None:
        """Counts a try, before `use`. Raises TooManyTries."""
        self._tries.take(person_id)

    def forgive(self, person_id: PersonId) -> None:
        """After a code that was right."""
        self._tries.forgive(person_id)

    def use(self, connection: Connection, person_id: PersonId, code: str) -> None:
        """Spends an app's code or a recovery code. Raises CodeRefused, also the second time."""
        sealed = store.totp_of(connection, person_id)
        if sealed is not None and len(code.strip()) < 10:
            base32 = self._context.secrets.open(sealed, purpose=_purpose(person_id)).decode()
            if not store.use_step(connection, person_id, _step_of(base32, code, self._context.clock.now_s())):
                raise CodeRefused
            return
        self.use_recovery_code(connection, person_id, code)

    def use_recovery_code(self, connection: Connection, person_id: PersonId, code: str) -> None:
        """Raises CodeRefused."""
        try:
            hashed = digest(parse_recovery_code(code))
        except ValueError:
            raise CodeRefused from None
        if not store.take_code(connection, person_id, hashed):
            raise CodeRefused
        self._audit(connection, person_id, "identity.recovery_code.use")

    def _open(self, person_id: PersonId, sealed: str) -> AppSecret:
        secret = unseal(self._context, sealed, "totp", AppSecret)
        if secret.person_id != person_id:
            raise Conflict
        return secret

    def _audit(self, connection: Connection, person_id: PersonId, act: str) -> None:
        self._context.audit.add(connection, person_id, act, f"identity:person/{person_id}")


def is_on(connection: Connection, person_id: PersonId) -> bool:
    """Whether this person's password needs a second step."""
    return store.totp_of(connection, person_id) is not None


def _purpose(person_id: PersonId) -> str:
    return f"identity.totp.{person_id}"


def _step_of(base32: str, code: str, now_s: float) -> int:
    """The time step whose code this is: now, the one before or the next (RFC 6238, 5.2).

    Raises CodeRefused.
    """
    try:
        wanted = parse_app_code(code)
    except ValueError:
        raise CodeRefused from None
    totp, now = pyotp.TOTP(base32), int(now_s // STEP_S)
    fitting = [
        step for step in (now - 1, now, now + 1) if hmac.compare_digest(totp.generate_otp(step), wanted)
    ]
    if not fitting:
        raise CodeRefused
    return fitting[-1]
