"""Sharing with people, groups and organisations; what was received; leaving."""

import secrets
from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection

from synfonium.apps.drive import contract
from synfonium.apps.drive.errors import (
    NoSuchNode,
    NoSuchShare,
    NotShareable,
    TooManyShares,
    TopStays,
)
from synfonium.apps.drive.model import ANY, Node, NodeId
from synfonium.apps.drive.model.share import Link, Mode, Received, Share, ShareId
from synfonium.apps.drive.service.crossing import Crossing
from synfonium.apps.drive.service.facts import note_link, note_share
from synfonium.apps.drive.service.places import NO_TOKENS, free_name
from synfonium.apps.drive.service.room import Guest, Reach, Room, within
from synfonium.apps.drive.service.sharees import Sharee, Sharees
from synfonium.apps.drive.service.telling import Telling
from synfonium.apps.drive.store import links, mounted, nodes, shares
from synfonium.common.ids import PersonId, new_id
from synfonium.common.problem import BadInput
from synfonium.kernel.actor import Person
from synfonium.kernel.i18n import _

MOST_OF_NODE = 100
MOST_SHOWN = 500
MOST_NOTE = 500
NUMBER_BITS = 48


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """A share and what it is of; node None for what is in the trash or gone."""

    share: Share
    node: Node | None


