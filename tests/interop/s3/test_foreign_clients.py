"""The S3 API with the clients that people have: Amazon's SDK, rclone, restic."""

import hashlib
import io
import os
import random
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError
from tests.interop.s3.conftest import Account

pytestmark = [pytest.mark.full, pytest.mark.timeout(300)]
MIB = 1024 * 1024


def refused(call: Callable[[], object]) -> str:
    """The code of what is refused."""
    with pytest.raises(ClientError) as caught:
        call()
    return str(caught.value.response["Error"]["Code"])


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"])
def test_content_comes_with_any_sum_that_the_sdk_sends(s3: Any, bucket: str, algorithm: str) -> None:
    content = os.urandom(300_000)
    put = s3.put_object(Bucket=bucket, Key="a/ä b+c", Body=content, ChecksumAlgorithm=algorithm)
    assert put["ETag"] == f'"{hashlib.md5(content).hexdigest()}"'
    got = s3.get_object(Bucket=bucket, Key="a/ä b+c", ChecksumMode="ENABLED")
    assert got["Body"].read() == content
    assert got[f"Checksum{algorithm}"] == put[f"Checksum{algorithm}"]


def test_words_about_an_object_are_given_back(s3: Any, bucket: str) -> None:
    words = {
        "Metadata": {"colour": "red", "place": "x y"},
        "ContentType": "text/x-odd",
        "CacheControl": "no-store",
    }
    s3.put_object(Bucket=bucket, Key="f", Body=b"x", **words)
    got = s3.head_object(Bucket=bucket, Key="f")
    assert {name: got[name] for name in words} == words
    s3.copy_object(Bucket=bucket, Key="g", CopySource=f"{bucket}/f")
    assert s3.head_object(Bucket=bucket, Key="g")["Metadata"] == words["Metadata"]


def test_a_large_file_goes_in_parts_and_comes_back_in_ranges(s3: Any, bucket: str) -> None:
    content = os.urandom(21 * MIB + 5)
    s3.upload_fileobj(
        io.BytesIO(content), bucket, "large", Config=TransferConfig(multipart_chunksize=8 * MIB)
    )
    back = io.BytesIO()
    s3.download_fileobj(bucket, "large", back)
    assert back.getvalue() == content
    for _ in range(10):
        start, stop = sorted(random.randrange(len(content)) for _ in range(2))
        got = s3.get_object(Bucket=bucket, Key="large", Range=f"bytes={start}-{stop}")
        assert got["Body"].read() == content[start : stop + 1]
    assert s3.list_multipart_uploads(Bucket=bucket).get("Uploads", []) == []


def test_writes_can_be_made_on_condition(s3: Any, bucket: str) -> None:
    first = s3.put_object(Bucket=bucket, Key="f", Body=b"1", IfNoneMatch="*")["ETag"]
    put = s3.put_object
    assert refused(lambda: put(Bucket=bucket, Key="f", Body=b"2", IfNoneMatch="*")) == "PreconditionFailed"
    s3.put_object(Bucket=bucket, Key="f", Body=b"3", IfMatch=first)
    assert refused(lambda: put(Bucket=bucket, Key="f", Body=b"4", IfMatch=first)) == "PreconditionFailed"
    assert s3.get_object(Bucket=bucket, Key="f")["Body"].read() == b"3"


def test_a_listing_is_in_the_order_of_bytes_whatever_the_page(s3: Any, bucket: str) -> None:
    keys = ["a", "a!/x", "a-/y", "a.txt", "b/a", "b/c/d", "b/c0", "b0", "é/ü", "z/z/z/z"]
    for key in random.sample(keys, len(keys)):
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    for size in (1, 2, 3, 1000):
        pages = s3.get_paginator("list_objects_v2").paginate(
            Bucket=bucket, PaginationConfig={"PageSize": size}
        )
        assert [entry["Key"] for page in pages for entry in page.get("Contents", [])] == sorted(keys)
        pages = s3.get_paginator("list_objects").paginate(
            Bucket=bucket, Delimiter="/", PaginationConfig={"PageSize": size}
        )
        found = [(p.get("Contents", []), p.get("CommonPrefixes", [])) for p in pages]
        assert [c["Key"] for contents, _ in found for c in contents] == ["a", "a.txt", "b0"]
        assert [c["Prefix"] for _, common in found for c in common] == ["a!/", "a-/", "b/", "z/", "é/"]
    after = s3.list_objects_v2(Bucket=bucket, Prefix="b/", StartAfter="b/c/d")
    assert [entry["Key"] for entry in after["Contents"]] == ["b/c0"]


def test_what_the_tree_cannot_hold_is_refused_in_words(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="a/b", Body=b"x")
    s3.put_object(Bucket=bucket, Key="f", Body=b"x")
    put = s3.put_object
    assert refused(lambda: put(Bucket=bucket, Key="a", Body=b"x")) == "KeyIsFolder"
    assert refused(lambda: put(Bucket=bucket, Key="f/g", Body=b"x")) == "KeyIsFolder"
    assert refused(lambda: put(Bucket=bucket, Key="x//y", Body=b"x")) == "InvalidObjectName"
    assert refused(lambda: put(Bucket=bucket, Key="n" * 256, Body=b"x")) == "InvalidObjectName"
    assert refused(lambda: put(Bucket=bucket, Key="n/" * 513, Body=b"")) == "KeyTooLongError"
    assert refused(lambda: s3.create_bucket(Bucket="Upper_Case")) == "InvalidBucketName"


