"""The reference of manifests speaks of every member and rule, and of none that is not there."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from synfonium.apps.fabric.model import forms, rules, schema
from synfonium.apps.fabric.model.manifest import manifest_schema, parse_manifest

REFERENCE = Path(__file__).resolve().parents[5] / "docs" / "reference"
PAGES = pytest.mark.parametrize("page", ["manifest.md", "manifest.fr.md"])


def members(part: Any, path: str = "") -> Iterator[str]:
    """Every member of a manifest, as `asks`, `icons[].src` or `kinds.*.title`."""
    if "$ref" in part:
        part = manifest_schema()["$defs"][part["$ref"].rpartition("/")[2]]
    for name, below in part.get("properties", {}).items():
        here = f"{path}.{name}" if path else name
        yield here
        yield from members(below, here)
    if isinstance(part.get("items"), dict):
        yield from members(part["items"], f"{path}[]")
    if "$ref" in (part.get("additionalProperties") or {}):
        yield from members(part["additionalProperties"], f"{path}.*")


def rule_names() -> set[str]:
    """Rules that are no keyword of JSON Schema, as the sources name them."""
    found = {rule for rule, _sentence in forms._forms().values()}
    for module in (rules, schema):
        text = Path(module.__file__ or "").read_text("utf-8")
        found |= set(re.findall(r'_finding\(\s*"([a-z-]+)"', text))
        found |= set(re.findall(r'(?:rule=|\), )"([a-z]+(?:-[a-z]+)+)"', text))
    return found


def cells(page: str, section: int) -> list[str]:
    """What the first column of the table in a section names."""
    text = (REFERENCE / page).read_text("utf-8").split("\n## ")[section]
    return re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)


@PAGES
def test_the_reference_of_a_manifest_has_every_member_once_in_the_order_of_the_form(page: str) -> None:
    assert cells(page, 0) == list(members(manifest_schema()))


@PAGES
def test_the_reference_of_a_manifest_has_every_rule_and_nothing_that_is_not_there(page: str) -> None:
    # Of an action's input, not of a manifest.
    known = rule_names() - {"value-size"}
    assert set(cells(page, 2)) == known | {"json-*", "schema"}


@PAGES
def test_the_example_of_the_reference_is_a_manifest_without_findings(page: str) -> None:
    (example,) = re.findall(r"```json\n(.*?)```", (REFERENCE / page).read_text("utf-8"), re.DOTALL)
    assert parse_manifest(example.encode()).findings == ()
