"""People's files in a real bucket, backed up with all else, killed, and brought back into an empty one."""

import asyncio
import hashlib
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest
from conftest import is_ci
from tests.journeys.test_backup import client, kill, kill_everything, restics_at, run_restore

from synfonium.apps.operations.model.run import Run
from synfonium.apps.operations.store import runs
from synfonium.testing.client import Installation, installation
from synfonium.testing.s3_server import KEY_ID, SECRET, SeaweedServer, find_seaweed
from synfonium.testing.server import PROGRAM, RealServer, real_server

pytestmark = [pytest.mark.full, pytest.mark.timeout(600)]
BIG_BYTES = 18 * 1024 * 1024
SIZES = {"small": 100, "middle": 300_000, "some": 9_000_000, "big": BIG_BYTES}


@pytest.fixture(scope="module", autouse=True)
def restic(program: Callable[[str], str]) -> str:
    return program("restic")


class Buckets:
    """Buckets of a real server, one for each home."""

    def __init__(self, server: SeaweedServer, key_file: Path) -> None:
        self._server, self._key_file = server, key_file
        keys = {"aws_access_key_id": KEY_ID, "aws_secret_access_key": SECRET}
        self.s3 = boto3.client("s3", endpoint_url=server.endpoint, region_name="us-east-1", **keys)

    def new(self) -> str:
        name = f"b{os.urandom(4).hex()}"
        self.s3.create_bucket(Bucket=name)
        return name

    def settings(self, bucket: str) -> dict[str, str]:
        return {
            "SYNFONIUM_BLOBS": self.url(bucket),
            "SYNFONIUM_BLOBS_KEY_ID": KEY_ID,
            "SYNFONIUM_BLOBS_KEY_FILE": str(self._key_file),
            "SYNFONIUM_OPERATIONS_BUCKET_ROOM_MB": "16",
        }

    def url(self, bucket: str) -> str:
        return f"s3://{bucket}?endpoint={self._server.endpoint}"

    def keys(self, bucket: str, part: str) -> dict[str, str]:
        """Name of each object in it, without the part's, to the sum of its content."""
        found = {}
        for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            for item in page.get("Contents", ()):
                if f"/{part}/" in item["Key"]:
                    content = self.s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()
                    found[item["Key"].partition(f"/{part}/")[2]] = hashlib.sha256(content).hexdigest()
        return found


@pytest.fixture(scope="module")
def buckets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Buckets]:
    weed = find_seaweed()
    if weed is None:
        pytest.fail("no SeaweedFS is installed") if is_ci() else pytest.skip("no SeaweedFS is installed")
    key_file = tmp_path_factory.mktemp("keys") / "secret"
    key_file.write_text(SECRET)
    server = SeaweedServer(weed)
    yield Buckets(server, key_file)
    server.remove()


def content_of(name: str) -> bytes:
    return hashlib.shake_256(name.encode()).digest(SIZES[name.partition("-")[0]])


def put(server: RealServer, token: str, *names: str) -> None:
    with client(server, token) as ana:
        for name in names:
            ana.put(f"/dav/files/ana/{name}", content=content_of(name)).raise_for_status()


def need_same(server: RealServer, token: str, *names: str) -> None:
    with client(server, token) as ana:
        for name in names:
            answer = ana.get(f"/dav/files/ana/{name}")
            assert (answer.status_code, answer.content == content_of(name)) == (200, True), name


def disk_bytes(folder: Path) -> int:
    """What the disk holds of it, holes left out."""
    return sum(path.stat().st_blocks * 512 for path in folder.rglob("*") if path.is_file())


def added_mb(said: str) -> float:
    number, unit = said.partition(" were new")[0].splitlines()[-1].split()
    return float(number) * {"B": 1e-6, "kB": 1e-3, "MB": 1, "GB": 1e3}[unit]


