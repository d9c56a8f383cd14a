"""Rates, encyclopedias and dictionaries: read in the forms that their publishers give."""

import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from synfonium.apps.search.errors import NotReadable
from synfonium.apps.search.service.answers.entries_file import LONGEST_TEXT, read_entries, shortened
from synfonium.apps.search.service.answers.imported import Imported
from synfonium.apps.search.service.answers.rates_file import read_rates
from synfonium.common.problem import Problem
from synfonium.testing.client import Installation, installation

DAILY = """<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01"
 xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref"><gesmes:subject>Reference rates</gesmes:subject>
<Cube><Cube time='2026-11-27'><Cube currency='USD' rate='1.1634'/><Cube currency='JPY' rate='180.25'/>
<Cube currency='XXX' rate='N/A'/><Cube currency='evil' rate='1'/></Cube></Cube></gesmes:Envelope>"""
HIST = "Date,USD,JPY,CYP,\n2026-11-26,1.16,179.5,N/A,\n2026-11-25,1.15,179.0,N/A,\nrubbish,1,2,3,\n"

ENTERPRISE = {
    "name": "Rennes",
    "identifier": 2555,
    "namespace": {"identifier": 0},
    "url": "https://fr.wikipedia.org/wiki/Rennes",
    "abstract": "Rennes est une commune française, chef-lieu de la région Bretagne.",
    "description": "commune française",
    "in_language": {"identifier": "fr"},
    "is_part_of": {"identifier": "frwiki"},
    "redirects": [{"name": "Roazhon", "url": "https://fr.wikipedia.org/wiki/Roazhon"}],
    "infoboxes": [
        {"type": "infobox", "has_parts": [
            {"type": "section", "has_parts": [{"type": "field", "name": "Région", "value": "Bretagne"}]},
            {"type": "field", "name": "Maire", "value": "<b>Somebody</b>"},
        ]}
    ],
}  # fmt: skip
CIRRUS = [
    {"index": {"_type": "_doc", "_id": "77"}},
    {
        "title": "Lyon",
        "opening_text": "Lyon est une ville <script>alert(1)</script> de France.",
        "language": "fr",
        "wiki": "frwiki",
        "namespace": 0,
        "redirect": [{"namespace": 0, "title": "Lugdunum"}],
        "popularity_score": 0.001,
    },
    {"index": {"_id": "78"}},
    {"title": "Discussion:Lyon", "opening_text": "…", "language": "fr", "wiki": "frwiki", "namespace": 1},
]
WIKTEXTRACT = [
    {"word": "chat", "lang_code": "fr", "pos": "noun", "pos_title": "Nom commun",
     "senses": [{"glosses": ["Félin domestique."]}, {"glosses": ["Général.", "Jeu d’enfants."]}]},
    {"word": "chat", "lang_code": "fr", "pos": "verb", "pos_title": "Forme de verbe",
     "senses": [{"glosses": ["Bavarder."]}]},
    {"word": "chat", "lang_code": "en", "pos": "noun", "senses": [{"glosses": ["Causette."]}]},
    {"word": "vide", "lang_code": "fr", "pos": "noun", "senses": []},
]  # fmt: skip


def lines(*objects: object) -> bytes:
    return b"".join(json.dumps(each, ensure_ascii=False).encode() + b"\n" for each in objects)


def test_rates_of_a_day_and_of_the_past_are_read(tmp_path: Path) -> None:
    daily, past = tmp_path / "eurofxref-daily.xml", tmp_path / "eurofxref-hist.zip"
    daily.write_text(DAILY)
    with zipfile.ZipFile(past, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("eurofxref-hist.csv", HIST)
    (today,) = read_rates(daily)
    assert today.day == date(2026, 11, 27)
    assert today.of_euro == {"USD": Decimal("1.1634"), "JPY": Decimal("180.25")}
    assert [rates.day.day for rates in read_rates(past)] == [26, 25]


@pytest.mark.parametrize("content", ["", "<a/>", "not xml", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"])
def test_a_file_without_rates_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "eurofxref-daily.xml"
    file.write_text(content)
    with pytest.raises(NotReadable):
        list(read_rates(file))
    with pytest.raises(NotReadable):
        list(read_rates(tmp_path / "missing.zip"))


def test_each_published_form_of_an_extract_is_read(tmp_path: Path) -> None:
    plain, packed, gzipped = (tmp_path / n for n in ("a.ndjson", "fr.tar.gz", "frwiki-content.json.gz"))
    plain.write_bytes(lines(ENTERPRISE))
    with tarfile.open(packed, "w:gz") as archive:
        info = tarfile.TarInfo("frwiki_0.ndjson")
        info.size = len(lines(ENTERPRISE))
        archive.addfile(info, io.BytesIO(lines(ENTERPRISE)))
    gzipped.write_bytes(gzip.compress(lines(*CIRRUS) + b"{broken\n"))
    for file in (plain, packed):
        (row,) = read_entries(file, "fr")
        assert row
        assert row.names == {"rennes": 0, "roazhon": 1}
    lyon, broken = read_entries(gzipped, "fr")
    assert lyon
    assert set(lyon.names) == {"lyon", "lugdunum"}
    assert broken is None


def test_a_long_text_ends_with_a_sentence() -> None:
    text = "Une phrase entière de plus. " * 200
    assert shortened(text).endswith("plus.")
    assert len(shortened(text)) <= LONGEST_TEXT
    assert len(shortened("x" * 5000)) <= LONGEST_TEXT + 2


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    async with installation(tmp_path / "home") as running:
        yield running


async def test_what_an_operator_imports_is_answered_from(house: Installation, tmp_path: Path) -> None:
    wiki, words, rates = (tmp_path / n for n in ("wiki.ndjson", "fr-extract.jsonl", "eurofxref-daily.xml"))
    wiki.write_bytes(lines(ENTERPRISE, *CIRRUS))
    words.write_bytes(lines(*WIKTEXTRACT))
    rates.write_text(DAILY)
    for _again in range(2):
        report = await house.call("search.import_encyclopedia", {"path": str(wiki)})
        assert report == {"indexed": 2, "skipped": 0, "broken": 0}
        assert (await house.call("search.import_encyclopedia", {"path": str(words)}))["indexed"] == 2
    await house.call("search.import_rates", {"path": str(rates)})
    imported: Imported = house.context("search").service.imported
    found = await imported.infobox("RENNES", "fr")
    assert found
    assert found.facts == (("Région", "Bretagne"), ("Maire", "<b>Somebody</b>"))
    assert (await imported.infobox("roazhon", "en")) == found
    assert await imported.infobox("rennes horaires", "fr") is None
    senses = [entry.senses for entry in await imported.entries("chat", "fr", dictionary=True)]
    assert senses == [("Félin domestique.", "Jeu d’enfants."), ("Bavarder.",)]
    today = await imported.rates()
    assert today
    assert today.of_euro["USD"] == Decimal("1.1634")
    assert await imported.rates(date(2026, 11, 26)) is None


@pytest.mark.parametrize("content", [b"", b"\x00\xff\n", b"[1]\n", b'{"a": ' * 5000])
async def test_a_file_of_nothing_is_refused(house: Installation, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "x.ndjson"
    file.write_bytes(content)
    for path in (str(file), str(tmp_path / "missing.ndjson"), "relative.ndjson"):
        with pytest.raises(Problem):
            await house.call("search.import_encyclopedia", {"path": path})
