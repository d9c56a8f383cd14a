"""Keys of spaces that are wrapped by another's key: withdrawn, nothing can be read; given back, all can."""

import base64
import hashlib
import hmac
import json
import os
import shutil
from collections.abc import Awaitable, Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from synfonium.apps.drive import jobs
from synfonium.apps.drive.config import DriveConfig
from synfonium.apps.drive.errors import NoSuchWrappingKey, SpaceLocked
from synfonium.apps.drive.http.content import asgi_app as content_app
from synfonium.apps.drive.model import SpaceId
from synfonium.apps.drive.s3.refusals import refused_of
from synfonium.apps.drive.service import DriveService, checking
from synfonium.apps.drive.service.sharing import Terms
from synfonium.apps.drive.tests.conftest import Hand, House
from synfonium.apps.drive.webdav import asgi_app as dav_app
from synfonium.common.problem import Forbidden
from synfonium.kernel.actor import Person
from synfonium.kernel.context import Call
from synfonium.libraries.key_wrapping import Away, Transit, Withdrawn, wrapping_of

TOKEN = "s.a-token-of-the-key-service"
BIG = 300_000
MINUTE_S = 61.0


class KeyService(BaseHTTPRequestHandler):
    """Answers as the transit engine of Vault and OpenBao does for a key of aes256-gcm96 (their API's
    reference); no package of either can be had here. It seals by HMAC alone: what is proved is ours."""

    secret = os.urandom(32)
    is_refusing = False
    version = 1

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.headers["x-vault-token"] != TOKEN or type(self).is_refusing:
            return self._say(403, {"errors": ["permission denied"]})
        _, version, mount, act, key = self.path.split("/")
        if (version, mount, key) != ("v1", "transit", "school"):
            return self._say(404, {"errors": []})
        context = asked["associated_data"].encode()
        if act == "encrypt":
            body = asked["plaintext"].encode()
            sealed = base64.b64encode(self._sum(body, context) + body).decode()
            return self._say(
                200, {"data": {"ciphertext": f"vault:v{self.version}:{sealed}", "key_version": 1}}
            )
        sealed = base64.b64decode(asked["ciphertext"].split(":")[2])
        if not hmac.compare_digest(self._sum(sealed[32:], context), sealed[:32]):
            return self._say(400, {"errors": ["cipher: message authentication failed"]})
        return self._say(200, {"data": {"plaintext": sealed[32:].decode()}})

    def _sum(self, body: bytes, context: bytes) -> bytes:
        return hmac.digest(self.secret, context + b"\0" + body, hashlib.sha256)

    def _say(self, status: int, body: dict[str, Any]) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture
def service(tmp_path: Path) -> Iterator[str]:
    """The address of a key in a key service that runs."""
    KeyService.is_refusing = False
    server = ThreadingHTTPServer(("127.0.0.1", 0), KeyService)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    (tmp_path / "token").write_text(TOKEN + "\n")
    yield f"http://127.0.0.1:{server.server_port}/v1/transit/school?token_file={tmp_path}/token"
    server.shutdown()
    server.server_close()


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "customer.key"
    path.write_text(os.urandom(32).hex())
    return path


@pytest.fixture
def config(key_file: Path, service: str) -> DriveConfig:
    return DriveConfig(keys=(f"customer=file:{key_file}", f"school=transit:{service}"))


async def _silent(text: str, done: float = 0, total: float = 0) -> None:
    return None


async def _command(house: House, act: str, name: str = "", key: str = "", caller: str = "cli") -> Any:
    arguments = {"act": act, "name": name, "key": key}
    return await jobs.keys(house.context, Call(arguments=arguments, caller=caller, progress=_silent))


def _later(house: House) -> None:
    house.clock.time_s += MINUTE_S


async def _refuses(work: Awaitable[object]) -> None:
    with pytest.raises(SpaceLocked):
        await work


