"""Buy and hold, worked out by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from tradebot.core.accounting.buy_and_hold import buy_and_hold
from tradebot.core.model.account import ActionKind, CorporateAction

D = Decimal
SINCE, LATER = date(2007, 1, 3), date(2007, 1, 10)


def action(symbol: str, kind: ActionKind, value: str, day: date = LATER) -> CorporateAction:
    return CorporateAction(symbol, day, kind, D(value))


def returned(*actions: CorporateAction, held: str | None = "60") -> dict[str, Decimal]:
    return buy_and_hold({"AAPL": D(50)}, {} if held is None else {"AAPL": D(held)}, actions, SINCE)


def test_a_symbol_returns_what_its_price_and_its_dividends_do() -> None:
    assert returned() == {"AAPL": D("0.2")}
    assert returned(action("AAPL", ActionKind.DIVIDEND, "1")) == {"AAPL": D("0.22")}
    assert returned(action("AAPL", ActionKind.DIVIDEND, "1", SINCE)) == {"AAPL": D("0.2")}, "paid before"


def test_a_split_multiplies_the_shares_and_the_dividends_after_it() -> None:
    split = action("AAPL", ActionKind.SPLIT, "2", date(2007, 1, 5))
    assert returned(split, action("AAPL", ActionKind.DIVIDEND, "1"), held="26") == {"AAPL": D("0.08")}


def test_a_symbol_that_ended_for_cash_returns_the_cash() -> None:
    assert returned(action("AAPL", ActionKind.CASH_MERGER, "55"), held=None) == {"AAPL": D("0.1")}


def test_what_is_not_known_is_left_out() -> None:
    assert returned(held=None) == {}
    assert returned(action("AAPL", ActionKind.NAME_CHANGE, "1")) == {}
    assert buy_and_hold({}, {"AAPL": D(60)}, (), SINCE) == {}
