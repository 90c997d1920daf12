from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tests.core.builders import D
from tradebot.core.accounting.performance import totals
from tradebot.core.accounting.trade_figures import TradeResult


def trades(*pnls: Decimal | int) -> Iterable[TradeResult]:
    return (TradeResult("trend", "AAPL", "2007-01-04", D(pnl), D(2)) for pnl in pnls)


def test_no_trades_have_no_averages() -> None:
    nothing = totals([])
    assert (nothing.trades, nothing.pnl) == (0, D(0))
    assert (nothing.win_rate, nothing.profit_factor, nothing.average, nothing.best, nothing.worst) == (None,) * 5


def test_figures_by_hand() -> None:
    added = totals(trades(300, -100, 0, -50))
    assert (added.trades, added.wins, added.losses) == (4, 1, 2)
    assert (added.gross_profit, added.gross_loss, added.pnl) == (D(300), D(150), D(150))
    assert (added.win_rate, added.profit_factor, added.average) == (D("0.25"), D(2), D("37.5"))
    assert (added.best, added.worst, added.fees) == (D(300), D(-100), D("8.00"))


def test_without_a_loss_there_is_no_profit_factor() -> None:
    assert totals(trades(300, 200)).profit_factor is None


@given(st.lists(st.decimals(min_value=-10_000, max_value=10_000, places=2)))
def test_totals_add_up(pnls: list[Decimal]) -> None:
    added = totals(trades(*pnls))
    assert added.pnl == sum(pnls, D(0))
    assert added.wins + added.losses <= added.trades == len(pnls)
