"""E-mail addresses, as people may type them and as they may go into an envelope."""

import re
import unicodedata

import idna

__all__ = ["parse_address"]

_LONGEST = 254  # RFC 5321, section 4.5.3.1.3, without the angle brackets
_LONGEST_LOCAL = 64
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\U0010FFFF-]+"
_DOT_ATOM = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_QUOTED = re.compile(r'"(?:[ !#-\[\]-~]|\\[ -~])*"')
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_NOT_PLAIN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"})


def parse_address(text: str) -> str:
    """The address that `text` is, trimmed, its domain in lower-case ASCII (IDNA 2008).

    RFC 5321 and 6531: the local part is atoms with dots, which may hold Unicode letters
    (NFC), or a quoted string. No comment, no display name, no address literal, no domain
    of one label but `localhost`. Raises ValueError.
    """
    local, at, domain = unicodedata.normalize("NFC", text.strip(" \t")).rpartition("@")
    if not at or not _is_local(local):
        raise ValueError("address")
    address = f"{local}@{_domain(domain)}"
    if len(address.encode()) > _LONGEST:
        raise ValueError("address")
    return address


def _is_local(local: str) -> bool:
    if not 1 <= len(local.encode("utf-8", "surrogatepass")) <= _LONGEST_LOCAL:
        return False
    if _QUOTED.fullmatch(local):
        return True
    return bool(_DOT_ATOM.fullmatch(local)) and not any(unicodedata.category(c) in _NOT_PLAIN for c in local)


def _domain(domain: str) -> str:
    try:
        ascii_domain = domain.lower() if domain.isascii() else idna.encode(domain, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        raise ValueError("address") from None
    labels = ascii_domain.split(".")
    if len(labels) < 2 and ascii_domain != "localhost":
        raise ValueError("address")
    if not all(_LABEL.fullmatch(label) for label in labels) or labels[-1].isdigit():
        raise ValueError("address")
    return ascii_domain