def test_files_in_a_bucket_come_back_byte_equal_into_an_empty_one(tmp_path: Path, buckets: Buckets) -> None:
    home, place, second = tmp_path / "home", tmp_path / "place", tmp_path / "second"
    first, other = buckets.new(), buckets.new()
    with real_server(home, environment=buckets.settings(first)) as server:
        token = server.person("ana", "--admin")
        put(server, token, "small", "middle", "some", "big")
        server.run("backup", str(place), timeout_s=300)
        assert disk_bytes(home / "backup" / "bucket") < 1_000_000, "what was stored is a hole again"
        put(server, token, "middle-2")
        with client(server, token) as ana:
            ana.delete("/dav/files/ana/some").raise_for_status()
        said = server.run("backup", str(place), timeout_s=300)
        assert added_mb(said) < 5, said
        # Another machine's disk has no holes: what they stand for is asked of the place.
        shutil.rmtree(home / "backup" / "bucket")
        said = server.run("backup", str(place), timeout_s=300)
        assert added_mb(said) < 5, said
        kill_everything(server)
    key = (home / "backup.key").read_text()
    was = {part: buckets.keys(first, part) for part in ("small", "parts")}
    shutil.rmtree(home)
    for stored in all_keys(buckets, first):
        buckets.s3.delete_object(Bucket=first, Key=stored)

    environment = {**buckets.settings(other)}
    environment.pop("SYNFONIUM_BLOBS")
    done = run_restore(second, place, key, "--blobs", buckets.url(other), environment=environment)
    assert done.returncode == 0, done.stderr
    assert not (second / "backup" / "bucket").exists(), "nothing of it waited on the disk"
    assert buckets.keys(other, "small") == was["small"]
    assert sorted(buckets.keys(other, "parts").values()) == sorted(was["parts"].values())
    assert not buckets.keys(other, "unfinished")
    with real_server(second, environment=environment) as again:
        need_same(again, token, "small", "middle", "middle-2", "big")


