"""Uploads that go on after a lost connection (tus 1.0)."""

import base64
import hashlib
import os
from collections.abc import Mapping
from typing import Any

import pytest

from synfonium.apps.drive.service import DriveService
from synfonium.apps.drive.service.uploads import IDLE_S
from synfonium.apps.drive.tests.conftest import Hand, House
from synfonium.apps.drive.tus import asgi_app
from synfonium.kernel.actor import Person

MIB = 1024 * 1024
BODY = {"content-type": "application/offset+octet-stream"}


class Client:
    """Speaks to the door, and can lose the connection in the middle of a body."""

    def __init__(self, house: House, person: str = "ada") -> None:
        self._app, self._person = asgi_app(house.context), person

    async def __call__(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        *,
        cut_at: int | None = None,
    ) -> tuple[int, dict[str, str], bytes]:
        sent = body if cut_at is None else body[:cut_at]
        events: list[dict[str, Any]] = [
            {"type": "http.request", "body": sent[at : at + 300_000], "more_body": True}
            for at in range(0, len(sent), 300_000)
        ]
        last = {"type": "http.request", "body": b"", "more_body": False}
        events.append(last if cut_at is None else {"type": "http.disconnect"})
        said: list[dict[str, Any]] = []

        async def receive() -> Any:
            return events.pop(0)

        async def send(message: Any) -> None:
            said.append(message)

        given = {"tus-resumable": "1.0.0", "x-test-person": self._person, **(headers or {})}
        if body and "content-length" not in given:
            given["content-length"] = str(len(body))
        raw = [(name.encode(), value.encode()) for name, value in given.items()]
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": raw,
        }
        await self._app(scope, receive, send)
        answered = {key.decode(): value.decode() for key, value in said[0]["headers"]}
        return said[0]["status"], answered, b"".join(message.get("body", b"") for message in said)


@pytest.fixture
def tus(house: House, ada: Person) -> Client:
    return Client(house)


def metadata(**words: str) -> dict[str, str]:
    pairs = [f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in words.items()]
    return {"upload-metadata": ",".join(pairs)}


async def begun(tus: Client, size_bytes: int, **words: str) -> str:
    headers = {"upload-length": str(size_bytes), **metadata(filename="photo.jpg", **words)}
    status, answered, _ = await tus("POST", "/drive/tus", headers)
    assert status == 201
    return answered["location"]


async def test_a_file_goes_in_pieces_and_is_there_when_it_is_whole(tus: Client, hand: Hand) -> None:
    content = os.urandom(MIB + 77)
    place = await begun(tus, len(content), path="a/b", modified="1700000000000")
    assert await hand.names() == []
    for start in range(0, len(content), 400_000):
        piece = content[start : start + 400_000]
        status, answered, _ = await tus("PATCH", place, {**BODY, "upload-offset": str(start)}, piece)
        assert (status, answered["upload-offset"]) == (204, str(start + len(piece)))
    path = await hand.drive.tree.resolve(hand.actor, ["a", "b", "photo.jpg"])
    assert await hand.read(path[-1].id) == content
    assert path[-1].modified_s == 1_700_000_000


@pytest.mark.parametrize("cut_at", [0, 1, 299_999, 300_000, 300_001, 2 * MIB, 3 * MIB - 1])
async def test_what_came_before_a_cut_is_kept_and_the_rest_goes_on(
    tus: Client, hand: Hand, cut_at: int
) -> None:
    content = os.urandom(3 * MIB)
    place = await begun(tus, len(content))
    await tus("PATCH", place, {**BODY, "upload-offset": "0"}, content, cut_at=cut_at)
    status, answered, _ = await tus("HEAD", place)
    assert (status, answered["upload-offset"], answered["upload-length"]) == (200, str(cut_at), str(3 * MIB))
    rest = {**BODY, "upload-offset": str(cut_at)}
    assert (await tus("PATCH", place, rest, content[cut_at:]))[0] == 204
    (name,) = await hand.names()
    path = await hand.drive.tree.resolve(hand.actor, [name])
    assert await hand.read(path[-1].id) == content


async def test_the_answer_that_was_lost_is_given_again_to_whoever_sent(tus: Client, house: House) -> None:
    place = await begun(tus, 3)
    await tus("PATCH", place, {**BODY, "upload-offset": "0"}, b"abc")
    status, answered, _ = await tus("HEAD", place)
    assert (status, answered["upload-offset"], answered["upload-length"]) == (200, "3", "3")
    assert answered["synfonium-node"]
    house.person("bob")
    assert (await tus("HEAD", place, {"x-test-person": "bob"}))[0] == 404


