"""Which files have a picture of them, in which sizes, and how it stands with it. Pure."""

from collections.abc import Mapping
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
LARGE = SIZES[-1]
MOST_PAGES = 12
"""So many pages of a document are shown."""
# Pictures of a document's other pages are kept under their size and this for each page before them.
_PAGE = 10_000
_OPEN, _MICROSOFT = "application/vnd.oasis.opendocument.", "application/vnd.openxmlformats-officedocument."
OFFICE_KINDS: Mapping[str, tuple[str, str]] = {
    f"{_OPEN}text": ("odt", "writer_pdf_Export"),
    f"{_OPEN}spreadsheet": ("ods", "calc_pdf_Export"),
    f"{_OPEN}presentation": ("odp", "impress_pdf_Export"),
    f"{_MICROSOFT}wordprocessingml.document": ("docx", "writer_pdf_Export"),
    f"{_MICROSOFT}spreadsheetml.sheet": ("xlsx", "calc_pdf_Export"),
    f"{_MICROSOFT}presentationml.presentation": ("pptx", "impress_pdf_Export"),
    "application/msword": ("doc", "writer_pdf_Export"),
    "application/vnd.ms-excel": ("xls", "calc_pdf_Export"),
    "application/vnd.ms-powerpoint": ("ppt", "impress_pdf_Export"),
    "application/rtf": ("rtf", "writer_pdf_Export"),
    "text/rtf": ("rtf", "writer_pdf_Export"),
}
"""Documents that LibreOffice makes PDF of, if there is one: the ending of their names, and how."""

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
    if media_type.startswith(_OFFICE) or media_type in OFFICE_KINDS:
        return "office"
    top = media_type.partition("/")[0]
    return top if top in ("image", "video", "audio") else None  # type: ignore[return-value]


def is_photo(media_type: str) -> bool:
    """Whether it belongs on the page of photos: what a camera makes."""
    return family_of(media_type) in ("image", "video")


def size_for(pixels: int) -> int:
    """The size that is made, for whoever wants so many pixels."""
    return next((size for size in SIZES if size >= pixels), SIZES[-1])


def has_pages(media_type: str) -> bool:
    """Whether it is a document, of which more than one page can be shown."""
    return family_of(media_type) in ("pdf", "office")


def key_of(size_px: int, page: int = 1) -> int:
    """Under what the picture of a page is kept: for the first, its size. page: from 1."""
    return size_px + _PAGE * (page - 1)


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
    """What a child made: pictures (WebP) by `key_of`, none when it could not."""

    state: PreviewState
    images: dict[int, bytes] = {}
    taken_s: float | None = None
    width: int = 0
    height: int = 0
