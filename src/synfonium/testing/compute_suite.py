# SPDX-License-Identifier: Apache-2.0
"""What every Compute engine must pass, on the real product.

class TestMyEngine(ComputeSuite):
    opener = "my_package.openers:open_it"   # called (folder)

    @pytest.fixture
    def image(self, tmp_path): …            # a root folder with /bin/busybox
"""

import asyncio
import shutil
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import ClassVar

import msgspec
import pytest

from synfonium.kernel.app import resolve
from synfonium.ports.compute import HOME_AT, Companion, Compute, MachineNotRunning, MachineSpec
from synfonium.testing.child import Child

WAIT_S = 10.0
MIB = 1 << 20


def busybox_image(folder: Path, busybox: str) -> Path:
    """The smallest root that a machine can run: one static program."""
    root = folder / "image"
    for part in ("bin", "proc", "dev", "tmp", "run", "sys", "etc", "home/person", "media/shared"):
        (root / part).mkdir(parents=True)
    for made in (root, *(path for path in root.rglob("*") if path.is_dir())):
        made.chmod(0o755)
    shutil.copy(busybox, root / "bin" / "busybox")
    (root / "bin" / "sh").symlink_to("busybox")
    (root / "etc" / "base").write_text("from the image\n")
    return root


def script(lines: str) -> tuple[str, ...]:
    """A machine's command: shell lines, whose words are busybox's."""
    return ("/bin/busybox", "sh", "-c", lines)


async def until(condition: Callable[[], bool], what: str) -> None:
    """Waits; AssertionError when it takes too long."""
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.02)


