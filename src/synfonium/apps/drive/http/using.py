"""What takes the room."""

from synfonium.apps.drive.http.pages import Reader, url_of
from synfonium.apps.drive.http.service import service_of
from synfonium.apps.drive.http.words import icon_of, shelf
from synfonium.apps.drive.model import NodeId
from synfonium.apps.drive.model.treemap import tiles
from synfonium.kernel.context import Context
from synfonium.kernel.doors import Page, get

# Of the picture, in its own units.
WIDTH, HEIGHT = 960.0, 320.0


@get("/drive/use")
async def show(actor: Reader, context: Context, within: str = "") -> Page:
    """The largest of what lies in a folder, as a picture. within: the folder's id, the top without."""
    service = service_of(context)
    use = await service.using.of(actor, NodeId(within) if within else None)
    sizes = [node.size_bytes for node in use.members]
    if use.rest_bytes:
        sizes.append(use.rest_bytes)
    # The rest may be larger than what is shown alone: it stands last in the list, and where it fits here.
    order = sorted(range(len(sizes)), key=lambda index: -sizes[index])
    placed = tiles([sizes[index] for index in order], WIDTH, HEIGHT)
    shown = [
        (use.members[index] if index < len(use.members) else None, tile)
        for index, tile in zip(order, placed, strict=True)
    ]
    return Page(
        "drive/use.html",
        use=use,
        shown=shown,
        width=WIDTH,
        height=HEIGHT,
        shelf=None if actor.grants else await shelf(service, actor),
        icon_of=icon_of,
        url_of=url_of,
        use_url_of=lambda node: f"/drive/use?within={node.id}" if node.parent else "/drive/use",
    )


doors = (show,)
