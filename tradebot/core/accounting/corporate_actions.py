"""Corporate actions by evidence: announced actions that explain why the broker shows other shares than the ledger.

An action counts only when shares, prices and cash at the broker are exactly as it would leave them. What is booked by
evidence has an id of its own; a row of the broker's that tells of it later changes nothing.

Fills since the action count: what the action makes of the shares before them, and they of that, is what the broker
shows. So an action is found after a stop has sold all that it made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from tradebot.core.accounting.lots import book_split, shown_average
from tradebot.core.accounting.rebooking import Histories, book_again, effective_since, lots_at
from tradebot.core.model.account import (
    EVIDENCE,
    ActionKind,
    Activity,
    CashEvent,
    CashKind,
    CorporateAction,
    Fill,
    Position,
    Reorganisation,
    SplitEvent,
    id_of,
)
from tradebot.core.model.exchange_time import start_of_day
from tradebot.core.model.holdings import Lot, shares_of
from tradebot.core.model.ledger_rows import BookedActivity
from tradebot.core.model.values import CENT, NANO_SHARE, ONE, ZERO, plural, tick_size, to_cents

#: How many days a row of the broker's and the date of an announcement may lie apart and still be of one action.
SAME_ACTION = timedelta(days=14)
#: How far an average price may be from the one that a split makes: brokers round it before and after.
_ROUNDING = Decimal("0.001")
#: The kinds that leave the symbol's shares there, so that fills since may be of the same symbol.
_GOES_ON = frozenset({ActionKind.SPLIT, ActionKind.SPIN_OFF})

Action = SplitEvent | Reorganisation


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the ledger, the broker and the market say at one moment."""

    lots: tuple[Lot, ...]  # all open lots
    positions: tuple[Position, ...]
    announced: tuple[CorporateAction, ...]  # with an ex-date that has come
    asset_ids: Mapping[str, str]  # the id of each held symbol's asset, as the ledger remembers it
    booked: tuple[Action, ...]  # recent splits and reorganisations
    payments: tuple[CashEvent, ...]  # recent cash that was booked for a symbol
    cash: Decimal  # USD that the broker shows beyond what the ledger explains
    at: datetime
    session: date
    histories: Histories = field(default_factory=dict)  # of the symbols whose shares differ, and those connected
    #: the previous closes, on today's basis, of symbols without a position
    closes: Mapping[str, Decimal] = field(default_factory=dict)


def found_by_evidence(evidence: Evidence) -> tuple[Activity, ...]:
    """The splits, reorganisations and payments that explain a difference, in the order in which they are booked."""
    return tuple(_Search(evidence).found())


def has_other_asset(position: Position, asset_ids: Mapping[str, str]) -> bool:
    """Whether a symbol stands for another asset than the one that the ledger holds."""
    known = asset_ids.get(position.symbol)
    return known is not None and position.asset_id is not None and position.asset_id != known


def is_told_again(activity: Activity, booked: Iterable[Activity]) -> bool:
    """Whether a row of the broker's tells of something that was booked by evidence. ``booked``: the recent ones."""
    return any(_is_same(activity, other) for other in booked if id_of(other).startswith(EVIDENCE))


def _is_same(told: Activity, booked: Activity) -> bool:
    if abs(told.session - booked.session) > SAME_ACTION:
        return False
    match told, booked:
        case SplitEvent(), SplitEvent():
            shares = (told.quantity_before, told.quantity_after) == (booked.quantity_before, booked.quantity_after)
            return told.symbol == booked.symbol and (shares or told.ratio == booked.ratio)
        case Reorganisation(), Reorganisation():
            return (told.symbol, told.new_symbol) == (booked.symbol, booked.new_symbol)
        case CashEvent(), CashEvent():
            same_symbol = told.symbol is None or told.symbol == booked.symbol
            return same_symbol and not told.kind.is_external and abs(told.amount - booked.amount) <= CENT
    return False


