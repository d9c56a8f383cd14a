"""A full disk at each stage of the S3 API: 507, what was there stays, and it goes on when there is room."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from conftest import is_ci

from synfonium.testing.server import RealServer, real_server
from synfonium.testing.small_disk import can_mount, small_disk

pytestmark = [pytest.mark.full, pytest.mark.timeout(240)]
MIB = 1024 * 1024
# Of it 64 MiB stay free for the databases.
DISK_BYTES = 110 * MIB
KEPT = b"k" * MIB
PARTS = [b"1" * 5 * MIB, b"2" * 5 * MIB]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    if not can_mount():
        message = "a small disk needs the right to mount"
        pytest.fail(message) if is_ci() else pytest.skip(message)
    with small_disk(tmp_path / "disk", DISK_BYTES) as folder:
        yield folder


def client_of(server: RealServer) -> Any:
    server.person("ana")
    key, secret = server.run("drive", "s3-key", "ana", "--label", "full").split()
    return boto3.client(
        "s3",
        endpoint_url=f"{server.url}/s3",
        region_name="us-east-1",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=Config(signature_version="s3v4", retries={"max_attempts": 1}),
    )


def need_full(s3: Any, disk: Path, call: Callable[[], object]) -> None:
    """It is refused for the disk, costs nothing that was there, and leaves nothing on its way."""
    with pytest.raises(ClientError) as caught:
        call()
    said = caught.value.response
    assert (said["ResponseMetadata"]["HTTPStatusCode"], said["Error"]["Code"]) == (507, "QuotaExceeded")
    assert s3.get_object(Bucket="drive", Key="kept")["Body"].read() == KEPT
    assert not [*(disk / "home").glob("blobs/drive/incoming/*")]


def test_a_full_disk_is_said_at_each_stage_and_the_upload_goes_on_when_there_is_room(disk: Path) -> None:
    ballast = disk / "ballast"
    with real_server(disk / "home") as server:
        s3 = client_of(server)
        place = {"Bucket": "drive", "Key": "kept"}
        s3.put_object(**place, Body=KEPT)
        upload = {**place, "UploadId": s3.create_multipart_upload(**place)["UploadId"]}
        put = s3.upload_part(**upload, PartNumber=1, Body=PARTS[0])
        parts = [{"PartNumber": 1, "ETag": put["ETag"]}]

        # There is room for the beginning of it.
        need_full(s3, disk, lambda: s3.put_object(**place, Body=b"n" * 45 * MIB))
        need_full(s3, disk, lambda: s3.upload_part(**upload, PartNumber=2, Body=b"n" * 45 * MIB))
        put = s3.upload_part(**upload, PartNumber=2, Body=PARTS[1])
        parts.append({"PartNumber": 2, "ETag": put["ETag"]})
        s3.put_object(Bucket="drive", Key="large", Body=b"l" * 6 * MIB)

        fill(ballast)
        whole = {**upload, "MultipartUpload": {"Parts": parts}}
        copied = {"CopySource": "drive/large"}
        need_full(s3, disk, lambda: s3.put_object(**place, Body=b"n" * MIB))
        need_full(s3, disk, lambda: s3.upload_part(**upload, PartNumber=3, Body=b"n" * MIB))
        need_full(s3, disk, lambda: s3.upload_part_copy(**upload, PartNumber=3, **copied))
        need_full(s3, disk, lambda: s3.copy_object(**place, **copied))
        need_full(s3, disk, lambda: s3.complete_multipart_upload(**whole))
        assert [part["PartNumber"] for part in s3.list_parts(**upload)["Parts"]] == [1, 2]

        ballast.unlink()
        s3.complete_multipart_upload(**whole)
        assert s3.get_object(**place)["Body"].read() == b"".join(PARTS)
        assert "Uploads" not in s3.list_multipart_uploads(Bucket="drive")


def fill(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"0" * 65536)
        except OSError:
            return
