"""The day's result explained by prices, fills and cash, and what of the equity is no result.

A deposit or withdrawal is neither gain nor loss, at whatever hour and whether or not its activity is booked yet.
Amounts are in USD.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from tradebot.core.model.account import AccountSnapshot, CashEvent, Fill, Position, Quote
from tradebot.core.model.exchange_time import new_york_date
from tradebot.core.model.holdings import Lot, shares_of
from tradebot.core.model.values import CENT, SUB_PENNY, ZERO


@dataclass(frozen=True, slots=True)
class DayRecords:
    """What the ledger has booked that concerns a session."""

    session: date
    previous_close: datetime  # of the session before, aware UTC
    baseline: Decimal  # the equity at that close, by the broker at the session's first look, or of the opening
    cash: Decimal | None  # that the booked activities add up to; None before the first
    lots: tuple[Lot, ...] = ()  # open, foreign ones too
    fills: tuple[Fill, ...] = ()  # of the session; a busted one with its reversal
    cash_events: tuple[CashEvent, ...] = ()  # of the session, and of the days near it
    flow_since_first_look: Decimal = ZERO  # deposits less withdrawals that were booked after it
    split: frozenset[str] = frozenset()  # symbols that were split today
    opening: Mapping[str, Decimal] | None = None  # on the day of the account's opening: its prices by symbol
    reorganised: bool = False  # whether shares became others today, or ended for cash


@dataclass(frozen=True, slots=True)
class DayLook:
    """The account as the broker shows it."""

    account: AccountSnapshot
    positions: tuple[Position, ...]
    quotes: Mapping[str, Quote]
    settled: bool = True  # no order is in doubt, and nothing moved while the account was read


@dataclass(frozen=True, slots=True)
class DayResult:
    """The sum of price changes, fills, dividends, fees and interest since the previous close."""

    amount: Decimal
    complete: bool  # whether every price that it needs was known


@dataclass(frozen=True, slots=True)
class ExplainedEquity:
    """What the losses are measured with. The day's loss is ``base`` less equity plus ``uncounted_today``."""

    base: Decimal  # the capital of the day, which its loss is a fraction of
    uncounted_today: Decimal  # equity above ``base`` that is no result of the day
    uncounted: Decimal  # equity that the ledger does not explain; the drawdown leaves it out
    high: Decimal  # equity without anything that may be unexplained: what raises the peak


@dataclass(frozen=True, slots=True)
class _Shares:
    """One symbol. Prices are USD a share."""

    here: Decimal  # shares that the ledger explains
    there: Decimal  # shares that the broker shows
    price: Decimal | None
    cost: Decimal  # of the newest lot; 0 without one
    previous_close: Decimal | None
    fills: list[Fill]
    split: bool  # today

    @property
    def rounding(self) -> Decimal:
        """How far the result may be off, USD: a previous close from before a split is rounded."""
        return abs(self.before) * SUB_PENNY if self.split else ZERO

    @property
    def before(self) -> Decimal:
        """The shares at the previous close, in the shares of today."""
        return self.here - sum((fill.side.sign * fill.quantity for fill in self.fills), ZERO)

    @property
    def agree(self) -> bool:
        return self.here == self.there

    @property
    def unexplained(self) -> Decimal:
        """The value of the shares that the broker shows beyond the ledger's, at cost where their price is not known."""
        return (self.there - self.here) * (self.cost if self.price is None else self.price)

    def result(self) -> Decimal | None:
        """The result of the ledger's shares; None where a price is missing."""
        now = _value(self.here, self.price)
        then = _value(self.before, None if self._close_is_doubtful() else self.previous_close)
        if now is None or then is None:
            return None
        paid = sum((fill.side.sign * fill.quantity * fill.price + fill.fee for fill in self.fills), ZERO)
        return now - then - paid

    def _close_is_doubtful(self) -> bool:
        """Whether the previous close may be on the basis before a split: the shares were split, or they differ.

        It may where it is half as high again as the price, or less than two thirds of it.
        """
        if self.price is None or self.previous_close is None or (self.agree and not self.split):
            return False
        return not self.previous_close * 2 < self.price * 3 < self.previous_close * 9 / 2


def day_result(look: DayLook, records: DayRecords) -> DayResult:
    """The result of the shares that the ledger explains, at the broker's prices.

    It is incomplete without a price that it needs, when shares became others today, and once the broker has moved on to
    another previous close. Shares that a person adjusted count as held since the previous close. On the day of its
    opening an account's result begins with that.
    """
    shares = _by_symbol(look, records)
    results = [each.result() for each in shares.values()]
    cash = sum((each.amount for each in records.cash_events if _is_income(each, records)), ZERO)
    is_same_day = records.opening is not None or look.account.last_equity == records.baseline
    complete = None not in results and is_same_day and not records.reorganised
    return DayResult(sum((each for each in results if each is not None), cash), complete)


