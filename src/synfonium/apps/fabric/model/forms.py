"""What the forms of a manifest's texts are, in words: for each pattern of the contract its sentence."""

from functools import cache
from typing import Any, get_args

from jsonschema_rs import ValidationError

from synfonium.apps.fabric.contract import manifest as contract
from synfonium.apps.fabric.model.findings import Finding


def _(source: str) -> str:
    return source


_TITLE = _("`{path}` must be a text, or an object of language to text that has `en`.")


@cache
def _forms() -> dict[str, tuple[str, str]]:
    """Pattern to rule and sentence."""
    return {
        _pattern(contract.Place): (
            "place",
            _(
                "`{path}` must be a path of the app's own origin that begins with one `/`, such as `/open`; "
                "other origins, `javascript:`, spaces and `#` are not taken."
            ),
        ),
        _pattern(contract.RedirectUri): (
            "redirect-uri",
            _("`{path}` must be an address without spaces and `#`."),
        ),
        _pattern(contract.Interface): (
            "interface",
            _("`{path}` must be an interface: lower case, a slash and its version, such as `file/1`."),
        ),
        _pattern(contract.FactType): (
            "fact-type",
            _(
                "`{path}` must be a type of fact: the app's id and what happened, such as "
                "`notes.page.written`."
            ),
        ),
        _pattern(contract.MediaRange): (
            "media-type",
            _("`{path}` must be a media type in lower case, such as `image/png` or `image/*`."),
        ),
        _pattern(contract.FileKind): (
            "media-type",
            _("`{path}` must be a media type in lower case or an extension, such as `image/png` or `.png`."),
        ),
        _pattern(contract.Extension): (
            "extension",
            _("`{path}` must be an extension with its dot, such as `.png`."),
        ),
        _pattern(contract.Scope): ("scope", _("`{path}` must be a scope, such as `openid`.")),
        _pattern(contract.Parameter): (
            "parameter",
            _("`{path}` must be the name of a form's field: letters, digits, `_`, `-` and dots."),
        ),
        _pattern(contract.ActionName): (
            "action-name",
            _("`{path}` must be the app's id and a word with underscores, such as `notes.add_page`."),
        ),
        _pattern(contract.KindName): ("kind", _("`{path}` must be a word in lower case, such as `page`.")),
        _pattern(contract.AppId): (
            "id",
            _("`{path}` must be 2 to 30 of a-z, 0-9 and hyphens, and begin with a letter."),
        ),
        _pattern(contract.IconName): ("icon", _("`{path}` must be the name of a symbol, such as `folder`.")),
        _pattern(contract.UrlProtocol): (
            "protocol",
            _("`{path}` must be a protocol that people use, such as `mailto`, or one of `web+` and letters."),
        ),
        contract.PLAIN: ("plain-text", _("`{path}` must be one line, without control characters.")),
        contract.LANGUAGE: ("language", _("`{path}` must be named by a language, such as `en` or `pt-BR`.")),
    }


def _pattern(type_: Any) -> str:
    """The pattern of an Annotated[str, Meta(pattern=…)]."""
    return next(str(note.pattern) for note in get_args(type_)[1:] if note.pattern)


def of_form(error: ValidationError) -> Finding | None:
    """The finding of an error that has words of its own here."""
    path, kind = tuple(error.instance_path), error.kind
    at_name = str(kind.name) == "propertyNames"
    if at_name:
        path, kind = (*path, str(kind.value.instance)), kind.value.kind
    if str(kind.name) == "anyOf":
        return Finding(rule="type", source=_TITLE, path=path)
    if str(kind.name) == "pattern" and kind.value in _forms():
        rule, source = _forms()[kind.value]
        return Finding(rule=rule, source=source, path=path, at_name=at_name)
    return None
