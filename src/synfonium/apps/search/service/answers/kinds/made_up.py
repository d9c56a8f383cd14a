"""What chance makes: UUIDs, passwords, numbers, heads or tails."""

import re
import secrets
import string
import uuid

from synfonium.apps.search.service.answers.asked import Asked, InstantAnswer
from synfonium.kernel.i18n import _

GATE = re.compile(
    r"^(?:uuid|guid|generat|generer|generateur|password|mot de passe|random|nombre|pile|flip|lance|roll|de a)"
)
_MAKE = r"(?:(?:generate|generer?|generateur de|random|un|a) )?(?:un |a )?"
_UUID = re.compile(rf"{_MAKE}(?:uuid|guid)(?: v?4)?(?: generator| aleatoire)?")
_PASSWORD = re.compile(
    rf"{_MAKE}(?:random |strong )?(?:password|mot de passe)(?: generator| aleatoire| fort)"
    rf"(?: (?:de |of )?(\d{{1,3}})(?: (?:characters|letters|caracteres|lettres))?)?"
    rf"|(?:generate|generer?|generateur de)(?: a| un)? (?:random |strong )?(?:password|mot de passe)(?: "
    rf"(?:de |of )?(\d{{1,3}}).{{0,12}})?"
    r"|(?:password|mot de passe) (\d{1,3})(?: characters| caracteres)?"
)
_NUMBER = re.compile(
    r"(?:random number|nombre (?:aleatoire|au hasard))(?: (?:between|entre|from|de) (\d{1,15}) (?:and"
    r"|et|to|a) (\d{1,15}))?"
)
_COIN = re.compile(r"pile ou face|flip a coin|heads or tails")
_DICE = re.compile(r"(?:roll (?:a )?|lance(?:r)? (?:un |de )?)(?:dice|die|de|des)")
_LETTERS = string.ascii_letters + string.digits + "-_.!+"
_USUAL, _SHORTEST, _LONGEST = 20, 8, 100
_HERE = _("Made by this server for this page; kept nowhere. Reload for another.")


async def answer(asked: Asked) -> InstantAnswer | None:
    made = _made(asked)
    if made is None:
        return None
    title, lead, is_code = made
    return InstantAnswer(
        kind="made_up", title=asked.say(title), lead=lead, note=asked.say(_HERE), code=is_code
    )


def _made(asked: Asked) -> tuple[str, str, bool] | None:
    text = asked.folded
    if _UUID.fullmatch(text):
        return _("UUID, version 4"), str(uuid.uuid4()), True
    if match := _PASSWORD.fullmatch(text):
        length = int(next((group for group in match.groups() if group), _USUAL))
        within = _SHORTEST <= length <= _LONGEST
        return (_("Password"), _password(length), True) if within else None
    if match := _NUMBER.fullmatch(text):
        low, high = int(match[1] or 1), int(match[2] or 100)
        return (
            (_("Random number"), str(low + secrets.randbelow(high - low + 1)), False) if low < high else None
        )
    if _COIN.fullmatch(text):
        return _("Heads or tails"), asked.say(secrets.choice((_("Heads"), _("Tails")))), False
    return (_("A die"), str(1 + secrets.randbelow(6)), False) if _DICE.fullmatch(text) else None


def _password(length: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _place in range(length))
