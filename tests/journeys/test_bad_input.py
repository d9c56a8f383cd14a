"""What is wrong gets a clear refusal with a stable code, and nothing is written.

A whole installation in this process behind a real HTTP server, spoken to in bytes.
"""

import asyncio
import re
import socket
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from tests.journeys.raw import Answer, exchange, request

from synfonium.kernel.app import installed_apps, resolve
from synfonium.kernel.server import Listener
from synfonium.testing.client import Installation, installation

MIB = 1024 * 1024
UNKNOWN = "0123456789abcdefghjkmnpqrs"
# Tries at signing in are counted, so that guessing is slow.
COUNTED = frozenset({"identity_attempt", "identity_try"})
# The audit signs its head every few minutes, whatever is asked meanwhile.
SIGNED = "_audit_head"

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass(frozen=True)
class House:
    """The installation, the port of its server, and an administrator's token and cookie."""

    inside: Installation
    port: int
    home: Path
    token: str
    cookie: str

    async def send(self, method: str, target: bytes, *, body: bytes | None = None, **headers: str) -> Answer:
        """As the administrator, by token; a program that wants no page."""
        sent = {"authorization": f"Bearer {self.token}", **headers}
        answer = await exchange(self.port, request(method, target, body=body, **sent))
        assert answer is not None, "the server hung up without a word"
        return answer

    def rows(self) -> Counter[str]:
        """Rows of every table of every app."""
        found: Counter[str] = Counter()
        for path in sorted((self.home / "databases").glob("*.sqlite")):
            with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
                names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
                for (name,) in names:
                    if name not in COUNTED and not name.endswith(SIGNED):
                        (count,) = connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()
                        found[f"{path.stem}.{name}"] = count
        return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    home = tmp_path_factory.mktemp("bad") / "home"
    # Ana comes in by password here; that administrators need a passkey is identity's own test.
    by_password = {"SYNFONIUM_IDENTITY_ADMINISTRATORS_NEED_PASSKEY": "false"}
    async with installation(home, by_password) as inside:
        token = await inside.person("ana", administrator=True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        listener = Listener(inside.runtime.application, port=port)
        await listener.start()
        try:
            found = House(inside, port, home, token, await _sign_in(port))
            await found.send("GET", b"/drive")  # a person's first visit makes their drive
            yield found
        finally:
            await listener.stop()


async def _sign_in(port: int) -> str:
    form = {"content_type": "application/x-www-form-urlencoded"}
    body = b"name=ana&password=ana-password-1"
    answer = await exchange(port, request("POST", b"/signin", body=body, **form))
    assert answer is not None
    assert answer.status == 303
    return answer.cookie("synfonium").partition(";")[0]


@pytest.fixture
def may_write() -> None:
    """Asked for by a test that writes."""


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def nothing_written(house: House, request: pytest.FixtureRequest) -> AsyncIterator[None]:
    """Every test here leaves every table as it was, unless it says that it writes."""
    before = house.rows()
    yield
    if "may_write" not in request.fixturenames:
        assert house.rows() == before


def refused(answer: Answer | None, *statuses: int) -> str:
    """The code of a refusal with one of these statuses (any 4xx when none is named)."""
    assert answer is not None, "the server hung up without a word"
    expected = answer.status in statuses if statuses else 400 <= answer.status < 500
    assert expected, (answer.status, answer.body[:300])
    assert answer.code, (answer.headers, answer.body[:200])
    assert re.fullmatch(r"[a-z0-9_.]+", answer.code)
    assert b"Traceback" not in answer.body
    return answer.code


def doors(method: str) -> list[str]:
    """Addresses of every typed door that takes `method`, with ids of nothing."""
    found = set()
    for app in installed_apps():
        for handler in resolve(app.doors) if app.doors else ():
            if method in handler.http_methods:
                found |= {re.sub(r"\{[^}]*\}", UNKNOWN, path) for path in handler.paths}
    return sorted(found)


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


# Bodies


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
