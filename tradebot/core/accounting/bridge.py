"""The bridge from the equity at one moment to that at a later one, USD.

Each term is the sum of its own rows and none is the remainder, so that an error of a cent in a row is left over as "not
explained". The realised result is computed three times: by the prices of the lot closures, by their P&L and fees, and
by the fills with the cost of the open lots. Where these differ, the one counts that leaves most unexplained. The shares
at the end are counted twice: by the open lots, and by those of the beginning with what came and went.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from tradebot.core.model.account import CashKind
from tradebot.core.model.values import ZERO, to_cents

#: Digits of a sum that count: a division by a split's ratio leaves more behind them.
_EXACT = Decimal("1e-6")
#: Activities that a note names; the rest are counted.
_NAMED = 5
_NOT_BOOKED = (
    "what is not explained may be known to the broker and not booked yet: `tradebot reconcile` books it, "
    "and tells what still differs"
)


@dataclass(frozen=True, slots=True)
class Moment:
    """An account at one moment."""

    at: datetime  # aware UTC
    equity: Decimal  # USD, by the broker or at closing prices
    prices: Mapping[str, Decimal]  # USD a share
    is_close: bool  # whether equity and prices are those of a session's close


@dataclass(frozen=True, slots=True)
class Holdings:
    """What the ledger has at a moment, all strategies and foreign shares together."""

    cash: Decimal  # USD
    shares: Mapping[str, Decimal]  # by symbol, negative for a short
    cost: Decimal  # of the open lots, USD without fees, negative for shorts
    busted: Decimal = ZERO  # value that fills had for the broker which were busted later, USD
    fill_prices: Mapping[str, Decimal] = field(default_factory=dict)  # USD a share, for shares of no other price

    def value(self, prices: Mapping[str, Decimal]) -> Decimal:
        """The market value of the shares that have a price, USD."""
        known = {**self.fill_prices, **prices}
        return sum((count * known[symbol] for symbol, count in self.shares.items() if symbol in known), ZERO)

    def without_price(self, prices: Mapping[str, Decimal]) -> tuple[str, ...]:
        """The symbols that have shares and no price."""
        return tuple(sorted(symbol for symbol, count in self.shares.items() if count and symbol not in prices))


@dataclass(frozen=True, slots=True)
class Movements:
    """The sums of what is booked between two moments, USD. Rows that a bust took back are left out."""

    shares: Mapping[str, Decimal] = field(default_factory=dict)  # that came, by symbol; negative where they went
    bought: Decimal = ZERO  # paid for shares less got for them, by the fills
    fill_fees: Decimal = ZERO
    closed_by_prices: Decimal = ZERO  # result of the lot closures before fees, by their prices
    closed_by_pnl: Decimal = ZERO  # the same by their P&L and fees
    cash: Mapping[CashKind, Decimal] = field(default_factory=dict)
    paid_for_ended: Decimal = ZERO  # by reorganisations that ended shares; it arrives as cash in lieu
    spun_off: Decimal = ZERO  # cost that the shares of spin-offs began with
    added: Decimal = ZERO  # cost of the shares that corrections added, less that of the shares that they removed
    corrected_cash: Decimal = ZERO

    @property
    def cash_moved(self) -> Decimal:
        """The cash that came less that which went; a correction moves none at the broker."""
        return sum(self.cash.values(), ZERO) - self.bought - self.fill_fees


@dataclass(frozen=True, slots=True)
class Booked:
    """What is booked between two moments, and the ledger's side of each."""

    before: Holdings
    after: Holdings
    moved: Movements


@dataclass(frozen=True, slots=True)
class Bridge:
    """The change of an account's equity between two moments, USD to the cent.

    Opening equity and the terms, with fees and ``paid_out`` negative in the sum, come to closing equity.
    """

    opened_at: datetime
    closed_at: datetime
    opening_equity: Decimal
    realised: Decimal  # before fees; payments for fractions and for ended shares included
    unrealised: Decimal  # change
    dividends: Decimal
    interest: Decimal
    fees: Decimal  # positive when paid
    paid_in: Decimal
    paid_out: Decimal  # positive
    corrections: Decimal  # of the ledger, spin-offs and busts of earlier fills
    not_explained: Decimal
    closing_equity: Decimal
    is_opening_close: bool  # whether it is the equity of a close, or of an opening statement
    is_closing_close: bool
    notes: tuple[str, ...] = ()  # why something may be left over

    @property
    def change(self) -> Decimal:
        """Closing less opening equity."""
        return self.closing_equity - self.opening_equity

    @property
    def gained(self) -> Decimal:
        """What trading and holding gained or lost after fees: the change without money moved, corrections and rest."""
        return self.realised + self.unrealised + self.dividends + self.interest - self.fees

    @property
    def terms(self) -> dict[str, Decimal]:
        """The terms by name with their signs: they add up to the change."""
        return {
            "realised": self.realised,
            "unrealised": self.unrealised,
            "dividends": self.dividends,
            "interest": self.interest,
            "fees": -self.fees,
            "paid_in": self.paid_in,
            "paid_out": -self.paid_out,
            "corrections": self.corrections,
            "not_explained": self.not_explained,
        }