class GivenLink(msgspec.Struct, frozen=True, kw_only=True):
    link: Link
    node: Node | None


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What was received. node: as it stands in the recipient's drive, None where they left it."""

    received: Received
    node: Node | None
    by: str


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What a share lets its recipient do, and until when (0: until it is taken back)."""

    mode: Mode = "view"
    may_share: bool = False
    until_s: float = 0.0
    note: str = ""


class Sharing:
    """Shares of one actor. An app never shares, and neither does a guest of a link."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self.sharees = Sharees(room)
        self._telling = Telling(room.context)

    async def make(self, actor: Person, node: NodeId, name: str, terms: Terms) -> Share:
        """Shares with whoever is called `name`; when they have it already, its terms change.

        Raises NobodyCalled, NotShareable, NoSuchNode, TopStays, TooManyShares, BadInput."""
        return await self.make_with(actor, node, await self.sharees.named(actor.id, name), terms)

    async def make_with(self, actor: Person, node: NodeId, to: Sharee, terms: Terms) -> Share:
        reach = await self.giver(actor, node, terms.mode)
        _check(terms, self._room.now_s())
        if to.id == reach.space.owner:
            raise NotShareable

        def work(connection: Connection) -> tuple[Share, Node, bool]:
            found = self.shareable(connection, reach, node)
            before = shares.between(connection, node, to.kind, to.id)
            share = self.new(reach, found.id, to, terms)
            if before is not None:
                if before.by != actor.id and reach.shares:
                    raise NotShareable
                share = msgspec.structs.replace(
                    share, id=before.id, number=before.number, by=before.by, made_s=before.made_s
                )
                shares.change(connection, share)
            elif len(shares.of_nodes(connection, [node])) >= MOST_OF_NODE:
                raise TooManyShares
            else:
                shares.add(connection, share)
            if to.kind == "person":  # who had left it is asked again
                shares.set_mount(connection, PersonId(to.id), node)
            self.tell(connection, reach, share, contract.SHARE_MADE)
            return share, found, before is None

        share, found, is_new = await self._room.write(reach.space.id, work)
        self.changed()
        people = await self.sharees.members(to.kind, to.id)
        for person in people:
            self._room.signal.ring((await self._room.space_of(person)).id)
        if is_new:
            await self._telling.shared(actor, found, people)
        return share

    def new(self, reach: Reach, node: NodeId, to: Sharee, terms: Terms) -> Share:
        """A share that is not kept yet."""
        now_s = self._room.now_s()
        return Share(
            id=ShareId(new_id(now_s)),
            number=secrets.randbits(NUMBER_BITS),
            space=reach.space.id,
            node=node,
            by=reach.person,
            to_kind=to.kind,
            to=to.id,
            to_name=to.display or to.name,
            mode=terms.mode,
            may_share=terms.may_share,
            until_s=terms.until_s,
            note=terms.note.strip(),
            made_s=now_s,
        )

    async def giver(self, actor: Person, node: NodeId, mode: str) -> Reach:
        """The reach of somebody who may let others in here, with at least `mode`. Raises NotShareable."""
        if actor.grants or actor.app or isinstance(actor, Guest):
            raise NotShareable
        reach = await self._room.reach(actor, write=mode != "view", at=node)
        if reach.shares:
            received = await self._room.mounts.of(actor.id)
            able = [share.id for one in received for share in one.shares if share.may_share]
            passing = tuple(id_ for id_ in reach.shares if id_ in able)
            if not passing:
                raise NotShareable
            return msgspec.structs.replace(reach, shares=passing)
        return reach

    def shareable(self, connection: Connection, reach: Reach, node: NodeId) -> Node:
        """Raises NoSuchNode, and TopStays for a whole drive."""
        found = within(connection, reach, node)
        if found.id == reach.space.root and not reach.shares:
            raise TopStays
        return found

    async def change(self, actor: Person, share: ShareId, terms: Terms) -> Share:
        """Other terms. Raises NoSuchShare, NotShareable, BadInput."""
        found = await self._mine(actor, share)
        reach = await self.giver(actor, found.node, terms.mode)
        _check(terms, self._room.now_s())
        values = msgspec.structs.asdict(terms)
        changed = msgspec.structs.replace(found, **values)

        def work(connection: Connection) -> None:
            if shares.find(connection, share) is None:
                raise NoSuchShare
            shares.change(connection, changed)
            if (found.mode, terms.mode) == ("edit", "view") or (found.may_share and not terms.may_share):
                self.end_passed_on(connection, reach, found)
            self.tell(connection, reach, changed, contract.SHARE_MADE)

        await self._room.write(reach.space.id, work)
        self.changed()
        return changed

    async def end(self, actor: Person, share: ShareId) -> None:
        """Takes a share back; at once, and with all that was passed on by it. Raises NoSuchShare."""
        found = await self._mine(actor, share)
        reach = await self._room.reach(actor, at=found.node)

        def work(connection: Connection) -> None:
            shares.remove(connection, [share])
            self.end_passed_on(connection, reach, found)
            self.tell(connection, reach, found, contract.SHARE_ENDED)

        await self._room.write(found.space, work)
        self.changed()

    async def _mine(self, actor: Person, share: ShareId) -> Share:
        """A share that the actor made, or of what is theirs. Raises NoSuchShare."""
        found = await self._room.read(lambda c: shares.find(c, share))
        if found is None or actor.grants or actor.app:
            raise NoSuchShare
        own = await self._room.space_of(actor.id)
        if found.by != actor.id and found.space != own.id:
            raise NoSuchShare
        return found

    async def leave(self, actor: Person, node: NodeId) -> None:
        """What was received goes out of the actor's drive; what was shared with them alone ends.
        Raises NoSuchNode."""
        received = {one.node: one for one in await self._room.mounts.of(actor.id)}
        one = received.get(node)
        if one is None or actor.grants:
            raise NoSuchNode
        own = await self._room.reach(actor, write=True)
        ended = [share for share in one.shares if share.to_kind == "person"]
        reach = Reach(space=one.space, top=node, person=actor.id, by_app=actor.app or "")

        def work(connection: Connection) -> None:
            shares.remove(connection, [share.id for share in ended])
            stays = len(ended) < len(one.shares)
            shares.set_mount(connection, actor.id, node, is_left=stays)
            for share in ended:
                self.end_passed_on(connection, reach, share)
                self.tell(connection, reach, share, contract.SHARE_ENDED)

        await self._room.write(own.space.id, work)
        self._room.signal.ring(one.space.id)
        self.changed()

    async def come_back(self, actor: Person, node: NodeId) -> None:
        """What somebody left, and still may reach, stands in their drive again. Raises NoSuchNode."""
        if node not in {one.node for one in await self._room.mounts.of(actor.id)} or actor.grants:
            raise NoSuchNode
        own = await self._room.reach(actor, write=True)
        await self._room.write(own.space.id, lambda c: shares.set_mount(c, actor.id, node))
        self.changed()

    def end_passed_on(self, connection: Connection, reach: Reach, ended: Share) -> None:
        """Ends what was passed on by who received this, unless somebody else lets them do so too."""
        by = set(shares.makers_below(connection, ended.space)) - {reach.space.owner, ended.by}
        if ended.to_kind == "person":
            by &= {PersonId(ended.to)}
        for person in by:
            self._end_of(connection, reach, ended, person)

    def _end_of(self, connection: Connection, reach: Reach, ended: Share, person: PersonId) -> None:
        kept = [
            share.node
            for share in shares.of_person(connection, reach.space.id, person)
            if share.may_share and share.id != ended.id
        ]

        def is_below(node: NodeId) -> bool:
            line = nodes.ancestors(connection, node)
            return ended.node in line and not any(top in line for top in kept)

        for share in shares.passed_on(connection, reach.space.id, person):
            if is_below(share.node):
                shares.remove(connection, [share.id])
                self.tell(connection, reach, share, contract.SHARE_ENDED)
                self.end_passed_on(connection, reach, share)
        gone = [link for link in links.passed_on(connection, reach.space.id, person) if is_below(link.node)]
        links.remove(connection, [link.id for link in gone])
        for link in gone:
            self.tell_link(connection, reach, link, contract.SHARE_ENDED)

    async def give_away(self, actor: Person, node: NodeId, name: str) -> Node:
        """Makes a file or folder another's: it moves into their topmost folder and their quota, its shares
        and links end. Only to somebody of a group or an organisation of the actor's.

        Raises NobodyCalled, NotShareable for what is not the actor's, and as `Moving.move`."""
        to = await self.sharees.neighbour(actor.id, name)
        reach = await self.giver(actor, node, "edit")
        if reach.shares:
            raise NotShareable
        into = await self._room.reach_of(to)
        found = await self._room.read(lambda c: self.shareable(c, reach, node))
        free = await self._room.read(lambda c: free_name(c, into.top, found.name))
        crossing = Crossing(self._room, reach, into, into.top, free, NO_TOKENS)
        placed = await crossing.move(node, ANY, lambda c, path, source: False)

        def work(connection: Connection) -> None:
            below = list(nodes.ids_below(connection, node))
            shares.remove_of_nodes(connection, below)
            links.remove_of_nodes(connection, below)

        await self._room.write(reach.space.id, work)
        self.changed()
        await self._telling.shared(actor, placed.node, [to])
        return placed.node

    # Looking

    async def of_node(self, actor: Person, node: NodeId) -> tuple[list[Given], list[GivenLink], bool]:
        """Who may reach a node because it, or what it lies in, is shared; links; and whether the actor may
        share it. What others were given is seen by its owner, and by who passed it on."""
        reach = await self._room.reach(actor, at=node)

        def work(connection: Connection) -> tuple[list[Given], list[GivenLink]]:
            within(connection, reach, node)
            line = nodes.ancestors(connection, node)
            found = mounted.many(connection, line)
            is_owner = not reach.shares
            given = [s for s in shares.of_nodes(connection, line) if is_owner or s.by == actor.id]
            made = [k for k in links.of_nodes(connection, line) if is_owner or k.by == actor.id]
            return (
                [Given(share=share, node=found.get(share.node)) for share in given],
                [GivenLink(link=link, node=found.get(link.node)) for link in made],
            )

        given, made = await self._room.read(work)
        return given, made, await self.may_share(actor, node)

    async def may_share(self, actor: Person, node: NodeId) -> bool:
        try:
            await self.giver(actor, node, "view")
        except NotShareable:
            return False
        return True

    async def made(self, actor: Person) -> tuple[list[Given], list[GivenLink]]:
        """All that the actor shares, the newest first."""
        reach = await self._room.reach(actor)

        def work(connection: Connection) -> tuple[list[Given], list[GivenLink]]:
            given = shares.made_by(connection, actor.id, reach.space.id, MOST_SHOWN)
            made = links.made_by(connection, actor.id, reach.space.id, MOST_SHOWN)
            found = _living(connection, [*(one.node for one in given), *(one.node for one in made)])
            return (
                [Given(share=share, node=found.get(share.node)) for share in given],
                [GivenLink(link=link, node=found.get(link.node)) for link in made],
            )

        return await self._room.read(work)

    async def received(self, actor: Person) -> list[Taken]:
        """All that is shared with the actor, also what they left and may take up again."""
        reach = await self._room.reach(actor)
        if not reach.received:
            return []
        under = await self._room.read(lambda c: self._room.mounted(c, reach))
        names: dict[str, str] = {}
        taken: list[Taken] = []
        for one in reach.received:
            by = one.shares[0].by
            if by not in names:
                names[by] = await self.sharees.called("person", by)
            node = under.of(one.node) if under else None
            if node is not None or one.is_left:
                taken.append(Taken(received=one, node=node, by=names[by]))
        return taken

    async def shared_ones(self, actor: Person, ids: Sequence[NodeId]) -> set[NodeId]:
        """Those of the nodes that the actor shares with somebody, or by a link; one query each."""

        def work(connection: Connection) -> set[NodeId]:
            return shares.which(connection, ids) | links.which(connection, ids)

        return await self._room.read(work) if ids else set()

    # Telling

    def changed(self) -> None:
        """Who has received what is looked up anew, by everybody."""
        self._room.mounts.forget()

    def tell(self, connection: Connection, reach: Reach, share: Share, event: str) -> None:
        """Journal, audit and event, for whoever follows the space."""
        what = event.rpartition(".")[2]
        self._room.context.audit.add(
            connection, reach.person, f"drive.share.{what}", contract.address_of(share.node), reach.by_app
        )
        note_share(connection, reach.person, share.node, event, self._room.now_s())
        facts = {"by": share.by, "to_kind": share.to_kind, "to": share.to, "mode": share.mode}
        self._room.context.outbox.add(connection, event, contract.address_of(share.node), facts)

    def tell_link(self, connection: Connection, reach: Reach, link: Link, event: str) -> None:
        what = event.rpartition(".")[2]
        self._room.context.audit.add(
            connection, reach.person, f"drive.link.{what}", contract.address_of(link.node), reach.by_app
        )
        note_link(connection, reach.person, link.node, event, self._room.now_s())
        facts = {"by": link.by, "to_kind": "link", "to": link.id, "mode": link.mode}
        self._room.context.outbox.add(connection, event, contract.address_of(link.node), facts)


def _living(connection: Connection, ids: Sequence[NodeId]) -> dict[NodeId, Node]:
    """Those of the nodes that are not in the trash of their space."""
    found = mounted.many(connection, list(dict.fromkeys(ids)))
    tops = mounted.tops(connection, list(found))
    trashes = shares.trashes(connection, list({node.space for node in found.values()}))
    return {id_: node for id_, node in found.items() if id_ in tops and tops[id_] not in trashes}


def _check(terms: Terms, now_s: float) -> None:
    """Raises BadInput."""
    if terms.until_s and terms.until_s <= now_s:
        raise BadInput("until", _("This day is over already."))
    if len(terms.note) > MOST_NOTE:
        raise BadInput("note", _("This is too long."))
