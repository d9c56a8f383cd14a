"""What a file was before: taking it back, giving it a name, saving it, removing it."""

from typing import Annotated

import msgspec
from litestar.enums import RequestEncodingType
from litestar.params import Body

from synfonium.apps.drive.http.nodes import Writer
from synfonium.apps.drive.http.pages import Reader
from synfonium.apps.drive.http.service import service_of
from synfonium.apps.drive.model import NodeId, VersionId
from synfonium.kernel.context import Context
from synfonium.kernel.doors import See, get, post


class LabelForm(msgspec.Struct, frozen=True, kw_only=True):
    """label: empty takes the name away."""

    label: str = ""


LabelData = Annotated[LabelForm, Body(media_type=RequestEncodingType.URL_ENCODED)]
PATH = "/drive/node/{node_id:str}/versions/{version_id:str}"


@get(f"{PATH}/download")
async def download(actor: Reader, context: Context, node_id: str, version_id: str) -> See:
    """Leads to the old content on the content origin."""
    service = service_of(context)
    content = await service.versions.content(actor, NodeId(node_id), VersionId(version_id))
    return See(f"{context.site.content_url}/content/drive/{service.links.made(content)}")


@post(f"{PATH}/restore")
async def restore(actor: Writer, context: Context, node_id: str, version_id: str) -> See:
    """The old content becomes the file's new one; nothing is lost."""
    await service_of(context).versions.restore(actor, NodeId(node_id), VersionId(version_id))
    return See(f"/drive/node/{node_id}/about?done=back")


@post(f"{PATH}/name")
async def name(actor: Writer, context: Context, node_id: str, version_id: str, data: LabelData) -> See:
    """A name for a version, which keeps it."""
    await service_of(context).versions.name(actor, NodeId(node_id), VersionId(version_id), data.label)
    return See(f"/drive/node/{node_id}/about?done=named#versions")


@post(f"{PATH}/remove")
async def remove(actor: Writer, context: Context, node_id: str, version_id: str) -> See:
    """Removes an old version for ever."""
    await service_of(context).versions.remove(actor, NodeId(node_id), VersionId(version_id))
    return See(f"/drive/node/{node_id}/about?done=removed#versions")


doors = (download, restore, name, remove)
