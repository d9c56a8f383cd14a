"""Office documents become pages, by a real LibreOffice, and a hostile one harms nobody."""

import asyncio
import io
import os
import time
import zipfile
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image

from synfonium.apps.drive.children import maker, office
from synfonium.apps.drive.model.media import media_type_of
from synfonium.apps.drive.model.previews import LARGE, MOST_PAGES, Made, key_of

Program = Callable[[str], str]
_ODF = "urn:oasis:names:tc:opendocument:xmlns"
_SPACES = " ".join(
    f'xmlns:{short}="{_ODF}:{name}:1.0"'
    for short, name in {
        "office": "office", "text": "text", "table": "table", "draw": "drawing", "manifest": "manifest",
        "script": "script", "style": "style", "fo": "xsl-fo-compatible",
    }.items()
)  # fmt: skip
_LINKS = f'xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:svg="{_ODF}:svg-compatible:1.0"'
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
_OOXML = "http://schemas.openxmlformats.org"
_WORD = f'xmlns:w="{_OOXML}/wordprocessingml/2006/main"'


def _zip(parts: dict[str, bytes | str]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part, zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED)
    return held.getvalue()


def odf(name: str, body: str, more: dict[str, str] | None = None, before: str = "") -> bytes:
    media_type, more = media_type_of(name), more or {}
    kinds = {"/": media_type, "content.xml": "text/xml", **dict.fromkeys(more, "text/xml")}
    entry = '<manifest:file-entry manifest:full-path="{}" manifest:media-type="{}"/>'
    entries = "".join(entry.format(path, kind) for path, kind in kinds.items())
    whole = f"{before}<office:body>{body}</office:body>"
    named = f'office:document-content {_SPACES} {_LINKS} office:version="1.3"'
    manifest = f'<manifest:manifest {_SPACES} manifest:version="1.3">{entries}</manifest:manifest>'
    return _zip(
        {
            "mimetype": media_type,
            "content.xml": f"{_HEAD}<{named}>{whole}</office:document-content>",
            **more,
            "META-INF/manifest.xml": _HEAD + manifest,
        }
    )


def odt(text: str, more: dict[str, str] | None = None, before: str = "") -> bytes:
    return odf("a.odt", f"<office:text>{text}</office:text>", more, before)


def ods(row: str = "", cell: str = "") -> bytes:
    cells = f"<table:table-cell {cell}><text:p>Sum</text:p></table:table-cell>"
    rows = f"<table:table-row {row}>{cells}</table:table-row>"
    table = f'<table:table table:name="One">{rows}</table:table>'
    return odf("a.ods", f"<office:spreadsheet>{table}</office:spreadsheet>")


def odp() -> bytes:
    place = 'svg:x="1cm" svg:y="1cm" svg:width="9cm" svg:height="3cm"'
    frame = f"<draw:frame {place}><draw:text-box><text:p>Slide</text:p></draw:text-box></draw:frame>"
    pages = "".join(f'<draw:page draw:name="p{n}">{frame}</draw:page>' for n in range(3))
    return odf("a.odp", f"<office:presentation>{pages}</office:presentation>")


def _types(parts: dict[str, str]) -> str:
    """parts: the name of each, to its kind."""
    kind = "application/vnd.openxmlformats-officedocument"
    overrides = "".join(
        f'<Override PartName="/{part}" ContentType="{kind}.{name}+xml"/>' for part, name in parts.items()
    )
    return (
        f'{_HEAD}<Types xmlns="{_OOXML}/package/2006/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{overrides}</Types>'
    )


def _relation(target: str, kind: str) -> str:
    return (
        f'{_HEAD}<Relationships xmlns="{_OOXML}/package/2006/relationships"><Relationship Id="r1" '
        f'Type="{_OOXML}/officeDocument/2006/relationships/{kind}" Target="{target}"/></Relationships>'
    )


_DOCUMENT = {
    "[Content_Types].xml": _types({"word/document.xml": "wordprocessingml.document.main"}),
    "_rels/.rels": _relation("word/document.xml", "officeDocument"),
}


