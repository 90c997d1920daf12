"""The sessions of a backtest, and what is said where there is none."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from tests.core.builders import limits_with
from tradebot.backtest.setup import Setup, no_session_text, rows_of

DAYS = (date(2007, 1, 3), date(2007, 1, 4), date(2007, 1, 5))


def test_without_a_session_the_days_of_the_prices_are_told() -> None:
    later = Setup(limits=limits_with(), cash=Decimal(1000), first=date(2031, 1, 2))
    assert not rows_of(DAYS, later)
    text = no_session_text(DAYS, later)
    assert "no session to trade from 2031-01-02: theirs are 2007-01-04 to 2007-01-05. Give other days" in text
    assert "too few sessions" in no_session_text(DAYS[:1], later)
