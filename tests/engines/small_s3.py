"""A door before an S3 server that takes so many bytes and no more, as RFC 4918 says it: 507."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import unquote, urlsplit

__all__ = ["small_s3"]

_KEY = re.compile(rb"<Key>([^<]+)</Key>")
_HOP = {"connection", "transfer-encoding", "content-length"}


@contextmanager
def small_s3(endpoint: str, limit_bytes: int) -> Iterator[str]:
    """Its endpoint, until the block ends."""
    held: dict[str, int] = {}

    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *words: object) -> None:
            pass

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            key = unquote(urlsplit(self.path).path).partition("/")[2].partition("/")[2]
            if self.command == "PUT" and sum(held.values()) + len(body) > limit_bytes:
                self.answer(507, {}, b"<Error><Code>InsufficientStorage</Code></Error>")
                return
            behind = HTTPConnection(urlsplit(endpoint).netloc, timeout=60)
            # The request is signed for the address of this door.
            behind.request(self.command, self.path, body, dict(self.headers))
            answer = behind.getresponse()
            content = answer.read()
            if self.command == "PUT" and answer.status == 200:
                held[key] = len(body)
            for gone in _KEY.findall(body) if self.command == "POST" else [key.encode()]:
                if self.command in ("POST", "DELETE"):
                    held.pop(gone.decode(), None)
            self.answer(answer.status, dict(answer.getheaders()), content, answer.getheader("content-length"))
            behind.close()

        def answer(
            self, status: int, headers: dict[str, str], content: bytes, length: str | None = None
        ) -> None:
            self.send_response(status)
            for name, value in headers.items():
                if name.lower() not in _HOP:
                    self.send_header(name, value)
            said = length if self.command == "HEAD" and length else str(len(content))
            self.send_header("content-length", said)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = handle_any

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
