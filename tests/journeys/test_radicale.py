"""Radicale, unmodified, serves calendars that lie in people's Drives: as the how-to says, word by word."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from tests.journeys.radicale import FOLDER, HOW_TO, Browser, Radicale, blocks, eventually, radicale, started
from tests.journeys.serving import ROOT

from synfonium.apps.fabric.model import SECRET_PREFIX
from synfonium.testing.server import RealServer, family, real_server

pytestmark = [pytest.mark.full, pytest.mark.timeout(240)]
EVENT = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//tests//EN
BEGIN:VEVENT
UID:{uid}
DTSTAMP:20260701T080000Z
DTSTART:20260714T{hour}0000Z
SUMMARY:{summary}
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n")
TOKEN = ("user", "token", "--label", "test")
CALENDAR = """<mkcalendar xmlns="urn:ietf:params:xml:ns:caldav" xmlns:D="DAV:">
<D:set><D:prop><D:displayname>Fêtes</D:displayname></D:prop></D:set></mkcalendar>"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, program: Callable[[str], str]) -> Iterator[RealServer]:
    for needed in ("rclone", "fusermount3"):
        program(needed)
    with real_server(tmp_path_factory.mktemp("radicale") / "home") as running:
        yield running


@pytest.fixture(scope="module")
def tokens(server: RealServer) -> dict[str, str]:
    """Of each person, with a folder in their Drive."""
    made = {name: server.person(name) for name in ("ana", "bob")}
    for name in made:
        with drive(server, name, made[name]) as files:
            files.request("MKCOL", FOLDER).raise_for_status()
    return made


@pytest.fixture(scope="module")
def app(server: RealServer, tokens: dict[str, str]) -> Iterator[Radicale]:
    with radicale(server) as running:
        yield running


def drive(server: RealServer, name: str, token: str) -> httpx.Client:
    headers = {"authorization": f"Bearer {token}"}
    return httpx.Client(base_url=f"{server.url}/dav/files/{name}/", headers=headers, timeout=30)


def phone(app: Radicale, name: str) -> httpx.Client:
    """A calendar client with an app password, as the how-to makes it."""
    command = blocks(HOW_TO)["sh"][-1].replace("ana", name).split()
    return app.client(name, app.server.run(*command[1:]).strip())


def files_in(files: httpx.Client, path: str) -> list[str]:
    listing = files.request("PROPFIND", path, headers={"depth": "1"})
    assert listing.status_code == 207, listing.text
    return re.findall(r"<(?:\w+:)?href>([^<]+)<", listing.text)


def test_both_languages_show_the_same_commands_and_files_and_the_locked_version() -> None:
    told = blocks(HOW_TO)
    assert told == blocks(HOW_TO.with_suffix(".fr.md"))
    locked = re.search(r"^radicale==([0-9.]+)", (ROOT / "requirements/test.txt").read_text(), re.MULTILINE)
    assert locked
    assert told["sh"][0] == f"pipx install radicale=={locked[1]}\n"


def test_ana_gives_a_folder_and_her_calendars_lie_in_it(app: Radicale, tokens: dict[str, str]) -> None:
    with Browser(app.server, "ana") as browser, drive(app.server, "ana", tokens["ana"]) as files:
        there = browser.come_in(app)
        assert phone(app, "ana").request("PROPFIND", "/ana/").status_code == 403
        browser.give(app, there)
        eventually(lambda: app.shows("ana"), app.log, 5)
        home = there.get("/.web/")
        assert home.status_code == 200, home.text
        with phone(app, "ana") as client:
            made = client.request("MKCALENDAR", "/ana/feasts/", content=CALENDAR.encode())
            assert made.status_code == 201, made.text + app.log()
            # What was written into a folder before that got its name shows a moment later (rclone).
            eventually(lambda: client.get("/ana/feasts/").status_code < 500, app.log, 3)
            for number in range(3):
                event = EVENT.format(uid=f"e{number}", hour=10 + number, summary=f"Fête {number}")
                put = client.put(f"/ana/feasts/e{number}.ics", content=event.encode())
                assert put.status_code == 201, put.text + app.log()
            listed = client.request("PROPFIND", "/ana/feasts/", headers={"depth": "1"})
            assert listed.text.count(".ics") >= 3
            client.delete("/ana/feasts/e2.ics").raise_for_status()

        def in_drive() -> bool:
            names = [name.rsplit("/", 1)[-1] for name in files_in(files, f"{FOLDER}/feasts")]
            return [name for name in names if name.endswith(".ics")] == ["e0.ics", "e1.ics"]

        eventually(in_drive, app.log, 5)
        assert "Fête 1" in files.get(f"{FOLDER}/feasts/e1.ics").text
        # What she writes there herself is in the calendar.
        moved = EVENT.format(uid="e1", hour=18, summary="Plus tard")
        files.put(f"{FOLDER}/feasts/e1.ics", content=moved.encode()).raise_for_status()
        with phone(app, "ana") as client:
            eventually(lambda: "Plus tard" in client.get("/ana/feasts/e1.ics").text, app.log, 5)


