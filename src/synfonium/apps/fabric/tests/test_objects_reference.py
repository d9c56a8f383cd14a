"""The reference of objects speaks of every member that goes between an app and the installation."""

import re
from pathlib import Path

import msgspec
import pytest

from synfonium.apps.fabric.contract import Children, Crumb, Object, ObjectsAsk
from synfonium.apps.fabric.service.bridge import LARGEST_BYTES, SLOWEST_S

REFERENCE = Path(__file__).resolve().parents[5] / "docs" / "reference"
PAGES = pytest.mark.parametrize("page", ["objects.md", "objects.fr.md"])


def named(text: str) -> set[str]:
    return set(re.findall(r"`([a-z_]+)`", text))


def members(*structs: type[msgspec.Struct]) -> set[str]:
    return {field for one in structs for field in one.__struct_fields__}


@PAGES
def test_the_reference_names_every_member_in_its_table_and_none_that_is_not_there(page: str) -> None:
    text = (REFERENCE / page).read_text("utf-8")
    tables = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    asked, told = (
        {name for row in table.splitlines() for name in named(row.split("|")[1])} for table in tables
    )
    assert asked == members(ObjectsAsk)
    assert told == members(Object)
    assert members(Children, Crumb) <= named(text)


@PAGES
def test_the_reference_says_how_much_and_how_long(page: str) -> None:
    text = (REFERENCE / page).read_text("utf-8").replace("\u00a0", " ")
    assert f" {LARGEST_BYTES // 1024**2} Mi" in text
    assert f" {SLOWEST_S:.0f} second" in text
