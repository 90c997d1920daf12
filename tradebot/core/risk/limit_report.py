"""The limits of an account taken together: whether anything can trade, and the worst day that they allow."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from decimal import Decimal

from tradebot.core.model.limits import Limits
from tradebot.core.model.values import ZERO, dollars, percent

#: The fall of the S&P 500 on its worst day, 19 October 1987: from 282.70 to 224.84 at the close.
WORST_DAY_OF_MARKET = Decimal("0.2047")


@dataclass(frozen=True, slots=True)
class LimitReport:
    """The consequences of an account's limits, USD."""

    largest_order: Decimal  # the most that one entry with the default stop may be worth
    bound_by: str  # the setting that binds it
    loss_at_stops: Decimal  # of the largest portfolio, when every stop fills at its price
    loss_in_crash: Decimal  # of the largest portfolio, falling like the market on its worst day before a stop fills
    objections: tuple[str, ...] = ()  # why nothing can trade, or nothing at first
    remarks: tuple[str, ...] = ()  # for the owner of the limits


def limit_report(limits: Limits, equity: Decimal, symbols: Collection[str]) -> LimitReport:
    """The report on an account's limits. ``equity``: USD. ``symbols``: those that its strategies trade."""
    equity = max(ZERO, equity)
    caps = _caps(limits, equity)
    bound_by = min(caps, key=caps.__getitem__)
    most_held = min(limits.max_gross_exposure_pct, limits.max_positions * limits.max_position_size_pct)
    at_stops = equity * min(limits.max_portfolio_risk_pct, most_held)
    in_crash = equity * most_held * WORST_DAY_OF_MARKET
    return LimitReport(
        largest_order=caps[bound_by],
        bound_by=bound_by,
        loss_at_stops=at_stops,
        loss_in_crash=in_crash,
        objections=tuple(_objections(limits, caps[bound_by], bound_by, symbols)),
        remarks=tuple(_remarks(limits, equity, at_stops, in_crash)),
    )


def _caps(limits: Limits, equity: Decimal) -> dict[str, Decimal]:
    """The largest entry by each setting, USD, in an account that holds nothing."""
    stop = limits.default_stop_loss_pct
    return {
        "MAX_ORDER_VALUE": limits.max_order_value,
        "MAX_POSITION_SIZE_PCT": equity * limits.max_position_size_pct,
        "MAX_GROSS_EXPOSURE_PCT": equity * limits.max_gross_exposure_pct,
        "RISK_PER_TRADE_PCT": equity * limits.risk_per_trade_pct / stop,
        "MAX_PORTFOLIO_RISK_PCT": equity * limits.max_portfolio_risk_pct / stop,
    }


def _objections(limits: Limits, largest: Decimal, bound_by: str, symbols: Collection[str]) -> Iterator[str]:
    least = limits.min_order_value
    if largest < least:
        yield f"nothing can trade: {bound_by} allows orders of {dollars(largest)}, MIN_ORDER_VALUE is {dollars(least)}"
    elif limits.probation_sessions and largest * limits.probation_size_pct < least:
        yield (
            f"nothing can trade on probation: PROBATION_SIZE_PCT leaves {dollars(largest * limits.probation_size_pct)} "
            f"of an order, MIN_ORDER_VALUE is {dollars(least)}"
        )
    allowed = {symbol for symbol in symbols if not limits.allow_symbols or symbol in limits.allow_symbols}
    if symbols and not allowed - limits.deny_symbols:
        yield "nothing can trade: ALLOW_SYMBOLS and DENY_SYMBOLS leave none of the strategies' symbols"


def _remarks(limits: Limits, equity: Decimal, at_stops: Decimal, in_crash: Decimal) -> Iterator[str]:
    day = equity * limits.daily_loss_limit_pct
    if at_stops > day > 0:
        yield (
            f"if every stop is hit in one session, {dollars(at_stops)} are lost: more than the {dollars(day)} "
            f"({percent(limits.daily_loss_limit_pct)}) at which DAILY_LOSS_LIMIT_PCT stops the account"
        )
    halt = equity * limits.emergency_stop_loss_pct
    if in_crash > halt > 0:
        yield (
            f"on a day like the market's worst, {dollars(in_crash)} may be lost before any stop fills: more than the "
            f"{dollars(halt)} ({percent(limits.emergency_stop_loss_pct)}) of EMERGENCY_STOP_LOSS_PCT"
        )
