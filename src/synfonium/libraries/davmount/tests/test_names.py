"""Titles that anybody wrote become names of folders."""

from pathlib import Path

import pytest

from synfonium.libraries.davmount.names import LONGEST_NAME_BYTES, folder_name
from synfonium.libraries.davmount.points import mounted_at


@pytest.mark.parametrize(
    ("title", "is_file", "name"),
    [
        ("notes", False, "notes"),
        ("tea & milk.txt", True, "tea & milk"),
        ("archive.tar.gz", True, "archive.tar"),
        (".bashrc", True, "bashrc"),
        ("v1.2", False, "v1.2"),
        ("../../etc", False, "_.._etc"),
        ("..", False, "Folder"),
        ("", False, "Folder"),
        ("a/b\\c", True, "a_b_c"),
        ("new\nline\0", False, "new_line_"),
        ("right\u202eleft", False, "right_left"),
        ("été", False, "été"),
    ],
)
def test_a_title_becomes_a_name_that_is_legal_and_not_hidden(title: str, is_file: bool, name: str) -> None:
    assert folder_name(title, (), is_file=is_file) == name
    assert len(Path(name).parts) == 1


def test_names_are_short_and_never_twice_the_same() -> None:
    long = folder_name("é" * 300, (), is_file=False)
    assert len(long.encode()) <= LONGEST_NAME_BYTES
    taken = {"notes", "notes 2"}
    assert folder_name("notes", taken, is_file=False) == "notes 3"
    assert folder_name("notes.txt", taken, is_file=True) == "notes 3"


def test_nothing_is_mounted_where_nothing_was_given(tmp_path: Path) -> None:
    assert mounted_at(tmp_path) == []
    assert mounted_at(Path("/proc"))[-1] == Path("/proc")
