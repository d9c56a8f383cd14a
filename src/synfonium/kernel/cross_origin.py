"""Doors that pages of other origins may call by script (Fetch, CORS protocol).

Only with a credential that the page itself has: the answer says `*`, with which browsers send
no cookie and show the page nothing that a cookie opened.
"""

from synfonium.kernel.asgi import Headers, Scope, Send, respond
from synfonium.kernel.gate import header

METHODS = b"GET, HEAD, POST, PUT, DELETE, OPTIONS, PROPFIND, MKCOL, COPY, MOVE"
REQUEST_HEADERS = (
    b"accept, authorization, content-type, depth, destination, idempotency-key, if, if-match, if-none-match, "
    b"last-event-id, mcp-protocol-version, mcp-session-id, overwrite, range"
)
EXPOSED = b"content-disposition, content-range, etag, last-modified, location, retry-after, www-authenticate"
ANY: Headers = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", EXPOSED),
]


def is_preflight(scope: Scope) -> bool:
    return (
        scope["type"] == "http"
        and scope["method"] == "OPTIONS"
        and bool(header(scope, b"origin") and header(scope, b"access-control-request-method"))
    )


async def answer_preflight(send: Send) -> None:
    """Says what may be sent; kept by the browser for two hours."""
    allowed: Headers = [
        (b"access-control-allow-origin", b"*"),
        (b"access-control-allow-methods", METHODS),
        (b"access-control-allow-headers", REQUEST_HEADERS),
        (b"access-control-max-age", b"7200"),
    ]
    await respond(send, 204, allowed)
