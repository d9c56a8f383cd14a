"""Bulk and chunks, as Nextcloud's clients send them and as they must not."""

import hashlib
from collections.abc import AsyncIterator

import pytest

from synfonium.apps.drive.config import DriveConfig
from synfonium.apps.drive.service import DriveService
from synfonium.apps.drive.tests.conftest import Hand, House
from synfonium.apps.drive.tests.nextcloud import FILES, UPLOADS, Client, client_of
from synfonium.kernel.actor import Person

BOUNDARY = "boundary_.oOo._x"
BULK = "/remote.php/dav/bulk"
TO = f"http://localhost{FILES}/big.bin"


@pytest.fixture
async def client(house: House, ada: Person) -> AsyncIterator[Client]:
    async with client_of(house) as client:
        yield client


def part(path: str, content: bytes, **headers: str) -> bytes:
    sent = {
        "Content-Length": str(len(content)),
        "X-File-Path": path,
        "X-File-MD5": hashlib.md5(content).hexdigest(),
        "X-File-Mtime": "1700000000",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in sent.items() if value)
    return f"--{BOUNDARY}\r\n{lines}\r\n".encode() + content + b"\r\n"


async def bulk(client: Client, *parts: bytes, end: bytes = f"--{BOUNDARY}--\r\n".encode()) -> dict[str, dict]:  # type: ignore[type-arg]
    answer = await client(
        "POST", BULK, b"".join(parts) + end, content_type=f'multipart/related; boundary="{BOUNDARY}"'
    )
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


async def test_many_small_files_come_in_one_request(client: Client, hand: Hand) -> None:
    await hand.folder("été")
    told = await bulk(
        client,
        part("/été/a.txt", b"a"),
        part("/empty", b""),
        part("/boundary.txt", b"x\r\n--" + BOUNDARY.encode() + b"--\r\ny"),
        part("/large.bin", b"l" * 400_000),
    )
    assert {one["error"] for one in told.values()} == {False}
    assert told["/été/a.txt"]["fileid"] == await client.value(f"{FILES}/%C3%A9t%C3%A9/a.txt", "oc:id")
    assert f'"{told["/empty"]["etag"]}"' == await client.value(f"{FILES}/empty", "d:getetag")
    assert (await client("GET", f"{FILES}/large.bin")).content == b"l" * 400_000
    assert "Tue, 14 Nov 2023" in await client.value(f"{FILES}/empty", "d:getlastmodified")
    sha1 = hashlib.sha1(b"a").hexdigest()
    assert sha1 in await client.value(f"{FILES}/%C3%A9t%C3%A9/a.txt", "oc:checksums")


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/bad.txt", {"X_File_MD5": "0" * 32}),
        ("/bad.txt", {"X_File_MD5": "zz"}),
        ("/bad.txt", {"X_File_MD5": ""}),
        ("/bad.txt", {"X_File_Mtime": "yesterday"}),
        ("/bad.txt", {"X_File_Mtime": "-1"}),
        ("/missing/bad.txt", {}),
        ("/../bad.txt", {}),
        ("/a/../../bad.txt", {}),
        ("//bad.txt", {}),
        ("/", {}),
        ("/bad\\.txt", {}),
        ("/" + "x" * 300, {}),
        ("/folder", {}),
    ],
)
async def test_one_bad_file_fails_alone(
    client: Client, hand: Hand, path: str, headers: dict[str, str]
) -> None:
    await hand.folder("folder")
    told = await bulk(
        client, part("/before.txt", b"b"), part(path, b"bad", **headers), part("/after.txt", b"a")
    )
    assert (told["/before.txt"]["error"], told["/after.txt"]["error"]) == (False, False)
    assert told[path]["error"] is True
    assert told[path]["message"]
    assert sorted(await hand.names()) == ["after.txt", "before.txt", "folder"]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", f"multipart/related; boundary={BOUNDARY}"),
        (b"nonsense", f"multipart/related; boundary={BOUNDARY}"),
        (part("/a", b"a"), "multipart/related"),
        (part("/a", b"a"), f"multipart/form-data; boundary={BOUNDARY}"),
        (part("/a", b"a", Content_Length="5"), f"multipart/related; boundary={BOUNDARY}"),
        (part("/a", b"a", Content_Length="-1"), f"multipart/related; boundary={BOUNDARY}"),
        (part("/a", b"a", Content_Length=""), f"multipart/related; boundary={BOUNDARY}"),
        (part("/a", b"a", X_Other="x" * 9000), f"multipart/related; boundary={BOUNDARY}"),
    ],
)
async def test_what_is_no_bulk_writes_nothing(client: Client, hand: Hand, body: bytes, kind: str) -> None:
    answer = await client("POST", BULK, body, content_type=kind)
    assert answer.status_code == 400
    assert await hand.names() == []


