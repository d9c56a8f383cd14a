"""A whole drive taken in from an archive: the tree judged first, then bytes, then rows.

The person does not exist yet, so nobody sees a half of it. Sizes of folders, keys of names
and ids are made here; what the archive says of them is not used.
"""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection

from synfonium.apps.drive import contract
from synfonium.apps.drive.errors import QuotaExceeded
from synfonium.apps.drive.model import BlobName, IllegalName, NodeId, Space, SpaceId, VersionId, name_key
from synfonium.apps.drive.model.media import media_type_of
from synfonium.apps.drive.model.names import MAX_DEPTH, legal_name
from synfonium.apps.drive.model.versions import LABEL_CHARACTERS
from synfonium.apps.drive.service.facts import told_path
from synfonium.apps.drive.service.room import Room
from synfonium.apps.drive.store import spaces, versions, whole
from synfonium.apps.drive.store.tables import nodes, properties, trash
from synfonium.apps.drive.store.tables import spaces as space_table
from synfonium.apps.drive.store.tables import versions as version_table
from synfonium.common.ids import PersonId, new_id
from synfonium.kernel.coming import BadArchive
from synfonium.kernel.i18n import _
from synfonium.kernel.personal import ERASED, Coming
from synfonium.kernel.personal_tables import row_from_json

T = TypeVar("T")
BATCH = 500
NO_TREE = _("The files in it do not make a tree.")


# Columns that older archives do not have.
_LATER: dict[str, dict[str, Any]] = {
    version_table.name: {"space": "", "replaced_s": None, "label": None},
}


class _Seat(msgspec.Struct):
    """What has to be remembered of each node: where it hangs, and how much is below."""

    parent: str | None
    is_file: bool
    version: str | None
    size_bytes: int = 0
    has_content: bool = False


