"""The OCS Share API (`apps/files_sharing/api/v1`), as Nextcloud's clients speak it."""

from datetime import UTC, datetime

from synfonium.apps.drive.errors import NoSuchShare
from synfonium.apps.drive.model import Node
from synfonium.apps.drive.model.share import Link, LinkMode, Mode, Share
from synfonium.apps.drive.nextcloud.ask import Ask, Handler, OcsRefused
from synfonium.apps.drive.nextcloud.shared import (
    ALL,
    CREATE,
    GROUP,
    LINK,
    READ,
    SHARE,
    UPDATE,
    USER,
    WRITE,
    Answer,
    is_mine,
    link_as_told,
    share_as_told,
)
from synfonium.apps.drive.service.linking import KEEP, LinkTerms
from synfonium.apps.drive.service.sharees import Sharee
from synfonium.apps.drive.service.sharing import Terms
from synfonium.apps.drive.store import links, shares
from synfonium.apps.identity.contract import People

BASE = ("apps", "files_sharing", "api", "v1")
DAY_S = 86400


def route(asked: tuple[str, ...]) -> Handler | None:
    """asked: the method and the names of the path."""
    method, names = asked[0], asked[1:]
    if method == "GET" and names in _NAMED:
        return _NAMED[names]
    if names[:5] != (*BASE, "shares") or len(names) > 6:
        return None
    return (_ONE if len(names) == 6 else _ALL).get(method)


async def _list(ask: Ask) -> list[Answer]:
    """Shares the actor made, of one `path`, or with `shared_with_me` those they received."""
    if _said(ask, "shared_with_me"):
        return await _received(ask)
    path = ask.given.get("path", "")
    if path.strip("/"):
        node = await _node(ask, path)
        given, made, _may = await ask.service.sharing.of_node(ask.person, node.id)
        own = node.id
        found = [await share_as_told(ask, one.share) for one in given if one.share.node == own]
        return found + [await link_as_told(ask, one.link) for one in made if one.link.node == own]
    every, with_links = await ask.service.sharing.made(ask.person)
    found = [await share_as_told(ask, one.share) for one in every if one.node]
    return found + [await link_as_told(ask, one.link) for one in with_links if one.node]


async def _received(ask: Ask) -> list[Answer]:
    taken = await ask.service.sharing.received(ask.person)
    return [await share_as_told(ask, share) for one in taken if one.node for share in one.received.shares]


async def _inherited(ask: Ask) -> list[Answer]:
    """By what lies above `path`."""
    own = (await _node(ask, ask.given.get("path", ""))).id
    given, made, _may = await ask.service.sharing.of_node(ask.person, own)
    found = [await share_as_told(ask, one.share) for one in given if one.node and one.node.id != own]
    return found + [await link_as_told(ask, one.link) for one in made if one.node and one.node.id != own]


async def _none(ask: Ask) -> list[Answer]:
    """A share is in force without being accepted; one that was left is had again from its giver."""
    return []


async def _make(ask: Ask) -> Answer:
    kind, node = _number(ask, "shareType", -1), await _node(ask, ask.given.get("path", ""))
    if kind == LINK:
        made = await ask.service.linking.make(ask.person, node.id, _link_terms(ask, node, None))
        return await link_as_told(ask, made)
    if kind not in (USER, GROUP):
        raise OcsRefused(400, "Unknown share type")
    to = await _sharee(ask, kind, ask.given.get("shareWith", ""))
    terms = _terms(ask, node, None)
    return await share_as_told(ask, await ask.service.sharing.make_with(ask.person, node.id, to, terms))


async def _sharee(ask: Ask, kind: int, name: str) -> Sharee:
    sharees, me = ask.service.sharing.sharees, ask.person.id
    if kind == GROUP:
        for one in await sharees.together(me):
            if name in (one.id, one.name):
                return one
        raise OcsRefused(404, "Please specify a valid group")
    found = await ask.context.offer(People).by_name(name)  # type: ignore[type-abstract]
    if found is None or found.is_suspended or found.id == me:
        raise OcsRefused(404, "Please specify a valid account to share with")
    return Sharee(kind="person", id=found.id, name=found.name, display=found.display)


async def _show(ask: Ask) -> list[Answer]:
    share, link = await _found(ask)
    if share:
        return [await share_as_told(ask, share)]
    assert link is not None
    return [await link_as_told(ask, link)]


async def _change(ask: Ask) -> Answer:
    share, link = await _found(ask)
    if share:
        node = await ask.service.tree.node(ask.person, share.node)
        changed = await ask.service.sharing.change(ask.person, share.id, _terms(ask, node, share))
        return await share_as_told(ask, changed)
    assert link is not None
    node = await ask.service.tree.node(ask.person, link.node)
    terms = _link_terms(ask, node, link)
    return await link_as_told(ask, await ask.service.linking.change(ask.person, link.id, terms))


async def _end(ask: Ask) -> list[object]:
    share, link = await _found(ask)
    if link:
        await ask.service.linking.end(ask.person, link.id)
    elif share and await is_mine(ask, share):
        await ask.service.sharing.end(ask.person, share.id)
    elif share:
        await ask.service.sharing.leave(ask.person, share.node)
    return []


_ALL: dict[str, Handler] = {"GET": _list, "POST": _make}
_ONE: dict[str, Handler] = {"GET": _show, "PUT": _change, "DELETE": _end}
_NAMED: dict[tuple[str, ...], Handler] = {
    (*BASE, "shares", "inherited"): _inherited,
    (*BASE, "shares", "pending"): _none,
    (*BASE, "deletedshares"): _none,
    (*BASE, "remote_shares"): _none,
    (*BASE, "remote_shares", "pending"): _none,
}


