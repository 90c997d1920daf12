"""Commands whose broker is not there, is somebody else, or does not know the keys: a clear message, the right code."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.commands.conftest import Run
from tests.fakes.cli import Ended
from tests.fakes.wilful_server import Reply, closed_port, serving

PAGE = Reply(200, body=b"<html><body>Welcome to the internet</body></html>", kind="text/html")
REVOKED = Reply(403, {"message": "forbidden."})
UNKNOWN = Reply(401, {"code": 40110000, "message": "request is not authorized"})


def at(run: Run, home: Path, url: str, *command: str) -> Ended:
    environ = {"BROKER": "alpaca", "ALPACA_BASE_URL": url, "ALPACA_DATA_URL": url, "EMERGENCY_SHUTDOWN_TIMEOUT": "1"}
    return run(*command, "--home", home, environ=environ)


@pytest.mark.parametrize("command", ["preflight", "run-daily", "reconcile", "emergency-stop"])
@pytest.mark.parametrize(
    ("reply", "code", "words"),
    [
        (PAGE, 6, "a web page with status 200). Check ALPACA_BASE_URL"),
        (REVOKED, 5, "does not accept the keys (403: forbidden.). Check ALPACA_API_KEY and ALPACA_SECRET_KEY"),
        (UNKNOWN, 5, "does not accept the keys (401 40110000: request is not authorized). Check ALPACA_API_KEY"),
    ],
    ids=["a web page", "revoked keys", "unknown keys"],
)
def test_who_answers_with_something_else_is_told(
    command: str, reply: Reply, code: int, words: str, run: Run, home: Path
) -> None:
    with serving() as server:
        server.usual = reply
        ended = at(run, home, server.url, command)
    assert ended.code == code
    assert words in " ".join(ended.err.split())
    assert "Traceback" not in ended.err


def test_an_emergency_stop_says_at_once_why_it_waits_and_ends_in_time(run: Run, home: Path) -> None:
    began = time.monotonic()
    ended = at(run, home, f"http://127.0.0.1:{closed_port()}", "emergency-stop")
    assert time.monotonic() - began < 30
    assert ended.code == 6
    said = " ".join(ended.err.split())
    assert "refused the connection" in said
    assert said.index("Asking again for up to 1 seconds") < said.index("could not be finished, run it again")


@pytest.mark.parametrize("command", ["positions", "orders"])
def test_an_account_that_was_never_seen_has_nothing_that_was_known_last(command: str, run: Run, home: Path) -> None:
    ended = at(run, home, f"http://127.0.0.1:{closed_port()}", command)
    assert (ended.code, ended.out) == (6, "")
    assert "refused the connection" in ended.err
