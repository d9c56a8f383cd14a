"""A person goes for good: no trace in any file but the audit's pseudonym."""

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest

from synfonium.apps.drive.service import DriveService
from synfonium.apps.identity.store import addresses
from synfonium.apps.yourdata.model import Receipt, holds
from synfonium.common.problem import NotFound, Problem
from synfonium.testing.client import Installation, installation

from .databases import analyse, held_elsewhere
from .moving_out import actor, furnish, state_of
from .traces import files_in, hits

MARKER = "mélèzequagga7f3a"
NAME = "quagga-b81c"
SAME_ORIGIN = {"sec-fetch-site": "same-origin", "accept": "text/html", "user-agent": "Firefox on Linux"}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    async with installation(tmp_path / "home") as running:
        yield running


async def fill(house: Installation) -> None:
    """The marker in every field that a person can fill."""
    person = await furnish(house, NAME, MARKER)
    identity = house.context("identity").service
    await identity.people.set_display(person.id, MARKER)
    await house.call("identity.user_token", {"name": NAME, "label": MARKER, "scopes": []})
    await house.context("identity").database.write(
        lambda c: addresses.set_address(c, person.id, f"{NAME}@example.org", 1.0)
    )
    drive: DriveService = house.context("drive").service
    top = await drive.tree.top(person)
    text = await drive.tree.resolve(person, [f"{MARKER}letter.txt"])
    await drive.properties.change(person, text[-1].id, {f"{{x}}{MARKER}": f"<a>{MARKER}</a>"}) if hasattr(
        drive.properties, "change"
    ) else None
    assert top.size_bytes
    async with house.client(headers=SAME_ORIGIN) as browser:
        await browser.post("/signin", data={"name": NAME, "password": f"{NAME}-password-1"})
        await browser.post("/settings/security/tokens", data={"label": MARKER, "days": "0"})
        await browser.post("/settings/data/archives")
    await letter_of(house, "archive")
    await house.call(
        "yourdata.export", {"name": NAME, "path": str(house.context("yourdata").home.parent / "out.zip")}
    )
    for _ in range(100):
        found = await house.call("fabric.search", {"person": person.id, "query": MARKER})
        if found.total:
            return
        await asyncio.sleep(0.1)
    raise AssertionError("the index has not heard of it")


async def letter_of(house: Installation, words: str) -> None:
    """Waits until a letter with these words lies in the home's outbox."""
    folder = house.context("yourdata").home / "mail"
    for _ in range(200):
        if any(words in path.read_text("utf-8", "replace") for path in folder.glob("*.eml")):
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"no letter says {words}")


def places(home: Path) -> list[Path]:
    return [*files_in(home), *held_elsewhere(home, home.parent)]


def traces(home: Path) -> list[str]:
    return hits({"marker": MARKER, "name": NAME}, places(home))


async def test_after_an_erasure_no_file_has_a_trace(house: Installation) -> None:
    home = house.context("yourdata").home
    await house.person("bob")
    bob = await actor(house, "bob")
    drive: DriveService = house.context("drive").service

    async def words() -> AsyncIterator[bytes]:
        yield b"bob was here"

    await drive.files.write(bob, (await drive.tree.top(bob)).id, "otter.txt", words())
    await fill(house)
    key = bytes((await drive.room.space_of((await actor(house, NAME)).id)).sealed_key)
    analyse(home)
    assert traces(home)
    answer = await house.call("yourdata.erase", {"name": NAME})
    assert traces(home) == []
    assert not [p for p in places(home) for form in (key, key.hex().encode()) if form in p.read_bytes()]
    with pytest.raises(NotFound):
        await house.call("yourdata.erase", {"name": NAME})
    # What others own stays.
    assert [e.name for e in (await drive.tree.listing(bob)).entries] == ["otter.txt"]
    assert (await house.call("fabric.search", {"person": bob.id, "query": "otter"})).total == 1
    assert holds(Receipt(**answer["receipt"]))


async def test_an_erased_persons_id_is_only_in_the_audit_and_the_proof(house: Installation) -> None:
    await fill(house)
    person = await actor(house, NAME)
    await house.call("yourdata.erase", {"name": NAME})
    for _ in range(100):
        left = {
            table
            for table, found in state_of(house.context("yourdata").home).items()
            if person.id in str(found)
        }
        if left == {"yourdata_erasure"}:
            return
        await asyncio.sleep(0.1)
    assert left == {"yourdata_erasure"}


async def test_the_last_administrator_stays(house: Installation) -> None:
    await house.person("ada", administrator=True)
    with pytest.raises(Problem) as refusal:
        await house.call("yourdata.erase", {"name": "ada"})
    assert refusal.value.code == "identity.last_administrator"
    assert len((await house.call("identity.user_list"))["people"]) == 1


