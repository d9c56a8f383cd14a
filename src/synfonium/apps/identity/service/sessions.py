"""Sessions: one random secret in a cookie, its SHA-256 in a row."""

from collections.abc import Callable, Sequence

import msgspec
from sqlalchemy import Connection

from synfonium.apps.identity.contract import NEW_DEVICE, SESSION_ENDED, session_address
from synfonium.apps.identity.errors import ChallengeExpired
from synfonium.apps.identity.model.people import Session, SignInMethod, device_of, digest, new_secret
from synfonium.apps.identity.service.addresses import MailAddresses
from synfonium.apps.identity.service.sealed import seal, unseal
from synfonium.apps.identity.service.tokens import checked_label
from synfonium.apps.identity.store import credentials
from synfonium.common.ids import PersonId, new_id
from synfonium.common.problem import NotFound, SignInNeeded
from synfonium.kernel.context import Context

MOST_KNOWN = 8


class Browser(msgspec.Struct, frozen=True, kw_only=True):
    """What a sign-in knows of the browser: its kind, the cookie that it replaces, and (sealed)
    who has signed in here before."""

    user_agent: str = ""
    cookie: str = ""
    known: str = ""


class Known(msgspec.Struct, frozen=True):
    """Accounts that a browser has signed in to; it keeps that itself, sealed."""

    people: tuple[PersonId, ...] = ()


class NewSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session about to be stored, with the secret that goes into the cookie.

    known: what the browser is to remember of who signed in there, empty for no change.
    """

    secret: str
    session: Session
    known: str = ""


def end_sessions(context: Context, connection: Connection, person_id: PersonId, *, but: str = "") -> int:
    """Ends a person's sessions, except that of id `but`, and says so; how many there were."""
    ended = credentials.end_sessions(connection, person_id, but=but)
    tell(context, connection, ended)
    return len(ended)


def tell(context: Context, connection: Connection, ended: credentials.Ended) -> None:
    """Announces sessions that ended in this very commit, so that other sites can be told."""
    for session_id, person_id in ended:
        context.outbox.add(connection, SESSION_ENDED, session_address(session_id), {"person": person_id})


class Sessions:
    """Begins, lists and ends sessions."""

    def __init__(self, context: Context, forget: Callable[[], None], addresses: MailAddresses) -> None:
        self._context, self._forget, self._addresses = context, forget, addresses

    @property
    def life_s(self) -> int:
        days: int = self._context.config.session_days
        return days * 86_400

    def new(
        self, person_id: PersonId, method: SignInMethod, browser: Browser, at_most_s: float = float("inf")
    ) -> NewSession:
        """A session not stored yet, that lives as long as the settings say or `at_most_s`."""
        now_s = self._context.clock.now_s()
        session = Session(
            id=new_id(now_s),
            person_id=person_id,
            method=method,
            device=device_of(browser.user_agent),
            created_s=now_s,
            proved_s=now_s,
            last_used_s=now_s,
            expires_s=now_s + min(self.life_s, at_most_s),
        )
        return NewSession(secret=new_secret(), session=session, known=self._with(person_id, browser))

    def begin(
        self, connection: Connection, new: NewSession, browser: Browser, *, is_expected: bool = False
    ) -> None:
        """Stores the session; the one that the browser had before ends (no fixation).

        Unless `is_expected`, the person is written to when they never signed in there.
        """
        if browser.cookie:
            tell(
                self._context, connection, credentials.end_session_by_hash(connection, digest(browser.cookie))
            )
        credentials.add_session(connection, new.session, digest(new.secret))
        self._audit(connection, new.session.person_id, "identity.session.begin", new.session.id)
        if not is_expected and new.session.person_id not in self._people(browser):
            self._write_of_new_device(connection, new.session)

    def prove(
        self, connection: Connection, person_id: PersonId, method: SignInMethod, browser: Browser
    ) -> NewSession:
        """The browser's own session, just proved, under a fresh secret. A passkey raises the
        session to one by passkey; a password lowers none. Raises SignInNeeded when it has ended."""
        secret = new_secret()
        raised = {"method": method} if method == "passkey" else {}
        now_s, before = self._context.clock.now_s(), digest(browser.cookie)
        session = credentials.prove_session(
            connection, person_id, before, now_s, hash=digest(secret), **raised
        )
        if session is None:
            raise SignInNeeded
        self._audit(connection, person_id, "identity.session.prove", session.id)
        return NewSession(secret=secret, session=session)

    async def of(self, person_id: PersonId) -> Sequence[Session]:
        """The living sessions of a person, last used first."""
        now_s = self._context.clock.now_s()
        return await self._context.database.read(lambda c: credentials.sessions_of(c, person_id, now_s))

    async def rename(self, person_id: PersonId, session_id: str, label: str) -> None:
        """Raises BadInput, NotFound."""
        wanted = checked_label(label)
        if not await self._context.database.write(
            lambda c: credentials.rename_session(c, person_id, session_id, wanted)
        ):
            raise NotFound

    async def end(self, person_id: PersonId, session_id: str) -> None:
        """Raises NotFound for a session that is not this person's."""

        def work(connection: Connection) -> None:
            ended = credentials.end_session(connection, person_id, session_id)
            if not ended:
                raise NotFound
            tell(self._context, connection, ended)
            self._audit(connection, person_id, "identity.session.end", session_id)

        await self._context.database.write(work)
        self._forget()

    async def end_others(self, person_id: PersonId, session_id: str) -> None:
        """Ends all sessions of a person but that one."""

        def work(connection: Connection) -> None:
            if end_sessions(self._context, connection, person_id, but=session_id):
                self._audit(connection, person_id, "identity.session.end_others", session_id)

        await self._context.database.write(work)
        self._forget()

    def _people(self, browser: Browser) -> tuple[PersonId, ...]:
        if not browser.known:
            return ()
        try:
            return unseal(self._context, browser.known, "known", Known).people
        except ChallengeExpired:
            return ()

    def _with(self, person_id: PersonId, browser: Browser) -> str:
        others = [one for one in self._people(browser) if one != person_id]
        return seal(self._context, Known((*others, person_id)[-MOST_KNOWN:]), "known")

    def _write_of_new_device(self, connection: Connection, session: Session) -> None:
        values = {
            "device": session.device,
            "when_s": session.created_s,
            "security_url": f"{self._context.site.public_url}/settings/security",
        }
        self._addresses.write(connection, session.person_id, "new_device", values)
        facts = {"person": session.person_id}
        self._context.outbox.add(connection, NEW_DEVICE, session_address(session.id), facts)

    def forget_replaced(self, browser: Browser) -> None:
        """After a sign-in: only where the browser had a session, has one ended."""
        if browser.cookie:
            self._forget()

    def forget(self) -> None:
        """After a sign-in that ended another session."""
        self._forget()

    def _audit(self, connection: Connection, person_id: PersonId, act: str, session_id: str) -> None:
        self._context.audit.add(connection, person_id, act, f"identity:session/{session_id}")
