"""Looking at the audit, checking it, giving it out."""

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

from synfonium.apps.operations.contract import Finding
from synfonium.apps.trust.errors import AuditBroken, CannotWrite, WrongMoment
from synfonium.apps.trust.model import ID_LENGTH, PAGE, Line, Search, day_s
from synfonium.kernel.audit.chain import Broken, Row
from synfonium.kernel.audit.export import write_export
from synfonium.kernel.audit.store import Wanted
from synfonium.kernel.audit.verify import Verdict
from synfonium.kernel.context import Context
from synfonium.kernel.i18n import _

__all__ = [
    "apps_with_audit",
    "export_for_download",
    "export_to",
    "findings",
    "public_key",
    "search",
    "verify",
]

_DAY_S = 86_400.0
SHORT_ID = 8
CHECK_S = 20.0
OF_THE_HOUSE = ("operator", "house")


async def apps_with_audit(context: Context) -> list[str]:
    return await context.audit_of_all().apps()


async def search(context: Context, asked: Search) -> tuple[list[Line], float]:
    """A page of rows, the newest first, and where the next page begins (0: nowhere).

    People are pseudonyms here, since to follow what somebody does is to look at their data;
    whoever acts for the installation is named. Raises WrongMoment.
    """
    try:
        since_s = day_s(asked.since) if asked.since else None
        until_s = day_s(asked.until) + _DAY_S if asked.until else None
    except ValueError:
        raise WrongMoment from None
    wanted = Wanted(
        person=asked.person if asked.person in OF_THE_HOUSE or len(asked.person) == ID_LENGTH else "",
        act=asked.act[:100],
        since_s=since_s,
        before_s=asked.before or until_s,
    )
    rows = await context.audit_of_all().find(wanted, PAGE + 1, app=asked.app)
    lines = [_line(row) for row in rows[:PAGE]]
    return lines, rows[PAGE - 1].time_s if len(rows) > PAGE else 0.0


def _line(row: Row) -> Line:
    is_named = row.person in OF_THE_HOUSE
    return Line(
        app=row.app,
        seq=row.seq,
        time_s=row.time_s,
        who=row.person if is_named else row.person[-SHORT_ID:],
        is_named=is_named,
        act=row.act,
        subject=row.subject,
        by_app=row.by_app,
    )


async def verify(context: Context) -> Sequence[Verdict]:
    """Checks every app's audit."""
    return await context.audit_of_all().verify()


async def findings(context: Context) -> list[Finding]:
    """What the doctor is told: every app's chain is checked, and nothing is signed for it."""
    book, verdicts = context.audit_of_all(), list[Verdict]()
    try:
        async with asyncio.timeout(CHECK_S):
            for app in await book.apps():
                verdicts.append(await book.verify_app(app))
    except TimeoutError:
        said = _("The audit is too long to be checked in passing.")
        return [
            Finding(check="trust.audit", state="note", said=said, remedy=_("synfonium audit verify does."))
        ]
    broken = [_broken(one) for one in verdicts if one.reason]
    rows = str(sum(one.rows for one in verdicts))
    said = _("The audit is as it was written: {rows} rows.")
    return broken or [Finding(check="trust.audit", state="good", said=said, values={"rows": rows})]


def _broken(verdict: Verdict) -> Finding:
    if verdict.reason == "heads_file":
        remedy = _("After a crash, the next start mends this. If it stays, compare with your last backup.")
    else:
        remedy = _("Keep a copy of the home as it is now, then compare it with your last backup.")
    values = {"app": verdict.app, "seq": str(verdict.broken_seq), "why": verdict.reason}
    said = _("The audit of {app} is not as it was written, at row {seq} ({why}).")
    return Finding(check="trust.audit", state="bad", said=said, remedy=remedy, values=values)


def public_key(context: Context) -> str:
    """With which anybody checks an export (PEM)."""
    return context.audit_of_all().signer.public_pem


async def export_to(context: Context, path: Path) -> int:
    """Writes everything to a new file; how many rows. Raises AuditBroken, CannotWrite."""
    try:
        return await write_export(context.audit_of_all(), path, context.clock.now_s())
    except Broken as broken:
        raise AuditBroken(app=broken.app) from None
    except OSError:
        raise CannotWrite from None


async def export_for_download(context: Context) -> bytes:
    """The same, to be sent at once. Raises AuditBroken."""
    with tempfile.TemporaryDirectory(dir=context.home) as folder:
        path = Path(folder) / "audit.jsonl"
        await export_to(context, path)
        return path.read_bytes()
