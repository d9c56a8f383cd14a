# SPDX-License-Identifier: Apache-2.0
"""Ports for servers of tests."""

import random
import socket
from contextlib import ExitStack

__all__ = ["free_ports"]

# Below those that the system gives to outgoing connections (32,768 and more): one of them would take
# the port of a server that was killed before it is back.
_FIRST, _LAST = 12_000, 30_000


def free_ports(count: int = 2, *, also_above: int = 0) -> list[int]:
    """Ports in a row that nobody listens on now; also_above: nor so far above each of them.

    Two by default: a server's own, and the one beside it for people's content. Raises OSError.
    """
    for _ in range(200):
        first = random.randrange(_FIRST, _LAST - count)
        ports = list(range(first, first + count))
        above = [port + also_above for port in ports] if also_above else []
        if _are_free([*ports, *above]):
            return ports
    raise OSError("no free ports in a row")


def _are_free(ports: list[int]) -> bool:
    with ExitStack() as probes:
        try:
            for port in ports:
                probes.enter_context(socket.socket()).bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
