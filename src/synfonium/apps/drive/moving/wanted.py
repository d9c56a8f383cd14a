"""What somebody wants to bring in, as they said it; checked before anybody is asked."""

import re

import msgspec

from synfonium.apps.drive.model import NodeId
from synfonium.apps.drive.model.move_in import MoveInKind
from synfonium.apps.drive.moving import nextcloud
from synfonium.apps.drive.moving.access import Access
from synfonium.apps.drive.moving.port import SourceRefused
from synfonium.apps.drive.moving.wire import Origin
from synfonium.common.problem import BadInput
from synfonium.kernel.i18n import _

MOST_TEXT = 2_000
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_REGION = re.compile(r"[a-z0-9-]{1,40}")


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants to bring in: see Access. into: path of the folder that it comes into, made when
    it is missing."""

    kind: MoveInKind
    into: str
    url: str = ""
    name: str = ""
    secret: str = ""
    bucket: str = ""
    prefix: str = ""
    region: str = ""
    archives: tuple[NodeId, ...] = ()
    keeps_notes: bool = False

    def __repr__(self) -> str:
        return f"Wanted(kind={self.kind!r}, …)"


def access_of(wanted: Wanted) -> Access:
    """How the source is reached. Raises BadInput."""
    if any(len(text) > MOST_TEXT for text in (wanted.url, wanted.name, wanted.secret, wanted.prefix)):
        raise BadInput("url", _("This is too long."))
    access = Access(
        kind=wanted.kind,
        url=_address(wanted),
        name=wanted.name.strip(),
        secret=wanted.secret,
        bucket=wanted.bucket.strip(),
        prefix=wanted.prefix.strip().lstrip("/"),
        region=wanted.region.strip() or "us-east-1",
        archives=wanted.archives,
        keeps_notes=wanted.keeps_notes,
    )
    _need(wanted, access)
    return access


def short(text: str) -> str:
    if len(text) > MOST_TEXT:
        raise BadInput("secret", _("This is too long."))
    return text


def _address(wanted: Wanted) -> str:
    url = wanted.url.strip()
    if wanted.kind == "takeout":
        return ""
    if url and "://" not in url:
        url = f"https://{url}"
    return nextcloud.base_of(url) if wanted.kind == "nextcloud" and url else url


def _need(wanted: Wanted, access: Access) -> None:
    """Raises BadInput for what is missing, or cannot be meant."""
    if wanted.kind == "takeout":
        if not access.archives:
            raise BadInput("archive", _("Choose the archive that Google has made for you."))
        return
    try:
        Origin(access.url)
    except SourceRefused:
        raise BadInput("url", _("This is no address of the web.")) from None
    if ":" in access.name and wanted.kind != "s3":
        raise BadInput("name", _("A name cannot hold a colon."))
    if wanted.kind == "s3" and not (_BUCKET.fullmatch(access.bucket) and _REGION.fullmatch(access.region)):
        raise BadInput("bucket", _("A bucket has a name of small letters and digits."))


def where_from(access: Access) -> str:
    bucket = f"/{access.bucket}/{access.prefix}".rstrip("/") if access.kind == "s3" else ""
    return access.url.rstrip("/") + bucket
