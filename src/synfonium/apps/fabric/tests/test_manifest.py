"""A manifest is taken as a whole or explained, finding by finding, with the line of each."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator

from synfonium.apps.fabric.contract import Manifest, in_language
from synfonium.apps.fabric.model.manifest import manifest_schema, parse_manifest
from synfonium.apps.fabric.model.rules import RESERVED
from synfonium.apps.fabric.service.registry import manifest_of
from synfonium.kernel.app import installed_apps

from .manifests import GOOD, Path, changed


def rules_of(made: object, **how: Any) -> list[tuple[str, str]]:
    return [(one.rule, one.severity) for one in parse_manifest(json.dumps(made).encode(), **how).findings]


OURS = "synfonium"
ACTION = (OURS, "actions", 0)
# What the form refuses: the published JSON Schema and the parser alike.
BAD_FORMS: list[tuple[Path, object, str]] = [
    (("id",), "Notes", "id"),
    (("id",), ..., "required"),
    (("name",), {"fr": "Carnet"}, "required"),
    (("name",), {"en": "Notes", "f r": "x"}, "language"),
    (("name",), "Notes\u202egpj.exe", "plain-text"),
    (("name",), "n" * 81, "maxLength"),
    (("name",), 3, "type"),
    (("start_url",), "https://evil.example/", "place"),
    (("start_url",), "//evil.example/", "place"),
    (("start_url",), "javascript:alert(1)", "place"),
    (("start_url",), "/\\evil.example", "place"),
    (("icons", 0, "src"), "data:image/svg+xml,<svg>", "place"),
    (("file_handlers", 0, "accept"), {"Text/Plain": []}, "media-type"),
    (("file_handlers", 0, "accept"), {"text/plain; charset=utf-8": []}, "media-type"),
    (("file_handlers", 0, "accept"), {"text/plain": ["md"]}, "extension"),
    (("share_target", "params", "files", 0, "accept"), ["anything"], "media-type"),
    (("share_target", "method"), "PUT", "enum"),
    (("share_target",), None, "type"),
    (("protocol_handlers", 0, "protocol"), "javascript", "protocol"),
    ((OURS, "version"), 2, "enum"),
    ((OURS, "emitz"), [], "additionalProperties"),
    ((OURS, "asks"), {"file": ["read"]}, "interface"),
    ((OURS, "asks"), {"file/1": ["burn"]}, "enum"),
    ((OURS, "asks"), {"file/1": []}, "minItems"),
    ((OURS, "redirect_uris"), ["/x"] * 11, "maxItems"),
    ((OURS, "emits", 0, "type"), "written", "fact-type"),
    ((OURS, "objects", "kinds"), {"Page": {"title": "x", "interfaces": ["file/1"]}}, "kind"),
    ((*ACTION, "name"), "add page", "action-name"),
    ((*ACTION, "input"), [], "type"),
    ((*ACTION, "effect"), "destroy", "enum"),
    ((*ACTION, "door"), "http://169.254.169.254/", "place"),
]
DEEP: dict[str, Any] = {"type": "object"}
for _n in range(20):
    DEEP = {"type": "object", "not": DEEP}
LAUGHS: dict[str, Any] = {"type": "object", "$ref": "#/$defs/d9", "$defs": {"d0": {}}}
for _n in range(1, 10):
    LAUGHS["$defs"][f"d{_n}"] = {"allOf": [{"$ref": f"#/$defs/d{_n - 1}"}] * 4}
# What no schema can say.
BROKEN_RULES: list[tuple[Path, object, str]] = [
    (("start_url",), "/a/../b", "place-straight"),
    (("start_url",), "/a/%2e%2E/b", "place-straight"),
    (("start_url",), "/a/%252e%252e/b", "place-straight"),
    (("start_url",), "/a%2fb", "place-straight"),
    (("start_url",), "/%00", "place-straight"),
    ((OURS, "redirect_uris"), ["https://evil.example/back"], "redirect-uri"),
    ((OURS, "redirect_uris"), ["http://127.0.0.1@evil.example/"], "redirect-uri"),
    ((OURS, "redirect_uris"), ["javascript:alert(1)"], "redirect-uri"),
    ((OURS, "redirect_uris"), ["data:text/html,x"], "redirect-uri"),
    ((OURS, "redirect_uris"), [], "redirect-needed"),
    ((OURS,), {"front": {"needs_grant": True}}, "asks-needed"),
    ((OURS, "emits", 0, "type"), "drive.file.written", "id-prefix"),
    ((OURS, "emits", 0, "type"), "notesy.page.written", "id-prefix"),
    ((*ACTION, "name"), "drive.remove", "id-prefix"),
    ((*ACTION, "door"), ..., "door-needed"),
    ((OURS, "objects", "door"), ..., "door-needed"),
    (("share_target", "method"), "GET", "share-files"),
    (("protocol_handlers", 0, "url"), "/open", "protocol-url"),
    ((OURS, "emits"), [*GOOD[OURS]["emits"] * 2], "twice"),
    ((*ACTION, "input"), {"type": "array"}, "schema-object"),
    ((*ACTION, "input"), {"type": "object", "properties": {"a": {"pattern": "(a+)+$"}}}, "schema-pattern"),
    ((*ACTION, "input"), {"type": "object", "patternProperties": {"(a+)+$": {}}}, "schema-pattern"),
    ((*ACTION, "input"), {"type": "object", "$ref": "https://evil.example/x"}, "schema-reference"),
    ((*ACTION, "input"), {"type": "object", "$ref": "file:///etc/passwd"}, "schema-reference"),
    ((*ACTION, "input"), {"type": "object", "$ref": "#"}, "schema-reference"),
    (
        (*ACTION, "input"),
        {"type": "object", "$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}},
        "schema-reference",
    ),
    ((*ACTION, "input"), {"type": "object", "$dynamicRef": "#a"}, "additionalProperties"),
    ((*ACTION, "input"), {"type": "object", "$schema": "http://evil.example/"}, "schema-dialect"),
    ((*ACTION, "input"), {"type": "object", "properties": {"a": {"type": "wish"}}}, "schema"),
    ((*ACTION, "input"), {"type": "object", "description": "d" * 17_000}, "schema-size"),
    ((*ACTION, "input"), DEEP, "schema-size"),
    ((*ACTION, "input"), LAUGHS, "schema-size"),
]


def test_a_good_manifest_is_taken_with_the_members_of_the_web_app_manifest_that_we_do_not_know() -> None:
    parsed = parse_manifest(json.dumps(GOOD).encode())
    assert parsed.findings == ()
    assert parsed.manifest == msgspec.convert(GOOD, Manifest)
    assert in_language(parsed.manifest.name, "fr-CA") == "Carnet"
    assert in_language(parsed.manifest.name, "de") == "Notes"


@pytest.mark.parametrize(("path", "value", "rule"), BAD_FORMS)
def test_what_has_another_form_is_refused_by_the_parser_and_by_the_published_schema(
    path: Path, value: object, rule: str
) -> None:
    made = changed(path, value)
    parsed = parse_manifest(json.dumps(made).encode())
    assert parsed.manifest is None
    assert [one.rule for one in parsed.findings] == [rule]
    assert not Draft202012Validator(manifest_schema(), offline=True).is_valid(made)


def test_the_published_schema_takes_what_the_parser_takes() -> None:
    schema = Draft202012Validator(manifest_schema(), offline=True)
    assert schema.is_valid(GOOD)
    assert schema.is_valid({"id": "ab", "name": "Ab"})
    assert parse_manifest(b'{"id": "ab", "name": "Ab"}').manifest


@pytest.mark.parametrize(("path", "value", "rule"), BROKEN_RULES)
def test_a_hostile_manifest_is_refused_by_the_rule_that_it_breaks(
    path: Path, value: object, rule: str
) -> None:
    parsed = parse_manifest(json.dumps(changed(path, value)).encode())
    assert parsed.manifest is None
    assert {one.rule for one in parsed.findings} == {rule}


@pytest.mark.parametrize(
    ("text", "rule", "line", "column"),
    [
        ('{\n "id": "notes",\n "id": "drive",\n "name": "x"}', "json-duplicate", 3, 2),
        ('{\n "id": "notes"\n "name": "x"}', "json-syntax", 3, 2),
        ('{\n "id": "notes",\n "name": "x"', "json-unfinished", 3, 13),
        ('{\n "id": "notes",\n "name": "é", "start_url": "x"}', "place", 3, 28),
        ('{\n "id": "notes",\n "name": "x",\n "synfonium": {"asks": {"x": ["read"]}}}', "interface", 4, 25),
        ('{\n "id": "a\\ud800", "name": "x"}', "json-surrogate", 2, 8),
        ('{"id": "notes", "name": "x"} {}', "json-text-behind", 1, 30),
        ('{"id": "notes", "name": "x", "n": 1' + "0" * 400 + "}", "json-number", 1, 35),
        ('{"id": "notes", "name": "x", "n": ' + "[" * 40 + "]" * 40 + "}", "json-too-deep", 1, 67),
        ('{"id": "notes", "name": "x", "n": [' + "0," * 20_000 + "0]}", "json-too-many", 1, 40_028),
        ('{"n": "' + "n" * 262_144 + '"}', "json-too-large", 1, 1),
        ("", "json-unfinished", 1, 1),
        ("[]", "type", 1, 1),
    ],
)
def test_a_finding_stands_at_its_line_and_column(text: str, rule: str, line: int, column: int) -> None:
    first = parse_manifest(text.encode()).findings[0]
    assert (first.rule, first.line, first.column) == (rule, line, column)


def test_bytes_that_are_no_text_are_found_where_they_begin() -> None:
    (only,) = parse_manifest(b'{"id":\n "\xff"}').findings
    assert (only.rule, only.line, only.column) == ("json-not-utf8", 2, 3)


def test_a_member_that_looks_like_another_is_named() -> None:
    (only,) = parse_manifest(json.dumps(changed((OURS, "emitz"), [])).encode()).findings
    assert only.sentence() == "`emitz` is not a member of `synfonium`; did you mean `emits`?"


def test_what_is_quoted_of_a_stranger_is_short_and_cannot_steer_a_terminal() -> None:
    (only,) = parse_manifest(json.dumps(changed((OURS, "\x1b[2J" + "x" * 500), [])).encode()).findings
    assert "\x1b" not in only.sentence()
    assert len(only.sentence()) < 200


@pytest.mark.parametrize("name", ["drive", *sorted(RESERVED)])
def test_no_outside_app_takes_a_name_of_the_house(name: str) -> None:
    made = {"id": name, "name": "x"}
    assert rules_of(made, reserved={"drive"})[0][0] in ("id-reserved", "id")


def test_an_app_that_asks_for_everything_is_warned_that_the_person_is_asked_each_time() -> None:
    everything = {name: ["read", "write", "use"] for name in ("file/1", "folder/1", "desktop/1")}
    assert rules_of(changed((OURS, "asks"), everything)) == [("asks-everything", "warning")]
    assert rules_of(changed(("file_handlers", 0, "accept"), {"*/*": []})) == [("opens-everything", "warning")]


@pytest.mark.parametrize("app", installed_apps(), ids=lambda app: app.name)
def test_the_manifest_of_an_installed_app_is_without_findings_and_in_its_name(app: Any) -> None:
    manifest = manifest_of(app)
    assert manifest is None or manifest.id == app.name


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(), below, max_size=4),
    max_leaves=20,
)


def _paths(value: Any, path: Path = ()) -> list[Path]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [*([path] if path else []), *(one for key, below in items for one in _paths(below, (*path, key)))]


def _is_explained(content: bytes) -> None:
    parsed = parse_manifest(content)
    assert parsed.manifest or parsed.findings
    for one in parsed.findings:
        assert one.line >= 1
        assert one.column >= 1
        assert one.sentence().isprintable()


@given(st.binary(max_size=300))
def test_no_bytes_make_the_parser_fail(content: bytes) -> None:
    _is_explained(content)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(_paths(GOOD)), JSON)
def test_whatever_stands_in_the_place_of_a_value_is_taken_or_explained(path: Path, value: object) -> None:
    _is_explained(json.dumps(changed(path, value)).encode("utf-8", "surrogatepass"))


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(json.dumps(GOOD))), st.binary(max_size=3), st.integers(0, 5))
def test_a_good_manifest_with_a_few_bytes_changed_is_taken_or_explained(
    at: int, instead: bytes, gone: int
) -> None:
    text = json.dumps(GOOD).encode()
    _is_explained(text[:at] + instead + text[at + gone :])
