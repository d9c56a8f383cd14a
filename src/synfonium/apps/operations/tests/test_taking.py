"""A backup without a file is said to be one; a running PC's files may come and go."""

import pytest

from synfonium.apps.operations.errors import Unreadable
from synfonium.apps.operations.service.taking import need_all
from synfonium.ports.vault import Stored


def stored(*left_out: str) -> Stored:
    return Stored(id="819bf62b", added_bytes=1, total_bytes=1, files=1, left_out=left_out)


def test_a_file_that_could_not_be_read_makes_the_backup_fail_in_one_line() -> None:
    with pytest.raises(Unreadable) as refused:
        need_all(stored("blobs/drive/blobs/aa/bb/aabb", "secret.key"))
    assert refused.value.values == {"count": 2, "first": "blobs/drive/blobs/aa/bb/aabb"}


def test_files_of_a_running_pc_may_go_while_they_are_read() -> None:
    need_all(stored("apps/pc/machines/01x/home/.cache/a"))
