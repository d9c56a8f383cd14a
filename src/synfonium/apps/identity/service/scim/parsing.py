"""What a directory sends, made into types; everything that is not in the schema is left out."""

import unicodedata
from collections.abc import Mapping
from typing import Any

import msgspec

from synfonium.apps.identity.model.people import DISPLAY_LENGTH, parse_line
from synfonium.apps.identity.model.scim import GROUP, GROUP_SHAPE, USER, USER_SHAPE
from synfonium.kernel.i18n import LOCALES
from synfonium.libraries.scim.errors import invalid_syntax, invalid_value

LONGEST_TEXT = 200
LONGEST_EMAIL = 254
MOST_EMAILS = 10
MOST_IN_GROUP = 100_000
_NAME_PARTS = ("formatted", "familyName", "givenName")
Body = Mapping[str, Any]


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """A User as sent. active: None when it does not say; attributes: what is kept as it is,
    and under `unset` what the directory wants unassigned (null, RFC 7643, section 2.5)."""

    user_name: str
    display: str
    external_id: str | None
    active: bool | None
    attributes: dict[str, object]
    locale: str


class SentGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A Group as sent. members: ids in the order they came, once each."""

    name: str
    external_id: str | None
    members: tuple[str, ...]


def parse_user(body: Any) -> Sent:
    """Raises ScimError."""
    given = _canonical(body, USER, USER_SHAPE.names.canonical)
    user_name = _text(given, "userName") or ""
    if not user_name:
        raise invalid_value("userName is required.")
    attributes: dict[str, object] = {}
    if name := _name(given.get("name")):
        attributes["name"] = name
    if emails := _emails(given.get("emails")):
        attributes["emails"] = emails
    language = _text(given, "preferredLanguage")
    if language:
        attributes["preferredLanguage"] = language
    unset = [key for key in ("displayName", "active") if key in given and given[key] is None]
    if unset:
        attributes["unset"] = unset
    locale = (language or "")[:2].lower()
    return Sent(
        user_name=user_name,
        display=(_text(given, "displayName") or _display(name) or user_name)[:DISPLAY_LENGTH].strip(),
        external_id=_text(given, "externalId"),
        active=_boolean(given.get("active"), "active"),
        attributes=attributes,
        locale=locale if locale in LOCALES else "",
    )


def parse_group(body: Any) -> SentGroup:
    """Raises ScimError."""
    given = _canonical(body, GROUP, GROUP_SHAPE.names.canonical)
    members = given.get("members") or []
    if not isinstance(members, list) or len(members) > MOST_IN_GROUP:
        raise invalid_value("members are a list.")
    ids = dict.fromkeys(_member(one) for one in members)
    return SentGroup(
        name=_text(given, "displayName") or "",
        external_id=_text(given, "externalId"),
        members=tuple(ids),
    )


def _member(one: Any) -> str:
    found = one.get("value") if isinstance(one, dict) else None
    if not isinstance(found, str) or not found or len(found) > 100:
        raise invalid_value("A member has a value: the id of a User.")
    if str(one.get("type") or "User").lower() != "user":
        raise invalid_value("Only people can be in a group.")
    return found


def _canonical(body: Any, urn: str, names: Mapping[str, str]) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise invalid_syntax("A resource is an object.")
    given = {names.get(str(key).lower(), str(key)): value for key, value in body.items()}
    stated = given.get("schemas")
    if stated is not None and (not isinstance(stated, list) or urn not in stated):
        raise invalid_syntax(f"schemas names {urn}.")
    return given


def _text(given: Mapping[str, Any], name: str, longest: int = LONGEST_TEXT) -> str | None:
    value = given.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise invalid_value(f"{name} is a text.")
    try:
        return parse_line(value, longest)
    except ValueError:
        raise invalid_value(f"{name} is one line of at most {longest} characters.") from None


def _name(given: Any) -> dict[str, str]:
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise invalid_value("name is an object.")
    spelled = {str(key).lower(): value for key, value in given.items()}
    parts = {part: _text(spelled, part.lower()) for part in _NAME_PARTS}
    return {part: value for part, value in parts.items() if value}


def _display(name: Mapping[str, str]) -> str:
    both = " ".join(name[part] for part in ("givenName", "familyName") if part in name)
    return name.get("formatted") or both


def _emails(given: Any) -> list[dict[str, object]]:
    if given is None:
        return []
    if not isinstance(given, list) or len(given) > MOST_EMAILS:
        raise invalid_value(f"emails are a list of at most {MOST_EMAILS}.")
    found = [_email(one) for one in given]
    if sum(one.get("primary") is True for one in found) > 1:
        raise invalid_value("At most one address is primary.")
    return found


def _email(one: Any) -> dict[str, object]:
    if not isinstance(one, dict):
        raise invalid_value("An address is an object.")
    given = {str(key).lower(): value for key, value in one.items()}
    address = _text(given, "value", LONGEST_EMAIL)
    if not address or "@" not in address[1:-1] or any(unicodedata.category(c) == "Zs" for c in address):
        raise invalid_value("An address has a value such as name@example.org.")
    parts: dict[str, object] = {"value": address}
    parts |= {key: text for key in ("type", "display") if (text := _text(given, key))}
    primary = _boolean(given.get("primary"), "primary")
    return parts if primary is None else {**parts, "primary": primary}


def _boolean(value: Any, name: str) -> bool | None:
    """Some directories write booleans as texts."""
    words = {"true": True, "false": False}
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in words:
        return words[value.lower()]
    raise invalid_value(f"{name} is true or false.")