async def signed_in(house: Installation, name: str) -> httpx.AsyncClient:
    browser = house.client(headers=SAME_ORIGIN)
    answer = await browser.post("/signin", data={"name": name, "password": f"{name}-password-1"})
    assert answer.status_code == 303, answer.text
    return browser


async def test_a_person_closes_their_account_and_changes_their_mind(house: Installation) -> None:
    token = await house.person("ada")
    browser = await signed_in(house, "ada")
    page = await browser.get("/settings/data")
    assert page.status_code == 200
    assert "Delete my account" in page.text
    left = await browser.post("/settings/data/leave")
    assert "will be erased on" in left.text
    assert (await house.client(token=token).get("/dav/files/ada/")).status_code == 401
    assert (await browser.get("/settings/data")).status_code in (303, 401)
    again = await house.client(headers=SAME_ORIGIN).post(
        "/signin", data={"name": "ada", "password": "ada-password-1"}
    )
    assert again.status_code == 303
    assert again.headers["location"].startswith("/leaving/")
    assert "set-cookie" not in again.headers
    asked = house.client(headers=SAME_ORIGIN)
    page = await asked.get(again.headers["location"])
    assert "will be erased on" in page.text
    assert (await asked.post(again.headers["location"])).status_code == 200
    assert (await house.client(token=token).get("/dav/files/ada/", headers={})).status_code != 401
    await signed_in(house, "ada")
    assert (await asked.post(again.headers["location"])).status_code == 410


async def test_a_wrong_password_learns_nothing_of_a_closed_account(house: Installation) -> None:
    await house.person("ada")
    await (await signed_in(house, "ada")).post("/settings/data/leave")
    answer = await house.client(headers=SAME_ORIGIN).post(
        "/signin", data={"name": "ada", "password": "wrong wrong wrong"}
    )
    assert answer.status_code == 403
    assert "erased" not in answer.text
    forged = await house.client(headers=SAME_ORIGIN).post("/leaving/AAAA")
    assert forged.status_code == 410


async def test_when_its_time_has_come_the_account_goes_by_itself_and_the_receipt_is_there(
    house: Installation,
) -> None:
    await house.person("ada")
    left = await (await signed_in(house, "ada")).post("/settings/data/leave")
    address = re.search(r"/leaving/receipt/\w+", left.text)
    assert address
    visitor = house.client(headers={"accept": "text/html"})
    assert "not there yet" in (await visitor.get(address[0])).text
    context = house.context("yourdata")
    now_s = context.clock.now_s
    context.clock = type("Later", (), {"now_s": staticmethod(lambda: now_s() + 15 * 86_400)})()
    await context.service.erasures._run_due()
    receipt = (await visitor.get(address[0])).json()
    assert holds(Receipt(**receipt))
    assert (await house.call("identity.user_list"))["people"] == []


def test_a_receipt_is_verified_offline_by_openssl_and_a_changed_one_is_not(
    tmp_path: Path, program: Callable[[str], str]
) -> None:
    async def make() -> dict[str, str]:
        async with installation(tmp_path / "home") as house:
            await house.person("ada")
            receipt: dict[str, str] = (await house.call("yourdata.erase", {"name": "ada"}))["receipt"]
            return receipt

    receipt = asyncio.run(make())
    words = json.loads(receipt["words"])
    assert words["destroyed"]["identity"]["identity_person"] == 1
    assert words["copies_may_be_in"]
    assert "ada" not in receipt["words"].replace("identity_", "")
    (tmp_path / "r.json").write_text(json.dumps(receipt))
    openssl = program("openssl")
    script = (
        "import json,base64,sys;r=json.load(open(sys.argv[1]));"
        "open('w','w').write(r['words']);open('s','wb').write(base64.b64decode(r['signature']));open('k','w').write(r['key'])"
    )
    verify = [openssl, "pkeyutl", "-verify", "-pubin", "-inkey", "k", "-rawin", "-in", "w", "-sigfile", "s"]
    for change, is_good in ((False, True), (True, False)):
        if change:
            (tmp_path / "r.json").write_text(json.dumps({**receipt, "words": receipt["words"] + " "}))
        subprocess.run([sys.executable, "-c", script, "r.json"], cwd=tmp_path, check=True)
        done = subprocess.run(verify, cwd=tmp_path, capture_output=True, check=False)
        assert (done.returncode == 0) == is_good
    assert not holds(Receipt(**{**receipt, "words": receipt["words"] + " "}))
    assert not holds(Receipt(**receipt), known_key=receipt["key"].replace("M", "N", 1))
