"""Vaults in a real browser and with the real rclone: each reads what the other wrote, and the server sees
neither the passphrase, nor a name, nor a content."""

import base64
import configparser
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from tests.journeys.browsing import sign_in
from tests.journeys.wire import Wire

from synfonium.testing.server import RealServer, real_server

pytestmark = [pytest.mark.full, pytest.mark.timeout(300)]
PASSWORD = "a long enough password"
PASSPHRASE = "seven zebras yodel étude"
CHUNK = 64 * 1024
# Sizes at which the format changes, and names that break clients.
SIZES = {
    "empty.bin": 0,
    "one chunk.bin": CHUNK,
    "and a byte.bin": CHUNK + 1,
    "日本語 👩‍👩‍👧‍👦 é.bin": 5_000_000,
}
SECRET_TEXT = "the treasure lies under the third zebra" * 3
Rclone = Callable[..., str]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    with real_server(tmp_path_factory.mktemp("vault") / "home") as running:
        yield running


@pytest.fixture(scope="module")
def token(server: RealServer) -> str:
    return server.person("ada", password=PASSWORD)


@pytest.fixture(scope="module")
def dav(server: RealServer, token: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{server.url}/dav/files/ada/", auth=("ada", token)) as client:
        yield client


def _signed_in(chromium: Browser, url: str, *, script: bool = True) -> Page:
    context = chromium.new_context(
        base_url=url, locale="en", java_script_enabled=script, viewport={"width": 412, "height": 800}
    )
    page = context.new_page()
    page.set_default_timeout(15_000)
    sign_in(page, "ada", PASSWORD)
    return page


def _make(page: Page, name: str, second: str = "") -> None:
    page.goto("/drive")
    page.locator("summary", has_text="New folder").click()
    page.get_by_role("link", name="New vault").click()
    page.fill("#vault-name", name)
    page.fill("#vault-one", PASSPHRASE)
    expect(page.get_by_text("Hard to guess.")).to_be_visible()
    page.fill("#vault-again", PASSPHRASE)
    if second:
        page.locator("summary", has_text="A second password").click()
        page.fill("#vault-second", second)
    page.get_by_label("I know that nobody can open the vault for me").check()
    page.get_by_role("button", name="Make the vault").click()
    expect(page.locator("[data-paper=passphrase]")).to_have_text(PASSPHRASE)
    page.get_by_role("link", name="I have it: open the vault").click()


def _open(page: Page, passphrase: str = PASSPHRASE) -> None:
    page.get_by_label("Passphrase").fill(passphrase)
    page.get_by_role("button", name="Open the vault").click()


def _row(page: Page, name: str):  # type: ignore[no-untyped-def]
    return page.locator("tr[data-node]").filter(has=page.get_by_text(name, exact=True))


def _send(page: Page, *files: Path) -> None:
    expect(page.get_by_role("button", name="Shut")).to_be_visible()
    page.set_input_files("#vault input[type=file]", files)
    for file in files:
        expect(_row(page, file.name)).to_be_visible()


def _menu(page: Page, name: str) -> None:
    _row(page, name).locator("summary").click()


def _download(page: Page, name: str) -> bytes:
    _menu(page, name)
    with page.expect_download() as waiting:
        _row(page, name).get_by_role("button", name="Download").click()
    assert waiting.value.suggested_filename == name.replace("\u200d", "_")  # as Chromium has it
    return Path(waiting.value.path()).read_bytes()


def _with_decoded(sent: bytes) -> bytes:
    """And what uploads said of files in base64."""
    pairs = [
        p.split() for said in re.findall(rb"(?i)upload-metadata: ([^\r\n]*)", sent) for p in said.split(b",")
    ]
    assert pairs
    return sent + b" ".join(base64.b64decode(value) for _key, value in pairs)


@pytest.fixture(scope="module")
def rclone(
    server: RealServer, token: str, program: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> Rclone:
    path, config = program("rclone"), tmp_path_factory.mktemp("rclone") / "rclone.conf"

    def run(*words: str | Path) -> str:
        done = subprocess.run([path, *words], capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    pass_, pass2 = run("obscure", PASSPHRASE).strip(), run("obscure", "salt").strip()
    written = configparser.ConfigParser()
    written["d"] = {
        "type": "webdav",
        "url": f"{server.url}/dav/files/ada",
        "vendor": "owncloud",
        "user": "ada",
        "pass": run("obscure", token).strip(),
    }
    written["vault"] = {"type": "crypt", "remote": "d:Vault", "password": pass_}
    written["salted"] = {"type": "crypt", "remote": "d:Salted", "password": pass_, "password2": pass2}
    with config.open("w") as file:
        written.write(file)
    return lambda *words: run("--config", config, "--retries", "1", *words)


def _folder(page: Page, name: str) -> None:
    page.locator("summary", has_text="New folder").click()
    page.fill("#vault-folder", name)
    page.get_by_role("button", name="Make the folder").click()
    expect(_row(page, name)).to_be_visible()


def _move_about(page: Page, tmp_path: Path) -> None:
    """From within "dossier secret": a letter goes out of it by the menu, into another folder by dragging."""
    letter = tmp_path / "lettre.txt"
    letter.write_text("bonjour")
    _send(page, letter)
    _menu(page, letter.name)
    _row(page, letter.name).get_by_role("button", name="Move to another folder").click()
    here = page.get_by_role("button", name="Put it here")
    expect(here).to_be_disabled()
    page.get_by_role("navigation", name="In the vault").get_by_role("button", name="Vault").click()
    expect(_row(page, "empty.bin")).to_be_visible()
    here.click()
    expect(_row(page, letter.name)).to_be_visible()
    expect(here).to_be_hidden()
    _folder(page, "tiroir")
    _row(page, letter.name).drag_to(_row(page, "tiroir"))
    expect(_row(page, letter.name)).to_have_count(0)
    _row(page, "tiroir").get_by_text("tiroir").click()
    expect(_row(page, letter.name)).to_be_visible()


def test_the_browser_and_rclone_read_each_others_vault_and_the_server_sees_nothing(
    chromium: Browser, server: RealServer, token: str, rclone: Rclone, tmp_path: Path
) -> None:
    wire = Wire(server.port, keeps=True)
    page = _signed_in(chromium, f"http://localhost:{wire.port}")
    begun = len(wire.sent)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    _make(page, "Vault")
    _open(page, "not the passphrase")
    expect(page.get_by_text("This is not the passphrase of this vault.")).to_be_visible()
    _open(page)
    files = []
    for name, size in SIZES.items():
        files.append(tmp_path / name)
        files[-1].write_bytes(os.urandom(size))
    _send(page, *files)
    page.locator("summary", has_text="New folder").click()
    page.fill("#vault-folder", "dossier secret")
    page.get_by_role("button", name="Make the folder").click()
    _row(page, "dossier secret").get_by_text("dossier secret").click()
    expect(page.get_by_text("Nothing here yet")).to_be_visible()
    text = tmp_path / "carte du trésor.txt"
    text.write_text(SECRET_TEXT)
    _send(page, text)
    _row(page, text.name).get_by_text(text.name).click()
    expect(page.locator("dialog pre")).to_have_text(SECRET_TEXT)
    page.get_by_role("button", name="Close").click()
    _menu(page, text.name)
    _row(page, text.name).get_by_label("New name").fill("mappa.txt")
    _row(page, text.name).get_by_role("button", name="Rename").click()
    expect(_row(page, "mappa.txt")).to_be_visible()
    page.reload()
    _open(page)
    assert _download(page, "mappa.txt").decode() == SECRET_TEXT
    _move_about(page, tmp_path)

    back = tmp_path / "back"
    rclone("copy", "vault:", back)
    for file in files:
        assert (back / file.name).read_bytes() == file.read_bytes()
    assert (back / "dossier secret" / "mappa.txt").read_text() == SECRET_TEXT
    assert (back / "tiroir" / "lettre.txt").read_text() == "bonjour"
    assert not (back / "lettre.txt").exists()

    sent = _with_decoded(bytes(wire.sent[begun:]))
    assert len(sent) > sum(SIZES.values())
    hidden = [
        PASSPHRASE,
        "seven zebras",
        SECRET_TEXT[:30],
        "dossier",
        "mappa",
        "carte du",
        "lettre",
        "tiroir",
        "one chunk",
        "日本語",
    ]
    for word in hidden:
        for form in (word, word.replace(" ", "+"), word.replace(" ", "%20")):
            assert form.encode() not in sent
    assert files[-1].read_bytes()[100_000:100_032] not in sent
    assert not faults
    page.context.close()
    wire.close()


def test_what_rclone_seals_the_browser_opens_and_what_was_changed_it_refuses(
    chromium: Browser, server: RealServer, token: str, rclone: Rclone, dav: httpx.Client, tmp_path: Path
) -> None:
    page = _signed_in(chromium, server.url)
    _make(page, "Salted", second="salt")
    source = tmp_path / "source"
    (source / "été").mkdir(parents=True)
    for name, size in SIZES.items():
        (source / name).write_bytes(os.urandom(size))
    (source / "été" / "note.txt").write_text("bonjour")
    rclone("copy", source, "salted:")
    page.get_by_label("Second password").fill("salt")
    _open(page)
    for name in SIZES:
        assert _download(page, name) == (source / name).read_bytes()
    _row(page, "été").get_by_text("été").click()
    assert _download(page, "note.txt") == b"bonjour"
    page.go_back()
    expect(_row(page, "empty.bin")).to_be_visible()

    place = rclone("cryptdecode", "--reverse", "salted:", "and a byte.bin").split()[-1]
    whole = dav.get(f"Salted/{place}").content
    dav.put(f"Salted/{place}", content=whole[:-1])
    page.reload()
    page.get_by_label("Second password").fill("salt")
    _open(page)
    for harmed in (whole[:-20], whole[:100] + bytes([whole[100] ^ 1]) + whole[101:], b"X" + whole[1:]):
        dav.put(f"Salted/{place}", content=harmed)
        page.reload()
        page.get_by_label("Second password").fill("salt")
        _open(page)
        _menu(page, "and a byte.bin")
        _row(page, "and a byte.bin").get_by_role("button", name="Download").click()
        expect(page.get_by_text("This file is damaged")).to_be_visible()
    page.context.close()


def test_a_vault_shuts_when_nobody_is_there_and_needs_no_script_to_say_how_it_is_opened(
    chromium: Browser, server: RealServer, token: str, dav: httpx.Client, tmp_path: Path
) -> None:
    page = _signed_in(chromium, server.url)
    _make(page, "Third")
    _open(page)
    note = tmp_path / "note.txt"
    note.write_text("hello")
    _send(page, note)
    page.locator("#vault").evaluate("page => page.setAttribute('data-idle-ms', '1')")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.get_by_label("Passphrase")).to_be_visible()
    expect(page.get_by_text("note.txt")).to_have_count(0)
    _open(page)
    expect(_row(page, "note.txt")).to_be_visible()
    address = page.url
    page.goto("/drive")
    expect(page.get_by_role("link", name="Third").locator("use").first).to_have_attribute(
        "href", re.compile("#lock$")
    )
    page.go_back()
    expect(page.get_by_label("Passphrase")).to_be_visible()
    assert page.get_by_label("Passphrase").input_value() == ""
    page.context.close()

    plain = _signed_in(chromium, server.url, script=False)
    plain.goto(address)
    expect(plain.get_by_text("Without it, rclone opens it")).to_be_visible()
    plain.locator("summary", has_text="Open it with rclone").click()
    expect(plain.get_by_text("remote = synfonium:Third")).to_be_visible()
    plain.context.close()