def docx() -> bytes:
    body = "<w:body><w:p><w:r><w:t>Hello</w:t></w:r></w:p></w:body>"
    return _zip({**_DOCUMENT, "word/document.xml": f"{_HEAD}<w:document {_WORD}>{body}</w:document>"})


def xlsx() -> bytes:
    main, relations = f"{_OOXML}/spreadsheetml/2006/main", f"{_OOXML}/officeDocument/2006/relationships"
    cell = '<c r="A1" t="inlineStr"><is><t>Sum</t></is></c>'
    rows = f'<sheetData><row r="1">{cell}</row></sheetData>'
    sheets = '<sheets><sheet name="One" sheetId="1" r:id="r1"/></sheets>'
    return _zip(
        {
            "[Content_Types].xml": _types(
                {"xl/workbook.xml": "spreadsheetml.sheet.main", "xl/s.xml": "spreadsheetml.worksheet"}
            ),
            "_rels/.rels": _relation("xl/workbook.xml", "officeDocument"),
            "xl/workbook.xml": f'{_HEAD}<workbook xmlns="{main}" xmlns:r="{relations}">{sheets}</workbook>',
            "xl/_rels/workbook.xml.rels": _relation("s.xml", "worksheet"),
            "xl/s.xml": f'{_HEAD}<worksheet xmlns="{main}">{rows}</worksheet>',
        }
    )


RTF = rb"{\rtf1\ansi Hello \b world\b0 .\par Second.}"


async def pdf_of(content: bytes, name: str) -> bytes:
    memory = os.memfd_create("test", os.MFD_CLOEXEC)
    try:
        os.pwrite(memory, content, 0)
        return await office.to_pdf(memory, media_type_of(name))
    finally:
        os.close(memory)


def words_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    return "\n".join(page.get_textpage().get_text_range() for page in document)


async def made_of(content: bytes, name: str) -> Made:
    async def read(start: int, stop: int) -> AsyncIterator[bytes]:
        yield content[start:stop]

    return await maker.make("office", len(content), read, [64, 256, LARGE], media_type_of(name))


@pytest.fixture(autouse=True)
def _programs(program: Program) -> None:
    for name in ("soffice", "bwrap"):
        program(name)


DOCUMENTS: dict[str, Callable[[], bytes]] = {
    "a.odt": lambda: odt("<text:p>Hello</text:p>"),
    "a.ods": ods,
    "a.odp": odp,
    "a.docx": docx,
    "a.xlsx": xlsx,
    "a.rtf": lambda: RTF,
}
WORDS = {
    "a.odt": "Hello",
    "a.ods": "Sum",
    "a.odp": "Slide",
    "a.docx": "Hello",
    "a.xlsx": "Sum",
    "a.rtf": "Second",
}


@pytest.mark.full
@pytest.mark.parametrize("name", DOCUMENTS)
async def test_a_document_becomes_pages_that_say_what_it_says(name: str) -> None:
    content = DOCUMENTS[name]()
    assert WORDS[name] in words_of(await pdf_of(content, name))


@pytest.mark.full
async def test_its_pictures_are_made_at_one_go_page_by_page() -> None:
    made = await made_of(odp(), "a.odp")
    assert made.state == "ready"
    assert set(made.images) == {64, 256, LARGE, key_of(LARGE, 2), key_of(LARGE, 3)}
    for key, image in made.images.items():
        assert max(Image.open(io.BytesIO(image)).size) == key % 10_000


@pytest.mark.full
async def test_a_long_document_shows_its_first_pages() -> None:
    text = "<text:p>Some words to fill a line with, and again some more of them.</text:p>" * 2000
    assert len(pypdfium2.PdfDocument(await pdf_of(odt(text), "a.odt"))) == MOST_PAGES


