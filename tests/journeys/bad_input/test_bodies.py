"""Bodies that are too large, broken, or end too early."""

import asyncio

import pytest
from tests.journeys.bad_input.house import MIB, House, doors, refused
from tests.journeys.raw import request

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize("target", doors("POST"))
async def test_a_body_that_is_too_large_is_refused_by_its_length(house: House, target: str) -> None:
    kind = "application/json" if target.startswith("/api/") else "application/x-www-form-urlencoded"
    answer = await house.send("POST", target.encode(), body=b"a" * (2 * MIB), content_type=kind)
    assert 400 <= answer.status < 500


@pytest.mark.parametrize("target", ["/signin", "/search", "/fabric/grants", "/api/identity/passkey/signin"])
async def test_a_body_that_is_too_large_is_refused_without_a_length(house: House, target: str) -> None:
    kind = "application/json" if target.startswith("/api/") else "application/x-www-form-urlencoded"
    body = b"".join(b"%x\r\n%s\r\n" % (65536, b"a" * 65536) for _ in range(32)) + b"0\r\n\r\n"
    headers = {"content_type": kind, "transfer_encoding": "chunked", "content_length": ""}
    assert refused(await house.send("POST", target.encode(), body=body, **headers), 413) == "too_large"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b"{"),
        ("application/json", b"[" * 100_000),
        ("application/json", b'{"a": "\xff\xfe"}'),
        ("application/json", b'{"sealed": 1e999}'),
        ("application/json", b""),
        ("application/x-www-form-urlencoded", b"\xff\xfe=\x00&=&&%zz=%"),
        ("application/x-www-form-urlencoded", b"name=" + b"\x00" * 100),
        ("application/x-www-form-urlencoded", b"&".join(b"name=%d" % i for i in range(5000))),
        ("multipart/form-data; boundary=x", b"--y\r\nnot a form"),
        ("multipart/form-data", b"--x\r\n"),
        ("text/plain", b"name=ana"),
        ("application/xml", b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>"),
    ],
)
@pytest.mark.parametrize("target", doors("POST"))
async def test_a_body_that_cannot_be_read_is_refused(
    house: House, target: str, kind: str, body: bytes
) -> None:
    answer = await house.send("POST", target.encode(), body=body, content_type=kind)
    assert answer.status < 500, answer.body[:300]
    if answer.status >= 400:
        refused(answer)


@pytest.mark.parametrize(
    "body",
    [
        b"<",
        b"<a/>",
        b"\xff\xfe\x00",
        b"<?xml version='1.0'?><D:propfind xmlns:D='DAV:'>",
        b"<!DOCTYPE x [<!ENTITY a 'b'>]><D:propfind xmlns:D='DAV:'><D:allprop/></D:propfind>",
        b"<D:propfind xmlns:D='DAV:'>" + b"<a>" * 20_000,
    ],
)
@pytest.mark.parametrize("method", ["PROPFIND", "PROPPATCH", "LOCK"])
async def test_broken_xml_is_refused(house: House, method: str, body: bytes) -> None:
    refused(await house.send(method, b"/dav/files/ana/", body=body, depth="0", content_type="text/xml"))


async def test_an_upload_that_breaks_off_leaves_nothing(house: House) -> None:
    promised = request(
        "PUT",
        b"/dav/files/ana/half",
        body=b"half",
        content_length="1000",
        authorization=f"Bearer {house.token}",
    )
    _reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
    writer.write(promised)
    await writer.drain()
    await asyncio.sleep(0.3)
    writer.close()
    await asyncio.sleep(0.3)
    assert refused(await house.send("GET", b"/dav/files/ana/half"), 404)


@pytest.mark.parametrize(
    "query", [b"q=%ff%fe", b"q=%", b"q=%zz", b"page=x", b"page=-1", b"page=99999999999999999999"]
)
@pytest.mark.parametrize(
    "path", [b"/search", b"/api/search", b"/api/search/suggest", b"/", b"/signin", b"/fabric/search"]
)
async def test_a_query_that_cannot_be_read_is_no_fault_of_ours(
    house: House, path: bytes, query: bytes
) -> None:
    answer = await house.send("GET", path + b"?" + query)
    assert answer.status < 500, answer.body[:300]
