"""Drive's pictures, photos and versions in a real browser, with a real worker that makes them."""

import io
import random
import subprocess
from collections.abc import Callable, Iterator

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from tests.journeys.browsing import sign_in

from synfonium.testing.server import RealServer, real_server

pytestmark = [pytest.mark.full, pytest.mark.timeout(300)]
PASSWORD = "a long enough password"
LOADED = "image => image.complete && image.naturalWidth > 0"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    with real_server(tmp_path_factory.mktemp("seen") / "home") as running:
        yield running


@pytest.fixture(scope="module")
def dav(server: RealServer) -> Iterator[httpx.Client]:
    token = server.person("ada", password=PASSWORD)
    with httpx.Client(base_url=f"{server.url}/dav/files/ada/", auth=("ada", token), timeout=30) as client:
        yield client


@pytest.fixture
def page(chromium: Browser, server: RealServer, dav: httpx.Client) -> Iterator[Page]:
    context = chromium.new_context(base_url=server.url, locale="en", java_script_enabled=False)
    page = context.new_page()
    sign_in(page, "ada", PASSWORD)
    yield page
    context.close()


def photo(taken: str, seed: int, size: tuple[int, int] = (320, 240)) -> bytes:
    """A picture that a camera says to have taken then."""
    about, held = Image.Exif(), io.BytesIO()
    about[0x8769] = {0x9003: taken}
    colour = random.Random(seed).randbytes(3)
    Image.new("RGB", size, tuple(colour)).save(held, "JPEG", exif=about)
    return held.getvalue()


def film() -> bytes:
    av = pytest.importorskip("av", reason="the extra `previews` is not installed")
    held = io.BytesIO()
    with av.open(held, "w", format="webm") as container:
        stream = container.add_stream("libvpx", rate=10)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for index in range(20):
            picture = Image.new("RGB", (320, 240), (10 * index, 80, 0))
            container.mux(stream.encode(av.VideoFrame.from_image(picture)))
        container.mux(stream.encode())
    return held.getvalue()


CODE = 'def f(x):\n    """Two\n    lines."""\n    return "<b>" + x  # a word\n'


def test_code_has_numbered_lines_without_script_and_colours_with_it(
    page: Page, chromium: Browser, server: RealServer, dav: httpx.Client
) -> None:
    dav.put("f.py", content=CODE.encode())
    page.goto("/drive")
    page.get_by_role("link", name="f.py").click()
    rows = page.locator("pre.code .row")
    expect(rows).to_have_count(4)
    expect(page.locator("pre.code")).to_have_text(CODE.rstrip("\n"))
    expect(page.locator("pre.code [class^=c-]")).to_have_count(0)
    context = chromium.new_context(base_url=server.url, storage_state=page.context.storage_state())
    scripted, refused = context.new_page(), list[str]()
    scripted.on("console", lambda said: refused.append(said.text) if said.type == "error" else None)
    scripted.goto(page.url)
    expect(scripted.locator(".c-word").first).to_have_text("def")
    expect(scripted.locator(".c-comment")).to_have_text("# a word")
    # A text of several lines is one in each of them; what stands there is what stood there.
    expect(scripted.locator(".row:nth-child(3) .c-string")).to_have_text('    lines."""')
    expect(scripted.locator("pre.code")).to_have_text(CODE.rstrip("\n"))
    assert scripted.locator("pre.code b").count() == 0
    assert refused == []
    context.close()


def test_an_office_document_shows_its_pages(
    page: Page, dav: httpx.Client, program: Callable[[str], str]
) -> None:
    program("soffice")
    dav.put("letter.rtf", content=rb"{\rtf1\ansi One.\page Two.}")
    page.goto("/drive")
    _loaded(page, "tr:has-text('letter.rtf') .thumb img")
    page.get_by_text("letter.rtf", exact=True).click()
    expect(page.locator(".pages-of img")).to_have_count(2)
    _loaded(page, ".pages-of figure:nth-child(2) img")
    expect(page.get_by_role("img", name="Page 2")).to_be_visible()


def _loaded(page: Page, selector: str) -> None:
    """The picture has come, and is one."""
    locator = page.locator(selector)
    locator.scroll_into_view_if_needed()
    page.wait_for_timeout(100)
    for _ in range(100):
        if locator.evaluate(LOADED):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"{selector} did not come")


