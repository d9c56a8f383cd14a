"""Memory, CPU and process limits by control groups, where this process may make them.

Both hierarchies are served: version 2 and, on older hosts, version 1 with one folder per
controller (kernel: admin-guide/cgroup-v2, admin-guide/cgroup-v1). An ordinary user has
neither; the engine then falls back to resource limits of each process.
"""

import contextlib
import os
from pathlib import Path

from synfonium.ports.compute import MachineSpec

ROOT = Path("/sys/fs/cgroup")
PARENT = "synfonium"
_PERIOD_US = 100_000


def _is_unified() -> bool:
    return (ROOT / "cgroup.controllers").exists()


def is_available() -> bool:
    """Whether limits of a whole machine can be set here."""
    places = [ROOT] if _is_unified() else [ROOT / "memory", ROOT / "pids"]
    return all(os.access(place / "cgroup.procs", os.W_OK) for place in places)


def folders(machine_id: str) -> list[Path]:
    """The machine's groups that exist now."""
    places = [ROOT] if _is_unified() else [ROOT / name for name in ("memory", "pids", "cpu")]
    return [folder for place in places if (folder := place / PARENT / machine_id).is_dir()]


def make(spec: MachineSpec) -> list[Path]:
    """Makes the machine's groups with its limits; gives the folders to enter."""
    wanted = _unified_limits(spec) if _is_unified() else _legacy_limits(spec)
    made = []
    for folder, limits in wanted.items():
        folder.mkdir(parents=True, exist_ok=True)
        for name, value in limits.items():
            # A host may lack swap accounting; the other limits still hold.
            with contextlib.suppress(FileNotFoundError, PermissionError):
                (folder / name).write_text(value)
        made.append(folder)
    return made


def remove(machine_id: str) -> None:
    """Removes the machine's groups once nothing runs in them. Idempotent."""
    for folder in folders(machine_id):
        with contextlib.suppress(OSError):
            folder.rmdir()


def _unified_limits(spec: MachineSpec) -> dict[Path, dict[str, str]]:
    parent = ROOT / PARENT
    parent.mkdir(exist_ok=True)
    for place in (ROOT, parent):
        with contextlib.suppress(OSError):
            (place / "cgroup.subtree_control").write_text("+memory +pids +cpu")
    limits = {"pids.max": str(spec.processes)}
    if spec.memory_bytes:
        limits |= {"memory.max": str(spec.memory_bytes), "memory.swap.max": "0", "memory.oom.group": "0"}
    if spec.cpus:
        limits["cpu.max"] = f"{int(spec.cpus * _PERIOD_US)} {_PERIOD_US}"
    return {parent / spec.machine_id: limits}


def _legacy_limits(spec: MachineSpec) -> dict[Path, dict[str, str]]:
    groups = {ROOT / "pids" / PARENT / spec.machine_id: {"pids.max": str(spec.processes)}}
    if spec.memory_bytes:
        limit = str(spec.memory_bytes)
        groups[ROOT / "memory" / PARENT / spec.machine_id] = {
            "memory.limit_in_bytes": limit,
            "memory.memsw.limit_in_bytes": limit,
        }
    if spec.cpus and (ROOT / "cpu").is_dir():
        groups[ROOT / "cpu" / PARENT / spec.machine_id] = {
            "cpu.cfs_period_us": str(_PERIOD_US),
            "cpu.cfs_quota_us": str(int(spec.cpus * _PERIOD_US)),
        }
    return groups
