"""The machine and the folder: room, memory, clock, permissions, ports, sockets, programs."""

import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

from synfonium.apps.operations.contract import Finding
from synfonium.apps.operations.service.checks.scene import Scene, finding
from synfonium.kernel.i18n import _
from synfonium.kernel.restoring import is_half
from synfonium.kernel.secret_box import KEY_FILE
from synfonium.kernel.socket import socket_folder

_GIB = 1024**3
_LITTLE_MEMORY_BYTES = 256 * 1024 * 1024
_AN_HOUR_S = 3600.0


def home(scene: Scene) -> Iterator[Finding]:
    """The folder belongs to who runs us, and nobody else may look into it."""
    stat = scene.home.stat()
    if is_half(scene.home):
        yield finding("home", "bad", _("This home is only half restored."), _("Run synfonium restore again."))
    if stat.st_uid != os.getuid():
        said = _("The home belongs to another user than the one who asks.")
        yield finding("home.owner", "bad", said, _("Run this as the user who serves."))
    if stat.st_mode & 0o077:
        said = _("Other users of this machine can look into the home.")
        yield finding("home.mode", "bad", said, _("chmod 700 {home}"), home=scene.home)
    else:
        yield finding("home.mode", "good", _("Only its owner can look into the home."))
    key = scene.home / KEY_FILE
    try:
        whole = len(bytes.fromhex(key.read_text("ascii"))) == 32 and not key.stat().st_mode & 0o077
    except (OSError, ValueError):
        whole = False
    if whole:
        yield finding("key", "good", _("The installation's key is there, and private."))
    else:
        said = _("The installation's key is missing, damaged or readable by others.")
        yield finding("key", "bad", said, _("Put {file} back from a backup, with mode 600."), file=key)


def disk(scene: Scene) -> Iterator[Finding]:
    usage = shutil.disk_usage(scene.home)
    free = f"{usage.free / _GIB:.1f} GiB"
    remedy = _("Free some space, or move the home to a larger disk.")
    if usage.free < _GIB:
        yield finding(
            "disk", "bad", _("Only {free} are free: soon nothing can be stored."), remedy, free=free
        )
    elif usage.free < usage.total / 20:
        yield finding("disk", "note", _("{free} are free, less than a twentieth."), remedy, free=free)
    else:
        yield finding("disk", "good", _("{free} are free on the disk."), free=free)
    nodes = os.statvfs(scene.home)
    if nodes.f_files and nodes.f_favail < nodes.f_files / 50:
        said = _("The disk has room for hardly any more files, however small.")
        yield finding("inodes", "bad", said, remedy)
    elif nodes.f_files:
        yield finding("inodes", "good", _("There is room for many more files."))


def memory(scene: Scene) -> Iterator[Finding]:
    lines = Path("/proc/meminfo").read_text("ascii").splitlines()
    values = {line.partition(":")[0]: int(line.split()[1]) * 1024 for line in lines if ":" in line}
    free_bytes = values.get("MemAvailable", 0)
    free = f"{free_bytes / _GIB:.1f} GiB"
    if free_bytes < _LITTLE_MEMORY_BYTES:
        said = _("Only {free} of memory are free: parts may be ended by the system.")
        yield finding("memory", "note", said, _("Stop other programs, or give the machine more."), free=free)
    else:
        yield finding("memory", "good", _("{free} of memory are free."), free=free)


def clock(scene: Scene) -> Iterator[Finding]:
    """A file from the future means that the clock went back, or is wrong now."""
    times = [path.stat().st_mtime for path in (scene.home / "databases").glob("*.sqlite")]
    if times and max(times) > scene.now_s + _AN_HOUR_S:
        said = _("The clock is behind what was written here: codes and certificates will fail.")
        yield finding("clock", "bad", said, _("Set the clock; install chrony or systemd-timesyncd."))
    else:
        yield finding("clock", "good", _("The clock goes on from what was written here."))


def ports(scene: Scene) -> Iterator[Finding]:
    config = scene.settings.house
    if scene.is_served:
        return
    for port in sorted({config.port, config.bound_content_port}):
        try:
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((config.host if config.host != "localhost" else "127.0.0.1", port))
        except OSError as error:
            remedy = _("Stop the other program, or set another port in synfonium.toml.")
            said = _("Port {port} cannot be listened on: {why}.")
            yield finding("ports", "bad", said, remedy, port=port, why=error.strerror or "?")
        else:
            yield finding("ports", "good", _("Port {port} is free."), port=port)


def sockets(scene: Scene) -> Iterator[Finding]:
    left = list(socket_folder(scene.home).glob("*.sock"))
    if left and not scene.is_served:
        said = _("{count} sockets of a server that was killed are left.")
        remedy = _("Nothing to do: the next start replaces them.")
        yield finding("sockets", "note", said, remedy, count=len(left))


_OFFICE = "libreoffice-writer-nogui libreoffice-calc-nogui libreoffice-impress-nogui"


def programs(scene: Scene) -> Iterator[Finding]:
    wanted = {
        "restic": _("backups"),
        "bwrap": _("personal computers"),
        "rclone": _("Drive as a folder in a personal computer"),
        "soffice": _("pages of office documents"),
    }
    if scene.settings.house.database != "sqlite":
        wanted["pg_dump"] = _("backups and upgrades with PostgreSQL")
    packages = {"bwrap": "bubblewrap", "pg_dump": "postgresql-client", "soffice": _OFFICE}
    for program, purpose in wanted.items():
        if shutil.which(program) is None:
            remedy = _("apt-get install {package}")
            said = _("{program} is missing, which serves: {purpose}.")
            package = packages.get(program, program)
            yield finding(
                f"programs.{program}", "note", said, remedy, program=program, purpose=purpose, package=package
            )
        else:
            yield finding(f"programs.{program}", "good", _("{program} is installed."), program=program)


ALL = (home, disk, memory, clock, ports, sockets, programs)
