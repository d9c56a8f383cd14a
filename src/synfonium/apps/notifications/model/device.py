"""Browsers that take push messages."""

from ipaddress import ip_address
from urllib.parse import urlsplit

import msgspec

from synfonium.common.ids import PersonId

MOST_DEVICES = 20
LONGEST_ENDPOINT = 1000
_BROWSERS = (
    ("edg", "Edge"), ("opr/", "Opera"), ("firefox", "Firefox"), ("chromium", "Chromium"),
    ("chrome", "Chrome"), ("safari", "Safari"),
)  # fmt: skip
_SYSTEMS = (
    ("android", "Android"), ("iphone", "iPhone"), ("ipad", "iPad"), ("windows", "Windows"),
    ("mac os", "macOS"), ("cros", "ChromeOS"), ("linux", "Linux"),
)  # fmt: skip


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """A browser of `person`. session: the one that it was turned on in, "" once that has ended;
    then it is told nothing. failures: in a row; waits_s: until when it is left alone."""

    id: str
    person: PersonId
    label: str
    locale: str
    session: str
    sealed: bytes
    created_s: float
    succeeded_s: float = 0.0
    failures: int = 0
    waits_s: float = 0.0

    @property
    def is_asleep(self) -> bool:
        return not self.session


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """What a device is reached by (W3C Push API); kept sealed. Keys in base64url."""

    endpoint: str
    p256dh: str
    auth: str


def is_endpoint(url: str, *, is_local_allowed: bool) -> bool:
    """Whether a push service may be there: HTTPS at a public name. Where a name leads is checked
    with each message, since it may change its mind."""
    if len(url) > LONGEST_ENDPOINT or any(not "!" <= c <= "~" for c in url) or "\\" in url:
        return False
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.fragment or parts.username is not None or not host:
        return False
    if is_local_allowed:
        return parts.scheme in ("https", "http")
    return (
        parts.scheme == "https" and "." in host and not _is_literal(host) and not host.endswith(".localhost")
    )


def _is_literal(host: str) -> bool:
    try:
        ip_address(host.rstrip("."))
    except ValueError:
        # 127.1, 0x7f000001 and their like: what some programs take for an address.
        last = host.rstrip(".").rpartition(".")[2]
        return last.isdigit() or last.startswith("0x")
    return True


def origin_of(endpoint: str) -> str:
    parts = urlsplit(endpoint)
    return f"{parts.scheme}://{parts.netloc}"


def label_of(user_agent: str) -> str:
    """`Firefox, Linux`: enough for a person to know their own devices again."""
    agent = user_agent[:500].lower()
    found = [next((word for mark, word in marks if mark in agent), "") for marks in (_BROWSERS, _SYSTEMS)]
    return ", ".join(word for word in found if word)
