"""A person opens a PC in a browser, works in it with their Drive, and nobody else gets in."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, sync_playwright
from tests.journeys.desktop import (
    BUILD_S,
    HEIGHT,
    LIVE,
    WIDTH,
    open_terminal,
    read_picture,
    share_images,
)
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from synfonium.apps.pc.stream import door
from synfonium.testing.server import RealServer, family, real_server

pytestmark = [pytest.mark.full, pytest.mark.alone, pytest.mark.timeout(300)]
PASSWORD = "a long enough password"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, program: Callable[[str], str]) -> Iterator[RealServer]:
    """With a real desktop image."""
    for needed in ("bwrap", "mmdebstrap", "rclone", "fusermount3"):
        program(needed)
    home = tmp_path_factory.mktemp("pc") / "home"
    share_images(home, tmp_path_factory)
    with real_server(home) as running:
        running.run("pc", "image", "build", "debian-desktop", timeout_s=BUILD_S)
        yield running
        for line in running.run("pc", "list").splitlines():
            running.run("pc", "delete", line.split("\t")[0])


@pytest.fixture(scope="module")
def token(server: RealServer) -> str:
    return server.person("ana", password=PASSWORD)


@pytest.fixture
def machine(server: RealServer, token: str) -> Iterator[str]:
    """The id of ana's PC, which runs."""
    machine_id = server.run("pc", "create", "ana", "--name", "Bureau", "--memory", "1G").strip()
    server.run("pc", "start", machine_id)
    yield machine_id
    server.run("pc", "delete", machine_id)


