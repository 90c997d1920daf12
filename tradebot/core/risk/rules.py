"""The rules for entries: small functions, each of which gives a denial with a stable code, or None.

Every rule is applied to every candidate, and every denial is kept. The first one, in the order of ``RULES``, is the
headline. The limits cap the size beforehand, so a rule for a limit denies only when the smallest acceptable order
(whole shares worth at least MIN_ORDER_VALUE) would break it. Exits pass no rule here.

A rule's docstring is the condition for its denial.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from tradebot.core.model.account import CASH
from tradebot.core.model.holdings import FOREIGN
from tradebot.core.model.order_rules import US_STOCKS
from tradebot.core.model.orders import Side
from tradebot.core.model.plan import Denial, DenialCode
from tradebot.core.model.repetition import EntryKey
from tradebot.core.model.values import ONE, canonical, dollars, percent, plural, whole_shares
from tradebot.core.risk.candidate import Candidate
from tradebot.core.risk.circuit_breakers import daily_loss, drawdown
from tradebot.core.risk.exit_fractions import invalid_stop, invalid_target
from tradebot.core.risk.order_checks import beyond_collar, too_many_this_minute, too_many_this_session
from tradebot.core.risk.projected_account import ProjectedAccount
from tradebot.core.risk.repeat_entries import repetition_text
from tradebot.core.risk.sizing import reserved_cost

Rule = Callable[[Candidate, ProjectedAccount], Denial | None]


def denials_of(candidate: Candidate, projected: ProjectedAccount) -> tuple[Denial, ...]:
    """The denials of every rule; none when the entry may be planned."""
    return tuple(denial for rule in RULES if (denial := rule(candidate, projected)) is not None)


# --- entries in general ------------------------------------------------------------------


def halted(candidate: Candidate, projected: ProjectedAccount) -> Denial | None:
    """A halt of the account, the strategy or the symbol stops the entry."""
    level = projected.situation.halt
    if not level.allows_entries:
        message = f"the account is {level}: nothing is entered; `tradebot status` says why and until when"
        return candidate.denied(DenialCode.HALTED, message)
    for halt in projected.situation.halts:
        if halt.stops_entry(candidate.signal.strategy, candidate.symbol):
            return candidate.denied(DenialCode.HALTED, f"{halt.subject} is {halt.level}: {halt.reason}")
    return None


def preflight_failed(candidate: Candidate, projected: ProjectedAccount) -> Denial | None:
    """A check of preflight failed that allows no entry."""
    if not projected.situation.objections:
        return None
    return candidate.denied(DenialCode.PREFLIGHT, "; ".join(projected.situation.objections))


def market_closed(candidate: Candidate, projected: ProjectedAccount) -> Denial | None:
    """The exchange is closed."""
    if projected.situation.session_open:
        return None
    return candidate.denied(DenialCode.MARKET_CLOSED, "the exchange is closed")


def account_blocked(candidate: Candidate, projected: ProjectedAccount) -> Denial | None:
    """The broker has blocked the account."""
    if not projected.situation.account.blocked:
        return None
    return candidate.denied(DenialCode.ACCOUNT_BLOCKED, "the broker has blocked the account")


def daily_loss_reached(candidate: Candidate, projected: ProjectedAccount) -> Denial | None:
    """The day's loss has reached DAILY_LOSS_LIMIT_PCT."""
    loss = daily_loss(projected.situation.account, projected.situation.counters, projected.limits)
    if not loss.breaks_limit:
        return None
    return candidate.denied(DenialCode.DAILY_LOSS, str(loss), loss.fraction, loss.limit)


def drawdown_reached(candidate: Candidate, projected: ProjectedAccount) -> Denial | None:
    """The drawdown has reached EMERGENCY_STOP_LOSS_PCT."""
    loss = drawdown(projected.situation.account, projected.situation.counters, projected.limits)
    if not loss.breaks_limit:
        return None
    return candidate.denied(DenialCode.DRAWDOWN, str(loss), loss.fraction, loss.limit)


def cash_unexplained(candidate: Candidate, projected: ProjectedAccount) -> Denial | None:
    """Ledger and broker differ about the cash: nobody knows what the account may spend."""
    why = projected.situation.locked.get(CASH)
    return None if why is None else candidate.denied(DenialCode.CASH_UNEXPLAINED, why)


# --- the symbol --------------------------------------------------------------------------


