"""Messages that a browser can read: RFC 8291's own example, a foreign reader, hostile keys."""

import json
import os

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from synfonium.libraries.webpush import (
    LARGEST_PAYLOAD_BYTES,
    BadKeys,
    BrowserKeys,
    Vapid,
    encrypt,
    from_base64url,
    parse_keys,
    to_base64url,
)

# RFC 8291, section 5 and appendix A.
PLAIN = b"When I grow up, I want to be a watermelon"
SENDER = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
P256DH = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6Tlz"
    "AC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


def browser() -> tuple[ec.EllipticCurvePrivateKey, BrowserKeys]:
    key = ec.generate_private_key(ec.SECP256R1())
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return key, BrowserKeys(point, os.urandom(16))


def test_the_example_of_rfc_8291_comes_out_byte_for_byte() -> None:
    sender = ec.derive_private_key(int.from_bytes(from_base64url(SENDER)), ec.SECP256R1())
    keys = parse_keys(from_base64url(P256DH), from_base64url(AUTH))
    body = encrypt(PLAIN, keys, sender=sender, salt=from_base64url(SALT))
    assert to_base64url(body) == BODY


@pytest.mark.parametrize("size", [0, 1, 41, 255, 256, 257, 3000, LARGEST_PAYLOAD_BYTES])
def test_a_foreign_program_reads_what_we_write(size: int) -> None:
    http_ece = pytest.importorskip("http_ece")
    key, keys = browser()
    payload = os.urandom(size)
    body = encrypt(payload, keys, padded_to=256)
    assert http_ece.decrypt(body, private_key=key, auth_secret=keys.auth, version="aes128gcm") == payload
    assert len(body) <= 4096


def test_messages_of_like_length_cannot_be_told_apart_by_it() -> None:
    _key, keys = browser()
    assert len({len(encrypt(bytes(size), keys, padded_to=256)) for size in (1, 40, 200, 256)}) == 1


def test_a_payload_too_large_for_one_record_is_refused() -> None:
    with pytest.raises(ValueError, match="payload"):
        encrypt(bytes(LARGEST_PAYLOAD_BYTES + 1), browser()[1])


@pytest.mark.parametrize(
    ("point", "auth"),
    [
        (b"", bytes(16)),
        (bytes(65), bytes(16)),
        (b"\x04" + b"\x01" * 64, bytes(16)),  # not on the curve: the attack by an invalid point
        (from_base64url(P256DH)[:-1], bytes(16)),
        (from_base64url(P256DH), bytes(15)),
    ],
    ids=["nothing", "zeros", "off the curve", "too short", "secret too short"],
)
def test_keys_that_are_none_are_refused(point: bytes, auth: bytes) -> None:
    with pytest.raises(BadKeys):
        parse_keys(point, auth)


def test_a_push_service_can_check_who_sends() -> None:
    vapid = Vapid(Vapid.new_secret(), "https://cloud.example.org")
    header = vapid.authorization("https://push.example.net", 1_790_000_000.0)
    scheme, _, rest = header.partition(" ")
    values = dict(part.split("=", 1) for part in rest.split(", "))
    assert scheme == "vapid"
    head, claims, signature = values["t"].split(".")
    assert json.loads(from_base64url(head)) == {"typ": "JWT", "alg": "ES256"}
    said = json.loads(from_base64url(claims))
    assert said["aud"] == "https://push.example.net"
    assert said["sub"] == "https://cloud.example.org"
    assert 0 < said["exp"] - 1_790_000_000 <= 86_400
    raw = from_base64url(signature)
    der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), from_base64url(values["k"]))
    public.verify(der, f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
    assert vapid.authorization("https://push.example.net", 1_790_000_060.0) == header
    assert vapid.authorization("https://other.example.net", 1_790_000_060.0) != header
    assert vapid.authorization("https://push.example.net", 1_790_009_000.0) != header
