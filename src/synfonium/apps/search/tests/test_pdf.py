"""A PDF is a document that is found like a page, and cannot hang the reader."""

import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image

from synfonium.apps.search.children.extract import extract
from synfonium.apps.search.model import ParseJob
from synfonium.apps.search.service.parsing import Parser, Unparsable
from synfonium.apps.search.tests.test_imports import add, record
from synfonium.ports.index import IndexQuery
from synfonium.testing.client import installation

TEXT = "Le compte rendu du conseil municipal parle de la piscine et du marché couvert."


def made(text: str = TEXT, title: str = "Compte rendu") -> bytes:
    """A PDF of one page, by hand (ISO 32000-1)."""
    drawn = f"BT /F1 12 Tf 20 700 Td ({text}) Tj ET".encode("cp1252")
    parts = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(drawn), drawn),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
        f"<</Title({title})/Author(Ada L.)/CreationDate(D:20240512093000+02'00')>>".encode("cp1252"),
    ]
    whole, places = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, 1):
        places.append(len(whole))
        whole += b"%d 0 obj" % number + part + b"endobj\n"
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    number = len(parts) + 1
    end = b"trailer<</Size %d/Root 1 0 R/Info 6 0 R>>\nstartxref\n%d\n%%%%EOF" % (number, len(whole))
    return whole + b"xref\n0 %d\n0000000000 65535 f \n" % number + table + end


def test_a_pdf_gives_its_text_title_author_and_day() -> None:
    found = extract("http://a.example/c.pdf", made(), media_type="application/pdf")
    assert found.text.strip() == TEXT
    assert (found.title, found.author, found.lang) == ("Compte rendu", "Ada L.", "fr")
    assert found.published_s == 1715472000.0


def test_a_title_that_a_program_made_up_is_not_one() -> None:
    found = extract("http://a.example/", made(title="Microsoft Word - cr.doc"), media_type="application/pdf")
    assert found.title == TEXT


@pytest.fixture
async def parser() -> AsyncIterator[Parser]:
    parser = Parser()
    yield parser
    await parser.close()


@pytest.mark.parametrize("body", [b"", b"%PDF-1.4", b"<html>", made()[:300]])
async def test_what_is_no_pdf_is_given_up_and_the_next_is_read(parser: Parser, body: bytes) -> None:
    with pytest.raises(Unparsable):
        await parser.parse(ParseJob(url="http://a.example/", body=body, media_type="application/pdf"))
    job = ParseJob(url="http://a.example/", body=made(), media_type="application/pdf")
    assert (await parser.parse(job)).title == "Compte rendu"


def test_a_scan_without_text_has_none() -> None:
    scan = io.BytesIO()
    Image.new("RGB", (60, 80)).save(scan, "PDF")
    assert extract("http://a.example/", scan.getvalue(), media_type="application/pdf").text.strip() == ""


async def test_a_pdf_is_found_among_the_documents(tmp_path: Path) -> None:
    file = tmp_path / "a.warc"
    file.write_bytes(record("http://a.example/cr.pdf", made(), headers="Content-Type: application/pdf"))
    async with installation(tmp_path / "home") as house:
        assert (await add(house, file))["indexed"] == 1
        [hit] = house.context("search").service.crawls.graph.index.search(IndexQuery(words="piscine")).hits
        assert (hit.kind, hit.key) == ("document", "http://a.example/cr.pdf")
