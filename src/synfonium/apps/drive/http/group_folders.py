"""Group folders, for who administers an organisation."""

from typing import Annotated

import msgspec
from litestar.enums import RequestEncodingType
from litestar.params import Body

from synfonium.apps.drive.http.pages import Reader
from synfonium.apps.drive.http.service import service_of
from synfonium.apps.drive.http.sharing import Shared, Writer
from synfonium.apps.drive.model.share import Mode, ShareId
from synfonium.apps.drive.service.group_folders import names_of
from synfonium.common.problem import BadInput
from synfonium.kernel.context import Context
from synfonium.kernel.doors import Page, See, get, post
from synfonium.kernel.i18n import _

GIGABYTE = 1_000_000_000


class NewForm(msgspec.Struct, frozen=True, kw_only=True):
    """quota: gigabytes, empty for no limit."""

    organisation: str
    name: str
    mode: Mode = "edit"
    quota: str = ""


class AccessForm(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    mode: Mode = "view"


class NameForm(msgspec.Struct, frozen=True, kw_only=True):
    name: str


class QuotaForm(msgspec.Struct, frozen=True, kw_only=True):
    quota: str = ""


NewData = Annotated[NewForm, Body(media_type=RequestEncodingType.URL_ENCODED)]
AccessData = Annotated[AccessForm, Body(media_type=RequestEncodingType.URL_ENCODED)]
NameData = Annotated[NameForm, Body(media_type=RequestEncodingType.URL_ENCODED)]
QuotaData = Annotated[QuotaForm, Body(media_type=RequestEncodingType.URL_ENCODED)]


@get("/drive/groups")
async def show(actor: Reader, context: Context, done: Shared = "") -> Page:
    """The group folders of the organisations that the actor administers."""
    service = service_of(context).group_folders
    managed = await service.managed(actor)
    folders = await service.all(actor)
    return Page(
        "drive/groups.html",
        folders=[one for one in folders if not one.folder.removed_s],
        removed=[one for one in folders if one.folder.removed_s],
        managed=names_of(managed),
        done=done,
    )


@post("/drive/groups")
async def make(actor: Writer, context: Context, data: NewData) -> See:
    """A new folder, in the drive of each member."""
    await service_of(context).group_folders.make(
        actor, data.organisation, data.name, quota_bytes=_bytes(data.quota), mode=data.mode
    )
    return See("/drive/groups?done=shared")


@post("/drive/groups/{folder_id:str}/access")
async def let_in(actor: Writer, context: Context, folder_id: str, data: AccessData) -> See:
    """Lets a group, a person or the organisation in."""
    await service_of(context).group_folders.let_in(actor, folder_id, data.name, data.mode)
    return See("/drive/groups?done=changed")


@post("/drive/groups/{folder_id:str}/access/{share_id:str}/end")
async def end(actor: Writer, context: Context, folder_id: str, share_id: str) -> See:
    """Takes access back, at once; the files stay."""
    await service_of(context).group_folders.end(actor, folder_id, ShareId(share_id))
    return See("/drive/groups?done=ended")


@post("/drive/groups/{folder_id:str}/quota")
async def set_quota(actor: Writer, context: Context, folder_id: str, data: QuotaData) -> See:
    """How much it may hold."""
    await service_of(context).group_folders.set_quota(actor, folder_id, _bytes(data.quota))
    return See("/drive/groups?done=changed")


@post("/drive/groups/{folder_id:str}/name")
async def rename(actor: Writer, context: Context, folder_id: str, data: NameData) -> See:
    """Another name, for all."""
    await service_of(context).group_folders.rename(actor, folder_id, data.name)
    return See("/drive/groups?done=changed")


@post("/drive/groups/{folder_id:str}/remove")
async def remove(actor: Writer, context: Context, folder_id: str) -> See:
    """Out of every drive; it can be brought back for a while."""
    await service_of(context).group_folders.remove(actor, folder_id)
    return See("/drive/groups?done=put-away")


@post("/drive/groups/{folder_id:str}/back")
async def bring_back(actor: Writer, context: Context, folder_id: str) -> See:
    """What was removed stands in every drive again."""
    await service_of(context).group_folders.bring_back(actor, folder_id)
    return See("/drive/groups?done=put-back")


def _bytes(text: str) -> int:
    """Raises BadInput."""
    text = text.strip()
    if text and not (text.isascii() and text.isdigit() and len(text) < 7):
        raise BadInput("quota", _("A size is a whole number of gigabytes."))
    return int(text or 0) * GIGABYTE


doors = (show, make, let_in, end, set_quota, rename, remove, bring_back)
