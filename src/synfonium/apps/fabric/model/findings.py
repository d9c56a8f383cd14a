"""What is wrong with something that an author wrote, as one plain sentence for each finding."""

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Literal

import msgspec

Path = tuple[str | int, ...]
Severity = Literal["error", "warning"]
LONGEST_SHOWN = 60


def _(source: str) -> str:
    """Marks for translation: the model knows no kernel."""
    return source


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One finding. rule: its stable name. source: English gettext source, with `{values}` in it.

    path: the value it is about. at_name: the name of that member rather than its value is
    wrong. line, column: from 1; 0 where there is no text.
    """

    rule: str
    source: str
    path: Path = ()
    values: dict[str, str] = {}
    severity: Severity = "error"
    at_name: bool = False
    line: int = 0
    column: int = 0

    def sentence(self, translate: Callable[[str], str] = str) -> str:
        """In the reader's language; what is quoted in it is short and printable."""
        return translate(self.source).format_map({"path": shown_path(self.path), **self.values})


def shown(text: object) -> str:
    """A stranger's text within a sentence."""
    words = "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in str(text)[:200]
    )
    return words if len(words) <= LONGEST_SHOWN else f"{words[: LONGEST_SHOWN - 1]}…"


def shown_path(path: Path) -> str:
    """`synfonium.actions[0].name`; `$` for the whole."""
    words = ""
    for part in path[:12]:
        words += f"[{part}]" if isinstance(part, int) else f"{'.' if words else ''}{shown(part)}"
    return words or "$"


_KINDS = {
    "string": _("`{path}` must be a text, in quotes."),
    "object": _("`{path}` must be an object, in braces."),
    "array": _("`{path}` must be a list, in brackets."),
    "boolean": _("`{path}` must be true or false."),
    "integer": _("`{path}` must be a whole number."),
    "number": _("`{path}` must be a number."),
    "null": _("`{path}` must be null."),
}
_LIMITS = {
    "maxLength": _("`{path}` may have at most {limit} characters."),
    "minLength": _("`{path}` must have at least {limit} characters."),
    "maxItems": _("`{path}` may have at most {limit} entries."),
    "minItems": _("`{path}` must have at least {limit} entries."),
    "maxProperties": _("`{path}` may have at most {limit} entries."),
    "minProperties": _("`{path}` must have at least {limit} entries."),
    "minimum": _("`{path}` must be at least {limit}."),
    "maximum": _("`{path}` must be at most {limit}."),
    "exclusiveMinimum": _("`{path}` must be more than {limit}."),
    "exclusiveMaximum": _("`{path}` must be less than {limit}."),
}
_OTHERS = {
    "uniqueItems": _("`{path}` must have no entry twice."),
    "anyOf": _("`{path}` fits none of the forms that it may have."),
    "oneOf": _("`{path}` must fit exactly one of the forms that it may have."),
    "not": _("`{path}` has a form that it may not have."),
    "contains": _("`{path}` lacks an entry that it must have."),
    "falseSchema": _("`{path}` may not be there."),
}
_ANY = _("`{path}` does not fit its schema.")


def of_kind(path: Path, types: list[str]) -> Finding:
    if len(types) == 1 and types[0] in _KINDS:
        return Finding(rule="type", source=_KINDS[types[0]], path=path)
    source = _("`{path}` must be one of these kinds: {kinds}.")
    return Finding(rule="type", source=source, path=path, values={"kinds": ", ".join(types)})


def lacks(path: Path, member: str) -> Finding:
    values = {"member": shown(member)}
    return Finding(
        rule="required", source=_("`{path}` needs the member `{member}`."), path=path, values=values
    )


def unknown(path: Path, member: str, known: Mapping[str, object]) -> Finding:
    """A member that is not known; if it looks like a known one, that is said."""
    values = {"member": shown(member), "parent": shown_path(path)}
    source = _("`{member}` is not a member of `{parent}`.")
    if near := get_close_matches(member[:60], list(known), 1):
        source, values["near"] = (
            _("`{member}` is not a member of `{parent}`; did you mean `{near}`?"),
            near[0],
        )
    return Finding(
        rule="additionalProperties", source=source, path=(*path, member), values=values, at_name=True
    )


def of_limit(path: Path, keyword: str, limit: object) -> Finding:
    return Finding(rule=keyword, source=_LIMITS[keyword], path=path, values={"limit": str(limit)})


def has_limit(keyword: str) -> bool:
    return keyword in _LIMITS


def of_choice(path: Path, keyword: str, choices: list[object]) -> Finding:
    values = {"choices": ", ".join(shown(choice) for choice in choices[:20])}
    return Finding(rule=keyword, source=_("`{path}` must be one of: {choices}."), path=path, values=values)


def other(path: Path, keyword: str) -> Finding:
    return Finding(rule=keyword, source=_OTHERS.get(keyword, _ANY), path=path)
