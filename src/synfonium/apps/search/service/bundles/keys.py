"""The key that signs our bundles, which follows from the installation's key."""

import base64
from functools import cached_property
from typing import TYPE_CHECKING

from synfonium.ports.secrets import SecretBox

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_PURPOSE = "search.bundles"


class BundleKey:
    """Ed25519 (RFC 8032). A restored home signs alike, and there is no second secret to lose."""

    def __init__(self, secrets: SecretBox) -> None:
        self._secrets = secrets

    @cached_property
    def _key(self) -> "Ed25519PrivateKey":
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return Ed25519PrivateKey.from_private_bytes(self._secrets.derive(_PURPOSE))

    def sign(self, message: bytes) -> bytes:
        """The signature in base64."""
        return base64.b64encode(self._key.sign(message))

    @cached_property
    def public_pem(self) -> str:
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        public = self._key.public_key()
        return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    @property
    def fingerprint(self) -> str:
        return fingerprint_of(self.public_pem)


def fingerprint_of(pem: str) -> str:
    """What two people compare over the telephone: SHA-256 of the raw key, in hex. Raises
    ValueError for what is no Ed25519 key."""
    from synfonium.kernel.audit.heads import fingerprint, read_public_key

    return fingerprint(read_public_key(pem))


def is_signed_by(pem: str, message: bytes, signature: bytes) -> bool:
    from synfonium.kernel.audit.heads import is_signed, read_public_key

    try:
        return is_signed(read_public_key(pem), message, signature.decode("ascii"))
    except ValueError:
        return False
