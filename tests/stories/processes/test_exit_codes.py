"""Every exit code there is, produced by a real process in a way that happens to people."""

from __future__ import annotations

import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing

import pytest
from typer.testing import CliRunner

from tests.fakes.cli import Ended
from tests.fakes.homes import account_id
from tests.stories.processes.conftest import Machine, ending
from tradebot import cli
from tradebot.errors import ExitCode

Scenario = Callable[[Machine], Ended]
SCENARIOS: dict[ExitCode, Scenario] = {}


def produces(code: ExitCode) -> Callable[[Scenario], Scenario]:
    """Mark a way to end with ``code``: it begins in a home that has traded, and asks for JSON at the end."""

    def marked(scenario: Scenario) -> Scenario:
        SCENARIOS[code] = scenario
        return scenario

    return marked


@produces(ExitCode.OK)
def _all_is_well(machine: Machine) -> Ended:
    return machine("reconcile", "--json")


@produces(ExitCode.BUG)
def _there_is_a_bug(machine: Machine) -> Ended:
    return machine("run-daily", "--json", PYTHONPATH=machine.bug("tradebot.jobs.run_daily", "run"))


@produces(ExitCode.USAGE)
def _a_word_is_mistyped(machine: Machine) -> Ended:
    return machine("report", "--period", "decade", "--json")


@produces(ExitCode.CONFIG)
def _a_setting_is_wrong(machine: Machine) -> Ended:
    return machine("run-daily", "--json", RISK_PER_TRADE_PCT="3")


@produces(ExitCode.HALTED)
def _all_is_halted(machine: Machine) -> Ended:
    assert machine("emergency-stop").code == 0
    return machine("check-exits", "--json")


@produces(ExitCode.BLOCKED)
def _no_order_could_be_sent(machine: Machine) -> Ended:
    return machine("preflight", "--json", MIN_ORDER_VALUE="150", MAX_POSITION_SIZE_PCT="0.1%")


@produces(ExitCode.BROKER)
def _the_exchange_cannot_be_read(machine: Machine) -> Ended:
    machine.exchange.write_bytes(b"\0" * 8192)
    return machine("reconcile", "--json")


@produces(ExitCode.BREAKS)
def _somebody_else_bought(machine: Machine) -> Ended:
    _change(machine, "UPDATE positions SET quantity = '100' WHERE symbol = 'MSFT'")  # worth less than what would halt
    return machine("reconcile", "--json")


@produces(ExitCode.LOCKED)
def _another_run_is_at_work(machine: Machine) -> Ended:
    with machine.start("replay", "--to", "2012-12-31") as replay:
        try:
            machine.wait_for_lock(replay)
            return machine("run-daily", "--json")
        finally:
            replay.kill()


@produces(ExitCode.INCOMPLETE)
def _the_exchange_has_closed(machine: Machine) -> Ended:
    assert machine("reconcile").code == 0  # at 16:05
    return machine("emergency-stop", "--close-positions", "--json")


@produces(ExitCode.LEDGER)
def _the_ledger_is_lost(machine: Machine) -> Ended:
    machine.ledger.unlink()
    return machine("run-daily", "--json")


@produces(ExitCode.DEGRADED)
def _a_strategy_is_broken(machine: Machine) -> Ended:
    assert machine("paper", "next").code == 0
    machine.strategy("broken", "raise RuntimeError('no such indicator')")
    return machine("run-daily", "--json", STRATEGIES="broken,momentum_rotation")


@produces(ExitCode.INTERRUPTED)
def _somebody_types_control_c(machine: Machine) -> Ended:
    return _ended_by(signal.SIGINT, machine)


@produces(ExitCode.TERMINATED)
def _the_machine_shuts_down(machine: Machine) -> Ended:
    return _ended_by(signal.SIGTERM, machine)


def _ended_by(number: signal.Signals, machine: Machine) -> Ended:
    replay = machine.start("replay", "--to", "2012-12-31", "--json")
    machine.wait_for_lock(replay)
    time.sleep(0.5)
    replay.send_signal(number)
    return ending(replay, "--json")