class _Search:
    """The search for actions that explain an account."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.there = {position.symbol: position for position in evidence.positions}
        self.lots: dict[str, tuple[Lot, ...]] = {}
        for lot in evidence.lots:
            self.lots[lot.symbol] = (*self.lots.get(lot.symbol, ()), lot)

    def found(self) -> Iterator[Activity]:
        explained: set[str] = set()
        for action in sorted(self.evidence.announced, key=lambda action: action.ex_date):
            if action.symbol not in explained and self._may_be_new(action):
                events = self._explained_by(action)
                explained |= {action.symbol} if events else set()
                yield from events
        for symbol in sorted(self.lots.keys() - explained):
            yield from self._same_asset(symbol)

    def _may_be_new(self, action: CorporateAction) -> bool:
        """Whether an action is not booked yet, and concerns shares of the ledger."""
        booked = (each for each in self.evidence.booked if each.symbol == action.symbol)
        return bool(self._lots_then(action)) and not any(_is_of(each, action) for each in booked)

    def _lots_then(self, action: CorporateAction) -> tuple[Lot, ...]:
        """The lots that an action concerns: those of before its ex-date."""
        if action.kind in _GOES_ON and self._since(action):
            return lots_at(self.evidence.histories, action.symbol, start_of_day(action.ex_date))
        lots = self.lots.get(action.symbol, ())
        return lots if all(lot.session < action.ex_date for lot in lots) else ()

    def _since(self, action: CorporateAction) -> tuple[BookedActivity, ...]:
        """What was booked of an action's symbol since its ex-date began."""
        history = self.evidence.histories.get(action.symbol)
        return () if history is None else effective_since(history, start_of_day(action.ex_date))

    def _explained_by(self, action: CorporateAction) -> tuple[Activity, ...]:
        match action.kind:
            case ActionKind.SPLIT:
                return self._split(action)
            case ActionKind.NAME_CHANGE | ActionKind.STOCK_MERGER | ActionKind.SPIN_OFF:
                return self._other_shares(action)
            case ActionKind.CASH_MERGER | ActionKind.DELISTING:
                return self._end(action)
        return ()

    def _split(self, action: CorporateAction) -> tuple[Activity, ...]:
        then, since = self._lots_then(action), self._since(action)
        if not all(isinstance(each.activity, Fill) for each in since):
            return ()
        before, made = shares_of(then), self._at_broker(action.symbol) - _traded(since)
        if made == before or not _fits(made, before * action.value):
            return ()
        event = SplitEvent(
            event_id=_id_of(action),
            symbol=action.symbol,
            ratio=action.value,
            quantity_before=before,
            quantity_after=made,
            at=self.evidence.at,
            session=self.evidence.session,
            effective_at=start_of_day(action.ex_date),
        )
        return (event,) if self._shows_prices_of(event, then, since) else ()

    def _shows_prices_of(self, event: SplitEvent, then: tuple[Lot, ...], since: tuple[BookedActivity, ...]) -> bool:
        """Whether the position's average price is that after a split; where none is left, the prices of the fills."""
        position = self.there.get(event.symbol)
        if position is None or position.quantity == 0:
            return bool(since) and all(self._is_on_new_basis(each, event) for each in since)
        before = shown_average(then)
        if since:
            lots = book_split(then, event).lots
            for each in since:
                lots = book_again(lots, each).lots
            before = shown_average(lots) * event.ratio
        return _moved(before, position.average_price, event.ratio)

    def _is_on_new_basis(self, booked: BookedActivity, event: SplitEvent) -> bool:
        """Whether a fill's price is nearer to the previous close than to that on the basis of before the split."""
        close, fill = self.evidence.closes.get(event.symbol), booked.activity
        if close is None or not isinstance(fill, Fill):
            return False
        between = close * close * event.ratio  # the square of the price in the middle of both, as factors go
        return fill.price**2 < between if event.ratio > ONE else fill.price**2 > between

    def _other_shares(self, action: CorporateAction) -> tuple[Activity, ...]:
        """A change of name, a merger for stock, or a spin-off: shares of the new symbol beside those of the ledger."""
        here, new = self._here(action.symbol), action.new_symbol
        if new is None:
            return ()
        shown = self.there.get(new)
        made = self._at_broker(new) - self._here(new)
        then = shares_of(self._lots_then(action))
        if made == 0 or not _fits(made, then * action.value):
            return ()
        stays = self._at_broker(action.symbol) == here
        if stays is not (action.kind is ActionKind.SPIN_OFF) or not (stays or self._is_gone(action.symbol)):
            return ()
        if action.kind is ActionKind.NAME_CHANGE and shown and not self._is_same_holding(action.symbol, shown):
            return ()
        price = shown.average_price if shown and action.kind is ActionKind.SPIN_OFF else ZERO
        event = replace(self._event(action, new, action.value, made, price), quantity_before=then)
        return (event, *self._payment(action, here * action.cash))

    def _is_same_holding(self, symbol: str, shown: Position) -> bool:
        """Whether a position may be a holding under a new symbol: by the asset's id, or by its cost where that differs.

        No documentation of Alpaca's says whether an asset keeps its id.
        """
        known = self.evidence.asset_ids.get(symbol)
        if known is None or shown.asset_id in (None, known):
            return True
        cost = shown_average(self.lots[symbol])
        return abs(shown.average_price - cost) <= tick_size(cost)

    def _end(self, action: CorporateAction) -> tuple[Activity, ...]:
        """A merger for cash or a delisting: the shares are gone, and their price was paid."""
        payment = to_cents(self._here(action.symbol) * action.value)
        if not self._is_gone(action.symbol):
            return ()
        unbooked = self._payment(action, payment)
        if payment and not unbooked and not self._is_paid(action, payment):
            return ()
        return (self._event(action, None, ZERO, ZERO, ZERO), *unbooked)

    def _same_asset(self, symbol: str) -> Iterator[Activity]:
        """A holding whose asset the broker shows under another symbol, although nothing is announced."""
        known, here = self.evidence.asset_ids.get(symbol), self._here(symbol)
        if known is None or not self._is_gone(symbol):
            return
        for position in self.evidence.positions:
            other = position.symbol
            if position.asset_id == known and position.quantity == here + self._here(other):
                action = CorporateAction(symbol, self.evidence.session, ActionKind.NAME_CHANGE, ONE, other)
                yield self._event(action, other, ONE, here, ZERO)
                return

    def _payment(self, action: CorporateAction, amount: Decimal) -> tuple[CashEvent, ...]:
        """The payment of ``amount`` where the broker shows it and no row has told of it."""
        if not amount or abs(self.evidence.cash - amount) > CENT or self._is_paid(action, amount):
            return ()
        return (
            CashEvent(
                event_id=f"{_id_of(action)}:cash",
                kind=CashKind.CASH_IN_LIEU,
                amount=self.evidence.cash,
                at=self.evidence.at,
                session=self.evidence.session,
                symbol=action.symbol,
                note=f"{plural(self._here(action.symbol), 'share')} of {action.symbol}, {action.kind}",
            ),
        )

    def _is_paid(self, action: CorporateAction, amount: Decimal) -> bool:
        paid = (
            each.amount
            for each in self.evidence.payments
            if each.symbol == action.symbol and each.session >= action.ex_date and each.kind is CashKind.CASH_IN_LIEU
        )
        return abs(sum(paid, ZERO) - amount) <= CENT

    def _event(
        self, action: CorporateAction, new: str | None, ratio: Decimal, made: Decimal, price: Decimal
    ) -> Reorganisation:
        return Reorganisation(
            event_id=_id_of(action),
            kind=action.kind,
            symbol=action.symbol,
            new_symbol=new,
            ratio=ratio,
            quantity_before=self._here(action.symbol),
            quantity_after=made,
            cash=action.value if new is None else action.cash,
            at=self.evidence.at,
            session=self.evidence.session,
            price=price,
            effective_at=None if new is None else self._effective_at(action, new),
        )

    def _effective_at(self, action: CorporateAction, new: str) -> datetime:
        """From when shares are those of the new symbol: the ex-date, or what the fills under both symbols say."""
        begins = start_of_day(action.ex_date)
        if action.kind is ActionKind.SPIN_OFF:
            return begins
        last = max(self._fill_times(action.symbol), default=None)
        if last is not None and last >= begins:
            begins = last + timedelta(microseconds=1)
        if action.kind is ActionKind.NAME_CHANGE:
            return min([begins, *(at for at in self._fill_times(new) if last is None or at > last)])
        return begins

    def _fill_times(self, symbol: str) -> list[datetime]:
        history = self.evidence.histories.get(symbol)
        activities = () if history is None else history.activities
        return [booked.activity.at for booked in activities if isinstance(booked.activity, Fill)]

    def _is_gone(self, symbol: str) -> bool:
        """Whether the broker shows no shares of a symbol that are the ledger's."""
        position = self.there.get(symbol)
        return position is None or position.quantity == 0 or has_other_asset(position, self.evidence.asset_ids)

    def _here(self, symbol: str) -> Decimal:
        return shares_of(self.lots.get(symbol, ()))

    def _at_broker(self, symbol: str) -> Decimal:
        position = self.there.get(symbol)
        return position.quantity if position else ZERO


