"""Pages for people: Jinja templates in the frame, in the reader's language."""

import json
from collections.abc import Mapping, MutableMapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from importlib.resources import files
from pathlib import Path
from types import CodeType
from typing import Any

import jinja2
from jinja2.bccache import Bucket

from synfonium.kernel.actor import Person
from synfonium.kernel.app import App
from synfonium.kernel.i18n import (
    DEFAULT_LOCALE,
    LOCALES,
    NATIVE_NAMES,
    Catalogue,
    Languages,
    _,
    choose_locale,
    in_templates,
)

OTHER_PART = _("More")
_KEY = "synfonium.pages"


class _Compiled(jinja2.BytecodeCache):
    """Templates are compiled once a process, for all languages: that takes longer than to render them."""

    def __init__(self) -> None:
        self._code: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._code.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self._code[bucket.key, bucket.checksum] = bucket.code


_COMPILED = _Compiled()


class Reader:
    """For whom a page is rendered."""

    def __init__(self, person: Person | None, locale: str, scheme: str, url: str) -> None:
        self.person, self.locale, self.scheme, self.url = person, locale, scheme, url


class Pages:
    """Every app's templates, and what each of them may use."""

    def __init__(self, apps: Sequence[App], site_name: str, language: str = DEFAULT_LOCALE) -> None:
        folders = {app.name: Path(str(files(app.package))) for app in apps}
        kernel = Path(__file__).parent
        loaders: dict[str, jinja2.BaseLoader] = {
            name: jinja2.FileSystemLoader(folder / "templates") for name, folder in folders.items()
        }
        loaders["kit"] = jinja2.FileSystemLoader(kernel / "templates" / "kit")
        self._languages = Languages({name: f / "locale" for name, f in {"kernel": kernel, **folders}.items()})
        self._static = Static()
        self._launcher = tuple(app for app in apps if app.path)
        self._apps, self._site_name, self._language = tuple(apps), site_name, language
        places = [(place, app) for app in apps for place in app.places]
        self._places = sorted(places, key=lambda found: (found[0].order, found[0].path))
        self._loader = jinja2.PrefixLoader(loaders)
        self._environments = {locale: self._environment(locale) for locale in LOCALES}

    def _environment(self, locale: str) -> jinja2.Environment:
        environment = jinja2.Environment(
            loader=self._loader,
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
            trim_blocks=True,
            lstrip_blocks=True,
            bytecode_cache=_COMPILED,
        )
        environment.install_gettext_callables(  # type: ignore[attr-defined]
            *in_templates(self._languages, locale), newstyle=True
        )
        environment.policies["ext.i18n.trimmed"] = True
        formats = Formats(locale, self.catalogue(locale))
        environment.globals.update(
            static=self._static.url,
            site_name=self._site_name,
            locale=locale,
            locales=NATIVE_NAMES,
            format_bytes=formats.bytes,
            format_date=formats.date,
            format_relative=formats.relative,
            format_when=formats.when,
            format_number=formats.number,
        )
        return environment

    def serve(self, scope: MutableMapping[str, Any]) -> None:
        """A request with this scope is answered by these pages."""
        scope[_KEY] = self

    @staticmethod
    def of(scope: Mapping[str, Any]) -> "Pages":
        """The pages of a request to a typed door; raises KeyError elsewhere."""
        pages: Pages = scope[_KEY]
        return pages

    def catalogue(self, locale: str, here: str = "kernel") -> Catalogue:
        """As the pages of the app `here` say it; of the kernel's own words first without one."""
        return self._languages.of(locale, here)

    def render(self, template: str, reader: Reader, values: Mapping[str, Any]) -> str:
        """The template as text. `here` is the app whose template it is."""
        here = template.partition("/")[0]
        launcher = self._launcher_for(reader)
        return (
            self._environments[reader.locale]
            .get_template(template)
            .render(
                {
                    "person": reader.person,
                    "scheme": reader.scheme,
                    "url_now": reader.url,
                    "launcher": launcher,
                    "here": here,
                    "places": self._places_for(reader),
                    **values,
                }
            )
        )

    def destinations(self, reader: Reader) -> list[dict[str, str]]:
        """The pages that the reader can go to from anywhere: title, within (which part of the
        house), path, icon. Those of the administration only for who administers."""
        administers = reader.person is not None and reader.person.is_administrator
        found = [
            {"title": app["title"], "within": "", "path": app["path"], "icon": app["icon"]}
            for app in self._launcher_for(reader)
        ]
        return found + [
            {"title": place["title"], "within": place["app_title"], "path": place["path"], "icon": "settings"}
            for place in self._places_for(reader)
            if place["group"] == "settings" or administers
        ]

    def _launcher_for(self, reader: Reader) -> list[dict[str, str]]:
        return [
            {
                "name": app.name,
                "title": self._languages.of(reader.locale, app.name).gettext(app.title),
                "path": app.path,
                "icon": app.icon,
            }
            for app in self._launcher
        ]

    def _places_for(self, reader: Reader) -> list[dict[str, Any]]:
        """Every app's places in the reader's language; `is_here` marks the one that is shown."""
        of = partial(self._languages.of, reader.locale)
        around = [p.path for p, _app in self._places if f"{reader.url}/".startswith(f"{p.path}/")]
        shown = max(around, key=len, default="")
        return [
            {
                "group": place.group,
                "part": of(app.name).gettext(place.part or OTHER_PART),
                "path": place.path,
                "title": of(app.name).gettext(place.title),
                "app_title": of(app.name).gettext(app.title),
                "icon": app.icon,
                "is_here": place.path == shown,
            }
            for place, app in self._places
        ]

    def reader(self, scope: Mapping[str, Any]) -> Reader:
        """Person, language and scheme of a request. `?ui=fr` wins, then the account, then
        the browser's wish."""
        person: Person | None = scope.get("state", {}).get("synfonium.person")
        headers = {k: v for k, v in scope["headers"] if k == b"accept-language"}
        query = scope.get("query_string", b"").decode("latin-1")
        asked = next((p.partition("=")[2] for p in query.split("&") if p.startswith("ui=")), "")
        locale = choose_locale(
            asked,
            person.locale if person else "",
            accept_language=headers.get(b"accept-language", b"").decode("latin-1"),
            otherwise=self._language,
        )
        path = scope.get("raw_path") or scope["path"].encode()
        return Reader(person, locale, person.scheme if person else "", bytes(path).decode("latin-1"))


