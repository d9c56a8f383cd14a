"""Signed heads of chains (Ed25519, RFC 8032), and the file in which the home keeps them."""

import base64
import hashlib
import os
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from synfonium.kernel.audit.chain import GENESIS, Broken
from synfonium.ports.secrets import SecretBox

__all__ = ["Head", "HeadFile", "Signer", "check_heads", "fingerprint", "read_public_key"]

_MAGIC = b"SYNHEAD1"
_PURPOSE = "audit.sign"

Kind = Literal["head", "cut"]


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """Up to `seq` the chain of `app` was `hash`. kind `cut`: the rows up to there were removed.

    number: from 1 on. previous: SHA-256 of the head before, so that heads are a chain too.
    signature: base64 of 64 bytes.
    """

    app: str
    number: int
    seq: int
    hash: str
    time_s: float
    kind: Kind
    previous: str
    signature: str = ""

    def message(self) -> bytes:
        """What is signed."""
        parts = [_MAGIC, struct.pack(">QQd", self.number, self.seq, self.time_s)]
        for text in (self.app, self.kind, self.hash, self.previous):
            encoded = text.encode()
            parts += (struct.pack(">I", len(encoded)), encoded)
        return b"".join(parts)

    def digest(self) -> str:
        return hashlib.sha256(self.message() + self.signature.encode()).hexdigest()


class Signer:
    """Signs with the installation's audit key, which follows from the installation's key.

    Made when first needed: most processes sign nothing.
    """

    def __init__(self, secrets: SecretBox) -> None:
        self._secrets = secrets
        self._made: Ed25519PrivateKey | None = None

    @property
    def _key(self) -> Ed25519PrivateKey:
        if self._made is None:
            self._made = Ed25519PrivateKey.from_private_bytes(self._secrets.derive(_PURPOSE))
        return self._made

    @property
    def public_pem(self) -> str:
        """The public key, as others check with it (PEM, SubjectPublicKeyInfo)."""
        spki = self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return spki.decode()

    @property
    def public_key(self) -> Ed25519PublicKey:
        return self._key.public_key()

    def sign(self, message: bytes) -> str:
        return base64.b64encode(self._key.sign(message)).decode()

    def sign_head(self, head: Head) -> Head:
        return msgspec.structs.replace(head, signature=self.sign(head.message()))


def read_public_key(pem: str) -> Ed25519PublicKey:
    """Raises ValueError for anything but an Ed25519 public key in PEM."""
    key = load_pem_public_key(pem.encode())
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("not an Ed25519 public key")
    return key


def fingerprint(key: Ed25519PublicKey) -> str:
    """What two people compare over the telephone: SHA-256 of the raw key, in hex."""
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()


def is_signed(key: Ed25519PublicKey, message: bytes, signature: str) -> bool:
    try:
        raw = base64.b64decode(signature, validate=True)
        # One signature has one spelling: unused bits of base64 are not free.
        if base64.b64encode(raw).decode() != signature:
            return False
        key.verify(raw, message)
    except (ValueError, InvalidSignature):
        return False
    return True


def check_heads(app: str, heads: Sequence[Head], key: Ed25519PublicKey) -> None:
    """Raises Broken unless `heads` are all heads of `app`, in order, each signed."""
    previous, seqs = GENESIS, {"head": 0, "cut": 0}
    for number, head in enumerate(heads, 1):
        if (head.app, head.number, head.previous) != (app, number, previous):
            raise Broken(app, head.seq, "head_missing")
        if not is_signed(key, head.message(), head.signature):
            raise Broken(app, head.seq, "head_not_signed")
        # Only what a head vouched for may be cut, and neither kind goes back.
        if head.seq < seqs[head.kind] or (head.kind == "cut" and head.seq > seqs["head"]):
            raise Broken(app, head.seq, "head_differs")
        seqs[head.kind] = head.seq
        previous = head.digest()


class HeadFile:
    """`audit/<app>.heads` in the home: one head a line, appended and synced."""

    def __init__(self, folder: Path, app: str) -> None:
        self._app, self._path = app, folder / f"{app}.heads"

    def read(self) -> list[Head]:
        """All heads; a last line cut short by a crash is left out. Raises Broken for others."""
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return []
        lines = content.split(b"\n")
        return [self._parse(line) for line in lines[:-1]]

    def _parse(self, line: bytes) -> Head:
        try:
            head = msgspec.json.decode(line, type=Head)
        except (msgspec.DecodeError, UnicodeError):
            raise Broken(self._app, 0, "heads_file") from None
        # Each head has one spelling, so that no byte of the file is free.
        if msgspec.json.encode(head) != line:
            raise Broken(self._app, head.seq, "heads_file")
        return head

    def append(self, heads: Sequence[Head]) -> None:
        """Adds heads that are not there yet; what a crash left unfinished goes first."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
            content = file.read()
            whole = content.rfind(b"\n") + 1
            file.seek(whole)
            file.truncate()
            file.write(b"".join(msgspec.json.encode(head) + b"\n" for head in heads))
            file.flush()
            os.fsync(file.fileno())
