"""Which files have a picture of them, in which sizes, and how it stands with it. Pure."""

from typing import Literal

import msgspec

from synfonium.apps.drive.model.node import BlobName, SpaceId

Family = Literal["image", "svg", "pdf", "video", "audio", "office"]
PreviewState = Literal["ready", "none", "slow"]
"""ready: there are pictures; none: there will never be one from this content by these decoders; slow: it
took too long, and may be tried again."""

SIZES = (64, 256, 1024)
SMALL = SIZES[:2]
MOST_TRIES = 3
AGAIN_AFTER_S = 3600.0
_OFFICE = (
    "application/vnd.oasis.opendocument.",
    "application/vnd.openxmlformats-officedocument.",
    "application/epub+zip",
)


def family_of(media_type: str) -> Family | None:
    """None for what nobody can make a picture of."""
    if media_type == "image/svg+xml":
        return "svg"
    if media_type == "application/pdf":
        return "pdf"
    if media_type.startswith(_OFFICE):
        return "office"
    top = media_type.partition("/")[0]
    return top if top in ("image", "video", "audio") else None  # type: ignore[return-value]


def is_photo(media_type: str) -> bool:
    """Whether it belongs on the page of photos: what a camera makes."""
    return family_of(media_type) in ("image", "video")


def size_for(pixels: int) -> int:
    """The size that is made, for whoever wants so many pixels."""
    return next((size for size in SIZES if size >= pixels), SIZES[-1])


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the pictures of one content. maker: by which decoders; taken_s: when a camera
    took it, as it says; width, height: of the original, upright."""

    blob: BlobName
    space: SpaceId
    state: PreviewState
    maker: str
    tries: int
    made_s: float
    taken_s: float | None = None
    width: int = 0
    height: int = 0

    def is_settled(self, maker: str, now_s: float) -> bool:
        """Whether nothing is to be tried (again) now."""
        if self.state == "ready" or self.maker != maker:
            return self.state == "ready"
        return self.state == "none" or self.tries >= MOST_TRIES or now_s < self.made_s + AGAIN_AFTER_S


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What a child made: pictures (WebP) by their size in pixels, none when it could not."""

    state: PreviewState
    images: dict[int, bytes] = {}
    taken_s: float | None = None
    width: int = 0
    height: int = 0
