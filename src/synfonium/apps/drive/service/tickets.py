"""What a browser keeps of a link: that its password was shown, and which browser it is.

A ticket is signed, holds no name, and is good for one link and its present password alone.
"""

import base64
import binascii
import hmac
import secrets

import msgspec
from blake3 import blake3

from synfonium.apps.drive.model.share import Link, LinkId
from synfonium.ports.secrets import SecretBox

LIFETIME_S = 12 * 3600
_MAC_BYTES = 16
_LONGEST = 300


class Ticket(msgspec.Struct, frozen=True, array_like=True):
    """password: of which password it knows; empty for none shown. sender: random, this browser."""

    link: LinkId
    password: bytes
    sender: bytes
    expires_s: int


class Tickets:
    """Makes and reads tickets."""

    def __init__(self, secret_box: SecretBox) -> None:
        self._key = secret_box.derive("drive/link-tickets")

    def make(self, link: Link, now_s: float, *, knows: bool, before: Ticket | None = None) -> str:
        """A ticket for who has shown the password (or needs none); as the same browser as `before`."""
        ticket = Ticket(
            link=link.id,
            password=_mark(link) if knows else b"",
            sender=before.sender if before else secrets.token_bytes(16),
            expires_s=int(now_s) + LIFETIME_S,
        )
        raw = msgspec.msgpack.encode(ticket)
        return base64.urlsafe_b64encode(raw + self._mac(raw)).decode().rstrip("=")

    def read(self, text: str, link: Link, now_s: float) -> Ticket | None:
        """None for what is not ours, is over or is of another link."""
        if not text or len(text) > _LONGEST:
            return None
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        claim, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac(claim)):
            return None
        ticket = msgspec.msgpack.decode(claim, type=Ticket)
        return ticket if ticket.link == link.id and ticket.expires_s > now_s else None

    def is_let_in(self, ticket: Ticket | None, link: Link) -> bool:
        """Whether it needs no password, or the present one was shown."""
        if not link.password_hash:
            return True
        return ticket is not None and hmac.compare_digest(ticket.password, _mark(link))

    def _mac(self, raw: bytes) -> bytes:
        return blake3(raw, key=self._key).digest(_MAC_BYTES)


def _mark(link: Link) -> bytes:
    """Changes with the password."""
    return blake3(link.password_hash.encode()).digest(12) if link.password_hash else b"-"