def symbol_locked(candidate: Candidate, projected: ProjectedAccount) -> Denial | None:
    """The symbol has an open break or an order in doubt."""
    why = projected.situation.locked.get(candidate.symbol)
    if why is None:
        return None
    return candidate.denied(DenialCode.SYMBOL_LOCKED, f"{candidate.symbol} is locked: {why}")


def symbol_not_allowed(candidate: Candidate, projected: ProjectedAccount) -> Denial | None:
    """ALLOW_SYMBOLS or DENY_SYMBOLS excludes the symbol."""
    limits, symbol = projected.limits, candidate.symbol
    if symbol in limits.deny_symbols:
        why = "DENY_SYMBOLS names it"
    elif limits.allow_symbols and symbol not in limits.allow_symbols:
        why = "ALLOW_SYMBOLS does not name it"
    else:
        return None
    return candidate.denied(DenialCode.SYMBOL_NOT_ALLOWED, f"{symbol} takes no entries: {why}")


def symbol_owned(candidate: Candidate, projected: ProjectedAccount) -> Denial | None:
    """Another strategy or a person owns the symbol."""
    claim = projected.claims.get(candidate.symbol)
    if claim is None or claim.owner == candidate.signal.strategy:
        return None
    owner = "foreign, not made by tradebot" if claim.owner == FOREIGN else f"owned by {claim.owner}"
    return candidate.denied(DenialCode.SYMBOL_OWNED, f"{candidate.symbol} is {owner} ({claim.by})")


def already_held(candidate: Candidate, projected: ProjectedAccount) -> Denial | None:
    """The strategy holds the symbol already."""
    claim = projected.claims.get(candidate.symbol)
    held = projected.held.get(candidate.symbol)
    if held is None or claim is None or claim.owner != candidate.signal.strategy:
        return None
    message = f"{candidate.symbol} is held already: {plural(held, 'share')}"
    return candidate.denied(DenialCode.ALREADY_HELD, message, held)


def order_pending(candidate: Candidate, projected: ProjectedAccount) -> Denial | None:
    """A live order in the symbol may still change its position."""
    live_order = projected.pending.get(candidate.symbol)
    if live_order is None:
        return None
    return candidate.denied(DenialCode.ORDER_PENDING, f"{candidate.symbol} has a live order: {live_order}")


def already_decided(candidate: Candidate, projected: ProjectedAccount) -> Denial | None:
    """The strategy's entry into the symbol was decided earlier in the session."""
    if candidate.client_order_id not in projected.decided:
        return None
    message = f"the entry of {candidate.signal.strategy} was decided already today"
    return candidate.denied(DenialCode.ALREADY_DECIDED, message)


def repeat_order_limit(candidate: Candidate, projected: ProjectedAccount) -> Denial | None:
    """The strategy entered the symbol too often (REPEAT_ORDER_LIMIT)."""
    limits = projected.limits
    key = EntryKey(candidate.signal.strategy, candidate.symbol, Side.BUY)
    repetition = projected.situation.repetitions.get(key)
    if repetition is None or not repetition.breaks(limits):
        return None
    value, limit = Decimal(repetition.entries), Decimal(limits.repeat_order_limit)
    message = repetition_text(key, repetition, limits)
    return candidate.denied(DenialCode.REPEAT_ORDER_LIMIT, message, value, limit)


def not_tradable(candidate: Candidate, projected: ProjectedAccount) -> Denial | None:
    """The broker does not trade the symbol, or trading in it is halted."""
    asset, quote = projected.situation.assets.get(candidate.symbol), projected.situation.quotes.get(candidate.symbol)
    halted = quote is not None and quote.halted
    if asset is not None and asset.tradable and not halted:
        return None
    state = "unknown to the broker" if asset is None else "halted" if halted else "not tradable at the broker"
    return candidate.denied(DenialCode.NOT_TRADABLE, f"{candidate.symbol} is {state}")


def no_price(candidate: Candidate, projected: ProjectedAccount) -> Denial | None:
    """There is no price, or the broker takes no stop below it."""
    quote = projected.situation.quotes.get(candidate.symbol)
    if quote is None or quote.last <= 0:
        return candidate.denied(DenialCode.NO_PRICE, f"{candidate.symbol} has no usable price")
    if US_STOCKS.leg_below(quote.last) is not None:
        return None
    distance = US_STOCKS.leg_distance
    message = f"no stop is taken {dollars(distance)} below {candidate.symbol}'s price of {canonical(quote.last)}"
    return candidate.denied(DenialCode.NO_PRICE, message, quote.last, distance)


