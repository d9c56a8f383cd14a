"""Headers, credentials, and what is sent twice."""

import asyncio
import re
from collections.abc import Callable

import pytest
from tests.journeys.bad_input.house import House, doors, refused
from tests.journeys.raw import Answer, exchange, request

pytestmark = pytest.mark.asyncio(loop_scope="module")


# Headers


async def test_headers_without_end_are_refused(house: House) -> None:
    assert refused(await house.send("GET", b"/", x_large="a" * 100_000), 431) == "headers_too_large"
    bomb = (
        b"GET / HTTP/1.1\r\nhost: localhost\r\n" + b"".join(b"x-%d: y\r\n" % i for i in range(5000)) + b"\r\n"
    )
    answer = await exchange(house.port, bomb)
    assert answer is None or answer.status in (400, 431)


@pytest.mark.parametrize(
    "lines",
    [
        b"content-length: 5\r\ncontent-length: 6\r\n",
        b"content-length: -1\r\n",
        b"content-length: 5\r\ntransfer-encoding: chunked\r\n",
        b"transfer-encoding: gzip, smuggled\r\n",
        b"x: a\x00b\r\n",
        b"no colon\r\n",
        b" folded: yes\r\n",
    ],
)
async def test_a_request_that_two_servers_would_read_differently_is_not_served(
    house: House, lines: bytes
) -> None:
    smuggled = b"0\r\n\r\nGET /drive HTTP/1.1\r\nhost: localhost\r\n\r\n"
    head = b"POST /signin HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n"
    answer = await exchange(house.port, head + lines + b"\r\n" + smuggled)
    assert answer is None or 400 <= answer.status < 500


@pytest.mark.parametrize(
    "name", ["cookie", "authorization", "accept_language", "range", "if_match", "user_agent"]
)
@pytest.mark.parametrize("value", ["\xff\xfe", '=;=;"', "a" * 30_000, "Basic !!!", "Bearer", "bytes=9-1,-,x"])
async def test_a_header_of_nonsense_is_no_fault_of_ours(house: House, name: str, value: str) -> None:
    for target in (b"/", b"/drive", b"/dav/files/ana/", b"/search?q=x"):
        raw = request("GET", target, **{"authorization": f"Bearer {house.token}", name: "@"})
        answer = await exchange(house.port, raw.replace(b": @", b": " + value.encode("latin-1"), 1))
        assert answer is None or answer.status < 500, (target, answer.body[:300])


# Credentials


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer x",
        "Bearer ",
        "Basic YW5hOndyb25n",
        "Basic %%%",
        "Basic YW5h",
        "Digest a=b",
        "Bearer a b c",
        "x",
    ],
)
@pytest.mark.parametrize(
    "target", [b"/drive", b"/dav/files/ana/", b"/fabric/grants", b"/oauth/userinfo", b"/admin"]
)
async def test_a_wrong_credential_does_not_come_in(house: House, target: bytes, authorization: str) -> None:
    answer = await house.send("GET", target, authorization=authorization)
    refused(answer, 401)
    assert answer.headers["www-authenticate"]


@pytest.mark.parametrize("target", doors("GET"))
async def test_a_stranger_gets_no_door_by_chance(house: House, target: str) -> None:
    answer = await house.send("GET", target.encode(), authorization="Bearer wrong")
    assert answer.status < 500, answer.body[:300]


async def test_a_link_that_was_used_or_never_was_is_refused(house: House) -> None:
    refused(await house.send("GET", b"/welcome/" + b"x" * 43, authorization=""), 404, 410)
    form = {"content_type": "application/x-www-form-urlencoded", "authorization": ""}
    body = b"link=" + b"x" * 43 + b"&name=eve&display=Eve&password=a-long-password"
    refused(await house.send("POST", b"/welcome", body=body, **form), 404, 410)


# Sent twice


@pytest.fixture
def twice(house: House) -> Callable[[bytes, bytes], object]:
    async def send(target: bytes, body: bytes) -> list[Answer]:
        # In the browser of somebody who just signed in: adding people is a sensitive act.
        form = {"content_type": "application/x-www-form-urlencoded", "origin": "http://localhost:8600"}
        signed_in = {"authorization": "", "cookie": house.cookie}
        calls = [house.send("POST", target, body=body, **form, **signed_in) for _ in range(2)]
        return list(await asyncio.gather(*calls))

    return send


@pytest.mark.usefixtures("may_write")
async def test_a_double_click_makes_one_folder_and_one_person(
    house: House, twice: Callable[[bytes, bytes], object]
) -> None:
    before = house.rows()
    page = await house.send("GET", b"/drive", accept="text/html")
    found = re.search(rb'action="(/drive/node/[^"/]+/folder)"', page.body)
    assert found
    answers = await twice(found[1], b"name=Kermesse")  # type: ignore[misc]
    assert all(answer.status < 500 for answer in answers)
    assert house.rows()["drive.drive_node"] == before["drive.drive_node"] + 1
    people = await twice(b"/admin/people", b"name=bo&display=Bo")  # type: ignore[misc]
    assert sorted(answer.status for answer in people) == [200, 409]
    assert house.rows()["identity.identity_person"] == before["identity.identity_person"] + 1
