"""Hostile names and paths at every door that takes a file: one answer, and nothing escapes."""

import asyncio
import base64
import hashlib
import itertools
import json
import os
import time
import unicodedata
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any
from urllib.parse import quote

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from synfonium.apps.drive.http.upload import asgi_app as upload_app
from synfonium.apps.drive.model import NodeId
from synfonium.apps.drive.model.names import IllegalName, legal_name
from synfonium.apps.drive.nextcloud import ocs_app, remote_app
from synfonium.apps.drive.s3 import asgi_app as s3_app
from synfonium.apps.drive.service.s3_keys import NewKey
from synfonium.apps.drive.tests.conftest import Hand, House
from synfonium.apps.drive.tests.nextcloud import FILES, UPLOADS
from synfonium.apps.drive.tus import asgi_app as tus_app
from synfonium.apps.drive.webdav import asgi_app as webdav_app
from synfonium.kernel.actor import Person

BASES = ("a", "é", "e\u0301", "日本", "👩‍👩‍👧", "con", "aux.txt", "LPT1", ".htaccess", "a b", "x" * 120)
ODD = (
    "",
    "/",
    "\\",
    "\0",
    "..",
    ".",
    "%2e%2e",
    "%2f",
    "%00",
    "\n",
    "\r",
    "\t",
    "\x7f",
    "\u0085",
    "\u202e",
    "\u200b",
    "\ufeff",
    "\ufffe",
    "\uffff",
    "\u2028",
    ":",
    "*",
    "?",
    '"',
    "<",
    ">",
    "|",
    "&",
    ";",
    "'",
    "`",
    "$(x)",
    "~",
    " ",
    "#",
    "+",
    "=",
    "x" * 136,
)


def corpus() -> Iterator[str]:
    """Names that each break somebody's software: an odd one in front, behind, between and twice."""
    seen = set[str]()
    for base, odd in itertools.product(BASES, ODD):
        for name in (
            odd + base,
            base + odd,
            base + odd + base,
            odd + base + odd,
            odd,
            odd + odd,
            f"{odd}.txt",
        ):
            if name not in seen:
                seen.add(name)
                yield name
    for one, two in itertools.product(ODD, ODD):
        for name in (f"{one}a{two}", f"a{one}{two}b", f"{one}{two}.x"):
            if name not in seen:
                seen.add(name)
                yield name


def is_legal(name: str) -> bool:
    try:
        legal_name(name)
    except IllegalName:
        return False
    return True


Answer = tuple[int, bytes]
AT_ONCE = 16
IN_BULK = 100


class Client:
    """Ada at all doors, without a network between."""

    def __init__(self, house: House, key: NewKey) -> None:
        context = house.context
        self._doors = {
            "remote.php": remote_app(context),
            "ocs": ocs_app(context),
            "dav": webdav_app(context),
            "s3": s3_app(context),
            "drive/tus": tus_app(context),
            "drive/upload": upload_app(context),
        }
        self._signer = S3SigV4Auth(Credentials(key.key.id, key.secret), "s3", "us-east-1")
        self.folders: dict[str, NodeId] = {}

    async def __call__(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        given = {"host": "localhost", "x-test-person": "ada", "content-length": str(len(body))}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        return await self._send(method, path, body, given)

    async def signed(self, method: str, path: str, body: bytes) -> Answer:
        request = AWSRequest(method=method, url=f"http://localhost{path}", data=body)
        self._signer.add_auth(request)
        given = {name.lower(): value for name, value in request.headers.items()}
        return await self._send(method, path, body, {"host": "localhost", **given})

    async def _send(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        events = [{"type": "http.request", "body": body, "more_body": False}]
        said: list[Any] = []

        async def receive() -> Any:
            return events.pop(0) if events else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            said.append(message)

        plain, _, query = path.partition("?")
        scope = {
            "type": "http",
            "http_version": "1.1",
            "scheme": "http",
            "method": method,
            "path": plain,
            "raw_path": plain.encode(),
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode("utf-8")) for name, value in headers.items()],
        }
        door = next(app for prefix, app in self._doors.items() if path.startswith(f"/{prefix}"))
        await door(scope, receive, send)
        return said[0]["status"], b"".join(message.get("body", b"") for message in said)


@pytest.fixture
async def client(house: House, hand: Hand, ada: Person) -> Client:
    house.clock.time_s = time.time()
    key = await hand.drive.s3_keys.make(ada, "laptop", may_write=True, days=30)
    return Client(house, key)