async def _found(ask: Ask) -> tuple[Share | None, Link | None]:
    """What has this number, and is the actor's or received by them. Raises NoSuchShare."""
    text = ask.names[-1]
    if not (text.isascii() and text.isdigit() and len(text) < 17):
        raise NoSuchShare
    number, room = int(text), ask.service.room
    link = await room.read(lambda c: links.by_number(c, number))
    if link is not None:
        return None, await ask.service.linking.mine(ask.person, link.id)
    share = await room.read(lambda c: shares.by_number(c, number))
    received = [one.id for got in await room.mounts.of(ask.person.id) for one in got.shares]
    if share is None or not (share.id in received or await is_mine(ask, share)):
        raise NoSuchShare
    return share, None


async def _node(ask: Ask, path: str) -> Node:
    names = [name for name in path.split("/") if name]
    found = await ask.service.tree.resolve(ask.person, names)
    if not names or len(found) <= len(names):
        raise OcsRefused(404, "Wrong path, file/folder does not exist")
    return found[-1]


# What is asked


def _said(ask: Ask, name: str) -> bool:
    return ask.given.get(name, "") in ("true", "1", "yes")


def _number(ask: Ask, name: str, otherwise: int) -> int:
    text = ask.given.get(name, "")
    if not text:
        return otherwise
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise OcsRefused(400, f"Wrong {name}")
    return int(text)


def _mode(node: Node, permissions: int) -> Mode:
    """View or edit: what lies between them is not promised, so it is refused. Raises OcsRefused."""
    if not permissions & READ or permissions > ALL:
        raise OcsRefused(400, "Shares need at least read permissions")
    asked = permissions & (UPDATE if node.is_file else WRITE)
    if not asked:
        return "view"
    if asked != (UPDATE if node.is_file else WRITE):
        raise OcsRefused(400, "Shares are to be seen, or to be changed")
    return "edit"


def _terms(ask: Ask, node: Node, before: Share | None) -> Terms:
    if "permissions" in ask.given or before is None:
        permissions = _number(ask, "permissions", ALL)
        mode, may_share = _mode(node, permissions), bool(permissions & SHARE)
    else:
        mode, may_share = before.mode, before.may_share
    return Terms(
        mode=mode,
        may_share=may_share,
        until_s=_until(ask, before.until_s if before else 0.0),
        note=ask.given.get("note", before.note if before else ""),
    )


def _link_terms(ask: Ask, node: Node, before: Link | None) -> LinkTerms:
    mode: LinkMode = before.mode if before else "view"
    if "permissions" in ask.given:
        mode = _link_mode(node, _number(ask, "permissions", READ))
    elif "publicUpload" in ask.given:
        mode = "edit" if _said(ask, "publicUpload") else "view"
    has_password = "password" in ask.given or before is None
    return LinkTerms(
        mode=mode,
        label=ask.given.get("label", before.label if before else ""),
        password=ask.given.get("password", "") if has_password else KEEP,
        until_s=_until(ask, before.until_s if before else 0.0),
        most_downloads=before.most_downloads if before else 0,
        note=ask.given.get("note", before.note if before else ""),
    )


def _link_mode(node: Node, permissions: int) -> LinkMode:
    if permissions & ~SHARE == CREATE:
        return "drop"
    return _mode(node, permissions)


def _until(ask: Ask, before: float) -> float:
    """The end of a day; an empty one takes it away. Raises OcsRefused."""
    if "expireDate" not in ask.given:
        return before
    text = ask.given["expireDate"].strip().strip('"')[:10]
    if not text:
        return 0.0
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp() + DAY_S
    except (ValueError, OverflowError):
        raise OcsRefused(400, "Invalid date, date format must be YYYY-MM-DD") from None


# Sharees


async def sharees(ask: Ask) -> Answer:
    """Whom the actor may share with, by what they type. Nobody is told of people they do not know."""
    text = ask.given.get("search", "")
    found = await ask.service.sharing.sharees.search(ask.person.id, text)
    exact = [one for one in found if one.kind == "person" and one.name == text.strip()]
    people = [_sharee_of(one) for one in found if one.kind == "person" and one not in exact]
    groups = [_sharee_of(one) for one in found if one.kind != "person"]
    rest: dict[str, object] = {"remotes": [], "remote_groups": [], "emails": [], "circles": [], "rooms": []}
    return {
        "exact": {"users": [_sharee_of(one) for one in exact], "groups": [], **rest},
        "users": people,
        "groups": groups,
        "lookup": [],
        "lookupEnabled": False,
        **rest,
    }


def _sharee_of(one: Sharee) -> Answer:
    is_person = one.kind == "person"
    return {
        "label": one.display or one.name,
        "value": {"shareType": USER if is_person else GROUP, "shareWith": one.name if is_person else one.id},
        "shareWithDisplayNameUnique": one.name,
        "subline": "",
        "icon": "",
        "status": [],
    }


def capabilities() -> Answer:
    """What of sharing works here."""
    return {
        "files_sharing": {
            "api_enabled": True,
            "public": {
                "enabled": True,
                "password": {"enforced": False, "askForOptionalPassword": False},
                "expire_date": {"enabled": False},
                "multiple_links": True,
                "send_mail": False,
                "upload": True,
                "upload_files_drop": True,
                "custom_tokens": False,
            },
            "user": {"send_mail": False, "expire_date": {"enabled": False}},
            "group": {"enabled": True, "expire_date": {"enabled": False}},
            "resharing": True,
            "group_sharing": True,
            "default_permissions": ALL,
            "federation": {"outgoing": False, "incoming": False},
            "sharee": {"query_lookup_default": False, "always_show_unique": True},
            "sharebymail": {"enabled": False},
        }
    }
