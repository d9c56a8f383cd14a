"""What the home holds: databases, tables, blobs, jobs, certificates, letters, backups."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from itertools import islice

from sqlalchemy import Connection, inspect, text

from synfonium.apps.operations.config import OperationsConfig
from synfonium.apps.operations.contract import Finding, State
from synfonium.apps.operations.model.run import last_done, last_failed
from synfonium.apps.operations.service.checks.scene import Scene, finding
from synfonium.apps.operations.store import runs
from synfonium.common.problem import Problem
from synfonium.kernel.app import App, installed_apps
from synfonium.kernel.config import ConfigError
from synfonium.kernel.heads import heads
from synfonium.kernel.i18n import _
from synfonium.kernel.migrations import version_of
from synfonium.kernel.settled import FOLDER, UNFINISHED, last_upgrade
from synfonium.kernel.small_blobs import blobs_of
from synfonium.kernel.tls import open_certificates
from synfonium.ports.clock import SystemClock
from synfonium.ports.copies import CopyFailed

_DAY_S = 86_400.0
_SOON_DAYS = 7


def databases(scene: Scene) -> Iterator[Finding]:
    try:
        damaged = scene.engines.copies().integrity()
    except CopyFailed as failure:
        damaged = [str(failure)]
    for line in damaged:
        said = _("A database is damaged or does not answer: {line}.")
        yield finding("databases", "bad", said, _("Bring it back from a backup."), line=line)
    if not damaged:
        yield finding("databases", "good", _("Every database is whole."))


def tables(scene: Scene) -> Iterator[Finding]:
    """Tables are those of this code, and no upgrade was left halfway."""
    if (scene.home / FOLDER / UNFINISHED).exists():
        remedy = _("Start the server: it goes back to the copy and begins again.")
        yield finding("upgrade", "bad", _("An upgrade was killed."), remedy)
    last = last_upgrade(scene.home)
    if last and last.state == "failed":
        said = _("The last upgrade failed at {app}; everything is as before it.")
        yield finding("upgrade", "note", said, _("The log says why."), app=last.app)
    for name, revision in heads().items():
        present = _revision(scene, name)
        if present and present > revision:
            said = _("The tables of {app} are of a newer version.")
            yield finding("tables", "bad", said, _("Start that version, or restore a backup."), app=name)
        elif present and present != revision:
            said = _("The tables of {app} are of an older version.")
            yield finding("tables", "note", said, _("The next start upgrades them."), app=name)
    yield finding("tables", "good", _("Every app's tables were looked at."))


def _revision(scene: Scene, name: str) -> str:
    app = _app(name)
    try:
        return scene.engines.database(app, read_only=True).submit_read(lambda c: version_of(app, c)).result()
    except Problem:
        return ""


def jobs(scene: Scene) -> Iterator[Finding]:
    path = scene.home / "databases" / "jobs.sqlite"
    if not path.exists():
        return
    asked = "SELECT count(*) FROM workflow_status WHERE status IN ('ERROR', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED')"
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=5)) as raw:
            failed = raw.execute(asked).fetchone()[0]
    except sqlite3.Error as error:
        said = _("The durable jobs cannot be read: {why}.")
        yield finding("jobs", "bad", said, _("Bring the home back from a backup."), why=type(error).__name__)
        return
    if failed:
        yield finding(
            "jobs", "note", _("{count} durable jobs have failed."), _("The log says why."), count=failed
        )
    else:
        yield finding("jobs", "good", _("No durable job has failed."))


def letters(scene: Scene) -> Iterator[Finding]:
    """Letters of every app that could not be sent."""
    failed = 0
    for app in installed_apps():
        if app.migrations:
            try:
                failed += (
                    scene.engines.database(app, read_only=True).submit_read(_failed_letters(app)).result()
                )
            except Problem:
                continue
    if failed:
        said = _("{count} letters could not be sent.")
        remedy = _(
            "Look at mail and mail_from in synfonium.toml; the log says what the mail server answered."
        )
        yield finding("mail", "note", said, remedy, count=failed)
    else:
        yield finding("mail", "good", _("No letter was given up."))


def _failed_letters(app: App) -> Callable[[Connection], int]:
    def read(connection: Connection) -> int:
        table = f"{app.name}_mail"
        if not inspect(connection).has_table(table):
            return 0
        return int(
            connection.execute(text(f"SELECT count(*) FROM {table} WHERE state = 'failed'")).scalar_one()
        )

    return read


def certificate(scene: Scene) -> Iterator[Finding]:
    config = scene.settings.house
    if config.tls == "off":
        return
    try:
        certificates = open_certificates(config, scene.home, SystemClock())
        assert certificates is not None
        pem = certificates.pair().certificate.read_bytes()
    except (ConfigError, OSError) as error:
        yield finding(
            "tls", "bad", _("There is no certificate: {why}."), _("See docs/how-to/reach-it.md."), why=error
        )
        return
    from cryptography.x509 import load_pem_x509_certificate

    until = load_pem_x509_certificate(pem).not_valid_after_utc
    days = (until - datetime.fromtimestamp(scene.now_s, UTC)).days
    state: State = "bad" if days < 0 else "note" if days < _SOON_DAYS else "good"
    remedy = (
        "" if state == "good" else _("It renews itself while the server runs; the log says why it did not.")
    )
    yield finding("tls", state, _("The certificate is good for {days} days."), remedy, days=days)


def backups(scene: Scene) -> Iterator[Finding]:
    operations = _app("operations")
    config: OperationsConfig = scene.settings.of(operations)
    if not config.backup_to:
        said = _("Nobody said where backups go: a broken disk would take everything.")
        yield finding("backups", "note", said, _("Set backup_to in the part [operations] of synfonium.toml."))
        return
    try:
        found = scene.engines.database(operations, read_only=True).submit_read(runs.latest).result()
    except Problem:
        return
    done = last_done(found, "backup")
    late_s = 2 * config.backup_every_hours * 3600
    if done is None or scene.now_s - done.ended_s > late_s:
        said = _("The last backup is older than it should be.")
        yield finding("backups", "bad", said, _("See /admin/backups, or run synfonium backup."))
    else:
        hours = round((scene.now_s - done.ended_s) / 3600)
        yield finding("backups", "good", _("The last backup is {hours} hours old."), hours=hours)
    if failed := last_failed(found, "rehearsal"):
        said = _("The last trial of a backup failed ({reason}).")
        yield finding("rehearsal", "bad", said, _("See /admin/backups."), reason=failed.reason)


ALL = (databases, tables, jobs, letters, certificate, backups)

# Blobs


async def blobs(scene: Scene, app: App) -> list[Finding]:
    """Every blob that a row names is there; those that none names are counted."""
    database, named = scene.engines.database(app, read_only=True), set[str]()
    store = blobs_of(app, scene.engines.blobs(app), database)
    for column in app.blob_columns:
        table, _dot, name = column.partition(".")
        asked = text(f"SELECT DISTINCT {name} FROM {table}")

        def read(connection: Connection, asked: object = asked) -> set[str]:
            return {str(row[0]) for row in connection.execute(asked)}  # type: ignore[call-overload]

        named |= await database.read(read)
    old = {name async for name in store.names(older_than_s=2 * _DAY_S)}
    there = old | {name async for name in store.names()}
    missing = named - there
    found = []
    if missing:
        said = _("{count} files of {app} are missing on the disk.")
        remedy = _("Bring them back: restore a backup into another home, and copy its blobs.")
        found.append(finding("blobs", "bad", said, remedy, count=len(missing), app=app.name))
    if strangers := len(old - named):
        said = _("{count} files of {app} are on the disk and named by nothing.")
        remedy = _("Nothing to do: they go by themselves after some days.")
        found.append(finding("blobs", "note", said, remedy, count=strangers, app=app.name))
    if not missing:
        said = _("All {count} files of {app} are there.")
        found.append(finding("blobs", "good", said, count=len(named), app=app.name))
    return found


def _app(name: str) -> App:
    return next(app for app in installed_apps() if app.name == name)


def first(findings: Iterator[Finding], limit: int = 50) -> list[Finding]:
    """A check says so much and no more."""
    return list(islice(findings, limit))
