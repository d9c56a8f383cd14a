"""Machines as sandboxed processes of this computer: bubblewrap.

Inside: user 1000, no capabilities, no new privileges, namespaces of its own (user,
process, network without any interface but loopback, IPC, host name, control groups), the
image read-only, fresh /tmp and /run, the home. As root each machine is a host user of
its own, so that a way out meets only what strangers may read. A machine survives the
broker: the lock that its first process holds is the whole record of its state.
"""

import asyncio
import fcntl
import hashlib
import os
import re
import shutil
import signal
import sys
import time
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import msgspec

from synfonium.engines.compute import cgroups, holders
from synfonium.engines.compute.seccomp import machine_filter
from synfonium.ports.compute import (
    HOME_AT,
    SOCKETS_AT,
    Companion,
    ComputeMissing,
    MachineNotRunning,
    MachineSpec,
    MachineState,
)

GUEST_ID = 1000
START_TIMEOUT_S = 60.0
_FIRST_OWNER, _OWNERS = 0x50000000, 0x10000000
_MACHINE_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_LAUNCH = Path(__file__).with_name("launch.py")
_PATH = "/usr/local/bin:/usr/bin:/bin"
_APART = ("--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try")


class ProcessCompute:
    """The port `Compute` on bubblewrap. `folder` keeps one lock file for each machine.

    Limits of memory, CPU and processes hold for the whole machine where control groups
    may be made (root); elsewhere memory is limited for each process and the CPU is not.
    """

    survives = True

    def __init__(self, folder: Path, bubblewrap: str = "bwrap") -> None:
        self._folder, self._bubblewrap = folder, bubblewrap
        self._is_root = os.geteuid() == 0
        self._children: set[asyncio.Task[int]] = set()

    def owner_of(self, machine_id: str) -> int:
        if not self._is_root:
            return os.geteuid()
        digest = hashlib.blake2b(machine_id.encode(), digest_size=4).digest()
        return _FIRST_OWNER + int.from_bytes(digest, "big") % _OWNERS

    async def start(self, spec: MachineSpec) -> None:
        lock = self._lock(spec.machine_id)
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._own(spec)
            await self._launch_machine(spec, descriptor)
        except BlockingIOError:
            return
        finally:
            os.close(descriptor)

    async def stop(self, machine_id: str, *, grace_s: float = 5.0) -> None:
        lock = self._lock(machine_id)
        if grace_s > 0 and (first := await asyncio.to_thread(holders.first_process, lock)):
            for pid in holders.members(first):
                if pid != first:
                    holders.send(pid, signal.SIGTERM)
            await self._wait_unlocked(lock, grace_s)
        for _ in range(50):
            if not holders.is_locked(lock):
                break
            for pid in await asyncio.to_thread(holders.holders, lock):
                holders.send(pid, signal.SIGKILL)
            await self._wait_unlocked(lock, 0.2)
        cgroups.remove(machine_id)

    async def state(self, machine_id: str) -> MachineState:
        lock = self._lock(machine_id)
        if holders.is_locked(lock):
            return "running"
        return "stopped" if lock.exists() else "absent"

    async def running(self) -> Sequence[str]:
        locks = sorted(self._folder.glob("*.lock")) if self._folder.is_dir() else []
        return [lock.stem for lock in locks if holders.is_locked(lock)]

    async def accompany(self, companion: Companion) -> int:
        first = await asyncio.to_thread(holders.first_process, self._lock(companion.machine_id))
        if not first:
            raise MachineNotRunning(companion.machine_id)
        sources = [companion.sockets, *companion.readable]
        readable = [
            word for number, path in enumerate(companion.readable, 1) for word in _read_only(number, path)
        ]
        arguments = [
            self._program(), *_APART, "--die-with-parent", "--new-session", "--clearenv", "--cap-drop", "ALL",
            "--tmpfs", "/", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp",
            "--bind", "{0}", SOCKETS_AT, *readable, *_environment(companion.environment),
            "--remount-ro", "/", "--", *_literal(companion.command),
        ]  # fmt: skip
        plan = {
            "sources": [str(path) for path in sources],
            "arguments": arguments,
            "keep": [],
            "cgroups": [],
            "limits": {"RLIMIT_CORE": 0, "RLIMIT_NOFILE": 256},
            "join": first,
            "uid": self.owner_of(companion.machine_id) if self._is_root else 0,
        }
        return await self._run_beside(plan, companion.channel)

    async def _run_beside(self, plan: Mapping[str, object], channel: int) -> int:
        source = _as_file("plan", msgspec.json.encode(plan))
        try:
            process = await asyncio.create_subprocess_exec(
                *_launcher(source),
                stdin=channel,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                pass_fds=(source,),
            )
        finally:
            os.close(source)
        try:
            return await process.wait()
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()

    async def _launch_machine(self, spec: MachineSpec, lock: int) -> None:
        limited = cgroups.is_available()
        refused = _as_file("filter", machine_filter())
        plan = {
            "sources": [
                str(path)
                for path in (spec.image, spec.home, spec.sockets, *spec.mounts.values(), *spec.shown.values())
            ],
            "arguments": self._machine_arguments(spec, lock, refused),
            "keep": [lock, refused],
            "cgroups": [str(folder) for folder in cgroups.make(spec)] if limited else [],
            "limits": _limits(spec, limited),
            "join": 0,
            "uid": self.owner_of(spec.machine_id) if self._is_root else 0,
        }
        source = _as_file("plan", msgspec.json.encode(plan))
        said, says = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                *_launcher(source),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=says,
                pass_fds=(source, lock, refused),
                start_new_session=True,
            )
        finally:
            for descriptor in (source, refused, says):
                os.close(descriptor)
        with os.fdopen(said, "rb") as errors:
            await self._see_started(process, self._lock(spec.machine_id), errors)

    async def _see_started(self, process: asyncio.subprocess.Process, lock: Path, errors: BinaryIO) -> None:
        """Waits until the machine's command runs; else raises what bubblewrap said."""
        task = self._keep(process.wait())
        until = time.monotonic() + START_TIMEOUT_S
        while not task.done() and time.monotonic() < until:
            if await asyncio.to_thread(holders.has_command, lock, self._program()):
                first = await asyncio.to_thread(holders.first_process, lock)
                self._keep(_end_with_command(task, first))
                return
            await asyncio.sleep(0.01)
        for pid in holders.holders(lock):
            holders.send(pid, signal.SIGKILL)
        await task
        said = errors.read(2000).decode(errors="replace").strip()
        raise MachineNotRunning(said.splitlines()[-1] if said else "bubblewrap gave no reason")

    def _keep(self, work: Coroutine[None, None, int]) -> "asyncio.Task[int]":
        """A task that nobody else holds."""
        task = asyncio.create_task(work)
        self._children.add(task)
        task.add_done_callback(self._children.discard)
        return task

    def _machine_arguments(self, spec: MachineSpec, lock: int, refused: int) -> list[str]:
        size = str(spec.memory_bytes // 4 or 1 << 30)
        binds = [("--bind", at) for at in spec.mounts] + [("--ro-bind", at) for at in spec.shown]
        mounts = [
            word for number, (how, at) in enumerate(binds, 3) for word in (how, f"{{{number}}}", _plain(at))
        ]
        environment = {
            "HOME": HOME_AT,
            "USER": "person",
            "LOGNAME": "person",
            "PATH": _PATH,
            **spec.environment,
        }
        return [
            self._program(), *_APART, "--unshare-ipc", "--uid", str(GUEST_ID), "--gid", str(GUEST_ID),
            "--hostname", "pc", "--new-session", "--clearenv", "--cap-drop", "ALL",
            "--sync-fd", str(lock), *(("--seccomp", str(refused)) if machine_filter() else ()),
            "--ro-bind", "{0}", "/", "--proc", "/proc", "--dev", "/dev",
            "--size", size, "--tmpfs", "/dev/shm", "--size", size, "--tmpfs", "/tmp",
            "--size", size, "--tmpfs", "/run", "--perms", "0700", "--dir", f"/run/user/{GUEST_ID}",
            "--bind", "{1}", HOME_AT, "--bind", "{2}", SOCKETS_AT, *mounts,
            "--chdir", HOME_AT, *_environment(environment), "--", *_literal(spec.command),
        ]  # fmt: skip

    def _program(self) -> str:
        found = shutil.which(self._bubblewrap)
        if not found:
            raise ComputeMissing("bubblewrap")
        return found

    def _own(self, spec: MachineSpec) -> None:
        """Gives the machine's folders to its host user; what is inside is already its own."""
        if self._is_root:
            owner = self.owner_of(spec.machine_id)
            for folder in (spec.home, spec.sockets):
                os.chown(folder, owner, owner)

    def _lock(self, machine_id: str) -> Path:
        if not _MACHINE_ID.fullmatch(machine_id):
            raise ValueError("a machine id is a-z, 0-9 and -")
        return self._folder / f"{machine_id}.lock"

    async def _wait_unlocked(self, lock: Path, timeout_s: float) -> None:
        until = time.monotonic() + timeout_s
        while holders.is_locked(lock) and time.monotonic() < until:  # noqa: ASYNC110 - a lock tells nobody
            await asyncio.sleep(0.02)


async def _end_with_command(monitor: "asyncio.Task[int]", first: int) -> int:
    """Ends what a machine's command left behind: bubblewrap would wait for the last of it."""
    try:
        process = os.pidfd_open(first)
    except OSError:
        return await monitor
    try:
        status = await asyncio.shield(monitor)
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(process, signal.SIGKILL)
        return status
    finally:
        os.close(process)


def _limits(spec: MachineSpec, limited: bool) -> dict[str, int]:
    limits = {"RLIMIT_CORE": 0, "RLIMIT_NOFILE": 8192}
    if spec.file_bytes:
        limits["RLIMIT_FSIZE"] = spec.file_bytes
    if not limited and spec.memory_bytes:
        limits["RLIMIT_DATA"] = spec.memory_bytes
    return limits


def _launcher(plan: int) -> list[str]:
    return [sys.executable, "-I", "-S", str(_LAUNCH), str(plan)]


def _as_file(name: str, content: bytes) -> int:
    """An anonymous file with `content`, to be inherited by a child."""
    descriptor = os.memfd_create(name, os.MFD_CLOEXEC)
    os.write(descriptor, content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _environment(variables: Mapping[str, str]) -> list[str]:
    return [word for name, value in variables.items() for word in ("--setenv", name, _plain(value))]


def _read_only(number: int, path: Path) -> tuple[str, str, str]:
    return ("--ro-bind", f"{{{number}}}", _plain(str(path)))


def _plain(text: str) -> str:
    """As it is, past the launcher's replacing of `{number}`."""
    return text.replace("{", "{{").replace("}", "}}")


def _literal(command: Sequence[str]) -> list[str]:
    return [_plain(word) for word in command]
