"""Tax lots of an account: first in, first out over all shares, whoever bought them.

The broker knows no strategies, so these lots are not those of the ledger, which closes a strategy's own lots first.
Amounts are USD in whole cents: fees are in the cost of a purchase and taken off the proceeds of a sale. The dates are
trade dates (Instructions for Form 8949, columns (b) and (c)). Shares sold are the oldest ones where the owner did not
identify others to the broker (26 CFR 1.1012-1(c)).

A split and a merger for stock leave cost and date as they are. A spin-off begins with the broker's price and the date
of its parent, whose cost stays: how the cost is to be divided is in the company's Form 8937, which nobody reads here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import groupby

from tradebot.core.accounting.rebooking import in_order
from tradebot.core.model.account import (
    CASH,
    ActionKind,
    Adjustment,
    CashEvent,
    CashKind,
    Fill,
    Reorganisation,
    SplitEvent,
)
from tradebot.core.model.ledger_rows import BookedActivity
from tradebot.core.model.opening import is_of_opening
from tradebot.core.model.values import NANO_SHARE, ONE, ZERO, canonical, plural, pro_rata, to_cents

#: How far the payment of cash in lieu lies from its event: brokers pay weeks later.
PAID_WITHIN = timedelta(days=60)
#: What changes tax lots. Fills are the standing ones: a busted fill never was.
TaxActivity = Fill | SplitEvent | Reorganisation | Adjustment | CashEvent


@dataclass(frozen=True, slots=True)
class TaxLot:
    """Shares of one purchase, or of one short sale."""

    purchase: str  # the order that opened it: shares of one order are one purchase
    symbol: str
    security: int  # the same before and after a change of name
    quantity: Decimal  # negative when sold short
    amount: Decimal  # cost with fees; of a short, the proceeds after fees
    acquired: date | None  # trade date; None: unknown
    known_since: date  # the session of the first row that shows it: it was acquired then or before
    at: datetime  # when it was acquired, for the order; aware UTC
    is_bought: bool = True  # by a trade; not by an opening, a correction, a merger or a spin-off
    note: str = ""


@dataclass(frozen=True, slots=True)
class Disposal:
    """Shares of one lot that were sold, covered, or paid out."""

    lot: TaxLot  # with these shares and their part of the amount alone
    units: Decimal  # shares on the basis before all splits of the security
    amount: Decimal  # proceeds after fees; of a short, the cost of covering with fees
    sold: date  # trade date
    at: datetime  # aware UTC
    note: str = ""


@dataclass(frozen=True, slots=True)
class OpenLot:
    """Shares of one lot that were not disposed of."""

    lot: TaxLot
    units: Decimal  # as of a disposal


@dataclass(frozen=True, slots=True)
class TaxLots:
    """All tax lots of an account."""

    disposals: tuple[Disposal, ...]  # in order
    open_lots: tuple[OpenLot, ...]
    remarks: tuple[tuple[date, str], ...]  # what moved shares and is no disposal, by session


def tax_lots(activities: Iterable[TaxActivity]) -> TaxLots:
    """The tax lots that ``activities`` make: all of an account's, in the order of booking."""
    walk, moving = _Walk(), list[Fill | SplitEvent | Reorganisation | Adjustment]()
    for activity in activities:
        if isinstance(activity, CashEvent):
            if activity.kind is CashKind.CASH_IN_LIEU and activity.amount:
                walk.payments.append(activity)
        else:
            moving.append(activity)
    for each in _chronological(_without_adoptions(moving)):
        walk.follow(each)
    walk.end()
    open_lots = (OpenLot(lot, walk.units_of(lot)) for lots in walk.lots.values() for lot in lots)
    return TaxLots(tuple(walk.disposals), tuple(open_lots), tuple(walk.remarks))


def is_long_term(acquired: date, disposed: date) -> bool:
    """Whether shares were held for more than one year.

    The holding period begins on the day after the trade date and ends on the trade date of the sale (Pub. 550, Holding
    Period). Shares of the last day of February are held until after the last day of the next (Rev. Rul. 66-7).
    """
    first = date.fromordinal(acquired.toordinal() + 1)
    try:
        anniversary = first.replace(year=first.year + 1)
    except ValueError:  # of 29 February
        anniversary = date(first.year + 1, 3, 1)
    return disposed >= anniversary