async def test_a_bulk_that_ends_early_keeps_what_was_whole(client: Client, hand: Hand) -> None:
    cut = part("/a", b"a") + part("/b", b"bbbb")[:-5]
    answer = await client("POST", BULK, cut, content_type=f"multipart/related; boundary={BOUNDARY}")
    assert answer.status_code == 400
    assert answer.json()["/a"]["error"] is False
    assert await hand.names() == ["a"]


async def test_no_more_than_a_hundred_files_come_at_once(client: Client, hand: Hand) -> None:
    parts = b"".join(part(f"/{number}", b"x") for number in range(101))
    answer = await client("POST", BULK, parts, content_type=f"multipart/related; boundary={BOUNDARY}")
    assert answer.status_code == 400
    assert len(await hand.names()) == 100


class TestChunks:
    CHUNKS = (b"1" * 70_000, b"2" * 90_000, b"3" * 5)
    WHOLE = b"".join(CHUNKS)

    async def send(self, client: Client, *, way: str, skip: int = -1) -> None:
        total = str(len(self.WHOLE))
        to = {"Destination": TO} if way == "new" else {}
        made = await client("MKCOL", f"{UPLOADS}/t1", headers={"OC-Total-Length": total, **to})
        assert made.status_code == 201
        at = 0
        for number, chunk in enumerate(self.CHUNKS):
            names = {"counted": f"{number:016d}", "offsets": f"{at:016d}", "new": f"{number + 1:05d}"}
            more = to if way == "new" else {"OC-Chunk-Offset": str(at)}
            at += len(chunk)
            if number != skip:
                sent = await client("PUT", f"{UPLOADS}/t1/{names[way]}", chunk, headers=more)
                assert sent.status_code == 201, sent.text

    async def move(self, client: Client, **headers: str) -> int:
        sent = {"Destination": TO, "OC-Total-Length": str(len(self.WHOLE)), **headers}
        return (await client("MOVE", f"{UPLOADS}/t1/.file", headers=sent)).status_code

    @pytest.mark.parametrize("way", ["counted", "offsets", "new"])
    async def test_become_a_file(self, client: Client, hand: Hand, way: str) -> None:
        await self.send(client, way=way)
        listed = await client("PROPFIND", f"{UPLOADS}/t1", depth="1")
        assert listed.text.count("<d:getcontentlength>") == 3
        sha1 = hashlib.sha1(self.WHOLE).hexdigest()
        headers = {
            "Destination": TO,
            "OC-Total-Length": str(len(self.WHOLE)),
            "OC-Checksum": f"SHA1:{sha1}",
            "X-OC-Mtime": "1700000000",
        }
        moved = await client("MOVE", f"{UPLOADS}/t1/.file", headers=headers)
        assert moved.status_code == 201
        assert moved.headers["x-oc-mtime"] == "accepted"
        assert moved.headers["oc-etag"] == moved.headers["etag"]
        assert moved.headers["oc-fileid"] == await client.value(f"{FILES}/big.bin", "oc:id")
        assert sha1 in await client.value(f"{FILES}/big.bin", "oc:checksums")
        assert (await client("GET", f"{FILES}/big.bin")).content == self.WHOLE
        assert await self.move(client) == 404  # twice

    @pytest.mark.parametrize(
        ("skip", "headers", "status"),
        [
            (1, {}, 400),
            (2, {}, 400),
            (-1, {"OC-Total-Length": "165000"}, 400),
            (-1, {"OC-Checksum": "SHA1:" + "0" * 40}, 400),
            (-1, {"OC-Checksum": "MD5:" + "0" * 32}, 400),
            (-1, {"OC-Checksum": "ADLER32:00000000"}, 400),
            (-1, {"OC-Checksum": "SHA1:zz"}, 400),
            (-1, {"X-OC-Mtime": "soon"}, 400),
            (-1, {"Destination": "http://elsewhere.example/remote.php/dav/files/ada/x"}, 400),
            (-1, {"Destination": "/remote.php/dav/files/bob/x"}, 404),
            (-1, {"Destination": "/remote.php/dav/files/ada/missing/x"}, 409),
            (-1, {"Destination": "/remote.php/dav/files/ada/a%2fb"}, 400),
            (-1, {"Destination": "/remote.php/dav/files/ada/"}, 405),
            (-1, {"If-Match": '"another"'}, 412),
            (-1, {"Overwrite": "F"}, 412),
        ],
    )
    async def test_that_do_not_fit_leave_the_old_file(
        self, client: Client, hand: Hand, skip: int, headers: dict[str, str], status: int
    ) -> None:
        old = await hand.file("big.bin", b"old")
        await self.send(client, way="counted", skip=skip)
        assert await self.move(client, **headers) == status
        assert await hand.read(old) == b"old"
        assert await hand.names() == ["big.bin"]

    async def test_that_overlap_are_refused(self, client: Client, hand: Hand) -> None:
        await client("MKCOL", f"{UPLOADS}/t1")
        for number, offset in ((0, 0), (1, 5)):
            await client("PUT", f"{UPLOADS}/t1/{number:016d}", b"0123456789", oc_chunk_offset=str(offset))
        sent = await client("MOVE", f"{UPLOADS}/t1/.file", destination=TO)
        assert sent.status_code == 400
        assert await hand.names() == []

    async def test_that_were_sent_twice_count_once(self, client: Client, hand: Hand) -> None:
        await self.send(client, way="counted")
        again = await client("PUT", f"{UPLOADS}/t1/{1:016d}", self.CHUNKS[1], oc_chunk_offset="70000")
        assert again.status_code == 201
        assert await self.move(client) == 201

    async def test_that_are_longer_than_announced_are_refused(self, client: Client) -> None:
        await client("MKCOL", f"{UPLOADS}/t1", oc_total_length="10")
        assert (await client("PUT", f"{UPLOADS}/t1/00001", b"x" * 11)).status_code == 400

    async def test_can_be_taken_back(self, client: Client) -> None:
        await self.send(client, way="new")
        assert (await client("DELETE", f"{UPLOADS}/t1/00002")).status_code == 204
        assert await self.move(client) == 400
        assert (await client("DELETE", f"{UPLOADS}/t1")).status_code == 204
        assert (await client("PUT", f"{UPLOADS}/t1/00002", b"x")).status_code == 404

    @pytest.mark.parametrize(
        ("method", "path", "status"),
        [
            ("PUT", f"{UPLOADS}/unknown/00001", 404),
            ("PUT", f"{UPLOADS}/t1/one", 404),
            ("PUT", f"{UPLOADS}/t1/10001", 422),
            ("PUT", f"{UPLOADS}/t1/99999999999999999999", 404),
            ("MKCOL", f"{UPLOADS}/t1", 405),
            ("MKCOL", f"{UPLOADS}/{'x' * 201}", 404),
            ("MKCOL", "/remote.php/dav/uploads/bob/t1", 404),
            ("MOVE", f"{UPLOADS}/t1/00001", 404),
            ("GET", f"{UPLOADS}/t1/00001", 405),
            ("PROPFIND", f"{UPLOADS}/", 404),
            ("PROPFIND", f"{UPLOADS}/..%2ffiles", 400),
        ],
    )
    async def test_elsewhere_are_refused(self, client: Client, method: str, path: str, status: int) -> None:
        await client("MKCOL", f"{UPLOADS}/t1")
        assert (await client(method, path, b"", destination=TO)).status_code == status


class TestRoom:
    @pytest.fixture
    def config(self) -> DriveConfig:
        return DriveConfig(default_quota_bytes=100)

    async def test_chunks_that_cross_the_quota_are_refused(
        self, client: Client, hand: Hand, drive: DriveService
    ) -> None:
        assert (await client("MKCOL", f"{UPLOADS}/t1", oc_total_length="101")).status_code == 507
        await client("MKCOL", f"{UPLOADS}/t1")
        assert (await client("PUT", f"{UPLOADS}/t1/00001", b"x" * 60)).status_code == 201
        assert (await client("PUT", f"{UPLOADS}/t1/00002", b"x" * 41)).status_code == 507
        told = await bulk(client, part("/a", b"a" * 41), part("/b", b"b" * 40))
        assert (told["/a"]["error"], told["/b"]["error"]) == (True, False)
        assert await hand.names() == ["b"]
