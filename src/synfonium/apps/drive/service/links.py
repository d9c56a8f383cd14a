"""Short-lived links to a file's content, for the content origin, which knows no session."""

import base64
import binascii
import hmac

import msgspec
from blake3 import blake3

from synfonium.apps.drive.errors import NoSuchNode
from synfonium.apps.drive.model import Node, NodeId, Space, VersionId
from synfonium.apps.drive.model.media import may_be_shown
from synfonium.apps.drive.service.files import Content, Files
from synfonium.apps.drive.service.room import Room
from synfonium.apps.drive.service.versions import as_it_was
from synfonium.apps.drive.store import history, nodes, spaces
from synfonium.kernel.actor import Person

LIFETIME_S = 600
# A player asks for the next piece of a film while it is watched.
PLAYED_S = 6 * 3600
_MAC_BYTES = 16


class _Claim(msgspec.Struct, frozen=True, array_like=True):
    node: NodeId
    version: VersionId
    expires_s: int
    is_shown: bool


class LinkExpired(NoSuchNode):
    """The link is over, was changed, or names a version that is gone."""

    code = "drive.link_expired"


class Links:
    """Makes and opens signed tokens; they name one version by ids and carry no name."""

    def __init__(self, room: Room, files: Files) -> None:
        self._room, self._files = room, files
        self._key = room.context.secrets.derive("drive/content-links")

    async def make(
        self, actor: Person, node: NodeId, *, is_shown: bool = False, lifetime_s: int = LIFETIME_S
    ) -> str:
        """A token for the file as it is now, to be saved or `is_shown`. Raises NoSuchNode, NotThatKind."""
        content = await self._files.content(actor, node)
        return self.made(content, is_shown=is_shown, lifetime_s=lifetime_s)

    def made(self, content: Content, *, is_shown: bool = False, lifetime_s: int = LIFETIME_S) -> str:
        """A token for a content that somebody has just been given, an old version's too."""
        assert content.node.version is not None
        longest_s = max(lifetime_s, _played_s(content.node, is_shown=is_shown))
        expires_s = int(self._room.now_s()) + longest_s
        claim = msgspec.msgpack.encode(_Claim(content.node.id, content.node.version, expires_s, is_shown))
        return base64.urlsafe_b64encode(claim + self._mac(claim)).decode().rstrip("=")

    async def open(self, token: str) -> tuple[Content, bool]:
        """The content, and whether to show it rather than to save it. Raises LinkExpired."""
        claim = self._read(token)
        if claim.expires_s < self._room.now_s():
            raise LinkExpired
        found = await self._room.read(lambda c: (nodes.find(c, claim.node), history.find(c, claim.version)))
        node, version = found
        if node is None or version is None or version.node != node.id:
            raise LinkExpired
        content = Content(node=as_it_was(node, version), space=await self._space(node), blob=version.blob)
        return content, claim.is_shown and may_be_shown(node.media_type)

    async def _space(self, node: Node) -> Space:
        space = await self._room.read(lambda c: spaces.by_id(c, node.space))
        if space is None:
            raise LinkExpired
        return space

    def _read(self, token: str) -> _Claim:
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise LinkExpired from None
        claim, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
        if len(token) > 500 or not hmac.compare_digest(mac, self._mac(claim)):
            raise LinkExpired
        return msgspec.msgpack.decode(claim, type=_Claim)

    def _mac(self, claim: bytes) -> bytes:
        return blake3(claim, key=self._key).digest(_MAC_BYTES)


def _played_s(node: Node, *, is_shown: bool) -> int:
    return PLAYED_S if is_shown and node.media_type.startswith(("audio/", "video/")) else 0
