"""A bucket of an S3 server as a source, read with signature version 4."""

import hashlib
import hmac
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from datetime import UTC, datetime
from urllib.parse import quote, unquote

from synfonium.apps.drive.model.names import MAX_DEPTH
from synfonium.apps.drive.moving.port import Entry, Opened, Patience, SourceRefused, Why
from synfonium.apps.drive.moving.webdav import from_byte, left_out, strong
from synfonium.apps.drive.moving.wire import Authorize, Origin, Wire, check_status
from synfonium.apps.drive.moving.xml import Piece, PieceReader
from synfonium.libraries.sigv4 import signing_key

AT_ONCE = 1000
_WANTED = frozenset({"Contents", "EncodingType", "NextContinuationToken", "IsTruncated"})


def signed(origin: Origin, key_id: str, secret: str, region: str) -> Authorize:
    """Signs requests without a query's or a path's quoting being changed on the way."""

    def authorize(method: str, target: str, _headers: Mapping[str, str], body: bytes) -> Mapping[str, str]:
        now = datetime.fromtimestamp(time.time(), UTC).strftime("%Y%m%dT%H%M%SZ")
        digest = hashlib.sha256(body).hexdigest()
        sent = {"host": origin.netloc, "x-amz-content-sha256": digest, "x-amz-date": now}
        path, _, query = target.partition("?")
        names = ";".join(sent)
        lines = [f"{name}:{value}" for name, value in sent.items()]
        asked = "\n".join([method, path, "&".join(sorted(query.split("&"))), *lines, "", names, digest])
        scope = f"{now[:8]}/{region}/s3/aws4_request"
        whole = hashlib.sha256(asked.encode()).hexdigest()
        key = signing_key(secret, now[:8], region, "s3")
        signature = hmac.digest(key, f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{whole}".encode(), "sha256").hex()
        said = f"Credential={key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
        return {**sent, "authorization": f"AWS4-HMAC-SHA256 {said}"}

    return authorize


class S3Source:
    """What lies below a prefix of a bucket, path style."""

    at_once = 8

    def __init__(self, wire: Wire, bucket: str, prefix: str, patience: Patience) -> None:
        self._wire, self._prefix, self._patience = wire, prefix, patience
        self._top = f"{wire.origin.path.rstrip('/')}/{quote(bucket, safe='-._~')}"

    async def close(self) -> None:
        await self._wire.close()

    async def entries(self) -> AsyncGenerator[Entry, None]:
        token, is_first = "", True
        while token or is_first:
            page, token = await self._patience.call(lambda: self._page(token))  # noqa: B023
            is_first = False
            for entry in page:
                yield entry

    async def _page(self, token: str) -> tuple[list[Entry], str]:
        asked = {"list-type": "2", "encoding-type": "url", "max-keys": str(AT_ONCE), "prefix": self._prefix}
        asked |= {"continuation-token": token} if token else {}
        query = "&".join(f"{quote(k, safe='')}={quote(v, safe='-._~')}" for k, v in sorted(asked.items()))
        reader, pieces = PieceReader(_WANTED, bare=True), list[Piece]()
        async with self._wire.send("GET", f"{self._top}?{query}") as answer:
            check_status(answer, good=(200,), is_top=True)
            async for data in answer.pieces():
                pieces += reader.feed(data)
                if len(pieces) > 2 * AT_ONCE:
                    raise SourceRefused("broken")
            pieces += reader.feed(b"", is_last=True)
        said = {piece.tag: piece.text.strip() for piece in pieces if piece.tag != "Contents"}
        after = said.get("NextContinuationToken", "") if said.get("IsTruncated") == "true" else ""
        if after == token and token:
            raise SourceRefused("broken")
        is_quoted = said.get("EncodingType") == "url"
        found = [self._entry(piece, is_quoted) for piece in pieces if piece.tag == "Contents"]
        return [entry for entry in found if entry.path], after

    def _entry(self, piece: Piece, is_quoted: bool) -> Entry:
        key = piece.said("Key")
        key = unquote(key.replace("+", " ")) if is_quoted else key
        size, etag = piece.said("Size"), piece.said("ETag").strip('"')
        below = key.removeprefix(self._prefix).removeprefix("/")
        is_file = not below.endswith("/")
        path = tuple(below.removesuffix("/").split("/")) if below.strip("/") else ()
        return Entry(
            path=path,
            is_file=is_file,
            size_bytes=int(size[:18]) if size.isascii() and size.isdigit() else None,
            modified_s=_time_s(piece.said("LastModified")),
            ref=key,
            mark=f"{etag[:150]} {size[:20]}",
            etag=strong(f'"{etag}"'),
            why=_refused(path),
        )

    async def open(self, entry: Entry, start: int = 0) -> Opened:
        """What rclone keeps of the time of a file stands with the object, not in the listing."""
        target = f"{self._top}/{quote(entry.ref.encode('utf-8', 'surrogatepass'), safe='/-._~')}"
        exit_ = self._wire.send("GET", target, from_byte(entry, start))
        answer = await exit_.__aenter__()
        try:
            check_status(answer, good=(200, 206) if start else (200,))
            skip = left_out(answer.headers.get("content-range", ""), answer.status, start)
        except BaseException:
            await exit_.__aexit__(None, None, None)
            raise

        async def pieces() -> AsyncIterator[bytes]:
            left = skip
            try:
                async for piece in answer.pieces():
                    yield piece[left:]
                    left = max(0, left - len(piece))
            finally:
                await exit_.__aexit__(None, None, None)

        return Opened(pieces(), _meta_time_s(answer.headers.get("x-amz-meta-mtime", "")))


def _refused(path: tuple[str, ...]) -> Why:
    if any(part in ("", ".", "..") for part in path):
        return "name"
    return "deep" if len(path) > MAX_DEPTH else ""


def _time_s(text: str) -> float | None:
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return None


def _meta_time_s(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 < value < 1e11 else None