def test_a_folder_shows_small_pictures_and_icons_where_there_are_none(page: Page, dav: httpx.Client) -> None:
    dav.put("beach.jpg", content=photo("2023:07:14 12:00:00", 1))
    dav.put("broken.jpg", content=b"no picture at all")
    page.goto("/drive")
    _loaded(page, "tr:has-text('beach.jpg') .thumb img")
    broken = page.locator("tr:has-text('broken.jpg') .thumb")
    expect(broken.locator("svg")).to_be_visible()
    _loaded(page, "tr:has-text('broken.jpg') .thumb img")
    assert broken.locator("img").evaluate("image => image.naturalWidth") == 1, "nothing that is seen"


def test_a_files_page_shows_what_is_in_it(page: Page, dav: httpx.Client) -> None:
    dav.put("mountain.jpg", content=photo("2022:01:02 03:04:05", 2, (1600, 1200)))
    dav.put("notes.txt", content="# Été\n\n<script>alert(1)</script>\n".encode())
    dav.put("letter.md", content="# Été\n\nÀ *bientôt* <script>alert(1)</script>\n".encode())
    dav.put("film.webm", content=film())
    page.goto("/drive")
    page.get_by_text("mountain.jpg", exact=True).click()
    _loaded(page, "figure.view img")
    page.goto("/drive")
    page.get_by_text("notes.txt", exact=True).click()
    expect(page.locator("pre.excerpt")).to_have_text("# Été\n\n<script>alert(1)</script>\n")
    page.goto("/drive")
    page.get_by_text("letter.md", exact=True).click()
    expect(page.locator(".excerpt h2")).to_have_text("Été")
    expect(page.locator(".excerpt p")).to_have_text("À bientôt <script>alert(1)</script>")
    page.goto("/drive")
    page.get_by_text("film.webm", exact=True).click()
    shown = page.locator("video.view")
    for _ in range(100):
        if shown.evaluate("film => film.videoWidth") == 320:
            break
        page.wait_for_timeout(100)
    assert shown.evaluate("film => film.videoWidth") == 320


def test_photos_stand_by_month(page: Page, dav: httpx.Client) -> None:
    dav.put("old.jpg", content=photo("2019:03:04 05:06:07", 3))
    dav.put("older.jpg", content=photo("2019:03:01 05:06:07", 4))
    for _ in range(60):
        page.goto("/drive/photos")
        month = page.locator("section.month:has-text('March 2019')")
        if month.locator("li").count() == 2:
            break
        page.wait_for_timeout(250)
    assert [image.get_attribute("alt") for image in month.locator("img").all()] == ["old.jpg", "older.jpg"]
    _loaded(page, "section.month:has-text('March 2019') li:first-child img")
    month.locator("a").first.click()
    expect(page.get_by_role("heading", name="old.jpg")).to_be_visible()


def test_a_version_from_before_comes_back(page: Page, dav: httpx.Client) -> None:
    dav.put("text.txt", content=b"as it was")
    page.wait_for_timeout(2_200)
    dav.put("text.txt", content=b"spoilt")
    page.goto("/drive")
    page.get_by_text("text.txt", exact=True).click()
    expect(page.locator("pre.excerpt")).to_have_text("spoilt")
    old = page.locator("table.versions tbody tr").nth(1)
    expect(old).to_contain_text("ada", ignore_case=True)
    old.locator("details.pop > summary").click()
    old.get_by_role("button", name="Bring this version back").click()
    expect(page.get_by_text("The file is again as it was")).to_be_visible()
    expect(page.locator("pre.excerpt")).to_have_text("as it was")
    expect(page.locator("table.versions tbody tr")).to_have_count(3)
    assert dav.get("text.txt").content == b"as it was"


def test_an_operator_reads_all_content_and_is_told_of_damage(
    page: Page, dav: httpx.Client, server: RealServer
) -> None:
    """By the command line, beside the server that serves."""
    dav.put("lost.bin", content=random.Random(9).randbytes(300_000))
    assert "contents were read" in server.run("drive", "scrub", "--now")
    largest = max(
        server.home.glob("blobs/**/*"), key=lambda path: path.stat().st_size if path.is_file() else 0
    )
    largest.rename(server.home / "aside")
    with pytest.raises(subprocess.CalledProcessError) as failed:
        server.run("drive", "scrub", "--now")
    assert "1 contents are missing" in failed.value.stdout
    assert dav.get("lost.bin").status_code == 500
    page.goto("/drive")
    page.get_by_text("lost.bin", exact=True).click()
    expect(page.get_by_text("This file is damaged on the disk")).to_be_visible()
    (server.home / "aside").rename(largest)
    server.run("drive", "scrub", "--now")
    assert len(dav.get("lost.bin").content) == 300_000
