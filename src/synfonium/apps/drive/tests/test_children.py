"""Text is read in a child that can harm nobody."""

import io
import zipfile

from synfonium.apps.drive.children.text import can_read, read_text

ODT = "application/vnd.oasis.opendocument.text"


async def test_plain_and_html_text_is_read() -> None:
    assert await read_text("text/plain", "Kermesse à 14 h".encode()) == "Kermesse à 14 h"
    assert await read_text("text/plain", b"caf\xe9") == "café"
    html = b"<html><body><h1>Budget</h1><script>steal()</script><p>420 euros</p></body></html>"
    text = await read_text("text/html", html)
    assert "Budget" in text
    assert "steal" not in text


async def test_an_office_file_is_read() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("content.xml", "<o><p>Tombola</p><p>des lots</p></o>")
    assert await read_text(ODT, file.getvalue()) == " Tombola des lots "


async def test_a_broken_or_hostile_file_has_no_text() -> None:
    assert await read_text(ODT, b"not a zip") == ""
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("content.xml", b" " * 50_000_000)
    assert len(await read_text(ODT, bomb.getvalue())) <= 1_000_000


def test_pictures_are_not_read() -> None:
    assert not can_read("image/png")
