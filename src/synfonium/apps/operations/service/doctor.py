"""Asks everything how it is. It reads alone."""

import asyncio
from collections.abc import Callable, Iterator

import msgspec

from synfonium.apps.operations.contract import Finding
from synfonium.apps.operations.service.checks import content, machine
from synfonium.apps.operations.service.checks.scene import Scene, finding
from synfonium.kernel import logs
from synfonium.kernel.app import App, installed_apps, resolve
from synfonium.kernel.calls import Call
from synfonium.kernel.context import Context
from synfonium.kernel.i18n import _

log = logs.get("operations")
CHECK = "check"
ANSWER_S = 30.0


async def examine(scene: Scene) -> list[Finding]:
    """Every check of the house, then what each app says of itself; bad ones first."""
    found = list[Finding]()
    for check in (*machine.ALL, *content.ALL):
        found += await asyncio.to_thread(_one, check, scene)
    for app in installed_apps():
        if app.blob_columns:
            found += await _blobs(scene, app)
        if any(command.name == CHECK for command in app.commands):
            found += await _asked(scene, app)
    order = {"bad": 0, "note": 1, "good": 2}
    return sorted(found, key=lambda one: order[one.state])


async def look_over(context: Context) -> list[Finding]:
    """Examines the home that is served here."""
    engines = context.elsewhere(context.home, context.settings.house.database)
    scene = Scene(
        home=context.home,
        settings=context.settings,
        engines=engines,
        now_s=context.clock.now_s(),
        call=context.call,
    )
    try:
        return await examine(scene)
    finally:
        await engines.close()


def _one(check: Callable[[Scene], Iterator[Finding]], scene: Scene) -> list[Finding]:
    try:
        return content.first(check(scene))
    except Exception as failure:  # one check that breaks must not hide the others
        return [_broken(check.__name__, failure)]


async def _blobs(scene: Scene, app: App) -> list[Finding]:
    try:
        return await content.blobs(scene, app)
    except Exception as failure:
        return [_broken(f"blobs.{app.name}", failure)]


async def _asked(scene: Scene, app: App) -> list[Finding]:
    try:
        async with asyncio.timeout(ANSWER_S):
            if scene.call is not None:
                answer = await scene.call(f"{app.name}.{CHECK}", {})
            else:
                answer = await _unserved(scene, app)
        return msgspec.convert(msgspec.to_builtins(answer), list[Finding])
    except Exception as failure:  # as above: also one of a stranger's app
        return [_broken(app.name, failure)]


async def _unserved(scene: Scene, app: App) -> object:
    handler = next(command.handler for command in app.commands if command.name == CHECK)
    call = Call(arguments={}, caller="cli", progress=_silent)
    return await resolve(handler)(scene.contexts[app.name], call)


async def _silent(text: str, done: float = 0, total: float = 0) -> None:
    await asyncio.sleep(0)


def _broken(name: str, failure: BaseException) -> Finding:
    log.error("operations.check_broken", failure)
    said = _("The check {name} could not be made ({why}).")
    return finding("check", "bad", said, _("The log says where."), name=name, why=type(failure).__name__)
