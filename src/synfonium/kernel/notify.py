"""Tells systemd that we are ready, alive, or ending (sd_notify(3)); elsewhere it does nothing."""

import asyncio
import os
import socket
from collections.abc import Mapping
from contextlib import suppress

_MICRO = 1_000_000


def notify(state: str, environment: Mapping[str, str] = os.environ) -> None:
    """Sends `READY=1`, `STOPPING=1`, `WATCHDOG=1` to the manager's socket, if there is one."""
    address = environment.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    target = "\0" + address[1:] if address.startswith("@") else address
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.connect(target)
        channel.sendall(state.encode())


async def keep_watch(environment: Mapping[str, str] = os.environ) -> None:
    """Says that we are alive, twice as often as systemd wants to hear it; for ever.

    A loop that hangs says nothing, and systemd starts us again.
    """
    wanted = environment.get("WATCHDOG_USEC", "")
    if not wanted.isdigit() or int(wanted) <= 0:
        return
    while True:
        notify("WATCHDOG=1", environment)
        await asyncio.sleep(int(wanted) / _MICRO / 2)
