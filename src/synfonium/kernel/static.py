"""Serves the built web front: hashed names are kept for ever, those that stay the same for a
while; compressed once."""

import gzip
import hashlib
import mimetypes
import re
from pathlib import Path

from synfonium.common.problem import NotFound
from synfonium.kernel.asgi import Headers, Receive, Scope, Send, raw_path, respond
from synfonium.kernel.gate import header
from synfonium.kernel.pages import Static

COMPRESSIBLE = (".js", ".css", ".svg", ".json", ".webmanifest")
LARGEST_BYTES = 8 * 1024 * 1024
FOR_EVER = b"public, max-age=31536000, immutable"
# What strangers' pages load by a name that stays: ten minutes after an upgrade it is the new one.
A_WHILE = b"public, max-age=600, stale-while-revalidate=86400"
_OF_BODY = (b"content-type", b"content-encoding")
_HASHED = re.compile(r".+-[A-Za-z0-9_-]{8}\.[a-z0-9]+")


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
        tag = dict(headers)[b"etag"].decode()
        if tag in (known.strip() for known in header(scope, b"if-none-match").split(",")):
            await respond(send, 304, [(k, v) for k, v in headers if k not in _OF_BODY], b"")
            return
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
            (b"cache-control", FOR_EVER if _HASHED.fullmatch(path.name) else A_WHILE),
            (b"vary", b"Accept-Encoding"),
        ]
        if accepts_gzip and path.suffix in COMPRESSIBLE:
            body = gzip.compress(body, 9, mtime=0)
            headers.append((b"content-encoding", b"gzip"))
        headers.append((b"etag", f'"{hashlib.sha256(body).hexdigest()[:32]}"'.encode()))
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