@pytest.mark.parametrize("code", ExitCode, ids=lambda code: f"{code:d}-{code.name.lower()}")
def test_every_exit_code_is_produced(code: ExitCode, traded: Machine) -> None:
    ended = SCENARIOS[code](traded)
    assert ended.code == code, ended.err
    if code is not ExitCode.USAGE:  # a line that Typer refuses belongs to no command
        stated = CliRunner().invoke(cli.app, [ended.json["job"], "--help"]).stdout
        (line,) = (line for line in stated.splitlines() if line.startswith("  Exit codes: "))
        assert str(int(code)) in line.split()


def _change(machine: Machine, statement: str) -> None:
    with closing(sqlite3.connect(machine.exchange, isolation_level=None)) as exchange:
        assert exchange.execute(statement).rowcount == 1


def test_nothing_to_do_is_no_failure(traded: Machine) -> None:
    again = traded("run-daily", "--json").json
    assert (again["status"], again["exit_codes"], again["orders"]) == ("idle", [], [])
    assert "traded already" in again["headline"]
    assert traded("paper", "next").code == 0
    assert traded("reconcile").code == 0  # at 16:05
    for job in ("run-daily", "check-exits"):
        late = traded(job, "--json").json
        assert (late["status"], late["exit_code"], late["orders"]) == ("idle", 0, [])
        assert "closed" in late["headline"]


def test_a_bug_is_one_line_for_people_and_a_traceback_in_the_log(traded: Machine) -> None:
    ended = traded("run-daily", PYTHONPATH=traded.bug("tradebot.jobs.run_daily", "run"))
    assert ended.code == 1
    (line,) = ended.err.splitlines()
    assert line.startswith("tradebot run-daily: unexpected error: KeyError: 'boom' (traceback in ")
    assert "Traceback (most recent call last)" in traded.log
    assert "raise KeyError('boom')" in traded.log
    assert traded("reconcile").code == 0


def test_the_first_code_by_precedence_counts_and_all_are_told(traded: Machine) -> None:
    _change(traded, "UPDATE positions SET quantity = '1000' WHERE symbol = 'MSFT'")
    assert traded("emergency-stop").code == 0
    assert traded("check-exits", "--json").json["exit_codes"] == [4, 7]
    assert traded("preflight", "--json").json["exit_codes"] == [5, 4]


def test_a_break_goes_when_its_cause_goes(traded: Machine) -> None:
    assert _somebody_else_bought(traded).json["breaks"][0]["symbol"] == "MSFT"
    _change(traded, "UPDATE positions SET quantity = '87' WHERE symbol = 'MSFT'")
    assert traded("reconcile", "--json").json["breaks"] == []


def test_the_exchange_of_another_account_is_not_traded(traded: Machine, machine: Machine) -> None:
    other = Machine(machine.folder / "other")
    other.folder.mkdir()
    assert other("run-daily").code == 0
    assert other("paper", "reset", "--yes").code == 0
    one, another = account_id(traded.home), account_id(other.home)
    other.exchange.replace(traded.exchange)
    for command in ("run-daily", "check-exits", "reconcile", "status", "preflight"):
        ended = traded(command)
        assert ended.code == 5, command
        assert f"belongs to account {one}" in ended.err
        assert f"shows account {another}" in ended.err


def test_a_position_that_waits_for_the_open_is_said_to_be_open_until_it_is_closed(traded: Machine) -> None:
    late = _the_exchange_has_closed(traded).json
    assert {line["result"] for line in late["lines"] if line["what"] == "position"} == {"still open"}
    assert traded("paper", "next").code == 0
    opened = traded("run-daily", "--json").json
    assert (opened["exit_code"], opened["account"]["equity"]) == (4, opened["account"]["cash"])
    assert traded("emergency-stop", "--close-positions").code == 0
    assert traded("resume", "--reason", "looked into it", "--yes").code == 0
    assert traded("reconcile", "--json").json["halts"] == []


def test_only_its_owner_unsets_the_flag_that_halts(traded: Machine) -> None:
    assert traded("check-exits", EMERGENCY_STOP_ENABLED="true").code == 4
    held = traded("resume", "--reason", "x", "--yes", EMERGENCY_STOP_ENABLED="true")
    assert held.code == 4
    assert "until its owner unsets it" in held.out
    assert traded("check-exits").code == 0
