"""Pictures of files, and the page of photos."""

import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Annotated

import msgspec
from litestar import Response
from litestar.params import QueryParameter

from synfonium.apps.drive.errors import ContentDamaged, NoPreview
from synfonium.apps.drive.http.pages import Reader
from synfonium.apps.drive.http.service import service_of
from synfonium.apps.drive.http.words import icon_of
from synfonium.apps.drive.model import NodeId
from synfonium.apps.drive.model.previews import MOST_PAGES, SIZES, family_of
from synfonium.apps.drive.service.photos import Photo
from synfonium.kernel.context import Context
from synfonium.kernel.doors import AnyRequest, Page, get

FOR_EVER = "private, max-age=31536000, immutable"
ASK_AGAIN = "private, no-cache"
SOON_AGAIN = "private, max-age=3600"
NOTHING = base64.b64decode("R0lGODlhAQABAIAAAAAAAAAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")


class Month(msgspec.Struct, frozen=True, kw_only=True):
    """The photos of one month; time_s: of the latest."""

    time_s: float
    photos: tuple[Photo, ...]


@get("/drive/node/{node_id:str}/preview")
async def preview(
    actor: Reader,
    context: Context,
    request: AnyRequest,
    node_id: str,
    size: int = 256,
    page: Annotated[int, QueryParameter(ge=1, le=MOST_PAGES)] = 1,
    v: str = "",
    blank: bool = False,
) -> Response[bytes]:
    """A picture of the file; page: of a document. `v`, its version: then the answer holds for ever. blank:
    where there is none, one that is not seen, for a page that shows something below it."""
    pixels = min(max(size, 1), SIZES[-1])
    try:
        picture = await service_of(context).previews.of(actor, NodeId(node_id), pixels, page)
    except (NoPreview, ContentDamaged):
        if not blank:
            raise
        return Response(NOTHING, media_type="image/gif", headers={"cache-control": SOON_AGAIN})
    etag = f'"{picture.etag}"'
    is_same = bool(v) and picture.etag.startswith(f"{v}-")
    headers = {
        "etag": etag,
        "cache-control": FOR_EVER if is_same else ASK_AGAIN,
        "content-security-policy": "default-src 'none'; sandbox",
    }
    if request.headers.get("if-none-match") == etag:
        return Response(b"", status_code=304, headers=headers)
    return Response(picture.content, media_type="image/webp", headers=headers)


@get("/drive/photos")
async def photos(actor: Reader, context: Context, after: str = "") -> Page:
    """Photos and films by the month they were taken in, the latest first."""
    roll = await service_of(context).photos.listing(actor, after)
    return Page(
        "drive/photos.html",
        months=_months(roll.photos),
        more=roll.after,
        is_first=not after,
        family_of=family_of,
        icon_of=icon_of,
    )


def _months(photos: Sequence[Photo]) -> list[Month]:
    grouped = (tuple(group) for _key, group in groupby(photos, key=_month))
    return [Month(time_s=group[0].time_s, photos=group) for group in grouped]


def _month(photo: Photo) -> tuple[int, int]:
    try:
        moment = datetime.fromtimestamp(photo.time_s, UTC)
    except (OverflowError, ValueError, OSError):  # a client may say any time
        return (0, 0)
    return (moment.year, moment.month)


doors = (preview, photos)
