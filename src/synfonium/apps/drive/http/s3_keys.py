"""Keys of the S3 API: the page that lists, makes and takes them back."""

from typing import Annotated, Literal

import msgspec
from litestar.enums import RequestEncodingType
from litestar.params import Body

from synfonium.apps.drive.http.service import service_of
from synfonium.apps.drive.service.s3_keys import NewKey
from synfonium.kernel.actor import Person, Proved, Scope
from synfonium.kernel.context import Context
from synfonium.kernel.doors import Page, See, get, post

Owner = Annotated[Person, Scope("drive.write")]
Maker = Annotated[Person, Scope("drive.write"), Proved(back="/drive/s3")]


class KeyForm(msgspec.Struct, frozen=True, kw_only=True):
    """days: how long the key is good for, 0 without end."""

    label: str
    may: Literal["read", "write"] = "write"
    days: Literal["0", "30", "365"] = "365"


class RevokeForm(msgspec.Struct, frozen=True, kw_only=True):
    key: str


KeyData = Annotated[KeyForm, Body(media_type=RequestEncodingType.URL_ENCODED)]
RevokeData = Annotated[RevokeForm, Body(media_type=RequestEncodingType.URL_ENCODED)]


@get("/drive/s3")
async def show(actor: Owner, context: Context, done: Literal["", "revoked"] = "") -> Page:
    """The person's keys, and how programs are told of them."""
    return await _page(actor, context, None, done)


@post("/drive/s3")
async def make(actor: Maker, context: Context, data: KeyData) -> Page:
    """A key; the page that answers is the only one that shows its secret."""
    keys = service_of(context).s3_keys
    new = await keys.make(actor, data.label, may_write=data.may == "write", days=int(data.days))
    return await _page(actor, context, new, "")


@post("/drive/s3/revoke")
async def revoke(actor: Owner, context: Context, data: RevokeData) -> See:
    """Takes a key back: from now on it opens nothing."""
    await service_of(context).s3_keys.revoke(actor, data.key)
    return See("/drive/s3?done=revoked")


async def _page(actor: Person, context: Context, new: NewKey | None, done: str) -> Page:
    return Page(
        "drive/s3_keys.html",
        keys=await service_of(context).s3_keys.listing(actor),
        new=new,
        endpoint=f"{context.site.public_url}/s3",
        done=done,
        now_s=context.clock.now_s(),
    )


doors = (show, make, revoke)
