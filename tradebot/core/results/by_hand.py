"""What is left for a person to do at the broker, where an emergency stop cannot ask it any more."""

from __future__ import annotations

from collections.abc import Iterator

from tradebot.core.model.holdings import Holding
from tradebot.core.model.values import ZERO, canonical
from tradebot.core.results.stop_outcome import StopLine, StopResult
from tradebot.core.safety.last_known import LastKnown


def by_hand_lines(known: LastKnown, *, close: bool) -> Iterator[StopLine]:
    """The entries to cancel, and the positions to sell if ``close``; else which have their stop, as last seen."""
    for entry in known.open_entries():
        request = entry.request
        doubt = ", if it is there: nobody saw whether it arrived" if entry.state.in_doubt else ""
        what = f"cancel {request.side} {canonical(entry.remaining)} {entry.symbol} {known.where}{doubt}"
        value = entry.remaining * entry.planned_price
        yield StopLine("order", entry.symbol, entry.remaining, StopResult.BY_HAND, value, what)
    for holding in known.holdings:
        yield _position_line(known, holding, close=close)
    held = {(holding.strategy, holding.symbol) for holding in known.holdings}
    for period in known.bare:
        if period.key not in held:
            what = f"bought, and no stop was seen: set one or sell {known.where}"
            yield StopLine("position", period.symbol, period.shares, StopResult.BY_HAND, period.dollars, what)


def _position_line(known: LastKnown, holding: Holding, *, close: bool) -> StopLine:
    symbol, stop = holding.symbol, canonical(holding.stop_price)
    shares = canonical(abs(holding.quantity))
    if close:
        rests = any(order.symbol == symbol for order in known.stops)
        cancel = f"cancel its stop at {stop}, then " if rests else ""
        result, what = StopResult.BY_HAND, f"{cancel}sell {shares} {symbol} {known.where}"
    elif known.is_bare(holding):
        result, what = StopResult.BY_HAND, f"no stop was seen: set one at {stop} or sell {known.where}"
    else:
        result, what = StopResult.PROTECTED, f"its stop at {stop} rested when last seen"
    value = abs(holding.quantity) * known.price_of(holding)
    return StopLine("position", symbol, holding.quantity, result, max(value, ZERO), what)
