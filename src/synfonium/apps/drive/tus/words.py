"""What a tus request says in its headers."""

import base64
import binascii
from collections.abc import Mapping

import msgspec

from synfonium.apps.drive.model import Upload
from synfonium.apps.drive.service.uploads import IDLE_S
from synfonium.common.problem import BadInput, Conflict, Problem
from synfonium.kernel.asgi import Headers
from synfonium.kernel.i18n import _
from synfonium.libraries.webdav.headers import http_date

__all__ = [
    "ALGORITHMS",
    "BadVersion",
    "Note",
    "PartDamaged",
    "WrongOffset",
    "checksum_of",
    "expires",
    "length_of",
    "metadata_of",
]

VERSION = "1.0.0"
ALGORITHMS = ("md5", "sha1", "sha256", "crc32")
_MOST_DIGITS = 16
_MOST_PAIRS = 20


class BadVersion(Problem):
    """The client speaks another version of tus."""

    status, code = 412, "drive.tus_version"
    title = _("This version of tus is not spoken here.")
    headers = {"tus-version": VERSION}


class WrongOffset(Conflict):
    """The bytes do not go on where the ones before ended."""

    code = "drive.tus_offset"
    title = _("This does not go on where the part before ended.")
    remedy = _("Ask how much has arrived, and go on from there.")


class PartDamaged(Problem):
    """A part was not what its checksum says."""

    status, code = 460, "drive.tus_checksum"
    title = _("The part arrived damaged.")
    remedy = _("Send it again. Nothing was written.")


class Note(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was said of the file when the upload began. path: folders below `folder`."""

    folder: str
    name: str
    path: tuple[str, ...] = ()
    modified_s: float | None = None
    metadata: str = ""


def length_of(headers: Mapping[str, str], name: str) -> int:
    """A count of bytes. Raises BadInput."""
    value = headers.get(name, "")
    if not (value.isascii() and value.isdigit() and len(value) <= _MOST_DIGITS):
        raise BadInput(name, "")
    return int(value)


def metadata_of(value: str) -> dict[str, str]:
    """Upload-Metadata: keys and values in base64. Raises BadInput."""
    found: dict[str, str] = {}
    for pair in value.split(",")[:_MOST_PAIRS] if value.strip() else []:
        key, _space, encoded = pair.strip().partition(" ")
        try:
            found[key] = base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise BadInput("upload-metadata", "") from None
    return found


def checksum_of(value: str) -> dict[str, bytes]:
    """Upload-Checksum: kind to digest; nothing for none. Raises BadInput."""
    if not value:
        return {}
    kind, _space, encoded = value.partition(" ")
    try:
        digest = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        raise BadInput("upload-checksum", "") from None
    if kind not in ALGORITHMS:
        raise BadInput("upload-checksum", "")
    return {kind: digest}


def expires(upload: Upload) -> Headers:
    return [(b"upload-expires", http_date(upload.active_s + IDLE_S).encode())]
