"""A trial of what a backup holds of a bucket: each blob by itself, without a second bucket."""

from pathlib import Path

from synfonium.apps.operations.errors import NotTheSame
from synfonium.apps.operations.service import arriving
from synfonium.apps.operations.service.names import Names
from synfonium.apps.operations.service.refusing import refusing
from synfonium.kernel.app import App
from synfonium.kernel.blob_format import BlobDamaged
from synfonium.kernel.calls import Progress
from synfonium.kernel.context import Engines
from synfonium.kernel.i18n import _
from synfonium.kernel.sealed_blobs import SealedBlobs
from synfonium.ports.vault import Vault


class Tried:
    """Which blobs were whole. Each is for a moment in the store of the trial's home; the largest must
    find room there."""

    def __init__(self, folder: Path, engines: Engines, progress: Progress) -> None:
        self._folder, self._engines, self._progress = folder, engines, progress
        self._names: dict[str, Names] = {}
        self._waiting: dict[str, list[str]] = {}
        self.blobs = self.blob_bytes = 0

    async def all_of(self, vault: Vault, kept_id: str, apps: tuple[App, ...]) -> None:
        """Reads them all. Raises NotTheSame, Problems."""
        for app in apps:
            self._names[app.name] = Names(self._folder / app.name)
        with refusing():
            await arriving.bring_back(vault, kept_id, apps, self._engines.blobs, self._look)

    def is_whole(self, app: App, name: str) -> bool:
        return app.name in self._names and name in self._names[app.name]

    async def _look(self, app: App, name: str, size_bytes: int) -> None:
        store = self._engines.blobs(app)
        try:
            await SealedBlobs(store).scrub(name)
        except (BlobDamaged, KeyError):
            raise NotTheSame(detail=f"a file of {app.name} is damaged") from None
        await store.delete(name)
        self._names[app.name].add([name])
        self.blobs += 1
        self.blob_bytes += size_bytes
        await self._progress(_("Checking every file"), self.blob_bytes)
