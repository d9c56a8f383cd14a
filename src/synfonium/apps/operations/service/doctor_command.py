"""`synfonium doctor`: asks the server that holds the home, or looks by itself."""

import time

import msgspec

from synfonium.apps.operations.contract import Finding
from synfonium.apps.operations.service.checks.scene import Scene, finding
from synfonium.apps.operations.service.doctor import examine
from synfonium.common.problem import NotFound, Problem
from synfonium.kernel.config import ConfigError
from synfonium.kernel.i18n import _
from synfonium.kernel.outside import Outside
from synfonium.kernel.secret_box import InstallationKeyBroken


async def doctor(outside: Outside) -> list[Finding]:
    """What was found; nothing is made, changed or deleted."""
    try:
        return msgspec.convert(await outside.call("operations.doctor", {}), list[Finding])
    except NotFound:
        raise
    except Problem:
        return await _alone(outside)


async def _alone(outside: Outside) -> list[Finding]:
    if not outside.home.is_dir() or not any(outside.home.iterdir()):
        said = _("There is no installation in {home} yet.")
        return [finding("home", "note", said, _("synfonium serve makes one."), home=outside.home)]
    try:
        settings = outside.settings()
        contexts = outside.contexts()
    except ConfigError as error:
        remedy = _("Mend synfonium.toml or the environment: docs/reference/settings.md.")
        return [finding("settings", "bad", _("A setting cannot be used: {why}."), remedy, why=error)]
    except InstallationKeyBroken as error:
        return [finding("key", "bad", "{why}", _("Put secret.key back from a backup."), why=error)]
    engines = outside.engines(outside.home, settings)
    scene = Scene(home=outside.home, settings=settings, engines=engines, contexts=contexts, now_s=time.time())
    try:
        good = finding("settings", "good", _("Every setting can be used."))
        return [*(await examine(scene)), good]
    finally:
        await engines.close()


def told(found: Finding) -> tuple[str, str]:
    """What was said and what to do, in plain English."""
    values = _Lenient(found.values)
    return found.said.format_map(values), found.remedy.format_map(values)


class _Lenient(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return ""
