"""Short-lived links to a file's content, for the content origin, which knows no session."""

import base64
import binascii
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Sequence
from itertools import accumulate, pairwise

import msgspec
from blake3 import blake3

from synfonium.apps.drive.errors import NoSuchNode, NotThatKind
from synfonium.apps.drive.model import Node, NodeId, Space, VersionId
from synfonium.apps.drive.model.media import may_be_shown
from synfonium.apps.drive.model.share import LinkId, LinkMode, ShareId
from synfonium.apps.drive.service.files import Content, Files
from synfonium.apps.drive.service.room import Guest, Reach, Room, is_open, within
from synfonium.apps.drive.service.versions import as_it_was
from synfonium.apps.drive.store import history, nodes, spaces
from synfonium.common.ids import PersonId
from synfonium.kernel.actor import Person

LIFETIME_S = 600
# A player asks for the next piece of a film while it is watched.
PLAYED_S = 6 * 3600
KEPT_BEGUN = 100_000
TOKEN_CHARACTERS = 500
# For an archive of what was chosen; proxies commonly take addresses of 8 KiB.
CHOSEN_CHARACTERS = 5_000
_MAC_BYTES = 16


class _Claim(msgspec.Struct, frozen=True, array_like=True):
    node: NodeId
    version: VersionId
    expires_s: int
    is_shown: bool
    shares: tuple[ShareId, ...] = ()
    link: LinkId = LinkId("")
    once: str = ""
    """What is taken once alone is begun once; that can go on from where it was cut."""


class _Folder(msgspec.Struct, frozen=True, array_like=True):
    """A folder with all below it, to be taken as an archive."""

    folder: NodeId
    person: PersonId
    guest: tuple[LinkId, NodeId, LinkMode] | None
    expires_s: int
    once: str = ""
    steps: tuple[int, ...] = ()
    """Of what was chosen in the folder, when not all is wanted: the numbers, each as its distance from the
    one before, so that some hundred find room in an address."""


class LinkExpired(NoSuchNode):
    """The link is over, was changed, or names a version that is gone."""

    code = "drive.link_expired"


class Links:
    """Makes and opens signed tokens; they name one version by ids and carry no name."""

    def __init__(self, room: Room, files: Files) -> None:
        self._room, self._files = room, files
        self._begun: OrderedDict[str, None] = OrderedDict()
        self._key = room.context.secrets.derive("drive/content-links")

    async def make(
        self, actor: Person, node: NodeId, *, is_shown: bool = False, lifetime_s: int = LIFETIME_S
    ) -> str:
        """A token for the file as it is now, to be saved or `is_shown`. Raises NoSuchNode, NotThatKind."""
        content = await self._files.content(actor, node)
        return self.made(content, is_shown=is_shown, lifetime_s=lifetime_s)

    def made(
        self, content: Content, *, is_shown: bool = False, lifetime_s: int = LIFETIME_S, once: bool = False
    ) -> str:
        """A token for a content that somebody has just been given, an old version's too."""
        node = content.node
        assert node.version is not None
        longest_s = max(lifetime_s, _played_s(node, is_shown=is_shown))
        expires_s = int(self._room.now_s()) + longest_s
        nonce = secrets.token_urlsafe(9) if once else ""
        claim = _Claim(node.id, node.version, expires_s, is_shown, content.shares[:5], content.link, nonce)
        return self._sealed(msgspec.msgpack.encode(claim))

    async def make_folder(
        self, actor: Person, folder: NodeId, *, once: bool = False, chosen: Sequence[int] = ()
    ) -> str:
        """A token for a folder and all below it, as an archive. chosen: the numbers of those of its members
        that are wanted; none for all. Raises NoSuchNode, NotThatKind."""
        reach = await self._room.reach(actor, at=folder)
        if (await self._room.read(lambda c: within(c, reach, folder))).is_file:
            raise NotThatKind
        guest = (actor.link, actor.node, actor.mode) if isinstance(actor, Guest) else None
        expires_s = int(self._room.now_s()) + LIFETIME_S
        nonce = secrets.token_urlsafe(9) if once else ""
        ordered = sorted(set(chosen))
        steps = tuple(there - here for here, there in pairwise([0, *ordered]))
        claim = _Folder(folder, actor.id, guest, expires_s, nonce, steps)
        return "z" + self._sealed(msgspec.msgpack.encode(claim))

    async def open_folder(self, token: str) -> tuple[Person, NodeId, Sequence[int]]:
        """Who takes which folder, and which of its members, none for all. Raises LinkExpired."""
        claim = msgspec.msgpack.decode(self._claim(token[1:], CHOSEN_CHARACTERS), type=_Folder)
        if claim.expires_s < self._room.now_s():
            raise LinkExpired
        self._begin(claim.once)
        chosen = tuple(accumulate(claim.steps))
        if claim.guest is None:
            return Person(id=claim.person, name="", display=""), claim.folder, chosen
        link, node, mode = claim.guest
        guest = Guest(id=claim.person, name="", display="", link=link, node=node, mode=mode)
        return guest, claim.folder, chosen

    def _sealed(self, claim: bytes) -> str:
        return base64.urlsafe_b64encode(claim + self._mac(claim)).decode().rstrip("=")

    def begin(self, token: str, start: int) -> None:
        """What may be taken once begins. Raises LinkExpired when it has begun before."""
        if start == 0:
            self._begin(self._read(token).once)

    def _begin(self, once: str) -> None:
        if not once:
            return
        if once in self._begun:
            raise LinkExpired
        self._begun[once] = None
        if len(self._begun) > KEPT_BEGUN:
            self._begun.popitem(last=False)

    async def open(self, token: str) -> tuple[Content, bool]:
        """The content, and whether to show it rather than to save it. Raises LinkExpired."""
        claim = self._read(token)
        if claim.expires_s < self._room.now_s():
            raise LinkExpired
        found = await self._room.read(lambda c: (nodes.find(c, claim.node), history.find(c, claim.version)))
        node, version = found
        if node is None or version is None or version.node != node.id:
            raise LinkExpired
        reach = Reach(
            space=await self._space(node),
            top=node.id,
            person=PersonId(""),
            by_app="",
            shares=claim.shares,
            link=claim.link,
            asked_s=self._room.now_s(),
        )
        if not await self._room.read(lambda c: is_open(c, reach)):
            raise LinkExpired
        content = Content(node=as_it_was(node, version), space=reach.space, blob=version.blob)
        return content, claim.is_shown and may_be_shown(node.media_type)

    async def _space(self, node: Node) -> Space:
        space = await self._room.read(lambda c: spaces.by_id(c, node.space))
        if space is None:
            raise LinkExpired
        return space

    def _read(self, token: str) -> _Claim:
        return msgspec.msgpack.decode(self._claim(token), type=_Claim)

    def _claim(self, token: str, most_characters: int = TOKEN_CHARACTERS) -> bytes:
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise LinkExpired from None
        claim, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
        if len(token) > most_characters or not hmac.compare_digest(mac, self._mac(claim)):
            raise LinkExpired
        return claim

    def _mac(self, claim: bytes) -> bytes:
        return blake3(claim, key=self._key).digest(_MAC_BYTES)


def _played_s(node: Node, *, is_shown: bool) -> int:
    return PLAYED_S if is_shown and node.media_type.startswith(("audio/", "video/")) else 0
