"""What may be pushed into the search, and what of it the index holds."""

import re
import unicodedata

import msgspec

from synfonium.apps.fabric.contract import Findable, Refused

LONGEST_TEXT = 1_000_000
LONGEST_TITLE = 500
MOST_ABOVE = 300
MOST_INTERFACES = 16
LONGEST_WORD = 255
LAST_S = 1e11
_LANG = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,5}")
_THING = re.compile(r"[a-z][a-z0-9-]{0,29}:[a-z][a-z0-9-]{0,29}/[A-Za-z0-9._~-]{1,128}")
_PLACE = re.compile(r"[a-z][a-z0-9-]{0,29}:[a-z][a-z0-9-]{0,29}(/[A-Za-z0-9._~-]{1,128})?")

NOT_YOURS = "not_yours"
BAD_ADDRESS = "bad_address"
OF_ANOTHER = "of_another"
OVER_QUOTA = "over_quota"
RULES = {
    NOT_YOURS: "An address begins with the name of the app that pushes it.",
    BAD_ADDRESS: "An address is app:kind/id, and so is each of its path (there app:word too).",
    OF_ANOTHER: "This object is another person's: push it for its owner.",
    OVER_QUOTA: "The app has as many documents, or as much text, as it may have for one person.",
    "title_too_long": f"A title has 1 to {LONGEST_TITLE} characters.",
    "title_control": "A title is one line, without control characters.",
    "text_too_long": f"A text has at most {LONGEST_TEXT} characters.",
    "path_too_long": f"A path has at most {MOST_ABOVE} addresses.",
    "bad_lang": "A language is a BCP 47 tag such as fr or pt-BR.",
    "too_many_interfaces": f"A document has at most {MOST_INTERFACES} interfaces, each a short word.",
    "bad_media_type": f"A media type and a revision have at most {LONGEST_WORD} characters.",
    "bad_time": "modified_s is a time in UTC seconds.",
}
"""Why a document is refused: a stable code, and the rule in one line."""


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A document on its way into the index; `title` is empty for one that is to be forgotten."""

    address: str
    person: str
    title: str = ""
    text: str = ""
    lang: str = ""
    time_s: float = 0.0
    marks: tuple[str, ...] = ()
    is_gone: bool = False


def refusal(address: str, code: str) -> Refused:
    return Refused(address=address[:200], code=code, reason=RULES[code])


def fault_of(document: Findable, app: str) -> str | None:
    """The code of the first rule that the document breaks."""
    return (
        address_fault(document.address, app)
        or _path_fault(document.path, app)
        or _title_fault(document.title)
        or _rest_fault(document)
    )


def address_fault(address: str, app: str) -> str | None:
    if not _THING.fullmatch(address):
        return BAD_ADDRESS
    return None if address.startswith(f"{app}:") else NOT_YOURS


def _path_fault(path: tuple[str, ...], app: str) -> str | None:
    if len(path) > MOST_ABOVE:
        return "path_too_long"
    if not all(_PLACE.fullmatch(address) for address in path):
        return BAD_ADDRESS
    return None if all(address.startswith(f"{app}:") for address in path) else NOT_YOURS


def _title_fault(title: str) -> str | None:
    if not 1 <= len(title) <= LONGEST_TITLE:
        return "title_too_long"
    is_one_line = not any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in title)
    return None if is_one_line else "title_control"


def _rest_fault(document: Findable) -> str | None:
    if len(document.text) > LONGEST_TEXT:
        return "text_too_long"
    if document.lang and not _LANG.fullmatch(document.lang):
        return "bad_lang"
    if len(document.interfaces) > MOST_INTERFACES or not all(map(_is_word, document.interfaces)):
        return "too_many_interfaces"
    if not (_is_word(document.media_type or "-") and _is_word(document.revision or "-")):
        return "bad_media_type"
    return None if 0 <= document.modified_s < LAST_S else "bad_time"


def _is_word(text: str) -> bool:
    return 0 < len(text) <= LONGEST_WORD and text.isprintable()


def held(document: Findable, person: str) -> Held:
    """What the index shall hold of a document without fault."""
    return Held(
        address=document.address,
        person=person,
        title=document.title,
        text="".join(" " if unicodedata.category(c)[0] == "C" else c for c in document.text),
        lang=document.lang,
        time_s=document.modified_s,
        marks=(
            of_app(document.address.partition(":")[0]),
            *map(lies_in, dict.fromkeys((document.address, *document.path))),
            *map(has_interface, dict.fromkeys(document.interfaces)),
        ),
    )


def of_app(app: str) -> str:
    return f"app {app}"


def lies_in(address: str) -> str:
    return f"in {address}"


def has_interface(interface: str) -> str:
    return f"is {interface}"