async def test_bytes_that_do_not_go_on_are_refused(tus: Client, hand: Hand) -> None:
    place = await begun(tus, 10)
    assert (await tus("PATCH", place, {**BODY, "upload-offset": "5"}, b"12345"))[0] == 409
    assert (await tus("PATCH", place, {**BODY, "upload-offset": "0"}, b"01234"))[0] == 204
    assert (await tus("PATCH", place, {**BODY, "upload-offset": "0"}, b"01234"))[0] == 409
    status, _, _ = await tus("PATCH", place, {**BODY, "upload-offset": "5"}, b"more than there is room for")
    assert 400 <= status < 500
    assert (await tus("HEAD", place))[1]["upload-offset"] == "5"
    assert await hand.names() == []


async def test_a_part_that_is_not_what_its_sum_says_leaves_nothing(tus: Client) -> None:
    place = await begun(tus, 10)
    right = base64.b64encode(hashlib.sha1(b"01234").digest()).decode()
    headers = {**BODY, "upload-offset": "0", "upload-checksum": f"sha1 {right}"}
    assert (await tus("PATCH", place, headers, b"0123x"))[0] == 460
    assert (await tus("HEAD", place))[1]["upload-offset"] == "0"
    assert (await tus("PATCH", place, headers, b"01234"))[0] == 204
    unknown = {**BODY, "upload-offset": "5", "upload-checksum": "crc99 AAAA"}
    assert (await tus("PATCH", place, unknown, b"56789"))[0] == 422


async def test_an_upload_can_bring_its_content_at_once_or_have_none(tus: Client, hand: Hand) -> None:
    headers = {**BODY, "upload-length": "5", **metadata(filename="a")}
    status, answered, _ = await tus("POST", "/drive/tus", headers, b"hello")
    assert (status, answered["upload-offset"]) == (201, "5")
    await begun(tus, 0)
    assert await hand.names() == ["a", "photo.jpg"]


async def test_a_name_that_is_taken_gets_a_number(tus: Client, hand: Hand) -> None:
    await hand.file("photo.jpg", b"mine")
    place = await begun(tus, 1)
    await tus("PATCH", place, {**BODY, "upload-offset": "0"}, b"x")
    assert sorted(await hand.names()) == ["photo (2).jpg", "photo.jpg"]


async def test_an_upload_that_was_given_up_or_forgotten_is_gone(
    tus: Client, house: House, drive: DriveService
) -> None:
    place, other = await begun(tus, 10), await begun(tus, 10)
    _status, answered, _ = await tus("PATCH", other, {**BODY, "upload-offset": "0"}, b"01234")
    assert "upload-expires" in answered
    assert (await tus("DELETE", place))[0] == 204
    assert (await tus("HEAD", place))[0] == 404
    house.clock.time_s += IDLE_S + 1
    await drive.uploads.sweep()
    assert (await tus("HEAD", other))[0] == 404


async def test_nobody_goes_on_with_the_upload_of_another(tus: Client, house: House) -> None:
    place = await begun(tus, 10)
    house.person("bob")
    bob = Client(house, "bob")
    for method, headers in (("HEAD", {}), ("PATCH", {**BODY, "upload-offset": "0"}), ("DELETE", {})):
        assert (await bob(method, place, headers, b"x" if method == "PATCH" else b""))[0] == 404
    assert (await Client(house, "nobody")("POST", "/drive/tus", {"upload-length": "1"}))[0] == 401
    assert (await tus("HEAD", place))[1]["upload-offset"] == "0"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"tus-resumable": "0.2.2"}, 412),
        ({"upload-length": "-1"}, 422),
        ({"upload-length": "many"}, 422),
        ({"upload-length": "5", "upload-metadata": "filename !!!"}, 422),
        ({"upload-length": "5", **metadata(filename="../x")}, 422),
        ({"upload-length": "5", **metadata(filename="x", path="a/../b")}, 422),
        ({"upload-length": "5", **metadata(filename="x", folder="nowhere")}, 404),
        ({"upload-length": "5"}, 422),
    ],
)
async def test_what_cannot_be_is_refused_before_a_byte_comes(
    tus: Client, hand: Hand, headers: dict[str, str], status: int
) -> None:
    assert (await tus("POST", "/drive/tus", headers))[0] == status
    assert await hand.names() == []


async def test_it_is_told_what_is_spoken(tus: Client) -> None:
    status, answered, _ = await tus("OPTIONS", "/drive/tus")
    assert status == 204
    assert answered["tus-version"] == "1.0.0"
    assert "creation-with-upload" in answered["tus-extension"]
