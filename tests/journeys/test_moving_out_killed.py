"""Real processes, real commands, and kills at any moment: all or nothing, and to the end."""

import json
import os
import random
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import httpx
import pytest

from synfonium.testing.server import RealServer, real_server

from .databases import held_elsewhere, query
from .moving_out import edited
from .traces import files_in, hits

pytestmark = [pytest.mark.full, pytest.mark.timeout(900)]
MARKER = "mélèzequagga7f3a"
KILLS = int(os.environ.get("KILLS", "3"))


def filled(server: RealServer, name: str, files: int = 60) -> str:
    """A person with files that have the marker in name and content."""
    token = server.person(name)
    with httpx.Client(auth=(name, token)) as client:
        base = f"{server.url}/dav/files/{name}"
        assert client.request("MKCOL", f"{base}/{MARKER}").status_code == 201
        for number in range(files):
            body = f"{MARKER} {number}".encode() + os.urandom(200_000 if number % 10 == 0 else 10)
            assert client.put(f"{base}/{MARKER}/{MARKER}{number}.txt", content=body).status_code == 201
        assert client.delete(f"{base}/{MARKER}/{MARKER}0.txt").status_code == 204
    return token


def names(server: RealServer) -> list[str]:
    return [line.split("\t")[0] for line in server.run("user", "list").splitlines()]


def refusals(said: str) -> list[str]:
    """What was refused, without the progress that came before."""
    return [line for line in said.splitlines() if line.startswith("synfonium: ")]


def test_the_commands_work_beside_a_server_of_several_processes(tmp_path: Path) -> None:
    with real_server(tmp_path / "one") as one:
        filled(one, "ada")
        said = one.run("export", "ada", str(tmp_path / "a.zip"))
        assert "files" in said
        with zipfile.ZipFile(tmp_path / "a.zip") as archive:
            assert archive.testzip() is None
            assert len([n for n in archive.namelist() if MARKER in n]) == 60
        time.sleep(2)
        receipt = json.loads(one.run("erase", "ada"))
        assert receipt["signature"]
        assert hits({"marker": MARKER}, [*files_in(one.home), *held_elsewhere(one.home, tmp_path)]) == []
        (tmp_path / "receipt.json").write_text(json.dumps(receipt))
        assert "identity_person" in one.run("receipt", "verify", str(tmp_path / "receipt.json"))
        (tmp_path / "receipt.json").write_text(json.dumps({**receipt, "words": "{}"}))
        with pytest.raises(subprocess.CalledProcessError) as refused:
            one.run("receipt", "verify", str(tmp_path / "receipt.json"))
        assert refused.value.returncode == 1
        assert len(refusals(refused.value.stderr)) == 1
        assert "identity_person.name" in one.run("processing")
    with real_server(tmp_path / "two") as two:
        assert "ada is here" in two.run("import", str(tmp_path / "a.zip"))
        two.run("export", "ada", str(tmp_path / "b.zip"))
        with zipfile.ZipFile(tmp_path / "a.zip") as a, zipfile.ZipFile(tmp_path / "b.zip") as b:
            contents = [
                {
                    n: z.read(n)
                    for n in z.namelist()
                    if n.startswith(("apps/drive/files/", "apps/drive/trash/"))
                }
                for z in (a, b)
            ]
        assert contents[0] == contents[1]
        edited(tmp_path / "a.zip", tmp_path / "bad.zip", lambda f: f.pop("apps/drive/content.jsonl"))
        with pytest.raises(subprocess.CalledProcessError) as refused:
            two.run("import", str(tmp_path / "bad.zip"), "--name", "eve")
        assert refused.value.returncode == 1
        assert len(refusals(refused.value.stderr)) == 1
        assert names(two) == ["ada"]


def begun(server: RealServer, *words: str) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, "SYNFONIUM_HOME": str(server.home)}
    command = [sys.executable, "-m", "synfonium.main", *words]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def killed_during(server: RealServer, chance: random.Random, *words: str) -> None:
    """Runs a command and kills the server's processes, all at once, at some moment of it."""
    command = begun(server, *words)
    time.sleep(chance.uniform(0.5, 2.5))
    server.stop(signal.SIGKILL)
    command.wait(60)


def test_an_erasure_that_is_killed_goes_on_at_the_next_start(tmp_path: Path) -> None:
    chance = random.Random(11)
    for number in range(KILLS):
        home = tmp_path / f"home{number}"
        server = RealServer(home)
        server.start()
        try:
            filled(server, "ada", files=30)
            killed_during(server, chance, "erase", "ada")
            server.start()
            deadline_s = time.monotonic() + 90
            while True:
                places = [*files_in(home), *held_elsewhere(home, tmp_path)]
                gone = names(server) == [] and not hits({"marker": MARKER}, places)
                if gone:
                    break
                if "ada" in names(server) and not _is_begun(home):
                    server.run("erase", "ada")  # killed before it had begun
                assert time.monotonic() < deadline_s, server.log.read_text()[-3000:]
                time.sleep(0.5)
        finally:
            server.stop()


def _is_begun(home: Path) -> bool:
    return bool(query(home, "yourdata", "SELECT count(*) FROM yourdata_erasure")[0][0])


def test_an_import_that_is_killed_is_all_or_nothing(tmp_path: Path) -> None:
    with real_server(tmp_path / "source") as source:
        filled(source, "ada", files=40)
        source.run("export", "ada", str(tmp_path / "a.zip"))
    chance = random.Random(12)
    for number in range(KILLS):
        server = RealServer(tmp_path / f"home{number}")
        server.start()
        try:
            killed_during(server, chance, "import", str(tmp_path / "a.zip"))
            server.start()
            if names(server) == ["ada"]:
                server.run("export", "ada", str(tmp_path / f"b{number}.zip"))
                with zipfile.ZipFile(tmp_path / f"b{number}.zip") as archive:
                    assert len([n for n in archive.namelist() if n.startswith("apps/drive/files/")]) == 39
            else:
                assert names(server) == []
                _wait_for_no_rows(server)
                server.run("import", str(tmp_path / "a.zip"))
        finally:
            server.stop()


def _wait_for_no_rows(server: RealServer) -> None:
    """What had arrived is taken back in the background, soon after the start."""
    deadline_s = time.monotonic() + 60
    while left := _rows_left(server.home):
        assert time.monotonic() < deadline_s, (left, server.log.read_text()[-3000:])
        time.sleep(0.5)


def _rows_left(home: Path) -> int:
    return int(query(home, "drive", "SELECT count(*) FROM drive_node")[0][0])
