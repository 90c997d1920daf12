"""The rules for entries: small functions, each of which gives an objection with a stable code, or None.

Every rule is applied to every candidate, and every denial is kept. The first one, in the order of ``RULES``, is the
headline. A rule takes what it judges: the candidate and the account, or the account alone. The limits cap the size
beforehand, so a rule for a limit denies only when the smallest acceptable order (whole shares worth at least
MIN_ORDER_VALUE) would break it. Exits pass no rule here.

A rule's docstring is the condition for its denial.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from tradebot.core.model.account import CASH
from tradebot.core.model.holdings import FOREIGN
from tradebot.core.model.order_rules import US_STOCKS
from tradebot.core.model.orders import Side
from tradebot.core.model.plan import DenialCode
from tradebot.core.model.repetition import EntryKey
from tradebot.core.model.values import canonical, dollars, plural
from tradebot.core.risk.candidate import Candidate
from tradebot.core.risk.circuit_breakers import daily_loss, drawdown
from tradebot.core.risk.exit_fractions import invalid_stop, invalid_target
from tradebot.core.risk.limit_rules import (
    insufficient_buying_power,
    max_daily_trades,
    max_gross_exposure,
    max_order_adv,
    max_order_value,
    max_orders_per_minute,
    max_orders_per_session,
    max_portfolio_risk,
    max_position_size,
    max_positions,
    min_order_value,
    zero_quantity,
)
from tradebot.core.risk.objection import Objection
from tradebot.core.risk.order_checks import beyond_collar
from tradebot.core.risk.projected_account import ProjectedAccount
from tradebot.core.risk.repeat_entries import repetition_text

AccountRule = Callable[[ProjectedAccount], Objection | None]
CandidateRule = Callable[[Candidate, ProjectedAccount], Objection | None]


# --- entries in general ------------------------------------------------------------------


def halted(candidate: Candidate, projected: ProjectedAccount) -> Objection | None:
    """A halt of the account, the strategy or the symbol stops the entry."""
    level = projected.situation.halt
    if not level.allows_entries:
        return Objection(
            DenialCode.HALTED,
            lambda: f"the account is {level}: nothing is entered; `tradebot status` says why and until when",
        )
    halts, signal = projected.situation.halts, candidate.signal
    halt = next((halt for halt in halts if halt.stops_entry(signal.strategy, signal.symbol)), None)
    if halt is None:
        return None
    return Objection(DenialCode.HALTED, lambda: f"{halt.subject} is {halt.level}: {halt.reason}")


def preflight_failed(projected: ProjectedAccount) -> Objection | None:
    """A check of preflight failed that allows no entry."""
    objections = projected.situation.objections
    return Objection(DenialCode.PREFLIGHT, lambda: "; ".join(objections)) if objections else None


def market_closed(projected: ProjectedAccount) -> Objection | None:
    """The exchange is closed."""
    if projected.situation.session_open:
        return None
    return Objection(DenialCode.MARKET_CLOSED, lambda: "the exchange is closed")


def account_blocked(projected: ProjectedAccount) -> Objection | None:
    """The broker has blocked the account."""
    if not projected.situation.account.blocked:
        return None
    return Objection(DenialCode.ACCOUNT_BLOCKED, lambda: "the broker has blocked the account")


def daily_loss_reached(projected: ProjectedAccount) -> Objection | None:
    """The day's loss has reached DAILY_LOSS_LIMIT_PCT."""
    loss = daily_loss(projected.situation.account, projected.situation.counters, projected.limits)
    if not loss.breaks_limit:
        return None
    return Objection(DenialCode.DAILY_LOSS, lambda: str(loss), loss.fraction, loss.limit)


def drawdown_reached(projected: ProjectedAccount) -> Objection | None:
    """The drawdown has reached EMERGENCY_STOP_LOSS_PCT."""
    loss = drawdown(projected.situation.account, projected.situation.counters, projected.limits)
    if not loss.breaks_limit:
        return None
    return Objection(DenialCode.DRAWDOWN, lambda: str(loss), loss.fraction, loss.limit)


def cash_unexplained(projected: ProjectedAccount) -> Objection | None:
    """Ledger and broker differ about the cash: nobody knows what the account may spend."""
    why = projected.situation.locked.get(CASH)
    return None if why is None else Objection(DenialCode.CASH_UNEXPLAINED, lambda: why)


# --- the symbol --------------------------------------------------------------------------


def symbol_locked(candidate: Candidate, projected: ProjectedAccount) -> Objection | None:
    """The symbol has an open break or an order in doubt."""
    why = projected.situation.locked.get(candidate.symbol)
    if why is None:
        return None
    return Objection(DenialCode.SYMBOL_LOCKED, lambda: f"{candidate.symbol} is locked: {why}")


def symbol_not_allowed(candidate: Candidate, projected: ProjectedAccount) -> Objection | None:
    """ALLOW_SYMBOLS or DENY_SYMBOLS excludes the symbol."""
    limits, symbol = projected.limits, candidate.symbol
    if symbol in limits.deny_symbols:
        why = "DENY_SYMBOLS names it"
    elif limits.allow_symbols and symbol not in limits.allow_symbols:
        why = "ALLOW_SYMBOLS does not name it"
    else:
        return None
    return Objection(DenialCode.SYMBOL_NOT_ALLOWED, lambda: f"{symbol} takes no entries: {why}")


def symbol_owned(candidate: Candidate, projected: ProjectedAccount) -> Objection | None:
    """Another strategy or a person owns the symbol."""
    claim = projected.claims.get(candidate.symbol)
    if claim is None or claim.owner == candidate.signal.strategy:
        return None
    owner = "foreign, not made by tradebot" if claim.owner == FOREIGN else f"owned by {claim.owner}"
    return Objection(DenialCode.SYMBOL_OWNED, lambda: f"{candidate.symbol} is {owner} ({claim.by})")


