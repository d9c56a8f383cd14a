"""The installation's key, and what is sealed under it.

The key is 32 random bytes in the home's `secret.key`, as 64 hexadecimal digits so that a
person can keep a copy on paper. Without it nothing sealed can be opened: a backup holds it.
"""

import os
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

__all__ = ["InstallationKeyBroken", "InstallationSecretBox", "open_secret_box"]

KEY_FILE = "secret.key"
_KEY_BYTES = 32
_VERSION = b"\x01"
_NONCE_BYTES = 12


class InstallationKeyBroken(Exception):
    """The home's key file does not hold a key; only its copy can help."""


class InstallationSecretBox:
    """A SecretBox (see the port). Sealed: version 1, 96 random bits of nonce, AES-256-GCM.

    Keys are derived from the installation's by HKDF-SHA-256 (RFC 5869), one for each
    purpose and use.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) != _KEY_BYTES:
            raise ValueError("an installation key has 32 bytes")
        self._key = key
        self._cipher = lru_cache(maxsize=64)(self._make_cipher)

    def seal(self, secret: bytes, *, purpose: str) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return _VERSION + nonce + self._cipher(purpose).encrypt(nonce, secret, purpose.encode())

    def open(self, sealed: bytes, *, purpose: str) -> bytes:
        nonce, body = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        if sealed[:1] != _VERSION or len(nonce) < _NONCE_BYTES:
            raise ValueError("not sealed by this installation")
        try:
            return self._cipher(purpose).decrypt(nonce, body, purpose.encode())
        except InvalidTag:
            raise ValueError("not sealed by this installation for this purpose") from None

    def derive(self, purpose: str) -> bytes:
        return self._expand(f"synfonium derive {purpose}")

    def _make_cipher(self, purpose: str) -> AESGCM:
        return AESGCM(self._expand(f"synfonium seal {purpose}"))

    def _expand(self, info: str) -> bytes:
        return HKDF(SHA256(), _KEY_BYTES, salt=None, info=info.encode()).derive(self._key)


def open_secret_box(home: Path) -> InstallationSecretBox:
    """The box of the installation in `home`; a new home gets a new key, synced before use.

    Raises InstallationKeyBroken, and OSError when the file cannot be read or made.
    """
    path = home / KEY_FILE
    if not path.exists():
        _make_key(path)
    path.chmod(0o600)
    try:
        return InstallationSecretBox(bytes.fromhex(path.read_text("ascii")))
    except ValueError:
        raise InstallationKeyBroken(f"{KEY_FILE} is damaged: put back the copy from a backup") from None


def _make_key(path: Path) -> None:
    """Links a whole, synced file into place, so that a crash leaves a key or none; of two
    processes at once, the first wins."""
    fresh = path.with_name(f".{KEY_FILE}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(os.urandom(_KEY_BYTES).hex().encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(fresh, path)
        except FileExistsError:
            return
    finally:
        fresh.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
