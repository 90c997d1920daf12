"""Buy and hold: what symbols would have returned, bought at one close and held until another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

from tradebot.core.model.account import ENDS_FOR_CASH, ActionKind, CorporateAction
from tradebot.core.model.values import ONE, ZERO

#: Returns are rounded to so many decimal places.
PLACES = Decimal("0.000001")


def buy_and_hold(
    bought: Mapping[str, Decimal], held: Mapping[str, Decimal], actions: Iterable[CorporateAction], since: date
) -> dict[str, Decimal]:
    """The return of each symbol as a fraction: splits followed, dividends kept as cash, without costs.

    bought, held: the unadjusted closes at both ends, USD a share.
    actions: those with an ex-date after ``since``, the session of the first close, to the session of the last.
    A symbol without a price at an end is left out, and so is one that became shares of another.
    """
    by_symbol: dict[str, list[CorporateAction]] = {}
    for action in sorted(actions, key=lambda each: each.ex_date):
        if action.ex_date > since:
            by_symbol.setdefault(action.symbol, []).append(action)
    worth = ((symbol, _worth(held.get(symbol), by_symbol.get(symbol, ()))) for symbol in sorted(bought))
    return {
        symbol: (value / bought[symbol] - ONE).quantize(PLACES)
        for symbol, value in worth
        if value is not None and bought[symbol] > 0
    }


def _worth(close: Decimal | None, actions: Iterable[CorporateAction]) -> Decimal | None:
    """What one share became, USD; None where that is not known."""
    shares, cash = ONE, ZERO
    for action in actions:
        if action.kind is ActionKind.SPLIT:
            shares *= action.value
        elif action.kind is ActionKind.DIVIDEND:
            cash += shares * action.value
        elif action.kind in ENDS_FOR_CASH:
            return cash + shares * action.value
        else:
            return None
    return None if close is None else cash + shares * close