async def test_a_withdrawn_key_locks_every_way_to_the_space_and_given_back_opens_them(
    house: House, drive: DriveService, hand: Hand, key_file: Path, random_bytes: Callable[[int], bytes]
) -> None:
    bob = Hand(drive, house.person("bob"))
    small, big = await hand.file("small.txt", b"words"), await hand.file("big.bin", random_bytes(BIG))
    await hand.file("small.txt", b"other words")
    gone = await hand.file("gone.txt")
    await drive.trash.put(hand.actor, [gone])
    theirs = await bob.file("theirs", b"theirs")
    assert await _command(house, "rewrap", "ada", "customer") == {"changed": 1}
    after = await hand.file("after.txt", b"after")
    assert [await hand.read(one) for one in (small, after)] == [b"other words", b"after"]

    kept = key_file.read_text()
    key_file.unlink()
    assert await hand.read(small) == b"other words"  # for a minute at most
    _later(house)
    await _refuses(hand.read(small))
    await _refuses(hand.read(big))
    await _refuses(hand.file("new.txt"))
    await _refuses(drive.tree.listing(hand.actor))
    await _refuses(drive.trash.listing(hand.actor, after=None, limit=10))
    await _refuses(drive.versions.of(hand.actor, small, limit=10))
    await _refuses(drive.previews.of(hand.actor, small, 64))
    await _refuses(drive.uploads.begin(hand.actor, "tus", total_bytes=10, note=b""))
    assert await drive.told.text_of(small) == ""
    assert await bob.read(theirs) == b"theirs"

    key_file.write_text(os.urandom(32).hex())  # another key is none
    _later(house)
    await _refuses(hand.read(small))
    key_file.write_text(kept)
    _later(house)
    assert await hand.read(small) == b"other words"
    assert await hand.read(big)
    assert {"small.txt", "big.bin", "after.txt"} == set(await hand.names())


async def test_whoever_was_let_in_is_locked_out_too_and_keeps_their_own(
    house: House, drive: DriveService, hand: Hand, key_file: Path
) -> None:
    bob = Hand(drive, house.person("bob"))
    mine, shared = await bob.file("mine", b"mine"), await hand.folder("Shared")
    inside = await hand.file("inside", b"x", shared)
    await drive.sharing.make(hand.actor, shared, "bob", Terms())
    drive.room.mounts.forget()
    await _command(house, "rewrap", "ada", "customer")
    assert await bob.read(inside) == b"x"
    key_file.unlink()
    _later(house)
    await _refuses(bob.read(inside))
    assert await bob.read(mine) == b"mine"
    assert "mine" in await bob.names()


async def test_clients_are_told_to_come_again_and_a_download_that_was_promised_is_refused(
    house: House, drive: DriveService, hand: Hand, key_file: Path
) -> None:
    node = await hand.file("a.txt", b"words")
    await _command(house, "rewrap", "ada", "customer")
    token = await drive.links.make(hand.actor, node, is_shown=False)
    key_file.unlink()
    _later(house)
    for app, url in ((dav_app, "/dav/files/ada/a.txt"), (content_app, f"/content/drive/{token}")):
        transport = httpx.ASGITransport(app=app(house.context))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            client.headers["x-test-person"] = "ada"
            answer = await client.get(url)
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
            assert "locked by its key" in answer.text
            assert b"words" not in answer.content
    said = refused_of(SpaceLocked())
    assert (said.code, said.status) == ("ServiceUnavailable", 503)


async def test_an_operator_locks_a_space_at_once_and_opens_it_again(
    house: House, drive: DriveService, hand: Hand
) -> None:
    node = await hand.file("a.txt", b"words")
    await _command(house, "lock", "ada")
    await _refuses(hand.read(node))
    await _command(house, "rewrap", "ada", "customer")
    await _refuses(hand.read(node))
    (state,) = (await _command(house, "state"))["keys"]
    assert state == {"key": "customer", "spaces": 1, "locked": 1, "answers": True}
    await _command(house, "unlock", "ada")
    assert await hand.read(node) == b"words"
    with pytest.raises(Forbidden):
        await _command(house, "unlock", "ada", caller="pc")


async def test_wrapping_by_another_key_writes_no_content_anew(
    house: House, drive: DriveService, hand: Hand, service: str, random_bytes: Callable[[int], bytes]
) -> None:
    content = random_bytes(BIG)
    node = await hand.file("a.bin", content)
    before = await drive.files.content(hand.actor, node)
    for key in ("customer", "school", ""):
        await _command(house, "rewrap", "", key)
        _later(house)
        assert await hand.read(node) == content
        assert (await drive.files.content(hand.actor, node)).blob == before.blob
    with pytest.raises(NoSuchWrappingKey):
        await _command(house, "rewrap", "ada", "nobody")
    await _command(house, "rewrap", "ada", "school")
    KeyService.is_refusing = True
    _later(house)
    await _refuses(hand.read(node))
    KeyService.is_refusing = False
    _later(house)
    assert await hand.read(node) == content