def _id_of(action: CorporateAction) -> str:
    return f"{EVIDENCE}{action.kind}:{action.symbol}:{action.ex_date}"


def _is_of(booked: Action, action: CorporateAction) -> bool:
    """Whether a booked event is an announced action, or one after it on whose basis the lots are."""
    is_split = action.kind is ActionKind.SPLIT
    if is_split is not isinstance(booked, SplitEvent):
        return False
    if is_split and booked.session >= action.ex_date:
        return True
    same = booked.kind is action.kind if isinstance(booked, Reorganisation) else booked.ratio == action.value
    return same and abs(booked.session - action.ex_date) <= SAME_ACTION


def _traded(booked: Iterable[BookedActivity]) -> Decimal:
    """The shares that fills bought, less those that they sold."""
    fills = (each.activity for each in booked if isinstance(each.activity, Fill))
    return sum((fill.side.sign * fill.quantity for fill in fills), ZERO)


def _fits(shares: Decimal, exact: Decimal) -> bool:
    """Whether a broker shows ``shares`` where ``exact`` ones came about: all, or the whole ones with the rest paid."""
    rounded = exact.quantize(NANO_SHARE)
    return shares != 0 and shares in (rounded, Decimal(int(rounded)))


def _moved(before: Decimal, after: Decimal, ratio: Decimal) -> bool:
    """Whether the average price moved by the ratio of a split."""
    expected = before / ratio
    tolerance = max(tick_size(after), tick_size(before) / ratio, expected * _ROUNDING)
    return abs(after - expected) <= tolerance and abs(after - expected) < abs(after - before)
