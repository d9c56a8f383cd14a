"""Answers that no honest authenticator gives: each is refused, nothing is stored, nobody comes in."""

import base64
import hashlib
import json
import random
from collections.abc import Callable
from typing import Any

import cbor2
import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.hashes import SHA256

from synfonium.apps.identity.store.tables import passkeys, sessions
from synfonium.testing.client import Installation

from .authenticator import ATTESTED, PRESENT, VERIFIED, SoftAuthenticator, base64url
from .conftest import SAME_ORIGIN
from .test_passkeys import add_passkey, asked_to_sign_in

Answer = dict[str, Any]


def unbase64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@pytest.fixture
async def key(ada: httpx.AsyncClient) -> SoftAuthenticator:
    """Ada's passkey, its counter at 5; her browser has signed out."""
    key = SoftAuthenticator()
    key.count = 5
    assert (await add_passkey(ada, key)).status_code == 200
    await ada.post("/signout")
    return key


async def give(browser: httpx.AsyncClient, sealed: str, credential: object) -> httpx.Response:
    return await browser.post(
        "/api/identity/passkey/signin", json={"sealed": sealed, "credential": credential}
    )


async def count(house: Installation, table: Any) -> int:
    database = house.context("identity").database
    return len(await database.read(lambda c: c.execute(table.select()).all()))


def client_data(key: SoftAuthenticator, **changed: object) -> Callable[[Answer, Answer], Answer]:
    """Signs client data in which something else stands."""

    def forge(options: Answer, answer: Answer) -> Answer:
        said = json.loads(unbase64url(answer["response"]["clientDataJSON"])) | changed
        client = json.dumps(said).encode()
        data = unbase64url(answer["response"]["authenticatorData"])
        signed = data + hashlib.sha256(client).digest()
        signature = key._key.sign(signed, ec.ECDSA(SHA256()))
        answer["response"] |= {"clientDataJSON": base64url(client), "signature": base64url(signature)}
        return answer

    return forge


FORGED_WORDS: list[dict[str, object]] = [
    {"challenge": base64url(b"another challenge, of the same length.....")},
    {"challenge": ""},
    {"origin": "http://localhost:8600.evil.example"},
    {"origin": "https://localhost:8600"},
    {"origin": "http://localhost"},
    {"origin": "http://evil.localhost:8600"},
    {"type": "webauthn.create"},
    {"type": "payment.get"},
    {"type": 7},
]


async def test_signed_words_about_something_else_are_refused(
    ada: httpx.AsyncClient, key: SoftAuthenticator
) -> None:
    key.count = 6
    for changed in FORGED_WORDS:
        asked = await asked_to_sign_in(ada)
        forged = client_data(key, **changed)(asked["options"], key.show(asked["options"]))
        refused = await give(ada, asked["sealed"], forged)
        assert (refused.status_code, refused.json()["code"]) == (400, "identity.passkey_refused"), changed


FAULTS: list[tuple[str, object]] = [
    ("flags", PRESENT),
    ("flags", VERIFIED),
    ("flags", 0),
    ("rp_id", "evil.example"),
    ("rp_id", "LOCALHOST"),
    ("count", 5),
    ("count", 4),
    ("count", 0),
    ("origin", "http://evil.example"),
]


async def test_an_authenticator_that_is_not_what_it_was_is_refused(
    ada: httpx.AsyncClient, key: SoftAuthenticator
) -> None:
    key.count = 6
    for fault, value in FAULTS:
        right = getattr(key, fault)
        setattr(key, fault, value)
        asked = await asked_to_sign_in(ada)
        refused = await give(ada, asked["sealed"], key.show(asked["options"]))
        assert refused.status_code == 400, (fault, value)
        setattr(key, fault, right)


async def test_a_copied_authenticator_is_found_out_by_its_counter(
    ada: httpx.AsyncClient, key: SoftAuthenticator
) -> None:
    key.count = 9
    asked = await asked_to_sign_in(ada)
    assert (await give(ada, asked["sealed"], key.show(asked["options"]))).status_code == 200
    for before in (9, 8, 6):
        key.count = before
        asked = await asked_to_sign_in(ada)
        assert (await give(ada, asked["sealed"], key.show(asked["options"]))).status_code == 400


async def test_another_persons_signature_does_not_fit_a_known_passkey(
    house: Installation, ada: httpx.AsyncClient, key: SoftAuthenticator
) -> None:
    eve = SoftAuthenticator()
    eve.credential_id, eve.count = key.credential_id, 6
    asked = await asked_to_sign_in(ada)
    assert (await give(ada, asked["sealed"], eve.show(asked["options"]))).status_code == 400


