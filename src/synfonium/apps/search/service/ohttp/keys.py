"""The gateway's key pairs: a new one each day, drawn by chance; what is two days old is destroyed.

They lie sealed in the app's folder, so that a restart keeps them, and in no backup: what was recorded on the
way cannot be opened later, not even by who gets the whole installation.
"""

from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from synfonium.libraries.oblivious_http import KeyConfig
from synfonium.ports.clock import Clock
from synfonium.ports.secrets import SecretBox

FILE = "ohttp.keys"
_PURPOSE = "search/ohttp"
FRESH_S, KEPT_S = 86_400.0, 2 * 86_400.0


class _Kept(msgspec.Struct, frozen=True):
    number: int
    private: bytes
    made_s: float


class GatewayKeys:
    """Draws, keeps and destroys them; of one process."""

    def __init__(self, folder: Path, secrets: SecretBox, clock: Clock) -> None:
        self._path, self._secrets, self._clock = folder / FILE, secrets, clock
        self._kept = self._read()

    def _read(self) -> list[_Kept]:
        try:
            sealed = self._path.read_bytes()
            return msgspec.msgpack.decode(self._secrets.open(sealed, purpose=_PURPOSE), type=list[_Kept])
        except (OSError, ValueError):
            return []

    def _turn(self) -> None:
        """Draws a new pair when the last one is a day old, and forgets the old ones."""
        now_s = self._clock.now_s()
        kept = [one for one in self._kept if 0 <= now_s - one.made_s < KEPT_S]
        if not kept or now_s - kept[0].made_s >= FRESH_S:
            number = (kept[0].number + 1) % 256 if kept else 1
            kept.insert(0, _Kept(number, X25519PrivateKey.generate().private_bytes_raw(), now_s))
        if kept != self._kept:
            self._kept = kept
            self._write()

    def _write(self) -> None:
        fresh = self._path.with_suffix(".new")
        fresh.write_bytes(self._secrets.seal(msgspec.msgpack.encode(self._kept), purpose=_PURPOSE))
        fresh.replace(self._path)

    def private(self) -> dict[int, X25519PrivateKey]:
        """By their numbers."""
        self._turn()
        return {one.number: X25519PrivateKey.from_private_bytes(one.private) for one in self._kept}

    def configs(self) -> list[KeyConfig]:
        """The one that is to be used."""
        self._turn()
        newest = X25519PrivateKey.from_private_bytes(self._kept[0].private)
        return [KeyConfig(self._kept[0].number, newest.public_key().public_bytes_raw())]
