"""What an app asks a person for: one detail of RFC 9396, of our type."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from synfonium.apps.fabric.contract import DETAIL_TYPE, FILE, Action, Object, RegisteredApp, fits

Verb = Literal["pick", "save", "open"]
MOST_PICKED = 100
LONGEST_PURPOSE = 200
LONGEST_LIFE_S = 10 * 365 * 86_400.0

_Short = msgspec.Meta(min_length=1, max_length=100)


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """verb: pick a thing that is there, save a new one, or (open) a `grant` that was given on
    a page of ours already. interfaces: any of them will do. purpose: in the app's own words;
    shown as such. lifetime_s: for how long, 0 for until it is taken back; the person may
    choose less. title, media_type: of what is saved.
    """

    type: str
    verb: Verb = "pick"
    interfaces: tuple[str, ...] = (FILE,)
    media_types: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ("read",)
    multiple: bool = False
    purpose: str = ""
    lifetime_s: float = 0.0
    title: str = ""
    media_type: str = ""
    grant: str = ""


def parse_ask(detail: Mapping[str, object]) -> Ask:
    """Raises ValueError in words for the app's author."""
    try:
        ask = msgspec.convert(detail, Ask)
    except msgspec.ValidationError as fault:
        raise ValueError(str(fault)) from None
    if ask.type != DETAIL_TYPE:
        raise ValueError(f"type is {DETAIL_TYPE}")
    if not 1 <= len(ask.interfaces) <= 10 or len(ask.media_types) > 50:
        raise ValueError("1 to 10 interfaces, and at most 50 media_types")
    texts = (*ask.interfaces, *ask.media_types, ask.media_type, ask.title, ask.grant)
    if len(ask.purpose) > LONGEST_PURPOSE or any(len(text) > LONGEST_PURPOSE for text in texts):
        raise ValueError(f"a text has at most {LONGEST_PURPOSE} characters")
    if not 0 <= ask.lifetime_s <= LONGEST_LIFE_S or not ask.actions:
        raise ValueError("lifetime_s is between 0 and ten years; actions is not empty")
    if ask.verb == "save" and (not ask.title or ask.interfaces != (FILE,)):
        raise ValueError("what is saved is a file/1, and has a title")
    if ask.verb == "open" and not ask.grant:
        raise ValueError("open names the grant")
    return ask


def may_ask(app: RegisteredApp, ask: Ask) -> bool:
    """Whether the manifest says that the app asks for this."""
    asks = app.manifest.synfonium.asks
    return ask.verb == "open" or all(
        interface in asks and set(ask.actions) <= set(asks[interface]) for interface in ask.interfaces
    )


def is_wanted(ask: Ask, found: Object) -> bool:
    """Whether a thing is of the kind that is asked for, and the person may give as much."""
    is_kind = bool(set(found.interfaces) & set(ask.interfaces))
    is_type = FILE not in found.interfaces or fits(found.media_type, ask.media_types)
    return is_kind and is_type and set(ask.actions) <= found.may
