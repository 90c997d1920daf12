"""The record of what one strategy gave."""

from __future__ import annotations

from datetime import UTC, date, datetime

from tradebot.core.model.signal_records import signals_record
from tradebot.core.model.signals import Action, ExitPolicy, Signal

DAY, BEFORE = date(2007, 1, 5), date(2007, 1, 4)
AT = datetime(2007, 1, 5, 14, 35, tzinfo=UTC)


def signal(strategy: str, symbol: str) -> Signal:
    return Signal(strategy, symbol, BEFORE, Action.ENTER, 0.0, ExitPolicy(), "why", values=(("rsi", 4.0),))


def test_a_record_holds_its_own_strategy_alone() -> None:
    record = signals_record([signal("one", "AAA"), signal("two", "BBB")], DAY, AT, "one", "1.0+a", "")
    assert list(record.given) == ["AAA"]
    assert record.given["AAA"].values == (("rsi", 4.0),)
    assert record.as_of == BEFORE


def test_a_strategy_that_gave_nothing_has_a_record_of_its_fault() -> None:
    record = signals_record([signal("one", "AAA")], DAY, AT, "two", "", "it did not answer")
    assert (record.given, record.as_of, record.fault) == ({}, None, "it did not answer")
