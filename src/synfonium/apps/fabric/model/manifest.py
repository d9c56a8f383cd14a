"""Reads a `synfonium.app.json` that a stranger wrote: a Manifest, or what is wrong with it.

Its form is the JSON Schema of the contract's types, so that what we publish is what we take;
what no schema can say is in `rules`. Each finding has its line and column.
"""

from collections.abc import Collection, Iterator
from functools import cache
from typing import Any

import msgspec
from jsonschema_rs import Draft202012Validator, RegexOptions

from synfonium.apps.fabric.contract import Manifest
from synfonium.apps.fabric.model import findings, schema
from synfonium.apps.fabric.model.findings import Finding
from synfonium.apps.fabric.model.forms import of_form
from synfonium.apps.fabric.model.rules import broken
from synfonium.libraries.json_positions import Fault, Limits, Read, read

LARGEST_BYTES = 256 * 1024
MOST_FINDINGS = 50


def _(source: str) -> str:
    return source


_FAULTS = {
    "not-utf8": _("This is not UTF-8 from here on."),
    "too-large": _("A manifest has at most 256 KiB."),
    "too-deep": _("This is nested too deeply; 32 levels are read."),
    "too-many": _("A manifest has at most 20,000 values."),
    "syntax": _("This is not JSON: something else is expected here."),
    "unfinished": _("This is not whole JSON: it ends too early."),
    "text-behind": _("Something stands behind the end of the manifest."),
    "string": _("This text does not end, or has a character that JSON writes as \\u…."),
    "number": _("This number is too long or too large."),
    "surrogate": _("A text in `{path}` has half a character (a lone surrogate)."),
    "duplicate": _("`{path}` stands here twice; readers would differ in which they take."),
}


class Parsed(msgspec.Struct, frozen=True, kw_only=True):
    """manifest: None when a finding is an error. findings: in the order of the text."""

    manifest: Manifest | None
    findings: tuple[Finding, ...]


def parse_manifest(content: bytes, *, reserved: Collection[str] = (), is_installed: bool = False) -> Parsed:
    """Never raises. reserved: ids that no outside app may have, besides ours.

    is_installed: an app of this installation, whose doors are commands.
    """
    text = read(content, Limits(size_bytes=LARGEST_BYTES))
    found = [_of_fault(fault) for fault in text.faults]
    manifest = None
    if text.is_whole:
        found += _of_schema(text.value)
        if not found:
            manifest = _converted(text.value, found)
    if manifest:
        found += broken(manifest, reserved=reserved, is_installed=is_installed)
    placed = sorted(_placed(found, text), key=lambda one: (one.line, one.column))[:MOST_FINDINGS]
    is_good = not any(one.severity == "error" for one in found)
    return Parsed(manifest=manifest if is_good else None, findings=tuple(placed))


def _of_fault(fault: Fault) -> Finding:
    return Finding(rule=f"json-{fault.reason}", source=_FAULTS[fault.reason], path=fault.path)


def _of_schema(value: object) -> list[Finding]:
    found: list[Finding] = []
    for error in _validator().iter_errors(value):
        found += [of_form(error) or one for one in schema.of_error(error)]
        if len(found) >= MOST_FINDINGS:
            break
    return [_with_names(one) for one in found]


def _with_names(finding: Finding) -> Finding:
    """A member that is not known, beside the one that may have been meant."""
    if finding.rule != "additionalProperties":
        return finding
    part: Any = manifest_schema()
    for step in finding.path[:-1]:
        part = _resolved(part)
        named = part.get("properties", {}).get(step) if isinstance(step, str) else part.get("items")
        part = named or part.get("additionalProperties") or {}
    known = _resolved(part).get("properties", {})
    return findings.unknown(finding.path[:-1], str(finding.path[-1]), known)


def _resolved(part: Any) -> dict[str, Any]:
    found = manifest_schema()["$defs"][part["$ref"].rpartition("/")[2]] if "$ref" in part else part
    return dict(found)


def _converted(value: object, found: list[Finding]) -> Manifest | None:
    """A schema takes 1.0 for 1, and more of the kind; then the type has the last word."""
    try:
        return msgspec.convert(value, Manifest)
    except msgspec.ValidationError:
        found.append(findings.other((), "type"))
        return None


def _placed(found: list[Finding], text: Read) -> Iterator[Finding]:
    ends = iter(text.faults)
    for one in found:
        fault = next(ends, None)
        at = fault.at if fault else text.find(one.path, name=one.at_name)
        line, column = text.place(at)
        yield msgspec.structs.replace(one, line=line, column=column)


@cache
def manifest_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a manifest, of the contract's types."""
    (whole,), parts = msgspec.json.schema_components([Manifest], ref_template="#/$defs/{name}")
    made = {"$schema": schema.DIALECT, "title": "synfonium.app.json", **whole, "$defs": parts}
    tidy = _tidy(made)
    assert isinstance(tidy, dict)
    return tidy


def _tidy(part: Any) -> Any:
    """A member that is not there is left out, never null."""
    if isinstance(part, list):
        return [_tidy(one) for one in part]
    if not isinstance(part, dict):
        return part
    forms = [one for one in part.get("anyOf", ()) if one != {"type": "null"}]
    if len(forms) == 1:
        return _tidy(forms[0])
    return {name: _tidy(below) for name, below in part.items()}


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(manifest_schema(), offline=True, pattern_options=RegexOptions())