def test_bob_sees_nothing_of_anas_whatever_name_he_says(app: Radicale, tokens: dict[str, str]) -> None:
    with Browser(app.server, "bob") as browser:
        there = browser.come_in(app)
        browser.give(app, there)
        eventually(lambda: app.shows("bob"), app.log, 5)
        assert there.request("PROPFIND", "/bob/", headers={"depth": "0"}).status_code == 207
        for name in ("X-Remote-User", "x_remote_user", "Remote-User"):
            for path in ("/ana/", "/ana/feasts/", "/ana/feasts/e0.ics"):
                refused = there.get(path, headers={name: "ana", "accept": "*/*"})
                assert refused.status_code in (302, 403, 404), (name, path, refused.text)
                assert "Fête" not in refused.text
    with phone(app, "bob") as client:
        stolen = client.put("/ana/feasts/bobs.ics", content=b"x", headers={"x-remote-user": "ana"})
        assert stolen.status_code in (403, 404)
        assert client.request("PROPFIND", "/ana/", headers={"depth": "1"}).status_code in (403, 404)


def test_without_signing_in_a_browser_is_led_to_us_and_a_phone_is_told_what_it_needs(app: Radicale) -> None:
    with app.client(**{"x-remote-user": "ana"}) as stranger:
        page = stranger.get("/.web/", headers={"accept": "text/html"})
        assert page.status_code == 303
        assert page.headers["location"].startswith(f"{app.server.url}/oauth/authorize?")
        program = stranger.request("PROPFIND", "/ana/", headers={"depth": "0"})
        assert program.status_code == 401
        assert program.headers["www-authenticate"].startswith("Basic")
    for name, token in (("ana", "syn_wrong"), ("ana", app.server.run(*TOKEN, "bob").strip()), ("", "")):
        with app.client(name, token) as wrong:
            assert wrong.request("PROPFIND", "/ana/", headers={"depth": "0"}).status_code == 401


def test_no_secret_stands_on_a_command_line_or_in_a_log(app: Radicale) -> None:
    lines = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in family(app.mount.pid)]
    assert len([line for line in lines if b"rclone" in line]) == 2
    assert not [line for line in lines if SECRET_PREFIX.encode() in line]
    assert SECRET_PREFIX not in app.log()
    assert [line for line in app.log().split("\n") if "folders: " in line] == [
        "people: 0, folders: 0", "people: 1, folders: 1", "people: 2, folders: 2",
    ]  # fmt: skip


def test_after_the_mount_was_killed_it_comes_back_and_what_was_written_is_there(
    app: Radicale, tokens: dict[str, str]
) -> None:
    app.mount.kill()
    app.mount.wait(5)
    with phone(app, "ana") as client:
        assert client.get("/ana/feasts/e0.ics").status_code >= 400
        with started(mount_command(app), app.server, app.folder) as again:
            eventually(lambda: app.shows("ana"), app.log, 10)
            eventually(lambda: client.get("/ana/feasts/e0.ics").status_code == 200, app.log, 10)
            revoked_within_a_second(app, client)
            assert again.poll() is None
        assert again.returncode == 0
    assert not [line for line in Path("/proc/mounts").read_text().split("\n") if str(app.folder) in line]
    assert list((app.folder / "storage" / "collection-root").iterdir()) == []


def mount_command(app: Radicale) -> str:
    return blocks(HOW_TO)["sh"][2]


def revoked_within_a_second(app: Radicale, client: httpx.Client) -> None:
    """She takes the folder back: it goes, and the app does not answer for her; she gives it again."""
    with Browser(app.server, "ana") as browser:
        there = browser.come_in(app)
        browser.take_back()
        gone = eventually(lambda: not app.shown("ana").exists(), app.log, 5)
        refused = client.get("/ana/feasts/e0.ics")
        assert (refused.status_code, refused.json()["code"]) == (403, "fabric.nothing_given")
        assert gone < 1.0
        assert app.shows("bob")
        browser.give(app, there)
        eventually(lambda: "Fête 0" in client.get("/ana/feasts/e0.ics").text, app.log, 10)
