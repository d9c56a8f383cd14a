"""Serves the built web front: hashed names, kept for ever, compressed once."""

import gzip
import mimetypes
from pathlib import Path

from synfonium.common.problem import NotFound
from synfonium.kernel.asgi import Headers, Receive, Scope, Send, raw_path, respond
from synfonium.kernel.pages import Static

COMPRESSIBLE = (".js", ".css", ".svg", ".json", ".webmanifest")
LARGEST_BYTES = 8 * 1024 * 1024


class StaticFiles:
    """`/static/…` from memory: the front is small, and files cannot change under a name."""

    def __init__(self) -> None:
        self._kept: dict[tuple[bytes, bool], tuple[Headers, bytes]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        name = raw_path(scope).removeprefix(b"/static/")
        accepted = next((v for k, v in scope["headers"] if k == b"accept-encoding"), b"")
        found = self._kept.get((name, b"gzip" in accepted)) or self._load(name, b"gzip" in accepted)
        if found is None:
            raise NotFound
        headers, body = found
        await respond(send, 200, headers, body)

    def _load(self, name: bytes, accepts_gzip: bool) -> tuple[Headers, bytes] | None:
        path = self._path(name)
        if path is None:
            return None
        body = path.read_bytes()
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        if kind.startswith("text/") or path.suffix == ".js":
            kind += "; charset=utf-8"
        headers: Headers = [
            (b"content-type", kind.encode()),
            (b"cache-control", b"public, max-age=31536000, immutable"),
            (b"vary", b"Accept-Encoding"),
        ]
        if accepts_gzip and path.suffix in COMPRESSIBLE:
            body = gzip.compress(body, 9, mtime=0)
            headers.append((b"content-encoding", b"gzip"))
        self._kept[name, accepts_gzip] = headers, body
        return headers, body

    def _path(self, name: bytes) -> Path | None:
        try:
            relative = name.decode("ascii")
        except UnicodeDecodeError:
            return None
        if "%" in relative or "\0" in relative:
            return None
        folder = Static.folder.resolve()
        path = (folder / relative).resolve()
        if not path.is_relative_to(folder) or not path.is_file() or path.stat().st_size > LARGEST_BYTES:
            return None
        return path
