"""The command's side of the fork server: what it takes from the connection, and what it refuses."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tradebot.plugins.errors import ProcessUnavailable
from tradebot.plugins.process.fork_client import ForkClient

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the fork server is Linux's")


@pytest.fixture
def connection() -> Iterator[tuple[ForkClient, socket.socket]]:
    """A client, and the end of its server."""
    command, server = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with command, server:
        yield ForkClient(command), server


def say(server: socket.socket, message: dict[str, object], descriptors: tuple[int, ...] = ()) -> None:
    socket.send_fds(server, [json.dumps(message).encode()], descriptors)


def go_on() -> None:
    """Nobody asks the command to stop."""


def descriptors() -> int:
    """How many this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


def test_the_pipes_of_a_process_are_not_inherited(connection: tuple[ForkClient, socket.socket]) -> None:
    client, server = connection
    requests, to_command = os.pipe(), os.pipe()
    say(server, {"ended": 5, "code": 1})  # of another process
    say(server, {"started": 7}, (requests[1], to_command[0], to_command[0]))
    process = client.start(5.0, go_on)
    for end in (*requests[1:], to_command[0]):
        os.close(end)
    assert (process.pid, client.exit_code(5), client.exit_code(7)) == (7, 1, None)
    process.requests.write(b"asked")
    os.write(to_command[1], b"answered")
    assert (os.read(requests[0], 10), process.answers.read(10)) == (b"asked", b"answered")
    for pipe in (process.requests, process.answers, process.output):
        assert fcntl.fcntl(pipe.fileno(), fcntl.F_GETFD) & fcntl.FD_CLOEXEC
        assert pipe.fileno() > 2
        pipe.close()
    os.close(requests[0])
    os.close(to_command[1])


@pytest.mark.parametrize("count", [0, 2])
def test_another_number_of_descriptors_is_refused_and_none_stays_open(
    connection: tuple[ForkClient, socket.socket], count: int
) -> None:
    client, server = connection
    before = descriptors()
    say(server, {"started": 7}, (server.fileno(),) * count)
    with pytest.raises(ProcessUnavailable, match="no process for it could be started"):
        client.start(5.0, go_on)
    assert descriptors() == before


def test_a_server_that_cannot_fork_says_why(connection: tuple[ForkClient, socket.socket]) -> None:
    client, server = connection
    say(server, {"failed": "[Errno 11] Resource temporarily unavailable"})
    with pytest.raises(ProcessUnavailable, match=r"could be started: \[Errno 11\] Resource temporarily unavailable"):
        client.start(5.0, go_on)


def test_a_server_that_ended_is_told(connection: tuple[ForkClient, socket.socket]) -> None:
    client, server = connection
    server.close()
    with pytest.raises(ProcessUnavailable, match="the process that starts it has ended"):
        client.start(5.0, go_on)
    assert client.exit_code(7, 5.0) is None


def test_a_server_that_says_nothing_is_waited_for_no_longer_than_the_time(
    connection: tuple[ForkClient, socket.socket],
) -> None:
    client, _ = connection
    with pytest.raises(ProcessUnavailable, match="no answer"):
        client.start(0.4, go_on)


def test_a_stop_ends_the_wait(connection: tuple[ForkClient, socket.socket]) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        connection[0].start(60.0, stop)
