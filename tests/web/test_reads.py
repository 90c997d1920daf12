"""The reads of the server: one look at a broker for everybody, and no read that raises."""

from __future__ import annotations

import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import pytest

from tests.fakes.cli import environment
from tradebot.core.model.halts import HaltLevel
from tradebot.core.results.listings import Selection
from tradebot.errors import BrokerUnavailable, ExitCode, LedgerError
from tradebot.runtime.home_looks import Look
from tradebot.settings import GlobalOptions
from tradebot.web import reads
from tradebot.web.reads import HomeReads, SharedLook


@pytest.fixture
def home(traded_home: Path, tmp_path: Path) -> Path:
    return copytree(traded_home, tmp_path / "home")


@pytest.fixture
def look(traded_home: Path, tmp_path: Path) -> Look:
    """A look at an embedded exchange."""
    return of(traded_home, tmp_path)._looks.take_look()


def of(home: Path, tmp_path: Path) -> HomeReads:
    return HomeReads(GlobalOptions(home), environment(tmp_path / "state"))


def test_everybody_shares_a_look_and_the_next_comes_after_its_time(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[str] = []

    def take(asks: Callable[[], None]) -> Look:
        asks()
        taken.append(threading.current_thread().name)
        time.sleep(0.05)
        return look

    shared = SharedLook(take)
    with ThreadPoolExecutor(50) as clients:
        found = [each.result() for each in [clients.submit(shared.newest) for _ in range(50)]]
    assert all(each.look is look for each in found)
    assert len(taken) == 1
    monkeypatch.setattr(reads, "EVERY", 0.0)
    assert shared.newest().look is look
    deadline = time.monotonic() + 10
    while len(taken) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(taken) >= 2


def test_a_broker_that_hangs_or_fails_leaves_the_look_before_it(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    hanging, begun = threading.Event(), threading.Event()
    answers: Iterator[Look | BrokerUnavailable] = iter([look, BrokerUnavailable("nobody answers")])

    def take(asks: Callable[[], None]) -> Look:
        asks()
        answer = next(answers)
        if isinstance(answer, BrokerUnavailable):
            begun.set()
            hanging.wait(10)
            raise answer
        return answer

    shared = SharedLook(take)
    assert shared.newest().trouble == ""
    monkeypatch.setattr(reads, "FIRST_WAIT", 0.05)
    shared.expire()
    shared.newest()
    assert begun.wait(10)
    assert (shared.newest().look, shared.newest().trouble) == (look, ""), "while it hangs"
    hanging.set()
    deadline = time.monotonic() + 10
    while not shared.newest().trouble and time.monotonic() < deadline:
        time.sleep(0.01)
    failed = shared.newest()
    assert (failed.look, failed.trouble, failed.code) == (look, "nobody answers", ExitCode.BROKER)


def test_a_look_that_came_as_far_as_the_ledger_alone_is_tried_again_soon(
    look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who was locked out for a moment sees no figures of half a minute ago; a broker that was asked is left alone."""
    monkeypatch.setattr(reads, "SAME_FOR", 0.05)
    tries: list[bool] = []  # whether each asked the broker

    def take(asks: Callable[[], None]) -> Look:
        tries.append(len(tries) > 1)
        if not tries[-1]:
            raise LedgerError("locked")
        asks()
        return look

    shared = SharedLook(take)
    assert "could not read the ledger: locked" in shared.newest().trouble
    deadline = time.monotonic() + 10
    while shared.newest().trouble and time.monotonic() < deadline:
        time.sleep(0.01)
    assert shared.newest().look is look
    time.sleep(0.2)
    shared.newest()
    assert tries == [False, False, True]


def test_what_was_sent_to_the_broker_is_seen_by_who_asks_next(look: Look) -> None:
    """A look that was on its way meanwhile is not it."""
    begun, let_go = threading.Event(), threading.Event()
    later = replace(look, seconds=9.0)
    found = iter([look, look, later])

    def take(asks: Callable[[], None]) -> Look:
        asks()
        value = next(found)
        begun.set()
        let_go.wait(10)
        return value

    shared = SharedLook(take)
    let_go.set()
    assert shared.newest().look is look
    begun.clear()
    let_go.clear()
    shared.expire()
    with ThreadPoolExecutor(1) as client:
        asked = client.submit(shared.newest)
        assert begun.wait(10)
        shared.expire()
        let_go.set()
        assert asked.result().look is later


def test_the_first_look_is_waited_for_and_no_longer_than_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reads, "FIRST_WAIT", 0.05)
    hanging = threading.Event()

    def take(asks: Callable[[], None]) -> Look:
        asks()
        hanging.wait(10)
        raise BrokerUnavailable("nobody answers")

    shared = SharedLook(take)
    assert shared.newest().trouble == "the broker is being asked"
    monkeypatch.setattr(reads, "FIRST_WAIT", 0.0)
    began = time.monotonic()
    assert shared.newest().code is ExitCode.BROKER
    assert time.monotonic() - began < 1, "who comes later waits for nothing"
    hanging.set()


def test_what_cannot_be_read_is_halted_and_raises_nothing(home: Path, tmp_path: Path) -> None:
    found = of(home, tmp_path)
    assert found.positions(Selection()).value is not None
    (home / "trading_robot.db").write_text("no database", encoding="utf-8")
    found.look_again()
    status = found.status().value
    assert status is not None and status.level is HaltLevel.HALTED
    assert (status.headline, status.exit_code) == ("HALTED (unreadable)", ExitCode.LEDGER)
    assert status.halts[-1].rule == "unreadable"
    assert status.known_at == found.status().looked_at, "the figures of the look before are told with its time"
    assert status.account is not None and status.known_at is not None
    refusal = found.fills(Selection()).refusal
    assert refusal is not None and refusal.code is ExitCode.LEDGER
    health = found.health().value
    assert health is not None and not health.healthy and "not a database" in health.ledger_reached.trouble


def test_wrong_settings_are_halted_too(home: Path, tmp_path: Path) -> None:
    (home / ".env").write_text("MAX_POSITIONS=many\n", encoding="utf-8")
    found = of(home, tmp_path)
    status = found.status().value
    assert status is not None and (status.level, status.exit_code) == (HaltLevel.HALTED, ExitCode.CONFIG)
    refusal = found.jobs().refusal
    assert refusal is not None and [problem.where for problem in refusal.problems] != []


def test_metrics_wait_once_for_a_ledger_that_is_not_reached(home: Path, tmp_path: Path) -> None:
    asked = []

    class HangsUp(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            asked.append(self.client_address)

    with socketserver.TCPServer(("127.0.0.1", 0), HangsUp) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"postgresql://me@127.0.0.1:{server.server_address[1]}/ledger?sslmode=disable&gssencmode=disable"
        (home / ".env").write_text(f"DATABASE_URL={address}\n", encoding="utf-8")
        found = of(home, tmp_path)
        found.status()  # takes the first look
        asked.clear()
        view = found.metrics("main")
        server.shutdown()
    assert len(asked) == 1
    assert not view.database.reached
    assert view.status is None
