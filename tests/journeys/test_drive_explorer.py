"""Drive's explorer in a real browser: choosing, the keyboard, sending folders, dragging, taking away."""

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Download, Locator, Page, Route, expect
from tests.journeys.browsing import sign_in

from synfonium.testing.server import RealServer, real_server

pytestmark = [pytest.mark.full, pytest.mark.timeout(300)]
PASSWORD = "a long enough password"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    with real_server(tmp_path_factory.mktemp("explorer") / "home") as running:
        yield running


@pytest.fixture(scope="module")
def dav(server: RealServer) -> Iterator[httpx.Client]:
    token = server.person("ada", password=PASSWORD)
    with httpx.Client(base_url=f"{server.url}/dav/files/ada/", auth=("ada", token), timeout=30) as client:
        yield client


@pytest.fixture(scope="module")
def session(chromium: Browser, server: RealServer, dav: httpx.Client) -> dict[str, object]:
    """The cookies of somebody who has come in."""
    context = chromium.new_context(base_url=server.url, locale="en")
    page = context.new_page()
    sign_in(page, "ada", PASSWORD)
    state = context.storage_state()
    context.close()
    return dict(state)


@pytest.fixture
def page(chromium: Browser, server: RealServer, session: dict[str, object]) -> Iterator[Page]:
    context = chromium.new_context(base_url=server.url, locale="en", storage_state=session)  # type: ignore[arg-type]
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    context.close()
    assert not faults


@pytest.fixture
def plain(chromium: Browser, server: RealServer, session: dict[str, object]) -> Iterator[Page]:
    """A browser that runs no script."""
    context = chromium.new_context(
        base_url=server.url,
        locale="en",
        storage_state=session,  # type: ignore[arg-type]
        java_script_enabled=False,
    )
    yield context.new_page()
    context.close()


def row(page: Page, name: str) -> Locator:
    return page.locator("tbody tr").filter(has=page.get_by_text(name, exact=True))


def opened(page: Page, dav: httpx.Client, folder: str, names: str = "") -> None:
    """Makes a folder with files, each of which holds its own name, and opens it."""
    if names:
        dav.request("MKCOL", folder)
        for name in names.split():
            dav.put(f"{folder}/{name}", content=name.encode())
    page.goto("/drive")
    row(page, folder).locator("a.name").click()
    expect(page.locator(".crumbs [aria-current]")).to_have_text(folder)


def chosen(page: Page) -> list[str]:
    rows = page.locator("tr[data-node]:has(input.check:checked)")
    return [text.strip() for text in rows.locator(".name bdi").all_inner_texts()]


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.closest('tr')?.querySelector('bdi')?.textContent ?? ''"))


def names_in(download: Download) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(Path(download.path()).read_bytes())) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_rows_are_chosen_by_click_with_shift_and_with_ctrl(page: Page, dav: httpx.Client) -> None:
    opened(page, dav, "clicks", "a b c d e")
    row(page, "b").locator("td.c").click()
    assert chosen(page) == ["b"]
    row(page, "d").locator("td.c").click(modifiers=["Shift"])
    assert chosen(page) == ["b", "c", "d"]
    row(page, "c").locator("a.name").click(modifiers=["ControlOrMeta"])
    assert chosen(page) == ["b", "d"]
    row(page, "e").locator("input.check").click(modifiers=["Shift"])
    expect(page.locator("[data-count]")).to_have_text("4")
    assert chosen(page) == ["b", "c", "d", "e"]
    assert row(page, "b").get_attribute("aria-selected") == "true"
    page.get_by_role("button", name="Choose nothing").click()
    assert chosen(page) == []
    row(page, "a").locator("td.c").click()
    page.keyboard.press("ControlOrMeta+a")
    assert len(chosen(page)) == 5
    page.keyboard.press("Escape")
    assert chosen(page) == []


