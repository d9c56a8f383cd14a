"""A body of many files, `multipart/related`, read as it comes: nothing of it is held but one line."""

from collections.abc import AsyncIterator

HEADER_BYTES = 8 * 1024
MOST_BOUNDARY = 200


class BadMultipart(ValueError):
    """The body does not follow its grammar; what comes after cannot be told from what is in a file."""


def boundary_of(content_type: str) -> bytes:
    """Raises BadMultipart."""
    kind, *parameters = content_type.split(";")
    for parameter in parameters:
        name, _, value = parameter.strip().partition("=")
        value = value.strip().strip('"')
        if kind.strip().lower() == "multipart/related" and name.lower() == "boundary" and value:
            if len(value) > MOST_BOUNDARY or not value.isascii():
                break
            return value.encode()
    raise BadMultipart("Content-Type")


class Multipart:
    """Reads parts whose length each says itself. `part` gives the next one's headers; its `body` is
    read, or passed over, before the next."""

    def __init__(self, source: AsyncIterator[bytes], boundary: bytes) -> None:
        self._source, self._line = source, b"--" + boundary
        self._waiting = bytearray()
        self._left = 0
        self._is_first = True

    async def part(self) -> dict[str, str] | None:
        """Headers in lower case; None after the last part. Raises BadMultipart, ConnectionError."""
        async for _piece in self.body():
            pass
        if not self._is_first and await self._take_line() != b"":
            raise BadMultipart("a part is longer than it says")
        line = await self._take_line()
        self._is_first = False
        if line == self._line + b"--":
            return None
        if line != self._line:
            raise BadMultipart("no boundary")
        headers = await self._headers()
        length = headers["content-length"] = headers.get("content-length", "").strip()
        if not (length.isascii() and length.isdigit() and len(length) < 19):
            raise BadMultipart("a part without a length")
        self._left = int(length)
        return headers

    async def body(self) -> AsyncIterator[bytes]:
        """The part's bytes. Raises BadMultipart when the whole ends before they do."""
        while self._left:
            if not self._waiting:
                await self._more()
            piece = bytes(memoryview(self._waiting)[: self._left])
            del self._waiting[: len(piece)]
            self._left -= len(piece)
            yield piece

    async def _headers(self) -> dict[str, str]:
        headers: dict[str, str] = {}
        size = 0
        while line := await self._take_line():
            size += len(line)
            name, colon, value = line.partition(b":")
            if not colon or size > HEADER_BYTES:
                raise BadMultipart("a header")
            try:
                # Spaces at the end may be a file name's own.
                headers[name.decode("ascii").strip().lower()] = value.decode().lstrip(" \t")
            except UnicodeDecodeError:
                raise BadMultipart("a header") from None
        return headers

    async def _take_line(self) -> bytes:
        while (end := self._waiting.find(b"\r\n")) < 0:
            if len(self._waiting) > HEADER_BYTES:
                raise BadMultipart("a line")
            await self._more()
        line = bytes(self._waiting[:end])
        del self._waiting[: end + 2]
        return line

    async def _more(self) -> None:
        try:
            self._waiting += await anext(self._source)
        except StopAsyncIteration:
            raise BadMultipart("cut") from None
