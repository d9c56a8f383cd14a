"""Declared actions: the objects in an input, and an input as a form."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec

OBJECT_FORMAT = "synfonium-object"
"""The `format` of a text in an input that is the address of an object."""
LONG_TEXT = 300
DEEPEST = 32
_SAME = ("allOf", "anyOf", "oneOf")
_ALSO = ("if", "then", "else", "not")
_EACH = ("items", "contains")

Kind = Literal["text", "long", "integer", "number", "boolean", "choice", "object", "json"]
Schema = Mapping[str, Any]


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One member of an input as a person fills it in.

    choices: what it may be, as text. least, most: of a number, or how many characters. is_required:
    whether it must be filled in: a text that may be empty is sent empty.
    """

    name: str
    title: str
    hint: str = ""
    kind: Kind = "text"
    choices: tuple[str, ...] = ()
    is_required: bool = False
    value: str = ""
    least: float | None = None
    most: float | None = None


def collection_of(app: str) -> str:
    """What a grant names that lets an app run actions of `app` that are done with no object."""
    return f"{app}:app"


def is_collection(address: str) -> bool:
    return address.endswith(":app")


def objects_in(schema: Schema, value: object) -> list[str]:
    """The addresses in an input, wherever its schema lets one stand."""
    return list(dict.fromkeys(_objects(schema, value, schema, 0)))


def _objects(part: object, value: object, root: Schema, depth: int) -> Iterator[str]:
    if not isinstance(part, Mapping) or depth > DEEPEST:
        return
    if part.get("format") == OBJECT_FORMAT and isinstance(value, str):
        yield value
    for below, of in _below(part, value, root):
        yield from _objects(below, of, root, depth + 1)


def _below(part: Schema, value: object, root: Schema) -> Iterator[tuple[object, object]]:
    """Each subschema with the value that it is about."""
    for keyword in _SAME:
        yield from ((one, value) for one in part.get(keyword, ()))
    yield from ((part[keyword], value) for keyword in _ALSO if keyword in part)
    if "$ref" in part:
        yield root.get("$defs", {}).get(str(part["$ref"]).removeprefix("#/$defs/")), value
    if isinstance(value, Mapping):
        named = part.get("properties", {})
        for name, one in value.items():
            yield named.get(name, part.get("additionalProperties")), one
        yield from ((one, value) for one in part.get("dependentSchemas", {}).values())
    elif isinstance(value, list):
        first = part.get("prefixItems", ())
        yield from zip(first, value, strict=False)
        yield from ((part.get(keyword), one) for one in value for keyword in _EACH)


def asks_object(schema: Schema) -> bool:
    return any(field.kind == "object" for field in fields_of(schema))


def schema_texts(schema: Schema) -> list[str]:
    """Titles and descriptions of the members of an input: what people read in its form."""
    return [
        str(part[keyword])
        for part in schema.get("properties", {}).values()
        for keyword in ("title", "description")
        if isinstance(part, Mapping) and keyword in part
    ]


def spoken(schema: Schema, translate: Callable[[str], str]) -> dict[str, Any]:
    """The same schema with the texts of its members in another language."""

    def member(part: object) -> object:
        if not isinstance(part, Mapping):
            return part
        words = {key: translate(str(part[key])) for key in ("title", "description") if key in part}
        return {**part, **words}

    if "properties" not in schema:
        return dict(schema)
    members = {name: member(part) for name, part in schema["properties"].items()}
    return {**schema, "properties": members}


def fields_of(schema: Schema, values: Mapping[str, str] | None = None) -> list[Field]:
    """The form of an input; what a form cannot ask for member by member is JSON."""
    given, required = values or {}, schema.get("required", ())
    return [
        _field(name, part if isinstance(part, Mapping) else {}, name in required, given.get(name))
        for name, part in schema.get("properties", {}).items()
    ]


def _field(name: str, part: Schema, is_required: bool, value: str | None) -> Field:
    kind, default = _kind(part), part.get("default")
    is_text = kind in ("text", "long")
    return Field(
        name=name,
        title=str(part.get("title") or name),
        hint=str(part.get("description", "")),
        kind=kind,
        choices=tuple(_as_text(choice) for choice in part.get("enum", ())),
        is_required=is_required and not (is_text and not part.get("minLength")),
        value=value if value is not None else "" if default is None else _as_text(default),
        least=part.get("minLength" if is_text else "minimum"),
        most=part.get("maxLength" if is_text else "maximum"),
    )


def _kind(part: Schema) -> Kind:
    if "enum" in part:
        return "choice"
    type_ = part.get("type")
    if type_ == "string":
        if part.get("format") == OBJECT_FORMAT:
            return "object"
        return "long" if int(part.get("maxLength", 0)) > LONG_TEXT else "text"
    if type_ in ("integer", "number", "boolean"):
        return type_  # type: ignore[no-any-return]
    return "json"


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def from_form(schema: Schema, sent: Mapping[str, str]) -> dict[str, object]:
    """The input that a filled form means. What is empty and not required is left out; what is no
    number stays a text, so that the schema refuses it. Other members of the form are not looked at.
    """
    found: dict[str, object] = {}
    required = schema.get("required", ())
    for field in fields_of(schema):
        text = sent.get(field.name, "")
        if field.kind == "boolean":
            found[field.name] = bool(text)
        elif text or (field.name in required and field.kind in ("text", "long")):
            found[field.name] = _meant(field, text, schema["properties"][field.name])
    return found


def _meant(field: Field, text: str, part: Schema) -> object:
    if field.kind in ("text", "long"):
        return text.replace("\r\n", "\n")
    if field.kind == "object":
        return text
    if field.kind == "choice":
        return next((choice for choice in part["enum"] if _as_text(choice) == text), text)
    try:
        return msgspec.json.decode(text.strip().replace(",", ".") if field.kind == "number" else text)
    except (msgspec.DecodeError, RecursionError):
        return text


def filled(template: object, values: Mapping[str, str]) -> object:
    """A template with each `{name}` of its texts replaced; names that are not known stay."""
    if isinstance(template, str):
        return _filled(template, values)
    if isinstance(template, Mapping):
        return {key: filled(one, values) for key, one in template.items()}
    if isinstance(template, Sequence):
        return [filled(one, values) for one in template]
    return template


def _filled(text: str, values: Mapping[str, str]) -> str:
    """Once from left to right: a value that looks like a name is not replaced again."""
    pieces, rest = [], text
    while rest:
        before, brace, after = rest.partition("{")
        pieces.append(before)
        if not brace:
            break
        name, end, left = after.partition("}")
        if end and name in values:
            pieces.append(values[name])
            rest = left
        else:
            pieces.append("{")
            rest = after
    return "".join(pieces)
