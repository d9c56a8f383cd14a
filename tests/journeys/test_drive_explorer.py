"""Drive's explorer in a real browser: choosing several, the keyboard, and taking away what was chosen."""

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Download, Locator, Page, expect, sync_playwright

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
def browser(program: Callable[[str], str]) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program("chromium"), args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture(scope="module")
def session(browser: Browser, server: RealServer, dav: httpx.Client) -> dict[str, object]:
    """The cookies of somebody who has come in."""
    context = browser.new_context(base_url=server.url, locale="en")
    page = context.new_page()
    page.goto("/signin")
    page.locator("summary", has_text=re.compile("password", re.IGNORECASE)).click()
    page.fill("input[name=name]", "ada")
    page.fill("input[name=password]", PASSWORD)
    page.locator("form:has(input[name=password]) button[type=submit]").click()
    page.wait_for_url(f"{server.url}/")
    state = context.storage_state()
    context.close()
    return dict(state)


@pytest.fixture
def page(browser: Browser, server: RealServer, session: dict[str, object]) -> Iterator[Page]:
    context = browser.new_context(base_url=server.url, locale="en", storage_state=session)  # type: ignore[arg-type]
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    context.close()
    assert not faults


@pytest.fixture
def plain(browser: Browser, server: RealServer, session: dict[str, object]) -> Iterator[Page]:
    """A browser that runs no script."""
    context = browser.new_context(
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
