"""Drive in a real browser: sending by button and by dropping, renaming, moving, the trash."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from tests.journeys.browsing import sign_in
from tests.journeys.wire import Wire

from synfonium.testing.server import RealServer, real_server

pytestmark = [pytest.mark.full, pytest.mark.timeout(300)]
PASSWORD = "a long enough password"
SEEN_WITHIN_MS = 2_000

# Chromium lets no test drag a file in from outside; the event a browser makes is made here.
DROP = """async ([selector, name, path, size]) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([new Uint8Array(size).fill(7)], name, {lastModified: 784111777000}));
  const target = document.querySelector(selector);
  for (const type of ['dragenter', 'dragover', 'drop'])
    target.dispatchEvent(new DragEvent(type, {dataTransfer: transfer, bubbles: true, cancelable: true}));
}"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    with real_server(tmp_path_factory.mktemp("drive") / "home") as running:
        yield running


@pytest.fixture(scope="module")
def token(server: RealServer) -> str:
    return server.person("ada", password=PASSWORD)


def _signed_in(chromium: Browser, server: RealServer, *, script: bool, port: int = 0) -> Page:
    url = f"http://localhost:{port}" if port else server.url
    context = chromium.new_context(base_url=url, locale="en", java_script_enabled=script)
    page = context.new_page()
    sign_in(page, "ada", PASSWORD)
    page.goto("/drive")
    return page


@pytest.fixture
def page(chromium: Browser, server: RealServer, token: str) -> Iterator[Page]:
    page = _signed_in(chromium, server, script=True)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    page.context.close()
    assert not faults


@pytest.fixture
def plain(chromium: Browser, server: RealServer, token: str) -> Iterator[Page]:
    """A browser that runs no script."""
    page = _signed_in(chromium, server, script=False)
    yield page
    page.context.close()


