"""People and what lets them in; the rules that need no database."""

import hashlib
import re
import secrets
import unicodedata
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from synfonium.common.ids import PersonId

TOKEN_PREFIX = "syn_"
ACCESS_PREFIX = "sya_"
NAME_LENGTH = (2, 32)
DISPLAY_LENGTH = 80
LABEL_LENGTH = 60
PASSWORD_LENGTH = (10, 200)
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,30})[a-z0-9]")
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

SignInMethod = Literal["passkey", "password", "totp", "link", "outside", "ldap"]
"""totp: a password and then a code. outside, ldap: by the word of an
outside provider or a directory."""
LinkKind = Literal["first", "welcome", "mail", "code", "rescue"]
"""first: makes the first administrator. welcome: an administrator made it. mail, code, rescue:
recovery by e-mail, by a recovery code, through a trusted person."""
RECOVERY_LINKS = ("mail", "code", "rescue")


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A person as stored."""

    id: PersonId
    name: str
    display: str
    locale: str = ""
    scheme: str = ""
    is_administrator: bool = False
    is_suspended: bool = False
    created_s: float = 0.0


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """One signed-in browser. device: its kind in two words, never the whole user agent.
    label: what the person calls it, or empty. proved_s: when they last proved here who they are."""

    id: str
    person_id: PersonId
    method: str
    device: str
    created_s: float
    proved_s: float
    last_used_s: float
    expires_s: float
    label: str = ""


class Passkey(msgspec.Struct, frozen=True, kw_only=True):
    """A WebAuthn credential, without its key."""

    id: str
    person_id: PersonId
    credential_id: bytes
    label: str
    created_s: float
    last_used_s: float | None


class AppToken(msgspec.Struct, frozen=True, kw_only=True):
    """A credential for a program, without its secret. No scope means all the person may do.

    administers: it was made by an administrator who had shown a passkey, or by the operator.
    """

    id: str
    person_id: PersonId
    label: str
    scopes: tuple[str, ...]
    created_s: float
    last_used_s: float | None
    expires_s: float | None
    administers: bool = False


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A one-time link. person_id is empty while the person is still to be made."""

    kind: LinkKind
    person_id: PersonId
    expires_s: float


def parse_name(text: str) -> str:
    """A name to sign in with: 2 to 32 of a-z, 0-9, dot, hyphen, underscore.

    It begins and ends with a letter or digit and has no two dots in a row, so that it
    is safe as a path segment. Raises ValueError.
    """
    if not _NAME.fullmatch(text) or ".." in text:
        raise ValueError("name")
    return text


def parse_line(text: str, longest: int) -> str:
    """One line for people: NFC, trimmed, no control or direction-changing characters.

    Raises ValueError when empty, longer than `longest` characters, or not plain.
    """
    line = unicodedata.normalize("NFC", text).strip()
    if not 1 <= len(line) <= longest or any(unicodedata.category(c) in _NOT_PLAIN for c in line):
        raise ValueError("line")
    return line


_NOT_PLAIN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def parse_password(text: str) -> str:
    """A password as it is hashed: NFKC (NIST SP 800-63B, 3.1.1.2). Raises ValueError by length."""
    password = unicodedata.normalize("NFKC", text)
    if not PASSWORD_LENGTH[0] <= len(password) <= PASSWORD_LENGTH[1]:
        raise ValueError("password")
    return password


def folded_address(address: str) -> str:
    """An e-mail address as it is compared: whoever can read one reads the other."""
    return unicodedata.normalize("NFKC", address).casefold()


def new_secret(prefix: str = "") -> str:
    """256 random bits in 43 characters of base 62, after `prefix`."""
    number = secrets.randbits(256)
    characters = []
    for _position in range(43):
        number, digit = divmod(number, 62)
        characters.append(_BASE62[digit])
    return prefix + "".join(characters)


def digest(secret: str) -> str:
    """What is stored instead of a secret of 256 random bits: SHA-256, in hex."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def local_path(wish: str, fallback: str = "/") -> str:
    """`wish` when it is a path of this origin, else `fallback`; closes open redirectors."""
    if not wish.startswith("/") or wish.startswith("//") or len(wish) > 8000:
        return fallback
    if any(c == "\\" or not " " < c < "\x7f" for c in wish):
        return fallback
    return wish


_SYSTEMS = (
    ("android", "Android"),
    ("iphone", "iPhone"),
    ("ipad", "iPad"),
    ("windows", "Windows"),
    ("mac os", "macOS"),
    ("cros", "ChromeOS"),
    ("linux", "Linux"),
)
_BROWSERS = (
    ("firefox", "Firefox"),
    ("edg", "Edge"),
    ("opr/", "Opera"),
    ("chrom", "Chrome"),
    ("safari", "Safari"),
)


def device_of(user_agent: str) -> str:
    """`Firefox, Linux`: enough for a person to know their own devices again, and no more."""
    agent = user_agent[:500].lower()
    found = [next((word for mark, word in marks if mark in agent), "") for marks in (_BROWSERS, _SYSTEMS)]
    return ", ".join(word for word in found if word)


def is_redirect_uri(uri: str) -> bool:
    """Whether a client may register `uri`: https, http on loopback, or a private-use scheme.

    RFC 9700, section 2.1; RFC 8252, section 7.1 (a private scheme holds a dot).
    """
    if len(uri) > 500 or any(not " " < c < "\x7f" for c in uri):
        return False
    try:
        parts = urlsplit(uri)
        host = parts.hostname or ""
        _port = parts.port
    except ValueError:
        return False
    if "#" in uri or parts.username is not None:
        return False
    if parts.scheme == "https":
        return bool(host)
    if parts.scheme == "http":
        # Names under `localhost` never leave the machine either (RFC 6761, 6.3), and keep cookies apart.
        return host in ("localhost", "127.0.0.1", "::1") or host.endswith(".localhost")
    return "." in parts.scheme
