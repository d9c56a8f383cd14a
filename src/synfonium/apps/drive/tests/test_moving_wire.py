"""Servers that lie, to a move that asks them: other places, listings without end, loops, drips."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from synfonium.apps.drive.config import DriveConfig
from synfonium.apps.drive.errors import SourceUnusable
from synfonium.apps.drive.model.move_in import MoveIn
from synfonium.apps.drive.moving import port, webdav, wire
from synfonium.apps.drive.moving.movers import Movers
from synfonium.apps.drive.moving.port import Patience
from synfonium.apps.drive.moving.wanted import Wanted
from synfonium.apps.drive.service import DriveService
from synfonium.apps.drive.tests.conftest import Hand
from synfonium.apps.drive.tests.test_moving_in import run, tree_of
from synfonium.testing.ports import free_ports

Reader, Writer = asyncio.StreamReader, asyncio.StreamWriter
Answering = Callable[[str, str, dict[str, str], Writer], Awaitable[None]]
"""Of a request's method, target and headers."""
MULTI = "HTTP/1.1 207 Multi-Status\r\nconnection: close\r\n\r\n"


@pytest.fixture
def config() -> DriveConfig:
    return DriveConfig(local_sources=True)


@pytest.fixture
def movers(drive: DriveService) -> Movers:
    return Movers(drive, Patience((0.0, 0.0)))


