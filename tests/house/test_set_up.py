"""A newcomer's first command, in an empty home, as root and as an ordinary user."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from synfonium.testing.ports import free_ports
from tests.architecture.house import ROOT, tracked_files

pytestmark = [pytest.mark.full, pytest.mark.timeout(600)]
NOBODY = 65534
KEPT = ("PATH", "LANG", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS")


def _who(uid: int) -> str:
    return "an ordinary user" if uid else "root"


class Newcomer:
    """Somebody with a fresh copy of the project and an empty home."""

    def __init__(self, folder: Path, uid: int) -> None:
        self.checkout, self.home, self.uid = folder / "synfonium", folder / "home", uid
        self.home.mkdir()
        for path in filter(Path.is_file, tracked_files()):
            copy = self.checkout / path.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)
        if uid != os.geteuid():
            subprocess.run(["chown", "-R", f"{uid}:{uid}", folder], check=True)
            self._open_the_way(folder)
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        kept |= {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_"))}
        self.env = {**kept, "HOME": str(self.home)}

    def _open_the_way(self, folder: Path) -> None:
        for parent in [folder, *folder.parents]:
            if parent.stat().st_uid == os.geteuid() and parent != Path("/"):
                parent.chmod(parent.stat().st_mode | 0o011)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        other = {} if self.uid == os.geteuid() else {"user": self.uid, "group": self.uid, "extra_groups": []}
        return subprocess.Popen(
            ["./run", *arguments],
            cwd=self.checkout,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            **other,
        )

    def run(self, *arguments: str) -> str:
        started = self.start(*arguments)
        said, _ = started.communicate(timeout=500)
        assert started.returncode == 0, said
        return said


@pytest.fixture(scope="module", params=sorted({os.geteuid(), os.geteuid() or NOBODY}), ids=_who)
def newcomer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newcomer]:
    folder = tmp_path_factory.mktemp("newcomer")
    yield Newcomer(folder, request.param)
    shutil.rmtree(folder, ignore_errors=True)


def test_one_command_sets_everything_up_without_a_question(newcomer: Newcomer) -> None:
    said = newcomer.run("--only-setup")
    for step in ("Python environment", "Installer", "Python packages", "Web packages", "Web front"):
        assert f"  {step} ." in said
    assert (newcomer.checkout / ".venv" / "bin" / "synfonium").exists()
    assert (newcomer.checkout / "src" / "synfonium" / "static" / "manifest.json").is_file()
    again = newcomer.run("--only-setup")
    assert " s  done" not in again, "nothing changed, nothing is done again"


def test_what_it_serves_is_reached_and_stops_at_once(newcomer: Newcomer) -> None:
    newcomer.run("--only-setup")
    port = free_ports()[0]
    server = newcomer.start("--port", str(port))
    try:
        assert _answers(f"http://127.0.0.1:{port}/readyz", server)
        assert server.stdout
        told = [server.stdout.readline(), server.stdout.readline()]
        assert f"http://localhost:{port}" in told[0]
        assert f"http://localhost:{port}/welcome/" in told[1]
        home = newcomer.home / ".local" / "share" / "synfonium"
        assert home.is_dir()
        assert home.stat().st_mode & 0o077 == 0, "the home is its owner's alone"
    finally:
        server.send_signal(signal.SIGINT)
        said, _ = server.communicate(timeout=30)
    assert "Traceback" not in said


def _answers(url: str, server: subprocess.Popen[str]) -> bool:
    deadline_s = time.monotonic() + 60
    while time.monotonic() < deadline_s and server.poll() is None:
        try:
            if httpx.get(url, trust_env=False).status_code == 200:
                return True
        except httpx.TransportError:
            time.sleep(0.1)
    return False
