"""Oblivious HTTP (RFC 9458): requests sealed to a gateway's key, and answers that only the asker opens.

X25519 with HKDF-SHA256; AES-128-GCM or ChaCha20-Poly1305. What cannot be opened raises Unopenable.
"""

import os
from contextlib import suppress
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from pyhpke import AEADId, CipherSuite, ContextInterface, KDFId, KEMId, KEMKey, KEMKeyPair, PyHPKEError

__all__ = [
    "KeyConfig",
    "Opened",
    "Sealed",
    "Unknown",
    "Unopenable",
    "key_list",
    "open_request",
    "seal_request",
]

KEM, KDF, AES, CHACHA = 0x0020, 0x0001, 0x0001, 0x0003
REQUEST_TYPE, RESPONSE_TYPE = "message/ohttp-req", "message/ohttp-res"
KEYS_TYPE = "application/ohttp-keys"
_HEADER_BYTES, _ENC_BYTES, _TAG_BYTES, _NONCE_BYTES = 7, 32, 16, 12
_SUITES = {AES: AEADId.AES128_GCM, CHACHA: AEADId.CHACHA20_POLY1305}
_KEY_BYTES = {AES: 16, CHACHA: 32}


class Unopenable(ValueError):
    """Not an encapsulated message, or not for this key."""


class Unknown(Unopenable):
    """Sealed to a key, or in a way, that is not offered."""


@dataclass(frozen=True)
class KeyConfig:
    """A gateway's public key (section 3.1). public: 32 bytes. aeads: those it takes, the best first."""

    number: int
    public: bytes
    aeads: tuple[int, ...] = (AES, CHACHA)

    def encode(self) -> bytes:
        suites = b"".join(KDF.to_bytes(2, "big") + aead.to_bytes(2, "big") for aead in self.aeads)
        head = bytes([self.number]) + KEM.to_bytes(2, "big") + self.public
        return head + len(suites).to_bytes(2, "big") + suites

    @classmethod
    def decode(cls, encoded: bytes) -> "KeyConfig":
        """Raises Unknown for one without anything that we speak, Unopenable for what is none."""
        if len(encoded) < 41 or int.from_bytes(encoded[35:37], "big") != len(encoded) - 37:
            raise Unopenable("no key configuration")
        if encoded[1:3] != KEM.to_bytes(2, "big"):
            raise Unknown("another key agreement")
        pairs = [encoded[at : at + 4] for at in range(37, len(encoded), 4)]
        known = [int.from_bytes(pair[2:], "big") for pair in pairs if pair[:2] == KDF.to_bytes(2, "big")]
        aeads = tuple(aead for aead in known if aead in _SUITES)
        if not aeads:
            raise Unknown("another cipher")
        return cls(encoded[0], encoded[3:35], aeads)


def key_list(configs: list[KeyConfig]) -> bytes:
    """`application/ohttp-keys` (section 3.2), the best first."""
    encoded = [config.encode() for config in configs]
    return b"".join(len(one).to_bytes(2, "big") + one for one in encoded)


def read_key_list(content: bytes) -> list[KeyConfig]:
    """Those that we speak. Raises Unopenable."""
    found, at = list[KeyConfig](), 0
    while at < len(content):
        length = int.from_bytes(content[at : at + 2], "big")
        with suppress(Unknown):
            found.append(KeyConfig.decode(content[at + 2 : at + 2 + length]))
        at += 2 + length
    return found


class _Exchange:
    """The secret that a request and its response share (section 4.4)."""

    def __init__(self, context: ContextInterface, enc: bytes, aead: int) -> None:
        self._enc, self._aead = enc, aead
        self._length = max(_NONCE_BYTES, _KEY_BYTES[aead])
        self._secret = context.export(b"message/bhttp response", self._length)

    def _cipher(self, nonce: bytes) -> tuple[AESGCM | ChaCha20Poly1305, bytes]:
        extract = HMAC(self._enc + nonce, SHA256())
        extract.update(self._secret)
        prk = extract.finalize()
        key = HKDFExpand(SHA256(), _KEY_BYTES[self._aead], b"key").derive(prk)
        made = AESGCM(key) if self._aead == AES else ChaCha20Poly1305(key)
        return made, HKDFExpand(SHA256(), _NONCE_BYTES, b"nonce").derive(prk)


class Opened(_Exchange):
    """A request as the gateway has it. enc: differs in every request, so that a copy is recognised."""

    def __init__(self, context: ContextInterface, enc: bytes, aead: int, request: bytes) -> None:
        super().__init__(context, enc, aead)
        self.enc, self.request = enc, request

    def seal_response(self, response: bytes, *, nonce: bytes = b"") -> bytes:
        """nonce: for tests alone; drawn otherwise."""
        nonce = nonce or os.urandom(self._length)
        cipher, iv = self._cipher(nonce)
        return nonce + cipher.encrypt(iv, response, b"")


class Sealed(_Exchange):
    """A request as it goes to the relay."""

    def __init__(self, context: ContextInterface, enc: bytes, aead: int, message: bytes) -> None:
        super().__init__(context, enc, aead)
        self.message = message

    def open_response(self, message: bytes) -> bytes:
        """Raises Unopenable."""
        cipher, iv = self._cipher(message[: self._length])
        try:
            return cipher.decrypt(iv, message[self._length :], b"")
        except Exception as failure:  # InvalidTag, and what a message too short raises
            raise Unopenable("no response to this request") from failure


def open_request(message: bytes, keys: dict[int, X25519PrivateKey]) -> Opened:
    """keys: private ones, by their number. Raises Unknown and Unopenable."""
    if len(message) < _HEADER_BYTES + _ENC_BYTES + _TAG_BYTES:
        raise Unopenable("cut off")
    header, enc = message[:_HEADER_BYTES], message[_HEADER_BYTES : _HEADER_BYTES + _ENC_BYTES]
    number, kem, kdf, aead = header[0], *(int.from_bytes(header[at : at + 2], "big") for at in (1, 3, 5))
    if number not in keys or (kem, kdf) != (KEM, KDF) or aead not in _SUITES:
        raise Unknown("another key, or another way")
    private = KEMKey.from_pyca_cryptography_key(keys[number])
    try:
        context = _suite(aead).create_recipient_context(enc, private, _info(header))
        request = context.open(message[_HEADER_BYTES + _ENC_BYTES :], b"")
    except (PyHPKEError, ValueError) as failure:
        raise Unopenable("not for this key") from failure
    return Opened(context, enc, aead, request)


def seal_request(config: KeyConfig, request: bytes, *, once: X25519PrivateKey | None = None) -> Sealed:
    """once: the key pair of this request, for tests alone; drawn otherwise."""
    aead = config.aeads[0]
    header = bytes([config.number]) + b"".join(one.to_bytes(2, "big") for one in (KEM, KDF, aead))
    public = KEMKey.from_pyca_cryptography_key(X25519PublicKey.from_public_bytes(config.public))
    pair = None
    if once is not None:
        pair = KEMKeyPair(*(KEMKey.from_pyca_cryptography_key(key) for key in (once, once.public_key())))
    enc, context = _suite(aead).create_sender_context(public, _info(header), eks=pair)
    return Sealed(context, enc, aead, header + enc + context.seal(request, b""))


def _suite(aead: int) -> CipherSuite:
    return CipherSuite.new(KEMId.DHKEM_X25519_HKDF_SHA256, KDFId.HKDF_SHA256, _SUITES[aead])


def _info(header: bytes) -> bytes:
    return b"message/bhttp request\0" + header
