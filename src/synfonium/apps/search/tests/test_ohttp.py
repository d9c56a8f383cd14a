"""Oblivious HTTP (RFC 9458): its example, and questions through a relay of ours to a gateway of ours."""

import random
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from synfonium.apps.search.service.ohttp import relay as relay_room
from synfonium.apps.search.service.ohttp.gateway import PAD_BYTES, Seen
from synfonium.apps.search.service.ohttp.keys import FRESH_S, GatewayKeys
from synfonium.kernel.secret_box import InstallationSecretBox
from synfonium.libraries.binary_http import Request, Response, decode_request, decode_response, encode_request
from synfonium.libraries.oblivious_http import (
    CHACHA,
    REQUEST_TYPE,
    RESPONSE_TYPE,
    KeyConfig,
    Sealed,
    Unknown,
    Unopenable,
    open_request,
    read_key_list,
    seal_request,
)
from synfonium.testing.client import Installation, installation

# Appendix A.
PRIVATE = X25519PrivateKey.from_private_bytes(
    bytes.fromhex("3c168975674b2fa8e465970b79c8dcf09f1c741626480bd4c6162fc5b6a98e1a")
)
ONCE = X25519PrivateKey.from_private_bytes(
    bytes.fromhex("bc51d5e930bda26589890ac7032f70ad12e4ecb37abb1b65b1256c9c48999c73")
)
CONFIG = bytes.fromhex(
    "01002031e1f05a740102115220e9af918f738674aec95f54db6e04eb705aae8e79815500080001000100010003"
)
REQUEST = bytes.fromhex("00034745540568747470730b6578616d706c652e636f6d012f")
SEALED = bytes.fromhex(
    "010020000100014b28f881333e7c164ffc499ad9796f877f4e1051ee6d31bad19dec96c208b4726374e469135906992e1268c594d2"
    "a10c695d858c40a026e7965e7d86b83dd440b2c0185204b4d63525"
)
NONCE = bytes.fromhex("c789e7151fcba46158ca84b04464910d")
ANSWER = bytes.fromhex("c789e7151fcba46158ca84b04464910d86f9013e404feea014e7be4a441f234f857fbd")
GATEWAY = "/.well-known/ohttp-gateway"


def test_the_example_of_the_standard_comes_out_to_the_byte() -> None:
    config = KeyConfig.decode(CONFIG)
    assert config.encode() == CONFIG
    sealed = seal_request(config, REQUEST, once=ONCE)
    assert sealed.message == SEALED
    opened = open_request(SEALED, {1: PRIVATE})
    assert decode_request(opened.request).authority == "example.com"
    assert opened.seal_response(bytes.fromhex("0140c8"), nonce=NONCE) == ANSWER
    assert decode_response(sealed.open_response(ANSWER)).status == 200


def test_the_other_cipher_is_spoken_too() -> None:
    config = KeyConfig(1, PRIVATE.public_key().public_bytes_raw(), (CHACHA,))
    sealed = seal_request(config, REQUEST)
    answer = open_request(sealed.message, {1: PRIVATE}).seal_response(b"seen")
    assert sealed.open_response(answer) == b"seen"


def test_what_is_not_for_this_key_is_refused() -> None:
    with pytest.raises(Unknown):
        open_request(SEALED, {2: PRIVATE})
    chance = random.Random(9458)
    for _ in range(300):
        changed = bytearray(SEALED)
        changed[chance.randrange(len(changed))] ^= 1 + chance.randrange(255)
        with pytest.raises(Unopenable):
            open_request(bytes(changed), {1: PRIVATE})
        with pytest.raises(Unopenable):
            open_request(SEALED[: chance.randrange(len(SEALED))], {1: PRIVATE})


def test_keys_change_each_day_and_the_old_ones_are_destroyed(tmp_path: Path) -> None:
    class Clock:
        at_s = 0.0

        def now_s(self) -> float:
            return self.at_s

    clock, box = Clock(), InstallationSecretBox(bytes(32))
    keys = GatewayKeys(tmp_path, box, clock)
    first = keys.configs()[0]
    clock.at_s = FRESH_S
    again = GatewayKeys(tmp_path, box, clock)
    assert again.configs()[0].number == first.number + 1
    assert set(again.private()) == {1, 2}, "who has the keys of yesterday is answered today"
    clock.at_s = 2 * FRESH_S
    assert set(GatewayKeys(tmp_path, box, clock).private()) == {2, 3}
    assert first.public not in (tmp_path / "ohttp.keys").read_bytes()


