"""Granian, embedded: one listening address of a role."""

import asyncio
import os
import socket as sockets
from contextlib import suppress
from pathlib import Path

from granian.constants import HTTPModes, Interfaces, SSLProtocols
from granian.http import HTTP1Settings
from granian.server.embed import Server

from synfonium.kernel.asgi import ASGIApp
from synfonium.kernel.tls.pair import Pair

MIB = 1024 * 1024
START_S = 10.0
# Beyond them nobody is answered. Who waits for an event, or streams, has one all the while, so it
# must not be few; what bounds it is the number of files that a process may have open.
MOST_CONNECTIONS = 32_768
LOOK_EVERY_S = 0.02
# linux/tcp.h, since Linux 6.15; connections take it over from the socket that listens.
_TCP_DELACK_MAX_US = 46
_ACKNOWLEDGED_US = 8_000


class _Server(Server):
    """Of which the listening socket is at hand, and stays the same when its worker is another."""

    def _init_shared_socket(self) -> None:
        super()._init_shared_socket()  # type: ignore[no-untyped-call]
        if self.bind_uds:
            return
        holder = self._ssp.build()  # type: ignore[attr-defined]
        self._shd, self._ssp = holder, None
        # Whoever sends a request in two pieces, as Nextcloud's desktop client does, waits in between until
        # the first is acknowledged: 40 ms by default. An older kernel goes on so.
        with suppress(OSError), sockets.socket(fileno=os.dup(holder.get_fd())) as listening:
            listening.setsockopt(sockets.IPPROTO_TCP, _TCP_DELACK_MAX_US, _ACKNOWLEDGED_US)


class Listener:
    """Serves an ASGI app on a TCP address or a Unix socket until stopped."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        socket: Path | None = None,
        tls: Pair | None = None,
    ) -> None:
        self._socket = socket
        self._address = (host, port)
        self._server = _Server(
            app,
            address=host,
            port=port,
            uds=socket,
            interface=Interfaces.ASGINL,
            # Browsers choose HTTP/2 by ALPN alone; looking for it without TLS costs each connection.
            http=HTTPModes.auto if tls else HTTPModes.http1,
            http1_settings=HTTP1Settings(max_buffer_size=MIB),
            backlog=1024,
            backpressure=MOST_CONNECTIONS,
            log_enabled=False,
            ssl_cert=tls.certificate if tls else None,
            ssl_key=tls.key if tls else None,
            # Not every client that people already have speaks 1.3.
            ssl_protocol_min=SSLProtocols.tls12,
        )
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begins to listen, and returns when connections are taken. Raises OSError."""
        before = os.umask(0o177) if self._socket else None
        if self._socket:
            self._socket.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._socket.unlink(missing_ok=True)
        try:
            self._task = asyncio.create_task(self._server.serve())
            await self._answered(self._task)
        finally:
            if before is not None:
                os.umask(before)

    async def _answered(self, serving: asyncio.Task[None]) -> None:
        for _ in range(int(START_S / LOOK_EVERY_S)):
            await asyncio.sleep(LOOK_EVERY_S)
            if serving.done():
                serving.result()
                break
            try:
                _reader, writer = await self._connect()
            except OSError:
                continue
            writer.close()
            return
        raise OSError("the server does not take connections")

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._socket:
            return await asyncio.open_unix_connection(self._socket)
        host, port = self._address
        return await asyncio.open_connection({"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port)

    def renew(self, tls: Pair) -> None:
        """New connections get this certificate; those that are open go on to their end."""
        self._server.build_ssl_context(tls.certificate, tls.key, None, SSLProtocols.tls12, None, [], False)
        self._server.reload()  # type: ignore[no-untyped-call]

    async def stop(self) -> None:
        if self._task and not self._task.done():
            self._server.stop()  # type: ignore[no-untyped-call]
            await asyncio.wait({self._task}, timeout=5)