def test_the_whole_listing_is_worked_with_the_keyboard(page: Page, dav: httpx.Client) -> None:
    dav.request("MKCOL", "keyboard")
    dav.request("MKCOL", "keyboard/inner")
    opened(page, dav, "keyboard", "alpha beta bravo charlie")
    page.locator("body").press("ArrowDown")
    assert focused(page) == "inner"
    page.keyboard.press("End")
    assert focused(page) == "charlie"
    page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("Shift+ArrowUp")
    assert chosen(page) == ["beta", "bravo", "charlie"]
    page.keyboard.press("Escape")
    page.keyboard.press("Home")
    page.keyboard.type("br")
    assert focused(page) == "bravo"
    assert page.locator("tbody [tabindex='0']").count() == 1, "one stop of the Tab key"
    page.keyboard.press("F2")
    field = page.get_by_label("New name")
    expect(field).to_be_focused()
    field.fill("beta")
    field.press("Enter")
    expect(page.locator("dialog .wrong")).to_be_visible()
    field.fill("zulu")
    field.press("Enter")
    expect(row(page, "zulu")).to_be_visible()
    expect(page.locator("dialog[open]")).to_have_count(0)
    assert focused(page) == "zulu"
    page.keyboard.press("Space")
    page.keyboard.press("Delete")
    expect(row(page, "zulu")).to_have_count(0)
    expect(page.locator(".toast")).to_contain_text("1 item was put in the trash.")
    assert dav.get("keyboard/zulu").status_code == 404
    page.keyboard.press("ControlOrMeta+z")
    expect(row(page, "zulu")).to_be_visible()
    assert dav.get("keyboard/zulu").content == b"bravo"
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="With the keyboard")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.locator("input[type=search]")).to_be_focused()
    page.keyboard.press("Tab")
    row(page, "inner").locator("a.name").press("Enter")
    expect(page.locator(".crumbs [aria-current]")).to_have_text("inner")
    page.keyboard.press("Backspace")
    expect(page.locator(".crumbs [aria-current]")).to_have_text("keyboard")
    page.keyboard.press("Alt+ArrowUp")
    expect(row(page, "keyboard")).to_be_visible()


def test_what_is_chosen_is_taken_away_as_one_archive(page: Page, dav: httpx.Client) -> None:
    dav.request("MKCOL", "archive")
    dav.request("MKCOL", "archive/deep")
    dav.put("archive/deep/below", content=b"below")
    opened(page, dav, "archive", "one two three")
    for name in ("deep", "two"):
        row(page, name).locator("input.check").check()
    with page.expect_download() as waiting:
        page.locator(".selbar").get_by_role("button", name="Download as ZIP").click()
    assert waiting.value.suggested_filename == "archive.zip"
    assert names_in(waiting.value) == {"deep/": b"", "deep/below": b"below", "two": b"two"}


def test_without_script_several_are_taken_moved_and_thrown_away(plain: Page, dav: httpx.Client) -> None:
    opened(plain, dav, "plainly", "one two three four")
    dav.request("MKCOL", "plainly/goal")
    plain.reload()
    for name in ("one", "two"):
        row(plain, name).locator("input.check").check()
    with plain.expect_download() as waiting:
        plain.get_by_role("button", name="Download as ZIP").click()
    assert names_in(waiting.value) == {"one": b"one", "two": b"two"}
    plain.goto("/drive")
    row(plain, "plainly").locator("a.name").click()
    for name in ("one", "two"):
        row(plain, name).locator("input.check").check()
    plain.get_by_role("button", name="Move").first.click()
    plain.locator("main").get_by_role("link", name="goal").click()
    plain.get_by_role("button", name="Move here").click()
    expect(row(plain, "two")).to_be_visible()
    assert dav.get("plainly/goal/one").content == b"one"
    assert dav.get("plainly/one").status_code == 404


# Chromium lets no test drag a file in from outside; the event a browser makes is made here.
DRAG = """([from, to]) => {
  const transfer = new DataTransfer();
  const send = (type, target) => target.dispatchEvent(
    new DragEvent(type, {dataTransfer: transfer, bubbles: true, cancelable: true}));
  send('dragstart', from);
  const kinds = [...transfer.types], url = transfer.getData('DownloadURL');
  if (to) { send('dragover', to); send('drop', to); }
  send('dragend', from);
  return [kinds, url];
}"""


