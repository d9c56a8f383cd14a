"""The doors of Nextcloud's clients, asked by whoever means no good."""

import pytest
from tests.journeys.bad_input.house import House
from tests.journeys.raw import Answer

pytestmark = pytest.mark.asyncio(loop_scope="module")
FILES = b"/remote.php/dav/files/ana"


def refused(answer: Answer, *statuses: int) -> None:
    """Refused in WebDAV's or OCS's form, which has no code of ours."""
    expected = answer.status in statuses if statuses else 400 <= answer.status < 500
    assert expected, (answer.status, answer.body[:300])
    assert b"Traceback" not in answer.body


@pytest.mark.parametrize(
    "target",
    [
        FILES + b"/../bo/x",
        FILES + b"/%2e%2e/bo/x",
        FILES + b"/a%2F..%2F..%2Fbo",
        FILES + b"/%00",
        FILES + b"/%ff%fe",
        FILES + b"//x",
        FILES + b"/a%5cb/x",
        b"/remote.php/dav/files/bo/x",
        b"/remote.php/dav/files/ana%2f..%2fbo/x",
        b"/remote.php/dav/uploads/bo/t/00001",
        b"/remote.php/dav/uploads/ana/../../files/ana/x",
        b"/remote.php/dav/trashbin/bo/trash/x",
        b"/remote.php/dav/trashbin/ana/trash/..%2f..%2fx",
        b"/remote.php/dav/versions/bo/versions/1",
        b"/remote.php/dav/versions/ana/versions/%31/x/y",
        b"/remote.php/dav/nothing/x",
        b"/remote.php/webdav/../x",
        b"/remote.php//dav/files/ana/x",
        b"/remote.phpx/dav/files/ana/x",
        b"/index.php/core/preview/../../x",
        b"/index.php/apps/files/api/v1/thumbnail/1/1/..%2fx",
        b"/ocs/v2.php/cloud/users/..%2fbo",
        b"/ocs/v9.php/cloud/user",
        b"/status.php/x",
        b"/push/ws/x",
    ],
)
@pytest.mark.parametrize("method", ["PUT", "MKCOL", "DELETE", "GET", "PROPFIND", "MOVE"])
async def test_a_path_cannot_leave_its_room(house: House, method: str, target: bytes) -> None:
    body = b"x" if method == "PUT" else None
    if target == b"/status.php/x" and method == "GET":
        refused(await house.send(method, target, body=body), 200, 404)
        return
    refused(await house.send(method, target, body=body, destination="/remote.php/dav/files/bo/x"))


@pytest.mark.parametrize("body", [b"<", b"<a/>", b"\xff\xfe\x00", b"<!DOCTYPE x [<!ENTITY a 'b'>]><x/>"])
@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("PROPFIND", FILES + b"/"),
        ("PROPPATCH", FILES + b"/"),
        ("REPORT", FILES + b"/"),
        ("LOCK", FILES + b"/"),
        ("SEARCH", b"/remote.php/dav/"),
        ("PROPFIND", b"/remote.php/dav/trashbin/ana/trash"),
    ],
)
async def test_broken_xml_is_refused(house: House, method: str, target: bytes, body: bytes) -> None:
    refused(await house.send(method, target, body=body, depth="0", content_type="text/xml"))


@pytest.mark.parametrize(
    "headers",
    [
        {"oc_checksum": "SHA1:zz"},
        {"oc_checksum": "MD5:" + "0" * 33},
        {"x_oc_mtime": "nan"},
        {"x_oc_mtime": "-1"},
        {"x_oc_mtime": "1e400"},
        {"if_match": "no etag"},
        {"if": "(("},
        {"content_range": "bytes 0-1/2"},
    ],
)
async def test_a_header_that_cannot_be_read_writes_nothing(house: House, headers: dict[str, str]) -> None:
    refused(await house.send("PUT", FILES + b"/x", body=b"x", **headers), 400, 412)


@pytest.mark.parametrize(
    ("method", "target", "body"),
    [
        ("POST", b"/remote.php/dav/bulk", b"--x\r\n"),
        ("POST", b"/index.php/login/v2/poll", b"token=" + b"x" * 300),
        ("POST", b"/index.php/login/v2/poll", b"\xff" * 5000),
        ("POST", b"/ocs/v2.php/apps/dav/api/v1/direct", b"fileId=%00"),
        ("DELETE", b"/ocs/v2.php/cloud/user", None),
        ("GET", b"/index.php/core/preview?fileId=-1", None),
        ("GET", b"/index.php/core/preview?fileId=99999999999999999999&x=1&y=1", None),
        ("GET", b"/index.php/core/preview?file=/../../x&x=9999999&y=1", None),
        ("GET", b"/index.php/core/preview?%ff", None),
        ("BREW", FILES + b"/x", None),
        ("POST", FILES + b"/x", b"x"),
        ("PUT", b"/status.php", b"x"),
    ],
)
async def test_what_makes_no_sense_is_refused(
    house: House, method: str, target: bytes, body: bytes | None
) -> None:
    refused(await house.send(method, target, body=body))


@pytest.mark.parametrize(
    "authorization", ["Basic", "Basic !!", "Basic YQ==", "Bearer x", "Basic " + "A" * 9000]
)
@pytest.mark.parametrize(
    "target",
    [FILES + b"/", b"/ocs/v1.php/cloud/user", b"/index.php/core/preview?fileId=1", b"/remote.php/webdav/"],
)
async def test_a_wrong_credential_opens_nothing(house: House, target: bytes, authorization: str) -> None:
    refused(await house.send("GET", target, authorization=authorization), 401)
