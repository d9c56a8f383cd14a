"""What one can do with a drive. Every use case takes the actor first."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import TypeVar

from synfonium.apps.drive.service.activity import Activity
from synfonium.apps.drive.service.acts import DriveActs
from synfonium.apps.drive.service.announced import Announced
from synfonium.apps.drive.service.changes import Changes
from synfonium.apps.drive.service.connecting import Connecting
from synfonium.apps.drive.service.described import Describing
from synfonium.apps.drive.service.favorites import Favorites
from synfonium.apps.drive.service.files import Files
from synfonium.apps.drive.service.finding import Finding
from synfonium.apps.drive.service.flat import Flat
from synfonium.apps.drive.service.following import Following
from synfonium.apps.drive.service.glance import Glances
from synfonium.apps.drive.service.group_folders import GroupFolders
from synfonium.apps.drive.service.handing_over import HandingOver
from synfonium.apps.drive.service.indexing import Indexing
from synfonium.apps.drive.service.linking import Linking
from synfonium.apps.drive.service.links import Links
from synfonium.apps.drive.service.locking import Locking
from synfonium.apps.drive.service.locks import Locks
from synfonium.apps.drive.service.moving import Moving
from synfonium.apps.drive.service.objects import DriveObjects
from synfonium.apps.drive.service.photos import Photos
from synfonium.apps.drive.service.portraits import Portraits
from synfonium.apps.drive.service.present import Presence
from synfonium.apps.drive.service.previews import Previews
from synfonium.apps.drive.service.properties import Properties
from synfonium.apps.drive.service.quarantine import Quarantine
from synfonium.apps.drive.service.reporting import Reporting
from synfonium.apps.drive.service.rights import Rights
from synfonium.apps.drive.service.room import Room
from synfonium.apps.drive.service.s3_keys import S3Keys
from synfonium.apps.drive.service.scrub import Scrub
from synfonium.apps.drive.service.sharing import Sharing
from synfonium.apps.drive.service.sweep import Sweep
from synfonium.apps.drive.service.thinning import Thinning
from synfonium.apps.drive.service.told import Told
from synfonium.apps.drive.service.trash import Trash
from synfonium.apps.drive.service.tree import Tree
from synfonium.apps.drive.service.uploads import Uploads
from synfonium.apps.drive.service.using import Using
from synfonium.apps.drive.service.vaults import Vaults
from synfonium.apps.drive.service.versions import Versions
from synfonium.apps.drive.service.viewing import Viewing
from synfonium.apps.drive.service.zipping import Zipping
from synfonium.common.ids import PersonId
from synfonium.kernel.context import Context

__all__ = ["DriveService", "open_service"]


class DriveService:
    """The use cases, grouped by what they are about. when_erased: what ends before a person's drive goes."""

    def __init__(self, context: Context) -> None:
        room = Room(context)
        self.room = room
        self.when_erased: list[Callable[[PersonId], Awaitable[None]]] = []
        self.tree = Tree(room)
        self.moving = Moving(room)
        self.files = Files(room)
        self.trash = Trash(room)
        self.locks = Locks(room)
        self.properties = Properties(room)
        self.changes = Changes(room)
        self.links = Links(room, self.files)
        self.glances = Glances(room)
        self.objects = DriveObjects(room, self.files)
        self.acts = DriveActs(room, self.tree, self.moving, self.files, self.trash, self.objects)
        self.told = Told(room, self.files)
        self.announced = Announced()
        self.connecting = Connecting(room)
        self.favorites = Favorites(room)
        self.finding = Finding(room)
        self.following = Following(room)
        self.uploads = Uploads(room, self.files)
        self.flat = Flat(room)
        self.describing = Describing(room, self.tree, self.trash)
        self.s3_keys = S3Keys(room)
        self.versions = Versions(room)
        self.thinning = Thinning(room)
        self.previews = Previews(room, self.files, self.versions)
        self.photos = Photos(room, self.previews)
        self.presence = Presence(room)
        self.viewing = Viewing(room, self.files, self.previews)
        self.sweep = Sweep(room, self.uploads, self.thinning, self.previews)
        self.scrub = Scrub(room)
        self.quarantine = Quarantine(room)
        self.sharing = Sharing(room)
        self.portraits = Portraits(room, self.sharing.sharees)
        self.rights = Rights(room)
        self.reporting = Reporting(room, self.sharing.sharees)
        self.group_folders = GroupFolders(room, self.sharing)
        self.handing_over = HandingOver(room, self.sharing, self.tree)
        self.when_erased.append(self.handing_over.forget)
        self.linking = Linking(room, self.sharing)
        self.zipping = Zipping(self.tree, self.files)
        self.indexing = Indexing(room)
        self.locking = Locking(room, self.indexing)
        self.vaults = Vaults(room, self.tree)
        self.using = Using(room)
        self.activity = Activity(room)


Drive = TypeVar("Drive", bound=DriveService)


@asynccontextmanager
async def open_service(
    context: Context,
    make: Callable[[Context], Drive] = DriveService,  # type: ignore[assignment]
) -> AsyncIterator[Drive]:
    """Opens the drive; in the role that owns the database it also sweeps now and then."""
    service = make(context)
    await service.room.damages.load()
    await service.quarantine.load()
    tasks = []
    if context.owns_database:
        tasks = [
            asyncio.create_task(work())
            for work in (
                service.sweep.for_ever,
                service.thinning.for_ever,
                service.scrub.for_ever,
                service.handing_over.for_ever,
            )
        ]
        service.indexing.pump.start()
        service.photos.pump.start()
        service.quarantine.pump.start()
    try:
        yield service
    finally:
        service.room.signal.close()
        await service.indexing.pump.stop()
        await service.photos.pump.stop()
        await service.quarantine.pump.stop()
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
