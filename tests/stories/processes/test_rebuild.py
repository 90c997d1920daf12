"""A home whose ledger is lost: nothing is sent until `rebuild`, and then it trades on as if nothing had happened."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path
from signal import Signals
from typing import Any

import pytest

from tests.stories.processes.conftest import Machine, ending, once
from tests.stories.processes.interrupting import CODES, interrupt, started, steps_of

Row = tuple[Any, ...]

#: In and out within days by its own signals, with a stop and a target that rest at the exchange.
_SWINGS = """
from decimal import Decimal

from tradebot.strategy_api import ExitPolicy, Signals


class Strategy:
    def signals(self, history, params):
        change = history.close.pct_change()
        return Signals(
            entry=change < 0,
            exit=change > 0.01,
            exits=ExitPolicy(stop=Decimal("0.03"), target=Decimal("0.02")),
            score=-change,
        )
"""
_JOBS = ("preflight", "run-daily", "check-exits", "reconcile", "report", "status")
_REBUILD = ("rebuild", "--yes")
_LEDGER = ("trading_robot.db", "trading_robot.db-wal", "trading_robot.db-shm")


@pytest.fixture(scope="session")
def swinging(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A home that has traded for two weeks, to be copied: positions are open, and others were closed."""

    def make(machine: Machine) -> None:
        machine.env("STRATEGIES=swings", "MAX_POSITIONS=2", "PROBATION_SESSIONS=0")  # which a rebuild begins anew
        machine.strategy("swings", _SWINGS)
        assert machine("replay", "--sessions", "10").code == 0

    return once(tmp_path_factory, "swinging", make)


@pytest.fixture
def victim(swinging: Machine, tmp_path: Path) -> Machine:
    """The home that will lose its ledger."""
    return copied(swinging, tmp_path / "victim")


def copied(machine: Machine, folder: Path) -> Machine:
    folder.mkdir()
    copy = Machine(folder)
    shutil.copytree(machine.home, copy.home)
    return copy


def lose(machine: Machine) -> None:
    for name in _LEDGER:
        (machine.home / name).unlink(missing_ok=True)


def rows(database: Path, query: str) -> list[Row]:
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(query).fetchall()


def at_the_exchange(machine: Machine) -> list[Row]:
    """Every order and whatever else happened there, in full."""
    return rows(machine.exchange, "SELECT * FROM orders ORDER BY number") + rows(
        machine.exchange, "SELECT * FROM activities ORDER BY number"
    )


def booked(ledger: Path) -> list[Row]:
    """Every fill and round trip in a ledger."""
    newest = "SELECT account_key FROM generations ORDER BY generation DESC LIMIT 1"
    now = f"WHERE account_key = COALESCE(({newest}), account_key) ORDER BY seq"
    fills = f"SELECT fill_id, client_order_id, symbol, quantity, price, fee, strategy FROM fills {now}"
    trades = f"SELECT trade_id, quantity, pnl, entry_session, exit_session FROM trades {now}"
    return rows(ledger, fills) + rows(ledger, trades)


def assert_explained(machine: Machine) -> None:
    """The ledger is sound, and shares, stops and equity are the exchange's."""
    assert machine("verify").code == 0
    compared = machine("reconcile", "--json")
    assert (compared.code, compared.json["breaks"], compared.json["gaps"]) == (0, [], []), compared.err
    assert compared.json["unprotected"] == "0"
    shares = rows(machine.exchange, "SELECT symbol, quantity FROM positions WHERE quantity <> '0' ORDER BY symbol")
    assert rows(machine.ledger, "SELECT symbol, quantity FROM holdings ORDER BY symbol") == shares
    resting = "SELECT symbol, stop_price FROM orders WHERE live = 1 AND type = 'stop' ORDER BY symbol"
    assert numbers(rows(machine.ledger, "SELECT symbol, stop_price FROM holdings ORDER BY symbol")) == numbers(
        rows(machine.exchange, resting)
    )
    there = machine("paper", "status", "--json").json["exchange"]["equity"]
    ((here,),) = rows(machine.ledger, "SELECT equity FROM equity ORDER BY seq DESC LIMIT 1")
    assert Decimal(here) == Decimal(there)


def numbers(found: list[Row]) -> list[tuple[str, Decimal]]:
    return [(symbol, Decimal(price)) for symbol, price in found]