class ComputeSuite:
    """Inherit it; see the module."""

    opener: ClassVar[str]

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        return tmp_path / "compute"

    @pytest.fixture
    async def compute(self, folder: Path) -> AsyncIterator[Compute]:
        engine = self.open(folder)
        try:
            yield engine
        finally:
            for machine_id in await engine.running():
                await engine.stop(machine_id, grace_s=0)

    @pytest.fixture
    def spec(self, tmp_path: Path, image: Path) -> Callable[..., MachineSpec]:
        def make(lines: str, machine_id: str = "one", **more: object) -> MachineSpec:
            base = tmp_path / "machines" / machine_id
            for part in ("home", "sockets"):
                (base / part).mkdir(parents=True, exist_ok=True)
            values: dict[str, object] = {
                "machine_id": machine_id,
                "image": image,
                "home": base / "home",
                "sockets": base / "sockets",
                "command": script(lines),
                **more,
            }
            return MachineSpec(**values)  # type: ignore[arg-type]

        return make

    def open(self, folder: Path) -> Compute:
        engine: Compute = resolve(self.opener)(folder)
        return engine

    async def told(self, compute: Compute, spec: MachineSpec, name: str = "told") -> str:
        """Starts the machine and gives what it wrote into its home as `name`."""
        await compute.start(spec)
        path = spec.home / name
        await until(path.exists, "the machine wrote nothing")
        return path.read_text()

    # Life

    async def test_a_machine_starts_and_stops_and_says_so(
        self, compute: Compute, spec: Callable[..., MachineSpec]
    ) -> None:
        assert await compute.state("one") == "absent"
        await compute.start(spec("sleep 60"))
        assert await compute.state("one") == "running"
        assert list(await compute.running()) == ["one"]
        await compute.stop("one")
        assert await compute.state("one") == "stopped"
        assert list(await compute.running()) == []

    async def test_starting_and_stopping_twice_is_as_once(
        self, compute: Compute, spec: Callable[..., MachineSpec]
    ) -> None:
        counting = spec("echo started >> starts; sleep 60")
        await compute.start(counting)
        await compute.start(counting)
        await until((counting.home / "starts").exists, "it did not start")
        assert (counting.home / "starts").read_text() == "started\n"
        await compute.stop("one")
        await compute.stop("one")
        assert await compute.state("one") == "stopped"
        await compute.stop("never-seen")

    async def test_a_machine_whose_command_ends_is_stopped(
        self, compute: Compute, spec: Callable[..., MachineSpec]
    ) -> None:
        await compute.start(spec("sleep 0.3"))
        deadline = time.monotonic() + WAIT_S
        while await compute.state("one") == "running":
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)
        assert await compute.state("one") == "stopped"

    async def test_what_a_command_leaves_behind_ends_with_it(
        self, compute: Compute, spec: Callable[..., MachineSpec]
    ) -> None:
        await compute.start(spec("setsid sleep 60 & sleep 0.5"))
        deadline = time.monotonic() + WAIT_S
        while await compute.state("one") == "running":
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)

    async def test_a_command_that_does_not_exist_is_told_at_start(
        self, compute: Compute, spec: Callable[..., MachineSpec]
    ) -> None:
        with pytest.raises(MachineNotRunning):
            await compute.start(spec("", command=("/bin/nothing",)))
        assert await compute.state("one") != "running"

    async def test_the_home_stays_when_the_machine_goes(
        self, compute: Compute, spec: Callable[..., MachineSpec]
    ) -> None:
        await self.told(compute, spec("echo kept > kept; echo x > told; sleep 60"))
        await compute.stop("one")
        (spec("").home / "told").unlink()
        assert await self.told(compute, spec("cat kept > .t; mv .t told; sleep 60")) == "kept\n"

    async def test_a_program_that_ignores_the_signal_is_stopped_all_the_same(
        self, compute: Compute, spec: Callable[..., MachineSpec]
    ) -> None:
        await self.told(compute, spec("trap '' TERM; echo x > told; while true; do sleep 1; done"))
        await compute.stop("one", grace_s=0.2)
        assert await compute.state("one") == "stopped"

    async def test_after_kill_of_the_broker_the_state_is_still_true(
        self, compute: Compute, folder: Path, spec: Callable[..., MachineSpec]
    ) -> None:
        living = spec("sleep 60")
        with Child("synfonium.testing.compute_starter", self.opener, str(folder), *_wire(living)) as broker:
            assert broker.read_line(timeout_s=WAIT_S) == "running"
            broker.kill()
        assert compute.survives == (await compute.state("one") == "running")
        await compute.start(living)
        assert await compute.state("one") == "running"
        await compute.stop("one", grace_s=0)
        assert await compute.state("one") == "stopped"

    # Walls

    async def test_nobody_inside_is_root_or_has_capabilities(
        self, compute: Compute, spec: Callable[..., MachineSpec]
    ) -> None:
        wanted = "^(CapPrm|CapEff|CapBnd|NoNewPrivs)"
        lines = f"id -u > .t; grep -E '{wanted}' /proc/self/status >> .t; mv .t told; sleep 60"
        uid, *status = (await self.told(compute, spec(lines))).splitlines()
        assert uid == "1000"
        values = dict(line.split(":\t") for line in status)
        assert values.pop("NoNewPrivs") == "1"
        assert set(values.values()) == {"0" * 16}

    async def test_the_base_cannot_be_written(
        self, compute: Compute, spec: Callable[..., MachineSpec], image: Path
    ) -> None:
        lines = "echo x > /etc/base; echo y > /new; rm /etc/base; echo done > told; sleep 60"
        await self.told(compute, spec(lines))
        assert (image / "etc" / "base").read_text() == "from the image\n"
        assert not (image / "new").exists()

    async def test_the_hosts_files_and_processes_are_out_of_sight(
        self, compute: Compute, spec: Callable[..., MachineSpec], tmp_path: Path
    ) -> None:
        (tmp_path / "secret").write_text("of the host")
        lines = f"ls {tmp_path} > .t 2>&1; ls -d /proc/[0-9]* | wc -l >> .t; mv .t told; sleep 60"
        *listing, processes = (await self.told(compute, spec(lines))).splitlines()
        assert "secret" not in "".join(listing)
        assert int(processes) < 10

    async def test_the_environment_of_the_broker_stays_outside(
        self, compute: Compute, spec: Callable[..., MachineSpec], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("BROKER_SECRET", "hush")
        told = await self.told(compute, spec("env > .t; mv .t told; sleep 60", environment={"GIVEN": "1"}))
        assert "GIVEN=1" in told
        assert "hush" not in told
        assert f"HOME={HOME_AT}" in told

    async def test_two_machines_have_no_network_between_them(
        self, compute: Compute, spec: Callable[..., MachineSpec]
    ) -> None:
        serving = spec(
            "(while true; do echo hello | nc -l -p 4000; done) & sleep 0.3; echo up > told; sleep 60"
        )
        await self.told(compute, serving)
        lines = (
            "nc -w 1 127.0.0.1 4000 < /dev/null > .t 2>/dev/null;"
            "tail -n +3 /proc/net/dev | grep -v lo: >> .t; mv .t told; sleep 60"
        )
        assert await self.told(compute, spec(lines, machine_id="two")) == ""

    async def test_a_machine_reaches_no_port_of_the_host(
        self, compute: Compute, spec: Callable[..., MachineSpec]
    ) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            lines = f"nc -w 1 127.0.0.1 {port} < /dev/null; echo $? > told; sleep 60"
            assert await self.told(compute, spec(lines)) != "0\n"

    async def test_one_machine_sees_nothing_of_another(
        self, compute: Compute, spec: Callable[..., MachineSpec]
    ) -> None:
        other = spec("echo mine > private; echo x > told; sleep 77", machine_id="two")
        await self.told(compute, other)
        lines = f"cat {other.home}/private > .t 2>&1; ps >> .t; mv .t told; sleep 60"
        told = await self.told(compute, spec(lines))
        assert "mine" not in told
        assert "sleep 77" not in told

    async def test_a_new_user_namespace_and_a_mount_are_refused(
        self, compute: Compute, spec: Callable[..., MachineSpec]
    ) -> None:
        lines = "unshare -U true; a=$?; mount -t tmpfs x /tmp; echo $a $? > told; sleep 60"
        first, second = (await self.told(compute, spec(lines))).split()
        assert first != "0"
        assert second != "0"

    # Limits

    async def test_memory_beyond_the_limit_is_not_given(
        self, compute: Compute, spec: Callable[..., MachineSpec]
    ) -> None:
        """A shell variable that doubles meets its end before 512 MiB."""
        lines = (
            "(x=0123456789abcdef; i=0; while [ $i -lt 25 ]; do x=$x$x; i=$((i+1)); done; echo ate > ate);"
            "echo done > told; sleep 60"
        )
        await compute.start(limited := spec(lines, memory_bytes=64 * MIB))
        await until((limited.home / "told").exists, "the limit took the whole machine")
        assert not (limited.home / "ate").exists()

    async def test_processes_beyond_the_limit_are_not_given(
        self, compute: Compute, spec: Callable[..., MachineSpec]
    ) -> None:
        lines = (
            "sleep 0.5; i=0; while [ $i -lt 80 ]; do sleep 50 & i=$((i+1)); done; echo many > many; sleep 60"
        )
        await compute.start(limited := spec(lines, processes=20))
        await asyncio.sleep(2.0)
        assert not (limited.home / "many").exists()

    async def test_a_file_beyond_the_limit_is_not_written(
        self, compute: Compute, spec: Callable[..., MachineSpec]
    ) -> None:
        lines = "dd if=/dev/zero of=big bs=1M count=20; echo done > told; sleep 60"
        await self.told(compute, limited := spec(lines, file_bytes=4 * MIB))
        assert (limited.home / "big").stat().st_size <= 4 * MIB

    # What goes in and out

    async def test_a_mounted_folder_is_written_from_both_sides(
        self, compute: Compute, spec: Callable[..., MachineSpec], tmp_path: Path
    ) -> None:
        shared = tmp_path / "shared"
        shared.mkdir()
        shared.chmod(0o777)
        (shared / "from-host").write_text("host")
        lines = (
            "cat /media/shared/from-host > .t; echo guest > /media/shared/from-guest; mv .t told; sleep 60"
        )
        assert await self.told(compute, spec(lines, mounts={"/media/shared": shared})) == "host"
        assert (shared / "from-guest").read_text() == "guest\n"

    async def test_a_companion_sees_the_sockets_and_nothing_else_and_speaks_by_its_channel(
        self, compute: Compute, spec: Callable[..., MachineSpec], image: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "secret").write_text("of the host")
        await compute.start(machine := spec("echo x > /tmp/.X11-unix/here; sleep 60"))
        await until((machine.sockets / "here").exists, "the machine shares no sockets")
        lines = (
            f"ls /tmp/.X11-unix >&0; ls {tmp_path}/secret >&0 2>/dev/null;"
            "tail -n +3 /proc/net/dev | grep -v lo: >&0"
        )
        ours, theirs = socket.socketpair()
        with ours, theirs:
            companion = Companion(
                machine_id="one",
                sockets=machine.sockets,
                command=(str(image / "bin" / "busybox"), "sh", "-c", lines),
                readable=(image / "bin",),
                channel=theirs.fileno(),
            )
            assert await compute.accompany(companion) in (0, 1)
            theirs.close()
            assert ours.recv(1000) == b"here\n"

    async def test_a_companion_ends_when_it_is_cancelled(
        self, compute: Compute, spec: Callable[..., MachineSpec], image: Path
    ) -> None:
        await compute.start(machine := spec("sleep 60"))
        ours, theirs = socket.socketpair()
        with ours:
            companion = Companion(
                machine_id="one",
                sockets=machine.sockets,
                command=(str(image / "bin" / "busybox"), "sh", "-c", "echo up >&0; sleep 60"),
                readable=(image / "bin",),
                channel=theirs.fileno(),
            )
            running = asyncio.create_task(compute.accompany(companion))
            assert await asyncio.to_thread(ours.recv, 100) == b"up\n"
            theirs.close()
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running
            ours.settimeout(WAIT_S)
            assert ours.recv(100) == b""

    async def test_a_companion_needs_a_machine_that_runs(
        self, compute: Compute, spec: Callable[..., MachineSpec]
    ) -> None:
        missing = spec("")
        companion = Companion(
            machine_id="one", sockets=missing.sockets, command=(sys.executable,), readable=(), channel=0
        )
        with pytest.raises(MachineNotRunning):
            await compute.accompany(companion)


def _wire(spec: MachineSpec) -> tuple[str, ...]:
    return (msgspec.json.encode(spec, enc_hook=str).decode(),)
