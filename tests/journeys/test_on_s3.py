"""What people do on SQLite and files they do on PostgreSQL and a bucket: the same tests, on real servers."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from conftest import is_ci

from synfonium.testing.chosen_blobs import chosen
from synfonium.testing.chosen_database import VARIABLE
from synfonium.testing.postgresql_server import PostgresqlServer, find_postgresql
from synfonium.testing.s3_server import KEY_ID, SECRET, SeaweedServer, find_seaweed

pytestmark = [pytest.mark.full, pytest.mark.alone]
ROOT = Path(__file__).resolve().parents[2]
LONGEST_S = 600
BUCKET = "blobs"
JOURNEYS = (
    "tests/journeys/test_together.py",
    "tests/journeys/test_kill.py::test_every_acknowledged_file_is_whole_after_kill_9_of_everything",
    "tests/journeys/test_kill.py::test_a_file_written_just_before_kill_9_is_found_after_the_restart",
    "tests/journeys/test_drive.py::test_without_script_everything_can_still_be_done",
)


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    programs, weed = find_postgresql(), find_seaweed()
    if programs is None or weed is None:
        message = "no PostgreSQL or no SeaweedFS is installed; ./test names the packages"
        pytest.fail(message) if is_ci() else pytest.skip(message)
    key_file = tmp_path_factory.mktemp("keys") / "secret"
    key_file.write_text(SECRET)
    database, bucket = PostgresqlServer(programs, is_synced=False), SeaweedServer(weed)
    try:
        boto3.client(
            "s3",
            endpoint_url=bucket.endpoint,
            region_name="us-east-1",
            aws_access_key_id=KEY_ID,
            aws_secret_access_key=SECRET,
        ).create_bucket(Bucket=BUCKET)
        url = f"s3://{BUCKET}?endpoint={bucket.endpoint}"
        yield {VARIABLE: database.url, **chosen(url, KEY_ID, key_file), "TEST_S3": bucket.endpoint}
    finally:
        bucket.remove()
        database.remove()


@pytest.mark.timeout(LONGEST_S)
def test_the_journeys_pass_on_postgresql_and_a_bucket(environment: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--maxfail=3", "-p", "no:cacheprovider", *JOURNEYS],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:]
    assert " passed" in done.stdout
    listed = boto3.client(
        "s3",
        endpoint_url=environment["TEST_S3"],
        region_name="us-east-1",
        aws_access_key_id=KEY_ID,
        aws_secret_access_key=SECRET,
    ).list_objects_v2(Bucket=BUCKET)
    assert any("/drive/" in entry["Key"] for entry in listed["Contents"]), "the tests did not use the bucket"
