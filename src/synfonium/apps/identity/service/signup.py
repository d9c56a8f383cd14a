"""Open sign-up: an account exists once its owner has shown that they read their mail.

Until then nothing is stored: the wish travels sealed in the mailed link. Abuse is slowed by
counting (by network without its address, by mailbox, in all) and by a form that may not be
sent back at once; nobody has to prove to be human by looking at pictures.
"""

import msgspec
from sqlalchemy import Connection

from synfonium.apps.identity.errors import (
    FormTooQuick,
    LinkSpent,
    NameTaken,
    SignUpClosed,
)
from synfonium.apps.identity.model.people import Account, digest, folded_address, new_secret
from synfonium.apps.identity.model.signup import (
    AGES,
    LONGEST_TERMS,
    Rules,
    is_reserved,
    look_of,
    staff_words,
)
from synfonium.apps.identity.service.addresses import checked_address
from synfonium.apps.identity.service.lookalikes import is_mixed, plain_look
from synfonium.apps.identity.service.peers import Peers
from synfonium.apps.identity.service.people import insert_account, new_account
from synfonium.apps.identity.service.sealed import seal, unseal
from synfonium.apps.identity.service.tries import Tries
from synfonium.apps.identity.service.welcome import Welcome
from synfonium.apps.identity.store import addresses as address_store
from synfonium.apps.identity.store import credentials
from synfonium.apps.identity.store import people as people_store
from synfonium.apps.identity.store import signup as store
from synfonium.common.ids import PersonId
from synfonium.common.problem import BadInput, Problem
from synfonium.kernel.context import Context
from synfonium.kernel.i18n import _
from synfonium.kernel.mail import Letter

FORM_AFTER_S = 3.0
FORM_LIFE_S = 3600.0
LINK_LIFE_S = 86_400.0
FROM_ONE_NETWORK = (20, 3600.0)
IN_ALL = (200, 3600.0)
PENDING_OF_ONE = (1, 600.0)


class FormTime(msgspec.Struct, frozen=True, kw_only=True):
    """When a form was given out; it comes back once."""

    secret: str
    made_s: float


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """A sign-up that waits for its owner to read their mail."""

    account: Account
    address: str
    version: int
    secret: str
    expires_s: float


