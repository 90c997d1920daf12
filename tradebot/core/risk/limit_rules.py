"""The rules for the limits of an account, as ``rules`` has those for the session and the symbol."""

from __future__ import annotations

from decimal import Decimal

from tradebot.core.model.plan import DenialCode
from tradebot.core.model.values import ONE, dollars, percent, plural, whole_shares
from tradebot.core.risk.candidate import Candidate
from tradebot.core.risk.objection import Objection
from tradebot.core.risk.order_checks import too_many_this_minute, too_many_this_session
from tradebot.core.risk.projected_account import ProjectedAccount
from tradebot.core.risk.sizing import reserved_cost


def max_daily_trades(projected: ProjectedAccount) -> Objection | None:
    """The session has had MAX_DAILY_TRADES entries, planned ones included."""
    limit = projected.limits.max_daily_trades
    entries = projected.entries
    if entries < limit:
        return None
    return Objection(
        DenialCode.MAX_DAILY_TRADES,
        lambda: f"{entries} entries were sent or planned today, and {limit} is the most",
        Decimal(entries + 1),
        Decimal(limit),
    )


def max_orders_per_minute(projected: ProjectedAccount) -> Objection | None:
    """MAX_ORDERS_PER_MINUTE orders were sent or planned within a minute."""
    return too_many_this_minute(projected.orders_last_minute, projected.limits)


def max_orders_per_session(projected: ProjectedAccount) -> Objection | None:
    """MAX_ORDERS_PER_SESSION orders were sent or planned in the session."""
    return too_many_this_session(projected.orders_sent, projected.limits)


def max_positions(projected: ProjectedAccount) -> Objection | None:
    """MAX_POSITIONS symbols have a position or an order that may open one."""
    limit = projected.limits.max_positions
    count = projected.position_count
    if count < limit:
        return None
    return Objection(
        DenialCode.MAX_POSITIONS,
        lambda: f"{count} positions are open or under way, foreign ones included, and {limit} is the most",
        Decimal(count + 1),
        Decimal(limit),
    )


def max_position_size(candidate: Candidate, projected: ProjectedAccount) -> Objection | None:
    """The position would be worth more than MAX_POSITION_SIZE_PCT of equity."""
    terms = candidate.terms
    if terms is None:
        return None
    value, limit = projected.exposure_in(candidate.symbol).value + terms.least.value, projected.most_in_symbol
    if value <= limit:
        return None
    pct = projected.limits.max_position_size_pct
    return _value_beyond(DenialCode.MAX_POSITION_SIZE, "the position", value, limit, pct)


def max_gross_exposure(candidate: Candidate, projected: ProjectedAccount) -> Objection | None:
    """All positions would be worth more than MAX_GROSS_EXPOSURE_PCT of equity, or their worth is unknown."""
    limit = projected.most_gross
    if projected.unpriced:
        unpriced = sorted(projected.unpriced)
        return Objection(
            DenialCode.MAX_GROSS_EXPOSURE,
            lambda: f"orders without a known price are open in {', '.join(unpriced)}: exposure is unknown",
            limit=limit,
        )
    terms = candidate.terms
    if terms is None:
        return None
    value = projected.total.value + terms.least.value
    if value <= limit:
        return None
    pct = projected.limits.max_gross_exposure_pct
    return _value_beyond(DenialCode.MAX_GROSS_EXPOSURE, "gross exposure", value, limit, pct)


def max_portfolio_risk(candidate: Candidate, projected: ProjectedAccount) -> Objection | None:
    """The loss if every stop is hit would be more than MAX_PORTFOLIO_RISK_PCT of equity."""
    terms = candidate.terms
    if terms is None:
        return None
    least = terms.least
    value, limit = projected.total.risk + least.risk, projected.most_at_risk
    if value <= limit:
        return None
    pct = projected.limits.max_portfolio_risk_pct
    return Objection(
        DenialCode.MAX_PORTFOLIO_RISK,
        lambda: (
            f"with {plural(least.shares, 'share')} more, {dollars(value)} would be lost at the stops, "
            f"and {dollars(limit)} ({percent(pct)} of equity) is the most"
        ),
        value,
        limit,
    )


def max_order_value(candidate: Candidate, projected: ProjectedAccount) -> Objection | None:
    """The smallest order is worth more than MAX_ORDER_VALUE."""
    terms, limit = candidate.terms, projected.limits.max_order_value
    if terms is None or terms.least.value <= limit:
        return None
    value = terms.least.value
    return Objection(
        DenialCode.MAX_ORDER_VALUE,
        lambda: f"the smallest order costs {dollars(value)}, and {dollars(limit)} is the most",
        value,
        limit,
    )


def max_order_adv(candidate: Candidate, projected: ProjectedAccount) -> Objection | None:
    """The smallest order is more than MAX_ORDER_ADV_PCT of the symbol's average volume."""
    terms = candidate.terms
    if terms is None:
        return None
    limit, least = projected.max_shares_by_volume(candidate.symbol), terms.least.shares
    if least <= limit:
        return None
    pct, volume = projected.limits.max_order_adv_pct, projected.situation.average_volume.get(candidate.symbol)
    traded = (
        "nothing is known of its volume" if volume is None else f"{whole_shares(volume):,} shares trade in a session"
    )
    return Objection(
        DenialCode.MAX_ORDER_ADV,
        lambda: f"the smallest order is {plural(least, 'share')}; {traded}, and {percent(pct)} of them is the most",
        least,
        limit,
    )


def insufficient_buying_power(candidate: Candidate, projected: ProjectedAccount) -> Objection | None:
    """The smallest order costs more than the buying power that is left."""
    terms = candidate.terms
    if terms is None:
        return None
    value, left = reserved_cost(terms.least.shares, terms.price), projected.buying_power
    if value <= left:
        return None
    return Objection(
        DenialCode.BUYING_POWER,
        lambda: (
            f"the smallest order costs {dollars(value)} with a margin for slippage and fees, "
            f"and {dollars(left)} of buying power is left"
        ),
        value,
        left,
    )


def min_order_value(candidate: Candidate, projected: ProjectedAccount) -> Objection | None:
    """The size that every limit allows is worth less than MIN_ORDER_VALUE."""
    terms, limit = candidate.terms, projected.limits.min_order_value
    if terms is None or terms.size.quantity == 0 or terms.value >= limit:
        return None
    return Objection(
        DenialCode.MIN_ORDER_VALUE,
        lambda: (
            f"{terms.size} allows {plural(terms.size.quantity, 'share')}, worth {dollars(terms.value)}, "
            f"and {dollars(limit)} is the least"
        ),
        terms.value,
        limit,
    )


def zero_quantity(candidate: Candidate, projected: ProjectedAccount) -> Objection | None:
    """The size that every limit allows is less than one share."""
    terms = candidate.terms
    if terms is None or terms.size.quantity > 0:
        return None
    return Objection(
        DenialCode.ZERO_QUANTITY,
        lambda: f"{terms.size} allows less than one share at {dollars(terms.price)}",
        terms.size.quantity,
        ONE,
    )


def _value_beyond(code: DenialCode, subject: str, value: Decimal, limit: Decimal, pct: Decimal) -> Objection:
    """The objection to a value of more than ``limit`` USD, which is ``pct`` of equity."""
    return Objection(
        code,
        lambda: f"{subject} would be {dollars(value)}, and {dollars(limit)} ({percent(pct)} of equity) is the most",
        value,
        limit,
    )