async def test_another_person_cannot_take_a_known_credential_for_themselves(
    house: Installation, ada: httpx.AsyncClient, key: SoftAuthenticator
) -> None:
    await house.person("eve")
    copy = SoftAuthenticator()
    copy.credential_id = key.credential_id
    async with house.client(headers=SAME_ORIGIN) as eve:
        await eve.post("/signin", data={"name": "eve", "password": "eve-password-1"})
        assert (await add_passkey(eve, copy)).status_code == 409
    key.count = 6
    asked = await asked_to_sign_in(ada)
    assert (await give(ada, asked["sealed"], key.show(asked["options"]))).status_code == 200


async def test_no_flipped_bit_of_an_answer_signs_anybody_in(
    house: Installation, ada: httpx.AsyncClient, key: SoftAuthenticator
) -> None:
    chance, key.count = random.Random(7), 6
    before = await count(house, sessions)
    for part in ("authenticatorData", "clientDataJSON", "signature"):
        for _ in range(12):
            asked = await asked_to_sign_in(ada)
            answer = key.show(asked["options"])
            raw = bytearray(unbase64url(answer["response"][part]))
            raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
            answer["response"][part] = base64url(bytes(raw))
            assert (await give(ada, asked["sealed"], answer)).status_code in (400, 422), part
    assert await count(house, sessions) == before


NO_ANSWERS: list[object] = [
    None,
    [],
    "x",
    {},
    {"id": "x"},
    {"id": 1, "rawId": [], "type": {}, "response": 0},
    {"id": "AA", "rawId": "AA", "type": "public-key", "response": {}},
    {"id": "AA", "rawId": "AB", "type": "public-key", "response": {"clientDataJSON": "é"}},
    {"id": "A" * 100_000, "rawId": "A" * 100_000, "type": "public-key", "response": {}},
]


async def test_what_is_no_answer_at_all_is_refused(ada: httpx.AsyncClient, key: SoftAuthenticator) -> None:
    for credential in NO_ANSWERS:
        asked = await asked_to_sign_in(ada)
        refused = await give(ada, asked["sealed"], credential)
        assert refused.status_code in (400, 422), repr(credential)[:80]


# Registering


def attested(key: SoftAuthenticator, public_key: object, format_: str = "none", extra: bytes = b"") -> bytes:
    written = public_key if isinstance(public_key, bytes) else cbor2.dumps(public_key)
    identified = bytes(16) + len(key.credential_id).to_bytes(2, "big") + key.credential_id
    data = key._authenticator_data(ATTESTED) + identified + written + extra
    return cbor2.dumps({"fmt": format_, "attStmt": {}, "authData": data})


async def register(browser: httpx.AsyncClient, key: SoftAuthenticator, attestation: bytes) -> httpx.Response:
    asked = (await browser.post("/api/identity/security/challenge")).json()
    answer = key.make(asked["options"])
    answer["response"]["attestationObject"] = base64url(attestation)
    return await browser.post(
        "/api/identity/security/passkey", json={"sealed": asked["sealed"], "credential": answer}
    )


EC = SoftAuthenticator()._public_key()
ED = ed25519.Ed25519PrivateKey.generate().public_key().public_bytes_raw()


BROKEN_KEYS: list[object] = [
    EC | {3: -65535},
    EC | {3: 0},
    EC | {3: 5},
    EC | {1: 4},
    EC | {-2: b""},
    EC | {-1: 99},
    {1: 1, 3: -7, -1: 6, -2: ED},
    {},
    [],
    7,
    b"\xff",
    b"\xa5\x01",
    b"\xbf" * 200,
    cbor2.dumps({1: 2, 3: -7, -1: 1, -2: bytes(32), -3: bytes(32)}),
]


async def test_a_key_of_a_forbidden_or_broken_kind_lets_nobody_in(
    house: Installation, ada: httpx.AsyncClient
) -> None:
    """Algorithm confusion and broken COSE: refused when it is made, or at the latest when shown."""
    for public_key in BROKEN_KEYS:
        key = SoftAuthenticator()
        made = await register(ada, key, attested(key, public_key))
        assert made.status_code in (200, 400), (public_key, made.text)
        before = await count(house, sessions)
        asked = await asked_to_sign_in(ada)
        shown = await give(ada, asked["sealed"], key.show(asked["options"]))
        assert shown.status_code == 400, public_key
        assert await count(house, sessions) == before


async def test_a_broken_attestation_registers_nothing(house: Installation, ada: httpx.AsyncClient) -> None:
    key = SoftAuthenticator()
    whole = attested(key, key._public_key())
    broken = {
        "cut": whole[: len(whole) // 2],
        "flipped": bytes([whole[0] ^ 0xFF]) + whole[1:],
        "indefinite": b"\xbf" + whole[1:],
        "deep": b"\x81" * 50_000,
        "format": attested(key, key._public_key(), "packed"),
        "trailing": attested(key, key._public_key(), extra=b"\x00" * 8),
        "empty": b"",
    }
    for fault, attestation in broken.items():
        assert (await register(ada, key, attestation)).status_code == 400, fault
    assert await count(house, passkeys) == 0
