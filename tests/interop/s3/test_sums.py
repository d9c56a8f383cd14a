"""Checksums as the SDK asks for them: of an object, of each part, and of the parts together."""

import base64
import hashlib
import io
import os
import zlib
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from awscrt import checksums
from boto3.s3.transfer import TransferConfig
from tests.interop.s3.conftest import Account
from tests.interop.s3.test_foreign_clients import refused

pytestmark = [pytest.mark.full, pytest.mark.timeout(300)]
MIB = 1024 * 1024
PARTS = [os.urandom(5 * MIB), os.urandom(5 * MIB), os.urandom(1000)]
DIGESTS: dict[str, Callable[[bytes], bytes]] = {
    "CRC32": lambda b: zlib.crc32(b).to_bytes(4, "big"),
    "CRC32C": lambda b: checksums.crc32c(b).to_bytes(4, "big"),
    "CRC64NVME": lambda b: checksums.crc64nvme(b).to_bytes(8, "big"),
    "SHA1": lambda b: hashlib.sha1(b).digest(),
    "SHA256": lambda b: hashlib.sha256(b).digest(),
}
WAYS = [
    ("CRC32", "COMPOSITE"),
    ("CRC32", "FULL_OBJECT"),
    ("CRC32C", "COMPOSITE"),
    ("CRC32C", "FULL_OBJECT"),
    ("CRC64NVME", "FULL_OBJECT"),
    ("SHA1", "COMPOSITE"),
    ("SHA256", "COMPOSITE"),
]


def sum_of(kind: str, content: bytes) -> str:
    return base64.b64encode(DIGESTS[kind](content)).decode()


def whole_sum(kind: str, type_: str) -> str:
    if type_ == "FULL_OBJECT":
        return sum_of(kind, b"".join(PARTS))
    return f"{sum_of(kind, b''.join(DIGESTS[kind](part) for part in PARTS))}-{len(PARTS)}"


def begun(s3: Any, bucket: str, kind: str, type_: str) -> tuple[str, list[dict[str, Any]]]:
    """Id of the upload, and its parts as the SDK says them."""
    asked = {"ChecksumAlgorithm": kind, "ChecksumType": type_}
    made = s3.create_multipart_upload(Bucket=bucket, Key="f", **asked)
    assert (made["ChecksumAlgorithm"], made["ChecksumType"]) == (kind, type_)
    parts = []
    for number, content in enumerate(PARTS, 1):
        place = {"Bucket": bucket, "Key": "f", "UploadId": made["UploadId"], "PartNumber": number}
        put = s3.upload_part(**place, Body=content, ChecksumAlgorithm=kind)
        name = f"Checksum{kind}"
        parts.append({"PartNumber": number, "ETag": put["ETag"], name: put[name]})
    return made["UploadId"], parts


@pytest.mark.parametrize(("kind", "type_"), WAYS)
def test_an_object_in_parts_has_the_sum_that_s3_gives_it(s3: Any, bucket: str, kind: str, type_: str) -> None:
    name = f"Checksum{kind}"
    s3.put_object(Bucket=bucket, Key="f", Body=b"as it was")
    upload, parts = begun(s3, bucket, kind, type_)
    assert [part[name] for part in parts] == [sum_of(kind, content) for content in PARTS]
    listed = s3.list_parts(Bucket=bucket, Key="f", UploadId=upload)
    assert [part[name] for part in listed["Parts"]] == [part[name] for part in parts]
    finish = {"Bucket": bucket, "Key": "f", "UploadId": upload, "MultipartUpload": {"Parts": parts}}
    wrong = sum_of(kind, b"other") + ("-3" if type_ == "COMPOSITE" else "")
    assert refused(lambda: s3.complete_multipart_upload(**finish, **{name: wrong})) == "BadDigest"
    assert s3.get_object(Bucket=bucket, Key="f")["Body"].read() == b"as it was"
    other = [{**parts[0], name: sum_of(kind, b"other")}, *parts[1:]]
    one = {**finish, "MultipartUpload": {"Parts": other}}
    assert refused(lambda: s3.complete_multipart_upload(**one)) == "InvalidPart"
    made = s3.complete_multipart_upload(**finish, **{name: whole_sum(kind, type_)})
    for said in (made, s3.head_object(Bucket=bucket, Key="f", ChecksumMode="ENABLED")):
        assert (said[name], said["ChecksumType"]) == (whole_sum(kind, type_), type_)


def test_what_is_known_of_an_object_is_told_without_its_content(s3: Any, bucket: str) -> None:
    upload, parts = begun(s3, bucket, "SHA256", "COMPOSITE")
    finish = {"Bucket": bucket, "Key": "f", "UploadId": upload, "MultipartUpload": {"Parts": parts}}
    made = s3.complete_multipart_upload(**finish)
    wished = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"]
    told = s3.get_object_attributes(Bucket=bucket, Key="f", ObjectAttributes=wished)
    assert told["ETag"] == made["ETag"].strip('"')
    assert told["ObjectSize"] == sum(map(len, PARTS))
    assert told["Checksum"]["ChecksumSHA256"] == made["ChecksumSHA256"]
    assert [part["Size"] for part in told["ObjectParts"]["Parts"]] == [len(content) for content in PARTS]
    sums = [part["ChecksumSHA256"] for part in told["ObjectParts"]["Parts"]]
    assert sums == [sum_of("SHA256", content) for content in PARTS]
    asked = {"ObjectAttributes": ["ObjectParts"], "MaxParts": 1, "PartNumberMarker": 1}
    page = s3.get_object_attributes(Bucket=bucket, Key="f", **asked)["ObjectParts"]
    assert [part["PartNumber"] for part in page["Parts"]] == [2]
    assert (page["IsTruncated"], page["NextPartNumberMarker"]) == (True, 2)
    ask = s3.get_object_attributes
    assert refused(lambda: ask(Bucket=bucket, Key="f", ObjectAttributes=["Odd"])) == "InvalidArgument"


