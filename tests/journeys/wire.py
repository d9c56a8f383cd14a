"""A wire to a server that breaks once, after so many bytes."""

import socket
import threading
from contextlib import suppress

__all__ = ["Wire"]


class Wire:
    """Forwards to a port of this machine. break_after_bytes: of one connection; 0 for never.
    sent: what went to the server, when it is kept."""

    def __init__(self, server_port: int, *, keeps: bool = False) -> None:
        self._server_port, self._keeps = server_port, keeps
        self.sent = bytearray()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.break_after_bytes = 0
        self.breaks = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._server_port))
                threading.Thread(target=self._forward, args=(client, server, True), daemon=True).start()
                threading.Thread(target=self._forward, args=(server, client, False), daemon=True).start()

    def _forward(self, source: socket.socket, target: socket.socket, is_up: bool) -> None:
        count = 0
        with suppress(OSError):
            while received := source.recv(65_536):
                count += len(received)
                if is_up and self._keeps:
                    self.sent += received
                if is_up and 0 < self.break_after_bytes < count:
                    self.break_after_bytes, self.breaks = 0, self.breaks + 1
                    break
                target.sendall(received)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
