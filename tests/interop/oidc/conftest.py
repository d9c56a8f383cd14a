"""A served home of its own for foreign clients."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import httpx
import pytest

START_S = 60


@pytest.fixture
def free_port() -> Callable[[], int]:
    def find() -> int:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return int(probe.getsockname()[1])

    return find


@pytest.fixture
def served(
    tmp_path: Path, free_port: Callable[[], int]
) -> Callable[[Path, int], AbstractContextManager[tuple[str, dict[str, str]]]]:
    """`served(home, port)` serves until the block ends; gives the URL and the environment."""

    @contextmanager
    def serve(home: Path, port: int) -> Iterator[tuple[str, dict[str, str]]]:
        environment = {
            **os.environ,
            "SYNFONIUM_HOME": str(home),
            "SYNFONIUM_CONTENT_PORT": str(free_port()),
        }
        words = [sys.executable, "-m", "synfonium.main", "serve", "--single", "--port", str(port)]
        with (tmp_path / "server.log").open("wb") as log:
            server = subprocess.Popen(words, env=environment, stdout=log, stderr=log)
            try:
                _wait_until_ready(f"http://localhost:{port}/readyz", server)
                yield f"http://localhost:{port}", environment
            finally:
                server.terminate()
                server.wait(20)

    return serve


def _wait_until_ready(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        assert server.poll() is None, "the server ended"
        try:
            if httpx.get(url, timeout=2).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    pytest.fail("the server did not answer in time")
