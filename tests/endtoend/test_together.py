"""Many runs at once, and runs in two homes of one account: one trades, the others say why they do not."""

from __future__ import annotations

import signal
import time

from tests.endtoend.conftest import Machine, ending

MANY = 8


def test_of_many_runs_started_together_one_trades(machine: Machine) -> None:
    """Even in a folder that none of them has found to be a home."""
    runs = [machine.start("run-daily", "--json") for _ in range(MANY)]
    ended = [ending(run, "--json") for run in runs]
    assert {each.code for each in ended} <= {0, 8}, [each.err for each in ended]
    (trader,) = [each for each in ended if each.json["status"] == "ran"]
    assert [order["state"] for order in trader.json["orders"]] == ["filled"] * 3
    for each in ended:
        if each.code == 8:
            assert "another run holds the lock" in each.json["error"]
        elif each is not trader:
            assert "traded already" in each.json["headline"]
    assert machine.orders() == ["buy 63 AAPL filled", "buy 174 MSFT filled", "buy 21 GOOG filled"]
    assert machine("reconcile").code == 0


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
    assert traded("emergency-stop").code in (0, 9)
    time.sleep(1)
    before = traded.orders()
    time.sleep(1)
    replay.send_signal(signal.SIGINT)
    assert ending(replay, "--json").code == 130
    assert [order for order in traded.orders()[len(before) :] if order.startswith("buy")] == []
    assert traded("reconcile").code == 4


def test_two_homes_of_one_exchange_do_not_trade_at_once(traded: Machine) -> None:
    other = traded.folder / "other"
    assert traded("init-db", "--home", other).code == 0
    exchange = other / "state" / "paper_exchange.db"
    exchange.unlink()
    exchange.symlink_to(traded.home / "state" / "paper_exchange.db")
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


def test_an_older_copy_of_the_ledger_is_refused(traded: Machine) -> None:
    ledger = traded.home / "trading_robot.db"
    older = ledger.read_bytes()
    assert traded("paper", "next").code == 0
    assert traded("run-daily").code == 0
    ledger.write_bytes(older)
    ended = traded("run-daily", "--json")
    assert ended.code == 10
    assert "an older copy was put in its place" in ended.json["error"]
