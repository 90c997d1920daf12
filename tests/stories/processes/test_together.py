"""Many runs at once, and runs in two homes of one account: one trades, the others say why they do not."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from itertools import cycle, islice
from pathlib import Path

import pytest

from tests.fakes.cli import Ended
from tests.long_form import long
from tests.stories.processes.conftest import Machine, ending
from tests.stories.processes.traces import Traces


@pytest.mark.parametrize("many", [10, long(20)])
def test_of_many_runs_started_together_one_trades(machine: Machine, traded_home: Path, many: int) -> None:
    """Even in a folder that none of them has found to be a home."""
    ended = _together(machine, many, machine.home)
    assert {each.code for each in ended} <= {0, 8}, [each.err for each in ended]
    (trader,) = [each for each in ended if each.json["status"] == "ran"]
    assert [order["state"] for order in trader.json["orders"]] == ["filled"] * 3
    for each in ended:
        if each.code == 8:
            assert "another run holds the lock" in each.json["error"]
        elif each is not trader:
            assert "traded already" in each.json["headline"]
    _assert_as_after_one_run(machine, machine.home, traded_home)


@pytest.mark.parametrize("many", [10, long(20)])
def test_of_many_runs_started_together_in_two_homes_of_one_exchange_one_trades(
    made: Machine, traded_home: Path, many: int
) -> None:
    """The other home's ledger explains nothing of what is there, and its runs send nothing."""
    other = _home_of_the_same_exchange(made)
    ended = _together(made, many, made.home, other)
    assert {each.code for each in ended} <= {0, 7, 8}, [each.err for each in ended]
    (trader,) = [each for each in ended if each.code == 0 and each.json["status"] == "ran"]
    _assert_as_after_one_run(made, Path(trader.json["home"]), traded_home)


def _together(machine: Machine, many: int, *homes: Path) -> list[Ended]:
    """How ``many`` runs ended that were started at once, taking turns in these homes."""
    runs = [machine.start("run-daily", "--json", "--home", home) for home in islice(cycle(homes), many)]
    return [ending(run, "--json") for run in runs]


def _assert_as_after_one_run(machine: Machine, home: Path, traded_home: Path) -> None:
    """The home's ledger, and the exchange, are as in one where a single run traded the session."""
    assert machine("verify", "--home", home).code == 0
    assert machine("reconcile", "--home", home).code == 0
    here, alone = Traces.of(home), Traces.of(traded_home)
    assert len(alone.arrived) == 6  # three entries and their stops
    assert here.arrived == alone.arrived
    assert (here.fills, here.shares) == (alone.fills, alone.shares)
    assert here.intents == alone.intents
    assert (here.booked, here.lots) == (alone.booked, alone.lots)


def _home_of_the_same_exchange(machine: Machine) -> Path:
    other = machine.folder / "other"
    (other / "state").mkdir(parents=True)
    (other / "state" / "paper_exchange.db").symlink_to(machine.exchange)
    assert machine("init-db", "--home", other).code == 0
    return other


def test_looking_needs_no_lock_and_writing_does(traded: Machine) -> None:
    with traded.start("replay", "--to", "2012-12-31") as replay:
        try:
            traded.wait_for_lock(replay)
            who = f"pid {replay.pid}, `tradebot replay`"
            for command in (("check-exits",), ("reconcile",), ("paper", "next"), ("resume", "--reason", "x", "--yes")):
                ended = traded(*command)
                assert ended.code == 8, command
                assert who in ended.err
            for command in (("status", "--json"), ("explain", "AAPL"), ("config", "show"), ("strategies", "list")):
                assert traded(*command).code == 0, command
            assert who in traded("status", "--json").json["lock_holder"]
        finally:
            replay.kill()
    assert traded("status", "--json").json["lock_holder"] == "", "a run that died holds nothing"


def test_an_emergency_stop_works_beside_a_run_and_is_obeyed_by_it(traded: Machine) -> None:
    replay = traded.start("replay", "--to", "2012-12-31", "--json")
    traded.wait_for_lock(replay)
    _wait_for_a_session(traded)  # a halt from before the replay's beginning does not end it
    assert traded("emergency-stop").code == 0
    with closing(sqlite3.connect(traded.ledger)) as ledger:
        running = ledger.execute("SELECT job FROM runs WHERE status = 'running'").fetchall()
    assert not running, "the stop waits until it has gone"
    assert ending(replay, "--json").code == 4
    assert traded("reconcile").code == 4


def test_two_homes_of_one_exchange_do_not_trade_at_once(traded: Machine) -> None:
    other = _home_of_the_same_exchange(traded)
    with traded.start("replay", "--to", "2012-12-31") as replay:
        try:
            traded.wait_for_lock(replay)
            ended = traded("run-daily", "--home", other, "--json")
            assert ended.code == 8
            assert "a run in another home holds this account's lock" in ended.json["error"]
            assert f"pid {replay.pid}" in ended.err
        finally:
            replay.kill()


def test_two_homes_with_an_exchange_each_do_not_wait_for_each_other(traded: Machine) -> None:
    other = traded.folder / "other"
    with traded.start("replay", "--to", "2012-12-31") as replay:
        try:
            traded.wait_for_lock(replay)
            assert traded("run-daily", "--home", other).code == 0
        finally:
            replay.kill()


def _wait_for_a_session(machine: Machine) -> None:
    """Wait until the replay that runs has traded another session."""
    with closing(sqlite3.connect(machine.ledger)) as ledger:

        def traded() -> int:
            (count,) = ledger.execute("SELECT count(*) FROM runs WHERE job = 'run-daily' AND status = 'ran'").fetchone()
            return int(count)

        before = traded()
        while traded() == before:
            time.sleep(0.05)
