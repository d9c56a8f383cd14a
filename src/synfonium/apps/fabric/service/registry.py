"""Which apps there are: installed ones by the manifest in their folder, outside ones by the table."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from importlib.resources import files
from pathlib import Path

from sqlalchemy import Connection

from synfonium.apps.fabric.contract import MANIFEST_FILE, Manifest, RegisteredApp, Text
from synfonium.apps.fabric.model.manifest import parse_manifest
from synfonium.apps.fabric.model.texts import with_texts
from synfonium.apps.fabric.store import apps as store
from synfonium.common.ids import AppName, PersonId
from synfonium.kernel import logs
from synfonium.kernel.app import App, installed_apps
from synfonium.kernel.context import Context
from synfonium.kernel.i18n import LOCALES, Catalogue

log = logs.get("fabric")
FRESH_S = 1.0


def webhook_purpose(name: str) -> str:
    """What the webhook secret of an app is sealed for; see `sealed_columns`."""
    return f"fabric.app.{name}"


class Registry:
    """`contract.Apps`, in every process: the table is read at most once a second, and of it
    only what has changed."""

    def __init__(self, context: Context) -> None:
        self._context, self._lock = context, asyncio.Lock()
        self._outside: dict[str, RegisteredApp] = {}
        self._changed_s: dict[str, float] = {}
        self._read_s = float("-inf")

    async def all(self, person: PersonId) -> Sequence[RegisteredApp]:
        known = await self._known()
        return [known[name] for name in sorted(known) if known[name].owner in ("", person)]

    async def by_name(self, name: str) -> RegisteredApp | None:
        return (await self._known()).get(name)

    async def by_client(self, client_id: str) -> RegisteredApp | None:
        known = (await self._known()).values()
        return next((app for app in known if client_id and app.client_id == client_id), None)

    async def secret_of(self, name: AppName) -> str:
        """With which our calls to the outside app are signed (Standard Webhooks). Raises LookupError."""
        sealed = await self._context.database.read(lambda connection: store.webhook_sealed(connection, name))
        if not sealed:
            raise LookupError(name)
        return self._context.secrets.open(sealed, purpose=webhook_purpose(name)).decode()

    def forget(self) -> None:
        """The next question reads the table: something was changed here."""
        self._read_s = float("-inf")

    async def _known(self) -> Mapping[str, RegisteredApp]:
        async with self._lock:
            if time.monotonic() - self._read_s > FRESH_S:
                read_s = time.monotonic()
                self._outside = await self._context.database.read(self._look)
                self._read_s = read_s
        # An app that was installed later under the same name goes before.
        return {**self._outside, **installed()}

    def _look(self, connection: Connection) -> dict[str, RegisteredApp]:
        found: dict[str, RegisteredApp] = {}
        for row in store.every(connection):
            before = self._outside.get(row.name)
            if before and self._changed_s.get(row.name) == row.changed_s:
                found[row.name] = before
            elif manifest := parse_manifest(store.manifest(connection, row.name)).manifest:
                found[row.name] = RegisteredApp(
                    name=row.name,
                    manifest=manifest,
                    origin=row.origin,
                    client_id=row.client_id,
                    owner=row.owner,
                    upstream=row.upstream,
                )
            else:
                # Good when it was registered, and not by this code: the app has to come again.
                log.warning("fabric.manifest_outdated")
            self._changed_s[row.name] = row.changed_s
        return found


@cache
def installed() -> Mapping[str, RegisteredApp]:
    """Every installed app with a manifest, its texts in all languages of the house, so that nobody
    need know that they are gettext sources. Raises ValueError for one with a finding."""
    found: dict[str, RegisteredApp] = {}
    for app in installed_apps():
        if manifest := manifest_of(app):
            spoken = with_texts(manifest, partial(_spoken, app))
            found[app.name] = RegisteredApp(name=AppName(app.name), manifest=spoken)
    return found


def words_of(app: RegisteredApp, locale: str) -> Callable[[str], str]:
    """How the app says in that language what stands in its manifest as one text, such as the titles
    in the schema of an action; an outside app says it as it stands."""
    if app.is_outside:
        return str
    package = next(one.package for one in installed_apps() if one.name == app.name)
    return _catalogue(package, locale).gettext


def _spoken(app: App, text: Text) -> Text:
    return {locale: _catalogue(app.package, locale).gettext(str(text)) for locale in LOCALES}


@cache
def _catalogue(package: str, locale: str) -> Catalogue:
    return Catalogue(locale, [Path(str(files(name))) / "locale" for name in (package, "synfonium.kernel")])


def manifest_of(app: App) -> Manifest | None:
    """The manifest in the app's folder. Raises ValueError for one with an error; what is only a
    warning its author has thought of."""
    path = files(app.package) / MANIFEST_FILE
    if not path.is_file():
        return None
    parsed = parse_manifest(path.read_bytes(), is_installed=True)
    if not parsed.manifest or parsed.manifest.id != app.name:
        lines = [f"{one.line}:{one.column}: {one.sentence()} [{one.rule}]" for one in parsed.findings]
        raise ValueError("\n".join([f"{MANIFEST_FILE} of {app.name}: its id is that", *lines]))
    return parsed.manifest
