"""Message encryption for Web Push (RFC 8291), one record of `aes128gcm` (RFC 8188)."""

import os
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

RECORD_BYTES = 4096
"""A push service must take so much and need take no more (RFC 8030, 7.2)."""
_HEADER_BYTES, _TAG_BYTES, _DELIMITER = 16 + 4 + 1 + 65, 16, b"\x02"
LARGEST_PAYLOAD_BYTES = RECORD_BYTES - _HEADER_BYTES - _TAG_BYTES - len(_DELIMITER)
POINT_BYTES, SECRET_BYTES, SALT_BYTES = 65, 16, 16


class BadKeys(ValueError):
    """What a browser sent is no public key of P-256 with a secret of 16 bytes."""


@dataclass(frozen=True)
class BrowserKeys:
    """What a browser's subscription holds: `p256dh`, an uncompressed point, and `auth`."""

    p256dh: bytes
    auth: bytes


def parse_keys(p256dh: bytes, auth: bytes) -> BrowserKeys:
    """Raises BadKeys for what no message could be encrypted for."""
    _point(p256dh)
    if len(auth) != SECRET_BYTES:
        raise BadKeys("auth")
    return BrowserKeys(p256dh, auth)


def encrypt(
    payload: bytes,
    keys: BrowserKeys,
    *,
    padded_to: int = 0,
    sender: ec.EllipticCurvePrivateKey | None = None,
    salt: bytes = b"",
) -> bytes:
    """The body of a push message. sender, salt: fresh unless a test says which.

    padded_to: the payload is filled up to a multiple of so many bytes, as its length tells
    something too. Raises BadKeys, and ValueError for a payload of more than 3993 bytes.
    """
    if len(payload) > LARGEST_PAYLOAD_BYTES:
        raise ValueError("payload")
    receiver, own = _point(keys.p256dh), sender or ec.generate_private_key(ec.SECP256R1())
    salt, own_point = salt or os.urandom(SALT_BYTES), _bytes(own.public_key())
    shared = own.exchange(ec.ECDH(), receiver)
    secret = _hkdf(shared, keys.auth, b"WebPush: info\0" + keys.p256dh + own_point, 32)
    key = _hkdf(secret, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _hkdf(secret, salt, b"Content-Encoding: nonce\0", 12)
    record = payload + _DELIMITER + bytes(_padding(len(payload), padded_to))
    header = salt + RECORD_BYTES.to_bytes(4) + len(own_point).to_bytes(1) + own_point
    return header + AESGCM(key).encrypt(nonce, record, None)


def _padding(size: int, padded_to: int) -> int:
    wanted = -size % padded_to if padded_to else 0
    return min(wanted, LARGEST_PAYLOAD_BYTES - size)


def _hkdf(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt=salt, info=info).derive(secret)


def _point(data: bytes) -> ec.EllipticCurvePublicKey:
    if len(data) != POINT_BYTES:
        raise BadKeys("p256dh")
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), data)
    except ValueError:
        raise BadKeys("p256dh") from None


def _bytes(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
