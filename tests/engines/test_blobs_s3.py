"""Blobs in a bucket keep the obligations of their port, on a real SeaweedFS and a real Ceph."""

import asyncio
import json
import os
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from botocore.client import BaseClient

from synfonium.engines.blobs.s3 import S3Blobs, parse_s3
from synfonium.testing.blob_suite import MIB, BlobSuite, whole
from synfonium.testing.blob_writer import open_blobs, put
from synfonium.testing.ceph_server import CephServer
from synfonium.testing.s3_server import KEY_ID, SECRET, SeaweedServer
from tests.engines.small_s3 import small_s3

pytestmark = [pytest.mark.full, pytest.mark.timeout(300)]
BUCKET = "blobs"
SMALL_BYTES = 12 * MIB


def client(endpoint: str) -> BaseClient:
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=KEY_ID,
        aws_secret_access_key=SECRET,
    )


@pytest.fixture(scope="module")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "secret"
    path.write_text(f"{SECRET}\n")
    return path


@pytest.fixture(scope="module")
def on_seaweed(seaweed_server: SeaweedServer) -> str:
    client(seaweed_server.endpoint).create_bucket(Bucket=BUCKET)
    return seaweed_server.endpoint


@pytest.fixture(scope="module")
def on_ceph(ceph_server: CephServer) -> str:
    client(ceph_server.endpoint).create_bucket(Bucket=BUCKET)
    return ceph_server.endpoint


def address(endpoint: str, key_file: Path, bucket: str = BUCKET, prefix: str | None = None) -> str:
    """A place of its own in the bucket, as the opener takes it."""
    return f"s3://{bucket}?endpoint={endpoint}&prefix={prefix or os.urandom(8).hex()} {key_file}"


def keys(target: str) -> dict[str, bytes]:
    """All objects of the place; the content of those below 1 KiB."""
    found = parse_s3(target.partition(" ")[0])
    s3 = client(found.endpoint)
    paginator = s3.get_paginator("list_objects_v2")
    objects = [
        entry
        for page in paginator.paginate(Bucket=found.bucket, Prefix=f"{found.prefix}/drive/")
        for entry in page.get("Contents", [])
    ]
    return {
        entry["Key"].removeprefix(f"{found.prefix}/drive/"): s3.get_object(
            Bucket=found.bucket, Key=entry["Key"]
        )["Body"].read()
        if entry["Size"] < 1024
        else b""
        for entry in objects
    }


