"""What stands on a person's home: apps, what to resume, what is found.

Web results are asked with nobody's name on the question; own things are asked for one
person. The two never meet before this page.
"""

import asyncio
from urllib.parse import urlencode

import msgspec

from synfonium.apps.shell.contract import Glance, Resume
from synfonium.apps.shell.model import OwnResults, Shelf, WebResults
from synfonium.common.ids import PersonId
from synfonium.common.problem import Problem
from synfonium.kernel import logs
from synfonium.kernel.app import App, installed_apps
from synfonium.kernel.context import Context

log = logs.get("shell")
GLANCE_S = 1.0
SEARCH_S = 4.0
RESUMED = 5
OWN_HITS = 8


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
        return msgspec.convert(msgspec.to_builtins(answer), Glance)
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
            answer = await context.call(
                "fabric.search", {"person": person, "query": query, "limit": OWN_HITS}
            )
        # In one process the answer still holds the other app's own types.
        return msgspec.convert(msgspec.to_builtins(answer), OwnResults)
    except (Problem, TimeoutError, msgspec.ValidationError) as failure:
        log.warning("shell.own_search_failed", reason=type(failure).__name__)
        return None


async def find_web(context: Context, query: str, page: int) -> WebResults | None:
    """What the web index answers to `query`, asked as a stranger; None when it does not."""
    try:
        async with asyncio.timeout(SEARCH_S):
            answered = await context.ask("/api/search?" + urlencode({"q": query, "page": page}))
        return msgspec.json.decode(answered.body, type=WebResults) if answered.status == 200 else None
    except (TimeoutError, msgspec.MsgspecError):
        return None


def icons() -> dict[str, str]:
    """App to its icon."""
    return {app.name: app.icon for app in installed_apps() if app.icon}
