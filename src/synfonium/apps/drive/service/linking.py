"""Links: whoever has one reaches a file or folder, within what it allows."""

import asyncio
import base64
import hashlib
import secrets
from collections.abc import Sequence

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from blake3 import blake3
from sqlalchemy import Connection

from synfonium.apps.drive import contract
from synfonium.apps.drive.errors import (
    LinkGone,
    NoSuchShare,
    NotThatKind,
    TooManyShares,
    VaultStaysShut,
    WrongPassword,
)
from synfonium.apps.drive.model import Node, NodeId
from synfonium.apps.drive.model.share import ADDING, Link, LinkId, LinkMode
from synfonium.apps.drive.service.room import Guest, Room
from synfonium.apps.drive.service.sharing import MOST_NOTE, NUMBER_BITS, Sharing
from synfonium.apps.drive.service.tickets import Ticket, Tickets
from synfonium.apps.drive.service.tries import Tries
from synfonium.apps.drive.service.vaults import is_within
from synfonium.apps.drive.store import links, mounted, nodes
from synfonium.common.ids import PersonId, new_id
from synfonium.common.problem import BadInput
from synfonium.kernel.actor import Person
from synfonium.kernel.i18n import _

MOST_OF_NODE = 100
TOKEN_BYTES = 24
TOKEN_CHARACTERS = 32
MOST_LABEL = 100
LONGEST_PASSWORD = 200
MOST_DOWNLOADS = 1_000_000
MOST_SENT = 500
AT_ONCE = 2
KEEP = "\0"
"""Stands for the password that a link has already."""


