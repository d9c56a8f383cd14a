"""Counting by whence a request comes, without keeping an address.

An address is cut to its network (/24, /48), hashed with a key that is made anew each hour and
never stored, and counted in memory. When the key goes, nothing is left of it.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from ipaddress import ip_address, ip_network

from synfonium.apps.identity.service.tries import Tries

KEY_LIFE_S = 3600.0


def network_of(address: str) -> str:
    """The /24 or /48 that holds an address; empty for what is none."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    mapped = getattr(parsed, "ipv4_mapped", None) or parsed
    return str(ip_network((mapped, 24 if mapped.version == 4 else 48), strict=False))


class Peers:
    """Tries by network and in all; each limit is (tries, seconds)."""

    def __init__(
        self, now_s: Callable[[], float], *, of_one: tuple[int, float], in_all: tuple[int, float]
    ) -> None:
        self._now_s, self._of_one, self._in_all = now_s, of_one, in_all
        self._total = Tries(now_s, of_one=in_all, in_all=in_all)
        self._renew()

    def take(self, address: str) -> None:
        """Raises TooManyTries."""
        if not 0 <= self._now_s() - self._made_s < KEY_LIFE_S:
            self._renew()
        hashed = hmac.new(self._key, network_of(address).encode(), hashlib.sha256).hexdigest()
        self._known.take(hashed)
        self._total.take("")

    def _renew(self) -> None:
        self._key, self._made_s = secrets.token_bytes(32), self._now_s()
        self._known = Tries(self._now_s, of_one=self._of_one, in_all=self._in_all)