def _without_adoptions(
    activities: list[Fill | SplitEvent | Reorganisation | Adjustment],
) -> Iterator[Fill | SplitEvent | Reorganisation | Adjustment]:
    """The activities without pairs of adjustments that take shares from one strategy and give them to another."""
    waiting: Adjustment | None = None
    for activity in activities:
        if waiting is not None:
            if isinstance(activity, Adjustment) and _undoes(activity, waiting):
                waiting = None
                continue
            yield waiting
            waiting = None
        if isinstance(activity, Adjustment):
            waiting = activity
        else:
            yield activity
    if waiting is not None:
        yield waiting


def _undoes(later: Adjustment, earlier: Adjustment) -> bool:
    return (later.symbol, later.at, later.quantity) == (earlier.symbol, earlier.at, -earlier.quantity)


def _chronological(
    activities: Iterable[Fill | SplitEvent | Reorganisation | Adjustment],
) -> Iterator[Fill | SplitEvent | Reorganisation | Adjustment]:
    """The activities in the order in which they took effect; fills between two events by their time of trade."""
    ordered = (booked.activity for booked in in_order(BookedActivity(each, "") for each in activities))
    for are_fills, group in groupby(ordered, key=lambda each: isinstance(each, Fill)):
        together = list(group)
        yield from sorted(together, key=lambda each: each.at) if are_fills else together


