"""Taking away what was chosen in a folder, as one archive."""

from typing import Annotated

import msgspec
from litestar.enums import RequestEncodingType
from litestar.params import Body

from synfonium.apps.drive.errors import NoSuchNode
from synfonium.apps.drive.http.pages import Reader, chosen_ids
from synfonium.apps.drive.http.service import service_of
from synfonium.kernel.context import Context
from synfonium.kernel.doors import Page, post


class ZipForm(msgspec.Struct, frozen=True, kw_only=True):
    """node: one or several ids, all in one folder."""

    node: list[str] | str


ZipData = Annotated[ZipForm, Body(media_type=RequestEncodingType.URL_ENCODED)]


@post("/drive/zip")
async def archive(actor: Reader, context: Context, data: ZipData) -> Page:
    """Leads to the archive on the content origin: by a page, as the end of a form's journey may not lie on
    another origin (`form-action 'self'`)."""
    chosen, tree = chosen_ids(data.node), service_of(context).tree
    path = await tree.path(actor, chosen[0])
    if len(path) < 2:
        raise NoSuchNode
    folder = path[-2]
    members = await tree.members_chosen(actor, folder.id, chosen)
    numbers = [node.number for node in members]
    token = await service_of(context).links.make_folder(actor, folder.id, chosen=numbers)
    url = f"{context.site.content_url}/content/drive/{token}"
    return Page("drive/taken.html", url=url, count=len(chosen), folder=folder)


doors = (archive,)
