"""The search in a real browser: complete without script, quicker by keyboard, and one's own by one click."""

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from synfonium.testing.server import RealServer, real_server

pytestmark = pytest.mark.full
PAGES = [
    {
        "url": f"https://site-{number}.example/lighthouses/{number}",
        "title": f"Lighthouse number {number}",
        "text": "A lighthouse stands at the harbour, and its keeper trims the lamp.",
        "lang": "en",
    }
    for number in range(12)
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    folder = tmp_path_factory.mktemp("search-pages")
    with real_server(folder / "home") as running:
        file = folder / "pages.jsonl"
        file.write_text("\n".join(json.dumps(page) for page in PAGES))
        running.run("search", "add", str(file))
        yield running


def hits(page: Page) -> list[str]:
    return page.locator("article.hit h2").all_inner_texts()


def test_without_script_a_reader_searches_blocks_a_site_and_reads_on(
    server: RealServer, chromium: Browser
) -> None:
    context = chromium.new_context(base_url=server.url, java_script_enabled=False, locale="en")
    page = context.new_page()
    page.goto("/search")
    page.fill("input[name=q]", "lighthouse")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"\?q=lighthouse"))
    first = hits(page)
    assert len(first) == 10
    page.locator("article.hit details.rules summary").first.click()
    page.locator("article.hit button", has_text="Block this site").first.click()
    page.wait_for_url(re.compile(r"prefs=v1;block=site-\d+\.example$"))
    assert first[0] not in hits(page)
    page.get_by_role("link", name="Next results").click()
    page.wait_for_url(re.compile(r"page=2"))
    assert len(hits(page)) == 1, "twelve, less the ten before, less the one blocked"
    assert "v1;block=site-" in page.url
    page.get_by_role("link", name="Images").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("No image in our index matches")
    assert context.cookies() == []
    context.close()


def test_by_keyboard_a_reader_takes_a_suggestion_and_walks_through_the_results(
    server: RealServer, chromium: Browser
) -> None:
    context = chromium.new_context(base_url=server.url, locale="en")
    page = context.new_page()
    page.goto("/search")
    field = page.locator("input[name=q]")
    field.press_sequentially("light")
    option = page.get_by_role("option", name="lighthouse").first
    expect(option).to_be_visible()
    field.press("ArrowDown")
    assert field.input_value().startswith("lighthouse")
    assert field.get_attribute("aria-activedescendant")
    field.press("Escape")
    assert field.input_value() == "light"
    expect(option).to_be_hidden()
    field.press_sequentially("h")
    expect(option).to_be_visible()
    field.press("ArrowDown")
    field.press("Enter")
    page.wait_for_url(re.compile(r"q=lighthouse"))
    shown = hits(page)
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    for key, number in (("j", 0), ("j", 1), ("ArrowDown", 2), ("k", 1)):
        page.keyboard.press(key)
        assert page.evaluate("document.activeElement.textContent") == shown[number]
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.name") == "q"
    context.close()


def test_a_reader_s_colours_and_language_hold_on_a_small_phone(server: RealServer, chromium: Browser) -> None:
    context = chromium.new_context(
        base_url=server.url, locale="fr", color_scheme="light", viewport={"width": 320, "height": 700}
    )
    page = context.new_page()
    page.goto("/search?q=lighthouse&prefs=v1;theme=dark;pin=site-7.example")
    assert page.locator("html").get_attribute("data-color-scheme") == "dark"
    assert hits(page)[0] == "Lighthouse number 7"
    page.locator("details.filters summary").click()
    expect(page.get_by_role("link", name="Actualités")).to_be_visible()
    page.locator("article.hit details.rules summary").first.click()
    expect(page.get_by_role("button", name="Ne plus épingler ce site")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    context.close()
