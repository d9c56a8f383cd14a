"""Sharing in a real browser: with a person, by a link with a password, and a place to drop into."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from synfonium.testing.server import RealServer, real_server

pytestmark = [pytest.mark.full, pytest.mark.timeout(300)]
PASSWORD = "a long enough password"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    with real_server(tmp_path_factory.mktemp("sharing") / "home") as running:
        yield running


@pytest.fixture(scope="module")
def tokens(server: RealServer) -> dict[str, str]:
    return {name: server.person(name, password=PASSWORD) for name in ("ada", "bo")}


def signed_in(browser: Browser, server: RealServer, name: str, *, script: bool = True) -> Page:
    page = browser.new_context(
        base_url=server.url, locale="en", java_script_enabled=script, accept_downloads=True
    ).new_page()
    page.goto("/signin")
    page.locator("summary", has_text="password").click()
    page.fill("input[name=name]", name)
    page.fill("input[name=password]", PASSWORD)
    page.locator("form:has(input[name=password]) button[type=submit]").click()
    page.wait_for_url(f"{server.url}/")
    return page


def stranger(browser: Browser, server: RealServer) -> Page:
    """No account, no script, a small screen, dark."""
    context = browser.new_context(
        base_url=server.url,
        locale="fr",
        java_script_enabled=False,
        viewport={"width": 320, "height": 640},
        color_scheme="dark",
        accept_downloads=True,
    )
    return context.new_page()


def put(server: RealServer, tokens: dict[str, str], name: str, path: str, content: bytes | None) -> None:
    with httpx.Client(base_url=f"{server.url}/dav/files/{name}/", auth=(name, tokens[name])) as client:
        sent = client.put(path, content=content) if content is not None else client.request("MKCOL", path)
        assert sent.status_code in (201, 204)


def share_page(page: Page, folder: str) -> None:
    page.goto("/drive")
    row = page.locator("tr[data-node]").filter(has=page.get_by_text(folder, exact=True))
    row.locator("details summary").click()
    row.get_by_text("Share with people, or by link").click()


def test_a_person_sees_and_changes_what_is_shared_until_it_is_taken_back(
    chromium: Browser, server: RealServer, tokens: dict[str, str]
) -> None:
    put(server, tokens, "ada", "Trip", None)
    put(server, tokens, "ada", "Trip/plan.txt", b"plan")
    ada, bo = signed_in(chromium, server, "ada"), signed_in(chromium, server, "bo")
    share_page(ada, "Trip")
    ada.fill("#name", "bo")
    ada.select_option("#mode", "edit")
    ada.get_by_role("button", name="Share", exact=True).click()
    expect(ada.get_by_text("It is shared.")).to_be_visible()
    bo.goto("/drive")
    bo.get_by_role("link", name="Trip").click()
    expect(bo.get_by_text("plan.txt")).to_be_visible()
    bo.locator("summary", has_text="New folder").click()
    bo.fill("#folder-name", "from bo")
    bo.get_by_role("button", name="Make the folder").click()
    expect(bo.get_by_text("from bo")).to_be_visible()
    inside = bo.url
    ada.get_by_role("button", name="Take it back from").click()
    expect(ada.get_by_text("It is shared no more.")).to_be_visible()
    # A page that is open follows its folder, and may be loading itself again just now.
    later = bo.context.new_page()
    assert later.goto(inside).status == 404  # type: ignore[union-attr]
    later.goto("/drive")
    expect(later.get_by_role("link", name="Trip")).to_have_count(0)
    for page in (ada, bo):
        page.context.close()


def make_link(page: Page, mode: str, password: str = "") -> str:
    form = page.locator("form[action$='/links']")
    if not form.is_visible():
        page.locator("summary", has_text="Make a link").click()
    form.locator(f"input[value={mode}]").check(force=True)
    form.locator("input[name=password]").fill(password)
    form.get_by_role("button", name="Make a link").click()
    expect(page.get_by_text("The link is ready.")).to_be_visible()
    return page.get_by_label("Address of the link").last.input_value()


def test_a_stranger_with_a_link_and_its_password_takes_a_folder_without_script(
    chromium: Browser, server: RealServer, tokens: dict[str, str]
) -> None:
    put(server, tokens, "ada", "Photos", None)
    put(server, tokens, "ada", "Photos/été.txt", b"sea")
    ada, guest = signed_in(chromium, server, "ada"), stranger(chromium, server)
    share_page(ada, "Photos")
    url = make_link(ada, "view", "linden")
    guest.goto(url)
    guest.fill("#password", "oak")
    guest.locator("form button").last.click()
    expect(guest.get_by_text("Ce n’est pas le mot de passe de ce lien.")).to_be_visible()
    guest.fill("#password", "linden")
    guest.locator("form button").last.click()
    expect(guest.get_by_text("été.txt")).to_be_visible()
    assert guest.evaluate("document.documentElement.scrollWidth") <= 320
    with guest.expect_download() as waiting:
        guest.get_by_role("link", name="Télécharger en ZIP").click()
    assert waiting.value.suggested_filename == "Photos.zip"
    assert Path(waiting.value.path()).read_bytes().startswith(b"PK")
    ada.get_by_role("button", name="End the link").click()
    expect(ada.get_by_role("button", name="End the link")).to_have_count(0)
    assert guest.goto(url).status == 404  # type: ignore[union-attr]
    expect(guest.get_by_text("Ce lien ne mène nulle part.")).to_be_visible()
    for page in (ada, guest):
        page.context.close()


def test_a_stranger_drops_a_file_and_sees_nothing_else(
    chromium: Browser, server: RealServer, tokens: dict[str, str], tmp_path: Path
) -> None:
    put(server, tokens, "ada", "Box", None)
    put(server, tokens, "ada", "Box/secret.txt", b"secret")
    ada, guest = signed_in(chromium, server, "ada"), stranger(chromium, server)
    share_page(ada, "Box")
    url = make_link(ada, "drop")
    (tmp_path / "mine.txt").write_bytes(b"from a stranger")
    guest.goto(url)
    guest.set_input_files("#send-files", tmp_path / "mine.txt")
    guest.get_by_role("button", name="Envoyer ces fichiers").click()
    expect(guest.get_by_text("C’est arrivé. Merci.")).to_be_visible()
    assert "secret" not in guest.content()
    ada.goto("/drive")
    ada.get_by_role("link", name="Box").click()
    expect(ada.get_by_text("mine.txt")).to_be_visible()
    for page in (ada, guest):
        page.context.close()
