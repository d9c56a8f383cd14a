"""LDAP without a network: filters that cannot be broken out of, entries, groups."""

import re
import uuid
from collections.abc import Mapping, Sequence

import msgspec

from synfonium.apps.identity.model.outside import DirectorySettings, Said, usable_groups

LONGEST_NAME = 100
_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.@ ")
_ATTRIBUTE = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,59}")
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.:-]{0,251}[A-Za-z0-9])?")
_COMMON_NAME = re.compile(r"cn=((?:[^,\\]|\\.)+)", re.IGNORECASE)
_ACCOUNT_DISABLED = 0x2


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What a directory holds of a person; attribute names in small letters, values as they came."""

    dn: str
    attributes: Mapping[str, Sequence[bytes]]

    def text(self, name: str) -> str:
        """The first value, empty when there is none that can be read."""
        values = self.attributes.get(name.lower()) or (b"",)
        return values[0][:500].decode("utf-8", "replace") if values else ""


def is_askable(name: str) -> bool:
    """Whether a directory is asked for `name`. One that it would read like another (spaces,
    letters of other widths) would be one more row of tries."""
    return 1 <= len(name) <= LONGEST_NAME and name.isascii() and name.isprintable() and " " not in name


def parse_attribute(text: str) -> str:
    """An attribute's name (RFC 4512, section 1.4). Raises ValueError."""
    if not _ATTRIBUTE.fullmatch(text):
        raise ValueError("attribute")
    return text


def parse_host(text: str) -> str:
    """A name or an address of a machine, without scheme and port. Raises ValueError."""
    if not _HOST.fullmatch(text):
        raise ValueError("host")
    return text


def parse_filter(text: str) -> str:
    """A filter whose parentheses close (RFC 4515), up to 500 characters. Raises ValueError."""
    depth = 0
    for position, character in enumerate(text):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth < 1 and position < len(text) - 1:
            raise ValueError("filter")
    if depth or not text.startswith("(") or len(text) > 500 or not text.isprintable():
        raise ValueError("filter")
    return text


def escaped(value: bytes) -> str:
    """`value` inside a filter: whatever is not plain as `\\xx` (RFC 4515, section 3)."""
    return "".join(chr(byte) if byte in _PLAIN else f"\\{byte:02x}" for byte in value)


def filter_for_name(settings: DirectorySettings, name: str) -> str:
    """Who counts, and is called so."""
    return f"(&{settings.filter}({settings.name_attribute}={escaped(name.encode())}))"


def filter_for_subject(settings: DirectorySettings, subject: str) -> str:
    """Who counts, and has this identifier."""
    raw = uuid.UUID(subject).bytes_le if _is_guid(settings) else subject.encode()
    return f"(&{settings.filter}({settings.id_attribute}={escaped(raw)}))"


def filter_for_groups(entry: Entry, name: str) -> str:
    dn, called = escaped(entry.dn.encode()), escaped(name.encode())
    return f"(|(member={dn})(uniqueMember={dn})(memberUid={called}))"


def _is_guid(settings: DirectorySettings) -> bool:
    return settings.id_attribute.lower() == "objectguid"


def subject_of(settings: DirectorySettings, entry: Entry) -> str:
    """What never changes of an entry; empty when it has none."""
    values = entry.attributes.get(settings.id_attribute.lower())
    if not values:
        return ""
    if _is_guid(settings):
        return str(uuid.UUID(bytes_le=values[0])) if len(values[0]) == 16 else ""
    text = values[0].decode("utf-8", "replace")
    return text if 1 <= len(text) <= 255 and text.isprintable() else ""


def is_disabled(entry: Entry) -> bool:
    """Whether Active Directory has closed the account (userAccountControl, ACCOUNTDISABLE)."""
    control = entry.text("userAccountControl")
    return control.lstrip("-").isdigit() and bool(int(control) & _ACCOUNT_DISABLED)


def said_by_entry(
    settings: DirectorySettings, issuer: str, entry: Entry, groups: Sequence[str] | None
) -> Said:
    """What a directory says of a person. Raises ValueError for an entry without an identifier."""
    subject = subject_of(settings, entry)
    if not subject:
        raise ValueError("subject")
    if groups is None:
        values = entry.attributes.get(settings.group_attribute.lower(), ())
        groups = [group_name(value.decode("utf-8", "replace")) for value in values]
    return Said(
        issuer=issuer,
        subject=subject,
        name=entry.text(settings.name_attribute),
        display=entry.text(settings.display_attribute),
        email=entry.text(settings.email_attribute),
        is_email_verified=True,
        groups=usable_groups(list(groups)),
    )


def group_name(dn: str) -> str:
    """`cn=teachers,ou=groups,…` → `teachers`; what is no such name stays as it is."""
    found = _COMMON_NAME.match(dn)
    return re.sub(r"\\(.)", r"\1", found[1]) if found else dn