def test_a_bucket_goes_when_its_last_object_is_gone(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="deep/er/f", Body=b"x")
    s3.put_object(Bucket=bucket, Key="folder/", Body=b"")
    assert refused(lambda: s3.delete_bucket(Bucket=bucket)) == "BucketNotEmpty"
    listed = [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    assert listed == ["deep/er/f", "folder/"]
    removed = s3.delete_objects(
        Bucket=bucket, Delete={"Objects": [{"Key": key} for key in [*listed, "none"]]}
    )
    assert len(removed["Deleted"]) == 3
    s3.delete_bucket(Bucket=bucket)
    assert refused(lambda: s3.list_objects_v2(Bucket=bucket)) == "NoSuchBucket"


def test_a_presigned_link_brings_and_takes_a_file_without_a_key(s3: Any, bucket: str) -> None:
    put = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "f"})
    assert httpx.put(put, content=b"by link").status_code == 200
    got = httpx.get(s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "f"}))
    assert got.content == b"by link"
    assert "sandbox" in got.headers["content-security-policy"]


def test_what_webdav_writes_is_an_object_and_the_other_way_round(
    account: Account, s3: Any, bucket: str
) -> None:
    token = account.server.run("user", "token", "ada", "--label", "dav").strip()
    with httpx.Client(base_url=account.server.url, auth=("ada", token)) as dav:
        s3.put_object(Bucket=bucket, Key="a/f.txt", Body=b"by s3", Metadata={"k": "v"})
        assert dav.get(f"/dav/files/ada/{bucket}/a/f.txt").content == b"by s3"
        dav.put(f"/dav/files/ada/{bucket}/a/f.txt", content=b"by webdav")
        got = s3.get_object(Bucket=bucket, Key="a/f.txt")
        assert got["Body"].read() == b"by webdav"
        assert got["ETag"] != f'"{hashlib.md5(b"by s3").hexdigest()}"'
        dav.request("MKCOL", f"/dav/files/ada/{bucket}/empty")
        assert [p["Prefix"] for p in s3.list_objects_v2(Bucket=bucket, Delimiter="/")["CommonPrefixes"]] == [
            "a/",
            "empty/",
        ]


def test_rclone_copies_checks_and_syncs(
    account: Account, program: Callable[[str], str], tmp_path: Path
) -> None:
    source = tmp_path / "source"
    for name in ("plain.txt", "été/à la plage.txt", "100% #1 & + = [x].txt", "deep/er/est/leaf"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(os.urandom(5_000))
    (source / "big.bin").write_bytes(os.urandom(12 * MIB))
    config = tmp_path / "rclone.conf"
    config.write_text(
        f"[d]\ntype = s3\nprovider = Other\nendpoint = {account.endpoint}\nregion = us-east-1\n"
        f"access_key_id = {account.key}\nsecret_access_key = {account.secret}\nupload_cutoff = 10Mi\n"
        "chunk_size = 5Mi\n"
    )

    def rclone(*words: str | Path) -> str:
        command = [
            program("rclone"),
            "--config",
            config,
            "--retries",
            "1",
            "--low-level-retries",
            "2",
            *words,
        ]
        environment = {k: v for k, v in os.environ.items() if k != "AWS_CA_BUNDLE"}
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout + done.stderr

    rclone("copy", source, "d:rclone-here/sub dir")
    assert "0 differences found" in rclone("check", "--download", source, "d:rclone-here/sub dir")
    rclone("copy", "d:rclone-here/sub dir", tmp_path / "back")
    for path in source.rglob("*"):
        if path.is_file():
            assert (tmp_path / "back" / path.relative_to(source)).read_bytes() == path.read_bytes()
    assert "There was nothing to transfer" in rclone("copy", "-v", source, "d:rclone-here/sub dir")
    (source / "plain.txt").unlink()
    rclone("sync", source, "d:rclone-here/sub dir")
    assert "0 differences found" in rclone("check", "--download", source, "d:rclone-here/sub dir")
    rclone("purge", "d:rclone-here")
    assert "rclone-here" not in rclone("lsd", "d:")


def test_restic_keeps_a_backup_and_brings_it_back(
    account: Account, program: Callable[[str], str], tmp_path: Path
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for number in range(30):
        (source / f"f{number}").write_bytes(os.urandom(200_000))
    environment = {**account.environment, "RESTIC_PASSWORD": "x", "XDG_CACHE_HOME": str(tmp_path / "cache")}

    def restic(*words: str | Path) -> str:
        command = [program("restic"), "-r", f"s3:{account.server.url}/s3drive/backups/laptop", *words]
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    restic("init")
    restic("backup", source)
    (source / "f0").write_bytes(b"changed")
    restic("backup", source)
    restic("forget", "--keep-last", "1", "--prune")
    assert "no errors were found" in restic("check", "--read-data")
    restic("restore", "latest", "--target", tmp_path / "back")
    for path in source.iterdir():
        assert (tmp_path / "back" / str(path).lstrip("/")).read_bytes() == path.read_bytes()
