"""Headers and paths: the grammar of the RFCs, and nothing beyond it."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synfonium.libraries.webdav import headers as h
from synfonium.libraries.webdav.paths import BadPath, quote_name, split_path
from synfonium.libraries.webdav.representation import answer_get

STATE = ('"now"', frozenset({"urn:mine"}))


@pytest.mark.parametrize(
    ("value", "holds"),
    [
        ("(<urn:mine>)", True),
        ("(<urn:other>)", False),
        ('(["now"])', True),
        ('(["then"])', False),
        ('(<urn:mine> ["then"])', False),
        ('(<urn:other>) (["now"])', True),
        ("(Not <urn:other>)", True),
        ("(Not <DAV:no-lock> <urn:mine>)", True),
        ("</dav/x> (<urn:mine>)", True),
        ('(W/["now"])', None),
        ("()", None),
        ("(<urn:mine>", None),
        ("<urn:mine>", None),
        ("(Not)", None),
        ("((<a>))", None),
        ("", None),
    ],
)
def test_an_if_header_holds_when_one_list_does(value: str, holds: bool | None) -> None:
    if holds is None:
        with pytest.raises(h.BadHeader):
            h.read_if(value)
    else:
        assert h.if_holds(h.read_if(value), lambda _: STATE) is holds


def test_negated_tokens_are_not_submitted() -> None:
    assert h.tokens_of(h.read_if("(<urn:a> Not <urn:b>) (<urn:c>)")) == {"urn:a", "urn:c"}


@given(st.text(max_size=300))
def test_no_header_raises_anything_else(value: str) -> None:
    for read in (
        lambda: h.read_if(value),
        lambda: h.read_depth(value, "0"),
        lambda: h.read_etags(value, "x"),
        lambda: h.read_range(value, 100),
        lambda: h.destination_path(value, "host"),
    ):
        with contextlib.suppress(h.BadHeader):
            read()
    h.read_timeout(value, default_s=1, most_s=10)
    h.read_http_date(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("bytes=0-9", (0, 10)),
        ("bytes=90-", (90, 100)),
        ("bytes=90-500", (90, 100)),
        ("bytes=-10", (90, 100)),
        ("bytes=-500", (0, 100)),
        ("bytes=5-2", None),
        ("bytes=0-1,5-6", None),
        ("lines=0-1", None),
        ("bytes=a-b", None),
        ("bytes=100-", "bad"),
        ("bytes=-0", "bad"),
    ],
)
def test_a_range_is_read_ignored_or_refused(value: str, expected: object) -> None:
    if expected == "bad":
        with pytest.raises(h.BadHeader):
            h.read_range(value, 100)
        return
    found = h.read_range(value, 100)
    assert (found and (found.start, found.stop)) == expected


@given(st.integers(0, 200), st.integers(0, 200), st.integers(1, 150))
def test_a_range_never_leaves_the_representation(first: int, last: int, size: int) -> None:
    try:
        found = h.read_range(f"bytes={first}-{last}", size)
    except h.BadHeader:
        assert first >= size
        return
    if found:
        assert 0 <= found.start < found.stop <= size
        assert found.start == first


@pytest.mark.parametrize(
    "value", ["http://other/dav/x", "dav/x", "//", "http://host/dav?x", "http://[", "/dav/é", "", "ftp:x"]
)
def test_a_destination_elsewhere_is_refused(value: str) -> None:
    with pytest.raises(h.BadHeader):
        h.destination_path(value, "host")


def test_a_destination_here_keeps_its_encoding() -> None:
    assert h.destination_path("http://Host:80/dav/a%2Fb", "host:80") == b"/dav/a%2Fb"
    assert h.destination_path("/dav/a%20b/", "host") == b"/dav/a%20b/"


@pytest.mark.parametrize(
    "raw",
    [
        b"/dav/../x",
        b"/dav/./x",
        b"/dav//x",
        b"/dav/%2e%2e/x",
        b"/dav/a%2fb",
        b"/dav/a%00b",
        b"/dav/%ff",
        b"/dav/%c0%ae%c0%ae",
        b"/" + b"a" * 40_000,
    ],
)
def test_a_path_that_could_mean_two_things_is_refused(raw: bytes) -> None:
    with pytest.raises(BadPath):
        split_path(raw)


@given(st.lists(st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1)))
def test_names_survive_the_way_through_a_path(names: list[str]) -> None:
    if any(name in (".", "..") for name in names):
        return
    raw = "/".join(["", *map(quote_name, names)]).encode()
    assert split_path(raw) == tuple(names)
    assert split_path(raw + b"/") == tuple(names)


def test_names_are_decoded_once() -> None:
    assert split_path(b"/a%2520b") == ("a%20b",)


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({}, 200),
        ({"range": "bytes=0-3"}, 206),
        ({"range": "bytes=50-"}, 416),
        ({"if-none-match": '"tag"'}, 304),
        ({"if-none-match": 'W/"tag"'}, 304),
        ({"if-none-match": '"a", "tag"'}, 304),
        ({"if-none-match": '"a"'}, 200),
        ({"if-match": '"a"'}, 412),
        ({"if-match": "*"}, 200),
        ({"if-modified-since": "Sun, 06 Nov 1994 08:49:37 GMT"}, 304),
        ({"if-modified-since": "Sun, 06 Nov 1994 08:49:36 GMT"}, 200),
        ({"if-unmodified-since": "Sun, 06 Nov 1994 08:49:36 GMT"}, 412),
        ({"if-modified-since": "yesterday"}, 200),
        ({"range": "bytes=0-3", "if-range": '"tag"'}, 206),
        ({"range": "bytes=0-3", "if-range": '"old"'}, 200),
    ],
)
def test_a_get_is_answered_as_its_conditions_ask(asked: dict[str, str], status: int) -> None:
    answer = answer_get(asked, etag='"tag"', modified_s=784111777.5, size_bytes=10)
    assert answer.status == status
