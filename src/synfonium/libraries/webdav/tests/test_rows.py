"""Responses for many resources are the same as if each were written alone."""

from lxml import etree

from synfonium.libraries.webdav.rows import Rows, Tag

TAGS = [Tag("<D:a>", "</D:a>", "<D:a/>"), Tag('<x:b xmlns:x="u:%25">', "</x:b>", '<x:b xmlns:x="u:%25"/>')]


def _read(text: str) -> list[tuple[str, dict[str, str | None]]]:
    """Status and properties of each propstat."""
    root = etree.fromstring(f'<D:multistatus xmlns:D="DAV:">{text}</D:multistatus>')
    found = []
    for propstat in root.iter("{DAV:}propstat"):
        properties = {child.tag: child.text for child in propstat[0]}
        found.append((propstat[1].text.split()[1], properties))
    return found


def test_each_resource_has_the_properties_that_it_has() -> None:
    rows = Rows(TAGS, prefix="D")
    assert _read(rows.response("/x", ["1", "100%"])) == [("200", {"{DAV:}a": "1", "{u:%25}b": "100%"})]
    assert _read(rows.response("/x", ["1", None])) == [("200", {"{DAV:}a": "1"}), ("404", {"{u:%25}b": None})]
    assert _read(rows.response("/x", [None, None])) == [("404", {"{DAV:}a": None, "{u:%25}b": None})]
    assert _read(rows.response("/x", ["", "2"])) == [("200", {"{DAV:}a": None, "{u:%25}b": "2"})]


def test_what_is_missing_may_go_unsaid() -> None:
    rows = Rows(TAGS, prefix="D", says_missing=False)
    assert _read(rows.response("/x", ["1", None])) == [("200", {"{DAV:}a": "1"})]
    assert _read(rows.response("/x", [None, None])) == [("200", {})]


def test_a_path_with_percents_stays_as_it_is() -> None:
    assert "<D:href>/a%20b%25</D:href>" in Rows([], prefix="D").response("/a%20b%25", [])