class SignUp:
    """Open sign-up, and what the operator decided about it."""

    def __init__(self, context: Context, welcome: Welcome) -> None:
        self._context, self._welcome = context, welcome
        self._peers = Peers(self._now_s, of_one=FROM_ONE_NETWORK, in_all=IN_ALL)
        self._pending = Tries(self._now_s, of_one=PENDING_OF_ONE, in_all=IN_ALL)
        self._rules: Rules | None = None

    def _now_s(self) -> float:
        return self._context.clock.now_s()

    # The operator

    async def rules(self) -> Rules:
        """What holds now: the newest decision, else the settings."""
        if self._rules is None:
            self._rules = await self._context.database.read(self._current)
        return self._rules

    def _current(self, connection: Connection) -> Rules:
        config = self._context.config
        settings = Rules(is_open=config.open_sign_up, minimum_age=config.minimum_age)
        return store.current_rules(connection) or settings

    @property
    def letters_stay_here(self) -> bool:
        """Whether letters lie as files in the home, so that nobody who signs up gets theirs."""
        return bool(self._context.settings.house.mail == "outbox")

    async def decide(
        self,
        *,
        is_open: bool,
        minimum_age: int,
        terms: str,
        by: PersonId,
        without_letters: bool = False,
    ) -> None:
        """A new version of the rules. Raises BadInput, also for opening where letters reach
        nobody, unless that is meant (`without_letters`)."""
        if is_open and self.letters_stay_here and not without_letters and not (await self.rules()).is_open:
            raise BadInput("is_open", _("Letters reach nobody yet, so nobody could sign up."))
        if minimum_age not in AGES:
            raise BadInput("minimum_age", _("This is an age in years."))
        if len(terms) > LONGEST_TERMS:
            raise BadInput("terms", _("These terms are too long to be read."))

        def work(connection: Connection) -> None:
            now = self._current(connection)
            new = Rules(
                version=now.version + 1, is_open=is_open, minimum_age=minimum_age, terms=terms.strip()
            )
            if msgspec.structs.replace(new, version=now.version) != now:
                store.add_rules(connection, new, self._now_s())
                act = "identity.sign_up.open" if is_open else "identity.sign_up.close"
                self._context.audit.add(connection, by, act, f"identity:sign_up/{new.version}")

        await self._context.database.write(work)
        self._rules = None

    # Whoever signs up

    async def form(self) -> str:
        """To be sent back with the form. Raises SignUpClosed."""
        await self._open_rules()
        return seal(self._context, FormTime(secret=new_secret(), made_s=self._now_s()), "form")

    async def ask(self, *, name: str, display: str, address: str, locale: str, form: str, peer: str) -> None:
        """Mails a link. What it says of an address that has an account, only that mailbox reads.

        Raises SignUpClosed, BadInput, NameTaken, FormTooQuick, TooManyTries.
        """
        rules, now_s = await self._open_rules(), self._now_s()
        account = self._checked(name, display, locale)
        wanted = checked_address(address)
        sent = self._form(form)
        self._peers.take(peer)
        self._pending.take(digest(folded_address(wanted)))
        wish = Wish(
            account=account,
            address=wanted,
            version=rules.version,
            secret=new_secret(),
            expires_s=now_s + LINK_LIFE_S,
        )

        def work(connection: Connection) -> None:
            if not credentials.spend(connection, digest(sent.secret), sent.made_s + FORM_LIFE_S):
                raise FormTooQuick
            self._check_free(connection, account)
            self._context.mail.add(connection, self._letter(connection, wish))

        try:
            await self._context.database.write(work)
        except Problem:
            self._pending.forgive(digest(folded_address(wanted)))
            raise

    def _letter(self, connection: Connection, wish: Wish) -> Letter:
        public = self._context.site.public_url
        locale = wish.account.locale
        if address_store.person_at(connection, wish.address):
            values = {"recover_url": f"{public}/recover"}
            return Letter(
                to=wish.address, template="identity/mail/sign_up_known", locale=locale, values=values
            )
        url = f"{public}/signup/{seal(self._context, wish, 'sign_up')}"
        named = {"name": wish.account.name, "url": url, "hours": int(LINK_LIFE_S // 3600)}
        return Letter(to=wish.address, template="identity/mail/sign_up", locale=locale, values=named)

    def look(self, sealed: str) -> Wish:
        """What a mailed link is about. Raises LinkSpent."""
        try:
            wish = unseal(self._context, sealed, "sign_up", Wish)
        except Problem:
            raise LinkSpent from None
        if self._now_s() >= wish.expires_s:
            raise LinkSpent
        return wish

    async def shown(self, sealed: str) -> Wish:
        """As `look`, before the account is made. Raises LinkSpent afterwards."""
        wish = self.look(sealed)
        if await self._context.database.read(lambda c: address_store.person_at(c, wish.address)):
            raise LinkSpent
        return wish

    async def confirm(self, sealed: str) -> str:
        """Makes the account; the address of a link to choose its way in.

        Raises LinkSpent, NameTaken when somebody was quicker, SignUpClosed.
        """
        wish = self.look(sealed)
        await self._open_rules()

        def work(connection: Connection) -> str:
            now_s = self._now_s()
            if not credentials.spend(connection, digest(wish.secret), wish.expires_s):
                raise LinkSpent
            if address_store.person_at(connection, wish.address):
                raise LinkSpent
            account = msgspec.structs.replace(wish.account, created_s=now_s, is_administrator=False)
            self._check_free(connection, account)
            insert_account(self._context, connection, account, account.id)
            address_store.set_address(connection, account.id, wish.address, now_s)
            if wish.version:
                store.add_acceptance(connection, account.id, wish.version, now_s)
            return self._welcome.link_in(connection, account.id, by=account.id)

        return await self._context.database.write(work)

    async def _open_rules(self) -> Rules:
        rules = await self.rules()
        if not rules.is_open:
            raise SignUpClosed
        return rules

    def _form(self, sealed: str) -> FormTime:
        try:
            form = unseal(self._context, sealed, "form", FormTime)
        except Problem:
            raise FormTooQuick from None
        if not FORM_AFTER_S <= self._now_s() - form.made_s < FORM_LIFE_S:
            raise FormTooQuick
        return form

    def _checked(self, name: str, display: str, locale: str) -> Account:
        account = new_account(name, display, is_administrator=False, now_s=self._now_s())
        if is_reserved(account.name):
            raise NameTaken
        called = account.display
        if not called.isascii() and is_mixed(called):
            raise BadInput("display", _("These letters are of several alphabets and could be mistaken."))
        if staff_words(plain_look(called)):
            raise BadInput("display", _("This would pass for somebody who runs the installation."))
        return msgspec.structs.replace(account, locale=locale)

    def _check_free(self, connection: Connection, account: Account) -> None:
        if people_store.person_by_name(connection, account.name):
            raise NameTaken
        look = look_of(account.name)
        if any(look_of(known) == look for known in store.names(connection)):
            raise NameTaken
        if account.display.isascii():
            return
        seen = plain_look(account.display)
        if seen.isascii() and not _is_latin(account.display) and store.somebody_is_called(connection, seen):
            raise BadInput("display", _("This looks like somebody else's name here."))


def _is_latin(text: str) -> bool:
    """Whether it is Latin letters with accents: a name of its own, not another's in disguise."""
    import unicodedata

    return all(c.isascii() or unicodedata.name(c, "").startswith(("LATIN", "COMBINING")) for c in text)
