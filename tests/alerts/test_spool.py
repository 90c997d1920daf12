"""Alerts outside the ledger: kept through crashes, and held in memory where nothing can be written."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tradebot.alerts.sinks import SpoolAlerts
from tradebot.alerts.spool import Spool
from tradebot.core.results.alerts import Alert

AT = datetime(2026, 3, 2, 14, 35, tzinfo=UTC)
HALTED = Alert("critical", "halted", "by hand: 1,234.50 USD", AT, "halted")


class Clock:
    def __init__(self) -> None:
        self.at = AT

    def now(self) -> datetime:
        return self.at

    def wall(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        return None


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "alerts_spool"


def test_another_process_finds_what_was_kept_until_somebody_was_told(path: Path) -> None:
    Spool(path).add("acc", HALTED, AT)
    Spool(path).add("acc", replace(HALTED, title="again"), AT)
    first, second = Spool(path).waiting()
    assert (first.alert, first.account_key, second.alert.title) == (HALTED, "acc", "again")
    Spool(path).mark_delivered(first)
    assert Spool(path).waiting() == (second,)


def test_what_was_taken_over_is_forgotten_and_what_failed_is_not(path: Path) -> None:
    spool = Spool(path)
    spool.add("acc", HALTED, AT)
    with pytest.raises(ValueError, match="no"), spool.drain() as kept:
        assert [one.alert for one in kept] == [HALTED]
        raise ValueError("no ledger")
    with spool.drain() as kept:
        assert len(kept) == 1
    with spool.drain() as kept:
        assert kept == ()


def test_a_line_torn_by_a_crash_costs_only_itself(path: Path) -> None:
    spool = Spool(path)
    spool.add("acc", HALTED, AT)
    first = path.read_bytes()
    spool.add("acc", replace(HALTED, title="torn"), AT)
    whole = path.read_bytes()
    for length in range(len(first), len(whole) + 1):
        path.write_bytes(whole[:length])
        titles = ["halted", "torn"] if length >= len(whole) - 1 else ["halted"]
        assert [kept.alert.title for kept in spool.waiting()] == titles
    path.write_bytes(whole[:-20])
    spool.add("acc", replace(HALTED, title="after"), AT)
    assert [kept.alert.title for kept in spool.waiting()] == ["halted", "after"]


@pytest.mark.skipif(os.name == "nt", reason="no such files on Windows")
def test_where_nothing_can_be_written_this_process_still_knows(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    spool = Spool(tmp_path / "state" / "alerts_spool")
    spool.add("acc", HALTED, AT)
    (held,) = spool.waiting()
    spool.mark_delivered(held)
    assert spool.waiting() == ()


def test_what_goes_on_is_kept_once(path: Path) -> None:
    clock = Clock()
    alerts = SpoolAlerts(Spool(path), "acc", clock, lambda text: text.replace("secret", "***"))
    for _ in range(3):
        alerts.send("critical", "halted", "the secret is out", key="halted")
    clock.at += timedelta(hours=20)
    alerts.send("critical", "halted", "the secret is out", key="halted")
    kept = Spool(path).waiting()
    assert [one.alert.raised_at for one in kept] == [AT, AT + timedelta(hours=20)]
    assert {one.alert.message for one in kept} == {"the *** is out"}
