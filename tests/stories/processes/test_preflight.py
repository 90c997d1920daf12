"""preflight by the command itself: what it finds out about the machine."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from typing import Any

import pytest

from tests.stories.processes.conftest import Machine

PROBE = "json://127.0.0.1:9/"  # the discard port, where nobody listens


def checks(machine: Machine, **environ: str) -> tuple[int, dict[str, Any]]:
    ended = machine("preflight", "--json", **environ)
    return ended.code, {check["name"]: check for check in ended.json["checks"]}


def test_what_is_not_yet_done_with_play_money_is_told_without_a_warning(traded: Machine) -> None:
    code, found = checks(traded)
    assert code == 0
    warned = {name for name, check in found.items() if check["result"] == "warn"}
    assert warned - {"environment"} == set()  # what the machine around the test has aside
    assert found["backup"]["figure"] == "there is none"
    assert found["drill"]["figure"] == "an emergency stop was never rehearsed"

    assert traded("backup").code == 0
    assert traded("emergency-stop", "--drill").code == 0
    code, found = checks(traded)
    assert code == 0
    assert found["backup"]["figure"] == "the last one was made today, on the disk that holds the ledger too"
    assert found["drill"]["figure"] == "last drill today"


def test_a_history_that_somebody_touched_blocks(traded: Machine) -> None:
    with closing(sqlite3.connect(traded.ledger, isolation_level=None)) as ledger:
        ledger.execute("DROP TRIGGER fills_no_update")
        ledger.execute("UPDATE fills SET price = '1' WHERE seq = 1")
    code, found = checks(traded)
    assert code == 5
    assert found["ledger"]["result"] == "fail"
    assert "fills" in found["ledger"]["figure"]


@pytest.mark.skipif(os.name == "nt", reason="files of a user are closed to others by their folder there")
def test_an_env_file_that_others_may_read_is_a_warning(traded: Machine) -> None:
    traded.env("LOG_LEVEL=INFO")
    (traded.home / ".env").chmod(0o644)
    assert checks(traded)[1]["env file"]["result"] == "warn"
    (traded.home / ".env").chmod(0o600)
    assert checks(traded)[1]["env file"]["result"] == "pass"


def test_a_channel_that_nobody_listens_at_is_a_warning_and_is_tried_again(traded: Machine) -> None:
    traded.env(f"ALERT_URLS={PROBE}")
    for _ in range(2):
        code, found = checks(traded)
        assert code in (0, 11)  # the alert about it reaches nobody either
        assert found["alerts"]["result"] == "warn"


def test_a_strategy_that_looks_ahead_blocks_and_one_that_kept_its_promises_is_not_checked_again(
    traded: Machine,
) -> None:
    traded.strategy(
        "peeker",
        "from tradebot.strategy_api import ExitPolicy, Signals",
        "class Strategy:",
        "    def signals(self, history, params):",
        "        entry = history.close.shift(-1) > history.close",
        "        return Signals(entry=entry, exit=~entry, exits=ExitPolicy())",
    )
    traded.env("STRATEGIES=rsi2_mean_reversion,peeker")
    (traded.home / "state" / "strategies_checked.json").unlink()
    code, found = checks(traded)
    assert code == 5
    assert found["strategy peeker"]["result"] == "fail"
    assert found["strategy rsi2_mean_reversion"]["result"] == "pass"
    assert "rsi2_mean_reversion" in (traded.home / "state" / "strategies_checked.json").read_text()
    assert "peeker" not in (traded.home / "state" / "strategies_checked.json").read_text()
