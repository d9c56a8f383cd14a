"""What the page of health says besides the check-up: roles, disk, accounts, version."""

import shutil
from importlib.metadata import version

import msgspec

from synfonium.apps.operations.service.pulse import RoleNow
from synfonium.common.problem import Problem
from synfonium.kernel.context import Context
from synfonium.kernel.i18n import _

ROLE_WORDS = {
    "web": _("pages, files and accounts"),
    "gateway": _("screens of the PCs"),
    "worker": _("crawling, indexing, reading"),
}


class Ready(msgspec.Struct, frozen=True):
    """What `/readyz` answers."""

    roles: dict[str, bool] = {}


class RoleState(msgspec.Struct, frozen=True, kw_only=True):
    """A role that answers may still have no vitals: the worker, which asks for them, is away."""

    role: str
    answers: bool
    now: RoleNow | None = None


async def roles(context: Context) -> list[RoleState]:
    """Every role: whether it answers, and how it is where that is known."""
    answered = await context.ask("/readyz")
    ready = msgspec.json.decode(answered.body, type=Ready)
    try:
        answer = msgspec.to_builtins(await context.call("operations.vitals", {}))
        vitals = {one.role: one for one in msgspec.convert(answer, list[RoleNow])}
    except Problem:
        vitals = {}
    return [
        RoleState(role=name, answers=answers, now=vitals.get(name)) for name, answers in ready.roles.items()
    ]


async def people_count(context: Context) -> int | None:
    """How many accounts there are; None when identity does not say."""
    try:
        answer = await context.call("identity.user_list", {})
    except Problem:
        return None
    people = answer.get("people", answer) if isinstance(answer, dict) else answer
    return len(people) if isinstance(people, list) else None


def disk_of(context: Context) -> tuple[int, int]:
    """Bytes used and bytes there are on the disk of the home."""
    usage = shutil.disk_usage(context.home)
    return usage.total - usage.free, usage.total


def product_version() -> str:
    return version("synfonium")
