"""Filters mean what RFC 7644 says, and no text makes the reader fall or wait."""

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synfonium.libraries.scim.errors import ScimError
from synfonium.libraries.scim.filters import And, Compare, Filter, Names, Not, Or, matches, parse_filter

NAMES = Names(
    canonical={
        name.lower(): name
        for name in (
            "userName",
            "active",
            "age",
            "emails",
            "value",
            "type",
            "name",
            "familyName",
            "id",
            "meta",
            "created",
            "externalId",
        )
    },
    exact=frozenset({"id", "externalId"}),
    times=frozenset({"meta.created"}),
    urns=frozenset({"urn:x:user"}),
)
ADA: dict[str, Any] = {
    "id": "Ab",
    "externalId": "Cd",
    "userName": "Ada",
    "active": True,
    "age": 36,
    "name": {"familyName": "Lovelace"},
    "emails": [{"value": "ada@work.example", "type": "work"}, {"value": "ada@home.example", "type": "home"}],
    "meta": {"created": "2026-01-02T03:04:05.000Z"},
}


def holds(text: str) -> bool:
    return matches(parse_filter(text, NAMES), ADA, NAMES)


@pytest.mark.parametrize(
    "text",
    [
        'userName eq "ada"',
        'USERNAME EQ "ADA"',
        'urn:x:user:userName sw "A"',
        'userName ne "bob"',
        'userName co "d" and userName ew "A"',
        'userName gt "Aa" and userName le "ada" and userName ge "ada" and userName lt "b"',
        "active eq true",
        "active ne false",
        "age gt 35 and age lt 36.5",
        'name.familyName eq "lovelace"',
        'emails eq "ADA@home.example"',
        'emails.type eq "work"',
        'emails[type eq "work" and value co "@work"]',
        'not (emails[type eq "work" and value co "@home"])',
        "emails pr and not (nickName pr)",
        'userName eq "x" or userName eq "ada" and active eq true',
        '(userName eq "ada" or userName eq "x") and active eq true',
        "nickName eq null and userName ne null",
        'nickName ne "x"',
        'meta.created gt "2026-01-02T03:04:04Z" and meta.created lt "2026-01-02T05:04:06+02:00"',
        'externalId eq "Cd"',
        '  userName   eq   "ada"  ',
        r'userName eq "\u0061da"',
    ],
)
def test_a_filter_holds(text: str) -> None:
    assert holds(text)


@pytest.mark.parametrize(
    "text",
    [
        'userName eq "Bob"',
        'externalId eq "cd"',
        'userName eq "ada" and active eq false',
        'emails[type eq "home" and value co "@work"]',
        'age eq "36"',
        "active eq 1",
        'nickName eq "x"',
        'urn:other:userName eq "ada"',
        "not (userName pr)",
    ],
)
def test_a_filter_does_not_hold(text: str) -> None:
    assert not holds(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "userName",
        "userName eq",
        'eq "x"',
        'userName is "x"',
        'userName eq "x',
        "userName eq x",
        'userName eq "x" and',
        'userName eq "x" userName',
        '(userName eq "x"',
        'userName eq "x")',
        "not userName pr",
        "emails[type pr",
        "emails[emails[type pr]]",
        "emails.type[value pr]",
        "active gt true",
        "age co 3",
        'meta.created gt "yesterday"',
        "a.b.c pr",
        "1a pr",
        'userName eq "\\x"',
        "(" * 50 + "userName pr" + ")" * 50,
        " and ".join(["userName pr"] * 200),
        "userName eq " + '"' + "x" * 5000 + '"',
        "\0",
    ],
    ids=range(25),
)
def test_what_is_no_filter_is_refused_in_scims_words(text: str) -> None:
    with pytest.raises(ScimError) as refused:
        parse_filter(text, NAMES)
    assert (refused.value.status, refused.value.kind) == (400, "invalidFilter")


@pytest.mark.parametrize(
    "text",
    [
        "(" * 4000,
        "not(" * 1000,
        '"' + "\\" * 3990,
        "a" * 4000,
        "urn:" * 999,
        "a." * 2000,
        "[" * 4000,
        "a[" * 2000,
    ],
)
def test_hostile_filters_are_refused_at_once(text: str) -> None:
    began_s = time.perf_counter()
    with pytest.raises(ScimError):
        parse_filter(text, NAMES)
    assert time.perf_counter() - began_s < 0.1


@given(st.text(max_size=300))
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_filter_or_refused(text: str) -> None:
    try:
        found = parse_filter(text, NAMES)
    except ScimError:
        return
    assert matches(found, ADA, NAMES) in (True, False)


_PIECES = st.sampled_from(
    [
        *("userName", "emails", "active", "age", "meta.created", "emails.value", "name", "."),
        *("eq", "ne", "co", "gt", "pr", "and", "or", "not", "(", ")", "[", "]"),
        *('"ada"', "true", "null", "36", '"2026-01-01T00:00:00Z"'),
    ]
)


@given(st.lists(_PIECES, max_size=25))
@settings(max_examples=500, deadline=None)
def test_any_row_of_pieces_is_a_filter_or_refused(pieces: list[str]) -> None:
    test_any_text_is_a_filter_or_refused.hypothesis.inner_test(" ".join(pieces))  # type: ignore[attr-defined]


_LEAVES = st.builds(
    lambda name, operator, value: f"{name} {operator} {json.dumps(value)}",
    st.sampled_from(["userName", "emails.type", "name.familyName"]),
    st.sampled_from(["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"]),
    st.text(max_size=8),
)
_TREES = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.builds("({} and {})".format, inner, inner),
        st.builds("({} or {})".format, inner, inner),
        st.builds("not ({})".format, inner),
    ),
    max_leaves=12,
)


@given(_TREES)
@settings(max_examples=200, deadline=None)
def test_a_filter_and_its_contrary_never_agree(text: str) -> None:
    assert holds(text) != holds(f"not ({text})")


@given(_TREES)
@settings(max_examples=200, deadline=None)
def test_a_filter_means_what_its_parts_mean(text: str) -> None:
    found = parse_filter(text, NAMES)
    assert matches(found, ADA, NAMES) == _evaluated(found)


def _evaluated(found: Filter) -> bool:
    match found:
        case And(parts):
            return all(_evaluated(part) for part in parts)
        case Or(parts):
            return any(_evaluated(part) for part in parts)
        case Not(part):
            return not _evaluated(part)
        case Compare():
            return matches(found, ADA, NAMES)
    raise AssertionError
