"""Lines of positions: ours, foreign, and both in one symbol."""

from __future__ import annotations

from decimal import Decimal

from tests.core.builders import holding, position
from tradebot.core.model.holdings import FOREIGN
from tradebot.core.results.position_lines import position_lines
from tradebot.core.safety.stop_coverage import Gap, GapKind

D = Decimal


def test_ours_shows_its_stop_its_gain_and_whether_the_stop_covers_it() -> None:
    gap = Gap(GapKind.MISSING, "trend", "IBM", D(100), D(0), D(49), D(5000))
    held = [holding("AAPL", "100", "40"), holding("IBM", "100", "60")]
    ours = position_lines([position("IBM"), position("AAPL")], held, [gap])
    assert [(line.symbol, line.strategy, line.pnl, line.stop, line.protected) for line in ours] == [
        ("AAPL", "trend", D(1000), D(49), True),
        ("IBM", "trend", D(-1000), D(49), False),
    ]
    assert [line.market_value for line in ours] == [D(5000), D(5000)]


def test_a_position_that_is_partly_ours_has_two_lines_whose_prices_make_the_brokers_average() -> None:
    ours, foreign = position_lines([position("AAPL", "150")], [holding("AAPL", "100", "44")], [])
    assert (ours.strategy, ours.quantity, ours.entry_price) == ("trend", D(100), D(44))
    assert (foreign.strategy, foreign.quantity, foreign.protected, foreign.stop) == (FOREIGN, D(50), None, None)
    average = (ours.quantity * ours.entry_price + foreign.quantity * foreign.entry_price) / 150
    assert average == position("AAPL", "150").average_price
    assert ours.market_value + foreign.market_value == 150 * D(50)


def test_a_foreign_short_is_negative() -> None:
    (line,) = position_lines([position("AAPL", "-10", "50")], [], [])
    assert (line.strategy, line.quantity, line.opened) == (FOREIGN, D(-10), None)
    assert line.pnl == -10 * (D(50) - position("AAPL", "-10").average_price)