def test_a_killed_backup_of_a_bucket_goes_on_where_it_was(tmp_path: Path, buckets: Buckets) -> None:
    home, place, second = tmp_path / "home", tmp_path / "place", tmp_path / "second"
    bucket = buckets.new()
    with real_server(home, environment=buckets.settings(bucket)) as server:
        token = server.person("ana", "--admin")
        server.run("backup", str(place), timeout_s=300)
        names = [f"big-{number}" for number in range(3)]
        put(server, token, *names)
        backup = subprocess.Popen(
            [*PROGRAM, "backup", str(place), "--home", str(home)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 120
        most = 0
        while len([*(place / "snapshots").iterdir()]) < 3:
            assert time.monotonic() < deadline
            assert backup.poll() is None, "it ended before it could be killed"
            most = max(most, disk_bytes(home / "backup" / "bucket"))
            time.sleep(0.05)
        kill_everything(server)
        backup.kill()
        backup.wait()
        kill(restics_at(place))
        assert most < 2 * BIG_BYTES, "the disk holds a share of the bucket alone"
        server.start()
        key = (home / "backup.key").read_text()
        listed = run_restore(tmp_path / "x", place, key, "--list").stdout
        assert len(listed.splitlines()) == 1
        stored_before = disk_bytes(place)
        server.run("backup", str(place), timeout_s=300)
        assert disk_bytes(place) - stored_before < 3 * BIG_BYTES - 15_000_000, "a part was there already"
        kill_everything(server)
    was = sorted(buckets.keys(bucket, "parts").values())
    for stored in all_keys(buckets, bucket):
        buckets.s3.delete_object(Bucket=bucket, Key=stored)
    environment = buckets.settings(bucket)
    done = run_restore(second, place, key, environment=environment)
    assert done.returncode == 0, done.stderr
    assert sorted(buckets.keys(bucket, "parts").values()) == was, "as the restore itself has checked"


def test_a_file_that_the_bucket_lost_is_said_so_and_all_else_is_kept(
    tmp_path: Path, buckets: Buckets
) -> None:
    home, place, second = tmp_path / "home", tmp_path / "place", tmp_path / "second"
    bucket, other = buckets.new(), buckets.new()
    with real_server(home, environment=buckets.settings(bucket)) as server:
        token = server.person("ana", "--admin")
        put(server, token, "middle", "middle-2", "some")
        middle = [key for key in all_keys(buckets, bucket) if "/small/" in key]
        buckets.s3.delete_object(Bucket=bucket, Key=middle[0])
        content = buckets.s3.get_object(Bucket=bucket, Key=middle[1])["Body"].read()
        flipped = content[:5000] + bytes([content[5000] ^ 1]) + content[5001:]
        buckets.s3.put_object(Bucket=bucket, Key=middle[1], Body=flipped)
        with pytest.raises(subprocess.CalledProcessError) as refused:
            server.run("backup", str(place), timeout_s=300)
        assert "2 files are missing in the bucket or damaged there" in refused.value.stderr
        kill_everything(server)
    key = (home / "backup.key").read_text()
    environment = buckets.settings(other)
    done = run_restore(second, place, key, environment=environment)
    assert done.returncode == 0, done.stderr
    assert "2 files were missing or damaged already" in done.stdout
    assert sorted(buckets.keys(other, "parts").values()) == sorted(buckets.keys(bucket, "parts").values())


async def test_a_bucket_that_protects_itself_is_left_out_and_that_is_said(
    tmp_path: Path, buckets: Buckets
) -> None:
    place = tmp_path / "place"
    settings = buckets.settings(buckets.new()) | {
        "SYNFONIUM_OPERATIONS_BACKUP_TO": str(place),
        "SYNFONIUM_OPERATIONS_BACKUP_BUCKET": "false",
        "SYNFONIUM_IDENTITY_ADMINISTRATORS_NEED_PASSKEY": "false",
    }
    async with installation(tmp_path / "home", settings) as house:
        async with house.client(token=await house.person("ana", administrator=True)) as ana:
            (await ana.put("/dav/files/ana/some", content=content_of("some"))).raise_for_status()
            taken = await house.call("operations.backup", {"to": str(place)})
            assert taken["is_bucket_left"]
            page = (await ana.get("/admin/backups?ui=en")).text
        assert "stays in the bucket and is in no backup" in page
        assert disk_bytes(place) < SIZES["some"] / 2
        tried = await wanted(house, "rehearsal")
        assert (tried.state, tried.reason) == ("done", ""), "it reads the bucket"


async def test_a_trial_reads_what_the_backup_holds_and_not_the_bucket(
    tmp_path: Path, buckets: Buckets
) -> None:
    bucket = buckets.new()
    settings = buckets.settings(bucket) | {"SYNFONIUM_OPERATIONS_BACKUP_TO": str(tmp_path / "place")}
    async with installation(tmp_path / "home", settings) as house:
        async with house.client(token=await house.person("ana", administrator=True)) as ana:
            for name in ("small", "middle", "big"):
                (await ana.put(f"/dav/files/ana/{name}", content=content_of(name))).raise_for_status()
        made = await wanted(house, "backup")
        assert (made.state, made.reason) == ("done", "")
        for key in all_keys(buckets, bucket):
            buckets.s3.delete_object(Bucket=bucket, Key=key)
        tried = await wanted(house, "rehearsal")
        assert (tried.state, tried.reason) == ("done", "")
        assert tried.checked is not None
        assert tried.checked.blobs >= 3
        assert tried.checked.blob_bytes > BIG_BYTES
        assert not all_keys(buckets, bucket), "a trial writes nothing there"
        assert not (tmp_path / "home" / "backup" / "rehearsal").exists()


async def wanted(house: Installation, kind: str) -> Run:
    run_id = (await house.call("operations.want", {"kind": kind}))["run"]
    for _ in range(2000):
        run = await house.context("operations").database.read(lambda c: runs.find(c, run_id))
        if run is not None and run.state in ("done", "failed"):
            return run
        await asyncio.sleep(0.05)
    raise AssertionError("the run does not end")


def all_keys(buckets: Buckets, bucket: str) -> list[str]:
    return [item["Key"] for item in buckets.s3.list_objects_v2(Bucket=bucket).get("Contents", ())]
