"""`What is my IP`: the one question that this house cannot answer."""

import re

from synfonium.apps.search.service.answers.asked import Asked, InstantAnswer
from synfonium.kernel.i18n import _

GATE = re.compile(r"\bip\b|user.?agent")
_ASK = re.compile(
    r"(?:what is |what's |whats |quelle est |c'est quoi )?(?:my|mon|ma)(?: adresse)? ?(?:ip"
    r"|user.?agent)(?: address)?\??"
    r"|(?:quelle est )?mon adresse ip\??"
)


async def answer(asked: Asked) -> InstantAnswer | None:
    if not _ASK.fullmatch(asked.folded):
        return None
    return InstantAnswer(
        kind="your_address",
        title=asked.say(_("Your address")),
        lead=asked.say(_("We do not know it")),
        note=asked.say(
            _("It is taken off your question before the search sees it. Your device's settings show it.")
        ),
    )