class LinkTerms(msgspec.Struct, frozen=True, kw_only=True):
    """What a link allows. password: empty for none, KEEP for the one it has. until_s, most_downloads: 0 for
    no end."""

    mode: LinkMode = "view"
    label: str = ""
    password: str = ""
    until_s: float = 0.0
    most_downloads: int = 0
    note: str = ""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A link that somebody came by. guest: None until they have shown its password."""

    link: Link
    guest: Guest | None
    ticket: Ticket | None


class Linking:
    """Links of one actor, and those who come by one."""

    def __init__(self, room: Room, sharing: Sharing) -> None:
        self._room, self._sharing = room, sharing
        self.tickets = Tickets(room.context.secrets)
        self._tokens = room.context.secrets.derive("drive/link-tokens")
        self._hasher, self._few = PasswordHasher(), asyncio.Semaphore(AT_ONCE)
        self._tries = Tries()

    # The owner's side

    async def make(self, actor: Person, node: NodeId, terms: LinkTerms) -> Link:
        """Raises NotShareable, NoSuchNode, TopStays, NotThatKind (to drop into a file), TooManyShares,
        BadInput."""
        reach = await self._sharing.giver(actor, node, _needs(terms.mode))
        self._check(terms)
        password_hash = await self._hash(terms.password)
        now_s = self._room.now_s()
        id_ = LinkId(new_id(now_s))
        link = Link(
            id=id_,
            number=secrets.randbits(NUMBER_BITS),
            space=reach.space.id,
            node=node,
            by=reach.person,
            token_hash=_hash_of(self.token(id_)),
            label=terms.label.strip(),
            mode=terms.mode,
            password_hash=password_hash,
            until_s=terms.until_s,
            most_downloads=terms.most_downloads,
            note=terms.note.strip(),
            made_s=now_s,
        )

        def work(connection: Connection) -> None:
            found = self._sharing.shareable(connection, reach, node)
            if is_within(connection, node):
                raise VaultStaysShut
            if found.is_file and terms.mode in ("drop", "drop_own"):
                raise NotThatKind
            if len(links.of_nodes(connection, [node])) >= MOST_OF_NODE:
                raise TooManyShares
            links.add(connection, link)
            self._sharing.tell_link(connection, reach, link, contract.SHARE_MADE)

        await self._room.write(reach.space.id, work)
        return link

    async def change(self, actor: Person, id_: LinkId, terms: LinkTerms) -> Link:
        """Raises NoSuchShare, and as `make`."""
        found = await self.mine(actor, id_)
        reach = await self._sharing.giver(actor, found.node, _needs(terms.mode))
        self._check(terms)
        kept = found.password_hash if terms.password == KEEP else await self._hash(terms.password)
        changed = msgspec.structs.replace(
            found,
            label=terms.label.strip(),
            mode=terms.mode,
            password_hash=kept,
            until_s=terms.until_s,
            most_downloads=terms.most_downloads,
            note=terms.note.strip(),
        )

        def work(connection: Connection) -> None:
            node = self._sharing.shareable(connection, reach, found.node)
            if node.is_file and terms.mode in ("drop", "drop_own"):
                raise NotThatKind
            links.change(connection, changed)
            self._sharing.tell_link(connection, reach, changed, contract.SHARE_MADE)

        await self._room.write(found.space, work)
        return changed

    async def end(self, actor: Person, id_: LinkId) -> Link:
        """Closes a link, at once. Raises NoSuchShare."""
        found = await self.mine(actor, id_)
        reach = await self._room.reach(actor)

        def work(connection: Connection) -> None:
            links.remove(connection, [id_])
            self._sharing.tell_link(connection, reach, found, contract.SHARE_ENDED)

        await self._room.write(found.space, work)
        return found

    async def mine(self, actor: Person, id_: LinkId) -> Link:
        """A link that the actor made, or to what is theirs. Raises NoSuchShare."""
        found = await self._room.read(lambda c: links.find(c, id_))
        own = await self._room.space_of(actor.id)
        if found is None or actor.grants or actor.app or (found.by != actor.id and found.space != own.id):
            raise NoSuchShare
        return found

    def token(self, id_: LinkId) -> str:
        """192 bits that only this installation can make of the id: the table has their hash."""
        raw = blake3(id_.encode(), key=self._tokens).digest(TOKEN_BYTES)
        return base64.urlsafe_b64encode(raw).decode()

    def url(self, id_: LinkId) -> str:
        return f"{self._room.context.site.public_url}/s/{self.token(id_)}"

    def _check(self, terms: LinkTerms) -> None:
        """Raises BadInput."""
        if terms.until_s and terms.until_s <= self._room.now_s():
            raise BadInput("until", _("This day is over already."))
        if len(terms.note) > MOST_NOTE or len(terms.label) > MOST_LABEL:
            raise BadInput("label", _("This is too long."))
        if len(terms.password) > LONGEST_PASSWORD:
            raise BadInput("password", _("This is too long."))
        if not 0 <= terms.most_downloads <= MOST_DOWNLOADS:
            raise BadInput("downloads", _("This is no number of downloads."))

    async def _hash(self, password: str) -> str:
        if not password or password == KEEP:
            return ""
        async with self._few:
            return await asyncio.to_thread(self._hasher.hash, password)

    # Whoever comes by one

    async def come(self, token: str, ticket: str) -> Entry:
        """Raises LinkGone, the same for a link that never was and one that is over."""
        if len(token) != TOKEN_CHARACTERS:
            raise LinkGone
        link = await self._room.read(lambda c: self._alive(c, token))
        if link is None:
            raise LinkGone
        shown = self.tickets.read(ticket, link, self._room.now_s())
        guest = _guest(link, shown) if self.tickets.is_let_in(shown, link) else None
        return Entry(link=link, guest=guest, ticket=shown)

    def _alive(self, connection: Connection, token: str) -> Link | None:
        """The link, unless it is over, used up, or leads to what is in the trash."""
        link = links.by_token(connection, _hash_of(token), self._room.now_s())
        if link is None or (link.most_downloads and link.downloads >= link.most_downloads):
            return None
        top = mounted.tops(connection, [link.node]).get(link.node)
        is_there = top is not None and top not in links.trash_of(connection, link.space)
        return link if is_there else None

    async def show_password(self, entry: Entry, password: str) -> str:
        """The ticket for who knows it. Raises WrongPassword, TooManyTries."""
        now_s = self._room.now_s()
        if entry.link.password_hash:
            self._tries.take(entry.link.id, now_s)
            if not await self._is_right(entry.link.password_hash, password[:LONGEST_PASSWORD]):
                raise WrongPassword
            self._tries.forgive(entry.link.id)
        return self.tickets.make(entry.link, now_s, knows=True, before=entry.ticket)

    async def _is_right(self, hashed: str, password: str) -> bool:
        def work() -> bool:
            try:
                return self._hasher.verify(hashed, password)
            except (VerificationError, InvalidHashError):
                return False

        async with self._few:
            return await asyncio.to_thread(work)

    async def take_download(self, link: Link) -> None:
        """Counts one, exactly: two that come at once cannot both have the last. Raises LinkGone."""
        if not await self._room.write(link.space, lambda c: links.take_download(c, link.id)):
            raise LinkGone

    def ticket_for(self, entry: Entry) -> str:
        """What a browser keeps to be known as who has sent something."""
        return self.tickets.make(entry.link, self._room.now_s(), knows=True, before=entry.ticket)

    async def note_sent(self, guest: Guest, nodes: Sequence[NodeId]) -> None:
        """Remembers which browser sent them, so that it sees them again."""

        def work(connection: Connection) -> None:
            for node in nodes:
                links.add_sent(connection, guest.link, node, guest.sender)

        await self._room.context.database.write(work)

    async def name_of(self, guest: Guest) -> str:
        """What the folder that somebody adds to is called."""
        found = await self._room.read(lambda c: nodes.find(c, guest.node))
        return found.name if found else ""

    async def sent(self, guest: Guest) -> list[Node]:
        """What this browser has sent and is still there."""

        def work(connection: Connection) -> list[Node]:
            ids = links.sent_by(connection, guest.link, guest.sender, MOST_SENT)
            found, tops = mounted.many(connection, ids), mounted.tops(connection, ids)
            home = mounted.tops(connection, [guest.node]).get(guest.node)
            return [found[id_] for id_ in ids if id_ in found and tops.get(id_) == home]

        return await self._room.read(work)


def _guest(link: Link, ticket: Ticket | None) -> Guest:
    return Guest(
        id=PersonId(link.id),
        name="",
        display="",
        link=link.id,
        node=link.node,
        mode=link.mode,
        sender=ticket.sender if ticket else b"",
    )


def with_ticket(entry: Entry, ticket: Ticket | None) -> Guest:
    """The same guest, known by another ticket."""
    return _guest(entry.link, ticket)


def _hash_of(token: str) -> bytes:
    """Fast: 192 random bits need no slow hash."""
    return hashlib.sha256(token.encode()).digest()


def _needs(mode: LinkMode) -> str:
    """What the maker of a link must be able to do themselves."""
    return "edit" if mode in ADDING else "view"
