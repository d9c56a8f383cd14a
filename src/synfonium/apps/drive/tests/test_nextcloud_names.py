"""Hostile names and paths at every door that takes a file: one answer, and nothing escapes."""

import hashlib
import itertools
import json
import unicodedata
from collections.abc import AsyncIterator, Iterator
from urllib.parse import quote

import pytest

from synfonium.apps.drive.model.names import IllegalName, legal_name
from synfonium.apps.drive.tests.conftest import Hand, House
from synfonium.apps.drive.tests.nextcloud import FILES, UPLOADS, Client, client_of
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


@pytest.fixture
async def client(house: House, ada: Person) -> AsyncIterator[Client]:
    async with client_of(house) as client:
        yield client


async def by_put(client: Client, name: str) -> bool:
    """The name in one segment, with every byte that may mean something written as %xx."""
    path = f"{FILES}/put/{quote(name, safe='')}"
    return (await client("PUT", path, b"x")).status_code in (201, 204)


async def by_bulk(client: Client, name: str) -> bool:
    md5 = hashlib.md5(b"x").hexdigest()
    lines = f"X-File-Path: /bulk/{name}\r\nX-File-MD5: {md5}\r\nContent-Length: 1\r\n"
    body = f"--b\r\n{lines}\r\nx\r\n--b--\r\n".encode()
    kind = "multipart/related; boundary=b"
    answer = await client("POST", "/remote.php/dav/bulk", body, content_type=kind)
    return answer.status_code == 200 and not any(one["error"] for one in json.loads(answer.text).values())


async def by_chunks(client: Client, name: str) -> bool:
    await client("MKCOL", f"{UPLOADS}/t")
    await client("PUT", f"{UPLOADS}/t/00001", b"x")
    to = f"{FILES}/chunks/{quote(name, safe='')}"
    status = (await client("MOVE", f"{UPLOADS}/t/.file", destination=to)).status_code
    await client("DELETE", f"{UPLOADS}/t")
    return status in (201, 204)


DOORS = {"put": by_put, "bulk": by_bulk, "chunks": by_chunks}


async def judge(client: Client, hand: Hand, names: list[str]) -> None:
    folders = {door: await hand.folder(door) for door in DOORS}
    top = sorted(DOORS)
    for name in names:
        legal = is_legal(name)
        for door, send in DOORS.items():
            if door == "bulk" and "\r\n" in name:  # a header is one line
                continue
            assert await send(client, name) == legal, (door, name)
    assert sorted(await hand.names()) == top, "something escaped"
    for door, folder in folders.items():
        kept = set(await all_names(hand, folder))
        for name in names:
            if is_legal(name):
                spelled = any(hand_name in kept for hand_name in spellings(name))
                assert spelled, (door, name)


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
    await judge(client, hand, names)
