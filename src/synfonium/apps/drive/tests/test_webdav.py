"""WebDAV: what clients may ask, and what hostile ones get."""

from collections.abc import AsyncIterator

import httpx
import pytest

from synfonium.apps.drive.service import DriveService
from synfonium.apps.drive.tests.conftest import Hand, House
from synfonium.apps.drive.webdav import asgi_app, propfind
from synfonium.kernel.actor import Person

TOP = "/dav/files/ada"


class Client:
    """Speaks to the door as a person, with methods that httpx does not name."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def __call__(
        self, method: str, path: str, content: object = None, **headers: str
    ) -> httpx.Response:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self._http.request(method, path, content=content, headers=sent)  # type: ignore[arg-type]


@pytest.fixture
async def dav(house: House, ada: Person) -> AsyncIterator[Client]:
    transport = httpx.ASGITransport(app=asgi_app(house.context))  # type: ignore[arg-type]
    async with httpx.AsyncClient(
        transport=transport, base_url="http://localhost", headers={"x-test-person": "ada"}
    ) as http:
        yield Client(http)


async def test_a_stranger_is_asked_for_basic_credentials(dav: Client) -> None:
    answer = await dav("PROPFIND", f"{TOP}/", x_test_person="")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Basic")
    assert (await dav("PROPFIND", f"{TOP}/", x_test_person="wrong")).status_code == 401


async def test_anybody_may_ask_what_is_spoken(dav: Client) -> None:
    answer = await dav("OPTIONS", f"{TOP}/", x_test_person="")
    assert answer.headers["dav"] == "1, 2, 3"
    assert {"PROPFIND", "LOCK", "MKCOL"} <= set(answer.headers["allow"].split(", "))


async def test_another_persons_tree_is_not_there(dav: Client, house: House) -> None:
    house.person("bob")
    for path in ("/dav/files/bob/", "/dav/files/", "/dav/", "/dav", "/dav/grants/x/", "/dav/other/ada/"):
        assert (await dav("PROPFIND", path, depth="0")).status_code == 404


async def test_a_file_is_put_got_ranged_and_replaced(dav: Client) -> None:
    made = await dav("PUT", f"{TOP}/caf%C3%A9.txt", b"hello")
    assert made.status_code == 201
    got = await dav("GET", f"{TOP}/caf%C3%A9.txt")
    assert (got.content, got.headers["etag"]) == (b"hello", made.headers["etag"])
    assert (await dav("GET", f"{TOP}/caf%C3%A9.txt", range="bytes=1-2")).content == b"el"
    head = await dav("HEAD", f"{TOP}/caf%C3%A9.txt")
    assert (head.content, head.headers["content-length"]) == (b"", "5")
    again = await dav("PUT", f"{TOP}/caf%C3%A9.txt", b"other")
    assert again.status_code == 204
    unchanged = await dav("GET", f"{TOP}/caf%C3%A9.txt", if_none_match=again.headers["etag"])
    assert unchanged.status_code == 304


async def test_content_cannot_run_on_this_origin(dav: Client) -> None:
    await dav("PUT", f"{TOP}/x.html", b"<script>alert(1)</script>")
    got = await dav("GET", f"{TOP}/x.html")
    assert got.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in got.headers["content-security-policy"]
    assert got.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "/..%2f..%2fetc",
        "/%2e%2e/x",
        "/a%00b",
        "/a%0Ab",
        "/a%5Cb",
        "/%ff%fe",
        "/" + "x" * 256,
        "/%c0%ae%c0%ae/x",
        "//x",
        "/missing/x",
        "/a%2fb",
    ],
)
async def test_a_hostile_path_writes_nothing(dav: Client, hand: Hand, path: str) -> None:
    for method in ("PUT", "MKCOL", "LOCK"):
        assert 400 <= (await dav(method, TOP + path, b"" if method == "MKCOL" else b"x")).status_code < 500
    await dav("PUT", f"{TOP}/source", b"x")
    for method in ("MOVE", "COPY"):
        answer = await dav(method, f"{TOP}/source", destination=f"http://localhost{TOP}{path}")
        assert 400 <= answer.status_code < 500
    assert await hand.names() == ["source"]


async def test_conditions_hold_at_the_write(dav: Client) -> None:
    made = await dav("PUT", f"{TOP}/a", b"1")
    assert (await dav("PUT", f"{TOP}/a", b"2", if_none_match="*")).status_code == 412
    assert (await dav("PUT", f"{TOP}/a", b"2", if_match='"old"')).status_code == 412
    assert (await dav("PUT", f"{TOP}/b", b"2", if_match="*")).status_code == 412
    assert (await dav("PUT", f"{TOP}/a", b"2", if_match=made.headers["etag"])).status_code == 204
    assert (await dav("DELETE", f"{TOP}/a", if_match=made.headers["etag"])).status_code == 412
    assert (await dav("GET", f"{TOP}/a")).content == b"2"


async def test_a_cut_body_leaves_nothing(house: House, dav: Client, hand: Hand) -> None:
    async def receive() -> dict[str, object]:
        return steps.pop(0)

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    await dav("PUT", f"{TOP}/kept", b"old")
    gone: dict[str, object] = {"type": "http.disconnect"}
    short: dict[str, object] = {"type": "http.request", "body": b"", "more_body": False}
    for name, ending in (("new", gone), ("kept", gone), ("new", short), ("kept", short)):
        steps: list[dict[str, object]] = [
            {"type": "http.request", "body": b"half", "more_body": True},
            ending,
        ]
        sent: list[dict[str, object]] = []
        scope = {
            "type": "http",
            "method": "PUT",
            "path": f"{TOP}/{name}",
            "raw_path": f"{TOP}/{name}".encode(),
            "headers": [(b"x-test-person", b"ada"), (b"content-length", b"1000")],
        }
        await asgi_app(house.context)(scope, receive, send)  # type: ignore[arg-type]
        assert sent[0]["status"] == 400
    assert await hand.names() == ["kept"]
    assert (await dav("GET", f"{TOP}/kept")).content == b"old"
    assert len([name async for name in house.context.blobs.names()]) == 1


async def test_a_body_shorter_than_announced_or_damaged_is_refused(dav: Client, hand: Hand) -> None:
    wrong = "SHA1:" + "0" * 40
    assert (await dav("PUT", f"{TOP}/a", b"x", oc_checksum=wrong)).status_code == 400
    right = "SHA1:11f6ad8ec52a2984abaafd7c3b516503785c2072"
    assert (await dav("PUT", f"{TOP}/a", b"x", oc_checksum=right)).status_code == 201
    assert (await dav("PUT", f"{TOP}/b", b"x", content_range="bytes 0-0/5")).status_code == 400
    assert await hand.names() == ["a"]


async def test_the_clients_time_is_kept(dav: Client) -> None:
    answer = await dav("PUT", f"{TOP}/a", b"x", x_oc_mtime="784111777")
    assert answer.headers["x-oc-mtime"] == "accepted"
    head = await dav("HEAD", f"{TOP}/a")
    assert head.headers["last-modified"] == "Sun, 06 Nov 1994 08:49:37 GMT"
    for wrong in ("soon", "nan", "inf", "-1", "1e300"):
        assert (await dav("PUT", f"{TOP}/b", b"x", x_oc_mtime=wrong)).status_code == 400


async def test_an_unlimited_listing_is_refused_in_the_rfcs_words(dav: Client) -> None:
    for headers in ({"depth": "infinity"}, {}):
        answer = await dav("PROPFIND", f"{TOP}/", **headers)
        assert answer.status_code == 403
        assert "propfind-finite-depth" in answer.text


@pytest.mark.parametrize("at_once", [7, 60, 1024])
async def test_a_large_folder_is_listed_whole_and_once(
    dav: Client, hand: Hand, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(propfind, "PIECE_NODES", at_once)
    names = {f"é{number:04}" for number in range(60)}
    for name in sorted(names):
        await hand.folder(name)
    answer = await dav("PROPFIND", f"{TOP}/", depth="1")
    assert answer.status_code == 207
    assert answer.text.count("<D:response>") == 61
    for name in names:
        assert f"<D:displayname>{name}</D:displayname>" in answer.text


async def test_markup_in_a_name_stays_text(dav: Client) -> None:
    await dav("PUT", f"{TOP}/%3Cb%3E%26amp%3B%5D%5D%3E.txt", b"x")
    answer = await dav("PROPFIND", f"{TOP}/", depth="1")
    assert "&lt;b&gt;&amp;amp;]]&gt;.txt</D:displayname>" in answer.text
    assert "<D:href>/dav/files/ada/%3Cb%3E%26amp%3B%5D%5D%3E.txt</D:href>" in answer.text


@pytest.mark.parametrize(
    "body", [b"<a>", b"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><x>&e;</x>", b"\xff" * 50]
)
async def test_a_broken_body_is_refused(dav: Client, body: bytes) -> None:
    await dav("PUT", f"{TOP}/a", b"x")
    for method in ("PROPFIND", "PROPPATCH", "LOCK"):
        assert (await dav(method, f"{TOP}/a", body, depth="0")).status_code == 400


async def test_a_boundless_body_is_refused(dav: Client) -> None:
    body = b"<propfind xmlns='DAV:'>" + b" " * 300_000 + b"<allprop/></propfind>"
    assert (await dav("PROPFIND", f"{TOP}/", body, depth="0")).status_code == 413


async def test_unknown_methods_are_told_what_there_is(dav: Client) -> None:
    answer = await dav("BREW", f"{TOP}/")
    assert answer.status_code == 405
    assert "PROPFIND" in answer.headers["allow"]


async def test_a_tree_goes_and_comes_by_move(dav: Client, hand: Hand) -> None:
    await dav("MKCOL", f"{TOP}/a")
    await dav("PUT", f"{TOP}/a/x", b"x")
    here = f"http://localhost{TOP}"
    assert (await dav("MOVE", f"{TOP}/a", destination=f"{here}/b%20c/")).status_code == 201
    assert (await dav("GET", f"{TOP}/b%20c/x")).content == b"x"
    assert (await dav("MOVE", f"{TOP}/b%20c", destination=f"{here}/b%20c/d")).status_code == 403
    await dav("PUT", f"{TOP}/y", b"y")
    refused = await dav("MOVE", f"{TOP}/y", destination=f"{here}/b%20c/x", overwrite="F")
    assert refused.status_code == 412
    assert (await dav("MOVE", f"{TOP}/y", destination=f"{here}/b%20c/x")).status_code == 204
    assert (await dav("MOVE", f"{TOP}/none", destination=f"{here}/z")).status_code == 404
    foreign = await dav("MOVE", f"{TOP}/b%20c", destination="http://localhost/dav/files/bob/x")
    assert foreign.status_code == 404
    assert await hand.names() == ["b c"]


async def test_a_destination_may_carry_the_public_name_behind_a_proxy(dav: Client, hand: Hand) -> None:
    await dav("PUT", f"{TOP}/a", b"x")
    answer = await dav("MOVE", f"{TOP}/a", host="inner:9", destination=f"http://localhost:8600{TOP}/b")
    assert answer.status_code == 201
    foreign = await dav("MOVE", f"{TOP}/b", host="inner:9", destination=f"http://other{TOP}/c")
    assert foreign.status_code == 400
    assert await hand.names() == ["b"]


async def test_a_deleted_file_lies_in_the_trash(dav: Client, drive: DriveService, ada: Person) -> None:
    await dav("PUT", f"{TOP}/a", b"x")
    assert (await dav("DELETE", f"{TOP}/a")).status_code == 204
    assert (await dav("DELETE", f"{TOP}/a")).status_code == 404
    assert [entry.node.name for entry in (await drive.trash.listing(ada)).entries] == ["a"]
    assert (await dav("DELETE", f"{TOP}/")).status_code == 403


LOCK = (
    b"""<lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope><locktype><write/></locktype></lockinfo>"""
)


async def test_a_lock_keeps_others_out_until_it_is_over(dav: Client, house: House) -> None:
    await dav("PUT", f"{TOP}/a", b"old")
    locked = await dav("LOCK", f"{TOP}/a", LOCK, timeout="Second-60")
    token = locked.headers["lock-token"]
    for method in ("PUT", "DELETE", "PROPPATCH"):
        body = b"<propertyupdate xmlns='DAV:'><set><prop><x xmlns='u:'/></prop></set></propertyupdate>"
        assert (await dav(method, f"{TOP}/a", body)).status_code == 423
    moved = await dav("MOVE", f"{TOP}/a", destination=f"http://localhost{TOP}/b")
    assert moved.status_code == 423
    assert "lock-token-submitted" in moved.text
    assert (await dav("LOCK", f"{TOP}/a", LOCK)).status_code == 423
    assert (await dav("PUT", f"{TOP}/a", b"mine", **{"if": f"({token})"})).status_code == 204
    house.clock.time_s += 61
    assert (await dav("PUT", f"{TOP}/a", b"free")).status_code == 204


async def test_a_lock_on_nothing_makes_an_empty_file(dav: Client) -> None:
    locked = await dav("LOCK", f"{TOP}/new", LOCK)
    assert locked.status_code == 201
    assert (await dav("GET", f"{TOP}/new")).content == b""
    assert (await dav("UNLOCK", f"{TOP}/new", lock_token="<urn:wrong>")).status_code == 409
    assert (await dav("UNLOCK", f"{TOP}/new", lock_token=locked.headers["lock-token"])).status_code == 204
    assert (await dav("PUT", f"{TOP}/new", b"x")).status_code == 204


async def test_an_app_reaches_its_granted_folder_until_it_is_revoked(
    dav: Client, house: House, ada: Person, hand: Hand
) -> None:
    folder = await hand.folder("shared")
    app = house.holder(ada, f"drive:node/{folder}", "read", "write")
    top = f"/dav/grants/{app.grants[0]}"
    assert (
        await dav("PUT", f"{top}/from app.txt", b"x", x_test_person=str(app.grants[0]))
    ).status_code == 201
    assert (await dav("GET", f"{TOP}/shared/from%20app.txt")).content == b"x"
    assert (await dav("PROPFIND", f"{TOP}/", depth="0", x_test_person=str(app.grants[0]))).status_code == 404
    assert (await dav("PROPFIND", f"{top}/", depth="0")).status_code == 404
    escape = await dav(
        "MOVE",
        f"{top}/from%20app.txt",
        destination=f"http://localhost{TOP}/x",
        x_test_person=str(app.grants[0]),
    )
    assert escape.status_code == 404
    house.grants.rows.clear()
    for method in ("PROPFIND", "GET", "PUT"):
        assert (await dav(method, f"{top}/x", b"", x_test_person=str(app.grants[0]))).status_code == 404


async def test_properties_are_kept_moved_copied_and_bounded(dav: Client) -> None:
    await dav("PUT", f"{TOP}/a", b"x")
    body = "<propertyupdate xmlns='DAV:'><set><prop><note xmlns='u:n'>%s</note></prop></set></propertyupdate>"
    assert (await dav("PROPPATCH", f"{TOP}/a", (body % "kept").encode())).status_code == 207
    await dav("MOVE", f"{TOP}/a", destination=f"http://localhost{TOP}/b")
    await dav("COPY", f"{TOP}/b", destination=f"http://localhost{TOP}/c")
    ask = b"<propfind xmlns='DAV:'><prop><note xmlns='u:n'/><getetag/><none xmlns='u:n'/></prop></propfind>"
    answer = await dav("PROPFIND", f"{TOP}/c", ask, depth="0")
    assert ">kept<" in answer.text
    assert "404 Not Found" in answer.text
    assert (await dav("PROPPATCH", f"{TOP}/a", (body % ("x" * 20_000)).encode())).status_code in (404, 422)
    assert (await dav("PROPPATCH", f"{TOP}/c", (body % ("x" * 20_000)).encode())).status_code == 422
    live = b"<propertyupdate xmlns='DAV:'><set><prop><getetag>x</getetag></prop></set></propertyupdate>"
    assert "403 Forbidden" in (await dav("PROPPATCH", f"{TOP}/c", live)).text
