"""Moving in by the pages: from a Nextcloud by agreeing there, with and without script, and from Google."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from tests.journeys.browsing import sign_in

from synfonium.apps.drive.tests.takeout import TAKEN_S, note_of, zip_of
from synfonium.testing.server import RealServer, real_server

pytestmark = [pytest.mark.full, pytest.mark.timeout(300)]
PASSWORD = "a long enough password"
MOVED_MS = 20_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    """Both sides at once: a Nextcloud with the files of Bea, and the drive of Ada."""
    home = tmp_path_factory.mktemp("moving") / "home"
    with real_server(home, environment={"SYNFONIUM_DRIVE_LOCAL_SOURCES": "true"}) as running:
        yield running


@pytest.fixture(scope="module")
def ada(server: RealServer) -> str:
    return server.person("ada", password=PASSWORD)


@pytest.fixture(scope="module")
def bea(server: RealServer) -> str:
    token = server.person("bea", password=PASSWORD)
    with httpx.Client(base_url=f"{server.url}/dav/files/bea/", auth=("bea", token)) as dav:
        dav.request("MKCOL", "letters/")
        for number in range(40):
            assert dav.put(f"letters/{number}.txt", content=b"dear" * number).status_code == 201
    return token


def _signed_in(chromium: Browser, server: RealServer, name: str, *, script: bool = True) -> BrowserContext:
    context = chromium.new_context(base_url=server.url, locale="en", java_script_enabled=script)
    page = context.new_page()
    sign_in(page, name, PASSWORD)
    page.close()
    return context


def _agree(chromium: Browser, server: RealServer, address: str) -> None:
    """Bea, at her Nextcloud."""
    context = _signed_in(chromium, server, "bea")
    page = context.new_page()
    page.goto(address)
    page.get_by_role("button", name="Connect", exact=True).click()
    context.close()


def _from_nextcloud(page: Page, server: RealServer, into: str) -> str:
    """Where the other side is to be asked."""
    page.goto("/drive")
    page.get_by_role("link", name="Move in", exact=True).click()
    page.get_by_role("link", name="Nextcloud or ownCloud").click()
    page.fill("#url", f"{server.url}/index.php/login")
    page.fill("#into", into)
    page.get_by_role("button", name="Go there to agree").click()
    address = page.get_by_role("link", name="Open the other side").get_attribute("href")
    assert address
    assert address.startswith(server.url)
    return address


def test_a_nextcloud_account_moves_in_while_one_looks_on(
    chromium: Browser, server: RealServer, ada: str, bea: str
) -> None:
    context = _signed_in(chromium, server, "ada")
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    address = _from_nextcloud(page, server, "From Bea")
    _agree(chromium, server, address)
    expect(page.get_by_text("Everything is here.")).to_be_visible(timeout=MOVED_MS)
    expect(page.locator("[data-done]")).to_have_text("40")
    page.get_by_role("link", name="Look at the folder").click()
    page.get_by_role("link", name="letters").click()
    expect(page.locator("tr[data-node]")).to_have_count(40)
    assert not faults
    context.close()


def test_without_script_the_page_is_asked_again(
    chromium: Browser, server: RealServer, ada: str, bea: str
) -> None:
    context = _signed_in(chromium, server, "ada", script=False)
    page = context.new_page()
    address = _from_nextcloud(page, server, "Without script")
    _agree(chromium, server, address)
    expect(page.get_by_text("Everything is here.")).to_be_visible(timeout=MOVED_MS)
    context.close()


def test_a_takeout_moves_in_and_tells_what_could_not_come(
    chromium: Browser, server: RealServer, ada: str, tmp_path: Path
) -> None:
    archive = tmp_path / "takeout-20261128T120000Z-001.zip"
    photos = "Google Photos/Photos from 2017"
    archive.write_bytes(
        zip_of(
            {
                f"{photos}/plum.jpg": b"a plum",
                f"{photos}/plum.jpg.supplemental-metadata.json": note_of("plum.jpg"),
                "../out.txt": b"out",
            }
        )
    )
    context = _signed_in(chromium, server, "ada")
    page = context.new_page()
    page.goto("/drive")
    page.locator("details.send summary").click()
    page.set_input_files("#send-files", [archive])
    page.get_by_role("button", name="Send these files").click()
    expect(page.get_by_text("All files have arrived.")).to_be_visible()
    page.goto("/drive/move-in")
    page.get_by_role("link", name="Google Drive and Google Photos").click()
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_text("Everything that can come is here.")).to_be_visible(timeout=MOVED_MS)
    expect(page.get_by_text("its name cannot be used here")).to_be_visible()
    context.close()
    with httpx.Client(base_url=f"{server.url}/dav/files/ada/", auth=("ada", ada)) as dav:
        answer = dav.get(f"Google/{photos}/plum.jpg")
        assert answer.content == b"a plum"
        told = dav.request("PROPFIND", f"Google/{photos}/plum.jpg", headers={"depth": "0"})
        assert "Fri, 14 Jul 2017 02:40:00 GMT" in told.text
    assert TAKEN_S == 1_500_000_000
