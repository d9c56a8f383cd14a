"""Filters of RFC 7644, section 3.4.2.2: read within limits, and asked of resources.

A filter is scanned once, without backtracking, and refused when it is longer than 4,000
characters, holds more than 100 comparisons, or is nested more than 20 deep.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from synfonium.libraries.scim.errors import ScimError, invalid_filter

__all__ = ["And", "Attribute", "Compare", "Filter", "Inside", "Names", "Not", "Or", "matches", "parse_filter"]

LONGEST = 4_000
MOST_COMPARISONS = 100
DEEPEST = 20
OPERATORS = frozenset({"eq", "ne", "co", "sw", "ew", "gt", "lt", "ge", "le"})
_TOKEN = re.compile(r'\s*(?:([()\[\]])|("(?:[^"\\]|\\.)*")|([^\s()\[\]"]+))')
_NAME = r"\$?[A-Za-z][A-Za-z0-9_-]*"
_ATTRIBUTE = re.compile(rf"(?:(?P<urn>urn:[A-Za-z0-9:._-]+):)?(?P<name>{_NAME})(?:\.(?P<sub>{_NAME}))?")
_NUMBER = re.compile(r"-?\d{1,18}(?:\.\d{1,18})?")

Value = str | int | float | bool | None


@dataclass(frozen=True)
class Names:
    """What a resource calls its attributes. canonical: lower case to the schema's spelling,
    sub-attributes included; exact: paths whose case counts; times: paths that are dateTime;
    urns: prefixes that may stand before a name, lower case."""

    canonical: Mapping[str, str]
    exact: frozenset[str]
    times: frozenset[str]
    urns: frozenset[str]


@dataclass(frozen=True)
class Attribute:
    """`name` or `name.sub`, in the schema's spelling."""

    name: str
    sub: str = ""

    def __str__(self) -> str:
        return f"{self.name}.{self.sub}" if self.sub else self.name


@dataclass(frozen=True)
class Compare:
    """`attribute operator value`; operator `pr` has no value."""

    attribute: Attribute
    operator: str
    value: Value = None


@dataclass(frozen=True)
class And:
    parts: "tuple[Filter, ...]"


@dataclass(frozen=True)
class Or:
    parts: "tuple[Filter, ...]"


@dataclass(frozen=True)
class Not:
    part: "Filter"


@dataclass(frozen=True)
class Inside:
    """`emails[type eq "work"]`: one value for which the whole part holds."""

    attribute: Attribute
    part: "Filter"


Filter = Compare | And | Or | Not | Inside


def parse_filter(text: str, names: Names) -> Filter:
    """Raises ScimError `invalidFilter`."""
    parser = _Parser(text, names)
    found = parser.either(0, "")
    parser.expect_end()
    return found


def parse_attribute(text: str, names: Names, parent: str = "") -> Attribute:
    """Raises ScimError `invalidPath`."""
    found = _ATTRIBUTE.fullmatch(text) if len(text) < 300 else None
    if not found:
        raise ScimError(400, "invalidPath", "This is not the path of an attribute.")
    urn, name, sub = found["urn"] or "", found["name"], found["sub"] or ""
    if urn and urn.lower() not in names.urns:
        name = f"{urn}:{name}"  # of a schema that is not kept here: nothing has it
    name = names.canonical.get(name.lower(), name)
    sub = names.canonical.get(sub.lower(), sub)
    return Attribute(parent, name) if parent and not sub else Attribute(name, sub)


class _Parser:
    def __init__(self, text: str, names: Names) -> None:
        if len(text) > LONGEST:
            raise invalid_filter("This filter is too long.")
        self._tokens, self._names = list(_tokens(text)), names
        self._at, self._comparisons = 0, 0

    def either(self, depth: int, parent: str) -> Filter:
        parts = [self._all(depth, parent)]
        while self._take_word("or"):
            parts.append(self._all(depth, parent))
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def expect_end(self) -> None:
        if self._at < len(self._tokens):
            raise invalid_filter("Something stands after the end of the filter.")

    def _all(self, depth: int, parent: str) -> Filter:
        parts = [self._one(depth, parent)]
        while self._take_word("and"):
            parts.append(self._one(depth, parent))
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _one(self, depth: int, parent: str) -> Filter:
        if depth > DEEPEST:
            raise invalid_filter("This filter is nested too deep.")
        if self._peek().lower() == "not" and self._peek(1) == "(":
            self._at += 1
            return Not(self._one(depth + 1, parent))
        if self._peek() == "(":
            return self._between("(", ")", depth, parent)
        return self._comparison(depth, parent)

    def _between(self, opening: str, closing: str, depth: int, parent: str) -> Filter:
        self._take(opening)
        found = self.either(depth + 1, parent)
        self._take(closing)
        return found

    def _comparison(self, depth: int, parent: str) -> Filter:
        self._comparisons += 1
        if self._comparisons > MOST_COMPARISONS:
            raise invalid_filter("This filter has too many parts.")
        try:
            attribute = parse_attribute(self._next(), self._names, parent)
        except ScimError:
            raise invalid_filter("An attribute was expected.") from None
        if self._peek() == "[":
            if parent or attribute.sub:
                raise invalid_filter("Brackets cannot stand inside brackets.")
            return Inside(attribute, self._between("[", "]", depth, attribute.name))
        operator = self._next().lower()
        if operator == "pr":
            return Compare(attribute, "pr")
        if operator not in OPERATORS:
            raise invalid_filter("An operator was expected.")
        return _checked(Compare(attribute, operator, _value(self._next())), self._names)

    def _peek(self, ahead: int = 0) -> str:
        at = self._at + ahead
        return self._tokens[at] if at < len(self._tokens) else ""

    def _next(self) -> str:
        token = self._peek()
        if not token:
            raise invalid_filter("The filter ends too soon.")
        self._at += 1
        return token

    def _take(self, wanted: str) -> None:
        if self._next() != wanted:
            raise invalid_filter(f"A {wanted} was expected.")

    def _take_word(self, word: str) -> bool:
        if self._peek().lower() != word:
            return False
        self._at += 1
        return True