def _endless() -> bytes:
    """A few hundred kilobytes of archive; a gigabyte of paragraphs."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _DOCUMENT.items():
            archive.writestr(name, content)
        with archive.open("word/document.xml", "w", force_zip64=True) as part:
            part.write(f"{_HEAD}<w:document {_WORD}><w:body>".encode())
            for _ in range(1000):
                part.write(b"<w:p><w:r><w:t>bomb</w:t></w:r></w:p>" * 28_000)
    return held.getvalue()


def _nested() -> bytes:
    value = 'office:value-type="float" office:value="1"'
    cells = f'table:number-columns-repeated="16000" {value}'
    return ods('table:number-rows-repeated="1000000"', cells)


def running(mark: str) -> list[Path]:
    """Processes of this computer with that word on their command line."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            found += [process] if mark.encode() in (process / "cmdline").read_bytes() else []
    return found


HOSTILE: dict[str, tuple[str, Callable[[], bytes]]] = {
    "a gigabyte of paragraphs": ("a.docx", _endless),
    "a sheet without end": ("a.ods", _nested),
    "noise": ("a.doc", lambda: os.urandom(100_000)),
    "a cut archive": ("a.docx", lambda: docx()[:700]),
}


@pytest.mark.full
@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_document_harms_nobody(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes no more time and memory than it may, and nothing of it is left."""
    file, content = HOSTILE[name]
    monkeypatch.setattr(office, "WALL_S", 6.0)
    mark, plain = f"sheet-{os.getpid()}-{time.monotonic_ns()}", office.command

    def marked(document: int, profile: int, media_type: str) -> list[str]:
        return [mark if word == "sheet" else word for word in plain(document, profile, media_type)]

    monkeypatch.setattr(office, "command", marked)
    started = time.monotonic()
    made = await made_of(content(), file)
    assert time.monotonic() - started < office.WALL_S + 2 * maker.WALL_S
    assert made.state in ("ready", "none", "slow")
    assert not running(mark), "what was the first process in there; the others end with it"


_DTD = '<!DOCTYPE {0} PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN" "{1}.dtd">'
_LIB = 'xmlns:library="http://openoffice.org/2000/library"'
MACRO = f"""{_HEAD}{_DTD.format("script:module", "module")}
<script:module xmlns:script="http://openoffice.org/2000/script" script:name="Module1"
 script:language="StarBasic">Sub Main
ThisComponent.Text.String = "the macro ran"
End Sub
</script:module>"""
LIBRARY = f"""{_HEAD}{_DTD.format("library:library", "library")}
<library:library {_LIB} library:name="Standard" library:readonly="false"
 library:passwordprotected="false"><library:element library:name="Module1"/></library:library>"""
LIBRARIES = f"""{_HEAD}{_DTD.format("library:libraries", "libraries")}
<library:libraries {_LIB} xmlns:xlink="http://www.w3.org/1999/xlink">
<library:library library:name="Standard" library:link="false"/></library:libraries>"""
LISTENER = (
    "<office:scripts><office:event-listeners>"
    '<script:event-listener script:language="ooo:script" script:event-name="dom:load" '
    'xlink:href="vnd.sun.star.script:Standard.Module1.Main?language=Basic&amp;location=document" '
    'xlink:type="simple"/></office:event-listeners></office:scripts>'
)


def reaching(secret: str, url: str) -> bytes:
    """A document that runs a macro, takes in a file of this computer, and asks for a picture by HTTP."""
    text = (
        "<text:p>Innocent</text:p>"
        f'<text:section text:name="s"><text:section-source xlink:href="file://{secret}" xlink:type="simple"/>'
        "<text:p>old</text:p></text:section>"
        f'<text:p><draw:frame svg:width="3cm" svg:height="3cm"><draw:image xlink:href="{url}" '
        'xlink:type="simple"/></draw:frame></text:p>'
    )
    more = {
        "Basic/script-lc.xml": LIBRARIES,
        "Basic/Standard/script-lb.xml": LIBRARY,
        "Basic/Standard/Module1.xml": MACRO,
    }
    return odt(text, more, before=LISTENER)


@pytest.mark.full
async def test_a_document_reaches_nothing_and_runs_nothing(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret")
    asked = list[bytes]()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readline())
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        words = words_of(await pdf_of(reaching(str(secret), f"http://127.0.0.1:{port}/a.png"), "a.odt"))
    assert "Innocent" in words
    assert "macro" not in words
    assert "secret" not in words
    assert asked == []