@dataclass(slots=True)
class _Walk:
    """The lots while the activities are followed one after another."""

    lots: dict[str, deque[TaxLot]] = field(default_factory=dict)  # open, oldest first, by symbol
    disposals: list[Disposal] = field(default_factory=list)
    remarks: list[tuple[date, str]] = field(default_factory=list)
    payments: list[CashEvent] = field(default_factory=list)  # cash for shares that no row explains yet
    securities: dict[str, int] = field(default_factory=dict)
    factors: list[Decimal] = field(default_factory=list)  # by security: today's shares for one of its first

    def follow(self, activity: Fill | SplitEvent | Reorganisation | Adjustment) -> None:
        """Take one activity in."""
        match activity:
            case Fill():
                self._trade(activity)
            case SplitEvent():
                self._split(activity)
            case Reorganisation():
                self._reorganise(activity)
            case Adjustment() if activity.symbol != CASH and activity.quantity:
                self._adjust(activity)

    def end(self) -> None:
        """A disposal without cost for each payment of cash in lieu that belongs to no shares."""
        for paid in self.payments:
            symbol = paid.symbol or "unknown shares"
            lot = TaxLot("", symbol, self._security(symbol), ZERO, ZERO, None, paid.session, paid.at, False)
            note = "cash in lieu of shares that these records do not show: cost and dates are yours to fill in"
            self._dispose([lot], paid.amount, paid.session, paid.at, note)
        self.payments.clear()

    def units_of(self, lot: TaxLot) -> Decimal:
        """The shares of a lot on the basis before all splits of its security."""
        return abs(lot.quantity) / self.factors[lot.security]

    # --- trades ---------------------------------------------------------------------------------

    def _trade(self, fill: Fill) -> None:
        sign, lots = fill.side.sign, self._lots(fill.symbol)
        amount = to_cents(fill.quantity * fill.price + sign * fill.fee)
        taken = _take(lots, fill.quantity) if lots and lots[0].quantity * sign < 0 else []
        left = fill.quantity - sum((abs(lot.quantity) for lot in taken), ZERO)
        closing = pro_rata(amount, fill.quantity - left, fill.quantity)
        self._dispose(taken, closing, fill.session, fill.at)
        if left:
            purchase = fill.broker_order_id or fill.client_order_id or fill.fill_id
            security = self._security(fill.symbol)
            lot = TaxLot(
                purchase, fill.symbol, security, left * sign, amount - closing, fill.session, fill.session, fill.at
            )
            self._add(fill.symbol, lot)

    def _dispose(self, taken: list[TaxLot], amount: Decimal, sold: date, at: datetime, note: str = "") -> None:
        """Store a disposal of each lot in ``taken``, with its part of ``amount`` by shares."""
        left = sum((abs(lot.quantity) for lot in taken), ZERO)
        for lot in taken:
            shares = abs(lot.quantity)
            part = pro_rata(amount, shares, left)
            self.disposals.append(Disposal(lot, self.units_of(lot), part, sold, at, note))
            amount, left = amount - part, left - shares

    def _add(self, symbol: str, lot: TaxLot) -> None:
        lots = self._lots(symbol)
        lots.append(lot)
        if len(lots) > 1 and lots[-2].at > lot.at:
            self.lots[symbol] = deque(sorted(lots, key=lambda each: each.at))

    # --- corporate actions ----------------------------------------------------------------------

    def _split(self, event: SplitEvent) -> None:
        if lots := self._lots(event.symbol):
            self.factors[lots[0].security] *= event.ratio
            self.lots[event.symbol] = _rescaled(lots, event.ratio)
            self._settle_fraction(event, event.symbol, event.ratio, f"split of {event.symbol}")

    def _settle_fraction(self, event: SplitEvent | Reorganisation, symbol: str, ratio: Decimal, what: str) -> None:
        """Take out the fraction of a share that the broker paid in cash: a sale (Pub. 550, Fractional shares)."""
        fraction = (abs(event.quantity_before) * ratio - abs(event.quantity_after)).quantize(NANO_SHARE)
        if fraction < 0 and self._lots(symbol):  # rounded up
            newest = self._lots(symbol)[-1]
            more = (-fraction).copy_sign(newest.quantity)
            self._lots(symbol)[-1] = replace(newest, quantity=newest.quantity + more)
        if fraction <= 0:
            return
        taken = _take(self._lots(symbol), fraction)
        paid = self._payment(event, symbol)
        if paid is None:
            text = f"{canonical(fraction)} shares of {symbol} were left over by the {what}, and no payment is known for"
            self.remarks.append((event.session, f"{text} them: no row reports them"))
        elif taken:
            amount = paid.amount if taken[0].quantity > 0 else -paid.amount
            self._dispose(taken, amount, paid.session, paid.at, f"cash in lieu of a fraction, {what}")

    def _payment(self, event: SplitEvent | Reorganisation, symbol: str) -> CashEvent | None:
        """The first payment of cash in lieu for an event's shares, now called ``symbol``, that is not used yet."""
        symbols = (event.symbol, symbol)
        near = (paid for paid in self.payments if abs(paid.session - event.session) <= PAID_WITHIN)
        found = next((paid for paid in near if paid.symbol in symbols), None)
        if found is not None:
            self.payments.remove(found)
        return found

    def _reorganise(self, event: Reorganisation) -> None:
        lots, new = self._lots(event.symbol), event.new_symbol
        if not lots:
            return
        match event.kind:
            case _ if new is None:
                self._end_for_cash(event)
            case ActionKind.SPIN_OFF:
                note = f"spun off from {event.symbol}: divide the cost by the company's Form 8937"
                self.remarks.append((event.session, f"{new} was {note}"))
                self._arrive(new, _spun_off(lots, event, note), self._security(new))
                self._settle_fraction(event, new, event.ratio, f"spin-off of {new}")
            case ActionKind.STOCK_MERGER:
                note = f"shares of {event.symbol} before its merger: see the company's Form 8937"
                self.remarks.append((event.session, f"{event.symbol} merged into {new}: see the company's Form 8937"))
                merged = [replace(lot, is_bought=False, note=note) for lot in _rescaled(lots, event.ratio)]
                lots.clear()
                self._arrive(new, merged, self._security(new))
                self._settle_fraction(event, new, event.ratio, f"merger of {event.symbol}")
            case _:
                renamed = list(lots)
                security = self.securities.pop(event.symbol)
                lots.clear()
                if not self._lots(new):
                    self.securities[new] = security
                self._arrive(new, renamed, self._security(new))

    def _end_for_cash(self, event: Reorganisation) -> None:
        taken = list(self._lots(event.symbol))
        self._lots(event.symbol).clear()
        shares = sum((abs(lot.quantity) for lot in taken), ZERO)
        paid = self._payment(event, event.symbol)
        amount = to_cents(event.cash * shares) if paid is None or event.cash else abs(paid.amount)
        note = "merger for cash" if event.kind is ActionKind.CASH_MERGER else "delisted"
        if not amount:
            note = f"{note} without a payment: a loss is yours to claim only in the year in which it is worth nothing"
        self._dispose(taken, amount, event.session, event.at, note)

    def _arrive(self, symbol: str, arrived: Iterable[TaxLot], security: int) -> None:
        """Add lots under another symbol. Shares that were sold there before close those that arrive."""
        for lot in arrived:
            rest = replace(lot, symbol=symbol, security=security)
            lots = self._lots(symbol)
            while rest.quantity and lots and lots[0].quantity * rest.quantity < 0:
                [other] = _take(lots, min(abs(rest.quantity), abs(lots[0].quantity)))
                shares = abs(other.quantity)
                gone = pro_rata(rest.amount, shares, abs(rest.quantity))
                closed = replace(rest, quantity=shares.copy_sign(rest.quantity), amount=gone)
                self._dispose([closed], other.amount, other.known_since, other.at, "sold under its new symbol")
                rest = replace(rest, quantity=rest.quantity - closed.quantity, amount=rest.amount - gone)
            if rest.quantity:
                self._add(symbol, rest)

    # --- corrections ----------------------------------------------------------------------------

    def _adjust(self, adjustment: Adjustment) -> None:
        symbol, quantity, session = adjustment.symbol, adjustment.quantity, adjustment.session
        lots = self._lots(symbol)
        if lots and lots[0].quantity * quantity < 0:
            taken = _take(lots, abs(quantity))
            quantity += sum((lot.quantity for lot in taken), ZERO)
            text = f"{plural(abs(adjustment.quantity), 'share')} of {symbol} left the account by a correction"
            self.remarks.append((session, f"{text} ({adjustment.reason}): no sale is reported"))
        if quantity:
            begin = is_of_opening(adjustment)
            note = f"{'held before these records begin' if begin else 'booked by a correction'} on {session}"
            cost = "cost by the broker's average price" if adjustment.price else "cost unknown, 0.00 stands for it"
            lot = TaxLot(
                purchase=adjustment.adjustment_id,
                symbol=symbol,
                security=self._security(symbol),
                quantity=quantity,
                amount=to_cents(abs(quantity) * adjustment.price),
                acquired=None,
                known_since=session,
                at=adjustment.at,
                is_bought=False,
                note=f"{note}: date unknown, {cost}",
            )
            self._add(symbol, lot)

    # --- symbols --------------------------------------------------------------------------------

    def _lots(self, symbol: str) -> deque[TaxLot]:
        return self.lots.setdefault(symbol, deque())

    def _security(self, symbol: str) -> int:
        """The security that a symbol names now. A symbol that another took over names a new one when used again."""
        if symbol not in self.securities:
            self.securities[symbol] = len(self.factors)
            self.factors.append(ONE)
        return self.securities[symbol]


