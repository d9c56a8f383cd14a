"""Turns an office document that somebody stored into PDF: LibreOffice, in a sandbox of its own.

LibreOffice needs files, threads and programs, so it cannot give these up as our own children do
(libraries/confinement.py). It runs under bubblewrap instead: no network, no other process, nothing of
this computer but its programs, to be read, a profile that is thrown away with everything it wrote, macros
off; as root, it runs as nobody. Without either program there is no PDF, and nothing else changes.
"""

import asyncio
import os
import shutil
from functools import cache

from synfonium.apps.drive.model.previews import MOST_PAGES, OFFICE_KINDS

MIB = 1024 * 1024
WALL_S = 45.0
CPU_S = 40
MEMORY_BYTES = 1536 * MIB
ROOM_BYTES = 256 * MIB
LARGEST_PDF = 48 * MIB
NOBODY = 65534
_NEEDS = ("soffice", "bwrap", "prlimit", "setpriv", "nice")
_SECURITY = "/org.openoffice.Office.Common/Security/Scripting"
_OFF = {"DisableMacrosExecution": "true", "MacroSecurityLevel": "3", "BlockUntrustedRefererLinks": "true"}
_ITEM = '<item oor:path="{}"><prop oor:name="{}" oor:op="fuse"><value>{}</value></prop></item>'
_PROFILE = (
    '<?xml version="1.0" encoding="UTF-8"?><oor:items xmlns:oor="http://openoffice.org/2001/registry">'
    + "".join(_ITEM.format(_SECURITY, name, value) for name, value in _OFF.items())
    + "</oor:items>"
).encode()
# Its own messages go nowhere, the PDF comes out.
_RUN = 'soffice "$@" >/dev/null 2>&1; exec cat /tmp/out/in.pdf'


@cache
def is_here() -> bool:
    """Whether this computer has what it needs."""
    return all(shutil.which(program) for program in _NEEDS)


def can_convert(media_type: str) -> bool:
    return media_type in OFFICE_KINDS and is_here()


async def to_pdf(document: int, media_type: str) -> bytes:
    """The first pages of the document in the open file, as PDF; empty when it is damaged, hostile or too
    large. Raises TimeoutError."""
    profile = os.memfd_create("profile", os.MFD_CLOEXEC)
    try:
        os.pwrite(profile, _PROFILE, 0)
        return await _run(command(document, profile, media_type), (document, profile))
    finally:
        os.close(profile)


async def _run(words: list[str], files: tuple[int, ...]) -> bytes:
    process = await asyncio.create_subprocess_exec(
        *words,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        pass_fds=files,
        env={"PATH": os.environ.get("PATH", os.defpath)},
        cwd="/",
    )
    assert process.stdout is not None
    found = bytearray()
    try:
        async with asyncio.timeout(WALL_S):
            while piece := await process.stdout.read(MIB):
                found += piece
                if len(found) > LARGEST_PDF:
                    return b""
            await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return bytes(found)


def command(document: int, profile: int, media_type: str) -> list[str]:
    """What is run, with the open files of the document and of the profile's settings."""
    ending, export = OFFICE_KINDS[media_type]
    pages = f'pdf:{export}:{{"PageRange":{{"type":"string","value":"1-{MOST_PAGES}"}}}}'
    return [
        "nice", "-n", "10",
        "prlimit", f"--as={MEMORY_BYTES}", f"--cpu={CPU_S}", f"--fsize={ROOM_BYTES}", "--core=0",
        *_as_nobody(),
        "bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--clearenv", "--cap-drop", "ALL",
        "--uid", "1000", "--gid", "1000", "--hostname", "sheet",
        "--ro-bind", "/usr", "/usr", "--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64",
        "--symlink", "usr/bin", "/bin",
        "--ro-bind-try", "/etc/fonts", "/etc/fonts", "--ro-bind-try", "/etc/libreoffice", "/etc/libreoffice",
        "--ro-bind-try", "/var/lib/libreoffice", "/var/lib/libreoffice",
        "--ro-bind-try", "/var/cache/fontconfig", "/var/cache/fontconfig",
        "--proc", "/proc", "--dev", "/dev", "--size", str(ROOM_BYTES), "--tmpfs", "/tmp",
        "--dir", "/tmp/own", "--file", str(profile), "/tmp/own/profile/user/registrymodifications.xcu",
        "--ro-bind-data", str(document), f"/tmp/in.{ending}", "--remount-ro", "/", "--chdir", "/tmp",
        "--setenv", "HOME", "/tmp/own", "--setenv", "TMPDIR", "/tmp", "--setenv", "PATH", "/usr/bin",
        "--setenv", "LANG", "C.UTF-8", "--setenv", "SAL_USE_VCLPLUGIN", "svp",
        "--", "/bin/sh", "-c", _RUN, "sh",
        "-env:UserInstallation=file:///tmp/own/profile", "--headless", "--norestore", "--nologo",
        "--nodefault", "--nolockcheck", "--convert-to", pages, "--outdir", "/tmp/out", f"/tmp/in.{ending}",
    ]  # fmt: skip


def _as_nobody() -> list[str]:
    """Who is root here must not be it in there, whatever gets out."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
