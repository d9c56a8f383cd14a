"""The quota of a space at every stage of the S3 API: 507, what was there stays, nothing is left behind."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from synfonium.apps.drive.config import DriveConfig
from synfonium.apps.drive.service import DriveService, uploads
from synfonium.apps.drive.service.s3_keys import NewKey
from synfonium.apps.drive.service.sweep import GRACE_S
from synfonium.apps.drive.store.tables import versions
from synfonium.apps.drive.tests.conftest import House
from synfonium.apps.drive.tests.test_s3_signatures import Client, client, code, key, signed

__all__ = ["client", "key"]
MIB = 1024 * 1024
KEPT = b"k" * MIB
FULL = (507, "QuotaExceeded")


@pytest.fixture
def config() -> DriveConfig:
    return DriveConfig(default_quota_bytes=12 * MIB)


class Way:
    """A person's requests."""

    def __init__(self, client: Client, key: NewKey) -> None:
        self._client, self._key = client, key

    async def __call__(self, method: str, path: str, body: bytes = b"", **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = signed(self._key, method, f"/s3/drive/{path}", body=body, headers=named)
        return await self._client.send(request)

    async def begin(self, name: str) -> str:
        answer = await self("POST", f"{name}?uploads=")
        return answer.text.partition("<UploadId>")[2].partition("<")[0]

    async def part(self, name: str, upload: str, number: int, body: bytes, **headers: str) -> httpx.Response:
        return await self("PUT", f"{name}?partNumber={number}&uploadId={upload}", body, **headers)

    async def complete(self, name: str, upload: str, *etags: str) -> httpx.Response:
        parts = "".join(
            f"<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>"
            for number, etag in enumerate(etags, 1)
        )
        document = f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>"
        return await self("POST", f"{name}?uploadId={upload}", document.encode())

    async def stream(self, name: str, pieces: AsyncIterator[bytes]) -> httpx.Response:
        """Without saying how long it is."""
        asked = signed(self._key, "PUT", f"/s3/drive/{name}", expires_s=60)
        headers = {n: v for n, v in asked.headers.items() if n != "content-length"}
        return await self._client.send(httpx.Request("PUT", asked.url, content=pieces, headers=headers))


@pytest.fixture
async def way(client: Client, key: NewKey) -> Way:
    made = Way(client, key)
    assert (await made("PUT", "kept", KEPT)).status_code == 200
    return made


async def refused(answer: httpx.Response, way: Way) -> tuple[int, str]:
    """What was said, when what was there is there."""
    assert (await way("GET", "kept")).content == KEPT
    return answer.status_code, code(answer)


async def need_nothing_left(house: House, drive: DriveService) -> None:
    """After the sweeps there is no byte that no file needs."""
    for wait_s in (uploads.IDLE_S + GRACE_S, GRACE_S + 10, GRACE_S + 10):
        house.clock.time_s += wait_s
        await drive.sweep.once()
    left = {name async for name in drive.room.context.blobs.names()}
    rows = await drive.room.read(lambda c: c.execute(versions.select()).all())
    assert left == {row.blob for row in rows}


async def test_a_part_that_crosses_the_quota_is_refused_and_those_before_it_make_the_whole(
    way: Way, house: House, drive: DriveService
) -> None:
    upload = await way.begin("kept")
    first, second = b"1" * 5 * MIB, b"2" * 5 * MIB
    etags = [(await way.part("kept", upload, n, p)).headers["etag"] for n, p in ((1, first), (2, second))]
    for _ in range(2):
        assert await refused(await way.part("kept", upload, 3, b"3" * 2 * MIB), way) == FULL
    done = await way.complete("kept", upload, *etags)
    assert done.status_code == 200, done.text
    assert (await way("GET", "kept")).content == first + second
    await need_nothing_left(house, drive)


async def test_of_parts_that_cross_the_quota_together_only_those_stay_that_fit(
    way: Way, house: House, drive: DriveService
) -> None:
    upload = await way.begin("kept")
    sent = [way.part("kept", upload, number, bytes([number]) * 4 * MIB) for number in (1, 2, 3, 4)]
    answers = await asyncio.gather(*sent)
    assert sorted(answer.status_code for answer in answers) == [200, 200, 507, 507]
    assert await refused(next(a for a in answers if a.status_code == 507), way) == FULL
    assert (await way("DELETE", f"kept?uploadId={upload}")).status_code == 204
    await need_nothing_left(house, drive)


async def test_content_of_unknown_length_is_cut_where_it_crosses_the_quota(
    way: Way, house: House, drive: DriveService
) -> None:
    given = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal given
        for _ in range(40):
            given += MIB
            yield b"n" * MIB

    assert await refused(await way.stream("kept", endless()), way) == FULL
    assert await refused(await way.stream("deep/new", endless()), way) == FULL
    assert (await way("GET", "deep/new")).status_code == 404
    await need_nothing_left(house, drive)


async def test_a_copy_that_crosses_the_quota_is_refused(way: Way, house: House, drive: DriveService) -> None:
    assert (await way("PUT", "large", b"l" * 7 * MIB)).status_code == 200
    source = {"x_amz_copy_source": "/drive/large"}
    assert await refused(await way("PUT", "kept", **source), way) == FULL
    assert await refused(await way("PUT", "copy", **source), way) == FULL
    upload = await way.begin("kept")
    assert await refused(await way.part("kept", upload, 1, b"", **source), way) == FULL
    piece = {**source, "x_amz_copy_source_range": f"bytes=0-{4 * MIB - 1}"}
    assert (await way.part("kept", upload, 1, b"", **piece)).status_code == 200
    assert await refused(await way.part("kept", upload, 2, b"", **piece), way) == FULL
    assert (await way("DELETE", f"kept?uploadId={upload}")).status_code == 204
    await need_nothing_left(house, drive)


async def test_a_whole_that_cannot_stand_changes_nothing_and_can_be_asked_for_again(
    way: Way, house: House, drive: DriveService
) -> None:
    upload = await way.begin("kept")
    etag = (await way.part("kept", upload, 1, b"1" * 5 * MIB)).headers["etag"]
    assert await refused(await way.complete("kept", upload, etag, etag), way) == (400, "InvalidPart")
    assert await refused(await way.complete("kept", upload, '"' + "0" * 32 + '"'), way) == (
        400,
        "InvalidPart",
    )
    assert (await way.complete("kept", upload, etag)).status_code == 200
    assert (await way.complete("kept", upload, etag)).status_code == 200, "its answer may have been lost"
    assert (await way("GET", "kept")).content == b"1" * 5 * MIB
    await need_nothing_left(house, drive)
