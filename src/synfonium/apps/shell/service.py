"""What stands on the shell's pages: apps, what to resume, what is found, how things are.

Web results are asked with nobody's name on the question; own things are asked for one
person. The two never meet before this page.
"""

import asyncio
import shutil
from importlib.metadata import version
from urllib.parse import urlencode

import msgspec

from synfonium.apps.shell.contract import Glance, Resume
from synfonium.apps.shell.model import (
    AdminPage,
    OwnResults,
    RoleState,
    Shelf,
    WebResults,
)
from synfonium.common.ids import PersonId
from synfonium.common.problem import Problem
from synfonium.kernel import logs
from synfonium.kernel.app import App, installed_apps, resolve
from synfonium.kernel.context import Context
from synfonium.kernel.i18n import _

log = logs.get("shell")
GLANCE_S = 1.0
SEARCH_S = 4.0
RESUMED = 5
OWN_HITS = 8

ROLE_WORDS = {
    "web": _("pages, files and accounts"),
    "gateway": _("screens of the PCs"),
    "worker": _("crawling, indexing, reading"),
}


async def shelves(context: Context, person: PersonId | None = None) -> list[Shelf]:
    """The apps that have a page, in the launcher's order; with a glance for `person`."""
    apps = [app for app in installed_apps() if app.path]
    glances = [Glance()] * len(apps)
    if person is not None:
        glances = await asyncio.gather(*(_glance(context, app, person) for app in apps))
    return [
        Shelf(name=a.name, title=a.title, summary=a.summary, path=a.path, icon=a.icon, glance=glance)
        for a, glance in zip(apps, glances, strict=True)
    ]


async def _glance(context: Context, app: App, person: PersonId) -> Glance:
    """What the app says; nothing when it has nothing to say or does not answer in time."""
    if not any(command.name == "glance" for command in app.commands):
        return Glance()
    try:
        async with asyncio.timeout(GLANCE_S):
            answer = await context.call(f"{app.name}.glance", {"person": person})
        return msgspec.convert(answer, Glance)
    except (Problem, TimeoutError, msgspec.ValidationError) as failure:
        log.warning("shell.glance_failed", app=app.name, reason=type(failure).__name__)
        return Glance()


def to_resume(shelves: list[Shelf]) -> list[Resume]:
    """What runs first, then the latest of all apps; at most five."""
    found = [item for shelf in shelves for item in shelf.glance.resume]
    return sorted(found, key=lambda item: (not item.is_live, -item.time_s))[:RESUMED]


async def find_own(context: Context, person: PersonId, query: str) -> OwnResults | None:
    """What `person` has that answers `query`; None when that search does not answer."""
    try:
        async with asyncio.timeout(SEARCH_S):
            answer = await context.call("fabric.search", {"person": person, "query": query, "limit": OWN_HITS})
        return msgspec.convert(answer, OwnResults)
    except (Problem, TimeoutError, msgspec.ValidationError) as failure:
        log.warning("shell.own_search_failed", reason=type(failure).__name__)
        return None


async def find_web(context: Context, query: str, page: int) -> WebResults | None:
    """What the web index answers to `query`, asked as a stranger; None when it does not."""
    try:
        async with asyncio.timeout(SEARCH_S):
            status, body = await context.ask("/api/search?" + urlencode({"q": query, "page": page}))
        return msgspec.json.decode(body, type=WebResults) if status == 200 else None
    except (TimeoutError, msgspec.MsgspecError):
        return None


async def role_states(context: Context) -> list[RoleState]:
    """Every role, and whether it answers now."""

    class Ready(msgspec.Struct):
        roles: dict[str, bool] = {}

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


def disk_of(context: Context) -> tuple[int, int]:
    """Bytes used and bytes there are on the disk of the home."""
    usage = shutil.disk_usage(context.home)
    return usage.total - usage.free, usage.total


def admin_pages(context: Context) -> list[AdminPage]:
    """Pages under /admin/ that the apps of this process made, named by their summary."""
    found = [
        AdminPage(title=handler.summary or path, path=path, app_title=app.title, icon=app.icon)
        for app in installed_apps()
        if app.name != context.app.name and app.doors and app.doors_role == context.role
        for handler in resolve(app.doors)
        for path in sorted(handler.paths)
        if path.startswith("/admin/") and "{" not in path and "GET" in handler.http_methods
    ]
    return sorted(found, key=lambda page: page.path)


def icons() -> dict[str, str]:
    """App to its icon."""
    return {app.name: app.icon for app in installed_apps() if app.icon}


def product_version() -> str:
    return version("synfonium")