class Arrival:
    """One run of it."""

    def __init__(self, room: Room, person: PersonId, coming: Coming) -> None:
        self._room, self._person, self._coming = room, person, coming
        self._seats: dict[str, _Seat] = {}
        self._root = self._trash = ""

    async def run(self) -> None:
        """Raises BadArchive, QuotaExceeded, StorageFull."""
        found = list(self._rows(space_table))
        if not found:
            return
        if len(found) > 1:
            raise BadArchive(NO_TREE)
        self._root, self._trash = found[0]["root"], found[0]["trash"]
        self._read_tree()
        space = await self._make_space(found[0])
        await self._bring_content(space)
        self._add_up()
        await self._bring_rows(space)

    def _rows(self, table: Any) -> Iterator[dict[str, Any]]:
        for row in self._coming.rows(table.name):
            try:
                yield row_from_json(table, {**_LATER.get(table.name, {}), **row})
            except ValueError:
                raise BadArchive(_("A row in it is not of the kind it should be.")) from None

    def _read_tree(self) -> None:
        """Judges names, kinds and places of all nodes. Raises BadArchive."""
        places: set[tuple[str, bytes]] = set()
        for row in self._rows(nodes):
            id_, parent = row["id"], row["parent"]
            is_top = id_ in (self._root, self._trash)
            if id_ in self._seats or is_top != (parent is None) or row["is_file"] != bool(row["version"]):
                raise BadArchive(NO_TREE)
            self._seats[id_] = _Seat(parent, row["is_file"], row["version"])
            if not is_top:
                _checked_name(row["name"])
            key = name_key(row["name"])
            if parent != self._trash and parent is not None and (parent, key) in places:
                raise BadArchive(_("Two files in it have one name."))
            places.add((parent or "", key))
        if not {self._root, self._trash} <= set(self._seats):
            raise BadArchive(NO_TREE)
        for id_ in self._seats:
            self._check_place(id_)

    def _check_place(self, id_: str) -> None:
        """Every node hangs on folders up to a top, and not too deep."""
        at, steps = id_, 0
        while (parent := self._seats[at].parent) is not None:
            steps += 1
            above = self._seats.get(parent)
            if above is None or above.is_file or steps > MAX_DEPTH + 1:
                raise BadArchive(NO_TREE)
            at = parent

    async def _make_space(self, old: dict[str, Any]) -> Space:
        now_s, id_ = self._room.now_s(), self._coming.new_id(old["id"])
        space = Space(
            id=SpaceId(id_),
            owner=self._person,
            root=NodeId(self._coming.new_id(self._root)),
            trash=NodeId(self._coming.new_id(self._trash)),
            sealed_key=await self._room.keys.fresh(SpaceId(id_)),
        )

        def work(connection: Connection) -> None:
            spaces.add(connection, space, etag=new_id(now_s), now_s=now_s)

        await self._room.context.database.write(work)
        return space

    async def _bring_content(self, space: Space) -> None:
        paths = {str(row.get("version")): str(row.get("path")) for row in self._coming.rows("content")}
        used, old_bytes, key = 0, 0, await self._room.key(space)
        quota = (await self._room.allowances.of(space)).limit_bytes
        for row in self._rows(version_table):
            seat, path = self._seats.get(row["node"]), paths.pop(row["id"], None)
            if seat is None or not seat.is_file or path is None:
                raise BadArchive(_("A file that it speaks of is not in it."))
            if self._coming.size_bytes(path) != row["size_bytes"]:
                raise BadArchive(_("A row in it is not of the kind it should be."))
            is_present = seat.version == row["id"]
            used += row["size_bytes"] if is_present else 0
            old_bytes += 0 if is_present else row["size_bytes"]
            # Old versions stand beside the limit, and are thinned out here as they were there.
            if quota is not None and max(used, old_bytes) > quota:
                raise QuotaExceeded
            blob = await self._room.sealed.write(key, self._coming.file(path))
            if is_present:
                seat.size_bytes, seat.has_content = blob.size_bytes, True
                seat.version = self._coming.new_id(row["id"])
            since_s = None if is_present else row["replaced_s"] or row["made_s"]
            kept = {**row, "replaced_s": since_s, "label": (row["label"] or "")[:LABEL_CHARACTERS] or None}
            await self._add_version(space, kept, BlobName(blob.name), blob.size_bytes)

    async def _add_version(self, space: Space, row: dict[str, Any], blob: BlobName, size_bytes: int) -> None:
        def work(connection: Connection) -> None:
            new = versions.NewVersion(
                id=VersionId(self._coming.new_id(row["id"])),
                node=NodeId(self._coming.new_id(row["node"])),
                space=space.id,
                blob=blob,
                size_bytes=size_bytes,
                modified_s=row["modified_s"],
                author=self._who(row["author"]),
                sha1=row["sha1"],
                replaced_s=row["replaced_s"],
                label=row["label"],
            )
            versions.add(connection, new, now_s=row["made_s"])

        await self._room.context.database.write(work)

    def _who(self, id_: str) -> str:
        """The person, or nobody that is known here."""
        return self._person if id_ == self._coming.owner else ERASED

    def _add_up(self) -> None:
        """Sizes of folders, from their files. Raises BadArchive for a file without content."""
        for seat in [seat for seat in self._seats.values() if seat.is_file]:
            if not seat.has_content:
                raise BadArchive(_("A file that it speaks of is not in it."))
            parent = seat.parent
            while parent is not None:
                self._seats[parent].size_bytes += seat.size_bytes
                parent = self._seats[parent].parent

    async def _bring_rows(self, space: Space) -> None:
        write = self._room.context.database.write
        for batch in _batches(self._rows(nodes)):
            await write(partial(self._add_nodes, space=space, batch=batch))
        for batch in _batches(self._rows(trash)):
            rows = [self._trashed(space, row) for row in batch if row["node"] in self._seats]
            await write(partial(whole.add_trash, rows=rows))
        for batch in _batches(self._rows(properties)):
            rows = [{**r, "node": self._coming.new_id(r["node"])} for r in batch if r["node"] in self._seats]
            await write(partial(whole.add_properties, rows=rows))

    def _add_nodes(self, connection: Connection, space: Space, batch: list[dict[str, Any]]) -> None:
        now_s = self._room.now_s()
        tops = {self._root: space.root, self._trash: space.trash}
        for row in (row for row in batch if row["id"] in tops):
            size_bytes = self._seats[row["id"]].size_bytes
            times = {"created_s": row["created_s"], "modified_s": row["modified_s"]}
            whole.set_top(connection, tops[row["id"]], size_bytes=size_bytes, **times)
        whole.add_nodes(connection, [self._node(space, r, now_s) for r in batch if r["id"] not in tops])
        for row in batch:
            if row["is_file"] and self._top_of(row["id"]) == self._root:
                id_ = NodeId(self._coming.new_id(row["id"]))
                address, path = contract.address_of(id_), told_path(connection, space, id_)
                facts = {"kind": "file", "owner": self._person, "path": path}
                self._room.context.outbox.add(connection, contract.FILE_WRITTEN, address, facts)

    def _node(self, space: Space, row: dict[str, Any], now_s: float) -> dict[str, Any]:
        seat, id_ = self._seats[row["id"]], self._coming.new_id(row["id"])
        own = {"name_key": id_.encode()} if row["parent"] == self._trash else {}
        return {
            "id": id_,
            "space": space.id,
            "parent": self._coming.new_id(row["parent"]),
            "name": row["name"],
            "is_file": row["is_file"],
            "size_bytes": seat.size_bytes,
            "etag": new_id(now_s),
            "modified_s": row["modified_s"],
            "created_s": row["created_s"],
            "media_type": media_type_of(row["name"]) if row["is_file"] else "",
            "version": seat.version,
            "revision": 1,
            **own,
        }

    def _trashed(self, space: Space, row: dict[str, Any]) -> dict[str, Any]:
        return {
            **row,
            "node": self._coming.new_id(row["node"]),
            "space": space.id,
            "parent": self._coming.new_id(row["parent"]),
            "trashed_by": self._who(row["trashed_by"]),
            "is_leaving": False,
        }

    def _top_of(self, id_: str) -> str:
        while (parent := self._seats[id_].parent) is not None:
            id_ = parent
        return id_


def _checked_name(name: str) -> None:
    try:
        legal_name(name)
    except IllegalName as error:
        raise BadArchive(str(error)) from None


def _batches(rows: Iterable[T]) -> Iterator[list[T]]:
    batch: list[T] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
