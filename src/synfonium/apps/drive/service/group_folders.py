"""Folders that belong to an organisation: spaces of their own, which outlive their members."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection

from synfonium.apps.drive import contract
from synfonium.apps.drive.errors import NoSuchGroupFolder, NoSuchShare, TooManyShares
from synfonium.apps.drive.model import NodeId, Space, SpaceId
from synfonium.apps.drive.model.share import Mode, Share, ShareId
from synfonium.apps.drive.service.places import checked_name
from synfonium.apps.drive.service.room import Reach, Room
from synfonium.apps.drive.service.sharees import Sharee
from synfonium.apps.drive.service.sharing import Sharing, Terms
from synfonium.apps.drive.store import group_folders as store
from synfonium.apps.drive.store import nodes, shares, spaces
from synfonium.apps.drive.store.group_folders import GroupFolder
from synfonium.apps.identity.contract import Membership
from synfonium.common.ids import PersonId, new_id
from synfonium.kernel.actor import Person

MOST_OF_ORGANISATION = 200
DAY_S = 86_400.0
MANAGING = frozenset({"owner", "administrator"})


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A group folder as its managers see it. goes_s: when one that is removed goes for ever, 0 for never."""

    folder: GroupFolder
    space: Space
    used_bytes: int
    access: tuple[Share, ...]
    goes_s: float = 0.0