def price_collar(candidate: Candidate, projected: ProjectedAccount) -> Denial | None:
    """The price is too far from the last price or the previous close (PRICE_COLLAR_PCT)."""
    terms = candidate.terms
    if terms is None:
        return None
    quote = projected.situation.quotes.get(candidate.symbol)
    return candidate.denied_by(beyond_collar([terms.price], quote, projected.limits))


def stale_signal(candidate: Candidate, projected: ProjectedAccount) -> Denial | None:
    """The signal is not based on the newest completed session."""
    expected = projected.situation.expected_as_of
    if candidate.signal.as_of == expected:
        return None
    wanted = "no completed session is known" if expected is None else f"{expected} is the newest completed session"
    message = f"the signal is based on the bar of {candidate.signal.as_of}, and {wanted}"
    return candidate.denied(DenialCode.STALE_SIGNAL, message)


# --- limits ------------------------------------------------------------------------------


def max_daily_trades(candidate: Candidate, projected: ProjectedAccount) -> Denial | None:
    """The session has had MAX_DAILY_TRADES entries, planned ones included."""
    limit = projected.limits.max_daily_trades
    if projected.entries < limit:
        return None
    message = f"{projected.entries} entries were sent or planned today, and {limit} is the most"
    return candidate.denied(DenialCode.MAX_DAILY_TRADES, message, Decimal(projected.entries + 1), Decimal(limit))


def max_orders_per_minute(candidate: Candidate, projected: ProjectedAccount) -> Denial | None:
    """MAX_ORDERS_PER_MINUTE orders were sent or planned within a minute."""
    return candidate.denied_by(too_many_this_minute(projected.orders_last_minute, projected.limits))


def max_orders_per_session(candidate: Candidate, projected: ProjectedAccount) -> Denial | None:
    """MAX_ORDERS_PER_SESSION orders were sent or planned in the session."""
    return candidate.denied_by(too_many_this_session(projected.orders_sent, projected.limits))


def max_positions(candidate: Candidate, projected: ProjectedAccount) -> Denial | None:
    """MAX_POSITIONS symbols have a position or an order that may open one."""
    limit = projected.limits.max_positions
    count = projected.position_count
    if count < limit:
        return None
    message = f"{count} positions are open or under way, foreign ones included, and {limit} is the most"
    return candidate.denied(DenialCode.MAX_POSITIONS, message, Decimal(count + 1), Decimal(limit))


def max_position_size(candidate: Candidate, projected: ProjectedAccount) -> Denial | None:
    """The position would be worth more than MAX_POSITION_SIZE_PCT of equity."""
    pct = projected.limits.max_position_size_pct
    before = projected.exposure_in(candidate.symbol).value
    return _value_beyond(candidate, projected, DenialCode.MAX_POSITION_SIZE, "the position", before, pct)


def max_gross_exposure(candidate: Candidate, projected: ProjectedAccount) -> Denial | None:
    """All positions would be worth more than MAX_GROSS_EXPOSURE_PCT of equity, or their worth is unknown."""
    pct = projected.limits.max_gross_exposure_pct
    if projected.unpriced:
        message = (
            f"orders without a known price are open in {', '.join(sorted(projected.unpriced))}: exposure is unknown"
        )
        limit = projected.equity * pct
        return candidate.denied(DenialCode.MAX_GROSS_EXPOSURE, message, limit=limit)
    return _value_beyond(
        candidate, projected, DenialCode.MAX_GROSS_EXPOSURE, "gross exposure", projected.total.value, pct
    )


def max_portfolio_risk(candidate: Candidate, projected: ProjectedAccount) -> Denial | None:
    """The loss if every stop is hit would be more than MAX_PORTFOLIO_RISK_PCT of equity."""
    terms, limits = candidate.terms, projected.limits
    if terms is None:
        return None
    least = terms.smallest_order(limits)
    value = projected.total.risk + least * abs(terms.price - terms.stop)
    limit = projected.equity * limits.max_portfolio_risk_pct
    if value <= limit:
        return None
    message = (
        f"with {plural(least, 'share')} more, {dollars(value)} would be lost at the stops, "
        f"and {dollars(limit)} ({percent(limits.max_portfolio_risk_pct)} of equity) is the most"
    )
    return candidate.denied(DenialCode.MAX_PORTFOLIO_RISK, message, value, limit)


