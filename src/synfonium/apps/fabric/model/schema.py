"""JSON Schema (2020-12) of what strangers declare: which schemas we take, and what fits them.

By jsonschema-rs (MIT): a call takes 0.4 µs where the package `jsonschema` takes 70 (measured), its
regular expressions run in linear time, and it opens no address. A schema of a stranger is a
program that we run: it is taken only in the keywords below, without regular expressions, and
small enough that all of it can be held against every value.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import msgspec
from jsonschema_rs import Draft202012Validator, RegexOptions, ValidationError

from synfonium.apps.fabric.model import findings
from synfonium.apps.fabric.model.findings import Finding, Path, shown

DIALECT = "https://json-schema.org/draft/2020-12/schema"
LARGEST_SCHEMA_BYTES = 16 * 1024
MOST_SUBSCHEMAS = 500
DEEPEST = 16
MOST_VALUES = 5_000
MOST_FINDINGS = 20
# Above so many pairs of subschema and value it is said only that something does not fit (10 µs a pair).
MOST_EXPLAINED = 20_000

_ONE = ("items", "additionalProperties", "propertyNames", "not", "if", "then", "else", "contains")
_LISTS = ("prefixItems", "anyOf", "oneOf", "allOf")
_NAMED = ("properties", "$defs", "dependentSchemas")
_PLAIN = (
    "$schema", "$ref", "$comment", "type", "title", "description", "default", "examples", "enum", "const",
    "required", "dependentRequired", "minItems", "maxItems", "uniqueItems", "minContains", "maxContains",
    "minProperties", "maxProperties", "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum",
    "exclusiveMaximum", "multipleOf", "format", "contentMediaType", "contentEncoding", "readOnly",
    "writeOnly", "deprecated",
)  # fmt: skip
_KNOWN = dict.fromkeys((*_ONE, *_LISTS, *_NAMED, *_PLAIN))
_REGULAR = ("pattern", "patternProperties")


def _(source: str) -> str:
    return source


def check_schema(schema: Mapping[str, Any], at: Path = ()) -> list[Finding]:
    """What keeps a stranger's schema from being taken; none when it is good. `at` stands
    before each path."""
    if len(msgspec.json.encode(schema)) > LARGEST_SCHEMA_BYTES:
        values = {"limit": str(LARGEST_SCHEMA_BYTES // 1024)}
        source = _("The schema `{path}` may have at most {limit} KiB.")
        return [Finding(rule="schema-size", source=source, path=at, values=values)]
    walk = _Walk(schema, at)
    found = list(walk.of(schema, at, ()))[:MOST_FINDINGS]
    return found or _built(schema, at)


def _built(schema: Mapping[str, Any], at: Path) -> list[Finding]:
    try:
        _validator(msgspec.json.encode(schema))
    except (ValidationError, ValueError) as wrong:
        path = (*at, *getattr(wrong, "instance_path", ()))
        source = _("`{path}` is not a JSON Schema of 2020-12 as it stands.")
        return [Finding(rule="schema", source=source, path=path)]
    return []


class _Walk:
    """Goes through a schema as a validator would, references followed, and counts its parts."""

    def __init__(self, schema: Mapping[str, Any], at: Path) -> None:
        self._schema, self._at, self._count, self._is_too_large = schema, at, 0, False

    def of(self, part: object, path: Path, followed: tuple[str, ...], depth: int = 0) -> Iterator[Finding]:
        self._count += 1
        if self._count > MOST_SUBSCHEMAS or depth > DEEPEST:
            yield from self._too_large()
        elif isinstance(part, dict):
            yield from self._keywords(part, path)
            yield from self._follow(part, path, followed, depth)
            for name, below in _below(part):
                yield from self.of(below, (*path, *name), followed, depth + 1)
        elif not isinstance(part, bool):
            yield findings.of_kind(path, ["object"])

    def _too_large(self) -> Iterator[Finding]:
        if not self._is_too_large:
            self._is_too_large, self._count = True, MOST_SUBSCHEMAS
            values = {"most": str(MOST_SUBSCHEMAS), "deepest": str(DEEPEST)}
            source = _(
                "The schema `{path}` may have at most {most} parts, {deepest} deep, with its references "
                "followed."
            )
            yield Finding(rule="schema-size", source=source, path=self._at, values=values)

    def _keywords(self, part: dict[str, Any], path: Path) -> Iterator[Finding]:
        for keyword in part:
            if keyword in _REGULAR:
                source = _("`{path}` is a regular expression, which a schema of an app does not have.")
                yield Finding(rule="schema-pattern", source=source, path=(*path, keyword), at_name=True)
            elif keyword not in _KNOWN:
                yield findings.unknown(path, keyword, _KNOWN)
        if part.get("$schema", DIALECT) != DIALECT:
            yield findings.of_choice((*path, "$schema"), "schema-dialect", [DIALECT])

    def _follow(
        self, part: dict[str, Any], path: Path, followed: tuple[str, ...], depth: int
    ) -> Iterator[Finding]:
        if "$ref" not in part:
            return
        asked, definitions = part["$ref"], self._schema.get("$defs")
        name = asked.removeprefix("#/$defs/") if isinstance(asked, str) else ""
        if name == asked or not isinstance(definitions, dict) or name not in definitions:
            source = _("`{path}` leads elsewhere; a reference is `#/$defs/…` of the same schema.")
            yield Finding(rule="schema-reference", source=source, path=(*path, "$ref"))
        elif name in followed:
            source = _("`{path}` leads back to itself.")
            yield Finding(rule="schema-reference", source=source, path=(*path, "$ref"))
        else:
            yield from self.of(definitions[name], (*self._at, "$defs", name), (*followed, name), depth + 1)


def _below(part: dict[str, Any]) -> Iterator[tuple[Path, object]]:
    for keyword in _ONE:
        if keyword in part:
            yield (keyword,), part[keyword]
    for keyword in _LISTS:
        below = part.get(keyword)
        yield from (((keyword, n), one) for n, one in enumerate(below if isinstance(below, list) else ()))
    for keyword in _NAMED:
        below = part.get(keyword)
        for name, one in below.items() if isinstance(below, dict) else ():
            yield (keyword, name), one


def validate(schema: Mapping[str, Any], value: object, most: int = MOST_FINDINGS) -> list[Finding]:
    """What in `value` does not fit a schema that was checked; none when all does.

    At most `most` findings, in bounded time: a value of more than 5,000 parts, or 32 deep, is
    refused, and of a large one it is only said that it does not fit.
    """
    size = _size(value)
    if size > MOST_VALUES:
        values = {"most": str(MOST_VALUES)}
        return [
            Finding(rule="value-size", source=_("`{path}` may have at most {most} parts."), values=values)
        ]
    encoded = msgspec.json.encode(schema)
    validator = _validator(encoded)
    if validator.is_valid(value):
        return []
    if size * encoded.count(b"{") > MOST_EXPLAINED:
        return [findings.other((), "schema")]
    return explain(validator, value, most)


def explain(validator: Draft202012Validator, value: object, most: int) -> list[Finding]:
    found: list[Finding] = []
    for error in validator.iter_errors(value):
        found += of_error(error)
        if len(found) >= most:
            break
    return found[:most]


def of_error(error: ValidationError) -> list[Finding]:
    """The findings of one error of the validator."""
    path, kind = tuple(error.instance_path), error.kind
    keyword = str(kind.name)
    if keyword == "required":
        return [findings.lacks(path, kind.value)]
    if keyword in ("additionalProperties", "unevaluatedProperties"):
        return [findings.unknown(path, name, {}) for name in kind.value[:MOST_FINDINGS]]
    if keyword == "type":
        return [findings.of_kind(path, sorted(kind.value))]
    if keyword in ("enum", "const"):
        choices = kind.value if keyword == "enum" else [kind.value]
        return [findings.of_choice(path, keyword, choices)]
    if keyword == "propertyNames":
        return [_of_name(path, error)]
    if findings.has_limit(keyword):
        return [findings.of_limit(path, keyword, kind.value)]
    return [findings.other(path, keyword)]


def _of_name(path: Path, error: ValidationError) -> Finding:
    source = _("`{member}` is not a name that a member of `{parent}` may have.")
    name = str(error.kind.value.instance)
    values = {"member": shown(name), "parent": findings.shown_path(path)}
    return Finding(rule="propertyNames", source=source, path=(*path, name), values=values, at_name=True)


@lru_cache(maxsize=256)
def _validator(encoded: bytes) -> Draft202012Validator:
    schema = msgspec.json.decode(encoded)
    return Draft202012Validator(schema, offline=True, pattern_options=RegexOptions(), validate_formats=True)


def _size(value: object) -> int:
    """How many values it is made of; more than MOST_VALUES when it is too large or too deep."""
    count, level, depth = 0, [value], 0
    while level and count <= MOST_VALUES:
        count, depth = count + len(level), depth + 1
        if depth > 2 * DEEPEST:
            return MOST_VALUES + 1
        below: list[object] = []
        for one in level:
            below += one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
            if len(below) > MOST_VALUES:
                return MOST_VALUES + 1
        level = below
    return count