def test_until_rebuild_nothing_is_sent(victim: Machine) -> None:
    assert victim("paper", "next").code == 0
    lose(victim)
    before = victim.orders()
    for job in _JOBS:
        ended = victim(job, "--json")
        assert ended.code == 10, job
        assert "tradebot rebuild" in ended.json["error"]
    assert victim.orders() == before
    assert not victim.ledger.exists()


def test_a_rebuild_that_nobody_can_confirm_is_refused(victim: Machine) -> None:
    before = victim.ledger.read_bytes()
    for flags in ((), ("--json",)):
        ended = victim("rebuild", *flags)
        assert ended.code == 2
        assert "add --yes if you mean it" in (ended.json["error"] if flags else ended.err)
    assert victim.ledger.read_bytes() == before


@pytest.mark.parametrize("within_a_session", [False, True], ids=["between sessions", "within a session"])
def test_the_next_sessions_are_those_of_a_twin_that_lost_nothing(
    victim: Machine, tmp_path: Path, within_a_session: bool
) -> None:
    if within_a_session:
        assert victim("paper", "next").code == 0
        assert victim("run-daily").code == 0
    twin = copied(victim, tmp_path / "twin")
    lose(victim)
    rebuilt = victim("rebuild", "--yes", "--json")
    assert (rebuilt.code, rebuilt.json["breaks"]) == (0, []), rebuilt.err
    assert any("not recovered" in note for note in rebuilt.json["notes"])
    assert booked(victim.ledger) == booked(twin.ledger)
    assert_explained(victim)
    assert victim("report", "--period", "all").code == 0

    assert_explained(twin)  # which moves its clock as far
    orders = len(at_the_exchange(twin))
    for machine in (victim, twin):
        assert machine("replay", "--sessions", "8").code == 0
    assert at_the_exchange(victim) == at_the_exchange(twin)
    assert len(at_the_exchange(twin)) > orders + 10, "nothing was traded"
    assert booked(victim.ledger) == booked(twin.ledger)
    assert_explained(victim)


@contextmanager
def held_open(ledger: Path) -> Iterator[None]:
    """While somebody looks at the ledger, its newest commits stay in a file beside it."""
    with closing(sqlite3.connect(ledger)) as browser:
        browser.execute("SELECT count(*) FROM runs").fetchone()
        yield
        browser.execute("SELECT count(*) FROM runs").fetchone()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("is_damaged", [False, True], ids=["one that can be read", "a damaged one"])
def test_one_that_is_killed_at_any_step_of_its_end_loses_nothing_and_can_be_run_again(
    victim: Machine, tmp_path: Path, is_damaged: bool
) -> None:
    with held_open(victim.ledger):
        assert victim("paper", "next").code == 0
        assert victim("run-daily").code == 0
        history = booked(victim.ledger)
    if is_damaged:
        content = victim.ledger.read_bytes()
        victim.ledger.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    old = victim.ledger.read_bytes()
    moments = list(_moments(victim, tmp_path / "whole"))
    for moment in moments:
        machine = copied(victim, tmp_path / f"moment{moment}")
        assert interrupt(machine, _REBUILD, moment, Signals.SIGKILL) == CODES[Signals.SIGKILL]
        if is_damaged:
            assert old in [path.read_bytes() for path in machine.home.glob("trading_robot.db*")], f"killed at {moment}"
        else:
            assert booked(machine.ledger) == history, f"killed at {moment}"
        assert machine("run-daily", "--json").code in (0, 10)
        assert machine("rebuild", "--yes").code == 0
        assert booked(machine.ledger) == history
        assert machine("verify").code == 0
        assert machine("reconcile").code == 0
    assert len(moments) >= 4


def _moments(victim: Machine, folder: Path) -> Iterator[int]:
    """The newest steps of a rebuild that commit, or give a file of the ledger a name or take one away."""
    machine = copied(victim, folder)
    assert ending(started(machine, _REBUILD)).code == 0
    found = []
    for moment, step in enumerate(steps_of(machine), 1):
        call, _, name = step.partition(" ")
        is_file = call in ("link", "unlink", "replace") and name.startswith(("trading_robot.db", "ledger_heads"))
        if is_file or step == "COMMIT":
            found.append(moment)
    yield from found[-4:]
