"""Languages: English sources, one gettext catalogue per app, read straight from `.po`.

Catalogues are compiled in memory when first needed, so that no build step can be stale.
"""

import gettext
import io
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2.runtime import Context

LOCALES: tuple[str, ...] = ("fr", "en")
NATIVE_NAMES = {"fr": "Français", "en": "English"}
DEFAULT_LOCALE = "en"


def _(source: str) -> str:
    """Marks `source` for translation; it is translated where it is shown."""
    return source


def choose_locale(*wishes: str, accept_language: str = "", otherwise: str = DEFAULT_LOCALE) -> str:
    """The first wish that we speak, else the best of the Accept-Language header, or `otherwise`.

    RFC 9110, section 12.5.4, quality values included; at most 20 ranges are read.
    """
    for wish in wishes:
        if wish in LOCALES:
            return wish
    for tag in _by_quality(accept_language):
        if tag in LOCALES:
            return tag
    return otherwise


def _by_quality(header: str) -> list[str]:
    ranges: list[tuple[float, int, str]] = []
    for position, part in enumerate(header[:500].split(",")[:20]):
        tag, _semicolon, parameter = part.strip().partition(";")
        quality = parameter.strip().removeprefix("q=") if parameter else "1"
        try:
            ranges.append((-float(quality), position, tag.split("-")[0].lower()))
        except ValueError:
            continue
    return [tag for quality, _position, tag in sorted(ranges) if quality < 0]


class Catalogue:
    """The translations of some folders in one language; of two for one text, the first folder's."""

    def __init__(self, locale: str, folders: Sequence[Path]) -> None:
        self.locale = locale
        self._translations = gettext.NullTranslations()
        for folder in reversed(folders):
            path = folder / f"{locale}.po"
            if path.is_file():
                translations = copy(_translations(path, locale, path.stat().st_mtime_ns))
                translations.add_fallback(self._translations)
                self._translations = translations

    def gettext(self, source: str) -> str:
        return self._translations.gettext(source) if source else ""

    def ngettext(self, one: str, many: str, count: int) -> str:
        return self._translations.ngettext(one, many, count)


@lru_cache
def _translations(path: Path, locale: str, _changed_ns: int) -> gettext.GNUTranslations:
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled = io.BytesIO()
    with path.open("rb") as source:
        write_mo(compiled, read_po(source, locale=locale))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


class Languages:
    """The catalogues of the kernel and of every app, loaded when a language is first asked for.

    folders: by the app's name, the kernel's as `kernel`; the earlier goes before the later.
    """

    def __init__(self, folders: Mapping[str, Path]) -> None:
        self._folders = folders
        self.of = cache(self._of)

    def __getitem__(self, locale: str) -> Catalogue:
        return self.of(locale, "kernel")

    def _of(self, locale: str, app: str) -> Catalogue:
        """As the pages of `app` say it: its own words go before everybody else's."""
        own = [self._folders[app]] if app in self._folders else []
        return Catalogue(locale, [*own, *self._folders.values()])


def in_templates(languages: Languages, locale: str) -> tuple[Callable[..., str], Callable[..., str]]:
    """gettext and ngettext for Jinja; `here` in a template's context is whose page it is."""

    from jinja2 import pass_context

    @pass_context
    def gettext(context: "Context", source: str) -> str:
        return languages.of(locale, context.get("here", "kernel")).gettext(source)

    @pass_context
    def ngettext(context: "Context", one: str, many: str, count: int) -> str:
        return languages.of(locale, context.get("here", "kernel")).ngettext(one, many, count)

    return gettext, ngettext
