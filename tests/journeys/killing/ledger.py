"""Clients that write without a pause, and remember what was acknowledged and what was under way."""

import base64
import hashlib
import http.client
import json
import os
import random
import re
import threading
from collections.abc import Iterator, Sequence
from urllib.parse import unquote

NAMES = 8
BULK_FILES = 5
SIZES = (0, 10, 5_000, 5_000, 40_000, 200_000, 1_500_000)
CHUNK_BYTES = 120_000
Digest = str | None
Change = dict[str, Digest]
"""Names and what each is afterwards, None for gone: all of it or nothing."""


class Gone(Exception):
    """The server does not answer any more."""


class Writer:
    """One client with a folder of its own. Of its requests at most one is under way."""

    def __init__(self, port: int, auth: tuple[str, str], number: int) -> None:
        self._port, self.folder = port, f"k{number}"
        self._auth = "Basic " + base64.b64encode(":".join(auth).encode()).decode()
        self._files = f"/remote.php/dav/files/{auth[0]}/{self.folder}"
        self._uploads = f"/remote.php/dav/uploads/{auth[0]}"
        self._chance = random.Random(number)
        self._connection: http.client.HTTPConnection | None = None
        self._transfers = 0
        self._fault: BaseException | None = None
        self.names = [f"n{index}" for index in range(NAMES)]
        self.acknowledged: Change = dict.fromkeys(self.names)
        self.under_way: list[Change] = []
        self.counts = dict.fromkeys(("put", "bulk", "chunks", "move", "delete"), 0)

    def ask(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        """Raises Gone when no whole answer comes."""
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection("localhost", self._port, timeout=60)
            sent = {"Authorization": self._auth, **(headers or {})}
            self._connection.request(method, path, body or None, sent)
            answer = self._connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection = None
            raise Gone from error

    def make_folder(self) -> None:
        assert self.ask("MKCOL", self._files)[0] == 201

    def write_until(self, stopping: threading.Event) -> None:
        try:
            while not stopping.is_set():
                self._act()
        except Gone:
            return
        except BaseException as fault:
            self._fault = fault

    def write_many(self, acts: int) -> None:
        try:
            for _ in range(acts):
                self._act()
        except BaseException as fault:
            self._fault = fault

    def _act(self) -> None:
        put, move = self._put, self._move
        self._chance.choice((put, put, put, self._bulk, self._chunks, move, move, self._delete))()

    def _begin(self, *changes: Change) -> None:
        self.under_way = list(changes)

    def _end(self, what: str) -> None:
        for change in self.under_way:
            self.acknowledged |= change
        self.under_way = []
        self.counts[what] += 1

    def _content(self) -> tuple[bytes, str]:
        content = os.urandom(self._chance.choice(SIZES))
        return content, hashlib.sha256(content).hexdigest()

    def _put(self) -> None:
        name, (content, digest) = self._chance.choice(self.names), self._content()
        self._begin({name: digest})
        status, told = self.ask("PUT", f"{self._files}/{name}", content)
        assert status in (201, 204), told
        self._end("put")

    def _bulk(self) -> None:
        body, changes = b"", list[Change]()
        for name in self._chance.sample(self.names, BULK_FILES):
            content, digest = self._content()
            changes.append({name: digest})
            lines = (
                f"X-File-Path: /{self.folder}/{name}\r\nX-File-MD5: {hashlib.md5(content).hexdigest()}\r\n"
                f"Content-Length: {len(content)}\r\n"
            )
            body += f"--b\r\n{lines}\r\n".encode() + content + b"\r\n"
        self._begin(*changes)
        kind = {"Content-Type": "multipart/related; boundary=b"}
        status, told = self.ask("POST", "/remote.php/dav/bulk", body + b"--b--\r\n", kind)
        assert status == 200, told
        assert not any(one["error"] for one in json.loads(told).values()), told
        self._end("bulk")

    def _chunks(self) -> None:
        self._transfers += 1
        place = f"{self._uploads}/{self.folder}-{self._transfers}"
        name, parts = self._chance.choice(self.names), [os.urandom(CHUNK_BYTES) for _ in range(3)]
        status, told = self.ask("MKCOL", place)
        assert status == 201, told
        for number, part in enumerate(parts, 1):
            status, told = self.ask("PUT", f"{place}/{number:05d}", part)
            assert status == 201, told
        self._begin({name: hashlib.sha256(b"".join(parts)).hexdigest()})
        to = {"Destination": f"{self._files}/{name}"}
        status, told = self.ask("MOVE", f"{place}/.file", headers=to)
        assert status in (201, 204), told
        self._end("chunks")

    def _present(self) -> list[str]:
        return [name for name in self.names if self.acknowledged[name]]

    def _move(self) -> None:
        if not (there := self._present()):
            return
        source = self._chance.choice(there)
        target = self._chance.choice([name for name in self.names if name != source])
        self._begin({source: None, target: self.acknowledged[source]})
        to = {"Destination": f"{self._files}/{target}", "Overwrite": "T"}
        status, told = self.ask("MOVE", f"{self._files}/{source}", headers=to)
        assert status in (201, 204), told
        self._end("move")

    def _delete(self) -> None:
        if not (there := self._present()):
            return
        name = self._chance.choice(there)
        self._begin({name: None})
        status, told = self.ask("DELETE", f"{self._files}/{name}")
        assert status == 204, told
        self._end("delete")

    def check(self) -> None:
        """What is there is what was acknowledged, and of what was under way all or nothing."""
        if self._fault is not None:
            raise self._fault
        found: Change = {name: self._found(name, size) for name, size in self._listed()}
        self.acknowledged, self.under_way = judge(self.acknowledged, self.under_way, found), []

    def _listed(self) -> Iterator[tuple[str, int]]:
        status, text = self.ask("PROPFIND", self._files, headers={"Depth": "1"})
        assert status == 207, text
        for one in re.findall(r"<d:response>(.*?)</d:response>", text.decode(), re.DOTALL):
            href = re.search("<d:href>(.*?)</d:href>", one)
            size = re.search("<d:getcontentlength>(.*?)</d:getcontentlength>", one)
            if href and size:
                yield unquote(href[1]).rpartition("/")[2], int(size[1])

    def _found(self, name: str, size_bytes: int) -> str:
        status, content = self.ask("GET", f"{self._files}/{name}")
        assert (status, len(content)) == (200, size_bytes), f"{self.folder}/{name} is half there"
        return hashlib.sha256(content).hexdigest()


def judge(acknowledged: Change, under_way: Sequence[Change], found: Change) -> Change:
    """What is there: all that was acknowledged, and of each that was under way all or nothing.
    Raises AssertionError."""
    odd = found.keys() - acknowledged.keys()
    assert not odd, f"files that nobody made: {sorted(odd)}"
    allowed = acknowledged
    for change in under_way:
        if all(found.get(name) == digest for name, digest in change.items()):
            allowed = {**allowed, **change}
    for name, digest in allowed.items():
        there = found.get(name)
        state = "lost" if there is None else "there again" if digest is None else "altered"
        assert there == digest, f"{name}, acknowledged, is {state}"
    return allowed
