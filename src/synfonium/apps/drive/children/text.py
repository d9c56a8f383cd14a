"""Reads the text of one file that somebody stored, in a child of its own.

`python -m synfonium.apps.drive.children.text MEDIA_TYPE` reads the bytes on standard input and
writes UTF-8 text. The parent bounds its time; the child bounds its own memory and CPU and
can open nothing afterwards, so that a hostile file harms nobody.
"""

import asyncio
import codecs
import io
import re
import resource
import sys
import zipfile

MEMORY_BYTES = 768 * 1024 * 1024
CPU_S = 10
WALL_S = 20.0
LARGEST_TEXT = 1_000_000
_OFFICE_PARTS = {
    "application/vnd.oasis.opendocument.text": ("content.xml",),
    "application/vnd.oasis.opendocument.spreadsheet": ("content.xml",),
    "application/vnd.oasis.opendocument.presentation": ("content.xml",),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ("word/document.xml",),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ("xl/sharedStrings.xml",),
}
_TEXT_LIKE = frozenset({"application/json", "application/xml", "application/x-sh", "application/toml"})


def can_read(media_type: str) -> bool:
    """Whether there is text to be had from such a file."""
    return media_type.startswith("text/") or media_type in _TEXT_LIKE or media_type in _OFFICE_PARTS


async def read_text(media_type: str, content: bytes) -> str:
    """The text in `content`, at most a million characters; empty when it cannot be read."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "synfonium.apps.drive.children.text",
        media_type,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={},
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(content), WALL_S)
    except TimeoutError:
        return ""
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return output.decode("utf-8", "replace")[:LARGEST_TEXT] if process.returncode == 0 else ""


def extract(media_type: str, content: bytes) -> str:
    """The words of the file, in reading order."""
    if media_type == "text/html":
        from resiliparse.extract.html2text import extract_plain_text

        return str(extract_plain_text(_decode(content), main_content=False))
    if media_type in _OFFICE_PARTS:
        return _office(content, _OFFICE_PARTS[media_type])
    return _decode(content)


def _office(content: bytes, parts: tuple[str, ...]) -> str:
    texts = []
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for part in parts:
            with archive.open(part) as stream:
                xml = stream.read(8 * LARGEST_TEXT).decode("utf-8", "replace")
            texts.append(re.sub(r"<[^<>]{0,2000}>", " ", xml))
    return re.sub(r"\s+", " ", " ".join(texts))


def _decode(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("windows-1252", "replace")


def _confine() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


def _load_first(media_type: str) -> None:
    """What Python would open files for later, when it no longer can."""
    for codec in ("utf-8-sig", "windows-1252", "cp437"):
        codecs.lookup(codec)
    if media_type == "text/html":
        extract(media_type, b"<p>words</p>")


def main() -> int:
    content = sys.stdin.buffer.read()
    _load_first(sys.argv[1])
    _confine()
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
    sys.stdout.buffer.write(extract(sys.argv[1], content)[:LARGEST_TEXT].encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
