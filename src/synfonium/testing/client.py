# SPDX-License-Identifier: Apache-2.0
"""A whole installation inside a test: real engines in a temporary home, no sockets to listen on."""

import atexit
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from synfonium.composition import build_house
from synfonium.engines.database.postgresql import open_postgresql
from synfonium.engines.database.sqlite import open_sqlite
from synfonium.kernel.app import ROLES, App, installed_apps
from synfonium.kernel.config import Settings
from synfonium.kernel.migrations import head, migrate, migrations_folder
from synfonium.kernel.runtime import Runtime
from synfonium.testing.chosen_blobs import blobs_of
from synfonium.testing.chosen_database import Tables, database_of

ORIGIN = "http://localhost:8600"
CONTENT_ORIGIN = "http://localhost:8601"


class Installation:
    """A running home. `call` runs commands; `client` speaks HTTP to the dispatcher."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.call = runtime.call

    def context(self, app: str) -> Any:
        return self.runtime.contexts[app]

    def client(
        self, *, token: str = "", headers: Mapping[str, str] | None = None, origin: str = ORIGIN
    ) -> httpx.AsyncClient:
        """An HTTP client; with `token`, one that sends it as bearer token."""
        sent = dict(headers or {})
        if token:
            sent["authorization"] = f"Bearer {token}"
        transport = httpx.ASGITransport(app=self.runtime.application, client=("127.0.0.1", 1234))
        return httpx.AsyncClient(transport=transport, base_url=origin, headers=sent, follow_redirects=False)

    async def person(self, name: str, *, administrator: bool = False, scopes: tuple[str, ...] = ()) -> str:
        """Adds a person and gives a token of theirs."""
        account = {
            "name": name,
            "display": name.title(),
            "admin": administrator,
            "password": f"{name}-password-1",
        }
        await self.call("identity.user_add", account)
        token = await self.call(
            "identity.user_token", {"name": name, "label": "test", "scopes": list(scopes)}
        )
        return str(token["token"])


def _give_tables(home: Path) -> None:
    """Databases that are migrated and empty: to migrate for each test takes half of its time."""
    apps = [app for app in installed_apps() if app.migrations]
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    (home / "databases").mkdir(mode=0o700)
    for app in apps:
        key = (app.name, str(migrations_folder(app)), head(app))
        if key not in _migrated:
            _migrated[key] = _migrate(app)
        shutil.copy(_migrated[key], home / "databases")


_migrated: dict[tuple[str, str, str], Path] = {}


def _migrate(app: App) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="synfonium-tables-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    database = open_sqlite(folder / f"{app.name}.sqlite")
    migrate(app, database)
    database.close()
    return folder / f"{app.name}.sqlite"


def _version() -> str:
    return " ".join(f"{app.name}:{head(app)}" for app in installed_apps() if app.migrations)


def _make(url: str) -> None:
    for app in installed_apps():
        if app.migrations:
            database = open_postgresql(url, schema=app.name)
            migrate(app, database)
            database.close()


_ON_A_SERVER = Tables(version=_version, make=_make)


@asynccontextmanager
async def installation(
    home: Path, environment: Mapping[str, str] | None = None
) -> AsyncIterator[Installation]:
    """Runs all roles of a home in this process until the block ends."""
    roles = frozenset(ROLES)
    settings = Settings(home, {**database_of(home, _ON_A_SERVER), **blobs_of(home), **(environment or {})})
    if settings.house.database == "sqlite" and not (home / "databases").exists():
        _give_tables(home)
    async with Runtime(build_house(home, settings, roles), roles) as runtime:
        yield Installation(runtime)
