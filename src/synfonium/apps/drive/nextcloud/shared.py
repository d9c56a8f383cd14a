"""What Nextcloud's clients are told of shares: as elements of the Share API, and in listings."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from synfonium.apps.drive.model import Node, NodeId
from synfonium.apps.drive.model.share import Link, LinkMode, Share
from synfonium.apps.drive.nextcloud.ask import Ask
from synfonium.apps.drive.nextcloud.properties import NC, OC
from synfonium.apps.drive.nextcloud.request import permissions_of as letters_of
from synfonium.apps.drive.service import DriveService
from synfonium.apps.drive.service.announced import Values
from synfonium.apps.drive.service.rights import Right
from synfonium.apps.identity.contract import People
from synfonium.common.ids import PersonId
from synfonium.kernel.actor import Person

READ, UPDATE, CREATE, DELETE, SHARE = 1, 2, 4, 8, 16
WRITE = UPDATE | CREATE | DELETE
ALL = READ | WRITE | SHARE
USER, GROUP, LINK = 0, 1, 3
Answer = Mapping[str, object]


async def is_mine(ask: Ask, share: Share) -> bool:
    """Whether the actor made it, or it is of what is theirs."""
    own = await ask.service.room.space_of(ask.person.id)
    return share.by == ask.person.id or share.space == own.id


def permissions_of(node: Node, mode: LinkMode, *, may_share: bool) -> int:
    """OCS's bits."""
    if mode in ("drop", "drop_own"):
        return CREATE
    bits = READ | (SHARE if may_share else 0)
    if mode == "edit":
        bits |= UPDATE if node.is_file else WRITE
    return bits


async def share_as_told(ask: Ask, share: Share) -> Answer:
    """A share with a person or a group."""
    path = await ask.service.tree.path(ask.person, share.node)
    name = share.to
    if share.to_kind == "person":
        name = (await _person(ask, share.to))[0]
    return {
        **await _common(ask, path, share.number, share.by, share.until_s, share.made_s),
        "share_type": USER if share.to_kind == "person" else GROUP,
        "permissions": permissions_of(path[-1], share.mode, may_share=share.may_share),
        "share_with": name,
        "share_with_displayname": share.to_name,
        "share_with_displayname_unique": name,
        "note": share.note,
        "label": "",
        "token": None,
        "can_edit": await is_mine(ask, share),
        "can_delete": True,
    }


async def link_as_told(ask: Ask, link: Link) -> Answer:
    """A link, with its address."""
    path = await ask.service.tree.path(ask.person, link.node)
    hidden = "***redacted***" if link.password_hash else None
    return {
        **await _common(ask, path, link.number, link.by, link.until_s, link.made_s),
        "share_type": LINK,
        "permissions": permissions_of(path[-1], link.mode, may_share=False),
        "share_with": hidden,
        "share_with_displayname": hidden,
        "password": hidden,
        "send_password_by_talk": False,
        "note": link.note,
        "label": link.label,
        "token": ask.service.linking.token(link.id),
        "url": ask.service.linking.url(link.id),
        "can_edit": True,
        "can_delete": True,
    }


async def _common(
    ask: Ask, path: tuple[Node, ...], number: int, by: PersonId, until_s: float, made_s: float
) -> Answer:
    node, (maker, maker_display) = path[-1], await _person(ask, by)
    space = await ask.service.room.owner_of(node)
    owner, owner_display = await _person(ask, space)
    place = "/" + "/".join(step.name for step in path[1:])
    return {
        "id": str(number),
        "uid_owner": maker,
        "displayname_owner": maker_display,
        "uid_file_owner": owner,
        "displayname_file_owner": owner_display,
        "stime": int(made_s),
        "expiration": _day(until_s),
        "parent": None,
        "path": place,
        "file_target": place,
        "item_type": node.kind,
        "mimetype": node.media_type or "httpd/unix-directory",
        "item_source": node.number,
        "file_source": node.number,
        "file_parent": path[-2].number if len(path) > 1 else 0,
        "item_size": node.size_bytes,
        "item_mtime": int(node.modified_s),
        "has_preview": False,
        "storage_id": "home",
        "storage": 1,
        "mail_send": 0,
        "hide_download": 0,
        "attributes": None,
    }


def _day(until_s: float) -> str | None:
    return datetime.fromtimestamp(until_s - 1, UTC).strftime("%Y-%m-%d 00:00:00") if until_s else None


async def _person(ask: Ask, id_: str) -> tuple[str, str]:
    """Name and display; the id for what is no person."""
    if id_ == ask.person.id:
        return ask.person.name, ask.person.display
    found = await ask.context.offer(People).by_id(PersonId(id_))  # type: ignore[type-abstract]
    return (found.name, found.display) if found else (id_, id_)


# Properties in listings


def properties_of(service: DriveService) -> dict[tuple[str, str], Values]:
    """What clients ask of many nodes at once."""

    async def letters(actor: Person, nodes: Sequence[Node]) -> Mapping[NodeId, str]:
        received = await service.rights.received(actor, nodes)
        if not received:
            return {node.id: letters_of(node) for node in nodes}
        return {node.id: _letters(node, received.get(node.id)) for node in nodes}

    async def types(actor: Person, nodes: Sequence[Node]) -> Mapping[NodeId, str]:
        found = await service.rights.share_types(nodes)
        return {
            id_: "".join(f"<oc:share-type>{number}</oc:share-type>" for number in sorted(numbers))
            for id_, numbers in found.items()
        }

    async def taken(actor: Person, nodes: Sequence[Node]) -> Mapping[NodeId, str]:
        found = await service.photos.times(nodes)
        return {id_: str(int(time_s)) for id_, time_s in found.items()}

    return {
        (OC, "permissions"): letters,
        (OC, "share-types"): types,
        (NC, "metadata-photos-original_date_time"): taken,
    }


def _letters(node: Node, right: Right | None) -> str:
    """S: shared with the person; M: mounted. G reads, R shares, D removes (a mount: leaves), N and V
    rename and move, W writes, C and K make files and folders."""
    if right is None:
        return letters_of(node)
    said = "SM" if right.is_mount else "S"
    said += "RG" if right.may_share else "G"
    if right.is_mount or right.mode == "edit":
        said += "DNV"
    if right.mode == "edit":
        said += "W" if node.is_file else "CK"
    return said
