"""An old home under new code: copied first, then migrated wholly or not at all.

upgrades/<when>/databases   copies of all databases, as they were before
upgrades/<when>/about.json  from which revisions to which
upgrades/unfinished         names the copy that a killed upgrade has to go back to
upgrades/last.json          how the last one went
schema.json                 the revisions of the tables, so that a start need not look
"""

import os
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Literal

import msgspec

from synfonium.common.problem import StorageFull
from synfonium.kernel import logs
from synfonium.kernel.app import App, installed_apps
from synfonium.kernel.heads import MigrationFailed, head
from synfonium.kernel.migrations import migrate, version_of
from synfonium.kernel.settled import FOLDER, LAST, UNFINISHED, LastUpgrade, UpgradeFailed, settle, write_whole
from synfonium.kernel.versions import product_version
from synfonium.ports.copies import CopyFailed, DatabaseCopies
from synfonium.ports.database import Database

__all__ = ["UpgradeFailed", "upgrade"]

log = logs.get("kernel")


def upgrade(
    home: Path, *, open_database: Callable[[App], Database], copies: DatabaseCopies, keep: int
) -> None:
    """Brings every app's tables to this code, after a copy of all of them; nobody else uses
    the home. A migration that fails, or a kill at any moment, brings all of them back
    together. Raises UpgradeFailed."""
    work = _Upgrade(home, open_database, copies)
    try:
        work.go_back_if_killed()
        work.run()
    except (CopyFailed, StorageFull, OSError) as error:
        why = str(error) if isinstance(error, CopyFailed) else "there is no room for it"
        raise UpgradeFailed(
            f"the copy before an upgrade could not be made ({why}); all is as before"
        ) from error
    settle(home)
    _forget_old(home / FOLDER, keep)


class _Upgrade:
    def __init__(self, home: Path, open_database: Callable[[App], Database], copies: DatabaseCopies) -> None:
        self._folder = home / FOLDER
        self._open, self._copies = open_database, copies
        self._apps = [app for app in installed_apps() if app.migrations]

    def go_back_if_killed(self) -> None:
        unfinished = self._folder / UNFINISHED
        if unfinished.exists():
            self._copies.put_back(self._folder / unfinished.read_text("ascii") / "databases")
            unfinished.unlink()
            log.warning("upgrade.went_back", reason="killed")

    def run(self) -> None:
        before = {app.name: self._version(app) for app in self._apps}
        after = {app.name: head(app) for app in self._apps}
        for name, revision in before.items():
            if revision > after[name]:
                raise UpgradeFailed(f"{name} is of a newer Synfonium; start that one, or restore a backup")
        old = [app for app in self._apps if before[app.name] not in ("", after[app.name])]
        if not old:
            self._migrate_all(None, before, after)
            return
        copy = self._copy(before, after)
        self._migrate_all(copy, before, after)
        self._remember("done", before, after, copy=copy)

    def _version(self, app: App) -> str:
        with closing(self._open(app)) as database:
            return database.submit_read(lambda connection: version_of(app, connection)).result()

    def _copy(self, before: Mapping[str, str], after: Mapping[str, str]) -> str:
        """Copies everything, and from then on a kill leads back to it."""
        name = time.strftime("%Y-%m-%dT%H-%M-%SZ", time.gmtime()) + f"-{os.urandom(2).hex()}"
        folder = self._folder / name
        folder.mkdir(parents=True, mode=0o700)
        try:
            self._copies.copy(folder / "databases", lambda done, total: None)
        except BaseException:
            shutil.rmtree(folder)
            raise
        about = {"version": product_version(), "before": before, "after": after}
        write_whole(folder / "about.json", msgspec.json.encode(about))
        write_whole(self._folder / UNFINISHED, name.encode())
        log.info("upgrade.copied", count=len(before))
        return name

    def _migrate_all(self, copy: str | None, before: Mapping[str, str], after: Mapping[str, str]) -> None:
        for app in self._apps:
            try:
                with closing(self._open(app)) as database:
                    migrate(app, database)
            except MigrationFailed as failure:
                self._go_back(app, copy, before, after, failure)
        if copy is not None:
            (self._folder / UNFINISHED).unlink()

    def _go_back(
        self,
        app: App,
        copy: str | None,
        before: Mapping[str, str],
        after: Mapping[str, str],
        failure: MigrationFailed,
    ) -> None:
        log.error("upgrade.failed", failure.__cause__ or failure)
        if copy is not None:
            self._copies.put_back(self._folder / copy / "databases")
            self._remember("failed", before, after, app=app.name, copy=copy)
            (self._folder / UNFINISHED).unlink()
        why = type(failure.__cause__ or failure).__name__
        step = f"{app.name} could not be upgraded from {before[app.name] or 'nothing'} to {after[app.name]}"
        raise UpgradeFailed(
            f"{step} ({why}); all apps are as before, and the version before can be started again"
        ) from failure

    def _remember(
        self,
        state: Literal["done", "failed"],
        before: Mapping[str, str],
        after: Mapping[str, str],
        *,
        app: str = "",
        copy: str = "",
    ) -> None:
        last = LastUpgrade(
            state=state,
            time_s=time.time(),
            version=product_version(),
            before=dict(before),
            after=dict(after),
            app=app,
            copy=copy,
        )
        write_whole(self._folder / LAST, msgspec.json.encode(last))


def _forget_old(folder: Path, keep: int) -> None:
    if folder.is_dir():
        kept = sorted(path for path in folder.iterdir() if path.is_dir())
        for old in kept[: max(0, len(kept) - max(0, keep))]:
            shutil.rmtree(old, ignore_errors=True)
