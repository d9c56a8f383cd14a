"""Passes requests on: to another role's Unix socket, or to a server behind us."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect, unix_connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from synfonium.kernel.asgi import Receive, Scope, Send
from synfonium.kernel.refusals import RoleAway

HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"transfer-encoding",
        b"te",
        b"trailer",
        b"upgrade",
        b"proxy-authorization",
    }
)
# Who asks from where is the front's affair; behind it nobody believes or keeps it.
FRONTS_OWN = frozenset(
    b"forwarded true-client-ip via x-forwarded-for x-forwarded-host x-forwarded-port "
    b"x-forwarded-proto x-real-ip".split()
)
DROPPED = HOP_BY_HOP | FRONTS_OWN
WEBSOCKET_OWN = frozenset(
    {b"sec-websocket-key", b"sec-websocket-version", b"sec-websocket-extensions", b"host"}
)
# A frame of video, uncompressed and then some.
LARGEST_MESSAGE_BYTES = 16 * 1024 * 1024


class Forward:
    """One role's socket, or a server at `origin`, as an ASGI app. Raises RoleAway while it is down.

    dropped: headers that are not passed on.
    """

    def __init__(
        self,
        socket: Path | None = None,
        *,
        origin: str = "http://role",
        dropped: frozenset[bytes] = DROPPED,
    ) -> None:
        self._socket, self._origin, self._dropped = socket, origin, dropped
        uds = str(socket) if socket else None
        self._client = httpx.AsyncClient(
            transport=httpx.AsyncHTTPTransport(uds=uds, limits=httpx.Limits(max_connections=200)),
            trust_env=False,
            timeout=httpx.Timeout(60, connect=3, read=600),
            follow_redirects=False,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self._http(scope, receive, send)

    async def close(self) -> None:
        await self._client.aclose()

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def body() -> Any:
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return
                yield message.get("body", b"")
                if not message.get("more_body"):
                    return

        has_body = any(k in (b"content-length", b"transfer-encoding") for k, _ in scope["headers"])
        request = self._client.build_request(
            scope["method"],
            self._origin + _target(scope),
            headers=[(k, v) for k, v in scope["headers"] if k not in self._dropped],
            content=body() if has_body else None,
        )
        try:
            response = await self._client.send(request, stream=True)
        except httpx.TransportError:
            raise RoleAway from None
        try:
            headers = [(k.lower(), v) for k, v in response.headers.raw if k.lower() not in HOP_BY_HOP]
            await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
            async for piece in response.aiter_raw():
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            await response.aclose()

    async def _connect(self, url: str, **options: Any) -> ClientConnection:
        if self._socket is not None:
            return await unix_connect(str(self._socket), url, **options)
        return await connect(url, proxy=None, **options)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        headers = [
            (k.decode("latin-1"), v.decode("latin-1"))
            for k, v in scope["headers"]
            if k not in self._dropped and k not in WEBSOCKET_OWN and k != b"sec-websocket-protocol"
        ]
        try:
            connection = await self._connect(
                self._origin.replace("http", "ws", 1) + _target(scope),
                additional_headers=[h for h in headers if h[0] not in ("origin", "user-agent")],
                origin=dict(headers).get("origin"),
                subprotocols=scope.get("subprotocols") or None,
                compression=None,
                max_size=LARGEST_MESSAGE_BYTES,
                ping_interval=None,
                open_timeout=5,
            )
        except (OSError, InvalidHandshake, TimeoutError):
            await send({"type": "websocket.close", "code": 1013})
            return
        async with connection:
            await send({"type": "websocket.accept", "subprotocol": connection.subprotocol})
            await _relay(connection, receive, send)


async def _relay(connection: ClientConnection, receive: Receive, send: Send) -> None:
    async def inward() -> None:
        while (message := await receive())["type"] != "websocket.disconnect":
            text = message.get("text")
            await connection.send(text if text is not None else message["bytes"])

    async def outward() -> None:
        async for message in connection:
            kind = "text" if isinstance(message, str) else "bytes"
            await send({"type": "websocket.send", kind: message})

    tasks = [asyncio.create_task(inward()), asyncio.create_task(outward())]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    for task in done:
        failure = task.exception()
        if failure and not isinstance(failure, ConnectionClosed):
            raise failure
    if tasks[1] in done:
        await send({"type": "websocket.close", "code": connection.close_code or 1000})


def _target(scope: Scope) -> str:
    raw = bytes(scope.get("raw_path") or scope["path"].encode()).partition(b"?")[0]
    query = scope.get("query_string", b"")
    return raw.decode("latin-1") + (f"?{query.decode('latin-1')}" if query else "")