def segment(name: str) -> str:
    """The name in one segment, with every byte that may mean something written as %xx."""
    return quote(name, safe="")


async def by_put(client: Client, name: str) -> bool:
    return (await client("PUT", f"{FILES}/put/{segment(name)}", b"x"))[0] in (201, 204)


async def by_webdav(client: Client, name: str) -> bool:
    return (await client("PUT", f"/dav/files/ada/webdav/{segment(name)}", b"x"))[0] in (201, 204)


async def by_mkcol(client: Client, name: str) -> bool:
    """A twin of a name that was made already is there, as the folder itself is: 405."""
    status, _ = await client("MKCOL", f"/dav/files/ada/mkcol/{segment(name)}")
    return status == 201 or (status == 405 and name != "")


async def by_move(client: Client, name: str) -> bool:
    """A file that is there, to the name, and back."""
    here, there = "/dav/files/ada/moved", f"/dav/files/ada/move/{segment(name)}"
    source = f"{here}/{hashlib.md5(name.encode()).hexdigest()}"
    assert (await client("PUT", source, b"x"))[0] in (201, 204)
    status, _ = await client("MOVE", source, destination=f"http://localhost{there}")
    return status in (201, 204)


async def by_copy(client: Client, name: str) -> bool:
    there = f"http://localhost/dav/files/ada/copy/{segment(name)}"
    return (await client("COPY", "/dav/files/ada/original", destination=there))[0] in (201, 204)


async def by_chunks(client: Client, name: str) -> bool:
    transfer = f"{UPLOADS}/{hashlib.md5(name.encode()).hexdigest()}"
    assert (await client("MKCOL", transfer))[0] == 201
    assert (await client("PUT", f"{transfer}/00001", b"x"))[0] == 201
    to = f"{FILES}/chunks/{segment(name)}"
    status, _ = await client("MOVE", f"{transfer}/.file", destination=to)
    if status not in (201, 204):
        assert (await client("DELETE", transfer))[0] == 204
    return status in (201, 204)


async def by_tus(client: Client, name: str) -> bool:
    words = {"filename": name, "folder": client.folders["tus"]}
    said = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in words.items())
    kind = "application/offset+octet-stream"
    given = {"tus_resumable": "1.0.0", "upload_length": "1", "upload_metadata": said, "content_type": kind}
    return (await client("POST", "/drive/tus", b"x", **given))[0] == 201


async def by_form(client: Client, name: str) -> bool:
    lines = f'Content-Disposition: form-data; name="file"; filename="{name}"\r\n'
    body = f"--b\r\n{lines}\r\nx\r\n--b--\r\n".encode()
    kind = "multipart/form-data; boundary=b"
    return (await client("POST", f"/drive/upload/{client.folders['form']}", body, content_type=kind))[
        0
    ] == 200


async def by_s3(client: Client, name: str) -> bool:
    return (await client.signed("PUT", f"/s3/drive/s3/{segment(name)}", b"x"))[0] == 200


async def by_ocs(client: Client, name: str) -> bool:
    """Whether shares of what was put there can be asked for."""
    path = quote(f"/put/{name}", safe="")
    status, _ = await client(
        "GET", f"/ocs/v2.php/apps/files_sharing/api/v1/shares?format=json&path={path}", ocs_apirequest="true"
    )
    assert status in (200, 404), status
    return status == 200


# At each: what it can be told at all. A key of S3 is a path, and a browser may send one; a header is a
# line, and a form writes three characters otherwise.
DOORS: dict[str, tuple[Callable[[Client, str], Awaitable[bool]], str]] = {
    "put": (by_put, ""),
    "webdav": (by_webdav, ""),
    "mkcol": (by_mkcol, ""),
    "move": (by_move, ""),
    "copy": (by_copy, ""),
    "chunks": (by_chunks, ""),
    "tus": (by_tus, ""),
    "form": (by_form, '/\\\r\n"%'),
    "s3": (by_s3, "/"),
}
# To them the address of a folder, without a name below, is what shall be replaced.
REPLACING = {"move", "copy"}
# They give a number to what is there already.
NUMBERING = {"form", "tus"}
# Each of their names costs several commits: 5 000 take minutes.
COSTLY = {"move", "copy", "chunks", "tus"}
EVERY = "SYNFONIUM_EVERY_NAME_AT_EVERY_DOOR"
BESIDE = {"bulk", "moved", "original"}


