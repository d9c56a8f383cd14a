"""Addresses, methods, hosts and origins that are not served."""

import pytest
from tests.journeys.bad_input.house import UNKNOWN, House, doors, refused
from tests.journeys.raw import exchange, request

from synfonium.kernel.app import installed_apps

pytestmark = pytest.mark.asyncio(loop_scope="module")


# Addresses and methods


@pytest.mark.parametrize(
    "target",
    [
        "/nothing",
        "/api/nothing",
        "/s3evil",
        "/davx/files/ana/",
        "/.well-known/nothing",
        "/oauth/nothing",
        "/admin/nothing",
        "/static/nothing.js",
        "/static/../secret.key",
        "/static/%2e%2e/secret.key",
        "/fabric/nothing",
        "/content/drive/nothing",
        f"/drive/node/{UNKNOWN}",
        "/drive/node/' OR 1=1",
    ],
)
async def test_an_unknown_address_is_not_found(house: House, target: str) -> None:
    code = refused(await house.send("GET", target.replace(" ", "%20").encode()), 404)
    assert code.endswith("not_found")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "PROPFIND", "MKCOL", "BREW"])
@pytest.mark.parametrize("target", [b"/signin", b"/search", b"/drive", b"/settings", b"/api/search"])
async def test_an_unknown_method_is_named_so(house: House, method: str, target: bytes) -> None:
    assert refused(await house.send(method, target), 405) == "method_not_allowed"


@pytest.mark.parametrize("method", ["POST", "PATCH", "BREW", "REPORT", "LOCK"])
async def test_an_unknown_method_on_a_file_is_refused(house: House, method: str) -> None:
    refused(await house.send(method, b"/dav/files/ana/x"))


@pytest.mark.parametrize(
    "target",
    [
        b"//signin",
        b"//search?q=x",
        b"/signin%2F",
        b"/drive%2Ftrash",
        b"/./signin",
        b"/drive/../signin",
        b"/%2e%2e/signin",
        b"/drive/..;/signin",
        b"/signin%00",
        b"/signin\\",
        b"/%5csignin",
        b"/a%ffb",
        b"/drive//trash",
        b"/%c0%ae%c0%ae/x",
        b"/content//drive",
        b"/%2Fcontent/drive",
    ],
)
async def test_a_path_with_two_readings_is_not_found(house: House, target: bytes) -> None:
    assert refused(await house.send("GET", target), 404) == "not_found"


@pytest.mark.parametrize(
    "target",
    [
        b"/dav/files/ana/../bo/x",
        b"/dav/files/ana/%2e%2e/bo/x",
        b"/dav/files/ana/a%2F..%2F..%2Fbo",
        b"/dav/files/bo/x",
        b"/dav/files/ana/%00",
        b"/dav/files/ana/%ff%fe",
        b"/dav/files//x",
        b"/dav/nothing/x",
    ],
)
@pytest.mark.parametrize("method", ["PUT", "MKCOL", "DELETE", "GET", "PROPFIND"])
async def test_a_file_path_cannot_leave_its_drive(house: House, method: str, target: bytes) -> None:
    body = b"x" if method == "PUT" else None
    refused(await house.send(method, target, body=body))


async def test_who_asks_never_reaches_web_search_by_another_spelling(house: House) -> None:
    for target in (b"/%73earch?q=x", b"/search/?q=x", b"/search?q=x"):
        answer = await house.send("GET", target, accept="text/html", authorization="", cookie=house.cookie)
        assert answer.status in (200, 404)
        assert b"/signout" not in answer.body
    home = await house.send("GET", b"/", accept="text/html", authorization="", cookie=house.cookie)
    assert b"/signout" in home.body


# Hosts and origins


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example",
        "evil.example:8600",
        "127.0.0.1.evil.example",
        "[::2]",
        "[::1",
        "::1]",
        "localhost@evil.example",
        "evil.example/localhost",
        "localhost evil",
        "%6cocalhost",
    ],
)
async def test_another_name_is_not_served(house: House, host: str) -> None:
    answer = await exchange(house.port, request("GET", b"/", host=host))
    assert answer is None or refused(answer, 400, 403, 421)


async def test_no_host_and_two_hosts_are_refused(house: House) -> None:
    for lines in (b"", b"host: localhost\r\nhost: evil.example\r\n"):
        answer = await exchange(house.port, b"GET / HTTP/1.1\r\n" + lines + b"connection: close\r\n\r\n")
        assert answer is None or answer.status in (400, 403, 421)


@pytest.mark.parametrize(
    "origin",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost:9999"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site", "origin": "http://localhost:8600"},
    ],
)
@pytest.mark.parametrize("target", doors("POST"))
async def test_another_site_cannot_act_with_a_session(
    house: House, target: str, origin: dict[str, str]
) -> None:
    headers = {"content_type": "text/plain", "cookie": house.cookie, "authorization": "", **origin}
    answer = await house.send("POST", target.encode(), body=b"name=x", **headers)
    if any(target.startswith(prefix) for app in installed_apps() for prefix in app.anonymous):
        assert answer.status < 500  # the cookie is gone before it could be used
    else:
        assert refused(answer, 403) == "cross_origin"
