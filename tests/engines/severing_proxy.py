"""A TCP proxy in front of PostgreSQL that loses the connection at a COMMIT."""

import socket
import threading
from contextlib import suppress
from typing import Literal


class SeveringProxy:
    """Forwards to the port of a server; at the next COMMIT it cuts before or after it."""

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.cut: Literal["", "before", "after"] = ""
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._server_port))
                threading.Thread(target=self._forward, args=(client, server), daemon=True).start()
                threading.Thread(target=self._answer, args=(server, client), daemon=True).start()

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while received := client.recv(65536):
                cut = self.cut if b"COMMIT" in received else ""
                if cut:
                    self.cut = ""
                    client.shutdown(socket.SHUT_RDWR)
                if cut != "before":
                    server.sendall(received)
                if cut:
                    break
            server.shutdown(socket.SHUT_WR)

    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while received := server.recv(65536):
                client.sendall(received)
            client.shutdown(socket.SHUT_RDWR)
