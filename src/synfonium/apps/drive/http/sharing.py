"""Sharing: who has access to a file or folder, what is shared with me, what I share."""

from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec
from litestar.enums import RequestEncodingType
from litestar.params import Body

from synfonium.apps.drive.http.codes import MOST_DRAWN, code_of
from synfonium.apps.drive.http.pages import Reader, url_of
from synfonium.apps.drive.http.service import service_of
from synfonium.apps.drive.http.words import icon_of
from synfonium.apps.drive.model import NodeId
from synfonium.apps.drive.model.share import LinkId, LinkMode, Mode, ShareId
from synfonium.apps.drive.service.linking import KEEP, LinkTerms
from synfonium.apps.drive.service.sharing import Terms
from synfonium.common.problem import BadInput
from synfonium.kernel.actor import Person, Proved, Scope
from synfonium.kernel.context import Context
from synfonium.kernel.doors import Page, See, get, post
from synfonium.kernel.i18n import _

Writer = Annotated[Person, Scope("drive.write")]
ProvedWriter = Annotated[Person, Scope("drive.write"), Proved()]
DAY_S = 86400
LEDGER = "/fabric/grants?done=ended#shared"
Asked = Literal["", "ledger"]
Shared = Literal[
    "", "shared", "changed", "ended", "left", "back", "linked", "given", "put-away", "put-back", "handed"
]


class ShareForm(msgspec.Struct, frozen=True, kw_only=True):
    """name: whom with. until: the last day, as a browser writes dates; empty for no end."""

    name: str
    mode: Mode = "view"
    may_share: str = ""
    until: str = ""
    note: str = ""


class TermsForm(msgspec.Struct, frozen=True, kw_only=True):
    mode: Mode = "view"
    may_share: str = ""
    until: str = ""
    note: str = ""


ShareData = Annotated[ShareForm, Body(media_type=RequestEncodingType.URL_ENCODED)]
TermsData = Annotated[TermsForm, Body(media_type=RequestEncodingType.URL_ENCODED)]


@get("/drive/node/{node_id:str}/share")
async def panel(actor: Reader, context: Context, node_id: str, done: Shared = "") -> Page:
    """Who has access to a file or folder, and letting others in."""
    service, node = service_of(context), NodeId(node_id)
    path = await service.tree.path(actor, node)
    given, made, may_share = await service.sharing.of_node(actor, node)
    return Page(
        "drive/share.html",
        path=path,
        node=path[-1],
        given=given,
        made=made,
        may_share=may_share,
        together=await service.sharing.sharees.together(actor.id) if may_share else [],
        done=done,
        icon_of=icon_of,
        url_of=url_of,
        day_of=day_of,
        link_url=service.linking.url,
        codes={one.link.id: code_of(service.linking.url(one.link.id)) for one in made[:MOST_DRAWN]},
        link_modes=_modes(path[-1].is_file),
    )


@post("/drive/node/{node_id:str}/share")
async def share(actor: Writer, context: Context, node_id: str, data: ShareData) -> See:
    """Lets a person, a group or an organisation in."""
    terms = Terms(mode=data.mode, may_share=bool(data.may_share), until_s=end_of(data.until), note=data.note)
    await service_of(context).sharing.make(actor, NodeId(node_id), data.name, terms)
    return See(f"/drive/node/{node_id}/share?done=shared")


class GiveForm(msgspec.Struct, frozen=True, kw_only=True):
    name: str


GiveData = Annotated[GiveForm, Body(media_type=RequestEncodingType.URL_ENCODED)]


@post("/drive/node/{node_id:str}/give")
async def give_away(actor: Writer, context: Context, node_id: str, data: GiveData) -> See:
    """Makes a file or folder another's."""
    await service_of(context).sharing.give_away(actor, NodeId(node_id), data.name)
    return See("/drive/shared/mine?done=given")


@post("/drive/shared/mine/hand-over")
async def hand_over(actor: ProvedWriter, context: Context, data: GiveData) -> See:
    """Makes all that one owns another's."""
    await service_of(context).handing_over.begin(actor, data.name)
    return See("/drive/shared/mine?done=handed")


@post("/drive/shares/{share_id:str}/change")
async def change(actor: Writer, context: Context, share_id: str, data: TermsData) -> See:
    """Other terms for who is in already."""
    terms = Terms(mode=data.mode, may_share=bool(data.may_share), until_s=end_of(data.until), note=data.note)
    changed = await service_of(context).sharing.change(actor, ShareId(share_id), terms)
    return See(f"/drive/node/{changed.node}/share?done=changed")


