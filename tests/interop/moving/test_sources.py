"""Moving in from real servers: rclone's, and this house as a Nextcloud and an S3 server."""

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from synfonium.testing.s3_server import KEY_ID, SeaweedServer
from synfonium.testing.s3_server import SECRET as S3_SECRET

from .conftest import SECRET, Account, folder_times, listed, quoted, same

pytestmark = [pytest.mark.full, pytest.mark.timeout(300)]


def test_everything_of_rclone_s_webdav_comes_with_its_times(
    ada: Account, rclone_dav: str, odd_files: Path
) -> None:
    said = ada.move_in(
        "--from", "webdav", "--url", rclone_dav, "--user", "ada", "--into", "rclone", secret=SECRET
    )
    assert said.startswith("done: ")
    same(ada, "rclone", odd_files)
    with ada.client() as client:
        ours = folder_times(client, "rclone/")
    folders = [path for path in odd_files.rglob("*") if path.is_dir()]
    assert ours == {str(path.relative_to(odd_files)): int(path.stat().st_mtime) for path in folders}


def test_a_second_move_brings_only_what_is_new(ada: Account, rclone_dav: str, odd_files: Path) -> None:
    words = ("--from", "webdav", "--url", rclone_dav, "--user", "ada", "--into", "twice")
    ada.move_in(*words, secret=SECRET)
    (odd_files / "new.txt").write_bytes(b"new")
    said = ada.move_in(*words, secret=SECRET)
    files = sum(path.is_file() for path in odd_files.rglob("*"))
    assert said.startswith(f"done: {files} files, {files - 1} of them")
    same(ada, "twice", odd_files)


def test_a_wrong_password_is_refused_at_once(ada: Account, rclone_dav: str) -> None:
    with pytest.raises(subprocess.CalledProcessError) as refused:
        ada.move_in("--from", "webdav", "--url", rclone_dav, "--user", "ada", secret="wrong")
    assert "does not take this name and password" in refused.value.stderr


FILES = {
    "été/à la plage.jpg": os.urandom(3_000_000),
    "été/note.txt": b"a note",
    "100% #1 + ?.txt": b"percent",
    "empty.txt": b"",
}


def _there(account: Account, into: str) -> dict[str, bytes]:
    with account.client() as client:
        files = [path for path, time_s in listed(client, f"{into}/").items() if time_s is not None]
        return {path: client.get(quoted(f"{into}/{path}")).content for path in files}


def test_a_nextcloud_account_comes_with_favourites_and_times(ada: Account, bea: Account) -> None:
    bea.fill(FILES)
    with bea.client() as client:
        mark = (
            '<d:propertyupdate xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:set><d:prop>'
            "<oc:favorite>1</oc:favorite></d:prop></d:set></d:propertyupdate>"
        )
        url = f"{bea.server.url}/remote.php/dav/files/bea/%C3%A9t%C3%A9/note.txt"
        assert client.request("PROPPATCH", url, content=mark).status_code == 207
    words = ("--from", "nextcloud", "--url", f"{bea.server.url}/index.php/apps/files", "--user", "bea")
    ada.move_in(*words, "--into", "Nextcloud", secret=bea.token)
    assert _there(ada, "Nextcloud") == FILES
    with ada.client() as client:
        assert set(listed(client, "Nextcloud/").values()) == {None, 784_111_777}
        ask = '<d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:prop><oc:favorite/>'
        ask += "</d:prop></d:propfind>"
        url = f"{ada.server.url}/remote.php/dav/files/ada/Nextcloud/%C3%A9t%C3%A9/note.txt"
        answer = client.request("PROPFIND", url, content=ask, headers={"depth": "0"})
        assert re.search(r"favorite>1<", answer.text)


def test_a_bucket_comes(ada: Account, bea: Account) -> None:
    bea.fill({f"bucket/{path}": content for path, content in FILES.items()})
    key, secret = bea.server.run("drive", "s3-key", "bea", "--label", "test", "--read-only").split()
    words = ("--from", "s3", "--url", f"{bea.server.url}/s3", "--bucket", "bucket", "--user", key)
    ada.move_in(*words, "--into", "S3", secret=secret)
    assert _there(ada, "S3") == FILES
    ada.move_in(*words, "--prefix", "été/", "--into", "part", secret=secret)
    assert set(_there(ada, "part")) == {"à la plage.jpg", "note.txt"}


def test_a_bucket_of_a_foreign_server_comes_with_the_times_that_rclone_keeps(
    ada: Account, seaweed: SeaweedServer, program: Callable[[str], str], odd_files: Path
) -> None:
    remote = f":s3,provider=Other,endpoint='{seaweed.endpoint}',access_key_id={KEY_ID},"
    remote += f"secret_access_key={S3_SECRET},region=us-east-1:elsewhere"
    # A machine's own authorities stop rclone, which takes AWS's setting for them.
    environment = {name: value for name, value in os.environ.items() if name != "AWS_CA_BUNDLE"}
    copied = [program("rclone"), "copy", str(odd_files), remote]
    subprocess.run(copied, check=True, timeout=120, capture_output=True, env=environment)
    (odd_files / "nothing in it").rmdir()  # a bucket has no empty folders
    words = ("--from", "s3", "--url", seaweed.endpoint, "--bucket", "elsewhere", "--user", KEY_ID)
    said = ada.move_in(*words, "--into", "SeaweedFS", secret=S3_SECRET)
    assert said.startswith("done: ")
    same(ada, "SeaweedFS", odd_files)
    with pytest.raises(subprocess.CalledProcessError) as refused:
        ada.move_in(*words, secret="wrong")
    assert "does not take this name and password" in refused.value.stderr


def test_no_secret_stands_in_any_log_or_table(ada: Account, rclone_dav: str) -> None:
    ada.move_in("--from", "webdav", "--url", rclone_dav, "--user", "ada", "--into", "quiet", secret=SECRET)
    files = [ada.server.log, *(p for p in ada.server.home.rglob("*") if p.is_file())]
    held = [path.name for path in files if SECRET.encode() in path.read_bytes()]
    assert not held
