"""Starts the roles, each in a process of its own, and starts again one that ends.

It imports next to nothing, so that it costs little and cannot crash with an app.
"""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from synfonium.common.problem import Problem
from synfonium.kernel import logs
from synfonium.kernel.app import ROLES, Role
from synfonium.kernel.notify import keep_watch, notify
from synfonium.kernel.socket import call_socket, role_socket

log = logs.get("supervisor")
FIRST_DELAY_S = 0.2
LONGEST_DELAY_S = 5.0
STEADY_S = 30.0
STOP_S = 8.0


class RoleProcess:
    """One role: a child process that is started again, later each time it fails soon."""

    def __init__(self, role: Role, command: Sequence[str], lock_descriptor: int) -> None:
        self.role, self._command, self._lock = role, command, lock_descriptor
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = False

    async def keep_running(self) -> None:
        delay_s, restarts = FIRST_DELAY_S, 0
        while not self._stopping:
            started_s = time.monotonic()
            command = [*self._command, "--restarts", str(restarts)]
            self._process = await asyncio.create_subprocess_exec(*command, pass_fds=(self._lock,))
            status = await self._process.wait()
            if self._stopping:
                return
            restarts += 1
            delay_s = FIRST_DELAY_S if time.monotonic() - started_s > STEADY_S else delay_s
            log.warning("role.ended", role=self.role, status=status, delay_s=delay_s, restarts=restarts)
            await asyncio.sleep(delay_s)
            delay_s = min(delay_s * 2, LONGEST_DELAY_S)

    async def stop(self) -> None:
        self._stopping = True
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_S)
        except TimeoutError:
            process.kill()
            await process.wait()


async def supervise(
    home: Path, arguments: Sequence[str], lock_descriptor: int, on_ready: Callable[[], Awaitable[None]]
) -> int:
    """Runs all roles until a signal ends us; `on_ready` is awaited once, when all answer."""
    base = [sys.executable, "-m", "synfonium.main", "serve", "--home", str(home), *arguments]
    held = ["--held-lock", str(lock_descriptor), "--parent", str(os.getpid())]
    processes = [RoleProcess(role, [*base, "--only", role, *held], lock_descriptor) for role in ROLES]
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    keepers = [asyncio.create_task(process.keep_running()) for process in processes]
    announcer = asyncio.create_task(_announce(home, on_ready))
    watch = asyncio.create_task(keep_watch())
    await stop.wait()
    notify("STOPPING=1")
    announcer.cancel()
    watch.cancel()
    await asyncio.gather(*(process.stop() for process in processes))
    await asyncio.gather(*keepers, announcer, return_exceptions=True)
    return 0


async def _announce(home: Path, on_ready: Callable[[], Awaitable[None]]) -> None:
    waiting = set(ROLES)
    while waiting:
        for role in tuple(waiting):
            try:
                await call_socket(role_socket(home, role), "kernel.health", {}, "supervisor")
                waiting.discard(role)
            except Problem:
                pass
        await asyncio.sleep(0.05)
    notify("READY=1")
    await on_ready()
