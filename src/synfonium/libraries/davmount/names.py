"""Names of folders, made of titles that anybody may have written."""

from collections.abc import Container
from pathlib import PurePosixPath

LONGEST_NAME_BYTES = 120


def folder_name(title: str, taken: Container[str], *, is_file: bool) -> str:
    """The name of the folder in which a thing shows: legal, short, no hidden one, not taken.

    A file lies in a folder that is called like it without its extension.
    """
    name = plain_name(title, is_file=is_file)
    number, wanted = 1, name
    while wanted in taken:
        number += 1
        wanted = f"{name} {number}"
    return wanted


def plain_name(title: str, *, is_file: bool) -> str:
    """As `folder_name`, whatever is taken already."""
    name = PurePosixPath(title).stem if is_file and "/" not in title else title
    name = "".join(letter if letter.isprintable() and letter not in "/\\" else "_" for letter in name)
    return _short(name.strip(" ."), LONGEST_NAME_BYTES) or "Folder"


def _short(name: str, most_bytes: int) -> str:
    return name.encode()[:most_bytes].decode(errors="ignore").strip(" .")
