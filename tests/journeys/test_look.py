"""The pages in a real browser: nothing for axe to find, nothing foreign, nothing inline,
nothing wider than a small phone, and forms that work without script."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, StorageState, sync_playwright

from synfonium.testing.ports import free_ports

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
START_S = 60
PASSWORD = "a sentence that nobody else uses"

PREFERENCES = "v1;lang=fr;pin=val-joli.example;block=astuces-express.example;odd=1"
PUBLIC = (
    "/",
    "/signin",
    "/recover",
    "/search?q=decheterie",
    f"/search?q=decheterie&time=year&prefs={PREFERENCES}",
    "/search?q=qzxjkvw",
    "/search?q=qzxjkvw&vertical=images",
    f"/search/preferences?prefs={PREFERENCES}",
    "/search/young",
    "/search/young?q=decheterie",
    "/search/privacy",
    "/search/shortcuts",
    "/search/places",
    "/search/requests",
    "/bot",
    "/not-a-page",
)
SIGNED_IN = (
    "/",
    "/?q=kermesse",
    "/?q=qzxjkvw",
    "/?q=kermesse&where=mine",
    "/apps",
    "/settings",
    "/settings/security",
    "/settings/security/totp",
    "/settings/security/email",
    "/settings/trusted",
    "/settings/privacy",
    "/settings/data",
    "/settings/data/kept",
    "/settings/data/leave",
    "/settings/apps",
    "/settings/search",
    "/device",
    "/signin/again?next=/settings",
    "/signin/passkey?next=/admin",
    "/drive",
    "/drive/trash",
    "/drive/use",
    "/drive/activity",
    "/drive/move-in",
    "/drive/move-in?source=s3",
    "/drive/vaults/new",
    "/pc",
    "/fabric/grants",
    "/notifications",
    "/settings/notifications",
    "/admin",
    "/admin/people",
    "/admin/organisations",
    "/settings/family",
    "/admin/sign-in",
    "/admin/signup",
    "/admin/apps",
    "/admin/search",
    "/admin/search/engines",
    "/admin/search/peers",
    "/admin/search/tokens",
    "/admin/search/requests",
    "/admin/mail",
    "/admin/drives",
    "/drive/shared/mine",
    "/drive/groups",
    "/admin/backups",
    "/admin/audit",
    "/settings/privacy",
    "/not-a-page",
)
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

pytestmark = [pytest.mark.full, pytest.mark.timeout(600)]


@dataclass(frozen=True)
class Town:
    """A running installation with the demonstration town in it."""

    url: str


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    home = tmp_path_factory.mktemp("look") / "home"
    port, content_port = free_ports()
    environment = {
        **os.environ,
        "SYNFONIUM_HOME": str(home),
        "SYNFONIUM_CONTENT_PORT": str(content_port),
        # Pages are looked at in browsers without a passkey store.
        "SYNFONIUM_IDENTITY_ADMINISTRATORS_NEED_PASSKEY": "false",
    }
    program = [sys.executable, "-m", "synfonium.main"]
    log = (tmp_path_factory.getbasetemp() / "look.log").open("wb")
    words = [*program, "serve", "--single", "--port", str(port)]
    server = subprocess.Popen(words, env=environment, cwd=ROOT, stdout=log, stderr=log)
    try:
        _wait_until_ready(f"http://localhost:{port}/readyz", server)
        # She is there before the town and administers it; the town adds her files.
        account = ["user", "add", "camille", "--display", "Camille Roux", "--admin", "--password-stdin"]
        _run([*program, *account], environment, PASSWORD)
        _run([*program, "demo", "--without-pc"], environment)
        yield Town(f"http://localhost:{port}")
    finally:
        server.terminate()
        server.wait(20)
        log.close()


def _run(words: list[str], environment: dict[str, str], entered: str = "") -> None:
    done = subprocess.run(
        words, env=environment, cwd=ROOT, input=entered, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr


def _wait_until_ready(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        assert server.poll() is None, "the server ended"
        try:
            if httpx.get(url, timeout=2).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.2)
    raise AssertionError("the server did not become ready")


@pytest.fixture(scope="module")
def browser(program: Callable[[str], str]) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program("chromium"), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def camille(browser: Browser, town: Town) -> StorageState:
    """The session of an administrator, come in by password and without script."""
    context = browser.new_context(base_url=town.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/signin")
    page.locator("summary", has_text=re.compile("password", re.IGNORECASE)).click()
    page.fill("input[name=name]", "camille")
    page.fill("input[name=password]", PASSWORD)
    page.locator("form:has(input[name=password]) button[type=submit]").click()
    page.wait_for_url(f"{town.url}/")
    state = context.storage_state()
    context.close()
    return state


def _open(
    browser: Browser,
    town: Town,
    state: StorageState | None,
    *,
    locale: str = "en",
    scheme: Any = "light",
    width: int = 1280,
) -> BrowserContext:
    return browser.new_context(
        base_url=town.url,
        storage_state=state,
        locale=locale,
        color_scheme=scheme,
        viewport={"width": width, "height": 800},
        reduced_motion="reduce",
    )


def _visits(camille: StorageState) -> list[tuple[StorageState | None, str]]:
    return [*((None, path) for path in PUBLIC), *((camille, path) for path in SIGNED_IN)]


def _faults(page: Page) -> list[str]:
    """What axe finds: rule, and the first thing it stands on."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("tags => axe.run(document, {runOnly: tags})", TAGS)
    return [f"{fault['id']}: {fault['nodes'][0]['html'][:200]}" for fault in found["violations"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["fr", "en"])
def test_axe_finds_nothing_on_any_page(
    browser: Browser, town: Town, camille: StorageState, locale: str, scheme: str
) -> None:
    faults: dict[str, list[str]] = {}
    for state in (None, camille):
        context = _open(browser, town, state, locale=locale, scheme=scheme)
        page = context.new_page()
        for path in [path for who, path in _visits(camille) if who is state]:
            page.goto(path)
            assert page.locator("html").get_attribute("lang") == locale
            page.evaluate("document.querySelectorAll('main details').forEach(d => d.open = true)")
            if found := _faults(page):
                faults[f"{'camille' if state else 'visitor'} {path}"] = found
        context.close()
    assert not faults


def test_axe_sees_a_planted_fault(browser: Browser, town: Town) -> None:
    context = _open(browser, town, None)
    page = context.new_page()
    page.goto("/")
    page.evaluate("document.querySelector('input[type=search]').removeAttribute('aria-label')")
    page.evaluate("document.querySelector('input[type=search]').removeAttribute('placeholder')")
    assert any(fault.startswith("label") for fault in _faults(page))
    context.close()


def test_nothing_scrolls_sideways_on_a_small_phone(
    browser: Browser, town: Town, camille: StorageState
) -> None:
    wide: list[str] = []
    for locale in ("fr", "en"):
        for state in (None, camille):
            context = _open(browser, town, state, locale=locale, width=320)
            page = context.new_page()
            for path in [path for who, path in _visits(camille) if who is state]:
                page.goto(path)
                width = page.evaluate("document.documentElement.scrollWidth")
                wide += [f"{locale} {path}: {width}"] if width > 320 else []
            context.close()
    assert not wide


def test_no_page_asks_anybody_else(browser: Browser, town: Town, camille: StorageState) -> None:
    asked: set[str] = set()
    for state in (None, camille):
        context = _open(browser, town, state)
        context.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
        page = context.new_page()
        for path in [path for who, path in _visits(camille) if who is state]:
            page.goto(path)
            page.wait_for_timeout(500)  # what the page asks for by script
        context.close()
    assert asked == {urlsplit(town.url).netloc}


def test_no_page_has_anything_inline(browser: Browser, town: Town, camille: StorageState) -> None:
    inline: list[str] = []
    for state in (None, camille):
        context = _open(browser, town, state)
        page = context.new_page()
        said: list[str] = []
        page.on("console", lambda message, said=said: said.append(message.text))
        for path in [path for who, path in _visits(camille) if who is state]:
            answer = page.goto(path)
            assert answer is not None
            policy = answer.headers["content-security-policy"]
            assert "unsafe-inline" not in policy
            assert "unsafe-eval" not in policy
            html = answer.text()
            inline += [path for sign in (" style=", "<style", " onclick=", "javascript:") if sign in html]
            inline += [path for script in re.findall(r"<script([^>]*)>", html) if "src=" not in script]
        inline += [text for text in said if "Content Security Policy" in text]
        context.close()
    assert not inline


def test_searching_needs_no_script(browser: Browser, town: Town) -> None:
    context = browser.new_context(base_url=town.url, java_script_enabled=False, locale="fr")
    page = context.new_page()
    page.goto("/")
    page.fill("input[name=q]", "déchèterie horaires")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/search\?"))
    assert page.locator("a[href='https://val-joli.example/vivre-ici/decheterie']").count() == 1
    assert context.cookies() == []
    context.close()


def test_settings_need_no_script_and_change_the_page(
    browser: Browser, town: Town, camille: StorageState
) -> None:
    context = browser.new_context(base_url=town.url, java_script_enabled=False, storage_state=camille)
    page = context.new_page()
    page.goto("/settings")
    assert page.locator("html").get_attribute("data-color-scheme") is None
    for chosen, attribute in (("dark", "dark"), ("auto", None)):
        page.check(f"input[name=scheme][value={chosen}]", force=True)
        page.locator("form:has(input[name=scheme]) button").click()
        assert page.locator("html").get_attribute("data-color-scheme") == attribute
    for chosen, title in (("fr", "Réglages"), ("en", "Settings"), ("auto", "Settings")):
        page.check(f"input[name=locale][value={chosen}]")
        page.locator("form:has(input[name=locale]) button").click()
        assert page.locator("h1").inner_text() == title
    context.close()


def test_own_files_are_found_beside_the_web_on_the_home_page(
    browser: Browser, town: Town, camille: StorageState
) -> None:
    context = browser.new_context(base_url=town.url, java_script_enabled=False, storage_state=camille)
    page = context.new_page()
    page.goto("/")
    page.fill("main input[name=q]", "kermesse")
    page.keyboard.press("Enter")
    deadline = time.monotonic() + 20
    while page.locator("section.mine li").count() == 0 and time.monotonic() < deadline:
        time.sleep(0.5)
        page.reload()
    assert "Budget de la kermesse.csv" in page.locator("section.mine").inner_text()
    assert page.locator("article.hit").count() >= 1
    context.close()


def test_the_keyboard_reaches_the_content_the_search_and_closes_a_menu(
    browser: Browser, town: Town, camille: StorageState
) -> None:
    context = _open(browser, town, camille)
    page = context.new_page()
    page.goto("/apps")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.url.endswith("#content")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.name") == "q"
    page.locator("details.me summary").click()
    assert page.locator("details.me form button").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("details.me form button").is_visible()
    context.close()


def test_a_visitor_changes_the_language_without_a_cookie(browser: Browser, town: Town) -> None:
    context = browser.new_context(base_url=town.url, locale="en", java_script_enabled=False)
    page = context.new_page()
    page.goto("/")
    assert "Nobody takes notes." in page.locator("h1").inner_text()
    page.get_by_role("link", name="Français").click()
    assert "Personne ne note." in page.locator("h1").inner_text()
    assert context.cookies() == []
    context.close()


def test_a_phone_shows_the_tab_that_one_is_on(browser: Browser, town: Town, camille: StorageState) -> None:
    context = _open(browser, town, camille, locale="fr", width=360)
    page = context.new_page()
    for path in ("/settings", "/settings/apps", "/admin/people", "/admin/signup"):
        page.goto(path)
        for tab in page.locator("main .tabs [aria-current]").all():
            box = tab.bounding_box()
            assert box is not None
            assert box["x"] >= 0, path
            assert box["x"] + box["width"] <= 360, path
    context.close()


def test_pages_of_several_apps_stand_in_one_row_of_tabs(
    browser: Browser, town: Town, camille: StorageState
) -> None:
    context = _open(browser, town, camille)
    page = context.new_page()
    row = ("/settings", "/settings/security")
    for path in row:
        page.goto(path)
        tabs = page.locator("main .tabs a")
        assert set(row) <= {tab.get_attribute("href") for tab in tabs.all()}
        assert page.locator("main .tabs [aria-current]").get_attribute("href") == path
    context.close()


def test_pages_of_the_administration_stand_in_rows_of_a_few_tabs(
    browser: Browser, town: Town, camille: StorageState
) -> None:
    context = _open(browser, town, camille)
    page = context.new_page()
    firsts = ["/admin", "/admin/people", "/admin/apps", "/admin/search"]
    parts = (
        ("/admin", "/admin/storage", "/admin/backups", "/admin/audit"),
        (
            "/admin/people",
            "/admin/organisations",
            "/admin/sign-in",
            "/admin/signup",
            "/admin/reports",
            "/admin/drives",
        ),
        ("/admin/apps", "/admin/fabric-apps", "/admin/mail"),
        (
            "/admin/search",
            "/admin/search/engines",
            "/admin/search/peers",
            "/admin/search/tokens",
            "/admin/search/requests",
        ),
    )
    for first, part in zip(firsts, parts, strict=True):
        for path in part:
            page.goto(path)
            upper, lower = page.locator("main .tabs:not(.within) a"), page.locator("main .tabs.within a")
            assert [tab.get_attribute("href") for tab in upper.all()] == firsts
            assert {tab.get_attribute("href") for tab in lower.all()} == set(part)
            assert page.locator("main .tabs [aria-current=true]").get_attribute("href") == first
            assert page.locator("main .tabs [aria-current=page]").get_attribute("href") == path
    context.close()
