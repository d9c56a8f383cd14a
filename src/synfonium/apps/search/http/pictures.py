"""Small pictures of results, from this installation: a reader's browser asks no stranger's site."""

import base64

from litestar import Response

from synfonium.apps.search.errors import NoSuchPicture
from synfonium.apps.search.http.public import service_of
from synfonium.kernel.actor import Visitor
from synfonium.kernel.context import Context
from synfonium.kernel.doors import get

# Browsers may show the same page of results twice; nobody else keeps it.
_KEPT = {"cache-control": "private, max-age=3600", "referrer-policy": "no-referrer"}
_NOT_NOW = {"cache-control": "no-store", "referrer-policy": "no-referrer"}
_REST = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 300"><path fill="#8a9aa1" fill-opacity=".12"'
    b' d="M0 0h400v300H0z"/><path stroke="#8a9aa1" stroke-opacity=".55" d="M140 118h120M140 134h120M140'
    b' 150h120M140 166h120M140 182h120"/><path fill="#8a9aa1" d="M188 134h24v7h-24z"/></svg>'
)


@get("/search/picture")
async def picture(actor: Visitor, context: Context, u: str, s: str) -> Response[bytes]:
    """A WebP of at most 400 pixels, for an address that a page of results signed; a drawing of
    a rest when there is no picture to be had. Raises NoSuchPicture."""
    if not service_of(context).seal.is_ours(u, s):
        raise NoSuchPicture
    answer = await context.call("search.picture", {"url": u})
    content = base64.b64decode(answer["content"])
    if not content:
        return Response(_REST, media_type="image/svg+xml", headers=_NOT_NOW)
    return Response(content, media_type="image/webp", headers=_KEPT)


doors = [picture]