def bridge(start: Moment, end: Moment, booked: Booked) -> Bridge:
    """The bridge between two moments."""
    before, after, moved = booked.before, booked.after, booked.moved
    cash = {kind: moved.cash.get(kind, ZERO) for kind in CashKind}
    unrealised = (after.value(end.prices) - after.cost) - (before.value(start.prices) - before.cost)
    share_corrections = moved.added + moved.spun_off
    corrections = share_corrections + moved.corrected_cash + after.busted - before.busted
    fees = moved.fill_fees - cash[CashKind.FEE]
    outside = cash[CashKind.DEPOSIT] + cash[CashKind.WITHDRAWAL]
    others = unrealised + corrections - fees + outside + cash[CashKind.DIVIDEND] + cash[CashKind.INTEREST]
    settled = cash[CashKind.CASH_IN_LIEU] - moved.paid_for_ended
    by_fills = after.cost - before.cost - moved.bought - share_corrections + cash[CashKind.CASH_IN_LIEU]
    ways = (moved.closed_by_prices + settled, moved.closed_by_pnl + settled, by_fills)
    level = before.cash + before.value(start.prices) + before.busted
    others -= _uncounted(booked, {**start.prices, **end.prices})
    left = [_left_over(end.equity - start.equity, level, others + way) for way in ways]
    worst = max(range(len(ways)), key=lambda way: abs(left[way]))
    terms = {
        "realised": to_cents(ways[worst]),
        "dividends": to_cents(cash[CashKind.DIVIDEND]),
        "interest": to_cents(cash[CashKind.INTEREST]),
        "fees": to_cents(fees),
        "paid_in": to_cents(cash[CashKind.DEPOSIT]),
        "paid_out": to_cents(-cash[CashKind.WITHDRAWAL]),
        "corrections": to_cents(corrections),
        "not_explained": left[worst],
    }
    signed = sum((-value if name in ("fees", "paid_out") else value for name, value in terms.items()), ZERO)
    rounded = to_cents(unrealised)
    rounding = end.equity - start.equity - signed - rounded  # of the terms to the cent: it goes with the prices
    return Bridge(
        opened_at=start.at,
        closed_at=end.at,
        opening_equity=start.equity,
        closing_equity=end.equity,
        unrealised=rounded + rounding,
        is_opening_close=start.is_close,
        is_closing_close=end.is_close,
        notes=tuple(_notes(start, end, before, after, left)) or ((_NOT_BOOKED,) if any(left) else ()),
        **terms,
    )


def with_unbooked(explained: Bridge, unbooked: Iterable[str]) -> Bridge:
    """The bridge with a note that names what the broker has and the ledger has not booked, if anything."""
    named = tuple(unbooked)
    if not named:
        return explained
    more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
    text = f"not booked yet: {', '.join(named[:_NAMED])}{more}; `tradebot reconcile` books it"
    notes = (note for note in explained.notes if note != _NOT_BOOKED)
    return replace(explained, notes=(*notes, text))


def _left_over(change: Decimal, level: Decimal, terms: Decimal) -> Decimal:
    """What the terms leave of a change of equity, which brokers show in whole cents.

    level: the equity that the ledger comes to at the beginning, with its fractions of a cent.
    """
    return change - (_in_cents(level + terms) - _in_cents(level))


def _uncounted(booked: Booked, prices: Mapping[str, Decimal]) -> Decimal:
    """The value of the shares at the end that were not there at the beginning, and of which no row says that they came.

    Negative for shares that are gone without a row.
    """
    before, after, moved = booked.before.shares, booked.after.shares, booked.moved.shares
    known, value = {**booked.after.fill_prices, **prices}, ZERO
    for symbol in before.keys() | after.keys() | moved.keys():
        count = after.get(symbol, ZERO) - before.get(symbol, ZERO) - moved.get(symbol, ZERO)
        value += count * known.get(symbol, ZERO) if count else ZERO
    return value


def _in_cents(amount: Decimal) -> Decimal:
    return to_cents(amount.quantize(_EXACT))


def _notes(start: Moment, end: Moment, before: Holdings, after: Holdings, left: list[Decimal]) -> Iterator[str]:
    for moment, held, name in ((start, before, "beginning"), (end, after, "end")):
        missing = held.without_price(moment.prices)
        if by_fill := [symbol for symbol in missing if symbol in held.fill_prices]:
            yield f"no price at the {name} for {', '.join(by_fill)}: the mean price of its fills stands for it"
        if left_out := [symbol for symbol in missing if symbol not in held.fill_prices]:
            yield f"no price at the {name} for {', '.join(left_out)}: what it was worth is left out"
    if len(set(left)) > 1:
        yield "fills and lot closures in the ledger contradict each other: `tradebot verify` tells where"
