"""How far an account uses its limits: the figures that circuit breakers and rules compare, exceeded or not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from tradebot.core.model.account import AccountSnapshot
from tradebot.core.model.breaks import Break, unexplained
from tradebot.core.model.limits import Counters, LimitUsed
from tradebot.core.model.orders import Intent
from tradebot.core.model.plan import Situation
from tradebot.core.model.repetition import EntryKey
from tradebot.core.model.values import ZERO
from tradebot.core.risk.circuit_breakers import LimitInputs, daily_loss, drawdown, exposure_at_cost, fraction
from tradebot.core.risk.exposure import measure_exposure

#: Fractions are stored with so many decimal places.
PLACES = Decimal("0.000001")


def account_limits_used(
    inputs: LimitInputs, account: AccountSnapshot, counters: Counters, breaks: Iterable[Break]
) -> tuple[LimitUsed, ...]:
    """The use of every limit on what an account holds, has lost and has sent.

    Gross exposure and risk are those at the newest prices, which the rules for entries compare. The largest position
    is that of a strategy and counts at cost where it gained, as in the circuit breaker: no entry adds to a position.
    """
    limits, exposure, equity = inputs.limits, measure_exposure(inputs), inputs.equity
    at_cost = exposure_at_cost(inputs).by_symbol
    ours = {holding.symbol for holding in inputs.holdings} & at_cost.keys()
    largest = max((at_cost[symbol].value for symbol in ours), default=ZERO)
    return (
        _count("MAX_POSITIONS", len(exposure.symbols), limits.max_positions),
        _share("MAX_POSITION_SIZE_PCT", fraction(largest, equity), limits.max_position_size_pct),
        _share("MAX_GROSS_EXPOSURE_PCT", fraction(exposure.total.value, equity), limits.max_gross_exposure_pct),
        _share("MAX_PORTFOLIO_RISK_PCT", fraction(exposure.total.risk, equity), limits.max_portfolio_risk_pct),
        _share("DAILY_LOSS_LIMIT_PCT", daily_loss(account, counters, limits).fraction, limits.daily_loss_limit_pct),
        _share("EMERGENCY_STOP_LOSS_PCT", drawdown(account, counters, limits).fraction, limits.emergency_stop_loss_pct),
        _count("MAX_DAILY_TRADES", counters.entries_sent, limits.max_daily_trades),
        _count("MAX_ORDERS_PER_MINUTE", counters.orders_last_minute, limits.max_orders_per_minute),
        _count("MAX_ORDERS_PER_SESSION", counters.orders_sent, limits.max_orders_per_session),
        LimitUsed("BREAK_HALT_VALUE", unexplained(breaks), limits.break_halt_value),
    )


def entry_limits_used(entries: Iterable[Intent], situation: Situation) -> tuple[LimitUsed, ...]:
    """The highest use of every limit on single entries; none without entries."""
    return tuple(most_used(each for entry in entries for each in _of_entry(entry, situation)).values())


def most_used(uses: Iterable[LimitUsed]) -> dict[str, LimitUsed]:
    """The use with the highest share of its limit, the first of several, by setting."""
    most: dict[str, LimitUsed] = {}
    for each in uses:
        before = most.get(each.setting)
        if before is None or each.share > before.share:
            most[each.setting] = each
    return most


def risen(uses: Iterable[LimitUsed], before: Mapping[str, LimitUsed]) -> tuple[LimitUsed, ...]:
    """The uses that are higher than those of ``before``, or of other limits."""
    return tuple(each for each in uses if each.setting not in before or each.share > before[each.setting].share)


def _of_entry(entry: Intent, situation: Situation) -> Iterator[LimitUsed]:
    limits, request, equity = situation.limits, entry.request, situation.account.equity
    value = request.quantity * entry.most_paid
    yield LimitUsed("MAX_ORDER_VALUE", value, limits.max_order_value)
    if request.stop_loss is not None:
        risk = request.quantity * abs(entry.most_paid - request.stop_loss)
        yield _share("RISK_PER_TRADE_PCT", fraction(risk, equity), limits.risk_per_trade_pct)
    volume = situation.average_volume.get(entry.symbol)
    if volume:
        yield _share("MAX_ORDER_ADV_PCT", request.quantity / volume, limits.max_order_adv_pct)
    before = situation.repetitions.get(EntryKey(entry.strategy, entry.symbol, request.side))
    yield _count("REPEAT_ORDER_LIMIT", (before.recent if before else 0) + 1, limits.repeat_order_limit)


def _share(setting: str, used: Decimal, limit: Decimal) -> LimitUsed:
    return LimitUsed(setting, used.quantize(PLACES), limit)


def _count(setting: str, used: int, limit: int) -> LimitUsed:
    return LimitUsed(setting, Decimal(used), Decimal(limit))