async def in_bulk(client: Client, names: Sequence[str]) -> dict[str, bool]:
    """Of several names in one request."""
    md5 = hashlib.md5(b"x").hexdigest()
    parts = [
        f"--b\r\nX-File-Path: /bulk/{name}\r\nX-File-MD5: {md5}\r\nContent-Length: 1\r\n\r\nx\r\n"
        for name in names
    ]
    kind = "multipart/related; boundary=b"
    status, told = await client(
        "POST", "/remote.php/dav/bulk", "".join([*parts, "--b--\r\n"]).encode(), content_type=kind
    )
    said = json.loads(told) if status == 200 else {}
    return {name: not said.get(f"/bulk/{name}", {"error": True})["error"] for name in names}


def is_told_alone(name: str) -> bool:
    """What may end a header, and with it the request."""
    return any(not character.isprintable() for character in name) or name != name.strip()


async def judge(client: Client, hand: Hand, names: list[str], *, of_costly: int = 1) -> None:
    """of_costly: of how many names one goes to the doors where each costs more."""
    for place in (*DOORS, "bulk", "moved"):
        client.folders[place] = await hand.folder(place)
    await hand.file("original")
    legal = {name: is_legal(name) for name in names}
    for door, (send, untold) in DOORS.items():
        told = [name for name in names if not set(untold) & set(name) and (name or door not in REPLACING)]
        told = told[:: of_costly if door in COSTLY else 1]
        answers = await many(lambda name, send=send: send(client, name), told)  # type: ignore[misc]
        assert {name: answers[name] for name in told} == {name: legal[name] for name in told}, door
        await hold(client, hand, door, [name for name in told if legal[name]])
    bulk = [name for name in names if "\r\n" not in name]
    alone = [name for name in bulk if is_told_alone(name)]
    together = [name for name in bulk if not is_told_alone(name)]
    batches = [[name] for name in alone]
    batches += [together[at : at + IN_BULK] for at in range(0, len(together), IN_BULK)]
    for batch in batches:
        assert await in_bulk(client, batch) == {name: legal[name] for name in batch}, "bulk"
    await hold(client, hand, "bulk", [name for name in bulk if legal[name]])
    asked = [name for name in names if name and "/" not in name]  # of a path it takes the one named by it
    assert await many(lambda name: by_ocs(client, name), asked) == {name: legal[name] for name in asked}
    assert set(await hand.names()) == {*DOORS, *BESIDE}, "something escaped"


async def many(ask: Callable[[str], Awaitable[bool]], names: Sequence[str]) -> dict[str, bool]:
    """Several at once: they share commits, as those of one client do."""
    found: dict[str, bool] = {}
    for at in range(0, len(names), AT_ONCE):
        some = names[at : at + AT_ONCE]
        found |= zip(some, await asyncio.gather(*map(ask, some)), strict=True)
    return found


async def hold(client: Client, hand: Hand, door: str, names: Sequence[str]) -> None:
    """Every legal name is there as it was sent, and nothing else."""
    kept = set(await all_names(hand, client.folders[door]))
    sent = {unicodedata.normalize("NFC", name) for name in names}
    if door not in NUMBERING:
        assert {unicodedata.normalize("NFC", name) for name in kept} == sent, door
    for name in names:
        assert spellings(name) & kept, (door, name)


def spellings(name: str) -> set[str]:
    """A name that came first in another normal form keeps that."""
    return {name, unicodedata.normalize("NFC", name), unicodedata.normalize("NFD", name)}


async def all_names(hand: Hand, folder: object) -> list[str]:
    found: list[str] = []
    after = None
    while True:
        listing = await hand.drive.tree.listing(hand.actor, folder, after=after, limit=500)  # type: ignore[arg-type]
        found += [entry.name for entry in listing.entries]
        if not listing.has_more:
            return found
        after = listing.entries[-1].id


async def test_a_name_gets_the_same_answer_at_every_door(client: Client, hand: Hand) -> None:
    names = list(corpus())
    await judge(client, hand, names[:: len(names) // 250])


@pytest.mark.full
@pytest.mark.timeout(1500)
async def test_five_thousand_names_get_the_same_answer_at_every_door(client: Client, hand: Hand) -> None:
    names = list(corpus())
    assert len(names) >= 5_000
    await judge(client, hand, names, of_costly=1 if os.environ.get(EVERY) else 16)
