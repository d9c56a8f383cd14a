"""How the installation is, and where its parts are administered."""

import shutil
from importlib.metadata import version

import msgspec

from synfonium.apps.shell.model import RoleState
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


async def role_states(context: Context) -> list[RoleState]:
    """Every role, and whether it answers now."""
    _status, body = await context.ask("/readyz")
    ready = msgspec.json.decode(body, type=Ready)
    return [RoleState(name=name, answers=answers) for name, answers in ready.roles.items()]


async def people_count(context: Context) -> int | None:
    """How many accounts there are; None when identity does not say."""
    try:
        answer = await context.call("identity.user_list", {})
    except Problem:
        return None
    people = answer.get("people", answer) if isinstance(answer, dict) else answer
    return len(people) if isinstance(people, list) else None


class MailFacts(msgspec.Struct, frozen=True):
    """What identity says of its letters."""

    waiting: int = 0
    failed: int = 0
    perhaps: int = 0
    last_code: str = ""


async def mail_state(context: Context) -> MailFacts | None:
    """How the letters are; None when identity does not say."""
    try:
        return msgspec.convert(await context.call("identity.mail_state", {}), MailFacts)
    except (Problem, msgspec.ValidationError):
        return None


def disk_of(context: Context) -> tuple[int, int]:
    """Bytes used and bytes there are on the disk of the home."""
    usage = shutil.disk_usage(context.home)
    return usage.total - usage.free, usage.total


def product_version() -> str:
    return version("synfonium")
