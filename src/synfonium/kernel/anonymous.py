"""Asks this installation's anonymous doors from inside, with nobody's name on it."""

from collections.abc import Awaitable, Callable

from synfonium.kernel.asgi import ASGIApp, Message, Scope

Ask = Callable[[str], Awaitable[tuple[int, bytes]]]
LARGEST_ANSWER_BYTES = 4 * 1024 * 1024


def asker(dispatcher: ASGIApp, host: str) -> Ask:
    """`await ask("/api/search?q=…")` → status and body, as a stranger would get them."""

    async def ask(target: str) -> tuple[int, bytes]:
        path, _, query = target.partition("?")
        scope: Scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(b"host", host.encode()), (b"accept", b"application/json")],
            "client": None,
            "server": ("localhost", 0),
            "state": {},
        }
        status, body = 500, bytearray()

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            body.extend(message.get("body", b"")[: LARGEST_ANSWER_BYTES - len(body)])

        await dispatcher(scope, receive, send)
        return status, bytes(body)

    return ask
