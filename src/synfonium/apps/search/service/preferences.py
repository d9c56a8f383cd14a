"""What a person prefers, in a token that they can read, carry and share; nothing of it is kept here.

`v1;lang=fr,en;region=FR;safe=strict;pin=a.example;block=b.example,c.example`: parts in any order, lists
with commas. Whatever of a token cannot be used is left out and named, never refused.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Literal, get_args
from urllib.parse import parse_qsl, urlsplit

import msgspec

VERSION = "v1"
LONGEST_TOKEN = 4096
MOST_HOSTS = 200
MOST_LANGUAGES = 5
_MOST_NAMED, _LONGEST_NAMED = 5, 40

Safe = Literal["off", "moderate", "strict"]
Scheme = Literal["", "light", "dark"]
Rule = Literal["pin", "raise", "lower", "block"]
RULES: tuple[Rule, ...] = get_args(Rule)
MOST_ADULT: Mapping[Safe, float] = {"off": 1.0, "moderate": 0.8, "strict": 0.3}
"""What is likelier adult than this is left out, by the level of safety."""
_HOST = re.compile(
    r"(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
)
_LANGUAGE, _REGION = re.compile(r"[a-z]{2,3}"), re.compile(r"[A-Z]{2}")


class Preferences(msgspec.Struct, frozen=True, kw_only=True):
    """hosts: the rule for a site, by its name without `www.`; it holds for names below too.

    languages: the person reads these, best first. region: a country (ISO 3166-1, two letters)
    whose sites stand higher. scheme: light or dark, "" as the device. is_posted: words travel
    in no address.
    """

    languages: tuple[str, ...] = ()
    region: str = ""
    safe: Safe = "moderate"
    scheme: Scheme = ""
    is_posted: bool = False
    hosts: Mapping[str, Rule] = {}

    def ruled(self, rule: Rule) -> tuple[str, ...]:
        return tuple(host for host, known in self.hosts.items() if known == rule)

    def rule_for(self, host: str) -> Rule | None:
        """The rule of the host, or of the nearest name above it."""
        name = host.removeprefix("www.")
        while name:
            if name in self.hosts:
                return self.hosts[name]
            name = name.partition(".")[2]
        return None

    def with_rule(self, host: str, rule: Rule | None) -> "Preferences":
        """This, with another rule for a site; None takes it away. One more than 200 has no effect."""
        name = host_name(host)
        if name is None:
            return self
        others = {known: kept for known, kept in self.hosts.items() if known != name}
        if rule and len(others) < MOST_HOSTS:
            others[name] = rule
        return msgspec.structs.replace(self, hosts=others)

    @property
    def token(self) -> str:
        """ "" when nothing is out of the ordinary."""
        parts = [VERSION, *self._parts()]
        return ";".join(parts) if len(parts) > 1 else ""

    def _parts(self) -> Iterator[str]:
        if self.languages:
            yield f"lang={','.join(self.languages)}"
        if self.region:
            yield f"region={self.region}"
        if self.safe != "moderate":
            yield f"safe={self.safe}"
        if self.scheme:
            yield f"theme={self.scheme}"
        if self.is_posted:
            yield "send=post"
        for rule in RULES:
            if hosts := self.ruled(rule):
                yield f"{rule}={','.join(hosts)}"


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """What a token says, and the first few of its parts that were left out."""

    preferences: Preferences = Preferences()
    ignored: tuple[str, ...] = ()


def host_name(typed: str) -> str | None:
    """A site as a rule names it, from a name or an address; None for what is neither."""
    text = typed.strip().lower()
    try:
        name = (urlsplit(text).hostname or "") if "://" in text else text.partition("/")[0]
        name = name.rstrip(".").removeprefix("www.")
        plain = name if name.isascii() else name.encode("idna").decode()
    except (ValueError, UnicodeError):
        return None
    return plain if _HOST.fullmatch(plain) else None


def token_in(text: str) -> str:
    """The token that a link carries, or the text itself."""
    text = text.strip()
    if not text.startswith(("http://", "https://", "/")):
        return text
    return next((value for name, value in parse_qsl(urlsplit(text).query) if name == "prefs"), "")


def read(token: str) -> Read:
    """Never raises: a token came from anywhere."""
    if not token.strip():
        return Read()
    version, *parts = token[:LONGEST_TOKEN].strip().split(";")
    if version.strip() != VERSION:
        return Read(ignored=(_named(token),))
    reader = _Reader()
    for part in parts:
        reader.take(part.strip())
    if len(token) > LONGEST_TOKEN:
        reader.leave(token[LONGEST_TOKEN:])
    return Read(preferences=reader.preferences(), ignored=tuple(reader.ignored))


def _named(part: str) -> str:
    shown = "".join(c for c in part[:_LONGEST_NAMED] if c.isprintable())
    return f"{shown}…" if len(part) > _LONGEST_NAMED else shown


class _Reader:
    """Takes the parts of a token one by one."""

    def __init__(self) -> None:
        self.ignored: list[str] = []
        self._hosts: dict[str, Rule] = {}
        self._others: dict[str, object] = {}

    def preferences(self) -> Preferences:
        return msgspec.convert({**self._others, "hosts": self._hosts}, Preferences)

    def take(self, part: str) -> None:
        name, _, value = part.partition("=")
        rule = next((rule for rule in RULES if rule == name), None)
        if rule:
            self._rule(rule, value)
        elif part:
            taken = _FIELDS[name](value) if name in _FIELDS else None
            if taken is None:
                self.leave(part)
            self._others |= taken or {}

    def leave(self, part: str) -> None:
        if len(self.ignored) < _MOST_NAMED:
            self.ignored.append(_named(part))

    def _rule(self, rule: Rule, value: str) -> None:
        for typed in value.split(","):
            name = host_name(typed)
            if name is None or name in self._hosts or len(self._hosts) >= MOST_HOSTS:
                self.leave(f"{rule}={typed}")
            else:
                self._hosts[name] = rule


def _languages(value: str) -> dict[str, object] | None:
    found = [code for code in value.lower().split(",") if _LANGUAGE.fullmatch(code)]
    return {"languages": tuple(dict.fromkeys(found))[:MOST_LANGUAGES]} if found else None


def _region(value: str) -> dict[str, object] | None:
    return {"region": value.upper()} if _REGION.fullmatch(value.upper()) else None


def _one_of(name: str, values: tuple[str, ...], value: str) -> dict[str, object] | None:
    return {name: value} if value in values else None


_FIELDS: Mapping[str, Callable[[str], dict[str, object] | None]] = {
    "lang": _languages,
    "region": _region,
    "safe": lambda value: _one_of("safe", get_args(Safe), value),
    "theme": lambda value: _one_of("scheme", ("light", "dark"), value),
    "send": lambda value: {"is_posted": True} if value == "post" else None,
}