class GroupFolders:
    """For who administers the organisation, and nobody else."""

    def __init__(self, room: Room, sharing: Sharing) -> None:
        self._room, self._sharing = room, sharing

    async def managed(self, actor: Person) -> list[Membership]:
        """The organisations that the actor administers."""
        if actor.grants or actor.app:
            return []
        together = await self._room.mounts.together(actor.id)
        return [one for one in together.memberships if one.role in MANAGING]

    async def all(self, actor: Person) -> list[Seen]:
        ids = [one.organisation for one in await self.managed(actor)]

        def work(connection: Connection) -> list[Seen]:
            return [self._seen(connection, one) for one in store.of_organisations(connection, ids)]

        return await self._room.read(work) if ids else []

    def _seen(self, connection: Connection, folder: GroupFolder) -> Seen:
        space = spaces.of_owner(connection, PersonId(folder.id))
        assert space is not None
        return Seen(
            folder=folder,
            space=space,
            used_bytes=spaces.used_bytes(connection, space),
            access=tuple(shares.of_nodes(connection, [space.root])),
            goes_s=folder.removed_s and self._goes_s(folder.removed_s),
        )

    def _goes_s(self, removed_s: float) -> float:
        days = self._room.config.trash_days
        return removed_s + days * DAY_S if days else 0.0

    async def make(
        self, actor: Person, organisation: str, name: str, *, quota_bytes: int = 0, mode: Mode = "edit"
    ) -> GroupFolder:
        """A folder for a whole organisation. quota_bytes: 0 for no limit.

        Raises NoSuchGroupFolder for an organisation that the actor does not administer, BadName."""
        membership = await self._managing(actor, organisation)
        now_s, name = self._room.now_s(), checked_name(name.strip())
        folder = GroupFolder(
            id=new_id(now_s), organisation=organisation, name=name, made_by=actor.id, made_s=now_s
        )
        id_ = SpaceId(new_id(now_s))
        space = Space(
            id=id_,
            owner=PersonId(folder.id),
            root=NodeId(new_id(now_s)),
            trash=NodeId(new_id(now_s)),
            sealed_key=await self._room.keys.fresh(id_),
            quota_bytes=quota_bytes,
        )
        whole = Sharee(kind="organisation", id=organisation, name=membership.name, display=membership.name)

        def work(connection: Connection) -> None:
            if len(store.of_organisations(connection, [organisation])) >= MOST_OF_ORGANISATION:
                raise TooManyShares
            store.add(connection, folder)
            spaces.add(connection, space, etag=new_id(now_s), now_s=now_s)
            etag = new_id(now_s)
            nodes.place(connection, space.root, parent=None, name=name, etag=etag, media_type="")
            self._let_in(connection, actor, space, whole, Terms(mode=mode))

        await self._room.write(id_, work)
        self._sharing.changed()
        return folder

    async def let_in(self, actor: Person, folder: str, name: str, mode: Mode) -> None:
        """A group, a person or the organisation; who is in already gets other terms. Raises
        NoSuchGroupFolder, NobodyCalled."""
        space = await self._space(actor, folder)
        to = await self._sharing.sharees.named(actor.id, name)
        await self._room.write(space.id, lambda c: self._let_in(c, actor, space, to, Terms(mode=mode)))
        self._sharing.changed()

    def _let_in(self, connection: Connection, actor: Person, space: Space, to: Sharee, terms: Terms) -> None:
        # By the folder, not by who manages it: it stays when they leave.
        reach = Reach(space=space, top=space.root, person=PersonId(space.owner), by_app="")
        share = self._sharing.new(reach, space.root, to, terms)
        before = shares.between(connection, space.root, to.kind, to.id)
        if before:
            shares.change(connection, msgspec.structs.replace(share, id=before.id, number=before.number))
        else:
            shares.add(connection, share)
        self._sharing.tell(
            connection, msgspec.structs.replace(reach, person=actor.id), share, contract.SHARE_MADE
        )

    async def end(self, actor: Person, folder: str, share: ShareId) -> None:
        """Takes access back. Raises NoSuchGroupFolder, NoSuchShare."""
        space = await self._space(actor, folder)
        reach = Reach(space=space, top=space.root, person=actor.id, by_app="")

        def work(connection: Connection) -> None:
            found = shares.find(connection, share)
            if found is None or found.node != space.root:
                raise NoSuchShare
            shares.remove(connection, [share])
            self._sharing.end_passed_on(connection, reach, found)
            self._sharing.tell(connection, reach, found, contract.SHARE_ENDED)

        await self._room.write(space.id, work)
        self._sharing.changed()

    async def set_quota(self, actor: Person, folder: str, quota_bytes: int) -> None:
        """0 for no limit. Raises NoSuchGroupFolder."""
        space = await self._space(actor, folder)
        await self._room.write(space.id, lambda c: spaces.set_quota(c, space.id, quota_bytes))
        self._room.forget(space.owner)

    async def rename(self, actor: Person, folder: str, name: str) -> None:
        """In the drive of each member who has not given it a name of their own. Raises
        NoSuchGroupFolder, BadName."""
        space, name = await self._space(actor, folder), checked_name(name.strip())
        reach = Reach(space=space, top=space.root, person=actor.id, by_app="")

        def work(connection: Connection) -> None:
            store.rename(connection, folder, name)
            etag = new_id(self._room.now_s())
            nodes.place(connection, space.root, parent=None, name=name, etag=etag, media_type="")
            found = nodes.find(connection, space.root)
            assert found is not None
            self._room.tell(connection, reach, found, kind="moved", event=contract.FILE_MOVED)

        await self._room.write(space.id, work)
        self._sharing.changed()

    async def remove(self, actor: Person, folder: str) -> None:
        """Nobody reaches it any more; as long as the trash keeps things it can be brought back, with who
        had access. Raises NoSuchGroupFolder."""
        space, now_s = await self._space(actor, folder), self._room.now_s()

        def work(connection: Connection) -> None:
            store.set_removed(connection, folder, now_s)
            self._end_at(connection, actor, space, now_s, contract.SHARE_ENDED)

        await self._room.write(space.id, work)
        self._sharing.changed()

    async def bring_back(self, actor: Person, folder: str) -> None:
        """As it was when it was removed. Raises NoSuchGroupFolder, also when its time is over."""
        space, now_s = await self._space(actor, folder, is_removed=True), self._room.now_s()

        def work(connection: Connection) -> None:
            found = store.find(connection, folder)
            if found is None or 0 < self._goes_s(found.removed_s) <= now_s:
                raise NoSuchGroupFolder
            store.set_removed(connection, folder, 0.0)
            self._end_at(connection, actor, space, 0.0, contract.SHARE_MADE)

        await self._room.write(space.id, work)
        self._sharing.changed()

    def _end_at(self, connection: Connection, actor: Person, space: Space, end_s: float, event: str) -> None:
        """Access to the folder has no other end than its removal."""
        reach = Reach(space=space, top=space.root, person=actor.id, by_app="")
        for share in shares.of_nodes(connection, [space.root]):
            changed = msgspec.structs.replace(share, until_s=end_s)
            shares.change(connection, changed)
            self._sharing.tell(connection, reach, changed, event)

    async def _managing(self, actor: Person, organisation: str) -> Membership:
        for one in await self.managed(actor):
            if one.organisation == organisation:
                return one
        raise NoSuchGroupFolder

    async def _space(self, actor: Person, folder: str, *, is_removed: bool = False) -> Space:
        found = await self._room.read(lambda c: store.find(c, folder))
        if found is None or bool(found.removed_s) != is_removed:
            raise NoSuchGroupFolder
        await self._managing(actor, found.organisation)
        return await self._room.space_of(PersonId(folder))


def names_of(managed: Sequence[Membership]) -> list[tuple[str, str]]:
    """For a form: id and name of organisations."""
    return [(one.organisation, one.name) for one in managed]