class Static:
    """URLs of built assets, from the manifest that the web build writes."""

    folder = Path(__file__).parent.parent / "static"

    def url(self, name: str) -> str:
        """`drive/explorer.js` → `/static/drive/explorer-1a2b3c.js`. Raises LookupError."""
        try:
            return f"/static/{_manifest(self.folder)[name]}"
        except KeyError:
            raise LookupError(f"no built asset {name}: was the web front built?") from None


@lru_cache
def _manifest(folder: Path) -> dict[str, str]:
    path = folder / "manifest.json"
    manifest: dict[str, str] = json.loads(path.read_text()) if path.is_file() else {}
    return manifest


class Formats:
    """Numbers, sizes and dates as people write them."""

    def __init__(self, locale: str, catalogue: Catalogue) -> None:
        self._locale, self._catalogue = locale, catalogue

    def number(self, value: float, digits: int = 0) -> str:
        text = f"{value:,.{digits}f}"
        if self._locale == "fr":
            return text.replace(",", "\u202f").replace(".", ",")
        return text

    def bytes(self, size_bytes: int) -> str:
        """Decimal units, as disks are sold: `1.5 MB`, in French `1,5 Mo`."""
        letter = "o" if self._locale == "fr" else "B"
        value, unit = float(size_bytes), 0
        while value >= 999.5 and unit < 5:
            value, unit = value / 1000, unit + 1
        digits = 0 if unit == 0 or value >= 99.95 or round(value, 1).is_integer() else 1
        return f"{self.number(value, digits)}\u00a0{['', 'k', 'M', 'G', 'T', 'P'][unit]}{letter}"

    def date(self, time_s: float, kind: str = "medium") -> str:
        from babel.dates import format_datetime

        moment = datetime.fromtimestamp(time_s, UTC).astimezone()
        return format_datetime(moment, kind, locale=self._locale)

    def when(self, time_s: float, now_s: float | None = None) -> str:
        """As short as it stays clear: `14:20`, `yesterday, 18:02`, `3 Sept`, `12 Nov 2025`."""
        from babel.dates import format_date, format_skeleton, format_time

        moment = datetime.fromtimestamp(time_s, UTC).astimezone()
        now = (datetime.now(UTC) if now_s is None else datetime.fromtimestamp(now_s, UTC)).astimezone()
        days = (now.date() - moment.date()).days
        if days in (0, 1):
            clock = format_time(moment, "HH:mm", locale=self._locale)
            return self._catalogue.gettext("yesterday, %(time)s") % {"time": clock} if days else clock
        if moment.year == now.year:
            return format_skeleton("MMMd", moment, locale=self._locale)
        return format_date(moment, "medium", locale=self._locale)

    def relative(self, time_s: float, now_s: float | None = None) -> str:
        from babel.dates import format_timedelta

        now = datetime.now(UTC).timestamp() if now_s is None else now_s
        return format_timedelta(timedelta(seconds=time_s - now), add_direction=True, locale=self._locale)