def folder_on_disk(at: Path, files: int, size_bytes: int = 2_000) -> Path:
    """A folder named `tour` with files, some of them deeper."""
    top = at / "tour"
    (top / "deeper").mkdir(parents=True)
    for number in range(files):
        place = top / "deeper" if number % 3 == 0 else top
        (place / f"file {number:02}.bin").write_bytes(bytes([number]) * size_bytes)
    return top


def test_a_whole_folder_is_sent_goes_on_after_a_lost_connection_and_is_sent_only_once(
    page: Page, dav: httpx.Client, tmp_path: Path
) -> None:
    opened(page, dav, "sent here", "first")
    top = folder_on_disk(tmp_path, 24)
    held: list[str] = []
    # The first file stays under way until the connection is lost; then nothing comes through for a while.
    page.context.set_offline(False)
    page.route("**/drive/upload/**", lambda route: (held.append("one"), route.abort("connectionreset"))[1])
    page.locator("details.send summary").click()
    page.set_input_files("input[data-folder-picker]", top)
    expect(page.locator(".tray")).to_contain_text("Waiting for the connection")
    assert held
    page.unroute("**/drive/upload/**")
    expect(page.get_by_text("All files have arrived.")).to_be_visible(timeout=30_000)
    expect(row(page, "tour")).to_be_visible()
    for number in (0, 1, 23):
        where = "deeper/" if number % 3 == 0 else ""
        assert dav.get(f"sent here/tour/{where}file {number:02}.bin").content == bytes([number]) * 2_000
    # The same folder again, with one file more: only that one is sent.
    (top / "new.bin").write_bytes(b"new")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if "/drive/upload/" in request.url else None)
    page.reload()
    page.locator("details.send summary").click()
    page.set_input_files("input[data-folder-picker]", top)
    expect(page.get_by_text("All files have arrived.")).to_be_visible(timeout=30_000)
    assert len(sent) == 1
    assert dav.get("sent here/tour/new.bin").content == b"new"
    listed = dav.request("PROPFIND", "sent here/tour/", headers={"depth": "1"}).text
    assert listed.count("<d:response>") + listed.count("<D:response>") == 1 + 1 + 16 + 1


def test_a_folder_that_was_cut_by_a_reload_is_asked_for_again(
    page: Page, dav: httpx.Client, tmp_path: Path
) -> None:
    opened(page, dav, "cut", "first")
    top = folder_on_disk(tmp_path, 12)
    arrived: list[str] = []

    def some(route: Route) -> None:
        if len(arrived) < 5:
            arrived.append(route.request.url)
            route.continue_()

    page.route("**/drive/upload/**", some)
    page.on("dialog", lambda dialog: dialog.accept())
    page.locator("details.send summary").click()
    page.set_input_files("input[data-folder-picker]", top)
    expect(page.locator(".tray")).to_contain_text("5 / 12")
    page.reload()
    expect(page.get_by_text("Sending tour was cut off.")).to_be_visible()
    page.unroute_all()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if "/drive/upload/" in request.url else None)
    with page.expect_file_chooser() as choosing:
        page.get_by_role("button", name="Go on").click()
    choosing.value.set_files(top)
    expect(page.get_by_text("All files have arrived.")).to_be_visible(timeout=30_000)
    assert 1 <= len(sent) <= 7, "five had arrived"
    assert dav.get("cut/tour/deeper/file 09.bin").content == bytes([9]) * 2_000
    page.reload()
    expect(page.locator("[data-begun]")).to_be_hidden()


def test_entries_are_dragged_into_a_folder_up_the_trail_and_out(page: Page, dav: httpx.Client) -> None:
    dav.request("MKCOL", "dragged")
    dav.request("MKCOL", "dragged/goal")
    opened(page, dav, "dragged", "one two three")
    row(page, "one").locator("input.check").check()
    row(page, "two").locator("input.check").check()
    kinds, _url = drag(page, "two", row(page, "goal"))
    assert "application/x-synfonium-nodes" in kinds
    expect(page.locator(".toast")).to_contain_text("2 items were moved.")
    expect(row(page, "one")).to_have_count(0)
    assert dav.get("dragged/goal/two").content == b"two"
    page.get_by_role("button", name="Undo").click()
    expect(row(page, "two")).to_be_visible()
    drag(page, "three", page.locator(".crumbs a").first)
    expect(row(page, "three")).to_have_count(0)
    assert dav.get("three").content == b"three"
    kinds, url = drag(page, "one", None)
    assert url.startswith("application/octet-stream:one:http")
    taken = page.context.request.get(url.split(":", 2)[2])
    assert taken.body() == b"one"


