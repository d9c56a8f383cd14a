"""Languages: English sources, one gettext catalogue per app, read straight from `.po`.

Catalogues are compiled in memory when first needed, so that no build step can be stale.
"""

import gettext
import io
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

LOCALES: tuple[str, ...] = ("fr", "en")
NATIVE_NAMES = {"fr": "Français", "en": "English"}
DEFAULT_LOCALE = "en"


def _(source: str) -> str:
    """Marks `source` for translation; it is translated where it is shown."""
    return source


def choose_locale(*wishes: str, accept_language: str = "") -> str:
    """The first wish that we speak, else the best of the Accept-Language header.

    RFC 9110, section 12.5.4, quality values included; at most 20 ranges are read.
    """
    for wish in wishes:
        if wish in LOCALES:
            return wish
    for tag in _by_quality(accept_language):
        if tag in LOCALES:
            return tag
    return DEFAULT_LOCALE


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
    """The translations of every installed app in one language."""

    def __init__(self, locale: str, folders: Iterable[Path]) -> None:
        self.locale = locale
        self._translations = gettext.NullTranslations()
        for folder in folders:
            self._add(folder / f"{locale}.po")

    def _add(self, path: Path) -> None:
        if not path.is_file():
            return
        from babel.messages.mofile import write_mo
        from babel.messages.pofile import read_po

        compiled = io.BytesIO()
        with path.open("rb") as source:
            write_mo(compiled, read_po(source, locale=self.locale))
        compiled.seek(0)
        translations = gettext.GNUTranslations(compiled)
        translations.add_fallback(self._translations)
        self._translations = translations

    def gettext(self, source: str) -> str:
        return self._translations.gettext(source) if source else ""

    def ngettext(self, one: str, many: str, count: int) -> str:
        return self._translations.ngettext(one, many, count)


class Languages:
    """All catalogues, loaded when a language is first asked for."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = tuple(folders)
        self._get = cache(lambda locale: Catalogue(locale, self._folders))

    def __getitem__(self, locale: str) -> Catalogue:
        return self._get(locale)
