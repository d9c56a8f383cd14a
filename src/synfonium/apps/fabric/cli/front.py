"""The server that a developer's browser speaks with: it hands everything on to the app, and has
pages of the app load themselves again. For this computer alone."""

import http.client
import queue
import threading
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from synfonium.kernel.site import LOOPBACK_NAMES

OURS = "/.synfonium"
LARGEST_PAGE_BYTES = 8 * 1024 * 1024
LARGEST_BODY_BYTES = 64 * 1024 * 1024
PIECE_BYTES = 64 * 1024
SLOWEST_S = 60.0
ALIVE_S = 15.0
_HOP = frozenset(
    [
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ]
)
_TAG = f'<script type="module" src="{OURS}/reload.js"></script>'.encode()
_SCRIPT = f"""// Of `synfonium dev`: loads this page again when a file of the app has changed.
const events = new EventSource("{OURS}/events");
events.addEventListener("reload", () => location.reload());
addEventListener("pagehide", () => events.close());
"""
_AWAY = f"""<!doctype html><html lang="en"><head><meta charset="utf-8">
<title>The app does not answer</title>{_TAG.decode()}</head><body>
<h1>The app does not answer.</h1>
<p>What it says stands in the terminal. This page loads itself again when a file has changed.</p>
</body></html>"""


class Front(ThreadingHTTPServer):
    """Listens on `port` of this computer; the app is at `inner_port`."""

    daemon_threads = True

    def __init__(self, port: int, inner_port: int) -> None:
        super().__init__(("127.0.0.1", port), _Door)
        self.inner_port = inner_port
        self._waiting: set[queue.SimpleQueue[None]] = set()
        self._thread = threading.Thread(target=self.serve_forever, daemon=True)

    def __enter__(self) -> "Front":
        self._thread.start()
        return self

    def __exit__(self, *_raised: object) -> None:
        self.shutdown()
        self.server_close()

    def reload(self) -> None:
        """Tells every open page."""
        for waiting in tuple(self._waiting):
            waiting.put(None)

    def wait(self) -> "queue.SimpleQueue[None]":
        waiting: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._waiting.add(waiting)
        return waiting

    def leave(self, waiting: "queue.SimpleQueue[None]") -> None:
        self._waiting.discard(waiting)


class _Door(BaseHTTPRequestHandler):
    server: Front

    def _any(self) -> None:
        if not _is_here(self.headers.get("host", "")):
            self._say(403, b"This server is for this computer alone.\n", "text/plain")
        elif self.path == f"{OURS}/reload.js":
            self._say(200, _SCRIPT.encode(), "text/javascript")
        elif self.path == f"{OURS}/events":
            self._tell()
        else:
            self._hand_on()

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _any

    def _hand_on(self) -> None:
        length = self.headers.get("content-length", "0")
        size = int(length) if length.isdigit() else 0
        if size > LARGEST_BODY_BYTES:
            self._say(413, b"The body is too large.\n", "text/plain")
            return
        body = self.rfile.read(size)
        app = http.client.HTTPConnection("127.0.0.1", self.server.inner_port, timeout=SLOWEST_S)
        try:
            app.request(self.command, self.path, body or None, dict(_passed(self.headers.items())))
            self._hand_back(app.getresponse())
        except (ConnectionError, TimeoutError, http.client.HTTPException):
            self._say(502, _AWAY.encode(), "text/html")
        finally:
            app.close()

    def _hand_back(self, answer: http.client.HTTPResponse) -> None:
        headers = list(_passed(answer.getheaders()))
        kind = answer.getheader("content-type", "")
        is_page = kind.startswith("text/html") and not answer.getheader("content-encoding")
        page = with_reload(answer.read(LARGEST_PAGE_BYTES)) if is_page else b""
        if is_page:
            headers = [(k, v) for k, v in headers if k.lower() not in ("content-length", "etag")]
        self.send_response(answer.status, answer.reason)
        for key, value in headers:
            self.send_header(key, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        self.wfile.write(page)
        while piece := answer.read1(PIECE_BYTES):
            self.wfile.write(piece)

    def _tell(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("cache-control", "no-store")
        self.end_headers()
        waiting = self.server.wait()
        try:
            self.wfile.write(b": here\n\n")
            while True:
                try:
                    waiting.get(timeout=ALIVE_S)
                    self.wfile.write(b"event: reload\ndata: \n\n")
                except queue.Empty:
                    self.wfile.write(b": still here\n\n")
        except OSError:
            return
        finally:
            self.server.leave(waiting)

    def _say(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("content-type", f"{kind}; charset=utf-8")
        self.send_header("content-length", str(len(body)))
        self.send_header("cache-control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: addresses hold codes."""


def with_reload(page: bytes) -> bytes:
    """A page that loads itself again: a script of this server, before the end of its head."""
    head, end, rest = page.partition(b"</head>")
    return head + _TAG + end + rest if end else _TAG + page


def _passed(headers: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    return ((key, value) for key, value in headers if key.lower() not in _HOP | {"accept-encoding"})


def _is_here(host: str) -> bool:
    """Whether the browser means this computer: no other name may lead here (DNS rebinding)."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return name in LOOPBACK_NAMES or name.endswith(".localhost")