def _tokens(text: str) -> Iterator[str]:
    at, text = 0, text.strip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if not found:
            raise invalid_filter("A quotation mark is missing.")
        yield found[1] or found[2] or found[3]
        at = found.end()


def _value(token: str) -> Value:
    words: dict[str, Value] = {"true": True, "false": False, "null": None}
    if token.lower() in words:
        return words[token.lower()]
    if token.startswith('"'):
        try:
            return str(json.loads(token))
        except ValueError:
            raise invalid_filter("A text cannot be read.") from None
    if not _NUMBER.fullmatch(token):
        raise invalid_filter("A value was expected.")
    return float(token) if "." in token else int(token)


def _checked(compare: Compare, names: Names) -> Compare:
    """Refuses comparisons that mean nothing (RFC 7644, table 3)."""
    if compare.operator in ("co", "sw", "ew") and not isinstance(compare.value, str):
        raise invalid_filter("This operator compares texts.")
    if compare.operator in ("gt", "ge", "lt", "le"):
        if compare.value is None or isinstance(compare.value, bool):
            raise invalid_filter("There is no order between such values.")
        if str(compare.attribute) in names.times and _time(compare.value) is None:
            raise invalid_filter("A point in time was expected.")
    return compare


def matches(filter_: Filter, resource: Mapping[str, Any], names: Names) -> bool:
    """Whether the filter holds for a resource in the schema's spelling."""
    match filter_:
        case And(parts):
            return all(matches(part, resource, names) for part in parts)
        case Or(parts):
            return any(matches(part, resource, names) for part in parts)
        case Not(part):
            return not matches(part, resource, names)
        case Inside(attribute, part):
            return any(
                matches(part, {attribute.name: one}, names) for one in _many(resource.get(attribute.name))
            )
        case Compare():
            return _holds(filter_, resource, names)


def values_of(resource: Mapping[str, Any], attribute: Attribute) -> list[Any]:
    """The values at a path; of a complex attribute without a sub-attribute, its `value`s."""
    found = _many(resource.get(attribute.name))
    if attribute.sub:
        return [part for one in found if isinstance(one, Mapping) for part in _many(one.get(attribute.sub))]
    return [one.get("value", one) if isinstance(one, Mapping) else one for one in found]


def _many(value: Any) -> Sequence[Any]:
    if value is None:
        return ()
    return value if isinstance(value, list) else (value,)


def _holds(compare: Compare, resource: Mapping[str, Any], names: Names) -> bool:
    found = [one for one in values_of(resource, compare.attribute) if one not in (None, "", [], {})]
    if compare.operator == "pr":
        return bool(found)
    if compare.value is None:
        return bool(found) == (compare.operator == "ne")
    path = str(compare.attribute)
    if compare.operator == "ne":
        return not any(_compare(one, "eq", compare.value, path, names) for one in found)
    return any(_compare(one, compare.operator, compare.value, path, names) for one in found)


def _compare(one: Any, operator: str, wanted: Any, path: str, names: Names) -> bool:
    if path in names.times and operator not in ("co", "sw", "ew"):
        one, wanted = _time(one), _time(wanted)
    elif isinstance(one, str) and isinstance(wanted, str) and path not in names.exact:
        one, wanted = one.casefold(), wanted.casefold()
    if one is None or wanted is None or not _are_alike(one, wanted):
        return False
    return _compared(one, operator, wanted)


def _compared(one: Any, operator: Literal["eq"] | str, wanted: Any) -> bool:
    match operator:
        case "eq":
            return bool(one == wanted)
        case "co":
            return wanted in one
        case "sw":
            return bool(one.startswith(wanted))
        case "ew":
            return bool(one.endswith(wanted))
        case "gt":
            return bool(one > wanted)
        case "ge":
            return bool(one >= wanted)
        case "lt":
            return bool(one < wanted)
        case _:
            return bool(one <= wanted)


def _are_alike(one: Any, wanted: Any) -> bool:
    if isinstance(one, bool) or isinstance(wanted, bool):
        return isinstance(one, bool) and isinstance(wanted, bool)
    kinds: tuple[Any, ...] = (str, (int, float), datetime)
    return any(isinstance(one, kind) and isinstance(wanted, kind) for kind in kinds)


def _time(value: Any) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