def explain(look: DayLook, records: DayRecords) -> ExplainedEquity:
    """The part of the equity that counts as gain or loss, of the day and since the peak.

    While the ledger explains every share and nothing is in doubt, the day's result counts, and unexplained cash does
    not. Else the lower counts of the day's result and the plain change of equity less booked flows and less any
    unexplained gain: a gain may be a deposit whose activity is to come, a loss may be a fill whose activity is to come.
    """
    equity, shares = look.account.equity, _by_symbol(look, records)
    cash = _unexplained_cash(look, records)
    in_shares = sum((each.unexplained for each in shares.values()), ZERO)
    agrees = look.settled and all(each.agree for each in shares.values())
    gain = max(min(cash, cash + in_shares), ZERO)  # cash that shares were sold for is none
    result, plain = day_result(look, records), equity - records.baseline - _flow(records)
    rounding = CENT + sum((each.rounding for each in shares.values()), ZERO)
    amount = _counted(result, plain, plain - gain, rounding, agrees=agrees)
    base = _base(equity - amount, gain, records.flow_since_first_look)
    high = equity - max(ZERO, cash if agrees else max(gain, cash + in_shares))
    return ExplainedEquity(base, equity - amount - base, cash if agrees else gain, high)


def _base(capital: Decimal, gain: Decimal, flow: Decimal) -> Decimal:
    """The capital of the day without money that came since its first look, so that a loss is no smaller a fraction.

    Money that is booked and more than doubled the account counts: the account was opened with it.
    """
    return capital - max(gain, flow if flow * 2 <= capital else ZERO)


def _counted(result: DayResult, plain: Decimal, without_gain: Decimal, rounding: Decimal, *, agrees: bool) -> Decimal:
    if not result.complete:
        return without_gain
    if not agrees:
        return min(result.amount, without_gain)
    return plain if abs(result.amount - plain) <= rounding else result.amount


def _by_symbol(look: DayLook, records: DayRecords) -> dict[str, _Shares]:
    here: dict[str, list[Lot]] = {}
    for lot in records.lots:
        here.setdefault(lot.symbol, []).append(lot)
    there = {position.symbol: position for position in look.positions}
    fills: dict[str, list[Fill]] = {}
    for fill in records.fills:
        fills.setdefault(fill.symbol, []).append(fill)
    return {
        symbol: _Shares(
            here=shares_of(here.get(symbol, ())),
            there=there[symbol].quantity if symbol in there else ZERO,
            price=_price(there.get(symbol), look.quotes.get(symbol)),
            cost=here[symbol][-1].price if symbol in here else ZERO,
            previous_close=_previous_close(symbol, there.get(symbol), look.quotes.get(symbol), records),
            fills=fills.get(symbol, []),
            split=symbol in records.split,
        )
        for symbol in here.keys() | there.keys() | fills.keys()
    }


def _price(position: Position | None, quote: Quote | None) -> Decimal | None:
    if position is not None:
        return position.market_price
    return None if quote is None else quote.last


def _previous_close(symbol: str, position: Position | None, quote: Quote | None, records: DayRecords) -> Decimal | None:
    """The previous close by the position, else by the quote. After a split a position may bear the one before it."""
    if records.opening is not None:
        return records.opening.get(symbol)
    quoted = None if quote is None else quote.previous_close
    if position is None or position.previous_close is None or symbol in records.split:
        return quoted
    return position.previous_close


def _value(quantity: Decimal, price: Decimal | None) -> Decimal | None:
    if quantity == 0:
        return ZERO
    return None if price is None else quantity * price


def _unexplained_cash(look: DayLook, records: DayRecords) -> Decimal:
    """The broker's cash beyond the ledger's. A cent is rounding."""
    if records.cash is None:
        return ZERO
    difference = look.account.cash - records.cash
    return difference if abs(difference) > CENT else ZERO


def _is_income(event: CashEvent, records: DayRecords) -> bool:
    """Whether cash is part of the result: that of the session, and charges that were made after the previous close."""
    if event.kind.is_external:
        return False
    return event.session >= records.session or (event.amount < 0 and _is_of_day(event, records))


def _flow(records: DayRecords) -> Decimal:
    """Deposits less withdrawals since the previous close: those of the session, and those made after that close.

    An activity that was created on a later date than its own is a late one: the money moved on its own date.
    """
    return sum((each.amount for each in _external(records.cash_events) if _is_of_day(each, records)), ZERO)


def _external(events: Iterable[CashEvent]) -> Iterator[CashEvent]:
    return (event for event in events if event.kind.is_external)


def _is_of_day(event: CashEvent, records: DayRecords) -> bool:
    if event.session >= records.session:  # later than it on a weekend, which still belongs to the last session
        return True
    return event.at > records.previous_close and new_york_date(event.at) == event.session
