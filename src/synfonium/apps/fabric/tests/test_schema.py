"""What fits an action's input schema, said in sentences and in bounded time."""

import time
from typing import Any

import pytest

from synfonium.apps.fabric.model.schema import MOST_FINDINGS, check_schema, validate

PAGE = {
    "type": "object",
    "properties": {
        "title": {"type": "string", "maxLength": 5},
        "kind": {"enum": ["note", "list"]},
        "tags": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
        "day": {"type": "string", "format": "date"},
        "size": {"type": "integer", "minimum": 1},
    },
    "required": ["title"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("value", "rule", "sentence"),
    [
        ({}, "required", "`$` needs the member `title`."),
        ({"title": "longer"}, "maxLength", "`title` may have at most 5 characters."),
        ({"title": "a", "kind": "poem"}, "enum", "`kind` must be one of: note, list."),
        ({"title": "a", "tags": ["x", 1]}, "type", "`tags[1]` must be a text, in quotes."),
        ({"title": "a", "tags": ["x", "x"]}, "uniqueItems", "`tags` must have no entry twice."),
        ({"title": "a", "size": 0}, "minimum", "`size` must be at least 1."),
        ({"title": "a", "day": "soon"}, "format", "`day` does not fit its schema."),
        ({"title": "a", "more": 1}, "additionalProperties", "`more` is not a member of `$`."),
        ([], "type", "`$` must be an object, in braces."),
    ],
)
def test_what_does_not_fit_is_said_in_a_sentence(value: Any, rule: str, sentence: str) -> None:
    (only,) = validate(PAGE, value)
    assert (only.rule, only.sentence()) == (rule, sentence)


def test_what_fits_has_no_findings() -> None:
    assert check_schema(PAGE) == []
    assert validate(PAGE, {"title": "Tea", "kind": "note", "tags": ["a"], "day": "2026-11-28"}) == []
    assert validate({}, {"whatever": [1, None]}) == []


def test_findings_are_few_however_wrong_a_value_is() -> None:
    schema = {"type": "object", "properties": {"tags": {"items": {"type": "string"}}}}
    assert len(validate(schema, {"tags": [1] * 500})) == MOST_FINDINGS


def test_a_hostile_schema_that_is_taken_cannot_hold_up_a_call() -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"items": {"anyOf": [{"required": [f"x{n}"]} for n in range(400)]}}},
    }
    assert check_schema(schema) == []
    began = time.process_time()
    (only,) = validate(schema, {"a": [{"y": 1}] * 2000})
    assert only.rule == "schema"
    assert time.process_time() - began < 1


@pytest.mark.parametrize("value", [{"a": [0] * 6000}, {"a": [[]] * 6000}, {str(n): n for n in range(6000)}])
def test_a_value_of_too_many_parts_is_refused(value: Any) -> None:
    assert [one.rule for one in validate({}, value)] == ["value-size"]


def test_a_value_that_is_too_deep_is_refused() -> None:
    value: Any = {}
    for _level in range(100):
        value = {"a": value}
    assert [one.rule for one in validate({}, value)] == ["value-size"]
