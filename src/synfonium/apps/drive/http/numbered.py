"""A file or folder by its number, as it stands in addresses that Nextcloud's apps give from hand to hand."""

from synfonium.apps.drive.http.pages import Reader
from synfonium.apps.drive.http.service import service_of
from synfonium.kernel.context import Context
from synfonium.kernel.doors import See, get


@get("/drive/number/{number:int}")
async def lead(actor: Reader, context: Context, number: int) -> See:
    """Leads to the page of a file, or to a folder."""
    node = await service_of(context).versions.by_number(actor, number)
    return See(f"/drive/node/{node.id}/about" if node.is_file else f"/drive/node/{node.id}")


doors = (lead,)
