"""Content that is known to be harmful is given to nobody. It is asked for after the commit: a file is
there at once, whether or not anybody scans."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from functools import partial

import msgspec
from sqlalchemy import Connection

from synfonium.apps.drive.contract import address_of
from synfonium.apps.drive.errors import ContentDamaged, NoSuchVersion, ScannerAway, SpaceLocked
from synfonium.apps.drive.model import BlobName, NodeId, SpaceId
from synfonium.apps.drive.model.quarantine import Suspect
from synfonium.apps.drive.service.room import Room
from synfonium.apps.drive.service.vaults import is_within
from synfonium.apps.drive.store import nodes, quarantine, spaces, upkeep
from synfonium.apps.notifications.contract import NOTIFY, Notice
from synfonium.apps.shell.contract import Words
from synfonium.common.ids import PersonId
from synfonium.common.problem import Problem
from synfonium.kernel import logs
from synfonium.kernel.blob_format import BlobDamaged
from synfonium.kernel.i18n import _
from synfonium.kernel.pump import Pump
from synfonium.libraries import clamd

log = logs.get("drive")
MOST_FILES = 20
MOST_TRIES = 3
TOPIC = _("Something harmful is found in a file")


class Quarantine:
    """Scans new content by clamd, where there is one."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._lock = asyncio.Lock()
        self._broken = Counter[BlobName]()
        self.pump = Pump("drive-scan", self.step)

    @property
    def is_on(self) -> bool:
        return bool(self._room.config.clamd)

    async def load(self) -> None:
        found = await self._room.read(quarantine.every)
        self._room.harmful = {one.blob for one in found if one.state == "infected"}

    async def want(self, written: Sequence[NodeId]) -> None:
        """The files were written."""
        if not self.is_on or not written:
            return
        now_s = self._room.now_s()

        def work(connection: Connection) -> bool:
            readable = [node for node in written if not is_within(connection, node)]
            return sum(quarantine.want(connection, node, now_s=now_s) for node in readable) > 0

        if await self._room.context.database.write(work):
            self.pump.wake()

    async def step(self) -> bool:
        """Scans the next content; whether there was one. Raises ScannerAway: it is asked again later."""
        async with self._lock:
            due = await self._room.read(quarantine.next_due) if self.is_on else None
            if due is not None:
                await self._scan(*due)
            return due is not None

    async def _scan(self, blob: BlobName, space: SpaceId) -> None:
        try:
            found = await clamd.scan(self._room.config.clamd, self._content(blob, space))
        except clamd.Away:
            raise ScannerAway from None
        except clamd.Broken:
            # Content that breaks the scanner must not keep others from being scanned.
            self._broken[blob] += 1
            if self._broken[blob] < MOST_TRIES:
                raise ScannerAway from None
            log.warning("drive.not_scanned")
            found = ""
        except (clamd.TooLong, BlobDamaged, ContentDamaged, SpaceLocked, KeyError):
            found = ""
        self._broken.pop(blob, None)
        suspect = None
        if found:
            now_s = self._room.now_s()
            suspect = Suspect(blob=blob, space=space, state="infected", found=found[:200], found_s=now_s)
        await self._room.context.database.write(partial(_settle, blob=blob, suspect=suspect))
        if suspect is not None:
            self._room.harmful.add(blob)
            log.warning("drive.content_harmful")
            await self._tell(suspect)

    async def _content(self, blob: BlobName, space_id: SpaceId) -> AsyncIterator[bytes]:
        space = await self._room.read(partial(spaces.by_id, space=space_id))
        if space is None:
            return
        most_bytes = self._room.config.scan_mib * 1024 * 1024
        async for piece in self._room.sealed.read(await self._room.key(space), blob, 0, most_bytes):
            yield piece

    async def suspects(self) -> list[Suspect]:
        return await self._room.read(quarantine.every)

    async def release(self, blob: BlobName, by: PersonId) -> None:
        """A false alarm: the content is given out again, and asked for no more. Raises NoSuchVersion."""

        def work(connection: Connection) -> bool:
            if not quarantine.release(connection, blob):
                return False
            self._room.context.audit.add(
                connection, by, "drive.content.release", f"drive:content/{blob[:26]}"
            )
            return True

        if not await self._room.context.database.write(work):
            raise NoSuchVersion
        self._room.harmful.discard(blob)

    async def _tell(self, suspect: Suspect) -> None:
        try:
            people = (await self._room.context.call("identity.administrators"))["people"]
            owners = await self._room.read(partial(_to_owner, suspect=suspect))
            for notice in [*owners, *(_to_operator(PersonId(person)) for person in people)]:
                await self._room.context.call(NOTIFY, msgspec.to_builtins(notice))
        except Problem as refused:
            log.info("drive.quarantine_not_told", code=refused.code)


def _settle(connection: Connection, blob: BlobName, suspect: Suspect | None) -> None:
    quarantine.done(connection, blob)
    if suspect is not None:
        quarantine.add(connection, suspect)


def _to_operator(person: PersonId) -> Notice:
    return Notice(
        person=person,
        topic="quarantine",
        topic_title=TOPIC,
        title=Words(text=_("Something harmful was found in a file.")),
        body=Words(text=_("It is given to nobody. See Administration, Storage.")),
        url="/admin/storage",
        urgency="high",
        key="quarantine",
    )


def _to_owner(connection: Connection, suspect: Suspect) -> list[Notice]:
    notices, space = list[Notice](), spaces.by_id(connection, suspect.space)
    for hurt in upkeep.hurt(connection, suspect.blob, MOST_FILES):
        node = nodes.find(connection, hurt.node)
        if node is None or space is None or not hurt.is_present:
            continue
        notices.append(
            Notice(
                person=space.owner,
                topic="quarantine",
                topic_title=TOPIC,
                title=Words(
                    text=_("Something harmful was found in your file “%(name)s”."), values={"name": node.name}
                ),
                body=Words(text=_("It is given to nobody, you included. Its page says what you can do.")),
                object=address_of(node.id),
                url=f"/drive/node/{node.id}/about",
                urgency="high",
                key=f"quarantine:{node.id}",
            )
        )
    return notices