def max_order_value(candidate: Candidate, projected: ProjectedAccount) -> Denial | None:
    """The smallest order is worth more than MAX_ORDER_VALUE."""
    terms, limits = candidate.terms, projected.limits
    if terms is None:
        return None
    value = terms.smallest_order(limits) * terms.price
    if value <= limits.max_order_value:
        return None
    message = f"the smallest order costs {dollars(value)}, and {dollars(limits.max_order_value)} is the most"
    return candidate.denied(DenialCode.MAX_ORDER_VALUE, message, value, limits.max_order_value)


def max_order_adv(candidate: Candidate, projected: ProjectedAccount) -> Denial | None:
    """The smallest order is more than MAX_ORDER_ADV_PCT of the symbol's average volume."""
    terms, limits = candidate.terms, projected.limits
    if terms is None:
        return None
    limit, least = projected.max_shares_by_volume(candidate.symbol), terms.smallest_order(limits)
    if least <= limit:
        return None
    volume = projected.situation.average_volume.get(candidate.symbol)
    traded = (
        "nothing is known of its volume" if volume is None else f"{whole_shares(volume):,} shares trade in a session"
    )
    message = (
        f"the smallest order is {plural(least, 'share')}; {traded}, "
        f"and {percent(limits.max_order_adv_pct)} of them is the most"
    )
    return candidate.denied(DenialCode.MAX_ORDER_ADV, message, least, limit)


def insufficient_buying_power(candidate: Candidate, projected: ProjectedAccount) -> Denial | None:
    """The smallest order costs more than the buying power that is left."""
    terms = candidate.terms
    if terms is None:
        return None
    value = reserved_cost(terms.smallest_order(projected.limits), terms.price)
    if value <= projected.buying_power:
        return None
    message = (
        f"the smallest order costs {dollars(value)} with a margin for slippage and fees, "
        f"and {dollars(projected.buying_power)} of buying power is left"
    )
    return candidate.denied(DenialCode.BUYING_POWER, message, value, projected.buying_power)


def min_order_value(candidate: Candidate, projected: ProjectedAccount) -> Denial | None:
    """The size that every limit allows is worth less than MIN_ORDER_VALUE."""
    terms, limit = candidate.terms, projected.limits.min_order_value
    if terms is None or terms.size.quantity == 0 or terms.value >= limit:
        return None
    message = (
        f"{terms.size} allows {plural(terms.size.quantity, 'share')}, worth {dollars(terms.value)}, "
        f"and {dollars(limit)} is the least"
    )
    return candidate.denied(DenialCode.MIN_ORDER_VALUE, message, terms.value, limit)


def zero_quantity(candidate: Candidate, projected: ProjectedAccount) -> Denial | None:
    """The size that every limit allows is less than one share."""
    terms = candidate.terms
    if terms is None or terms.size.quantity > 0:
        return None
    message = f"{terms.size} allows less than one share at {dollars(terms.price)}"
    return candidate.denied(DenialCode.ZERO_QUANTITY, message, terms.size.quantity, ONE)


RULES: tuple[Rule, ...] = (
    halted,
    preflight_failed,
    market_closed,
    account_blocked,
    daily_loss_reached,
    drawdown_reached,
    cash_unexplained,
    symbol_locked,
    symbol_not_allowed,
    symbol_owned,
    already_held,
    order_pending,
    already_decided,
    repeat_order_limit,
    not_tradable,
    no_price,
    invalid_stop,
    invalid_target,
    price_collar,
    stale_signal,
    max_daily_trades,
    max_orders_per_minute,
    max_orders_per_session,
    max_positions,
    max_position_size,
    max_gross_exposure,
    max_portfolio_risk,
    max_order_value,
    max_order_adv,
    insufficient_buying_power,
    min_order_value,
    zero_quantity,
)


def _value_beyond(
    candidate: Candidate, projected: ProjectedAccount, code: DenialCode, subject: str, before: Decimal, pct: Decimal
) -> Denial | None:
    """The denial when ``before`` USD and the smallest order are worth more than ``pct`` of equity."""
    terms = candidate.terms
    if terms is None:
        return None
    value = before + terms.smallest_order(projected.limits) * terms.price
    limit = projected.equity * pct
    if value <= limit:
        return None
    message = f"{subject} would be {dollars(value)}, and {dollars(limit)} ({percent(pct)} of equity) is the most"
    return candidate.denied(code, message, value, limit)