def test_a_long_folder_is_scrolled_walked_sorted_and_chosen_whole(
    page: Page, plain: Page, dav: httpx.Client, server: RealServer
) -> None:
    dav.request("MKCOL", "long")
    page.goto("/drive")
    expect(row(page, "long")).to_be_visible()
    folder = row(page, "long").get_attribute("data-node")
    for part in range(2):
        form = [("file", (f"file {part}{number:03}", b"x" * (number + 1))) for number in range(500)]
        assert dav.post(f"{server.url}/drive/upload/{folder}", files=form, timeout=120).status_code == 200
    page.goto(f"/drive/node/{folder}")
    expect(page.locator("table.long")).to_have_attribute("aria-rowcount", "1000")
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight / 2)")
    expect(page.locator("tr[aria-rowindex='500']")).to_contain_text("file 0499")
    assert page.locator("tr[data-node]").count() <= 500, "what is far from the screen is not in the page"
    page.evaluate("scrollTo(0, 0)")
    row(page, "file 0000").locator("a.name").focus()
    page.keyboard.press("End")
    expect(row(page, "file 1499").locator("a.name")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(row(page, "file 1498").locator("a.name")).to_be_focused()
    page.keyboard.press("ControlOrMeta+a")
    expect(page.locator("[data-count]")).to_have_text("1,000")
    page.keyboard.press("Escape")
    row(page, "file 1498").locator("button[data-menu]").click()
    with page.expect_download() as waiting:
        row(page, "file 1498").get_by_role("link", name="Download", exact=True).click()
    assert Path(waiting.value.path()).read_bytes() == b"x" * 499
    page.locator("thead").get_by_role("link", name="Size").click()
    expect(page.locator("th[aria-sort=descending]")).to_have_text("Size")
    expect(page.locator("tr[data-node]").first).to_contain_text("file 1499")
    # Without script the pages follow one another, in that order.
    plain.goto(page.url)
    expect(plain.locator("tr[data-node]").first).to_contain_text("file 1499")
    plain.get_by_role("link", name="More of this folder").click()
    expect(plain.locator("tr[data-node]").first).to_contain_text("file 1449")
    expect(plain.locator("tr[data-node]")).to_have_count(100)


def test_the_page_can_be_installed_and_takes_what_other_apps_share(
    chromium: Browser, server: RealServer, session: dict[str, object], dav: httpx.Client
) -> None:
    context = chromium.new_context(base_url=server.url, storage_state=session)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto("/drive")
    asked = context.new_cdp_session(page)
    faults = asked.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert [fault["errorId"] for fault in faults] == ["in-incognito"], (
        "but for the private window of this test"
    )
    said = asked.send("Page.getAppManifest")
    assert said["errors"] == []
    target = json.loads(said["data"])["share_target"]
    assert (target["method"], target["enctype"]) == ("POST", "multipart/form-data")
    cookies = {one["name"]: one["value"] for one in context.cookies()}
    context.close()
    field = target["params"]["files"][0]["name"]
    shared = {field: ("from the phone.jpg", b"photo")}
    with httpx.Client(base_url=server.url, cookies=cookies, headers={"accept": "text/html"}) as client:
        strange = client.post(target["action"], files=shared, headers={"sec-fetch-site": "cross-site"})
        assert strange.status_code == 403
        # As a browser sends what an app of its device shares: of no page's making.
        answer = client.post(target["action"], files=shared, headers={"sec-fetch-site": "none"})
        assert answer.status_code == 303
        assert "from the phone.jpg" in client.get(answer.headers["location"]).text
    assert dav.get("Sent here/from the phone.jpg").content == b"photo"


def drag(page: Page, name: str, to: Locator | None) -> tuple[list[str], str]:
    """Drags an entry there and lets it go; which kinds of data it carried, and where it could be taken."""
    handles = [row(page, name).element_handle(), to.element_handle() if to else None]
    kinds, url = page.evaluate(DRAG, handles)
    return kinds, url
