"""A way to a server that is cut at a chosen statement: before it arrives, or before its answer does."""

from __future__ import annotations

import socket
from contextlib import suppress
from enum import StrEnum
from threading import Thread


class Cut(StrEnum):
    """When the way is cut."""

    BEFORE = "before the statement arrives"
    AFTER = "before the answer arrives"


class CutConnection:
    """Listens on a port of the loopback and passes everything on, until a statement is seen for the first time."""

    def __init__(self, port: int, statement: bytes, cut: Cut) -> None:
        self._server, self._statement, self._cut = port, statement, cut
        self.was_cut = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._server))
                Thread(target=self._pass_on, args=(client, server), daemon=True).start()
                Thread(target=self._pass_back, args=(server, client), daemon=True).start()

    def _pass_on(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError), client, server:
            while data := client.recv(65536):
                if self._statement in data and not self.was_cut:
                    self.was_cut = True
                    client.shutdown(socket.SHUT_RDWR)
                    if self._cut is Cut.AFTER:
                        server.sendall(data)
                        server.recv(65536)
                    return
                server.sendall(data)

    def _pass_back(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                client.sendall(data)
