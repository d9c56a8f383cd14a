"""`synfonium backup`, `restore`, `doctor`, `settings`, `systemd`."""

import argparse
import re
import sys
from pathlib import Path

import msgspec

from synfonium.apps.operations.service.doctor_command import doctor as examined
from synfonium.apps.operations.service.doctor_command import told
from synfonium.apps.operations.service.restore_command import Wish, list_kept, restore
from synfonium.apps.operations.service.settings_pages import pages
from synfonium.apps.operations.service.units import FOLDER, install, own_program, units
from synfonium.kernel.calls import Caller
from synfonium.kernel.cli import Commands, Terminal
from synfonium.kernel.outside import Outside
from synfonium.kernel.reference import effective

_MARKS = {"good": "good   ", "note": "note   ", "bad": "WRONG  "}
_ADDRESS = re.compile(r"[a-z0-9]{2,}:")


def add_commands(commands: Commands) -> None:
    backup = commands.add("backup", _backup, help="back up the whole installation")
    backup.add_argument(
        "place", metavar="DIR", nargs="?", default="", help="a folder, or s3:… or sftp:… (backup_to)"
    )
    parser = commands.add_outside("restore", _restore, help="bring an installation back from a backup")
    parser.add_argument("place", metavar="DIR", help="where `synfonium backup` put it")
    parser.add_argument("--list", action="store_true", help="show the backups there are, and do nothing")
    parser.add_argument("--snapshot", default="", metavar="ID", help="which one (the newest)")
    parser.add_argument("--key-file", default="", metavar="FILE", help="holds the recovery key")
    parser.add_argument("--database", default="", metavar="URL", help="where tables of PostgreSQL go")
    parser.add_argument("--blobs", default="", metavar="URL", help="where files go that lay in a bucket")
    settings = commands.add_outside("settings", _settings, help="show the settings that hold now")
    settings.add_argument(
        "--reference", metavar="DIR", default="", help="write the reference of all settings there"
    )
    commands.add_outside("systemd print", _systemd_print, help="show the units for systemd")
    commands.add_outside("systemd install", _systemd_install, help="put them into /etc/systemd/system")
    doctor = commands.add_outside("doctor", _doctor, help="say what is wrong and what to do; change nothing")
    doctor.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument(
        "--replace", action="store_true", help="put aside what is in this home, and restore into it"
    )


def _address(place: str) -> str:
    """A path becomes absolute; what has a scheme is an address already."""
    return place if not place or _ADDRESS.match(place) else str(Path(place).expanduser().resolve())


async def _backup(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    taken = await call("operations.backup", {"to": _address(args.place)}, out.progress)
    # In one process the answer still holds our own types.
    run = taken["run"]
    out.line(f"Kept as {run['kept_id'][:8]}: {_size(run['total_bytes'])} in {taken['files']} files.")
    out.line(f"{_size(run['added_bytes'])} were new; all backups there take {_size(run['vault_bytes'])}.")
    if taken["left_out"]:
        out.line(f"{taken['left_out']} files of running PCs went away while they were read.")
    if taken["is_bucket_left"]:
        out.line("What people's files hold stays in the bucket and is not in it (backup_bucket = false).")
    for line in _about_key(taken["new_key"]):
        out.line(line)
    return 0


def _about_key(key: str) -> list[str]:
    if not key:
        return []
    return [
        "",
        f"  Recovery key:  {key}",
        "",
        "It is shown this once. Without it nobody can read these backups, and it opens all of them.",
        "Keep it outside of this machine: on paper, or in a password manager.",
    ]


async def _restore(args: argparse.Namespace, outside: Outside, out: Terminal) -> int:
    wish = Wish(
        address=_address(args.place),
        snapshot=args.snapshot,
        key_file=args.key_file,
        database=args.database,
        blobs=args.blobs,
        is_replacing=args.replace,
    )
    if args.list:
        for kept in await list_kept(outside, wish):
            out.line(f"{kept.id[:8]}  {_moment(kept.time_s)}")
        return 0
    checked, aside = await restore(outside, wish, out.progress)
    out.line(f"Restored into {outside.home}, and compared with the backup:")
    out.line(f"  {checked.rows} rows in {checked.databases} databases, each table as long as it was;")
    out.line(f"  {checked.blobs} files, {_size(checked.blob_bytes)}, every byte of them;")
    out.line(f"  {checked.audit_rows} rows of the audit in their signed chains;")
    out.line(f"  {checked.indexes} indexes; {checked.sealed} sealed rows opened with the home's key.")
    if checked.lacking:
        out.line(f"{checked.lacking} files were missing or damaged already when it was made.")
    if aside:
        out.line(f"What was in this home is now in {aside}.")
    return 0


async def _settings(args: argparse.Namespace, outside: Outside, out: Terminal) -> int:
    if args.reference:
        folder = Path(args.reference)
        for name, content in pages(folder).items():
            (folder / name).write_text(content, "utf-8")
        return 0
    section = ""
    for one in effective(outside.home):
        if one.section != section:
            section = one.section
            out.line(f"\n[{section}]")
        changed = "" if one.value == one.default else f"  # {one.default} by default"
        out.line(f"{one.name} = {one.value}{changed}")
    return 0


async def _systemd_print(args: argparse.Namespace, outside: Outside, out: Terminal) -> int:
    for name, content in units(own_program()).items():
        out.line(f"# {FOLDER / name}\n{content}")
    return 0


async def _systemd_install(args: argparse.Namespace, outside: Outside, out: Terminal) -> int:
    try:
        made = install()
    except OSError as error:
        print(f"synfonium: {FOLDER} cannot be written: {error.strerror}", file=sys.stderr)
        return 1
    for path in made:
        out.line(f"wrote {path}")
    out.line("Next: useradd --system --home /var/lib/synfonium synfonium")
    out.line("      systemctl daemon-reload && systemctl enable --now synfonium")
    return 0


async def _doctor(args: argparse.Namespace, outside: Outside, out: Terminal) -> int:
    found = await examined(outside)
    if args.json:
        out.line(msgspec.json.encode(found).decode())
    else:
        for one in found:
            said, remedy = told(one)
            out.line(f"{_MARKS[one.state]} {said}")
            if remedy and one.state != "good":
                out.line(f"        {remedy}")
    return 1 if any(one.state == "bad" for one in found) else 0


def _moment(time_s: float) -> str:
    from datetime import datetime

    return datetime.fromtimestamp(time_s).astimezone().strftime("%Y-%m-%d %H:%M:%S %z")


def _size(size_bytes: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if size_bytes < 999.5:
            return f"{size_bytes:.0f} {unit}" if unit == "B" else f"{size_bytes:.1f} {unit}"
        size_bytes /= 1000
    return f"{size_bytes:.1f} TB"
