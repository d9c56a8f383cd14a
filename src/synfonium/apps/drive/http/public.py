"""What whoever has a link sees: `/s/<token>`. No session is looked at; nothing of it is remembered but a
ticket, in a cookie of that link's path, for who has shown a password or sent something."""

from typing import Annotated, Any, Literal

import msgspec
from litestar import Request
from litestar.datastructures import Cookie
from litestar.enums import RequestEncodingType
from litestar.params import Body

from synfonium.apps.drive.errors import LinkGone, TooManyTries, WrongPassword
from synfonium.apps.drive.http.pages import PAGE_NODES
from synfonium.apps.drive.http.service import service_of
from synfonium.apps.drive.http.upload import receive_form
from synfonium.apps.drive.http.words import icon_of, may_be_shown
from synfonium.apps.drive.model import NodeId
from synfonium.apps.drive.model.share import ADDING, SHOWING
from synfonium.apps.drive.service.linking import Entry, with_ticket
from synfonium.apps.drive.service.room import Guest
from synfonium.apps.drive.service.tickets import LIFETIME_S
from synfonium.kernel.actor import Visitor
from synfonium.kernel.context import Context
from synfonium.kernel.doors import Page, See, get, post

COOKIE = "synfonium_link"
LARGEST_FORM_BYTES = 1 << 50
QUIET = {"x-robots-tag": "noindex, nofollow", "referrer-policy": "no-referrer", "cache-control": "no-store"}
AnyRequest = Request[Any, Any, Any]
Done = Literal["", "sent", "made", "trashed", "reported"]


class PasswordForm(msgspec.Struct, frozen=True, kw_only=True):
    password: str = ""


class NameForm(msgspec.Struct, frozen=True, kw_only=True):
    name: str


class NodeForm(msgspec.Struct, frozen=True, kw_only=True):
    node: str


PasswordData = Annotated[PasswordForm, Body(media_type=RequestEncodingType.URL_ENCODED)]
NameData = Annotated[NameForm, Body(media_type=RequestEncodingType.URL_ENCODED)]
NodeData = Annotated[NodeForm, Body(media_type=RequestEncodingType.URL_ENCODED)]


async def come(context: Context, request: AnyRequest, token: str) -> Entry:
    """The link, and who comes by it. Raises LinkGone."""
    return await service_of(context).linking.come(token, request.cookies.get(COOKIE, ""))


async def _guest(context: Context, request: AnyRequest, token: str) -> Guest:
    """Raises LinkGone, also for who has not shown the password: there is nothing here for them."""
    entry = await come(context, request, token)
    if entry.guest is None:
        raise LinkGone
    return entry.guest


@get("/s/{token:str}")
async def show(
    actor: Visitor, context: Context, request: AnyRequest, token: str, after: str = "", done: Done = ""
) -> Page:
    """The page of a link: a file, a folder, or a place to add to."""
    return await _page(context, await come(context, request, token), token, None, after, done)


@get("/s/{token:str}/f/{node_id:str}")
async def folder(
    actor: Visitor,
    context: Context,
    request: AnyRequest,
    token: str,
    node_id: str,
    after: str = "",
    done: Done = "",
) -> Page:
    """A folder within what the link shows."""
    return await _page(context, await come(context, request, token), token, NodeId(node_id), after, done)


async def _page(
    context: Context, entry: Entry, token: str, at: NodeId | None, after: str, done: Done
) -> Page:
    service, guest = service_of(context), entry.guest
    values: dict[str, Any] = {
        "token": token,
        "link": entry.link,
        "done": done,
        "icon_of": icon_of,
        "url": f"/s/{token}",
    }
    if guest is None:
        return Page("drive/link_password.html", headers=QUIET, wrong="", **values)
    if guest.mode not in SHOWING:
        sent = await service.linking.sent(guest) if guest.mode == "drop_own" and guest.sender else []
        name = await service.linking.name_of(guest)
        return Page("drive/link_drop.html", headers=QUIET, sent=sent, name=name, **values)
    path = await service.tree.path(guest, at or guest.node)
    if path[-1].is_file:
        shows = may_be_shown(path[-1].media_type)
        return Page("drive/link_file.html", headers=QUIET, node=path[-1], can_show=shows, **values)
    listing = await service.tree.listing(
        guest, path[-1].id, after=NodeId(after) if after else None, limit=PAGE_NODES
    )
    return Page(
        "drive/link_folder.html",
        headers=QUIET,
        path=path,
        folder=path[-1],
        entries=listing.entries,
        more=listing.entries[-1].id if listing.has_more else "",
        may_add=guest.mode in ADDING,
        may_change=guest.mode == "edit",
        **values,
    )