class S3Suite(BlobSuite):
    opener = "tests.engines.openers:s3_blobs"
    spilled_bytes, busy_s = 20 * MIB, 1.0
    many = 3_000  # Several pages of a listing.

    def unfinished(self, target: str) -> int:
        """Parts that no blob names, and what a sweep would look at."""
        found = keys(target)
        named = {json.loads(v)["parts"] for k, v in found.items() if k.startswith("large/")}
        marks = {k.split("/")[1]: json.loads(v) for k, v in found.items() if k.startswith("unfinished/")}
        deleted = {parts for parts, mark in marks.items() if mark["is_deleted"]}
        parts = {k.split("/")[1] for k in found if k.startswith("parts/")}
        return len((parts - named | marks.keys()) - deleted)

    async def test_a_large_blob_is_read_in_any_range_also_after_it_was_deleted(self, target: str) -> None:
        content = os.urandom(20 * MIB + 77)
        store = open_blobs(self.opener, target)
        await put(store, "large", content)
        assert await whole(store, "large") == content
        for start, stop in ((0, 5), (8 * MIB - 3, 8 * MIB + 3), (17 * MIB, None), (30 * MIB, None)):
            assert await whole(store, "large", start, stop) == content[start:stop]
        reader = await asyncio.to_thread(store.open, "large")
        await store.delete("large")
        buffer = memoryview(bytearray(3 * MIB))
        for start in (0, 7 * MIB, 19 * MIB):
            filled = await asyncio.to_thread(reader.read_into, buffer, start)
            assert buffer[:filled] == content[start : start + 3 * MIB]
        with pytest.raises(KeyError):
            await store.size_bytes("large")
        assert await store.sweep_unfinished(older_than_s=-1) == 0
        assert keys(target) == {}

    async def test_a_large_name_that_exists_keeps_its_bytes_and_leaves_no_second_copy(
        self, target: str
    ) -> None:
        store, first, second = open_blobs(self.opener, target), os.urandom(9 * MIB), os.urandom(9 * MIB)
        await asyncio.gather(*(put(store, "large", content) for content in (first, second, first)))
        assert await whole(store, "large") in (first, second)
        assert self.unfinished(target) == 0
        assert len([key for key in keys(target) if key.startswith("parts/")]) == 2

    async def test_a_name_that_is_committed_again_is_young_again(self, target: str) -> None:
        store = open_blobs(self.opener, target)
        await put(store, "small", b"x")
        await asyncio.sleep(4)
        assert [n async for n in store.names(older_than_s=2)] == ["small"]
        await put(store, "small", b"x")
        assert [n async for n in store.names(older_than_s=2)] == []
        assert [n async for n in store.names()] == ["small"]

    async def test_nothing_is_deleted_while_a_backup_holds_the_blobs(self, target: str) -> None:
        url, _, key_file = target.partition(" ")
        held = S3Blobs(parse_s3(url, key_id=KEY_ID, key_file=key_file), "drive", is_held=lambda: True)
        await put(held, "blob", b"x")
        await held.delete("blob")
        assert await whole(held, "blob") == b"x"

    async def test_a_cancelled_large_commit_leaves_the_whole_blob_or_none(self, target: str) -> None:
        store, content = open_blobs(self.opener, target), os.urandom(17 * MIB)
        for number in range(6):
            task = asyncio.ensure_future(put(store, f"blob{number}", content))
            await asyncio.sleep(0.03 * (number + 1))
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        async for name in store.names():
            assert await whole(store, name) == content
        assert self.unfinished(target) == 0


class TestOnSeaweed(S3Suite):
    @pytest.fixture
    def target(self, on_seaweed: str, key_file: Path) -> str:
        return address(on_seaweed, key_file)

    @pytest.fixture
    def small_target(self, target: str) -> Iterator[str]:
        """SeaweedFS refuses nothing when a bucket is full: a server before it does."""
        found = parse_s3(target.partition(" ")[0])
        with small_s3(found.endpoint, SMALL_BYTES) as endpoint:
            yield target.replace(found.endpoint, endpoint)


class TestOnCeph(S3Suite):
    @pytest.fixture
    def target(self, on_ceph: str, key_file: Path) -> str:
        return address(on_ceph, key_file)

    @pytest.fixture
    def small_target(self, on_ceph: str, ceph_server: CephServer, key_file: Path) -> str:
        client(on_ceph).create_bucket(Bucket="small")
        ceph_server.limit("small", SMALL_BYTES)
        return address(on_ceph, key_file, "small")


async def test_a_server_that_is_not_there_is_an_error_soon_and_says_no_key(key_file: Path) -> None:
    address = parse_s3(
        "s3://blobs?endpoint=http://127.0.0.1:9&prefix=x", key_id=KEY_ID, key_file=str(key_file)
    )
    async with asyncio.timeout(30):
        with pytest.raises(OSError, match="S3 server") as refused:
            await put(S3Blobs(address, "drive"), "blob", b"x")
    assert SECRET not in str(refused.value)
    assert KEY_ID not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "s3://",
        "s3://bucket/folder",
        "s3://bucket?endpint=http://x",
        "s3://bucket?endpoint=127.0.0.1:9000",
        "s3://id:secret@bucket",
        "https://bucket",
    ],
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"s3://|unknown option|endpoint|keys do not stand"):
        parse_s3(url)
