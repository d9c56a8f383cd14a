"""Notifications as they are kept, and the rules for what may stand in one."""

import re
from typing import Literal

import msgspec

from synfonium.apps.notifications.contract import Notice, PlainNotice, Urgency
from synfonium.apps.shell.contract import Words
from synfonium.common.ids import AppName, PersonId

Way = Literal["pushed", "shown", "silent", "off"]
"""pushed: told on the person's devices too. shown: stands in the list and counts as unread.
silent: stands in the list and counts nothing. off: is not kept at all."""
WAYS: tuple[Way, ...] = ("pushed", "shown", "silent", "off")
DEFAULT_WAY: Way = "pushed"

LARGEST_WORDS_BYTES = 4000
MOST_VALUES, LONGEST_VALUE = 10, 300
MOST_TOPICS = 20
OPEN = "/fabric/open?object="
_OBJECT = re.compile(r"[a-z][a-z0-9-]{0,29}:[a-z][a-z0-9/_.~-]{0,169}", re.IGNORECASE)
_TOPIC = re.compile(r"[a-z][a-z0-9_]{0,39}")
# Whatever draws nothing, or changes the order in which what follows is read.
_UNSEEN = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff\ufff9-\ufffb]+"
)


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """A notification of `person`. count: how many news it stands for; read_s: 0 when unread."""

    id: str
    person: PersonId
    app: AppName
    topic: str
    key: str
    title: Words
    body: Words | None
    object: str
    url: str
    urgency: Urgency
    time_s: float
    read_s: float = 0.0
    count: int = 1
    is_silent: bool = False

    @property
    def is_unread(self) -> bool:
        return not self.read_s and not self.is_silent


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """How a person wants to hear of an app, or of a topic of it (`topic` is "" for the app).

    way: "" for a topic as its app, for an app as by default.
    """

    app: str
    topic: str
    title: str
    way: Way | Literal[""] = ""


class Refused(ValueError):
    """A field that cannot be used, and the rule that says so."""

    def __init__(self, field: str, rule: str) -> None:
        super().__init__(field, rule)
        self.field, self.rule = field, rule


def _(source: str) -> str:
    """Marks for translation; a model knows no kernel."""
    return source


def check(notice: Notice) -> Notice:
    """A notice of an installed app, cleaned. Raises Refused."""
    for field, words in (("title", notice.title), ("body", notice.body)):
        if words is not None:
            _check_words(field, words)
    if notice.url and not is_own_path(notice.url):
        raise Refused("url", _("A path of this installation, such as /drive/."))
    _check_object(notice.object)
    return msgspec.structs.replace(notice, title=cleaned(notice.title), body=_maybe(notice.body))


def from_outside(person: PersonId, plain: PlainNotice, origin: str) -> Notice:
    """A notice of the app at `origin` ("" for none), with its text as values, so that nothing in
    it is markup or is translated. Raises Refused."""
    _check_object(plain.object)
    if plain.url and not (_opens_object(plain.url) or _is_at(plain.url, origin)):
        raise Refused("url", _("An address of the app itself, or /fabric/open?object= and an object."))
    title = _seen(plain.title)
    if not title:
        raise Refused("title", _("A title has letters that can be seen."))
    return Notice(
        person=person,
        topic=plain.topic,
        topic_title=_seen(plain.topic_title),
        title=as_words(title),
        body=as_words(_seen(plain.body)) if _seen(plain.body) else None,
        object=plain.object,
        url=plain.url,
        urgency=plain.urgency,
        key=plain.key,
    )


def as_words(text: str) -> Words:
    """Plain text as a sentence that no catalogue translates."""
    return Words(text="%(text)s", values={"text": text})


def is_own_path(url: str) -> bool:
    """A path of this installation; anything else would send people elsewhere."""
    is_path = url.startswith("/") and not url.startswith("//")
    return is_path and url.isascii() and url.isprintable() and not set(url) & set("\\ \"'<>")


def _opens_object(url: str) -> bool:
    return url.startswith(OPEN) and _OBJECT.fullmatch(url[len(OPEN) :].replace("%3A", ":")) is not None


def _is_at(url: str, origin: str) -> bool:
    """Whether it lies at that very origin, for every reader of addresses."""
    is_below = bool(origin) and url.startswith(f"{origin}/")
    return is_below and url.isascii() and url.isprintable() and not set(url) & set("\\ \"'<>")


def _check_object(address: str) -> None:
    if address and not _OBJECT.fullmatch(address):
        raise Refused("object", _("This is not the address of an object."))


def _check_words(field: str, words: Words) -> None:
    values = words.values
    is_small = len(msgspec.json.encode(words)) <= LARGEST_WORDS_BYTES
    if not words.text or not is_small or len(values) > MOST_VALUES:
        raise Refused(field, _("A sentence and at most ten values."))


def cleaned(words: Words) -> Words:
    """The sentence with values that are short and can be seen."""
    values = {key: _seen(value)[:LONGEST_VALUE] for key, value in words.values.items()}
    return Words(text=words.text, values=values)


def _maybe(words: Words | None) -> Words | None:
    return cleaned(words) if words else None


def _seen(text: str) -> str:
    return _UNSEEN.sub(" ", text).strip()


def way_of(of_app: str, of_topic: str) -> Way:
    """What holds for a topic: its own choice, else its app's, else that of everybody."""
    chosen = of_topic or of_app
    return next((way for way in WAYS if way == chosen), DEFAULT_WAY)
