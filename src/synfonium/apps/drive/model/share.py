"""What lets somebody reach what is another's."""

from typing import Literal, NewType

import msgspec

from synfonium.apps.drive.model.node import NodeId, Space, SpaceId
from synfonium.common.ids import PersonId

ShareId = NewType("ShareId", str)
LinkId = NewType("LinkId", str)
Mode = Literal["view", "edit"]
ToKind = Literal["person", "group", "organisation"]
LinkMode = Literal["view", "edit", "drop", "drop_own"]
"""view: look and download. edit: also add, change and remove. drop: add, and see nothing; drop_own: add,
and see what the same browser has added."""

SHOWING: frozenset[LinkMode] = frozenset({"view", "edit"})
ADDING: frozenset[LinkMode] = frozenset({"edit", "drop", "drop_own"})


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """`by` lets `to` reach `node` and all below it, until `until_s` (0: until it is taken back).

    number: for clients that need a small id. to_name: what they were called when it was made."""

    id: ShareId
    number: int
    space: SpaceId
    node: NodeId
    by: PersonId
    to_kind: ToKind
    to: str
    to_name: str = ""
    mode: Mode = "view"
    may_share: bool = False
    until_s: float = 0.0
    note: str = ""
    made_s: float = 0.0


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """Whoever shows its token reaches `node`, within `mode`.

    password_hash: argon2, empty for none. most_downloads: 0 for any number. blocked_s: when the
    operator closed it, 0 for not at all."""

    id: LinkId
    number: int
    space: SpaceId
    node: NodeId
    by: PersonId
    token_hash: bytes
    label: str = ""
    mode: LinkMode = "view"
    password_hash: str = ""
    until_s: float = 0.0
    most_downloads: int = 0
    downloads: int = 0
    note: str = ""
    made_s: float = 0.0
    blocked_s: float = 0.0


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """A node that is shared with a person, by one share or several, and where it stands in their drive.

    parent: a folder of theirs, None for the topmost one. name: theirs, or the owner's."""

    node: NodeId
    name: str
    space: Space
    shares: tuple[Share, ...]
    parent: NodeId | None = None
    is_left: bool = False

    def by(self, mode: Mode) -> tuple[ShareId, ...]:
        """The shares that give at least `mode`."""
        return tuple(share.id for share in self.shares if mode == "view" or share.mode == "edit")

    @property
    def mode(self) -> Mode:
        return "edit" if any(share.mode == "edit" for share in self.shares) else "view"

    @property
    def may_share(self) -> bool:
        return any(share.may_share for share in self.shares)