def _take(lots: deque[TaxLot], shares: Decimal) -> list[TaxLot]:
    """Take ``shares`` out of ``lots``, oldest first; fewer where there are fewer."""
    taken: list[TaxLot] = []
    while shares > 0 and lots:
        oldest = lots.popleft()
        held = abs(oldest.quantity)
        part = min(shares, held)
        amount = pro_rata(oldest.amount, part, held)
        gone = replace(oldest, quantity=part.copy_sign(oldest.quantity), amount=amount)
        taken.append(gone)
        if part < held:
            lots.appendleft(replace(oldest, quantity=oldest.quantity - gone.quantity, amount=oldest.amount - amount))
        shares -= part
    return taken


def _rescaled(lots: Iterable[TaxLot], ratio: Decimal) -> deque[TaxLot]:
    """Lots on the basis of a split. Running totals are rounded, so that the sum is exact; the cost stays."""
    scaled, before, after, carried = deque[TaxLot](), ZERO, ZERO, ZERO
    for lot in lots:
        before += abs(lot.quantity)
        end = (before * ratio).quantize(NANO_SHARE)
        if end == after:  # too few shares to be one thousand-millionth afterwards
            carried += lot.amount
            continue
        quantity = (end - after).copy_sign(lot.quantity)
        scaled.append(replace(lot, quantity=quantity, amount=lot.amount + carried))
        after, carried = end, ZERO
    if carried and scaled:
        newest = scaled.pop()
        scaled.append(replace(newest, amount=newest.amount + carried))
    return scaled


def _spun_off(lots: Iterable[TaxLot], event: Reorganisation, note: str) -> list[TaxLot]:
    return [
        replace(lot, amount=to_cents(abs(lot.quantity) * event.price), is_bought=False, note=note)
        for lot in _rescaled(lots, event.ratio)
    ]