@asynccontextmanager
async def liar(answer: Answering) -> AsyncIterator[str]:
    """Its address."""

    async def serve(reader: Reader, writer: Writer) -> None:
        try:
            lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            method, target, _ = lines[0].split(" ")
            pairs = (line.partition(": ") for line in lines[1:] if line)
            headers = {name.lower(): value for name, _, value in pairs}
            await reader.readexactly(int(headers.get("content-length", "0")))
            await answer(method, target, headers, writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    number = free_ports()[0]
    server = await asyncio.start_server(serve, "127.0.0.1", number)
    async with server:
        yield f"http://127.0.0.1:{number}"


def told(href: str, *, size: int | None = None) -> str:
    kind = "<d:resourcetype><d:collection/></d:resourcetype>" if size is None else "<d:resourcetype/>"
    length = "" if size is None else f"<d:getcontentlength>{size}</d:getcontentlength>"
    return (
        f"<d:response><d:href>{href}</d:href><d:propstat><d:prop>{kind}{length}</d:prop>"
        "<d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>"
    )


def listing(*hrefs: str) -> str:
    return f'{MULTI}<?xml version="1.0"?><d:multistatus xmlns:d="DAV:">{"".join(hrefs)}</d:multistatus>'


def body(content: bytes, *, status: str = "200 OK", length: int | None = None, more: str = "") -> bytes:
    size = len(content) if length is None else length
    head = f"HTTP/1.1 {status}\r\ncontent-length: {size}\r\nconnection: close\r\n{more}\r\n"
    return head.encode() + content


async def moved(movers: Movers, hand: Hand, url: str) -> MoveIn:
    wanted = Wanted(kind="webdav", into="Elsewhere", url=f"{url}/dav/", name="ada", secret="quince")
    return await run(movers, hand.actor, await movers.begin(hand.actor, wanted))


def folder_of(*members: str) -> Answering:
    """One folder of these; each file holds `ok`."""

    async def answer(method: str, target: str, _headers: dict[str, str], writer: Writer) -> None:
        found = listing(told("/dav/"), *members) if target == "/dav/" else listing(told(target))
        writer.write(found.encode() if method == "PROPFIND" else body(b"ok"))

    return answer


async def test_what_lies_elsewhere_is_never_asked_for(movers: Movers, hand: Hand) -> None:
    lies = [
        "/dav/../secret.txt",
        "/dav/%2e%2e/secret.txt",
        "/dav/%2e%2e%2fsecret.txt",
        "/dav/..",
        "/dav/a/b.txt",
        "/other/c.txt",
        "//evil.example/dav/d.txt",
        "http://evil.example/dav/e.txt",
        "https://127.0.0.1/dav/f.txt",
        "file:///dav/g.txt",
        "",
    ]
    asked: list[str] = []
    inner = folder_of(*(told(href, size=2) for href in [*lies, "/dav/ok.txt"]))

    async def answer(method: str, target: str, headers: dict[str, str], writer: Writer) -> None:
        asked.append(target)
        await inner(method, target, headers, writer)

    async with liar(answer) as url:
        job = await moved(movers, hand, url)
    assert await tree_of(hand, job.target) == {"ok.txt": b"ok"}
    assert set(asked) == {"/dav/", "/dav/ok.txt"}
    # Nor is it a file that could not come.
    assert job.not_taken == 0


async def test_the_password_goes_to_no_other_place(movers: Movers, hand: Hand) -> None:
    heard: list[dict[str, str]] = []

    async def other(_method: str, _target: str, headers: dict[str, str], writer: Writer) -> None:
        heard.append(headers)
        writer.write(body(b""))

    async with liar(other) as elsewhere:

        async def answer(_method: str, target: str, _headers: dict[str, str], writer: Writer) -> None:
            writer.write(body(b"", status="302 Found", more=f"location: {elsewhere}{target}\r\n"))

        async with liar(answer) as url:
            with pytest.raises(SourceUnusable) as refused:
                await moved(movers, hand, url)
    assert "another place" in str(refused.value.values)
    assert heard == []


async def test_a_redirect_within_the_place_is_followed_and_a_loop_is_not(movers: Movers, hand: Hand) -> None:
    async def answer(_method: str, _target: str, _headers: dict[str, str], writer: Writer) -> None:
        writer.write(body(b"", status="301 Moved", more="location: /dav/\r\n"))

    async with liar(answer) as url:
        with pytest.raises(SourceUnusable):
            await moved(movers, hand, url)


async def test_folders_that_lead_back_end(movers: Movers, hand: Hand) -> None:
    async def answer(_method: str, target: str, _headers: dict[str, str], writer: Writer) -> None:
        writer.write(listing(told(target), told(f"{target}again/")).encode())

    async with liar(answer) as url:
        job = await moved(movers, hand, url)
    assert job.state == "done"
    assert [one.why for one in await movers.not_taken(job)] == ["deep"]


async def test_a_listing_without_end_ends(
    movers: Movers, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webdav, "MOST_IN_FOLDER", 5_000)

    async def answer(_method: str, target: str, _headers: dict[str, str], writer: Writer) -> None:
        if target == "/dav/":
            writer.write(listing(told("/dav/"), told("/dav/endless/")).encode())
            return
        writer.write(f'{MULTI}<d:multistatus xmlns:d="DAV:">'.encode())
        for number in range(1_000_000):
            writer.write(told(f"{target}{number}.txt", size=2).encode())
            await writer.drain()

    async with liar(answer) as url:
        job = await moved(movers, hand, url)
    assert [one.why for one in await movers.not_taken(job)] == ["many"]


@pytest.mark.parametrize(
    "xml",
    [
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><d:multistatus xmlns:d="DAV:">&b;',
        '<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>',
        '<d:multistatus xmlns:d="DAV:"><d:response><d:href>' + "a" * 200_000,
        '<d:multistatus xmlns:d="DAV:">' + "<a>" * 500,
        '<d:multistatus xmlns:d="DAV:"><d:response></d:multistatus>',
        '<d:multistatus xmlns:d="DAV:"><!--' + "a" * 5_000_000,
        "not XML",
        "",
    ],
)
async def test_xml_that_is_none_or_too_much_is_refused(movers: Movers, hand: Hand, xml: str) -> None:
    async def answer(_method: str, _target: str, _headers: dict[str, str], writer: Writer) -> None:
        writer.write(f"{MULTI}{xml}".encode())

    async with liar(answer) as url:
        with pytest.raises(SourceUnusable) as refused:
            await moved(movers, hand, url)
    assert "cannot be understood" in str(refused.value.values)


@pytest.mark.parametrize("given", [0, 1, 5, 5_000_000])
async def test_a_file_of_another_size_than_announced_is_not_taken(
    movers: Movers, hand: Hand, given: int
) -> None:
    members = (told("/dav/"), told("/dav/lie.bin", size=3), told("/dav/ok.txt", size=2))

    async def answer(method: str, target: str, _headers: dict[str, str], writer: Writer) -> None:
        content = b"ok" if target.endswith("ok.txt") else bytes(given)
        writer.write(listing(*members).encode() if method == "PROPFIND" else body(content))

    async with liar(answer) as url:
        job = await moved(movers, hand, url)
    assert await tree_of(hand, job.target) == {"ok.txt": b"ok"}
    assert {one.place: one.why for one in await movers.not_taken(job)} == {"lie.bin": "size"}


@pytest.mark.parametrize("knows_ranges", [True, False])
async def test_a_file_whose_connection_is_cut_goes_on_where_it_was(
    movers: Movers, hand: Hand, knows_ranges: bool
) -> None:
    content = bytes(range(256)) * 4_000
    asked: list[str] = []

    async def answer(method: str, _target: str, headers: dict[str, str], writer: Writer) -> None:
        if method == "PROPFIND":
            writer.write(listing(told("/dav/"), told("/dav/a.bin", size=len(content))).encode())
            return
        asked.append(headers.get("range", ""))
        start = int(headers["range"][6:-1]) if knows_ranges and "range" in headers else 0
        more = f"content-range: bytes {start}-{len(content) - 1}/{len(content)}\r\n" if start else ""
        status = "206 Partial Content" if start else "200 OK"
        # At most a part of it each time, unless it is the last try.
        part = content[start:] if len(asked) > 2 else content[start : start + 300_000]
        writer.write(body(part, status=status, length=len(content) - start, more=more))

    async with liar(answer) as url:
        job = await moved(movers, hand, url)
    assert await tree_of(hand, job.target) == {"a.bin": content}
    assert len(asked) == 3
    assert asked[1] == "bytes=300000-"


async def test_a_file_that_changes_while_it_comes_is_never_put_together_of_both(
    movers: Movers, hand: Hand
) -> None:
    """The rest is asked for by the etag that was listed."""
    asked: list[str] = []

    async def answer(method: str, _target: str, headers: dict[str, str], writer: Writer) -> None:
        if method == "PROPFIND":
            there = told("/dav/a.bin", size=500_000)
            etag = '<d:resourcetype/><d:getetag>"one"</d:getetag>'
            writer.write(listing(told("/dav/"), there.replace("<d:resourcetype/>", etag)).encode())
            return
        asked.append(headers.get("if-match", ""))
        if len(asked) == 1:
            writer.write(body(b"old" * 50_000, length=500_000))
        elif headers.get("if-match", '"two"') == '"two"':
            more = "content-range: bytes 150000-499999/500000\r\n"
            writer.write(body(b"n" * 350_000, status="206 Partial Content", more=more))
        else:
            writer.write(body(b"", status="412 Precondition Failed"))

    async with liar(answer) as url:
        job = await moved(movers, hand, url)
    assert asked == ["", '"one"']
    assert (job.state, job.done, job.not_taken) == ("done", 0, 1)
    assert [one.why for one in await movers.not_taken(job)] == ["changed"]
    assert await tree_of(hand, job.target) == {}


async def test_a_drip_is_not_waited_for(movers: Movers, hand: Hand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "_SLOW_AFTER_S", 0.2)

    async def answer(method: str, _target: str, _headers: dict[str, str], writer: Writer) -> None:
        if method == "PROPFIND":
            writer.write(listing(told("/dav/"), told("/dav/a.bin", size=10_000)).encode())
            return
        writer.write(body(b"", length=10_000))
        for _ in range(10_000):
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.01)

    async with liar(answer) as url:
        job = await moved(movers, hand, url)
    assert (job.state, job.why) == ("paused", "slow")


async def test_a_file_without_an_announced_size_has_a_limit(
    movers: Movers, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(port, "MOST_UNANNOUNCED_BYTES", 1_000_000)

    async def answer(method: str, _target: str, _headers: dict[str, str], writer: Writer) -> None:
        if method == "PROPFIND":
            bare = "<d:response><d:href>/dav/a.bin</d:href></d:response>"
            writer.write(listing(told("/dav/"), bare).encode())
            return
        writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")
        for _ in range(100):
            writer.write(bytes(100_000))
            await writer.drain()

    async with liar(answer) as url:
        job = await moved(movers, hand, url)
    assert [one.why for one in await movers.not_taken(job)] == ["size"]


async def test_a_file_that_is_packed_on_the_way_is_refused(movers: Movers, hand: Hand) -> None:
    async def answer(method: str, _target: str, _headers: dict[str, str], writer: Writer) -> None:
        members = (told("/dav/"), told("/dav/a.bin", size=2))
        packed = body(b"xx", more="content-encoding: gzip\r\n")
        writer.write(listing(*members).encode() if method == "PROPFIND" else packed)

    async with liar(answer) as url:
        job = await moved(movers, hand, url)
    assert (job.state, job.why) == ("paused", "broken")