@pytest.fixture
def dav(server: RealServer, token: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{server.url}/dav/files/ada/", auth=("ada", token)) as client:
        yield client


def _row(page: Page, name: str):  # type: ignore[no-untyped-def]
    return page.locator("tr[data-node]").filter(has=page.get_by_text(name, exact=True))


def _make_folder(page: Page, name: str) -> None:
    page.locator("summary", has_text="New folder").click()
    page.fill("#folder-name", name)
    page.get_by_role("button", name="Make the folder").click()
    expect(_row(page, name)).to_have_count(1)


def _choose(page: Page, name: str, what: str) -> None:
    _row(page, name).locator("details summary").click()
    _row(page, name).locator(".menu").get_by_text(what, exact=True).click()


def _download(page: Page, name: str) -> bytes:
    _row(page, name).locator("details summary").click()
    with page.expect_download() as waiting:
        _row(page, name).get_by_text("Download", exact=True).click()
    assert waiting.value.suggested_filename == name
    return Path(waiting.value.path()).read_bytes()


def test_a_person_sends_files_by_button_and_takes_them_back_unchanged(page: Page, tmp_path: Path) -> None:
    small, big = tmp_path / "été.txt", tmp_path / "big.bin"
    small.write_text("bonjour")
    big.write_bytes(os.urandom(5_000_000))
    page.locator("details.send summary").click()
    page.set_input_files("#send-files", [small, big])
    page.get_by_role("button", name="Send these files").click()
    expect(page.get_by_text("All files have arrived.")).to_be_visible()
    expect(_row(page, "big.bin")).to_be_visible()
    assert _download(page, "big.bin") == big.read_bytes()
    assert _download(page, "été.txt") == small.read_bytes()


def test_a_large_file_goes_on_after_the_connection_was_lost(
    chromium: Browser, server: RealServer, token: str, tmp_path: Path, dav: httpx.Client
) -> None:
    film, wire = tmp_path / "film.mkv", Wire(server.port)
    film.write_bytes(os.urandom(24_000_000))
    page = _signed_in(chromium, server, script=True, port=wire.port)
    went_on: list[int] = []
    page.on("request", lambda r: went_on.append(int(r.headers.get("upload-offset", 0))))
    wire.break_after_bytes = 15_000_000
    page.locator("details.send summary").click()
    page.set_input_files("#send-files", [film])
    page.get_by_role("button", name="Send these files").click()
    expect(page.get_by_text("All files have arrived.")).to_be_visible(timeout=60_000)
    assert wire.breaks == 1
    assert max(went_on) > 10_000_000, "it began again from the first byte"
    assert dav.get("film.mkv").content == film.read_bytes()
    page.context.close()
    wire.close()


def test_a_person_drops_files_on_the_page_and_on_a_folder(page: Page, dav: httpx.Client) -> None:
    _make_folder(page, "dropped")
    page.evaluate(DROP, ["main", "here.bin", "", 100_000])
    expect(_row(page, "here.bin")).to_be_visible()
    node = _row(page, "dropped").get_attribute("data-node")
    page.evaluate(DROP, [f"tr[data-node='{node}'] td", "inside.bin", "", 70_000])
    expect(page.get_by_text("All files have arrived.")).to_be_visible()
    _row(page, "dropped").get_by_role("link", name="dropped").click()
    expect(_row(page, "inside.bin")).to_be_visible()
    assert dav.get("dropped/inside.bin").content == b"\x07" * 70_000


def test_a_person_renames_moves_trashes_and_restores(page: Page, dav: httpx.Client) -> None:
    dav.put("draft.txt", content=b"words")
    expect(_row(page, "draft.txt")).to_be_visible()
    _choose(page, "draft.txt", "Rename, details")
    page.get_by_label("Name", exact=True).fill("final.txt")
    page.get_by_role("button", name="Rename").click()
    expect(_row(page, "final.txt")).to_be_visible()
    _make_folder(page, "archive")
    _choose(page, "final.txt", "Move")
    page.locator("main").get_by_role("link", name="archive").click()
    page.get_by_role("button", name="Move here").click()
    expect(_row(page, "final.txt")).to_be_visible()
    assert dav.get("archive/final.txt").content == b"words"
    _row(page, "final.txt").locator("input.check").check()
    page.locator(".selbar").get_by_role("button", name="Put in the trash").click()
    expect(page.get_by_text("1 item was put in the trash.")).to_be_visible()
    page.goto("/drive/trash")
    _row(page, "final.txt").get_by_role("button", name="Put back: final.txt").click()
    expect(_row(page, "final.txt")).to_be_visible()
    assert dav.get("archive/final.txt").content == b"words"


def test_what_is_removed_for_ever_is_gone(page: Page, dav: httpx.Client) -> None:
    dav.put("secret.txt", content=b"words")
    expect(_row(page, "secret.txt")).to_be_visible()
    _choose(page, "secret.txt", "Put in the trash")
    page.goto("/drive/trash")
    page.locator("summary", has_text="Empty the trash").click()
    page.locator("form[action='/drive/trash/empty'] button").click()
    expect(page.get_by_text("The trash is empty")).to_be_visible()
    assert dav.get("secret.txt").status_code == 404


def test_what_is_chosen_in_the_trash_is_removed_after_one_more_question(
    page: Page, dav: httpx.Client
) -> None:
    for name in ("one", "two"):
        dav.put(name, content=b"words")
        dav.delete(name)
    page.goto("/drive/trash")
    _row(page, "one").locator("input.check").check()
    page.locator(".selbar summary").click()
    expect(page.get_by_text("What is chosen disappears.")).to_be_visible()
    page.locator("button[formaction='/drive/trash/remove']").click()
    expect(page.get_by_text("Gone for ever.")).to_be_visible()
    expect(_row(page, "one")).to_have_count(0)
    expect(_row(page, "two")).to_have_count(1)


def test_a_change_made_elsewhere_is_seen_within_two_seconds(page: Page, dav: httpx.Client) -> None:
    dav.put("seen.txt", content=b"x")
    expect(_row(page, "seen.txt")).to_be_visible(timeout=SEEN_WITHIN_MS)
    page.wait_for_timeout(500)
    dav.delete("seen.txt")
    expect(_row(page, "seen.txt")).to_have_count(0, timeout=SEEN_WITHIN_MS)


def test_the_rows_are_walked_with_the_keyboard(page: Page, dav: httpx.Client) -> None:
    dav.request("MKCOL", "keys")
    for name in ("a", "b", "c"):
        dav.put(f"keys/{name}", content=b"x")
    page.goto("/drive")
    _row(page, "keys").get_by_role("link", name="keys").press("Enter")
    _row(page, "a").locator("input.check").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    page.keyboard.press("Delete")
    expect(_row(page, "b")).to_have_count(0)
    expect(_row(page, "c")).to_be_visible()


def test_five_thousand_files_stay_in_hand(page: Page, dav: httpx.Client, server: RealServer) -> None:
    dav.request("MKCOL", "many")
    top = page.locator("#listing").get_attribute("data-folder")
    folder = None
    expect(_row(page, "many")).to_be_visible()
    folder = _row(page, "many").get_attribute("data-node")
    assert top
    assert folder
    form = [("file", (f"file {number}.txt", b"x")) for number in range(500)]
    for _ in range(10):
        answer = dav.post(
            f"{server.url}/drive/upload/{folder}",
            files=[("file", (f"{_}-{name[1][0]}", b"x")) for name in form],
            timeout=120,
        )
        assert answer.status_code == 200, answer.text
    began_s = time.monotonic()
    page.goto(f"/drive/node/{folder}")
    expect(page.locator("tr[data-node]").first).to_be_visible()
    assert time.monotonic() - began_s < 2
    expect(page.locator("table[aria-rowcount='5000']")).to_be_visible()
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    expect(_row(page, "9-file 499.txt")).to_be_visible()


def test_without_script_everything_can_still_be_done(plain: Page, tmp_path: Path, dav: httpx.Client) -> None:
    _make_folder(plain, "no script")
    _row(plain, "no script").get_by_role("link", name="no script").click()
    one, two = tmp_path / "one.bin", tmp_path / "two.bin"
    one.write_bytes(os.urandom(300_000))
    two.write_bytes(b"2")
    plain.locator("details.send summary").click()
    plain.set_input_files("#send-files", [one, two])
    plain.get_by_role("button", name="Send these files").click()
    expect(plain.get_by_text("2 files have arrived.")).to_be_visible()
    assert dav.get("no%20script/one.bin").content == one.read_bytes()
    _row(plain, "one.bin").locator("input.check").check()
    _row(plain, "two.bin").locator("input.check").check()
    plain.get_by_role("button", name="Put in the trash").first.click()
    expect(plain.get_by_text("2 items were put in the trash.")).to_be_visible()


def test_stored_html_cannot_run_where_the_session_is(
    page: Page, dav: httpx.Client, server: RealServer
) -> None:
    dav.put("evil.html", content=b"<script>document.title='ran'</script>")
    expect(_row(page, "evil.html")).to_be_visible()
    content = _download(page, "evil.html")
    assert content.startswith(b"<script>")
    answer = httpx.get(
        f"{server.url}/drive/node/{_row(page, 'evil.html').get_attribute('data-node')}/download?shown=true",
        headers={"cookie": "; ".join(f"{c['name']}={c['value']}" for c in page.context.cookies())},
    )
    place = answer.headers["location"]
    assert place.startswith(f"http://localhost:{server.port + 1}/content/")
    shown = httpx.get(place)
    assert shown.headers["content-disposition"].startswith("attachment")
    assert shown.headers["content-security-policy"].startswith("sandbox")
    assert httpx.get(place.replace(str(server.port + 1), str(server.port))).status_code == 404
