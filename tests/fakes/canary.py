"""Secrets that every command of the tests is started with, and the search for them in everything it leaves behind.

A pytest plugin, named in tests/conftest.py. Each test's folder is searched when the test has ended, the folders that
tests share when the run has, and besides what the commands printed, what pytest caught, and what was sent to the
addresses for alerts and heartbeats. Only `.env` files may hold a secret.
"""

from __future__ import annotations

import gzip
import mmap
import os
from collections.abc import Generator, Iterator
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

#: Part of every secret here, as it is and in a URL alike.
CANARY = "canary-in-the-coal-mine-7c1f"
_ALONE = (
    "ALPACA_API_KEY",
    "ALPACA_SECRET_KEY",
    "ROBINHOOD_USERNAME",
    "ROBINHOOD_PASSWORD",
    "ROBINHOOD_MFA_SECRET",
    "EMAIL_USERNAME",
    "EMAIL_PASSWORD",
)


class Leak(AssertionError):
    """A secret was found where none may be; the message does not repeat it."""

    def __init__(self, *places: str) -> None:
        super().__init__(f"a secret is in {', '.join(places)}".replace(CANARY, "********"))


def secrets(folder: Path) -> dict[str, str]:
    """The settings with secrets, save those that a `.env` in ``folder`` sets itself."""
    at = f"127.0.0.1:{_sink().port}"
    urls = {
        "ALERT_URLS": f"critical=json://user:{CANARY}-password@{at}/{CANARY}-alerts",
        "HEARTBEAT_URL": f"http://{at}/{CANARY}-heartbeat",
    }
    written = "".join(map(_text, folder.glob("*/.env")))
    every = {name: f"{CANARY}-{name.lower()}" for name in _ALONE} | urls
    return {name: value for name, value in every.items() if f"{name}=" not in written}


def leaks_in(folder: Path) -> Iterator[str]:
    """Each file below ``folder`` that holds a secret, packed ones too, and each name that does."""
    for path in folder.rglob("*"):
        if CANARY in path.name:
            yield f"the name of {path}"
        if path.name != ".env" and not path.is_symlink() and path.is_file() and _holds_secret(path):
            yield str(path)


def search(text: str, where: str) -> None:
    """Raise Leak when a text holds a secret."""
    if CANARY in text:
        line = next(line for line in text.splitlines() if CANARY in line)
        raise Leak(f"{where}: {line}")


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:  # its test has made it so
        return ""


def _holds_secret(path: Path) -> bool:
    try:
        if path.suffix == ".gz":
            return CANARY.encode() in gzip.decompress(path.read_bytes())
        with path.open("rb") as file:
            if not os.fstat(file.fileno()).st_size:
                return False
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                return content.find(CANARY.encode()) >= 0
    except (OSError, EOFError, ValueError):  # made unreadable by its test, or gone; a command could not write it either
        return False


class _Sink:
    """Takes alerts and heartbeats, and looks into each."""

    def __init__(self) -> None:
        self.leaks: list[str] = []
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode(errors="replace")
                if CANARY in body:
                    sink.leaks.append(f"what was sent to an alert channel or a monitor: {body}")
                self.send_response(200)
                self.end_headers()

            def log_message(self, *words: object) -> None:
                return

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = server.server_address[1]
        Thread(target=server.serve_forever, name="sink", daemon=True).start()


@cache
def _sink() -> _Sink:
    return _Sink()


@pytest.fixture(autouse=True)
def no_secret_is_left_behind(request: pytest.FixtureRequest) -> Iterator[None]:
    """Search the folder of every test that has one."""
    folder: Path | None = request.getfixturevalue("tmp_path") if "tmp_path" in request.fixturenames else None
    yield
    found = [*(leaks_in(folder) if folder else ()), *(_sink().leaks if _sink.cache_info().currsize else ())]
    if found:
        _sink().leaks.clear()
        raise Leak(*found)


@pytest.fixture(scope="session", autouse=True)
def no_secret_is_left_in_what_tests_share(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Search everything once more when the run ends, with what several tests used together."""
    yield
    found = list(leaks_in(tmp_path_factory.getbasetemp()))
    if found:
        raise Leak(*found)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a test whose output, log lines or traceback, as pytest caught them, hold a secret."""
    report = yield
    caught = "\n".join(text for _, text in report.sections)
    if CANARY in caught or CANARY in report.longreprtext:
        report.outcome = "failed"
        told = f"a secret is in what {item.nodeid} printed, logged or raised\n{report.longreprtext}"
        report.longrepr = told.replace(CANARY, "********")
        report.sections.clear()
    return report
