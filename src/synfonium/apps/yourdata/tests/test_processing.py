"""The record of processing, in the languages of the house, whole."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from synfonium.apps.yourdata.service.processing import record
from synfonium.testing.client import Installation, installation

# Said alike in both languages.
ALIKE = {"navigation"}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    async with installation(
        tmp_path / "home", {"SYNFONIUM_YOURDATA_CONTROLLER": "Ville de Brest"}
    ) as running:
        yield running


def rows(markdown: str) -> list[list[str]]:
    cells = [re.split(r" ?\| ?", line)[1:-1] for line in markdown.splitlines() if line.startswith("|")]
    return [row for row in cells if row[-1].startswith("`")]


async def test_the_record_in_french_says_every_line_of_it_in_french(house: Installation) -> None:
    said = {
        language: (await house.call("yourdata.processing", {"language": language}))["markdown"]
        for language in ("en", "fr")
    }
    english, french = rows(said["en"]), rows(said["fr"])
    assert len(english) == len(french) == sum(len(activity.kept) for activity in record()) > 50
    for before, after in zip(english, french, strict=True):
        assert before[-1] == after[-1]
        for source, text in zip(before[:-1], after[:-1], strict=True):
            assert bool(source) == bool(text), before
            assert source != text or not source or source in ALIKE, source
    for heading in re.findall(r"^(?:# .*|Controller.*|Whose.*)$", said["en"], re.MULTILINE):
        assert heading not in said["fr"], heading
    assert "Ville de Brest" in said["fr"]


async def test_people_read_the_record_in_their_language_with_every_place(house: Installation) -> None:
    async with house.client(headers={"accept": "text/html"}) as visitor:
        for language, word in (("en", "What for:"), ("fr", "Pourquoi :")):
            page = (await visitor.get("/settings/data/kept", params={"ui": language})).text
            assert word in page
            for activity in record():
                assert not [kept.place for kept in activity.kept if kept.place not in page]
