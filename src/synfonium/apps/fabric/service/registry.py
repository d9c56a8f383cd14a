"""The apps that the fabric knows: those that are installed and have a manifest."""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files

import msgspec

from synfonium.apps.fabric.contract import Manifest, RegisteredApp
from synfonium.common.ids import AppName, PersonId
from synfonium.kernel.app import installed_apps

MANIFEST = "synfonium.app.json"


class Registry:
    """`contract.Apps`."""

    async def all(self, person: PersonId) -> Sequence[RegisteredApp]:
        return [app for app in installed().values() if app.owner in ("", person)]

    async def by_name(self, name: str) -> RegisteredApp | None:
        return installed().get(name)

    async def by_client(self, client_id: str) -> RegisteredApp | None:
        return None

    async def secret_of(self, name: AppName) -> str:
        raise LookupError(name)


@cache
def installed() -> dict[str, RegisteredApp]:
    found = {}
    for app in installed_apps():
        file = files(app.package) / MANIFEST
        if file.is_file():
            manifest = msgspec.json.decode(file.read_bytes(), type=Manifest)
            found[app.name] = RegisteredApp(name=AppName(app.name), manifest=manifest)
    return found
