"""Radicale, as it comes from PyPI, behind a real server: docs/how-to/run-unmodified-software.md, followed."""

import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from tests.journeys.serving import ROOT

from synfonium.testing.ports import free_ports
from synfonium.testing.server import RealServer

HOW_TO = ROOT / "docs" / "how-to" / "run-unmodified-software.md"
START_S = 30.0
FOLDER = "Agenda d’été"
PASSWORD = "a long enough password"


def blocks(page: Path) -> Mapping[str, list[str]]:
    """Language to the blocks of it, in their order."""
    found: dict[str, list[str]] = {}
    for language, text in re.findall(r"```(\w+)\n(.*?)```", page.read_text("utf-8"), flags=re.DOTALL):
        found.setdefault(language, []).append(text)
    return found


@dataclass
class Radicale:
    """The running app. at: its host and port, as browsers and calendar clients name it."""

    server: RealServer
    folder: Path
    at: str
    mount: subprocess.Popen[bytes]
    process: subprocess.Popen[bytes]

    def client(self, name: str = "", token: str = "", **headers: str) -> httpx.Client:
        """Somebody at the app's own host; with a token as a phone has it."""
        return httpx.Client(
            base_url=self.server.url,
            headers={"host": self.at, "accept": "*/*", **headers},
            auth=(name, token) if token else None,
            timeout=30,
        )

    def shown(self, person: str) -> Path:
        """Where the app finds what that person gave."""
        return self.folder / "storage" / "collection-root" / person

    def shows(self, person: str) -> bool:
        """Also where a mount was killed, which is no mistake of whoever looks."""
        return os.path.ismount(self.shown(person))

    def log(self) -> str:
        return "".join(file.read_text(errors="replace") for file in self.folder.glob("*.log"))


@contextmanager
def radicale(server: RealServer) -> Iterator[Radicale]:
    """Registers it at the server, mounts what it is given, and runs it, by the words of the how-to."""
    port = free_ports()[0]
    told = {
        language: [text.replace("8600", str(server.port)).replace("5232", str(port)) for text in texts]
        for language, texts in blocks(HOW_TO).items()
    }
    _setup, install, mount, run, *_client = told["sh"]
    # Where other users of the system would find it: folders of pytest are for one alone.
    with tempfile.TemporaryDirectory(prefix="radicale-") as place, ExitStack() as running:
        folder = Path(place)
        (folder / "synfonium.app.json").write_text(told["json"][0])
        (folder / "radicale.ini").write_text(told["ini"][0])
        subprocess.run(shlex.split(install), env=environment(server), cwd=folder, check=True, timeout=60)
        mounting = running.enter_context(started(mount, server, folder))
        process = running.enter_context(
            started(shlex.join([*as_a_service(), *shlex.split(run)]), server, folder)
        )
        at = urlsplit(re.findall(r"--origin (\S+)", install)[0]).netloc
        app = Radicale(server, folder, at, mounting, process)
        eventually(lambda: "folders: 0" in app.log(), app.log)
        eventually(lambda: answers(port), app.log)
        yield app


def environment(server: RealServer) -> dict[str, str]:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    return {**server.environment, "PATH": path, "PYTHONUNBUFFERED": "1"}


def as_a_service() -> list[str]:
    """Before a command: root of this computer may write anywhere; a service may not."""
    return ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--"] if os.geteuid() == 0 else []


@contextmanager
def started(command: str, server: RealServer, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Runs it until the block ends. What it says is in a log in the folder."""
    words = shlex.split(command)
    with (folder / f"{Path(words[-1]).stem}.log").open("ab") as log:
        process = subprocess.Popen(words, env=environment(server), cwd=folder, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


def answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/", timeout=5).status_code < 500
    except httpx.TransportError:
        return False


def eventually(look: Callable[[], object], why: Callable[[], str] = str, within_s: float = START_S) -> float:
    """Waits until it is so; how long that took. why: what is told when it never is."""
    began_s = time.monotonic()
    while not look():
        assert time.monotonic() - began_s < within_s, why()
        time.sleep(0.02)
    return time.monotonic() - began_s


class Browser:
    """Somebody's, without script, signed in at the installation. It speaks with both hosts."""

    def __init__(self, server: RealServer, name: str, password: str = PASSWORD) -> None:
        headers = {"origin": server.url, "sec-fetch-site": "same-origin", "accept": "text/html"}
        self.here = httpx.Client(base_url=server.url, headers=headers, timeout=60)
        signed = self.here.post("/signin", data={"name": name, "password": password})
        assert signed.status_code == 303, signed.text

    def __enter__(self) -> "Browser":
        return self

    def __exit__(self, *_raised: object) -> None:
        self.here.close()

    def come_in(self, app: Radicale, path: str = "/.web/") -> httpx.Client:
        """Opens the app as a person does, agreeing to its knowing their name; the browser at its host."""
        there = app.client(accept="text/html")
        began = there.get(path)
        assert began.status_code == 303, began.text
        asked = self.here.get(began.headers["location"])
        if asked.status_code == 200:
            fields = {"request": _sealed(asked.text), "decision": "allow"}
            back = _refresh(self.here.post("/oauth/consent", data=fields).text)
        else:
            back = asked.headers["location"]
        target = urlsplit(back)
        assert target.netloc == app.at, back
        entered = there.get(f"{target.path}?{target.query}")
        assert entered.status_code == 303, entered.text
        # The cookie is the host's, which is not the one that the client connects to.
        for cookie in entered.cookies.jar:
            there.cookies.set(cookie.name, cookie.value or "")
        return there

    def give(self, app: Radicale, there: httpx.Client, title: str = FOLDER) -> None:
        """The app has nothing of theirs: they come to the picker, and choose a folder there."""
        sent = there.get("/.web/", headers={"accept": "text/html"})
        assert sent.status_code == 303, sent.text
        assert "/fabric/pick?" in sent.headers["location"]
        assert self.pick(sent.headers["location"], title) == f"http://{app.at}/"

    def pick(self, link: str, title: str) -> str:
        """Chooses in the picker what is called so; where it sends the browser then."""
        page = self.here.get(link)
        choices = re.findall(r'name="chosen" value="([^"]+)"(.*?)</li>', page.text, re.DOTALL)
        chosen = {value for value, around in choices if title in unescape(around)}
        assert len(chosen) == 1, page.text
        fields = {"request": _sealed(page.text), "chosen": chosen.pop(), "decision": "give"}
        return _refresh(self.here.post("/fabric/pick", data=fields).text)

    def take_back(self, title: str = FOLDER) -> None:
        """On the page that says who may see what."""
        page = self.here.get("/fabric/grants").text
        found = re.findall(r'action="(/fabric/grants/[^"]+)".{0,400}?aria-label="([^"]+)"', page, re.DOTALL)
        actions = {action for action, label in found if title in unescape(label)}
        assert actions, page
        for action in actions:
            assert self.here.post(action, data={"next": "/fabric/grants"}).status_code == 303


def _sealed(page: str) -> str:
    found = re.search(r'name="request" value="([^"]+)"', page)
    assert found, page
    return unescape(found[1])


def _refresh(page: str) -> str:
    found = re.search(r'content="0; url=([^"]+)"', page)
    assert found, page
    return unescape(found[1])
