"""What a check works with, and what it comes to."""

import secrets
from collections.abc import Mapping, Sequence
from ipaddress import IPv6Address
from urllib.parse import quote

import msgspec

from synfonium.apps.trust.contract import State
from synfonium.kernel.anonymous import Answered
from synfonium.kernel.asgi import HeaderPairs, Headers
from synfonium.kernel.context import Context

BROWSER: Headers = [(b"accept", b"text/html,application/xhtml+xml")]
WORDS = ("vent", "sel", "water", "Haus", "mañana", "bibliothèque", "opening hours", "città", "train 12", "?")

# With which words begin in the languages that we know.
BEGINNINGS = ("co", "pr", "in", "re", "de", "pa", "ma", "se", "ve", "st", "un", "di", "le", "ar", "zu", "ho")


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """found: English gettext source, in which `{name}` is replaced from `values`."""

    state: State
    found: str
    values: dict[str, str] = {}


class Scene:
    """Asks the doors of search as a stranger would."""

    def __init__(self, context: Context) -> None:
        self.context = context

    async def page(self, target: str, headers: HeaderPairs = (), *, peer: str = "") -> Answered:
        """As a browser gets it."""
        return await self.context.ask(target, headers=[*BROWSER, *headers], peer=peer)

    async def data(self, target: str, headers: HeaderPairs = (), *, peer: str = "") -> Answered:
        """As a program gets it."""
        return await self.context.ask(target, headers=headers, peer=peer)

    async def posted(
        self, fields: Mapping[str, str], headers: HeaderPairs = (), *, peer: str = ""
    ) -> Answered:
        """The search form, posted."""
        body = "&".join(f"{name}={quote(value, safe='')}" for name, value in fields.items()).encode()
        sent = [
            *BROWSER,
            (b"content-type", b"application/x-www-form-urlencoded"),
            (b"content-length", str(len(body)).encode()),
            *headers,
        ]
        return await self.context.ask("/search", method="POST", headers=sent, body=body, peer=peer)

    async def every_door(
        self, words: Sequence[str] = WORDS, headers: HeaderPairs = (), *, peer: str = ""
    ) -> list[Answered]:
        """Each of the words at each door that takes a question, and the doors that take none."""
        found = []
        for word in words:
            asked = quote(word, safe="")
            found += [
                await self.page(f"/search?q={asked}", headers, peer=peer),
                await self.data(f"/api/search?q={asked}", headers, peer=peer),
                await self.data(f"/api/search/suggest?q={asked}", headers, peer=peer),
                await self.posted({"q": word}, headers, peer=peer),
            ]
        plain = ("/search", "/bot", "/opensearch.xml")
        return [*found, *[await self.page(target, headers, peer=peer) for target in plain]]

    async def found_word(self) -> str:
        """A word of the index, so that there are results; empty when it knows none."""
        for begin in BEGINNINGS:
            answered = await self.data(f"/api/search/suggest?q={begin}")
            words = msgspec.json.decode(answered.body, type=tuple[str, list[str]])[1] if answered.body else []
            if words:
                return words[0]
        return ""


def canary_word() -> str:
    """What nobody else searches for."""
    return f"qvz{secrets.token_hex(8)}"


def canary_address() -> str:
    """An address that nobody has (RFC 3849)."""
    return str(IPv6Address((0x20010DB8 << 96) | secrets.randbits(96)))
