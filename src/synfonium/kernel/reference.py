"""Every setting with its sentence, default and environment name: from the structs themselves."""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import msgspec

from synfonium.kernel.app import installed_apps, resolve
from synfonium.kernel.config import PREFIX, HouseConfig, Settings

HIDDEN = "(hidden)"
_SECRET = re.compile(r"(password|secret|token|key)$")


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """One setting. section: "" for the installation's own. default, and value where it is
    asked for: as in TOML."""

    section: str
    name: str
    default: str
    sentence: str
    value: str = ""

    @property
    def environment(self) -> str:
        middle = f"{self.section}_" if self.section else ""
        return f"{PREFIX}{middle}{self.name}".upper()


def described() -> list[Setting]:
    """All settings of this version, the installation's own first. Raises LookupError for one
    that its struct says nothing about."""
    return [
        Setting(
            section=section, name=field.name, default=_toml(field.default), sentence=sentences[field.name]
        )
        for section, type_ in _structs()
        for sentences in [sentences_of(type_)]
        for field in msgspec.structs.fields(type_)
    ]


def effective(home: Path, environment: Mapping[str, str] = os.environ) -> list[Setting]:
    """As `described`, with the values that hold now and nothing that is secret."""
    settings = Settings(home, environment)
    values = {"": settings.house, **{app.name: settings.of(app) for app in installed_apps() if app.config}}
    return [
        msgspec.structs.replace(one, value=_shown(one.name, getattr(values[one.section], one.name)))
        for one in described()
    ]


def sentences_of(type_: type[Any]) -> dict[str, str]:
    """Field to what the struct's docstring says of it: `name: text. other, third: text.`

    Raises LookupError for a field without a sentence.
    """
    names = [field.name for field in msgspec.structs.fields(type_)]
    known = "|".join(sorted(names, key=len, reverse=True))
    text = " ".join((type_.__doc__ or "").split())
    marks = list(re.finditer(rf"\b((?:{known})(?:, (?:{known}))*): ", text))
    found: dict[str, str] = {}
    for at, mark in enumerate(marks):
        end = marks[at + 1].start() if at + 1 < len(marks) else len(text)
        for name in mark[1].split(", "):
            found[name] = text[mark.end() : end].strip().rstrip(".;")
    if missing := [name for name in names if not found.get(name)]:
        raise LookupError(f"{type_.__name__} says nothing of {', '.join(missing)}")
    return found


def _structs() -> Iterator[tuple[str, type[Any]]]:
    yield "", HouseConfig
    for app in sorted(installed_apps(), key=lambda app: app.name):
        if app.config:
            yield app.name, resolve(app.config)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(_toml(one) for one in value) + "]"
    return str(value) if isinstance(value, (int, float)) else f'"{value}"'


def _shown(name: str, value: Any) -> str:
    if isinstance(value, str) and value:
        if _SECRET.search(name):
            return HIDDEN
        return _toml(_without_password(value))
    return _toml(value)


def _without_password(value: str) -> str:
    """An address without the password in it."""
    if "://" not in value:
        return value
    try:
        parts = urlsplit(value)
        if parts.password is None and "password" not in parts.query.lower():
            return value
        user = f"{parts.username}:…@" if parts.password is not None else ""
        where = parts.netloc.rpartition("@")[2]
        query = re.sub(r"(?i)(password=)[^&]*", r"\1…", parts.query)
        return urlunsplit((parts.scheme, user + where, parts.path, query, parts.fragment))
    except ValueError:
        return HIDDEN
