"""Sandboxed processes keep the obligations of the Compute port."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import uvloop

from synfonium.engines.compute.process import ProcessCompute
from synfonium.engines.compute.seccomp import machine_filter
from synfonium.ports.compute import ComputeMissing, MachineSpec
from synfonium.testing.compute_suite import ComputeSuite, busybox_image


class TestProcess(ComputeSuite):
    opener = "synfonium.engines.compute.process:ProcessCompute"

    @pytest.fixture
    def image(self, tmp_path: Path, program: Callable[[str], str]) -> Path:
        program("bwrap")
        return busybox_image(tmp_path, program("busybox"))

    async def test_without_bubblewrap_it_says_which_package_is_missing(
        self, folder: Path, spec: Callable[..., MachineSpec]
    ) -> None:
        with pytest.raises(ComputeMissing, match="bubblewrap"):
            await ProcessCompute(folder, "no-such-program").start(spec("sleep 1"))

    def test_no_open_file_of_the_broker_reaches_a_machine(
        self, folder: Path, spec: Callable[..., MachineSpec], tmp_path: Path
    ) -> None:
        """uvloop lets inheritable files through; a machine must not hold the home's lock."""
        (tmp_path / "lock").touch()
        lines = "ls -l /proc/$$/fd > .t; mv .t told; sleep 60"

        async def run() -> str:
            compute = ProcessCompute(folder)
            try:
                return await self.told(compute, spec(lines))
            finally:
                await compute.stop("one", grace_s=0)

        with (tmp_path / "lock").open("r+") as lock:
            os.set_inheritable(lock.fileno(), True)
            told = uvloop.run(run())
        assert str(tmp_path / "lock") not in told

    async def test_a_machine_id_that_is_a_path_is_refused(self, folder: Path) -> None:
        with pytest.raises(ValueError):
            await ProcessCompute(folder).state("../elsewhere")


@pytest.mark.parametrize("architecture", ["x86_64", "aarch64"])
def test_the_filter_is_whole_instructions_and_known_for_both_architectures(architecture: str) -> None:
    program = machine_filter(architecture)
    assert program
    assert len(program) % 8 == 0


def test_an_unknown_architecture_has_no_filter() -> None:
    assert machine_filter("vax") == b""
