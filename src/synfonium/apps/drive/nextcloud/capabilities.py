"""What clients may use here: only what works."""

import re
from collections.abc import Mapping

from synfonium.apps.drive.nextcloud.ask import Ask
from synfonium.apps.drive.nextcloud.status import VERSION, VERSION_TEXT

POLL_S = 60
_DESKTOP = re.compile(r"\bmirall/(\d{1,4})\.(\d{1,4})\.(\d{1,4})")


async def show(ask: Ask) -> Mapping[str, object]:
    """The same for everybody: it says nothing of a person."""
    together = ask.service.announced.together()
    dav = together.get("dav")
    if isinstance(dav, dict) and _stumbles_over_empty_files(ask.agent):
        dav.pop("bulkupload", None)
    return {"version": _version(), "capabilities": together}


def _stumbles_over_empty_files(agent: str) -> bool:
    """Nextcloud's desktop client cannot send an empty file among others before 3.9.1, and those that
    go with it never arrive (github.com/nextcloud/desktop/pull/5871)."""
    found = _DESKTOP.search(agent[:200])
    return found is not None and tuple(map(int, found.groups())) < (3, 9, 1)


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
            "versioning": True,
            "version_labeling": True,
            "version_deletion": True,
            "comments": False,
        },
        "checksums": {"supportedTypes": ["SHA1", "MD5", "ADLER32"], "preferredUploadType": "SHA1"},
    }
