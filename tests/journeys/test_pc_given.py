"""A PC is given single folders and files: it has those, and nothing beside them."""

import os
import re
import signal
from collections.abc import Callable, Iterator
from html import unescape

import httpx
import pytest
from tests.journeys.small_pc import SESSION, Pc, eventually, links_of, pick, take_back

from synfonium.apps.pc.model.recipe import shipped_recipes
from synfonium.apps.pc.tests.conftest import small_image
from synfonium.testing.server import RealServer, real_server

pytestmark = [pytest.mark.full, pytest.mark.alone, pytest.mark.timeout(300)]
PASSWORD = "a long enough password"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, program: Callable[[str], str]) -> Iterator[RealServer]:
    for needed in ("bwrap", "rclone", "fusermount3"):
        program(needed)
    home = tmp_path_factory.mktemp("given") / "home"
    images = home / "apps" / "pc" / "images"
    small_image(images, shipped_recipes()[0], program("busybox"), SESSION)
    with real_server(home) as running:
        running.person("ana", password=PASSWORD)
        yield running
        for line in running.run("pc", "list").splitlines():
            running.run("pc", "delete", line.split("\t")[0])


@pytest.fixture(scope="module")
def drive(server: RealServer) -> Iterator[httpx.Client]:
    token = server.run("user", "token", "ana", "--label", "files").strip()
    base = f"{server.url}/dav/files/ana/"
    with httpx.Client(base_url=base, headers={"authorization": f"Bearer {token}"}, timeout=30) as client:
        for folder in ("notes", "letters"):
            client.request("MKCOL", folder).raise_for_status()
        for name in ("notes/one.txt", "letters/two.txt", "tea & milk.txt", "beside.txt"):
            client.put(name, content=f"this is {name}".encode()).raise_for_status()
        yield client


@pytest.fixture(scope="module")
def browser(server: RealServer, drive: httpx.Client) -> Iterator[httpx.Client]:
    """Ana's, without script."""
    headers = {"origin": server.url, "sec-fetch-site": "same-origin", "accept": "text/html"}
    with httpx.Client(base_url=server.url, headers=headers, timeout=90) as client:
        assert client.post("/signin", data={"name": "ana", "password": PASSWORD}).status_code == 303
        yield client


@pytest.fixture
def pc(server: RealServer, request: pytest.FixtureRequest) -> Iterator[Pc]:
    made = Pc(server.home, server.run, re.sub(r"\W", " ", request.node.name)[5:35])
    yield made
    server.run("pc", "delete", made.id)


def test_a_picked_folder_and_a_picked_file_show_in_a_running_pc_and_nothing_beside_them(
    browser: httpx.Client, drive: httpx.Client, pc: Pc
) -> None:
    change, _see = links_of(browser, pc)
    pick(browser, change, "notes")
    seconds = eventually(lambda: pc.has("Synfonium/notes/one.txt"), 20, "the folder does not show")
    assert seconds < 10
    assert pc.do('cat() { busybox cat "$@"; }; cat Synfonium/notes/one.txt') == "this is notes/one.txt"
    pick(browser, change, "tea & milk.txt")
    eventually(lambda: pc.has("Synfonium/tea & milk/tea & milk.txt"), 20, "the file does not show")
    seen = pc.do("busybox ls Synfonium 'Synfonium/tea & milk' Drive").split("\n")
    assert sorted(line for line in seen if line and not line.endswith(":")) == [
        "notes", "tea & milk", "tea & milk.txt",
    ]  # fmt: skip
    pc.do("echo by the pc > Synfonium/notes/new.txt; echo cold > 'Synfonium/tea & milk/tea & milk.txt'")
    eventually(lambda: drive.get("notes/new.txt").text == "by the pc\n", 10, "not in the Drive")
    eventually(lambda: drive.get("tea & milk.txt").text == "cold\n", 10, "the file is not written")
    # As editors save: a new file beside it that takes its name.
    pc.do("cd 'Synfonium/tea & milk'; echo warm > .new; busybox sleep 1; busybox mv .new 'tea & milk.txt'")
    eventually(lambda: drive.get("tea & milk.txt").text == "warm\n", 10, "the file is not saved")
    page = browser.get("/pc").text
    assert "Synfonium/notes" in unescape(page)
    take_back(browser, "notes")
    eventually(lambda: not pc.has("Synfonium/notes"), 20, "the folder stays after it was taken back")
    assert pc.has("Synfonium/tea & milk/tea & milk.txt")


def test_what_is_given_only_to_see_cannot_be_changed_in_the_pc(
    browser: httpx.Client, drive: httpx.Client, pc: Pc
) -> None:
    _change, see = links_of(browser, pc)
    pick(browser, see, "letters")
    eventually(lambda: pc.has("Synfonium/letters/two.txt"), 20, "the folder does not show")
    said = pc.do(
        "echo no > Synfonium/letters/two.txt; echo no > Synfonium/letters/new; echo no > Synfonium/x"
    )
    assert said.count("Read-only file system") == 3, said
    assert drive.get("letters/two.txt").text == "this is letters/two.txt"
    assert drive.get("letters/new").status_code == 404


def test_after_kill_of_the_gateway_what_was_given_comes_back_under_its_name(
    server: RealServer, browser: httpx.Client, drive: httpx.Client, pc: Pc
) -> None:
    change, _see = links_of(browser, pc)
    pick(browser, change, "notes")
    eventually(lambda: pc.has("Synfonium/notes/one.txt"), 20, "the folder does not show")
    os.kill(server.role_pid("gateway"), signal.SIGKILL)
    eventually(lambda: not server.is_ready(), 10, "nothing died")
    eventually(server.is_ready, 60, "the gateway did not come back")
    pc.do("busybox ls Synfonium/notes")
    eventually(lambda: pc.has("Synfonium/notes/one.txt"), 30, "the folder did not come back")
    assert pc.do("busybox ls Synfonium") == "notes\n"


def test_a_file_is_opened_in_a_pc_that_was_off_and_the_page_says_where_it_lies(
    server: RealServer, browser: httpx.Client, drive: httpx.Client, pc: Pc
) -> None:
    server.run("pc", "stop", pc.id)
    listing = browser.get("/drive").text
    rows = re.findall(r'href="(/fabric/open\?object=[^"]+)"', listing)
    asked = next(page for page in (browser.get(unescape(row)) for row in rows) if "beside.txt" in page.text)
    address = re.search(r'name="object" value="([^"]+)"', asked.text)
    assert address
    assert 'value="pc"' in asked.text
    form = {"object": address[1], "intent": "edit", "app": "pc"}
    going = browser.post("/fabric/open", data=form).text
    where = re.search(r'url=([^"]*/pc/open[^"]+)"', going)
    assert where
    page = browser.get(unescape(where[1]))
    assert page.status_code == 200, page.text
    grant = re.search(r'name="grant" value="([^"]+)"', page.text)
    assert grant
    opened = browser.post("/pc/open", data={"grant": grant[1], "machine": pc.id})
    assert opened.status_code == 303, opened.text
    assert pc.do("busybox cat Synfonium/beside/beside.txt") == "this is beside.txt"
    screen = browser.get(opened.headers["location"]).text
    assert "Synfonium/beside" in screen, screen[1500:6000]
    take_back(browser, "beside.txt")
    eventually(lambda: not pc.has("Synfonium/beside"), 20, "the file stays after it was taken back")
    # What was given to open it is over too: nothing of it is left in force.
    assert browser.get(unescape(where[1])).status_code == 404
