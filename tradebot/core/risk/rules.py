"""The rules of an entry: small functions, each of which denies it with a stable code, or says nothing.

Every rule is asked about every candidate and every denial is kept; the first, in the order of ``RULES``, is the
headline. Sizes are capped by the limits beforehand, so a rule about a limit denies when even the smallest acceptable
order (whole shares worth at least ``min_order_value``) would break it. Exits pass no rule here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from tradebot.core.model.holdings import FOREIGN
from tradebot.core.model.limits import Limits
from tradebot.core.model.orders import Purpose, Side
from tradebot.core.model.plan import Denial, DenialCode
from tradebot.core.model.repetition import EntryKey
from tradebot.core.model.signals import Signal
from tradebot.core.model.values import ONE, canonical, dollars, percent, whole_shares
from tradebot.core.risk.circuit_breakers import daily_loss, drawdown
from tradebot.core.risk.order_checks import Objection, beyond_collar, too_many_this_minute, too_many_this_session
from tradebot.core.risk.projected_account import ProjectedAccount
from tradebot.core.risk.repeat_entries import repetition_text
from tradebot.core.risk.sizing import Size, cost


@dataclass(frozen=True, slots=True)
class Terms:
    """What an entry would be: USD a share, and its size."""

    price: Decimal
    stop: Decimal
    target: Decimal | None
    size: Size

    @property
    def value(self) -> Decimal:
        return self.size.quantity * self.price

    def least(self, limits: Limits) -> Decimal:
        """The smallest acceptable number of shares."""
        return max(ONE, (limits.min_order_value / self.price).to_integral_value(ROUND_CEILING))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A purchase that a signal asks for. ``terms`` is None when the symbol has no usable price."""

    signal: Signal
    client_order_id: str
    terms: Terms | None

    @property
    def symbol(self) -> str:
        return self.signal.symbol


Rule = Callable[[Candidate, ProjectedAccount], Denial | None]


def evaluate(candidate: Candidate, book: ProjectedAccount) -> tuple[Denial, ...]:
    """Ask every rule; no denial means that the entry may be planned."""
    return tuple(denial for rule in RULES if (denial := rule(candidate, book)) is not None)


# --- may anything be entered at all? -----------------------------------------------------


def halted(candidate: Candidate, book: ProjectedAccount) -> Denial | None:
    level = book.situation.halt
    if not level.allows_entries:
        message = f"the account is {level}: nothing is entered; `tradebot status` says why and until when"
        return _deny(candidate, DenialCode.HALTED, message)
    for halt in book.situation.halts:
        if halt.stops_entry(candidate.signal.strategy, candidate.symbol):
            return _deny(candidate, DenialCode.HALTED, f"{halt.subject} is {halt.level}: {halt.reason}")
    return None


def preflight_failed(candidate: Candidate, book: ProjectedAccount) -> Denial | None:
    if not book.situation.objections:
        return None
    return _deny(candidate, DenialCode.PREFLIGHT, "; ".join(book.situation.objections))


def market_closed(candidate: Candidate, book: ProjectedAccount) -> Denial | None:
    if book.situation.session_open:
        return None
    return _deny(candidate, DenialCode.MARKET_CLOSED, "the exchange is closed")


def account_blocked(candidate: Candidate, book: ProjectedAccount) -> Denial | None:
    if not book.situation.account.blocked:
        return None
    return _deny(candidate, DenialCode.ACCOUNT_BLOCKED, "the broker has blocked the account")


def daily_loss_reached(candidate: Candidate, book: ProjectedAccount) -> Denial | None:
    fall = daily_loss(book.situation.account, book.situation.counters, book.situation.limits)
    if not fall.breaks_limit:
        return None
    return _deny(candidate, DenialCode.DAILY_LOSS, f"today's loss: {fall}", fall.fraction, fall.limit)


def drawdown_reached(candidate: Candidate, book: ProjectedAccount) -> Denial | None:
    fall = drawdown(book.situation.account, book.situation.counters, book.situation.limits)
    if not fall.breaks_limit:
        return None
    return _deny(candidate, DenialCode.DRAWDOWN, f"drawdown: {fall}", fall.fraction, fall.limit)


# --- may this symbol be entered? ---------------------------------------------------------


def symbol_locked(candidate: Candidate, book: ProjectedAccount) -> Denial | None:
    why = book.situation.locked.get(candidate.symbol)
    if why is None:
        return None
    return _deny(candidate, DenialCode.SYMBOL_LOCKED, f"{candidate.symbol} is locked: {why}")


def symbol_not_allowed(candidate: Candidate, book: ProjectedAccount) -> Denial | None:
    limits, symbol = book.situation.limits, candidate.symbol
    if symbol in limits.deny_symbols:
        why = "DENY_SYMBOLS names it"
    elif limits.allow_symbols and symbol not in limits.allow_symbols:
        why = "ALLOW_SYMBOLS does not name it"
    else:
        return None
    return _deny(candidate, DenialCode.SYMBOL_NOT_ALLOWED, f"{symbol} takes no entries: {why}")