@post("/drive/shares/{share_id:str}/end")
async def end(actor: Writer, context: Context, share_id: str, node: str = "", of: Asked = "") -> See:
    """Takes a share back, at once. node: of which page it was asked; of: which other one."""
    await service_of(context).sharing.end(actor, ShareId(share_id))
    return (
        See(LEDGER)
        if of
        else See(
            f"/drive/node/{node}/share?done=ended" if node.isalnum() else "/drive/shared/mine?done=ended"
        )
    )


class LinkForm(msgspec.Struct, frozen=True, kw_only=True):
    """keep: "on" to keep the password that there is."""

    mode: LinkMode = "view"
    label: str = ""
    password: str = ""
    keep: str = ""
    until: str = ""
    downloads: str = ""
    note: str = ""


LinkData = Annotated[LinkForm, Body(media_type=RequestEncodingType.URL_ENCODED)]


@post("/drive/node/{node_id:str}/links")
async def make_link(actor: Writer, context: Context, node_id: str, data: LinkData) -> See:
    """A new link to a file or folder."""
    await service_of(context).linking.make(actor, NodeId(node_id), _link_terms(data))
    return See(f"/drive/node/{node_id}/share?done=linked#links")


@post("/drive/links/{link_id:str}/change")
async def change_link(actor: Writer, context: Context, link_id: str, data: LinkData) -> See:
    """Other terms for a link; its address stays."""
    link = await service_of(context).linking.change(actor, LinkId(link_id), _link_terms(data))
    return See(f"/drive/node/{link.node}/share?done=changed#links")


@post("/drive/links/{link_id:str}/end")
async def end_link(actor: Writer, context: Context, link_id: str, node: str = "", of: Asked = "") -> See:
    """Closes a link, at once."""
    await service_of(context).linking.end(actor, LinkId(link_id))
    return (
        See(LEDGER)
        if of
        else See(
            f"/drive/node/{node}/share?done=ended" if node.isalnum() else "/drive/shared/mine?done=ended"
        )
    )


def _link_terms(data: LinkForm) -> LinkTerms:
    """Raises BadInput."""
    text = data.downloads.strip()
    if text and not (text.isascii() and text.isdigit() and len(text) < 9):
        raise BadInput("downloads", _("This is no number of downloads."))
    return LinkTerms(
        mode=data.mode,
        label=data.label,
        password=KEEP if data.keep and not data.password else data.password,
        until_s=end_of(data.until),
        most_downloads=int(text or 0),
        note=data.note,
    )


def _modes(is_file: bool) -> tuple[LinkMode, ...]:
    """What a link may let people do: nothing can be dropped into a file."""
    return ("view", "edit") if is_file else ("view", "edit", "drop", "drop_own")


@get("/drive/shared")
async def with_me(actor: Reader, context: Context, done: Shared = "") -> Page:
    """What others share with the actor."""
    taken = await service_of(context).sharing.received(actor)
    manages = bool(await service_of(context).group_folders.managed(actor))
    return Page("drive/shared.html", manages=manages, taken=taken, done=done, icon_of=icon_of, url_of=url_of)


@get("/drive/shared/mine")
async def by_me(actor: Reader, context: Context, done: Shared = "") -> Page:
    """What the actor shares with others."""
    service = service_of(context)
    given, made = await service.sharing.made(actor)
    return Page(
        "drive/shared_mine.html",
        given=given,
        made=made,
        done=done,
        icon_of=icon_of,
        url_of=url_of,
        handing=await service.handing_over.of(actor.id),
    )


@post("/drive/shared/{node_id:str}/leave")
async def leave(actor: Writer, context: Context, node_id: str) -> See:
    """Out of the actor's drive; the owner's files stay as they are."""
    await service_of(context).sharing.leave(actor, NodeId(node_id))
    return See("/drive/shared?done=left")


@post("/drive/shared/{node_id:str}/back")
async def come_back(actor: Writer, context: Context, node_id: str) -> See:
    """What was left stands in the drive again."""
    await service_of(context).sharing.come_back(actor, NodeId(node_id))
    return See("/drive/shared?done=back")


def end_of(day: str) -> float:
    """The end of a day (UTC), 0 for none. Raises BadInput."""
    if not day.strip():
        return 0.0
    try:
        return datetime.strptime(day.strip(), "%Y-%m-%d").replace(tzinfo=UTC).timestamp() + DAY_S
    except (ValueError, OverflowError):
        raise BadInput("until", _("A day is written like 2027-01-31.")) from None


def day_of(until_s: float) -> str:
    """The day that ends then, as forms have it; empty for no end."""
    return datetime.fromtimestamp(until_s - 1, UTC).strftime("%Y-%m-%d") if until_s else ""


doors = (
    panel,
    give_away,
    hand_over,
    make_link,
    change_link,
    end_link,
    share,
    change,
    end,
    with_me,
    by_me,
    leave,
    come_back,
)
