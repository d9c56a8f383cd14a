"""Requests as bytes, for what no well-behaved client would send."""

import asyncio
from dataclasses import dataclass

import msgspec

READ_TIMEOUT_S = 10.0


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes
    cookies: tuple[str, ...] = ()
    """Each Set-Cookie header, attributes included."""

    def cookie(self, name: str) -> str:
        """`name=value` with its attributes. Raises AssertionError when it was not set."""
        found = [line for line in self.cookies if line.startswith(f"{name}=")]
        assert found, f"no cookie {name}"
        return found[0]

    @property
    def code(self) -> str:
        """The stable code of a problem, or the error of RFC 6749; empty for anything else."""
        match self.headers.get("content-type"):
            case "application/problem+json":
                return str(msgspec.json.decode(self.body)["code"])
            case "application/json":
                return str(msgspec.json.decode(self.body).get("error", ""))
            case _:
                return ""


async def exchange(port: int, request: bytes, *, source: str = "127.0.0.1") -> Answer | None:
    """Sends these bytes from `source` and reads one answer; None when the server hangs up without a word."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
    try:
        async with asyncio.timeout(READ_TIMEOUT_S):
            writer.write(request)
            try:
                return await _read(reader)
            except (asyncio.IncompleteReadError, ConnectionError):
                return None
    finally:
        writer.close()


async def _read(reader: asyncio.StreamReader) -> Answer:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:] if line)}
    body = b""
    if "content-length" in headers:
        body = await reader.readexactly(int(headers["content-length"]))
    cookies = tuple(line.partition(":")[2].strip() for line in head if line.lower().startswith("set-cookie:"))
    return Answer(int(head[0].split()[1]), headers, body, cookies)


def request(
    method: str, target: bytes, *, body: bytes | None = None, host: str = "localhost:8600", **headers: str
) -> bytes:
    """A well-formed HTTP/1.1 request. `content_length=""` leaves that header out."""
    sent = {"host": host, "connection": "close", **{k.replace("_", "-"): v for k, v in headers.items()}}
    if body is not None and "content-length" not in sent:
        sent["content-length"] = str(len(body))
    lines = [f"{k}: {v}".encode() for k, v in sent.items() if v]
    return b"\r\n".join([method.encode() + b" " + target + b" HTTP/1.1", *lines, b"", body or b""])
