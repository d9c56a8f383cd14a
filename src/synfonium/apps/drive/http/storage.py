"""Whether stored content is whole, for administrators: numbers alone, nobody's files."""

from typing import Annotated, Literal

import msgspec
from litestar.enums import RequestEncodingType
from litestar.params import Body

from synfonium.apps.drive.http.service import service_of
from synfonium.apps.drive.model import BlobName
from synfonium.kernel.actor import Administrator, Impersonal
from synfonium.kernel.context import Context
from synfonium.kernel.doors import Page, See, get, post

Admin = Annotated[Administrator, Impersonal("how many contents were read, damaged, or harmful and as what")]


class ScrubForm(msgspec.Struct, frozen=True, kw_only=True):
    act: Literal["begin", "stop"]


class ReleaseForm(msgspec.Struct, frozen=True, kw_only=True):
    """content: by the name it has in the store, which tells nothing."""

    content: str


ReleaseData = Annotated[ReleaseForm, Body(media_type=RequestEncodingType.URL_ENCODED)]
ScrubData = Annotated[ScrubForm, Body(media_type=RequestEncodingType.URL_ENCODED)]


@get("/admin/storage")
async def show(actor: Admin, context: Context) -> Page:
    """The last walk through all content, the one under way, and what was found."""
    service = service_of(context)
    walk, damage = await service.scrub.state(), await service.scrub.damage()
    return Page(
        "drive/storage.html",
        walk=walk,
        hurt=damage.get("damaged", 0),
        missing=damage.get("missing", 0),
        seals=damage.get("seal", 0),
        suspects=[one for one in await service.quarantine.suspects() if one.state == "infected"],
        is_scanning=service.quarantine.is_on,
        days=service.room.config.scrub_days,
        speed_bytes=service.room.config.scrub_mib_per_s * 1024 * 1024,
    )


@post("/admin/storage")
async def scrub(actor: Admin, context: Context, data: ScrubData) -> See:
    """Begins, goes on, or stops."""
    service = service_of(context)
    await (service.scrub.stop() if data.act == "stop" else service.scrub.begin())
    return See("/admin/storage")


@post("/admin/storage/release")
async def release(actor: Admin, context: Context, data: ReleaseData) -> See:
    """A false alarm: the content is given out again."""
    await service_of(context).quarantine.release(BlobName(data.content), actor.id)
    return See("/admin/storage")


doors = (show, scrub, release)