def symbol_owned(candidate: Candidate, book: ProjectedAccount) -> Denial | None:
    claim = book.claims.get(candidate.symbol)
    if claim is None or claim.owner == candidate.signal.strategy:
        return None
    owner = "foreign, not made by tradebot" if claim.owner == FOREIGN else f"owned by {claim.owner}"
    return _deny(candidate, DenialCode.SYMBOL_OWNED, f"{candidate.symbol} is {owner} ({claim.by})")


def already_held(candidate: Candidate, book: ProjectedAccount) -> Denial | None:
    claim = book.claims.get(candidate.symbol)
    held = book.held.get(candidate.symbol)
    if held is None or claim is None or claim.owner != candidate.signal.strategy:
        return None
    message = f"{candidate.symbol} is held already: {canonical(held)} shares"
    return _deny(candidate, DenialCode.ALREADY_HELD, message, held)


def order_pending(candidate: Candidate, book: ProjectedAccount) -> Denial | None:
    live_order = book.pending.get(candidate.symbol)
    if live_order is None:
        return None
    return _deny(candidate, DenialCode.ORDER_PENDING, f"{candidate.symbol} has a live order: {live_order}")


def already_decided(candidate: Candidate, book: ProjectedAccount) -> Denial | None:
    if candidate.client_order_id not in book.decided:
        return None
    message = f"the entry of {candidate.signal.strategy} was decided already today"
    return _deny(candidate, DenialCode.ALREADY_DECIDED, message)


def repeat_order_limit(candidate: Candidate, book: ProjectedAccount) -> Denial | None:
    limits = book.situation.limits
    decider = EntryKey(candidate.signal.strategy, candidate.symbol, Side.BUY)
    repetition = book.situation.repetitions.get(decider)
    if repetition is None or not repetition.breaks(limits):
        return None
    value, limit = Decimal(repetition.entries), Decimal(limits.repeat_order_limit)
    message = repetition_text(decider, repetition, limits)
    return _deny(candidate, DenialCode.REPEAT_ORDER_LIMIT, message, value, limit)


def not_tradable(candidate: Candidate, book: ProjectedAccount) -> Denial | None:
    asset = book.situation.assets.get(candidate.symbol)
    if asset is not None and asset.tradable:
        return None
    state = "unknown to the broker" if asset is None else "not tradable at the broker"
    return _deny(candidate, DenialCode.NOT_TRADABLE, f"{candidate.symbol} is {state}")


def no_price(candidate: Candidate, book: ProjectedAccount) -> Denial | None:
    if candidate.terms is not None:
        return None
    return _deny(candidate, DenialCode.NO_PRICE, f"{candidate.symbol} has no usable price")


def price_collar(candidate: Candidate, book: ProjectedAccount) -> Denial | None:
    terms = candidate.terms
    if terms is None:
        return None
    quote = book.situation.quotes.get(candidate.symbol)
    return _denied_by(candidate, beyond_collar([terms.price], quote, book.situation.limits))


def stale_signal(candidate: Candidate, book: ProjectedAccount) -> Denial | None:
    expected = book.situation.expected_as_of
    if candidate.signal.as_of == expected:
        return None
    wanted = "no completed session is known" if expected is None else f"{expected} is the newest completed session"
    message = f"the signal is based on the bar of {candidate.signal.as_of}, and {wanted}"
    return _deny(candidate, DenialCode.STALE_SIGNAL, message)


# --- do the limits leave room for it? ----------------------------------------------------


def max_daily_trades(candidate: Candidate, book: ProjectedAccount) -> Denial | None:
    limit = book.situation.limits.max_daily_trades
    if book.entries < limit:
        return None
    message = f"{book.entries} entries were sent or planned today, and {limit} is the most"
    return _deny(candidate, DenialCode.MAX_DAILY_TRADES, message, Decimal(book.entries + 1), Decimal(limit))


def max_orders_per_minute(candidate: Candidate, book: ProjectedAccount) -> Denial | None:
    return _denied_by(candidate, too_many_this_minute(book.orders_last_minute, book.situation.limits))


def max_orders_per_session(candidate: Candidate, book: ProjectedAccount) -> Denial | None:
    return _denied_by(candidate, too_many_this_session(book.orders_sent, book.situation.limits))


def max_positions(candidate: Candidate, book: ProjectedAccount) -> Denial | None:
    limit = book.situation.limits.max_positions
    count = book.symbols_at_stake
    if count < limit:
        return None
    message = f"{count} positions are open or under way, foreign ones included, and {limit} is the most"
    return _deny(candidate, DenialCode.MAX_POSITIONS, message, Decimal(count + 1), Decimal(limit))


def max_position_size(candidate: Candidate, book: ProjectedAccount) -> Denial | None:
    pct = book.situation.limits.max_position_size_pct
    before = book.stake_in(candidate.symbol).value
    return _value_beyond(candidate, book, DenialCode.MAX_POSITION_SIZE, "the position", before, pct)


