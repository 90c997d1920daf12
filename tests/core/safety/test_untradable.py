from __future__ import annotations

from dataclasses import replace

from tests.core.builders import order, position, quote, stop
from tradebot.core.model.account import Asset
from tradebot.core.model.orders import OrderState
from tradebot.core.safety.untradable import untradable_symbols

TRADES, RESTS = Asset("AAPL", tradable=True), Asset("AAPL", tradable=False)


def test_what_trades_is_nothing_to_tell() -> None:
    assert untradable_symbols([position()], [stop()], {"AAPL": TRADES}, {}) == ()


def test_held_and_waiting_are_told_together() -> None:
    (found,) = untradable_symbols([position()], [stop(), order()], {"AAPL": RESTS}, {"AAPL": quote()})
    assert str(found) == (
        "AAPL does not trade now, its last price 50 is of 2007-01-04: "
        "100 shares cannot be sold, and no stop of theirs fills; 2 orders waiting"
    )


def test_what_is_halted_does_not_trade() -> None:
    (found,) = untradable_symbols([position()], [], {"AAPL": TRADES}, {"AAPL": replace(quote(), halted=True)})
    assert str(found).startswith("AAPL does not trade now")


def test_what_the_broker_has_forgotten_is_told_as_that() -> None:
    (found,) = untradable_symbols([position(quantity="-3")], [], {}, {})
    assert str(found).startswith("AAPL is not known to the broker any more: -3 shares")


def test_what_is_over_is_not_at_stake() -> None:
    over = order(state=OrderState.CANCELLED)
    assert untradable_symbols([position(quantity="0")], [over], {"AAPL": RESTS}, {}) == ()


def test_symbols_come_in_order() -> None:
    found = untradable_symbols([position("MSFT"), position("AAPL")], [order("IBM")], {}, {})
    assert [each.symbol for each in found] == ["AAPL", "IBM", "MSFT"]
