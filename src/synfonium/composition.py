"""Picks the engines that the settings name, and opens each when it is first asked for."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import msgspec

from synfonium.kernel.app import App, Role, installed_apps
from synfonium.kernel.config import ConfigError, HouseConfig, Settings
from synfonium.kernel.hold import is_held
from synfonium.kernel.house import House
from synfonium.kernel.secret_box import open_secret_box
from synfonium.ports.blobs import BlobStore
from synfonium.ports.clock import SystemClock
from synfonium.ports.compute import Compute
from synfonium.ports.copies import DatabaseCopies
from synfonium.ports.database import Database
from synfonium.ports.index import SearchIndex
from synfonium.ports.jobs import Jobs
from synfonium.ports.vault import Vault

if TYPE_CHECKING:
    from synfonium.ports.bus import EventBus
    from synfonium.ports.mailer import Mailer


def build_house(home: Path, settings: Settings, roles: frozenset[Role], *, read_only: bool = False) -> House:
    """The home with its engines. Raises ConfigError for an engine that does not exist.

    read_only: no database is made or changed, whatever the roles.
    """
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    return House(
        home=home,
        settings=settings,
        engines=PickedEngines(home, settings.house, single_process=len(roles) > 1, read_only=read_only),
        bus=_bus(settings.house),
        mailer=_mailer(settings.house, home),
        secrets=open_secret_box(home),
        clock=SystemClock(),
    )


def _bus(config: HouseConfig) -> "EventBus":
    if config.bus != "memory":
        raise ConfigError(f"bus: no engine for {config.bus!r}; use memory")
    from synfonium.engines.bus.memory import MemoryBus

    return MemoryBus()


def _mailer(config: HouseConfig, home: Path) -> "Mailer":
    if config.mail == "outbox":
        from synfonium.engines.mail.outbox import OutboxMailer

        return OutboxMailer(home / "mail")
    from synfonium.engines.mail.smtp import SmtpMailer, parse_smtp

    try:
        return SmtpMailer(parse_smtp(config.mail, config.mail_password_file, config.mail_trust))
    except (ValueError, OSError) as error:
        raise ConfigError(f"mail: {error}") from None


class PickedEngines:
    """Engines of one process, made when first asked for and closed with it."""

    def __init__(
        self, home: Path, config: HouseConfig, *, single_process: bool, read_only: bool = False
    ) -> None:
        self._home, self._config, self._read_only = home, config, read_only
        self.single_process = single_process
        self._databases: dict[tuple[str, bool], Database] = {}
        self._indexes: dict[str, SearchIndex] = {}
        self._blobs: dict[str, BlobStore] = {}
        self._compute: Compute | None = None
        self._jobs: Jobs | None = None

    def database(self, app: App, *, read_only: bool) -> Database:
        read_only = read_only or self._read_only
        key = (app.name, read_only)
        if key not in self._databases:
            self._databases[key] = self.new_database(app.name, read_only=read_only)
        return self._databases[key]

    def new_database(self, name: str, *, read_only: bool) -> Database:
        if self._config.database == "sqlite":
            from synfonium.engines.database.sqlite import open_sqlite

            folder = self._home / "databases"
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            return open_sqlite(folder / f"{name}.sqlite", read_only=read_only)
        if self._config.database.startswith("postgresql://"):
            from synfonium.engines.database.postgresql import open_postgresql

            return open_postgresql(self._config.database, schema=name, read_only=read_only)
        raise ConfigError("database: use sqlite or postgresql://…")

    def blobs(self, app: App) -> BlobStore:
        if app.name not in self._blobs:
            self._blobs[app.name] = self._new_blobs(app.name)
        return self._blobs[app.name]

    def _new_blobs(self, name: str) -> BlobStore:
        held, blobs = partial(is_held, self._home), self._config.blobs
        if blobs in ("file:", ""):
            from synfonium.engines.blobs.local import LocalBlobs

            return LocalBlobs(self._home / "blobs" / name, is_held=held)
        if blobs.startswith("s3:"):
            return _s3_blobs(self._config, name, held)
        raise ConfigError("blobs: use file: or s3://bucket?endpoint=…")

    def index(self, name: str, *, writable: bool) -> SearchIndex:
        if name not in self._indexes:
            if self._config.index != "tantivy":
                raise ConfigError("index: use tantivy")
            from synfonium.engines.index.tantivy import TantivyIndex

            folder = self._home / "indexes" / name
            self._indexes[name] = TantivyIndex(folder, writable=writable or self.single_process)
        return self._indexes[name]

    @contextmanager
    def temporary_index(self) -> Iterator[SearchIndex]:
        from synfonium.engines.index.tantivy import TantivyIndex

        with TemporaryDirectory(prefix="synfonium-index-") as folder:
            index = TantivyIndex(Path(folder), writable=True)
            try:
                yield index
            finally:
                index.close()

    def compute(self) -> Compute:
        if self._compute is None:
            if self._config.compute != "process":
                raise ConfigError("compute: use process")
            from synfonium.engines.compute.process import ProcessCompute

            self._compute = ProcessCompute(self._home / "machines")
        return self._compute

    def jobs(self) -> Jobs:
        if self._jobs is None:
            from synfonium.engines.jobs.dbos import DbosJobs

            self._jobs = DbosJobs(self._home / "databases" / "jobs.sqlite")
        return self._jobs

    def copies(self) -> DatabaseCopies:
        return copies_of(self._home, self._config)

    def vault(self, address: str, key: str) -> Vault:
        return vault_at(address, key, self._home)

    def elsewhere(self, home: Path, database: str, *, blobs: str = "") -> "PickedEngines":
        config = msgspec.structs.replace(self._config, database=database, blobs=blobs or self._config.blobs)
        return PickedEngines(home, config, single_process=False, read_only=True)

    async def open_jobs(self) -> None:
        if self._jobs is not None:
            await self._jobs.open()

    async def close(self) -> None:
        if self._jobs is not None:
            await self._jobs.close()
        for index in self._indexes.values():
            index.close()
        for database in self._databases.values():
            database.close()


def _s3_blobs(config: HouseConfig, name: str, held: Callable[[], bool]) -> BlobStore:
    from synfonium.engines.blobs.s3 import S3Blobs, parse_s3

    keys = {
        "key_id": config.blobs_key_id,
        "key_file": config.blobs_key_file,
        "trust": config.blobs_trust,
    }
    try:
        return S3Blobs(parse_s3(config.blobs, **keys), name, is_held=held)
    except (ValueError, OSError) as error:
        raise ConfigError(f"blobs: {error}") from None


def copies_of(home: Path, config: HouseConfig) -> DatabaseCopies:
    """All databases of the home. Raises ConfigError."""
    if config.database == "sqlite":
        from synfonium.engines.database.sqlite_copies import SqliteCopies

        return SqliteCopies(home / "databases")
    if config.database.startswith("postgresql://"):
        from synfonium.engines.database.postgresql_copies import PostgresqlCopies

        schemas = [app.name for app in installed_apps() if app.migrations]
        return PostgresqlCopies(config.database, schemas, home / "databases")
    raise ConfigError("database: use sqlite or postgresql://…")


def vault_at(address: str, key: str, home: Path) -> Vault:
    """Where backups are kept."""
    from synfonium.engines.vault.restic import ResticVault

    return ResticVault(address, key, cache=home / "backup" / "cache")


def upgrade_home(home: Path, settings: Settings) -> None:
    """Brings all tables to this code; nobody else uses the home. Raises UpgradeFailed."""
    from synfonium.kernel.upgrade import upgrade

    engines = PickedEngines(home, settings.house, single_process=True)
    upgrade(
        home,
        open_database=lambda app: engines.new_database(app.name, read_only=False),
        copies=engines.copies(),
        keep=settings.house.keep_upgrades,
    )