def max_gross_exposure(candidate: Candidate, book: ProjectedAccount) -> Denial | None:
    pct = book.situation.limits.max_gross_exposure_pct
    if book.unpriced:
        message = f"orders without a known price are open in {', '.join(sorted(book.unpriced))}: exposure is unknown"
        limit = book.situation.account.equity * pct
        return _deny(candidate, DenialCode.MAX_GROSS_EXPOSURE, message, limit=limit)
    return _value_beyond(candidate, book, DenialCode.MAX_GROSS_EXPOSURE, "gross exposure", book.total.value, pct)


def max_portfolio_risk(candidate: Candidate, book: ProjectedAccount) -> Denial | None:
    terms, limits = candidate.terms, book.situation.limits
    if terms is None:
        return None
    least = terms.least(limits)
    value = book.total.risk + least * abs(terms.price - terms.stop)
    limit = book.situation.account.equity * limits.max_portfolio_risk_pct
    if value <= limit:
        return None
    message = (
        f"with {canonical(least)} shares more, {dollars(value)} would be lost at the stops, "
        f"and {dollars(limit)} ({percent(limits.max_portfolio_risk_pct)} of equity) is the most"
    )
    return _deny(candidate, DenialCode.MAX_PORTFOLIO_RISK, message, value, limit)


def max_order_value(candidate: Candidate, book: ProjectedAccount) -> Denial | None:
    terms, limits = candidate.terms, book.situation.limits
    if terms is None:
        return None
    value = terms.least(limits) * terms.price
    if value <= limits.max_order_value:
        return None
    message = f"the smallest order costs {dollars(value)}, and {dollars(limits.max_order_value)} is the most"
    return _deny(candidate, DenialCode.MAX_ORDER_VALUE, message, value, limits.max_order_value)


def max_order_adv(candidate: Candidate, book: ProjectedAccount) -> Denial | None:
    terms, limits = candidate.terms, book.situation.limits
    if terms is None:
        return None
    limit, least = book.largest_order(candidate.symbol), terms.least(limits)
    if least <= limit:
        return None
    volume = book.situation.average_volume.get(candidate.symbol)
    traded = (
        "nothing is known of its volume" if volume is None else f"{whole_shares(volume):,} shares trade in a session"
    )
    message = (
        f"the smallest order is {canonical(least)} shares; {traded}, "
        f"and {percent(limits.max_order_adv_pct)} of them is the most"
    )
    return _deny(candidate, DenialCode.MAX_ORDER_ADV, message, least, limit)


def buying_power(candidate: Candidate, book: ProjectedAccount) -> Denial | None:
    terms = candidate.terms
    if terms is None:
        return None
    value = cost(terms.least(book.situation.limits), terms.price)
    if value <= book.buying_power:
        return None
    message = (
        f"the smallest order costs {dollars(value)} with a margin for slippage and fees, "
        f"and {dollars(book.buying_power)} of buying power is left"
    )
    return _deny(candidate, DenialCode.BUYING_POWER, message, value, book.buying_power)


def min_order_value(candidate: Candidate, book: ProjectedAccount) -> Denial | None:
    terms, limit = candidate.terms, book.situation.limits.min_order_value
    if terms is None or terms.size.quantity == 0 or terms.value >= limit:
        return None
    message = (
        f"{terms.size} allows {canonical(terms.size.quantity)} shares, worth {dollars(terms.value)}, "
        f"and {dollars(limit)} is the least"
    )
    return _deny(candidate, DenialCode.MIN_ORDER_VALUE, message, terms.value, limit)


def zero_quantity(candidate: Candidate, book: ProjectedAccount) -> Denial | None:
    terms = candidate.terms
    if terms is None or terms.size.quantity > 0:
        return None
    message = f"{terms.size} allows less than one share at {dollars(terms.price)}"
    return _deny(candidate, DenialCode.ZERO_QUANTITY, message, terms.size.quantity, ONE)


RULES: tuple[Rule, ...] = (
    halted,
    preflight_failed,
    market_closed,
    account_blocked,
    daily_loss_reached,
    drawdown_reached,
    symbol_locked,
    symbol_not_allowed,
    symbol_owned,
    already_held,
    order_pending,
    already_decided,
    repeat_order_limit,
    not_tradable,
    no_price,
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
    buying_power,
    min_order_value,
    zero_quantity,
)


def _value_beyond(
    candidate: Candidate, book: ProjectedAccount, code: DenialCode, what: str, before: Decimal, pct: Decimal
) -> Denial | None:
    """Deny when the smallest order on top of ``before`` is worth more than ``pct`` of the equity."""
    terms = candidate.terms
    if terms is None:
        return None
    value = before + terms.least(book.situation.limits) * terms.price
    limit = book.situation.account.equity * pct
    if value <= limit:
        return None
    message = f"{what} would be {dollars(value)}, and {dollars(limit)} ({percent(pct)} of equity) is the most"
    return _deny(candidate, code, message, value, limit)


def _denied_by(candidate: Candidate, found: Objection | None) -> Denial | None:
    return None if found is None else _deny(candidate, found.code, found.message, found.value, found.limit)


def _deny(
    candidate: Candidate, code: DenialCode, message: str, value: Decimal | None = None, limit: Decimal | None = None
) -> Denial:
    return Denial(code, candidate.signal.strategy, candidate.symbol, Purpose.ENTRY, message, value, limit)
