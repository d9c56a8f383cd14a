"""Archives that people asked for, accounts that are to go, receipts."""

import base64
import json
from typing import Literal

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)

ArchiveState = Literal["waiting", "making", "ready", "failed"]
ErasureState = Literal["waiting", "running", "done"]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """An archive of a person. ends_s: when it is taken away, 0 before it is ready. by: the
    administrator who asked for it, by a pass; empty when the person did."""

    id: str
    person: str
    state: ArchiveState
    asked_s: float
    done_bytes: int
    total_bytes: int
    files: int
    ends_s: float
    by: str = ""


class Erasure(msgspec.Struct, frozen=True, kw_only=True):
    """An account that is to go. done: app to what was destroyed there."""

    id: str
    person: str
    state: ErasureState
    asked_s: float
    due_s: float
    done: dict[str, dict[str, int]]
    receipt: str


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """A statement that can be checked without us. words: JSON; signature: Ed25519 (RFC 8032)
    over the bytes of `words`, base64; key: the public key, PEM."""

    words: str
    signature: str
    key: str


def signed(key: Ed25519PrivateKey, statement: dict[str, object]) -> Receipt:
    words = json.dumps(statement, ensure_ascii=False, indent=1, sort_keys=True)
    signature = base64.b64encode(key.sign(words.encode())).decode()
    return Receipt(words=words, signature=signature, key=pem(key.public_key()))


def pem(key: Ed25519PublicKey) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def holds(receipt: Receipt, known_key: str = "") -> bool:
    """Whether the words are those that were signed, by `known_key` (PEM) if one is given."""
    try:
        key = load_pem_public_key(receipt.key.encode())
        if not isinstance(key, Ed25519PublicKey):
            return False
        key.verify(base64.b64decode(receipt.signature, validate=True), receipt.words.encode())
    except (ValueError, InvalidSignature):
        return False
    return not known_key or pem(key).split() == known_key.split()