def test_a_request_is_taken_once() -> None:
    seen = Seen()
    assert [seen.add(enc) for enc in (b"a", b"b", b"a")] == [True, True, False]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    gateway = f"http://search.example{GATEWAY}"
    async with installation(tmp_path / "home", {"SYNFONIUM_SEARCH_RELAY_TO": gateway}) as running:
        file = tmp_path / "pages.jsonl"
        file.write_text(
            '{"url": "https://a.example/", "title": "Vent", "text": "le vent et le sel", "lang": "fr"}'
        )
        await running.call("search.add", {"paths": [str(file)]})
        yield running


async def ask(house: Installation, request: Request) -> tuple[Response, bytes, Sealed]:
    async with house.client() as client:
        keys = await client.get(GATEWAY, headers={"accept": "application/ohttp-keys"})
        assert keys.headers["content-type"] == "application/ohttp-keys"
        sealed = seal_request(read_key_list(keys.content)[0], encode_request(request, pad_to=512))
        answer = await client.post(GATEWAY, content=sealed.message, headers={"content-type": REQUEST_TYPE})
    assert answer.headers["content-type"] == RESPONSE_TYPE
    return decode_response(sealed.open_response(answer.content)), answer.content, sealed


async def test_a_sealed_question_is_answered_and_its_length_tells_little(house: Installation) -> None:
    lengths = set()
    for query in ("vent", "nothing-like-it"):
        response, content, _ = await ask(house, Request(method="GET", path=f"/api/search?q={query}"))
        assert response.status == 200
        lengths.add(len(content))
    assert len(lengths) == 1
    assert (lengths.pop() - 32) % PAD_BYTES == 0
    response, *_ = await ask(house, Request(method="GET", path="/api/search?q=vent"))
    assert msgspec.json.decode(response.body)["total"] == 1
    form = (b"content-type", b"application/x-www-form-urlencoded"), (b"accept", b"text/html")
    response, *_ = await ask(house, Request(method="POST", path="/search", headers=form, body=b"q=vent"))
    assert b"https://a.example/" in response.body


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (Request(method="GET", path="/admin/search"), 403),
        (Request(method="GET", path="/search/privacy"), 403),
        (Request(method="GET", path="/drive"), 403),
        (Request(method="DELETE", path="/search"), 405),
        (Request(method="GET", path="/search", authority="elsewhere.example"), 421),
        (Request(method="POST", path="/search", body=b"q" * 20_000), 413),
        (Request(method="GET", path="/search", headers=((b"date", b"Mon, 27 Jul 2009 12:28:53 GMT"),)), 400),
        (Request(method="GET", path="/search", headers=((b"date", b"never"),)), 400),
    ],
)
async def test_the_gateway_opens_the_doors_of_search_alone(
    house: Installation, request_: Request, status: int
) -> None:
    response, *_ = await ask(house, request_)
    assert response.status == status


async def test_a_copied_question_and_an_old_key_are_refused(house: Installation) -> None:
    _, _, sealed = await ask(house, Request(method="GET", path="/api/search?q=vent"))
    kind = {"content-type": REQUEST_TYPE}
    async with house.client() as client:
        for message in (sealed.message, SEALED, b"x"):
            refused = await client.post(GATEWAY, content=message, headers=kind)
            assert refused.status_code == 400
            assert refused.json()["type"].endswith("#ohttp-key")
        assert (await client.post(GATEWAY, content=sealed.message)).status_code == 415
        assert (await client.post(GATEWAY, content=b"x" * 70_000, headers=kind)).status_code == 413


async def test_the_relay_passes_on_to_whom_it_is_set_and_tells_nothing(
    house: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    import httpx

    told: list[httpx.Request] = []

    def gateway(request: httpx.Request) -> httpx.Response:
        told.append(request)
        return httpx.Response(
            200, content=b"sealed", headers={"content-type": RESPONSE_TYPE, "set-cookie": "a=b"}
        )

    service = house.context("search").service
    service.relay._client = httpx.AsyncClient(transport=httpx.MockTransport(gateway))
    sent = {
        "content-type": REQUEST_TYPE,
        "cookie": "session=1",
        "user-agent": "Canary",
        "x-forwarded-for": "2.2.2.2",
    }
    async with house.client() as client:
        answer = await client.post("/search/relay/search.example", content=b"opaque", headers=sent)
        assert (answer.status_code, answer.content) == (200, b"sealed")
        assert "set-cookie" not in answer.headers
        assert (
            await client.post("/search/relay/other.example", content=b"x", headers=sent)
        ).status_code == 404
        assert (await client.get("/search/relay/search.example")).content == b"sealed"
    assert told[0].content == b"opaque"
    assert set(told[0].headers) == {
        *("host", "user-agent", "accept", "accept-encoding", "connection", "content-type", "content-length")
    }
    assert "Canary" not in str(told[0].headers)


def test_only_addresses_of_the_web_are_gateways() -> None:
    named = ("https://a.example/g", "file:///etc/passwd", "b.example")
    assert relay_room.gateways_of(named) == {"a.example": "https://a.example/g"}
