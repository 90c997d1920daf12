"""The months of a period, to the cent."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from tests.core.builders import cash
from tradebot.core.accounting.months import month_lines
from tradebot.core.accounting.trade_figures import TradeResult, trade_figures
from tradebot.core.model.account import CashKind
from tradebot.core.model.exchange_time import start_of_day
from tradebot.core.model.ledger_rows import EquityPoint

D = Decimal


def close(session: date, equity: str) -> EquityPoint:
    return EquityPoint(session, start_of_day(session), D(equity), D(equity), D(0), D(0), D(equity))


def test_each_month_has_its_change_without_what_was_paid_in() -> None:
    """Money that came after the last close of January is in the equity of March."""
    points = [close(date(2007, 1, 30), "100100"), close(date(2007, 1, 31), "99900"), close(date(2007, 3, 1), "105000")]
    paid = replace(cash("5000", CashKind.DEPOSIT), at=start_of_day(date(2007, 2, 1)), session=date(2007, 1, 31))
    earned = replace(cash("12"), session=date(2007, 3, 1))  # a dividend is part of the change
    results = (("2007-01-30", "50"), ("2007-01-31", "-20"), ("2007-03-01", "7"))
    closed = trade_figures(TradeResult("trend", "AAPL", day, D(pnl), D(2)) for day, pnl in results).by_month
    january, march = month_lines(D(100000), points, [paid, earned], closed)
    assert (january.month, january.sessions, january.change, january.paid) == (date(2007, 1, 1), 2, D(-100), D(0))
    assert (january.trades, january.realised, january.fees) == (2, D(30), D(4))
    assert (march.month, march.change, march.paid, march.realised) == (date(2007, 3, 1), D(100), D(5000), D(7))


def test_no_session_is_no_month() -> None:
    assert month_lines(D(0), (), (), {}) == ()
