"""Addresses have one spelling, and traps have none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synfonium.apps.search import model
from synfonium.apps.search.model import LONGEST_URL, authority_of, normal_url


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("HTTP://Example.ORG", "http://example.org/"),
        ("https://example.org:443/a/../b?x=1#part", "https://example.org/b?x=1"),
        ("http://example.org:8080/", "http://example.org:8080/"),
        ("http://bücher.example/é à", "http://xn--bcher-kva.example/%C3%A9%20%C3%A0"),
        ("http://example.org/%C3%A9", "http://example.org/%C3%A9"),
        ("http://example.org/?utm_source=x&id=3&PHPSESSID=9", "http://example.org/?id=3"),
        ("http://example.org/a;jsessionid=1F?b=2", "http://example.org/a?b=2"),
        ("http://[::1]:80/", "http://[::1]/"),
        ("http://example.org./", "http://example.org/"),
    ],
)
def test_an_address_has_one_spelling(written: str, normal: str) -> None:
    assert normal_url(written) == normal


@pytest.mark.parametrize(
    "written",
    [
        "", "javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "ftp://example.org/",
        "mailto:a@b.c",        "http://", "http:///path", "http://user:secret@example.org/",
        "http://exa mple.org/", "http://example.org:99999/",
        "http://a<b>.org/", "http://[::1/", "http://example.org/" + "a" * LONGEST_URL,
        "http://example.org/" + "/".join(["calendar"] * 5), "http://example.org" + "/x1/y2" * 20,
    ],
)  # fmt: skip
def test_what_is_no_page_has_no_address(written: str) -> None:
    assert normal_url(written) is None


def test_a_link_is_read_from_where_it_stands() -> None:
    assert normal_url("../b.html", "http://example.org/x/y/a.html") == "http://example.org/x/b.html"
    assert normal_url("//other.example/z", "https://example.org/") == "https://other.example/z"


@given(st.text(max_size=200), st.sampled_from(["", "http://example.org/a/"]))
def test_normalising_twice_changes_nothing(written: str, base: str) -> None:
    once = normal_url(written, base)
    if once is not None:
        assert normal_url(once) == once
        assert once.isascii()
        assert authority_of(once)


@given(
    st.lists(st.sampled_from([*"/ab.-_~%;:?#A1=&@!'+,", "sid=", "?a=1", "&utm_x="]), max_size=25).map("".join)
    | st.from_regex(model._RELATIVE, fullmatch=True),
    st.sampled_from(("", "http://a.example", "https://a.example:81", "http://1.2", "HTTP://A.example")),
    st.sampled_from(
        ("", "https://b.example/c/d", "http://b.example:81/", "http://[::1]/", "http://9.9.9.9/a")
    ),
)
def test_the_short_way_to_a_common_address_ends_where_the_long_one_does(
    path: str, origin: str, base: str
) -> None:
    short = model._plain_url(origin + path, base)
    assert short is None or short == model._parsed_url(origin + path, base)
