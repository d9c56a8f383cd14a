"""Voluntary Application Server Identification (RFC 8292): who sends a push message."""

import base64
import json

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
)

LIFE_S = 12 * 3600
"""A token may live for a day at most (RFC 8292, section 2)."""
FRESH_S = 3600
MOST_KEPT = 100


class Vapid:
    """Signs for one sender. `public` is what a browser subscribes with, an uncompressed point.

    subject: how a push service reaches the operator, `https:` or `mailto:`.
    """

    def __init__(self, secret: bytes, subject: str) -> None:
        """secret: the private key as 32 bytes, big-endian. Raises ValueError for no key."""
        self._key = ec.derive_private_key(int.from_bytes(secret), ec.SECP256R1())
        self._subject = subject
        self.public = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self._kept: dict[str, tuple[float, str]] = {}

    @staticmethod
    def new_secret() -> bytes:
        key = ec.generate_private_key(ec.SECP256R1())
        return key.private_numbers().private_value.to_bytes(32)

    def authorization(self, origin: str, now_s: float) -> str:
        """The Authorization header for a push service. A token serves for an hour."""
        made_s, header = self._kept.get(origin, (-FRESH_S, ""))
        if header and 0 <= now_s - made_s < FRESH_S:
            return header
        header = f"vapid t={self._token(origin, now_s)}, k={to_base64url(self.public)}"
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        self._kept[origin] = (now_s, header)
        return header

    def _token(self, origin: str, now_s: float) -> str:
        claims = {"aud": origin, "exp": int(now_s) + LIFE_S, "sub": self._subject}
        signed = f"{_json({'typ': 'JWT', 'alg': 'ES256'})}.{_json(claims)}"
        r, s = decode_dss_signature(self._key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{signed}.{to_base64url(r.to_bytes(32) + s.to_bytes(32))}"


def to_base64url(data: bytes) -> str:
    """RFC 4648, section 5, without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    """Raises ValueError."""
    return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), b"-_", validate=True)


def _json(value: dict[str, object]) -> str:
    return to_base64url(json.dumps(value, separators=(",", ":")).encode())
