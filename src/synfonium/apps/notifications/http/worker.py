"""The service worker: at an address that does not change, for all pages of this site."""

from pathlib import Path

from litestar import Response

from synfonium.kernel.actor import Visitor
from synfonium.kernel.context import Context
from synfonium.kernel.doors import get
from synfonium.kernel.pages import Static

BUILT = "notifications/worker.js"
# Of the worker itself: it talks to this site alone, and runs nothing else.
POLICY = "default-src 'none'; connect-src 'self'; script-src 'self'"


@get("/notifications/worker.js", sync_to_thread=False, include_in_schema=False)
def worker(actor: Visitor, context: Context) -> Response[bytes]:
    """Public: a browser asks for it also when nobody is signed in there any more."""
    built = Static().url(BUILT).removeprefix("/static/")
    return Response(
        _content(Static.folder / built),
        media_type="text/javascript",
        headers={
            "service-worker-allowed": "/",
            "cache-control": "no-cache",
            "content-security-policy": POLICY,
        },
    )


def _content(path: Path) -> bytes:
    return path.read_bytes()


doors = (worker,)
