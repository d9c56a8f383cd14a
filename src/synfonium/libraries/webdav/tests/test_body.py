"""Request bodies: read what RFC 4918 allows, refuse what harms."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synfonium.libraries.webdav.body import (
    BadBody,
    read_lockinfo,
    read_propfind,
    read_proppatch,
    read_xml,
    write_xml,
)

BOMB = b"""<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<propfind xmlns="DAV:"><prop><x>&b;&b;&b;</x></prop></propfind>"""
FILE = b"""<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>
<propfind xmlns="DAV:"><prop>&e;</prop></propfind>"""


@pytest.mark.parametrize(
    "body", [BOMB, FILE, b"<!DOCTYPE propfind><propfind xmlns='DAV:'><allprop/></propfind>"]
)
def test_a_document_type_is_refused_with_all_its_entities(body: bytes) -> None:
    with pytest.raises(BadBody, match="document type"):
        read_propfind(body)


@pytest.mark.parametrize(
    "body",
    [
        b"<a>",
        b"not xml",
        b"<a></b>",
        b"\xff\xfe\x00",
        b'<?xml version="1.0" encoding="klingon"?><a/>',
        b"<a>&undefined;</a>",
        b"<a>" * 40 + b"</a>" * 40,
        b"<a>" + b"<b/>" * 3000 + b"</a>",
        b"<x:a/>",
    ],
)
def test_a_broken_or_boundless_body_is_refused(body: bytes) -> None:
    with pytest.raises(BadBody):
        read_xml(body)


@given(st.binary(max_size=200))
def test_no_body_raises_anything_else(body: bytes) -> None:
    for read in (read_propfind, read_proppatch, read_lockinfo):
        with contextlib.suppress(BadBody):
            read(body)


def test_propfind_asks_for_names_all_or_some() -> None:
    assert read_propfind(b"").kind == "allprop"
    assert read_propfind(b"<propfind xmlns='DAV:'><propname/></propfind>").kind == "propname"
    asked = read_propfind(
        b"<D:propfind xmlns:D='DAV:'><D:prop><D:getetag/><x xmlns='u:x'/></D:prop></D:propfind>"
    )
    assert asked.names == (("DAV:", "getetag"), ("u:x", "x"))
    more = b"<propfind xmlns='DAV:'><allprop/><include><getetag/></include></propfind>"
    assert read_propfind(more).names == (("DAV:", "getetag"),)


def test_a_property_comes_back_with_its_namespaces_language_and_markup() -> None:
    body = b"""<D:propertyupdate xmlns:D="DAV:" xmlns:z="u:z"><D:set><D:prop xml:lang="fr">
      <z:note a="1"><z:b>caf\xc3\xa9 &lt;&amp;</z:b> tail</z:note></D:prop></D:set>
      <D:remove><D:prop><z:gone/></D:prop></D:remove></D:propertyupdate>"""
    note, gone = read_proppatch(body)
    assert (note.name, gone.name, gone.xml) == (("u:z", "note"), ("u:z", "gone"), None)
    assert note.xml is not None
    again = read_xml(note.xml.encode())
    assert write_xml(again) == note.xml
    assert again.children[0].text == "café <&"
    assert again.attributes[("http://www.w3.org/XML/1998/namespace", "lang")] == "fr"


def test_lockinfo_tells_scope_and_owner() -> None:
    body = b"""<lockinfo xmlns="DAV:"><lockscope><shared/></lockscope><locktype><write/></locktype>
      <owner><href>mailto:ada</href></owner></lockinfo>"""
    asked = read_lockinfo(body)
    assert not asked.is_exclusive
    assert read_xml(asked.owner_xml.encode()).text == "mailto:ada"
    with pytest.raises(BadBody):
        read_lockinfo(b"<lockinfo xmlns='DAV:'><lockscope/></lockinfo>")
