"""A newcomer follows docs/tutorials/your-first-app.md, as it stands there, in a browser."""

import os
import queue
import re
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from tests.journeys.serving import ROOT, Server, serving
from tests.journeys.strangers import files_of, signed_in

from synfonium.testing.ports import free_ports

TUTORIALS = ROOT / "docs" / "tutorials"
SAID_S = 30.0

pytestmark = [pytest.mark.full, pytest.mark.timeout(300)]


def blocks(name: str) -> dict[str, list[str]]:
    """Language to the blocks of it, in their order."""
    page = (TUTORIALS / name).read_text(encoding="utf-8")
    found: dict[str, list[str]] = {}
    for language, text in re.findall(r"```(\w+)\n(.*?)```", page, flags=re.DOTALL):
        found.setdefault(language, []).append(text)
    return found


def test_both_languages_show_the_same_commands_and_files() -> None:
    assert blocks("your-first-app.md") == blocks("your-first-app.fr.md")


class Terminal:
    """A command that runs, and the lines that it says."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.said: list[str] = []
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            self._lines.put(line)

    def wait(self, *words: str) -> str:
        """The next line that has all these words."""
        deadline = time.monotonic() + SAID_S
        while time.monotonic() < deadline:
            try:
                line = self._lines.get(timeout=0.2)
            except queue.Empty:
                continue
            self.said.append(line)
            if all(word in line for word in words):
                return line
        raise AssertionError(f"{words} was not said: {self.said}")


@contextmanager
def started(words: list[str], server: Server, folder: Path) -> Iterator[Terminal]:
    environment = {**server.environment, "PATH": path_with_synfonium(), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        words, cwd=folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        yield Terminal(process)
    finally:
        process.terminate()
        process.wait(20)


def path_with_synfonium() -> str:
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])


def test_a_newcomer_comes_from_nothing_to_an_app_that_picks_a_file(tmp_path: Path, chromium: Browser) -> None:
    told = blocks("your-first-app.md")
    serve, new, dev, test = told["sh"]
    assert serve == "synfonium serve\n"
    (port,) = free_ports(1)
    with serving(tmp_path / "home") as server:
        files = {"poem.txt": b"four words of mine", "cat.png": b"\x89PNG"}
        files_of(server, "ada", server.person("ada"), files)
        ran(new, server, tmp_path)
        app = tmp_path / "word-count"
        assert told["html"][0] in (app / "page.html").read_text()
        with started([*shlex.split(dev), "--port", str(port)], server, tmp_path) as terminal:
            terminal.wait("registered word-count for ada")
            terminal.wait(f"Open http://localhost:{port}")
            follow(told, server, terminal, app, f"http://localhost:{port}", chromium)
            ran(test.replace("python ", f"{shlex.quote(sys.executable)} "), server, tmp_path)
        assert f"{port}" not in listening(port)


def follow(
    told: dict[str, list[str]], server: Server, terminal: Terminal, app: Path, origin: str, chromium: Browser
) -> None:
    context = signed_in(chromium.new_context(locale="en-GB"), server, "ada")
    page = context.new_page()
    page.goto(origin)

    def pick() -> None:
        with page.expect_popup() as popup:
            page.get_by_role("button", name="Choose a text file").click()
        popup.value.get_by_label("poem.txt").check()
        popup.value.get_by_role("button", name="Give", exact=True).click()

    pick()
    expect(page.get_by_role("status")).to_have_text("poem.txt: 4 words")

    reloads(page.wait_for_event, lambda: (app / "page.js").write_text(told["js"][0]))
    pick()
    expect(page.get_by_role("status")).to_have_text("poem.txt: 4 words, the longest is “words”")

    (app / "synfonium.app.json").write_text(told["json"][0])
    finding = terminal.wait(told["text"][0].strip(), "error")
    assert "[interface]" in finding
    (app / "synfonium.app.json").write_text(told["json"][0].replace('"folder"', '"folder/1"'))
    terminal.wait("updated word-count for ada")
    terminal.wait("+ ", "folder/1")

    page = context.new_page()
    page.goto(f"{server.local}/fabric/grants")
    page.get_by_role("button", name=re.compile("Take back")).first.click()
    context.close()


def reloads(wait: Callable[..., object], change: Callable[[], object]) -> None:
    """The page in the browser loads itself again when a file has changed."""
    change()
    wait("load", timeout=SAID_S * 1000)


def ran(command: str, server: Server, folder: Path) -> None:
    environment = {**server.environment, "PATH": path_with_synfonium()}
    done = subprocess.run(
        command,
        shell=True,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def listening(port: int) -> str:
    """Who answers there: nobody, when all that was started has ended."""
    import socket

    with socket.socket() as probe:
        return "" if probe.connect_ex(("127.0.0.1", port)) else str(port)
