"""The last step before bubblewrap, run as a child of its own with the standard library alone.

As root it stages the folders of the machine in a mount namespace of its own, so that the
machine's unprivileged user needs no way through the host's folders, then gives root up.
A companion first joins the machine's user and IPC namespaces. The plan comes as JSON in
the open file whose number is the argument; what fails goes to standard error in one line.
"""

import contextlib
import ctypes
import fcntl
import json
import os
import resource
import stat
import sys
from pathlib import Path
from typing import TypedDict

STAGE = "/tmp"
MS_BIND, MS_REC, MS_SLAVE, MS_NODEV, MS_NOSUID = 0x1000, 0x4000, 0x80000, 4, 2
CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWIPC = 0x00020000, 0x10000000, 0x08000000
NS_GET_USERNS = 0xB701


class Plan(TypedDict):
    """What to do. `arguments` names source i of `sources` as `{i}`.

    keep: open files that bubblewrap needs; whatever else we inherited is closed.
    join: a process whose user and IPC namespaces to enter (0 = none). uid: the host's id
    to become (0 = stay who we are). limits: resource name to soft and hard limit.
    """

    sources: list[str]
    arguments: list[str]
    keep: list[int]
    cgroups: list[str]
    limits: dict[str, int]
    join: int
    uid: int


_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")


def _mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    words = [word.encode() for word in (source, target, kind)]
    _check(_libc.mount(*words, ctypes.c_ulong(flags), options.encode()), f"mount on {target}")


def _stage(sources: list[str]) -> list[str]:
    """Binds each source into a fresh folder that any user may pass; gives the new paths."""
    _check(_libc.unshare(CLONE_NEWNS), "unshare")
    # Slaves still receive what is mounted on the host later: live folders depend on it.
    _mount("none", "/", "", MS_REC | MS_SLAVE)
    opened = [os.open(source, os.O_PATH | os.O_CLOEXEC) for source in sources]
    _mount("stage", STAGE, "tmpfs", MS_NODEV | MS_NOSUID, "mode=0755,size=1m")
    staged = []
    for number, descriptor in enumerate(opened):
        target = f"{STAGE}/{number}"
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            Path(target).mkdir()
        else:
            os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o644))
        _mount(f"/proc/self/fd/{descriptor}", target, "", MS_BIND | MS_REC)
        staged.append(target)
    return staged


def _join(pid: int) -> int:
    """Enters the IPC namespace of `pid` by way of the user namespace that owns it.

    Gives the user id that the machine's host user has there.
    """
    memory = os.open(f"/proc/{pid}/ns/ipc", os.O_RDONLY | os.O_CLOEXEC)
    owner = fcntl.ioctl(memory, NS_GET_USERNS)
    _check(_libc.setns(owner, CLONE_NEWUSER), "setns")
    _check(_libc.setns(memory, CLONE_NEWIPC), "setns")
    os.close(owner)
    return int(Path("/proc/self/uid_map").read_text().split()[0])


def _limit(limits: dict[str, int]) -> None:
    for name, value in limits.items():
        which = getattr(resource, name)
        _, hard = resource.getrlimit(which)
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (value, value))


def _close_others(keep: list[int]) -> None:
    """A machine gets no open file of the broker's, however it was started."""
    for entry in os.listdir("/proc/self/fd"):  # noqa: PTH208 - a folder that changes while we read
        descriptor = int(entry)
        if descriptor > 2 and descriptor not in keep:
            with contextlib.suppress(OSError):
                os.close(descriptor)


def main() -> None:
    """Does what the plan says, then becomes bubblewrap."""
    with os.fdopen(int(sys.argv[1])) as source:
        plan: Plan = json.load(source)
    _close_others(plan["keep"])
    for folder in plan["cgroups"]:
        (Path(folder) / "cgroup.procs").write_text(str(os.getpid()))
    paths = _stage(plan["sources"]) if plan["uid"] else plan["sources"]
    arguments = [part.format(*paths) for part in plan["arguments"]]
    os.umask(0o022)
    uid = plan["uid"]
    if uid:
        os.setgroups([])
    if plan["join"]:
        uid = _join(plan["join"])
    if plan["uid"]:
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    _limit(plan["limits"])
    os.execv(arguments[0], arguments)


if __name__ == "__main__":
    try:
        main()
    except (OSError, KeyError, ValueError) as error:
        sys.exit(f"launch: {error}")
