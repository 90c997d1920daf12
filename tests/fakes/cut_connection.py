"""A way to a server that is cut at a chosen statement: before it arrives, or before its answer does."""

from __future__ import annotations

import socket
from contextlib import suppress
from enum import StrEnum
from threading import Event, Thread


class Cut(StrEnum):
    """When the way is cut."""

    BEFORE = "before the statement arrives"
    AFTER = "before the answer arrives"


#: Seconds to wait for the server's answer.
_PATIENCE = 60.0


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
                cut, answered = Event(), Event()  # of this connection
                Thread(target=self._pass_on, args=(client, server, cut, answered), daemon=True).start()
                Thread(target=self._pass_back, args=(server, client, cut, answered), daemon=True).start()

    def _pass_on(self, client: socket.socket, server: socket.socket, cut: Event, answered: Event) -> None:
        with suppress(OSError), client, server:
            while data := client.recv(65536):
                if self._statement in data and not self.was_cut:
                    self.was_cut = True
                    if self._cut is Cut.AFTER:
                        cut.set()
                        server.sendall(data)
                        answered.wait(_PATIENCE)  # a client that is cut off earlier may end what is not done yet
                    client.shutdown(socket.SHUT_RDWR)
                    return
                server.sendall(data)

    def _pass_back(self, server: socket.socket, client: socket.socket, cut: Event, answered: Event) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                if cut.is_set():
                    answered.set()
                    return
                client.sendall(data)