def already_held(candidate: Candidate, projected: ProjectedAccount) -> Objection | None:
    """The strategy holds the symbol already."""
    claim = projected.claims.get(candidate.symbol)
    held = projected.held.get(candidate.symbol)
    if held is None or claim is None or claim.owner != candidate.signal.strategy:
        return None
    return Objection(
        DenialCode.ALREADY_HELD,
        lambda: f"{candidate.symbol} is held already: {plural(held, 'share')}",
        held,
    )


def order_pending(candidate: Candidate, projected: ProjectedAccount) -> Objection | None:
    """A live order in the symbol may still change its position."""
    live_order = projected.pending.get(candidate.symbol)
    if live_order is None:
        return None
    return Objection(DenialCode.ORDER_PENDING, lambda: f"{candidate.symbol} has a live order: {live_order}")


def already_decided(candidate: Candidate, projected: ProjectedAccount) -> Objection | None:
    """The strategy's entry into the symbol was decided earlier in the session."""
    if (candidate.signal.strategy, candidate.symbol) not in projected.decided:
        return None
    return Objection(
        DenialCode.ALREADY_DECIDED,
        lambda: f"the entry of {candidate.signal.strategy} was decided already today",
    )


def repeat_order_limit(candidate: Candidate, projected: ProjectedAccount) -> Objection | None:
    """The strategy entered the symbol too often (REPEAT_ORDER_LIMIT)."""
    limits = projected.limits
    key = EntryKey(candidate.signal.strategy, candidate.symbol, Side.BUY)
    repetition = projected.situation.repetitions.get(key)
    if repetition is None or not repetition.breaks(limits):
        return None
    value, limit = Decimal(repetition.entries), Decimal(limits.repeat_order_limit)
    return Objection(DenialCode.REPEAT_ORDER_LIMIT, lambda: repetition_text(key, repetition, limits), value, limit)


def not_tradable(candidate: Candidate, projected: ProjectedAccount) -> Objection | None:
    """The broker does not trade the symbol, or trading in it is halted."""
    asset, quote = projected.situation.assets.get(candidate.symbol), projected.situation.quotes.get(candidate.symbol)
    halted = quote is not None and quote.halted
    if asset is not None and asset.tradable and not halted:
        return None
    state = "unknown to the broker" if asset is None else "halted" if halted else "not tradable at the broker"
    return Objection(DenialCode.NOT_TRADABLE, lambda: f"{candidate.symbol} is {state}")


def no_price(candidate: Candidate, projected: ProjectedAccount) -> Objection | None:
    """There is no price, or the broker takes no stop below it."""
    if candidate.terms is not None:
        return None
    quote = projected.situation.quotes.get(candidate.symbol)
    if quote is None or quote.last <= 0:
        return Objection(DenialCode.NO_PRICE, lambda: f"{candidate.symbol} has no usable price")
    if US_STOCKS.leg_below(quote.last) is not None:
        return None
    distance = US_STOCKS.leg_distance
    return Objection(
        DenialCode.NO_PRICE,
        lambda: f"no stop is taken {dollars(distance)} below {candidate.symbol}'s price of {canonical(quote.last)}",
        quote.last,
        distance,
    )


def price_collar(candidate: Candidate, projected: ProjectedAccount) -> Objection | None:
    """The price is too far from the last price or the previous close (PRICE_COLLAR_PCT)."""
    terms = candidate.terms
    if terms is None:
        return None
    quote = projected.situation.quotes.get(candidate.symbol)
    return beyond_collar((terms.price,), quote, projected.limits)


def stale_signal(candidate: Candidate, projected: ProjectedAccount) -> Objection | None:
    """The signal is not based on the newest completed session."""
    expected = projected.situation.expected_as_of
    if candidate.signal.as_of == expected:
        return None
    wanted = "no completed session is known" if expected is None else f"{expected} is the newest completed session"
    return Objection(
        DenialCode.STALE_SIGNAL,
        lambda: f"the signal is based on the bar of {candidate.signal.as_of}, and {wanted}",
    )


#: Their answers are the same for a whole session.
SESSION_RULES: tuple[AccountRule, ...] = (
    preflight_failed,
    market_closed,
    account_blocked,
    daily_loss_reached,
    drawdown_reached,
    cash_unexplained,
)
#: They object to no symbol of which the account has nothing noted (``ProjectedAccount.has_noted``).
NOTED_RULES: tuple[CandidateRule, ...] = (
    symbol_locked,
    symbol_not_allowed,
    symbol_owned,
    already_held,
    order_pending,
    already_decided,
    repeat_order_limit,
)
SYMBOL_RULES: tuple[CandidateRule, ...] = (
    not_tradable,
    no_price,
    invalid_stop,
    invalid_target,
    price_collar,
    stale_signal,
)
#: Their answers are the same until an entry is planned.
COUNT_RULES: tuple[AccountRule, ...] = (
    max_daily_trades,
    max_orders_per_minute,
    max_orders_per_session,
    max_positions,
)
SIZE_RULES: tuple[CandidateRule, ...] = (
    max_position_size,
    max_gross_exposure,
    max_portfolio_risk,
    max_order_value,
    max_order_adv,
    insufficient_buying_power,
    min_order_value,
    zero_quantity,
)
RULES = (halted, *SESSION_RULES, *NOTED_RULES, *SYMBOL_RULES, *COUNT_RULES, *SIZE_RULES)