def test_a_part_is_read_by_its_number(s3: Any, bucket: str) -> None:
    upload, parts = begun(s3, bucket, "CRC32", "COMPOSITE")
    finish = {"Bucket": bucket, "Key": "f", "UploadId": upload, "MultipartUpload": {"Parts": parts}}
    s3.complete_multipart_upload(**finish)
    for number, content in enumerate(PARTS, 1):
        got = s3.get_object(Bucket=bucket, Key="f", PartNumber=number, ChecksumMode="ENABLED")
        assert got["Body"].read() == content
        assert (got["PartsCount"], got["ChecksumCRC32"]) == (3, sum_of("CRC32", content))
    assert refused(lambda: s3.get_object(Bucket=bucket, Key="f", PartNumber=4)) == "InvalidPart"
    s3.put_object(Bucket=bucket, Key="g", Body=b"once")
    assert s3.get_object(Bucket=bucket, Key="g", PartNumber=1)["Body"].read() == b"once"


def test_what_the_sdk_sends_by_itself_is_kept_and_found_right_on_the_way_back(s3: Any, bucket: str) -> None:
    content = os.urandom(17 * MIB)
    config = TransferConfig(multipart_threshold=8 * MIB, multipart_chunksize=8 * MIB)
    s3.upload_fileobj(io.BytesIO(content), bucket, "f", Config=config)
    wished = ["Checksum", "ObjectParts"]
    told = s3.get_object_attributes(Bucket=bucket, Key="f", ObjectAttributes=wished)
    assert told["Checksum"]["ChecksumCRC32"]
    assert told["ObjectParts"]["TotalPartsCount"] == 3
    back = io.BytesIO()
    s3.download_fileobj(bucket, "f", back, Config=config)
    assert back.getvalue() == content


def test_a_copy_has_the_sum_of_its_content_as_one(s3: Any, bucket: str) -> None:
    upload, parts = begun(s3, bucket, "CRC32", "COMPOSITE")
    finish = {"Bucket": bucket, "Key": "f", "UploadId": upload, "MultipartUpload": {"Parts": parts}}
    s3.complete_multipart_upload(**finish)
    s3.copy_object(Bucket=bucket, Key="g", CopySource=f"{bucket}/f")
    got = s3.head_object(Bucket=bucket, Key="g", ChecksumMode="ENABLED")
    assert got["ChecksumCRC32"] == sum_of("CRC32", b"".join(PARTS))
    assert got["ChecksumType"] == "FULL_OBJECT"
    made = s3.create_multipart_upload(Bucket=bucket, Key="h", ChecksumAlgorithm="SHA256")
    place = {"Bucket": bucket, "Key": "h", "UploadId": made["UploadId"], "PartNumber": 1}
    copied = s3.upload_part_copy(**place, CopySource=f"{bucket}/f", CopySourceRange="bytes=0-99")
    assert copied["CopyPartResult"]["ChecksumSHA256"] == sum_of("SHA256", PARTS[0][:100])


def test_what_another_door_writes_has_no_sum_of_what_was_there(
    s3: Any, bucket: str, account: Account
) -> None:
    upload, parts = begun(s3, bucket, "CRC32", "COMPOSITE")
    finish = {"Bucket": bucket, "Key": "f", "UploadId": upload, "MultipartUpload": {"Parts": parts}}
    s3.complete_multipart_upload(**finish)
    token = account.server.run("user", "token", "ada", "--label", "dav").strip()
    url = f"{account.server.url}/dav/files/ada/{bucket}/f"
    httpx.put(url, content=b"new", headers={"authorization": f"Bearer {token}"}).raise_for_status()
    wished = ["ETag", "Checksum", "ObjectParts", "ObjectSize"]
    told = s3.get_object_attributes(Bucket=bucket, Key="f", ObjectAttributes=wished)
    assert told["ObjectSize"] == 3
    assert "Checksum" not in told
    assert "ObjectParts" not in told
    assert s3.get_object(Bucket=bucket, Key="f", ChecksumMode="ENABLED")["Body"].read() == b"new"


def test_a_folder_that_a_client_made_is_among_the_keys_that_begin_with_it(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="a/", Body=b"")
    s3.put_object(Bucket=bucket, Key="a/b", Body=b"x")
    s3.put_object(Bucket=bucket, Key="c/d", Body=b"x")
    for delimiter in ({}, {"Delimiter": "/"}):
        listed = s3.list_objects_v2(Bucket=bucket, Prefix="a/", **delimiter)
        assert [entry["Key"] for entry in listed["Contents"]] == ["a/", "a/b"]
        listed = s3.list_objects_v2(Bucket=bucket, Prefix="c/", **delimiter)
        assert [entry["Key"] for entry in listed["Contents"]] == ["c/d"], "nobody made that folder"
    after = s3.list_objects_v2(Bucket=bucket, Prefix="a/", StartAfter="a/")
    assert [entry["Key"] for entry in after["Contents"]] == ["a/b"]