async def test_words_of_a_space_under_anothers_key_never_reach_the_search(
    house: House, drive: DriveService, hand: Hand
) -> None:
    node = await hand.file("a.txt", b"words")
    assert [one.has_text for one in await drive.told.text_sources([node])] == [True]
    await _command(house, "rewrap", "ada", "customer")
    assert [one.has_text for one in await drive.told.text_sources([node])] == [False]
    assert await drive.told.text_of(node) == ""


async def test_a_backup_without_the_customers_key_is_unreadable_and_with_it_readable(
    house: House, drive: DriveService, hand: Hand, config: DriveConfig, key_file: Path, tmp_path: Path
) -> None:
    node = await hand.file("a.txt", b"words")
    await _command(house, "rewrap", "ada", "customer")
    key, backup = key_file.read_text(), tmp_path / "backup"
    shutil.copytree(house.context.home, backup, ignore=shutil.ignore_patterns("backup", "token"))
    key_file.unlink()
    (backup / "customer.key").unlink(missing_ok=True)
    if not [*backup.glob("drive.sqlite*")]:
        return  # elsewhere the rows are in no folder that could be copied
    restored = House(backup, config)
    restored.people["ada"] = hand.actor
    there = DriveService(restored.context)
    assert b"words" not in b"".join(p.read_bytes() for p in backup.rglob("*") if p.is_file())
    await _refuses(Hand(there, hand.actor).read(node))
    key_file.write_text(key)
    restored.clock.time_s += MINUTE_S
    assert await Hand(there, hand.actor).read(node) == b"words"
    restored.context.database.close()


async def test_the_doctor_says_which_key_does_not_answer(
    house: House, drive: DriveService, hand: Hand, key_file: Path
) -> None:
    await hand.file("a.txt")
    await _command(house, "rewrap", "ada", "customer")
    found = {one.check: one.state for one in await checking.check(house.context)}
    assert found["drive.keys"] == "good"
    key_file.unlink()
    found = {one.check: one.state for one in await checking.check(house.context)}
    assert found["drive.keys"] == "bad"


async def test_new_spaces_are_wrapped_by_the_key_that_is_set_for_them(
    tmp_path: Path, tables: Path, key_file: Path
) -> None:
    home = tmp_path / "new"
    home.mkdir()
    for part in tables.glob("drive.sqlite*"):
        shutil.copy(part, home)
    house = House(home, DriveConfig(keys=(f"customer=file:{key_file}",), space_key="customer"))
    drive = DriveService(house.context)
    hand = Hand(drive, house.person("ada"))
    node = await hand.file("a.txt", b"words")
    assert drive.room.keys.is_foreign(await drive.room.space_of(hand.actor.id))
    key_file.unlink()
    house.clock.time_s += MINUTE_S
    await _refuses(hand.read(node))
    house.context.database.close()


async def test_a_space_key_is_wrapped_for_its_space_alone(
    house: House, drive: DriveService, ada: Person
) -> None:
    keys, space = drive.room.keys, await drive.room.space_of(ada.id)
    other = replace(space, id=SpaceId("another"))
    assert (await drive.room.key(space)).secret.hex() not in repr(await drive.room.key(space))
    assert await keys.fresh(space.id) != await keys.fresh(space.id)
    with pytest.raises(ValueError, match="not sealed"):
        keys.envelope_of(other)
    for key in ("customer", "school"):
        wrapped = keys.envelope_of(replace(space, sealed_key=await keys.rewrapped(space, key)))
        moved = replace(other, sealed_key=keys.seal(other.id, wrapped))
        await _refuses(keys.open(moved))
        keys.forget(None)


async def test_a_key_service_that_refuses_is_told_from_one_that_is_away(service: str, tmp_path: Path) -> None:
    key = wrapping_of(f"transit:{service}")
    wrapped = await key.wrap(b"secret", purpose="space/a")
    assert wrapped.startswith(b"vault:v1:")
    assert await key.unwrap(wrapped, purpose="space/a") == b"secret"
    with pytest.raises(Withdrawn):
        await key.unwrap(wrapped, purpose="space/b")
    (tmp_path / "token").write_text("another")
    with pytest.raises(Withdrawn):
        await key.unwrap(wrapped, purpose="space/a")
    with pytest.raises(Away):
        await Transit("http://127.0.0.1:9/v1/transit", "school", tmp_path / "token").wrap(b"x", purpose="a")
    for bad in ("file:relative", "transit:http://host/v1/transit/k", "nothing:x", ""):
        with pytest.raises(ValueError, match="no address"):
            wrapping_of(bad)
