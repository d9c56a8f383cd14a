"""tus with a client of other people: tuspy."""

import os
from pathlib import Path

import httpx
import pytest
from tusclient import client as tus
from tusclient.exceptions import TusCommunicationError

from synfonium.testing.server import real_server

pytestmark = [pytest.mark.full, pytest.mark.timeout(200)]
MIB = 1024 * 1024


def test_tuspy_sends_a_file_in_chunks_and_goes_on_with_a_new_process(tmp_path: Path) -> None:
    content, source = os.urandom(7 * MIB + 3), tmp_path / "film"
    source.write_bytes(content)
    with real_server(tmp_path / "home") as server:
        token = server.person("ada")
        there = tus.TusClient(f"{server.url}/drive/tus", headers={"Authorization": f"Bearer {token}"})
        first = there.uploader(
            str(source), chunk_size=2 * MIB, metadata={"filename": "film.mkv"}, upload_checksum=True
        )
        first.upload_chunk()
        assert first.offset == 2 * MIB
        again = there.uploader(str(source), chunk_size=2 * MIB, url=first.url, upload_checksum=True)
        assert again.offset == 2 * MIB
        again.upload()
        got = httpx.get(f"{server.url}/dav/files/ada/film.mkv", auth=("ada", token))
        assert got.content == content
        stranger = tus.TusClient(f"{server.url}/drive/tus", headers={"Authorization": "Bearer wrong"})
        with pytest.raises(TusCommunicationError):
            stranger.uploader(str(source), metadata={"filename": "x"}).upload()
