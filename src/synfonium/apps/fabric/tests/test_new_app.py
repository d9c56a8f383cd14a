"""`synfonium new app` makes an app that works; what `synfonium dev` is made of."""

import http.client
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from synfonium.apps.fabric.cli import watching
from synfonium.apps.fabric.cli.front import Front, with_reload
from synfonium.apps.fabric.model.manifest import parse_manifest
from synfonium.main import main

MOST_LINES = 150


def test_an_author_gets_an_app_whose_manifest_is_good_and_whose_tests_run(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "tea-time"
    assert main(["new", "app", "tea-time", "--dir", str(folder)]) == 0
    assert {path.name for path in folder.iterdir()} == {
        ".gitignore", "README.md", "page.html", "page.js", "synfonium.app.json", "tea_time.py",
        "test_tea_time.py",
    }  # fmt: skip
    parsed = parse_manifest((folder / "synfonium.app.json").read_bytes())
    assert (parsed.findings, parsed.manifest and parsed.manifest.id) == ((), "tea-time")
    assert len((folder / "tea_time.py").read_text().splitlines()) <= MOST_LINES
    assert not any("starter" in path.read_text().lower() for path in folder.iterdir())
    words = [sys.executable, "-m", "unittest", "-q"]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "Ran 4 tests" in done.stderr


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Tea", "begins with a letter"),
        ("../tea", "begins with a letter"),
        ("a", "begins with a letter"),
        ("drive", "an app of Synfonium"),
        ("json", "Python itself"),
    ],
)
def test_a_name_that_would_not_work_is_refused_with_the_reason(
    tmp_path: Path, name: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new", "app", name, "--dir", str(tmp_path / "app")]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "app").exists()


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    assert main(["new", "app", "tea", "--dir", str(tmp_path)]) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_files_that_change_come_or_go_are_seen_and_packages_are_not(tmp_path: Path) -> None:
    for name in ("kept.py", "changed.py", "gone.py"):
        (tmp_path / name).write_text("1")
    for folder in ("node_modules", ".git", "__pycache__"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.py").write_text("1")
    (tmp_path / "notes.sqlite").write_text("1")
    before = watching.seen(tmp_path)
    assert {path.name for path in before} == {"kept.py", "changed.py", "gone.py"}
    (tmp_path / "changed.py").write_text("22")
    (tmp_path / "gone.py").unlink()
    now = watching.seen(tmp_path)
    assert {path.name for path in {*before, *now} if before.get(path) != now.get(path)} == {
        "changed.py",
        "gone.py",
    }


class _App(BaseHTTPRequestHandler):
    """Says back what it was asked."""

    def do_GET(self) -> None:
        length = int(self.headers.get("content-length", "0"))
        told = json.dumps([self.command, self.path, self.headers["host"], self.rfile.read(length).decode()])
        is_page = self.path == "/page"
        body = f"<head></head>{told}".encode() if is_page else told.encode()
        self.send_response(200)
        self.send_header("content-type", "text/html" if is_page else "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_PUT = do_GET

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def front() -> Iterator[Front]:
    app = ThreadingHTTPServer(("127.0.0.1", 0), _App)
    threading.Thread(target=app.serve_forever, daemon=True).start()
    with Front(0, app.server_port) as front:
        yield front
    app.shutdown()
    app.server_close()


def asked(front: Front, method: str, path: str, host: str = "localhost", body: str = "") -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", front.server_port, timeout=10)
    connection.request(method, path, body or None, {"host": host})
    answer = connection.getresponse()
    told = answer.status, answer.read().decode()
    connection.close()
    return told


def test_what_a_browser_asks_reaches_the_app_and_pages_load_themselves_again(front: Front) -> None:
    assert asked(front, "PUT", "/x?a=%2F", body="hi") == (200, '["PUT", "/x?a=%2F", "localhost", "hi"]')
    status, page = asked(front, "GET", "/page")
    assert status == 200
    assert page.index("/.synfonium/reload.js") < page.index("</head>")
    assert with_reload(b"no head") == with_reload(b"") + b"no head"


def test_no_other_name_than_this_computers_leads_to_the_app(front: Front) -> None:
    for host in ("evil.example", "localhost.evil.example", "", "[::1"):
        assert asked(front, "GET", "/x", host)[0] == 403, host
    assert asked(front, "GET", "/x", "app.localhost:3000")[0] == 200


def test_a_page_says_so_when_the_app_does_not_answer() -> None:
    with Front(0, 1) as front:
        status, page = asked(front, "GET", "/")
    assert status == 502
    assert "does not answer" in page
    assert "/.synfonium/reload.js" in page


def test_open_pages_are_told_to_load_themselves_again(front: Front) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", front.server_port, timeout=10)
    connection.request("GET", "/.synfonium/events", headers={"host": "localhost"})
    stream = connection.getresponse()
    assert stream.readline() == b": here\n"
    stream.readline()
    front.reload()
    assert stream.readline() == b"event: reload\n"
    connection.close()


def test_dev_without_a_manifest_or_a_server_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = ["--home", str(tmp_path / "home")]
    assert main(["dev", str(tmp_path), *home]) == 2
    assert "synfonium.app.json" in capsys.readouterr().err
    assert main(["new", "app", "tea", "--dir", str(tmp_path / "tea")]) == 0
    capsys.readouterr()
    assert main(["dev", str(tmp_path / "tea"), *home]) == 1
    assert "synfonium: " in capsys.readouterr().err
