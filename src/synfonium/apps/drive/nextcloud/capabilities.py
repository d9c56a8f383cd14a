"""What clients may use here: only what works."""

from collections.abc import Mapping

from synfonium.apps.drive.nextcloud.ask import Ask
from synfonium.apps.drive.nextcloud.status import VERSION, VERSION_TEXT

POLL_S = 60


async def show(ask: Ask) -> Mapping[str, object]:
    """The same for everybody: it says nothing of a person."""
    return {"version": _version(), "capabilities": ask.service.announced.together()}


def _version() -> Mapping[str, object]:
    major, minor, micro, _build = VERSION
    return {
        "major": major,
        "minor": minor,
        "micro": micro,
        "string": VERSION_TEXT,
        "edition": "",
        "extendedSupport": False,
    }


def of_files() -> Mapping[str, object]:
    return {
        "core": {
            "pollinterval": POLL_S,
            "webdav-root": "remote.php/webdav",
            "reference-api": False,
            "mod-rewrite-working": True,
        },
        "dav": {"chunking": "1.0", "bulkupload": "1.0"},
        "files": {
            "bigfilechunking": True,
            "blacklisted_files": [],
            "forbidden_filenames": [],
            "forbidden_filename_characters": ["/", "\\"],
            "undelete": True,
        },
        "checksums": {"supportedTypes": ["SHA1", "MD5", "ADLER32"], "preferredUploadType": "SHA1"},
    }
