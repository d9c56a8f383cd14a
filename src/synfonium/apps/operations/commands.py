"""Commands of operations, run in the worker."""

from typing import Any

import msgspec

from synfonium.apps.operations.contract import Finding
from synfonium.apps.operations.service.backups import Backups, Now
from synfonium.apps.operations.service.checkup import CheckUp, CheckUps
from synfonium.apps.operations.service.doctor import look_over
from synfonium.common.problem import BadInput
from synfonium.kernel.context import Call, Context


async def backup(context: Context, call: Call) -> dict[str, Any]:
    """Backs up to `to` (an absolute path or an address), telling how far it is."""
    backups: Backups = context.service.backups
    address = call.text("to") or context.config.backup_to
    taken: dict[str, Any] = msgspec.to_builtins(await backups.backup_to(address, call.progress))
    return taken


async def want(context: Context, call: Call) -> dict[str, str]:
    """Has a backup or a rehearsal (`kind`) done by itself, to the place in the settings."""
    kind = call.text("kind")
    if kind not in ("backup", "rehearsal"):
        raise BadInput("kind", "backup or rehearsal")
    backups: Backups = context.service.backups
    return {"run": await backups.want(kind)}  # type: ignore[arg-type]


async def now(context: Context, call: Call) -> Now:
    """What is being done at this moment."""
    backups: Backups = context.service.backups
    return backups.now


async def doctor(context: Context, call: Call) -> list[Finding]:
    """Everything that was looked at, bad ones first."""
    return await look_over(context)


async def check_up(context: Context, call: Call) -> CheckUp:
    """The last one, or a new one when it is old or wanted `anew`, and soon made."""
    check_ups: CheckUps = context.service.check_ups
    return await check_ups.latest(anew=bool(call.arguments.get("anew")))


async def vitals(context: Context, call: Call) -> list[dict[str, Any]]:
    """How each role is now."""
    found: list[dict[str, Any]] = msgspec.to_builtins(await context.service.pulse.vitals())
    return found