@pytest.fixture
def browser(server: RealServer, token: str, program: Callable[[str], str]) -> Iterator[BrowserContext]:
    """A browser in which ana has signed in."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program("chromium"), args=["--no-sandbox"])
        size = {"width": WIDTH, "height": HEIGHT}
        context = chromium.new_context(viewport=size, device_scale_factor=3, locale="fr-FR")  # type: ignore[arg-type]
        sign_in(server, context)
        yield context
        chromium.close()


def sign_in(server: RealServer, context: BrowserContext) -> None:
    answer = context.request.post(
        f"{server.url}/signin",
        form={"name": "ana", "password": PASSWORD},
        headers={"origin": server.url},
        max_redirects=0,
    )
    assert answer.status == 303


def open_screen(server: RealServer, browser: BrowserContext, machine: str) -> Page:
    page = browser.new_page()
    page.goto(f"{server.url}/pc/{machine}/screen")
    page.wait_for_selector(LIVE, timeout=60_000)
    return page


def eventually(look: Callable[[], bool], within_s: float, what: str) -> float:
    began_s = time.monotonic()
    while not look():
        assert time.monotonic() - began_s < within_s, what
        time.sleep(0.05)
    return time.monotonic() - began_s


def home_of(server: RealServer, machine: str) -> Path:
    return server.home / "apps" / "pc" / "machines" / machine / "home"


def dav(server: RealServer, token: str) -> httpx.Client:
    return httpx.Client(base_url=f"{server.url}/dav/files/ana/", headers={"authorization": f"Bearer {token}"})


def test_a_word_typed_in_the_browser_is_read_in_its_picture(
    server: RealServer, browser: BrowserContext, machine: str, tmp_path: Path, program: Callable[[str], str]
) -> None:
    page = open_screen(server, browser, machine)
    open_terminal(page)
    before = read_picture(program, page, tmp_path / "before.png")
    page.keyboard.type("expr 6 \\* 7007; echo gram''ophone > word.txt; cat word.txt\n", delay=5)
    word = home_of(server, machine) / "word.txt"
    eventually(word.exists, 10, "nothing was typed in the PC")
    assert word.read_text() == "gramophone\n"
    page.wait_for_timeout(1000)
    after = read_picture(program, page, tmp_path / "after.png")
    # Neither was typed so: the picture shows what the PC answered.
    assert "gramophone" in after
    assert "42042" in after
    assert "gramophone" not in before


def test_accents_signs_and_capitals_arrive_as_typed(
    server: RealServer, browser: BrowserContext, machine: str
) -> None:
    page = open_screen(server, browser, machine)
    open_terminal(page)
    text = "Été à Noël, ÇA COÛTE 12 € ; œuf @ {[|]} ~ # ÿ ß ñ"
    # As fast as nobody types. A program that lags behind two hundred signs a second reads later ones.
    page.keyboard.type(f"cat > typed.txt <<'.'\n{text}\n.\n", delay=25)
    typed = home_of(server, machine) / "typed.txt"
    eventually(lambda: typed.exists() and typed.read_text() != "", 10, "nothing was typed in the PC")
    assert typed.read_text() == f"{text}\n"


def test_control_keys_and_the_way_back_to_the_page(
    server: RealServer, browser: BrowserContext, machine: str
) -> None:
    page = open_screen(server, browser, machine)
    open_terminal(page)
    page.keyboard.type("cat > /dev/null\n", delay=5)
    page.keyboard.press("Control+c")
    page.keyboard.type("echo after > interrupted.txt\n", delay=5)
    eventually((home_of(server, machine) / "interrupted.txt").exists, 10, "Control+C did not arrive")
    page.keyboard.press("Control+Alt+Enter")
    assert page.evaluate("document.activeElement?.getAttribute('href')") == "/pc"


def test_a_pc_switched_off_from_within_is_shown_as_off(
    server: RealServer, browser: BrowserContext, machine: str
) -> None:
    page = open_screen(server, browser, machine)
    open_terminal(page)
    page.keyboard.type("openbox --exit\n", delay=5)
    page.wait_for_selector("#screen[data-state=off]", timeout=30_000)
    eventually(lambda: f"{machine}\tstopped" in server.run("pc", "list"), 15, "the PC is not off")
    assert f"{machine}\tstopped" in server.run("pc", "list")


def test_an_idle_screen_sends_no_picture(server: RealServer, browser: BrowserContext, machine: str) -> None:
    page = browser.new_page()
    sizes: list[int] = []
    page.on("websocket", lambda ws: ws.on("framereceived", lambda data: sizes.append(len(data))))
    page.goto(f"{server.url}/pc/{machine}/screen")
    page.wait_for_selector(LIVE, timeout=60_000)
    page.mouse.move(600, 300)
    page.wait_for_timeout(4000)
    # The panel's clock changes the picture once a minute: look between two of its changes.
    if (second := time.time() % 60) > 52:
        page.wait_for_timeout(1000 * (62 - second))
    sizes.clear()
    page.wait_for_timeout(5000)
    assert sum(size for size in sizes if size > 16) == 0


def test_without_a_ticket_there_is_nothing(server: RealServer, browser: BrowserContext, machine: str) -> None:
    url = f"ws://localhost:{server.port}/pc/stream"
    cookies = "; ".join(f"{c['name']}={c['value']}" for c in browser.cookies())
    with pytest.raises(InvalidStatus):
        connect(url, origin="https://evil.example", additional_headers={"cookie": cookies})  # type: ignore[arg-type]
    for first in (
        '{"ticket": ""}',
        '{"ticket": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}',
        b"\x01",
        "no",
    ):
        with connect(url, origin=server.url, additional_headers={"cookie": cookies}) as stream:  # type: ignore[arg-type]
            stream.send(first)
            assert closing_code(stream, after=0) in (door.REFUSED, door.BAD_MESSAGE)


def test_a_used_ticket_and_a_strangers_session_open_nothing(
    server: RealServer, browser: BrowserContext, machine: str, token: str
) -> None:
    cookies = "; ".join(f"{c['name']}={c['value']}" for c in browser.cookies())
    sent = {"cookie": cookies, "origin": server.url}
    url = f"ws://localhost:{server.port}/pc/stream"

    def ticket() -> str:
        answer = httpx.post(f"{server.url}/pc/{machine}/ticket", headers=sent)
        return json.dumps({"ticket": answer.raise_for_status().json()["ticket"]})

    def opens(message: str, header: dict[str, str]) -> bool:
        with connect(url, origin=server.url, additional_headers=header) as stream:  # type: ignore[arg-type]
            stream.send(message)
            try:
                return bool(stream.recv(timeout=10))
            except ConnectionClosed:
                return False

    used = ticket()
    assert opens(used, {"cookie": cookies})
    assert not opens(used, {"cookie": cookies})
    # The same person by another credential has another session.
    assert not opens(ticket(), {"authorization": f"Bearer {token}"})


def test_malformed_input_closes_the_stream_and_harms_nothing(
    server: RealServer, browser: BrowserContext, machine: str
) -> None:
    cookies = "; ".join(f"{c['name']}={c['value']}" for c in browser.cookies())
    sent = {"cookie": cookies, "origin": server.url}
    url = f"ws://localhost:{server.port}/pc/stream"
    for bad in (b"", b"\xff", b"\x01\x01", b"\x02" + b"a" * 5000, "text"):
        ticket = httpx.post(f"{server.url}/pc/{machine}/ticket", headers=sent).json()["ticket"]
        with connect(url, origin=server.url, additional_headers={"cookie": cookies}) as stream:  # type: ignore[arg-type]
            stream.send(json.dumps({"ticket": ticket}))
            stream.recv(timeout=10)
            stream.send(bad)
            assert closing_code(stream) == door.BAD_MESSAGE
    assert "running" in server.run("pc", "list")
    open_screen(server, browser, machine)


def test_a_pc_opens_no_port(server: RealServer, machine: str, browser: BrowserContext) -> None:
    listening = ports_of(family(server.pid))
    open_screen(server, browser, machine)
    assert ports_of(family(server.pid)) == listening
    assert all(port in (server.port, server.port + 1) for port in listening)


def test_opening_the_screen_elsewhere_ends_it_here(
    server: RealServer, browser: BrowserContext, machine: str
) -> None:
    first = open_screen(server, browser, machine)
    second = open_screen(server, browser, machine)
    first.wait_for_selector("#screen[data-state=taken]", timeout=30_000)
    first.click("[data-act=again]")
    first.wait_for_selector(LIVE, timeout=60_000)
    second.wait_for_selector("#screen[data-state=taken]", timeout=30_000)


def test_after_kill_of_the_streamer_the_picture_is_back_and_programs_live(
    server: RealServer, browser: BrowserContext, machine: str
) -> None:
    page = open_screen(server, browser, machine)
    open_terminal(page)
    page.keyboard.type("export ALIVE=yes; echo > said.txt\n", delay=5)
    eventually((home_of(server, machine) / "said.txt").exists, 20, "nothing was typed in the PC")
    (streamer,) = [pid for pid in family(server.pid) if b"stream.streamer" in command_of(pid)][-1:]
    os.kill(streamer, signal.SIGKILL)
    page.wait_for_selector("#screen:not([data-state=live])", timeout=20_000)
    page.wait_for_selector(LIVE, timeout=30_000)
    page.keyboard.type("echo $ALIVE > alive.txt\n", delay=5)
    alive = home_of(server, machine) / "alive.txt"
    eventually(lambda: alive.exists() and alive.read_text() == "yes\n", 20, "the terminal did not live")


def test_after_kill_of_the_gateway_the_pc_lives_and_its_state_is_true(
    server: RealServer, browser: BrowserContext, machine: str
) -> None:
    page = open_screen(server, browser, machine)
    open_terminal(page)
    page.keyboard.type("export ALIVE=yes; echo > said.txt\n", delay=5)
    eventually((home_of(server, machine) / "said.txt").exists, 20, "nothing was typed in the PC")
    os.kill(server.role_pid("gateway"), signal.SIGKILL)
    eventually(lambda: not server.is_ready(), 10, "nothing died")
    eventually(server.is_ready, 30, "the gateway did not come back")
    assert f"{machine}\trunning" in server.run("pc", "list")
    page.wait_for_selector(LIVE, timeout=60_000)
    page.keyboard.type("echo $ALIVE > alive.txt\n", delay=5)
    alive = home_of(server, machine) / "alive.txt"
    eventually(lambda: alive.exists() and alive.read_text() == "yes\n", 20, "the terminal did not live")
    server.run("pc", "stop", machine)
    server.run("pc", "start", machine)
    assert f"{machine}\trunning" in server.run("pc", "list")


def test_the_drive_is_a_live_folder_of_the_pc_while_it_is_granted(
    server: RealServer, browser: BrowserContext, machine: str, token: str
) -> None:
    page = browser.new_page()
    page.goto(f"{server.url}/pc")
    page.click("text=Lui confier un dossier ou un fichier")
    page.click("text=Donner tout ce dossier")
    page.wait_for_selector("text=votre Drive entier")
    page = open_screen(server, browser, machine)
    open_terminal(page)
    with dav(server, token) as drive:
        page.keyboard.type("echo from the pc > Drive/written.txt\n", delay=5)
        seconds = eventually(lambda: drive.get("written.txt").text == "from the pc\n", 5, "not in the Drive")
        assert seconds <= 2.0
        page.keyboard.type(
            "until [ -e Drive/other.txt ]; do sleep .05; done; cp Drive/other.txt ~\n", delay=5
        )
        page.wait_for_timeout(500)
        drive.put("other.txt", content=b"by WebDAV").raise_for_status()
        copied = home_of(server, machine) / "other.txt"
        seconds = eventually(
            lambda: copied.exists() and copied.read_bytes() == b"by WebDAV", 5, "not in the PC"
        )
        assert seconds <= 2.0
        os.kill(server.role_pid("gateway"), signal.SIGKILL)
        eventually(lambda: not server.is_ready(), 10, "nothing died")
        eventually(server.is_ready, 30, "the gateway did not come back")
        page.wait_for_selector(LIVE, timeout=60_000)
        page.wait_for_timeout(3000)
        page.keyboard.type("echo again > Drive/again.txt\n", delay=5)
        eventually(lambda: drive.get("again.txt").text == "again\n", 5, "the folder did not come back")
    shelf = browser.new_page()
    shelf.goto(f"{server.url}/pc")
    shelf.click("text=Retirer")
    shelf.wait_for_selector("text=rien de chez vous")
    page.keyboard.type(
        "sleep 2; ls Drive > listing.txt; echo no > Drive/late.txt; echo end > end.txt\n", delay=5
    )
    eventually((home_of(server, machine) / "end.txt").exists, 15, "the PC hangs after the folder went")
    assert (home_of(server, machine) / "listing.txt").read_text() == ""
    with dav(server, token) as drive:
        assert drive.get("late.txt").status_code == 404


def closing_code(stream: ClientConnection, *, after: int = 1000) -> int:
    """The code with which the door closes; it sends at most `after` messages before."""
    for _ in range(after + 1):
        try:
            stream.recv(timeout=10)
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 0
    raise AssertionError("the stream was not closed")


def command_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def ports_of(pids: list[int]) -> set[int]:
    """TCP ports that these processes listen on, in any of their network namespaces."""
    found: set[int] = set()
    for pid in pids:
        sockets = set()
        try:
            for entry in Path(f"/proc/{pid}/fd").iterdir():
                sockets.add(str(entry.readlink()))
            lines = [
                line
                for name in ("tcp", "tcp6")
                for line in Path(f"/proc/{pid}/net/{name}").read_text().splitlines()
            ]
        except OSError:
            continue
        for line in lines:
            words = line.split()
            if len(words) > 9 and words[3] == "0A" and f"socket:[{words[9]}]" in sockets:
                found.add(int(words[1].rpartition(":")[2], 16))
    return found
