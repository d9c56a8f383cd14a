"""What identity tells the doctor of itself: the mail, the keys that sign, who administers."""

import asyncio
from collections.abc import Iterator

from sqlalchemy import Connection

from synfonium.apps.identity.service.oauth.keys import SIGNS_S
from synfonium.apps.identity.store.credentials import people_with_passkey
from synfonium.apps.identity.store.oauth.clients import sealed_keys
from synfonium.apps.identity.store.people import administrators
from synfonium.apps.identity.store.signup import current_rules
from synfonium.apps.operations.contract import Finding, State
from synfonium.kernel.context import Context
from synfonium.kernel.i18n import _
from synfonium.ports.mailer import NotSent

MAIL_S = 10.0
LATE_S = 7 * 86_400.0


async def findings(context: Context) -> list[Finding]:
    """Reads alone; asks the mail server whether it would take a letter, and sends none."""

    def read(connection: Connection) -> list[Finding]:
        return [
            *_sign_up(context, connection),
            *_keys(context, connection),
            *_administrators(context, connection),
        ]

    return [await _mail(context), *await context.database.read(read)]


def _finding(check: str, state: State, said: str, remedy: str = "", **values: object) -> Finding:
    words = {name: str(value) for name, value in values.items()}
    return Finding(check=f"identity.{check}", state=state, said=said, remedy=remedy, values=words)


async def _mail(context: Context) -> Finding:
    if context.settings.house.mail == "outbox":
        said = _("Letters lie as files in the home: nobody gets them by mail.")
        return _finding("mail", "note", said, _("Set mail in synfonium.toml to a mail server."))
    try:
        async with asyncio.timeout(MAIL_S):
            await context.check_mail()
    except (NotSent, TimeoutError) as failure:
        said = _("The mail server takes no letters ({why}): they wait.")
        remedy = _("Look at mail in synfonium.toml, then send yourself a test letter at /admin/mail.")
        why = failure.code if isinstance(failure, NotSent) else "slow"
        return _finding("mail", "bad", said, remedy, why=why)
    return _finding("mail", "good", _("The mail server takes letters."))


def _sign_up(context: Context, connection: Connection) -> Iterator[Finding]:
    rules = current_rules(connection)
    is_open = rules.is_open if rules else context.config.open_sign_up
    if is_open and context.settings.house.mail == "outbox":
        said = _("Anybody may sign up, and nobody gets the letter that it takes.")
        remedy = _("Set mail in synfonium.toml to a mail server, or close sign-up at /admin/signup.")
        yield _finding("sign_up", "bad", said, remedy)


def _keys(context: Context, connection: Connection) -> Iterator[Finding]:
    """Each can be opened, and of each algorithm the newest is not long overdue for a successor."""
    newest: dict[str, float] = {}
    for kid, sealed, algorithm, signs_from_s in sealed_keys(connection):
        newest[algorithm] = max(signs_from_s, newest.get(algorithm, 0.0))
        try:
            context.secrets.open(sealed, purpose="identity.signing")
        except ValueError:
            said = _("The key {kid}, which signs, cannot be opened with the installation's key.")
            remedy = _("Put secret.key and the databases back from one backup.")
            yield _finding("keys.sealed", "bad", said, remedy, kid=kid)
    late_s = context.clock.now_s() - SIGNS_S - LATE_S
    for algorithm in sorted(one for one, from_s in newest.items() if 0 < from_s < late_s):
        said = _("The key that signs by {algorithm} has had no successor for more than 90 days.")
        yield _finding("keys", "note", said, _("synfonium key rotate makes one."), algorithm=algorithm)
        return
    if newest:
        yield _finding("keys", "good", _("The keys that sign are there, and replaced in time."))


def _administrators(context: Context, connection: Connection) -> Iterator[Finding]:
    who = administrators(connection)
    without = len(who) - len(people_with_passkey(connection, who))
    if not context.config.administrators_need_passkey:
        said = _("A password alone opens the administration.")
        yield _finding("passkeys", "note", said, _("Set administrators_need_passkey in synfonium.toml."))
    elif without:
        said = _("Without a passkey, of {all} who administer: {count}. To them nothing opens yet.")
        remedy = _("They make one at /signin/passkey; synfonium user link NAME lets them in.")
        yield _finding("passkeys", "note", said, remedy, count=without, all=len(who))
    elif who:
        yield _finding("passkeys", "good", _("Everybody who administers has a passkey."))
