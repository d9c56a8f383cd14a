"""What a file's page shows of code: lines, in the language that its name says."""

import json
from pathlib import Path

import pytest

from synfonium.apps.drive.model.code import LANGUAGES, language_of
from synfonium.apps.drive.service import DriveService
from synfonium.apps.drive.service.viewing import CODE_BYTES, View
from synfonium.apps.drive.tests.conftest import Hand

WEB = Path(__file__).parent.parent / "web" / "code" / "languages.ts"


async def seen(drive: DriveService, hand: Hand, name: str, content: bytes) -> View:
    node = await hand.file(name, content)
    return await drive.viewing.of(hand.actor, await drive.tree.node(hand.actor, node))


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("a.py", "python"),
        ("A.RS", "rust"),
        ("Makefile", "makefile"),
        ("Dockerfile", "dockerfile"),
        ("CMakeLists.txt", "cmake"),
        ("notes.txt", ""),
        ("py", ""),
        ("letter.md", ""),
    ],
)
def test_a_language_is_known_by_the_files_name(name: str, language: str) -> None:
    assert language_of(name) == language


def test_the_page_can_colour_every_language_that_is_named() -> None:
    source = WEB.read_text()
    assert [one for one in LANGUAGES if json.dumps(f"highlight.js/lib/languages/{one}") not in source] == []


async def test_code_is_shown_in_lines_whatever_ends_them(drive: DriveService, hand: Hand) -> None:
    view = await seen(drive, hand, "a.rs", b"fn main() {\r\n}\r\n")
    assert (view.kind, view.language, view.lines) == ("text", "rust", ["fn main() {", "}"])
    assert not view.is_wrapped
    assert (await seen(drive, hand, "small.js", b"x" * 600)).is_wrapped


async def test_of_long_code_the_beginning_is_shown(drive: DriveService, hand: Hand) -> None:
    view = await seen(drive, hand, "a.sql", b"select 1;\n" * (CODE_BYTES // 10 + 5))
    assert view.is_cut
    assert len(view.text) <= CODE_BYTES


async def test_a_film_that_is_called_like_code_is_no_text(drive: DriveService, hand: Hand) -> None:
    assert (await seen(drive, hand, "film.ts", b"\x47\x40\x00" + b"\0" * 200)).kind == ""
