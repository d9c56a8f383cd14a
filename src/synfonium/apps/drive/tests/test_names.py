"""Names: what is legal, what is the same, how it sorts."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synfonium.apps.drive.model.media import may_be_shown, media_type_of
from synfonium.apps.drive.model.names import (
    MAX_NAME_BYTES,
    IllegalName,
    legal_name,
    name_key,
    name_sort,
    with_number,
)

HOSTILE = [
    "",
    ".",
    "..",
    "/",
    "a/b",
    "../etc/passwd",
    "..\\..\\boot.ini",
    "a\\b",
    "nul\0byte",
    "line\nfeed",
    "return\r",
    "tab\t",
    "escape\x1b[2J",
    "delete\x7f",
    "c1\x85",
    "surrogate\ud83d",
    "\ufffe",
    "\uffff",
    "x" * 256,
    "é" * 128,
    "\U0001f600" * 64,
]
KEPT = [
    "...",
    ". ",
    " leading and trailing ",
    "CON",
    "aux.txt",
    "trailing dot.",
    "a:b*c?d<e>f|g",
    'quote"s',
    "x" * 255,
    "é" * 127,
    "\u202egnp.exe",
    "\u200ezero\u200dwidth",
    "👩‍👩‍👧‍👦",
    "ｆｕｌｌｗｉｄｔｈ",
    "e\u0301",
    "é",
    "%2e%2e%2f",
    "#fragment",
    "日本語",
    "\u2028",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_refused(name: str) -> None:
    with pytest.raises(IllegalName):
        legal_name(name)


@pytest.mark.parametrize("name", KEPT)
def test_an_odd_name_is_kept_as_it_is(name: str) -> None:
    assert legal_name(name) == name


@given(st.text())
def test_a_name_is_refused_or_unchanged_and_never_anything_else(text: str) -> None:
    try:
        name = legal_name(text)
    except IllegalName:
        return
    assert name == text
    assert not {"/", "\\", "\0"} & set(name)
    assert 0 < len(name.encode()) <= MAX_NAME_BYTES
    assert len(name_key(name)) <= MAX_NAME_BYTES


@given(st.text())
def test_all_spellings_of_a_name_have_one_key(text: str) -> None:
    composed = unicodedata.normalize("NFC", text)
    decomposed = unicodedata.normalize("NFD", text)
    assert name_key(composed) == name_key(decomposed) == name_key(text)


@given(st.text(max_size=40), st.text(max_size=40))
def test_keys_differ_where_normal_forms_differ(one: str, other: str) -> None:
    same = unicodedata.normalize("NFC", one) == unicodedata.normalize("NFC", other)
    assert (name_key(one) == name_key(other)) is same


@given(st.integers(0, 10**17), st.integers(0, 10**17))
def test_numbers_sort_by_value(one: int, other: int) -> None:
    assert (name_sort(f"photo {one}.jpg") < name_sort(f"photo {other}.jpg")) is (one < other)


@given(st.text())
def test_every_text_has_a_sorting_form_of_bounded_length(text: str) -> None:
    assert len(name_sort(text)) <= 255


@given(st.text(min_size=1), st.integers(2, 999))
def test_a_numbered_name_is_legal_where_the_name_was(text: str, number: int) -> None:
    try:
        legal_name(text)
    except IllegalName:
        return
    assert legal_name(with_number(text, number)) != text


def test_a_number_goes_before_the_ending() -> None:
    assert with_number("photo.jpg", 2) == "photo (2).jpg"
    assert with_number(".profile", 2) == ".profile (2)"


@pytest.mark.parametrize(
    ("name", "kind", "shown"),
    [
        ("a.PNG", "image/png", True),
        ("a.svg", "image/svg+xml", False),
        ("a.html", "text/html", False),
        ("a.pdf", "application/pdf", False),
        ("a.txt", "text/plain", True),
        ("feasts.ics", "text/calendar", False),
        ("ana.vcf", "text/vcard", False),
        ("noending", "application/octet-stream", False),
    ],
)
def test_only_what_cannot_run_is_shown(name: str, kind: str, shown: bool) -> None:
    assert media_type_of(name) == kind
    assert may_be_shown(kind) is shown
