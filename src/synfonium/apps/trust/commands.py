"""Commands of trust, for the command line."""

from pathlib import Path
from typing import Any

import msgspec

from synfonium.apps.operations.contract import Finding
from synfonium.apps.trust.service import audit as service
from synfonium.apps.trust.service.report import Reports, findings_of_last
from synfonium.kernel.calls import Call
from synfonium.kernel.context import Context

Answer = dict[str, Any]


async def check(context: Context, call: Call) -> list[Finding]:
    """What the doctor asks every app: whether the audit is as it was written, and promises are kept."""
    return [*await service.findings(context), *findings_of_last(context)]


async def audit_verify(context: Context, call: Call) -> Answer:
    """`verdicts` of the running installation, one an app."""
    return {"verdicts": [msgspec.structs.asdict(verdict) for verdict in await service.verify(context)]}


async def audit_export(context: Context, call: Call) -> Answer:
    """Writes everything to the new file `path`; `rows`."""
    return {"rows": await service.export_to(context, Path(call.text("path")))}


async def audit_key(context: Context, call: Call) -> Answer:
    """`pem` of the public key."""
    return {"pem": service.public_key(context)}


async def report(context: Context, call: Call) -> Answer:
    """Tries every app's promises; the signed report."""
    reports: Reports = context.service
    return msgspec.structs.asdict(await reports.make(call.progress))


async def last_report(context: Context, call: Call) -> Answer:
    """The signed report that was made last. Raises NoReport."""
    reports: Reports = context.service
    return msgspec.structs.asdict(reports.last())
