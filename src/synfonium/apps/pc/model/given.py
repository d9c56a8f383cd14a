"""What was given to a PC: which of it shows inside, and as which folder."""

from collections.abc import Container, Sequence
from pathlib import PurePosixPath

from synfonium.apps.fabric.contract import Grant

MOST_SHOWN = 8
LONGEST_NAME_BYTES = 120
_DRIVE = "drive:"
WHOLE_DRIVE = "drive:root"


def shown(grants: Sequence[Grant], now_s: float) -> list[Grant]:
    """Those that show as folders: of each thing the right that allows most; the oldest eight.

    Only things of Drive are reached by WebDAV here.
    """
    best: dict[str, Grant] = {}
    for grant in sorted(grants, key=lambda grant: grant.id):
        is_over = bool(grant.limits.until_s) and grant.limits.until_s <= now_s
        if not is_over and grant.object.startswith(_DRIVE):
            held = best.get(grant.object)
            if held is None or ("write" in grant.actions and "write" not in held.actions):
                best[grant.object] = grant
    return sorted(best.values(), key=lambda grant: grant.id)[:MOST_SHOWN]


def folder_name(title: str, taken: Container[str], *, is_file: bool) -> str:
    """The name of the folder in which a thing shows: legal, short, no hidden one, not taken.

    A file lies in a folder that is called like it without its extension.
    """
    name = PurePosixPath(title).stem if is_file and "/" not in title else title
    name = "".join(letter if letter.isprintable() and letter not in "/\\" else "_" for letter in name)
    name = _short(name.strip(" ."), LONGEST_NAME_BYTES) or "Folder"
    number, wanted = 1, name
    while wanted in taken:
        number += 1
        wanted = f"{name} {number}"
    return wanted


def _short(name: str, most_bytes: int) -> str:
    return name.encode()[:most_bytes].decode(errors="ignore").strip(" .")
