"""Letters and words of a text: `combien de lettres dans anticonstitutionnellement`."""

import re

from synfonium.apps.search.service.answers.asked import Asked, InstantAnswer
from synfonium.kernel.i18n import _

GATE = re.compile(
    r"^(?:combien de |nombre de |how many |count |number of |compter? (?:les )?)(?:lettre|caractere"
    r"|mot|letter|character|word)"
)
_ASK = re.compile(
    r"(?:combien de |nombre de |how many |count |number of |compter? (?:les )?)"
    r"(?:lettres|caract[eè]res|mots|letters|characters|words)"
    r"(?: y a-t-il| are there| are)? (?:dans|in|of|de)(?: the word| le mot| la phrase)?(?:\s?: ?| "
    r")(.{1,250}?)\s*\??",
    re.IGNORECASE,
)
_MARKS = "\"'«»“” "


async def answer(asked: Asked) -> InstantAnswer | None:
    match = _ASK.fullmatch(asked.text)
    text = match[1].strip(_MARKS) if match else ""
    if not text:
        return None
    letters = sum(character.isalpha() for character in text)
    counts = (
        (_("Letters"), letters),
        (_("Characters"), len(text)),
        (_("Words"), len(text.split())),
    )
    asks_words = re.search(r"\b(?:mots|words)\b", match[0], re.IGNORECASE) if match else None
    lead = counts[2] if asks_words else counts[0]
    rows = tuple((asked.say(label), str(count)) for label, count in counts if label != lead[0])
    return InstantAnswer(
        kind="text_counts", title=f"{asked.say(lead[0])} · {text}", lead=str(lead[1]), rows=rows
    )