@post("/s/{token:str}/open")
async def open_by_password(
    actor: Visitor, context: Context, request: AnyRequest, token: str, data: PasswordData
) -> Page | See:
    """Shows the password, once: a ticket stands for it afterwards."""
    linking = service_of(context).linking
    entry = await come(context, request, token)
    try:
        ticket = await linking.show_password(entry, data.password)
    except (WrongPassword, TooManyTries) as refused:
        values: dict[str, Any] = {
            "token": token,
            "link": entry.link,
            "wrong": str(refused.title),
            "url": f"/s/{token}",
        }
        return Page("drive/link_password.html", status=refused.status, headers=QUIET, **values)
    return See(f"/s/{token}", cookies=[_cookie(context, token, ticket)])


def _cookie(context: Context, token: str, ticket: str) -> Cookie:
    return Cookie(
        key=COOKIE,
        value=ticket,
        path=f"/s/{token}",
        httponly=True,
        secure=context.site.is_secure,
        samesite="lax",
        max_age=LIFETIME_S,
    )


@get("/s/{token:str}/get/{node_id:str}")
async def download(
    actor: Visitor, context: Context, request: AnyRequest, token: str, node_id: str, shown: bool = False
) -> See:
    """Leads to a file's content on its own origin; counts as one download."""
    service, entry = service_of(context), await come(context, request, token)
    if entry.guest is None:
        raise LinkGone
    content = await service.files.content(entry.guest, NodeId(node_id))
    await service.linking.take_download(entry.link)
    once = bool(entry.link.most_downloads)
    made = service.links.made(content, is_shown=shown, once=once)
    return See(f"{context.site.content_url}/content/drive/{made}")


@get("/s/{token:str}/zip/{node_id:str}")
async def archive(actor: Visitor, context: Context, request: AnyRequest, token: str, node_id: str) -> See:
    """Leads to a folder as an archive; counts as one download."""
    service, entry = service_of(context), await come(context, request, token)
    if entry.guest is None or entry.guest.mode not in SHOWING:
        raise LinkGone
    once = bool(entry.link.most_downloads)
    made = await service.links.make_folder(entry.guest, NodeId(node_id), once=once)
    await service.linking.take_download(entry.link)
    return See(f"{context.site.content_url}/content/drive/{made}")


@post("/s/{token:str}/send/{node_id:str}", max_body_bytes=LARGEST_FORM_BYTES)
async def send(actor: Visitor, context: Context, request: AnyRequest, token: str, node_id: str) -> See:
    """Takes files, as they come, into what the link leads to; `top` for its own folder."""
    service, entry = service_of(context), await come(context, request, token)
    if entry.guest is None or entry.guest.mode not in ADDING:
        raise LinkGone
    guest, cookies = entry.guest, list[Cookie]()
    if guest.mode == "drop_own" and not guest.sender:
        ticket = service.linking.ticket_for(entry)
        guest = with_ticket(entry, service.linking.tickets.read(ticket, entry.link, service.room.now_s()))
        cookies.append(_cookie(context, token, ticket))
    into = NodeId(node_id) if guest.mode == "edit" and node_id != "top" else guest.node
    sent = await receive_form(service, guest, into, request.scope, request.receive)  # type: ignore[arg-type]
    if guest.mode == "drop_own":
        await service.linking.note_sent(guest, [NodeId(one.node) for one in sent])
    place = f"/s/{token}" if into == guest.node else f"/s/{token}/f/{into}"
    return See(f"{place}?done=sent", cookies=cookies)


@post("/s/{token:str}/folder/{node_id:str}")
async def make_folder(
    actor: Visitor, context: Context, request: AnyRequest, token: str, node_id: str, data: NameData
) -> See:
    """A new folder, where the link lets one change things."""
    guest = await _guest(context, request, token)
    await service_of(context).tree.make_folder(guest, NodeId(node_id), data.name.strip())
    return See(f"/s/{token}/f/{node_id}?done=made")


@post("/s/{token:str}/trash")
async def put_in_trash(
    actor: Visitor, context: Context, request: AnyRequest, token: str, data: NodeData
) -> See:
    """Into the owner's trash, where the link lets one change things."""
    service, guest = service_of(context), await _guest(context, request, token)
    path = await service.tree.path(guest, NodeId(data.node))
    await service.trash.put(guest, [path[-1].id])
    return See(f"/s/{token}/f/{path[-2].id}?done=trashed")


doors = (show, folder, open_by_password, download, archive, send, make_folder, put_in_trash)
