"""The loop of one emergency stop: read the account, and send what is missing to the goal."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import TypeVar

from tradebot.core.accounting.corporate_actions import is_told_again
from tradebot.core.accounting.unbooked import lots_including
from tradebot.core.model.account import Activity, Fill, MarketClock, Position, Quote, SplitEvent
from tradebot.core.model.orders import BrokerOrder, Intent, OrderRequest, OrderType, Purpose, TimeInForce
from tradebot.core.model.ownership import BookedPositions, ours_among
from tradebot.core.model.values import after_split
from tradebot.core.results.outcomes import FailureLine
from tradebot.core.results.stop_entry import CANCELLED, StopEntry
from tradebot.core.safety.identity import followed, unfollowed_gaps
from tradebot.core.safety.lost_orders import QUARANTINE, Look, holds_nothing_else
from tradebot.core.safety.stop_coverage import Gap
from tradebot.core.safety.stop_state import OwnedShares, StopGoal, StopState, blocks
from tradebot.errors import AuthNeeded, Blocked, BrokerUnavailable, TradebotError
from tradebot.jobs.emergency_stop.desk import StopDesk
from tradebot.jobs.emergency_stop.submit import StopSender
from tradebot.jobs.emergency_stop.unseen import unseen_entries
from tradebot.jobs.saleable import saleable_shares

#: Seconds between reads of the account; the last of them is repeated.
PAUSES = (0.0, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 10.0)
#: Seconds between two checks whether another job is still running.
STEP_FOR_OTHERS = 0.2
#: Reads after which the cancel of an order that is still live is requested again.
CANCEL_AGAIN_AFTER = 3
#: Failed reads after which the ledger's cursor is given up, and the broker is asked for all activities.
READS_BEFORE_DOUBT = 3

#: Errors of a read that failed. Blocked: keys may be revoked while a stop runs.
READ_ERRORS = (BrokerUnavailable, Blocked)

T = TypeVar("T")
_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class EmergencyStop:
    """What one emergency stop has read and done so far.

    trouble: why an order or a position did not end
    cancelled: orders whose cancel the broker took, by broker order id, with the number of the read
    """

    desk: StopDesk
    goal: StopGoal
    sender: StopSender
    booked: BookedPositions = field(default_factory=BookedPositions)
    held: BookedPositions | None = None  # the same under the symbols of the newest read of the positions
    changed: dict[str, str] = field(default_factory=dict)  # the symbol of today by the ledger's, where they differ
    market: MarketClock | None = None
    state: StopState | None = None  # the newest read; None before the first
    has_agreed: bool = False  # whether enough reads in a row showed the goal
    not_told: str = ""  # why jobs on other hosts may go on
    at_work: str = ""  # the job that still runs, by the newest check
    read_number: int = 0
    failures: list[FailureLine] = field(default_factory=list)
    trouble: dict[object, str] = field(default_factory=dict)  # by broker order id, or OwnedShares.key
    unread: dict[str, str] = field(default_factory=dict)  # what the newest read could not read, and why
    cancelled: dict[str, tuple[BrokerOrder, int]] = field(default_factory=dict)  # requested in read n
    refused: set[str] = field(default_factory=set)  # broker ids of orders whose newest cancel was refused
    closing: dict[tuple[str, bool], OwnedShares] = field(default_factory=dict)  # to be closed, as first read
    unsaleable: set[tuple[str, bool]] = field(default_factory=set)  # OwnedShares.key of fractions that nobody takes
    waited_for: set[tuple[str, bool]] = field(default_factory=set)  # OwnedShares.key of shares whose entry is live
    sent: dict[str, Purpose] = field(default_factory=dict)  # by client_order_id
    fills_before: frozenset[str] = frozenset()  # fill ids of the first read
    timings: dict[str, float] = field(default_factory=dict)  # seconds since ``desk.began``
    first_read_at: datetime | None = None  # desk time, aware UTC
    unseen: tuple[Intent, ...] = ()  # entries that may be at the broker, though the newest read shows them nowhere
    locked_out: str = ""  # why only a person can go on at the broker; "" where it answers
    elapsed: float = 0.0  # seconds since the first read, pauses that took no time counted
    _splits: dict[str, Decimal] = field(default_factory=dict)  # ratio by symbol, of splits that are not booked

    # --- reading -------------------------------------------------------------------------------

    def reads(self) -> Iterator[int]:
        """The number of each read for which there is time, after the pause before it.

        Where waiting takes no time, as at the embedded exchange, the pauses count as if it had.
        """
        began, paused = self.desk.clock.wall(), 0.0
        self.first_read_at = self.now()
        while True:
            self.elapsed = max(paused, (self.desk.clock.wall() - began).total_seconds())
            if self.read_number and self.elapsed >= self.desk.timeout:
                return
            pause = PAUSES[min(self.read_number, len(PAUSES) - 1)]
            pause = min(pause, max(0.0, self.desk.timeout - paused))
            if self.at_work:
                paused += self._wait_for_others(pause)
            else:
                self.desk.clock.sleep(pause)
                paused += pause
            self.elapsed = max(paused, (self.desk.clock.wall() - began).total_seconds())
            self.read_number += 1
            yield self.read_number

    def _wait_for_others(self, most: float) -> float:
        """Wait while another job runs, for at most ``most`` seconds. Returns the seconds waited."""
        waited = 0.0
        while waited < most and self.others_at_work():
            seconds = min(STEP_FOR_OTHERS, most - waited)
            self.desk.others.wait(seconds)
            waited += seconds
        return waited

    def read(self) -> StopState | None:
        """Read the account; None when not even its orders can be read."""
        broker = self.desk.broker
        self.unread.clear()
        orders = self._read("orders", broker.open_orders)
        if orders is None:
            return None
        activities = self._activities()
        positions = self._read("positions", broker.positions)
        with suppress(*READ_ERRORS):  # it only says whether the market is open, and an older one does too
            self.market = broker.clock()
        asked = partial(unseen_entries, broker, self.booked.entries_in_doubt, self.session(), self.market)
        self.unseen = self._read("orders in doubt", asked) or ()
        fills = tuple(activity for activity in activities if isinstance(activity, Fill))
        if self.state is None:
            self.fills_before = frozenset(fill.fill_id for fill in fills)
        self._splits = {}
        for activity in activities:
            if isinstance(activity, SplitEvent):
                self._splits[activity.symbol] = self._splits.get(activity.symbol, Decimal(1)) * activity.ratio
        self.state = StopState(
            ownership=self.desk.ownership,
            goal=self.goal,
            orders=orders,
            positions=None if positions is None else {position.symbol: position for position in positions},
            lots=lots_including(self._follow(positions), activities, self.desk.ownership),
            fills=fills,
            market_is_open=self.market is None or self.market.is_open,
        )
        if self.state.is_reached and not self.unread:
            self.timings.setdefault("reached", self.seconds())
        return self.state

    def may_still_arrive(self) -> bool:
        """Whether an entry that no list has may be on its way: until then nothing is said of the end."""
        return bool(self.unseen) and self.elapsed < QUARANTINE.total_seconds()

    def _follow(self, positions: tuple[Position, ...] | None) -> BookedPositions:
        """What the ledger has booked, under the symbols of today as far as the ids of assets tell them."""
        if positions is not None:
            self.held, changed = followed(self.booked, positions)
            for old, new in changed.items() - self.changed.items():
                what = f"is {new} at the broker now" if new else "stands for shares of another company now"
                self._journal(what, old)
            self.changed = changed
        return self.held or self.booked

    def unfollowed(self) -> tuple[Gap, ...]:
        """The shares without a stop that are probably ours under a symbol that nothing connects with the ledger's."""
        state = self.state
        if state is None or state.positions is None:
            return ()
        held = [each for each in (self.held or self.booked).holdings if ours_among(state.lots.get(each.symbol, ()))]
        lots = [lot for of_symbol in state.lots.values() for lot in of_symbol]
        return unfollowed_gaps(held, state.positions.values(), lots, state.orders)

    def others_at_work(self) -> bool:
        """Whether a running job may still send an order that it had begun to send when the latch was set."""
        before, self.at_work = self.at_work, self.desk.others.at_work()
        if self.at_work and not before:
            self.desk.say(f"Waiting until another job has stopped: {self.at_work}. It sends no entry any more.")
        return bool(self.at_work)

    def read_ledger(self) -> None:
        """Read what the ledger explains, once other hosts send no more. Without it the broker's own records decide."""
        self.not_told = self.desk.hosts_not_told()
        try:
            self.booked = self.desk.booked()
        except Exception as error:  # noqa: BLE001 - no error of a damaged ledger ends a stop; it is reported
            _LOG.warning("the ledger cannot be read: %s", error)
            message = f"it cannot be read; the broker's own records tell what is ours ({error})"
            self.failures.append(FailureLine("ledger", message))

    def session(self) -> date:
        """The session of orders sent now; today's date in UTC where the broker's clock can't be read."""
        return (self.market.session if self.market is not None else None) or self.now().date()

    def now(self) -> datetime:
        """Desk time, aware UTC; the machine's where the broker can't be asked."""
        try:
            return self.desk.clock.now()
        except BrokerUnavailable:
            return self.desk.clock.wall()

    def seconds(self) -> float:
        """Seconds since the stop began."""
        return time.perf_counter() - self.desk.began

    def quotes(self, symbols: Iterable[str]) -> Mapping[str, Quote]:
        """The newest prices by symbol; none where they can't be read."""
        try:
            return self.desk.market.quotes(symbols)
        except READ_ERRORS as error:
            _LOG.warning("no prices: %s", error)
            return {}

    def _activities(self) -> tuple[Activity, ...]:
        """The activities that the ledger has not booked; all of them where the broker does not know its cursor."""
        broker = self.desk.broker
        activities = self._read("activities", self._unbooked)
        if activities is None and self.booked.cursor is not None and self.read_number >= READS_BEFORE_DOUBT:
            activities = self._read("activities", lambda: broker.activities(None))
            if activities is not None:
                self.booked, self.held = BookedPositions(), None
                del self.unread["activities"]
                message = "the broker does not know where it ends; the broker's own records tell what is ours"
                self.failures.append(FailureLine("ledger", message))
        self.unread |= {f"activities of {each.symbol}": each.why for each in broker.unread_activities() if each.waits}
        return activities or ()

    def _unbooked(self) -> tuple[Activity, ...]:
        """The activities after the ledger's cursor, and those before it that were told late."""
        broker, booked = self.desk.broker, self.booked
        new = broker.activities(booked.cursor)
        late = () if booked.cursor is None else broker.late_activities(booked.cursor, booked.knows)
        unbooked = (activity for activity in (*late, *new) if booked.lacks(activity))
        return tuple(activity for activity in unbooked if not is_told_again(activity, booked.corporate_actions))

    def _read(self, what: str, call: Callable[[], T]) -> T | None:
        try:
            return call()
        except READ_ERRORS as error:
            self.unread[what] = str(error)
            if isinstance(error, AuthNeeded):
                self.locked_out = str(error)
            return None

    def is_at_rest(self, state: StopState) -> bool:
        """Whether nothing can be done now; what is left to close may be fractions that the broker does not sell."""
        if state.is_at_rest:
            return True
        nothing_to_send = state.positions is not None and not state.to_cancel() and not state.bare()
        return nothing_to_send and all(owned.key in self.unsaleable for owned in state.to_close())

    # --- acting --------------------------------------------------------------------------------

    def cancel_entries_at_once(self) -> None:
        """Cancel the orders that are entries by their ids, before anything else is read."""
        orders = self._read("orders", self.desk.broker.open_orders) or ()
        for order in StopState(self.desk.ownership, self.goal, orders, None, {}).to_cancel():
            self._cancel(order)

    def act(self, state: StopState) -> None:
        """Send what is missing to the goal."""
        for owned in state.to_close():
            self.closing.setdefault(owned.key, owned)
        to_cancel = state.to_cancel()
        self._cancel_all(to_cancel, every=len(to_cancel) == len(state.orders))
        for owned in state.to_close():
            if any(blocks(order, owned) for order in to_cancel):
                self.trouble[owned.key] = "not sold, because an order that could not be cancelled may still sell it"
            elif not state.closing(owned):
                self._close(owned)
        quotes = self.quotes(owned.symbol for owned in state.bare())
        for owned in state.bare():
            if state.is_being_entered(owned) and owned.key not in self.waited_for:
                self.waited_for.add(owned.key)  # until the next read: Alpaca takes no stop beside an entry
                continue
            uncovered = state.coverable(owned) - state.unsettled(owned)
            if uncovered > 0:
                self._protect(owned, uncovered, quotes.get(owned.symbol))

    def protect_unclosed(self) -> None:
        """Place stops over the shares that should be closed and are not, once the time is up.

        Another emergency stop cancels these stops and tries to close again.
        """
        state = self.read()
        if state is None:
            return
        left = [owned for owned in state.to_close() if not owned.is_foreign and not state.closing(owned)]
        quotes = self.quotes(owned.symbol for owned in left)
        for owned in left:
            uncovered, trouble = state.coverable(owned), self.trouble.get(owned.key, "")
            if uncovered > 0:
                self._protect(owned, uncovered, quotes.get(owned.symbol))
                self.trouble.setdefault(owned.key, trouble)
        self.read()

    def _cancel_all(self, orders: tuple[BrokerOrder, ...], *, every: bool) -> None:
        """Cancel orders: in one request where ``every`` live order is among them and the broker takes it, or each."""
        due = [order for order in orders if self._is_due(order)]
        due_ids = {order.broker_order_id for order in due}
        if every and self.goal.include_foreign and len(due) > 1 and self.desk.broker.capabilities.cancel_all:
            try:
                self.desk.broker.cancel_all()
            except TradebotError as error:
                self._journal("cancel of all orders refused", detail=str(error))
            else:
                for order in due:
                    self._note_cancel(order)
                return
        for order in due:
            if order.parent_id not in due_ids:  # legs end with their parents
                self._cancel(order)

    def _is_due(self, order: BrokerOrder) -> bool:
        if order.broker_order_id not in self.cancelled or order.broker_order_id in self.refused:
            return True
        return self.read_number - self.cancelled[order.broker_order_id][1] >= CANCEL_AGAIN_AFTER

    def _cancel(self, order: BrokerOrder) -> None:
        try:
            self.desk.broker.cancel(order.broker_order_id)
        except TradebotError as error:  # it may have ended by itself, as later reads show
            self.trouble[order.broker_order_id] = str(error)
            self.refused.add(order.broker_order_id)
            self._journal("cancel refused", order.symbol, order.client_order_id, order.remaining, str(error))
        else:
            self.refused.discard(order.broker_order_id)
            self._note_cancel(order)

    def _note_cancel(self, order: BrokerOrder) -> None:
        self.timings.setdefault("first_cancel", self.seconds())
        self.cancelled[order.broker_order_id] = order, self.read_number
        self._journal(CANCELLED, order.symbol, order.client_order_id, order.remaining)

    def _close(self, owned: OwnedShares) -> None:
        symbol, price = owned.symbol, owned.position.market_price
        shares = saleable_shares(self.desk.broker, symbol, owned.shares, price)
        self.unsaleable.discard(owned.key)
        if shares:
            request = OrderRequest("", symbol, owned.closing_side, shares, OrderType.MARKET, TimeInForce.DAY)
            self._send(request, owned, Purpose.CLOSE, price)
        else:
            self.unsaleable.add(owned.key)
            self.trouble[owned.key] = "a fraction of a share that the broker does not sell"

    def _protect(self, owned: OwnedShares, shares: Decimal, quote: Quote | None) -> None:
        """Place a stop over uncovered shares. Where the price is beyond it already, sell at the market instead."""
        price = self._stop_price(owned)
        if price is None:
            self.trouble[owned.key] = "no stop price is known of it"
        elif quote is not None and (quote.last - price) * owned.position.quantity <= 0:
            self.closing.setdefault(owned.key, owned)
            self._close(owned)
        else:
            side = owned.closing_side
            request = OrderRequest("", owned.symbol, side, shares, OrderType.STOP, TimeInForce.GTC, stop_price=price)
            self._send(request, owned, Purpose.STOP, price)

    def _stop_price(self, owned: OwnedShares) -> Decimal | None:
        """The stop price of shares, USD on today's split basis: the holding's, else the entry's, else its bracket's."""
        for holding in (self.held or self.booked).holdings:
            if (holding.strategy, holding.symbol) == (owned.strategy, owned.symbol):
                return after_split(holding.stop_price, self._splits.get(owned.symbol, Decimal(1)))
        if self.state is None or owned.symbol in self._splits:
            return None
        for lot in reversed(ours_among(self.state.lots.get(owned.symbol, ()))):
            if planned := self.booked.entry_stops.get(lot.entry_client_order_id):
                return planned
            try:
                entry = self.desk.broker.order(lot.entry_client_order_id)
            except READ_ERRORS:
                continue
            for leg in entry.legs if entry else ():
                if leg.role is Purpose.STOP and leg.stop_price is not None:
                    return leg.stop_price
        return None

    def _send(self, request: OrderRequest, owned: OwnedShares, purpose: Purpose, price: Decimal) -> None:
        try:
            order_id = self.sender.send(request, owned.strategy, purpose, self.session(), price, self._look(owned))
        except (TradebotError, ValueError) as error:  # ValueError: no id can be made of a foreign symbol
            self.trouble[owned.key] = str(error)
            self._journal(f"{purpose} refused", owned.symbol, "", request.quantity, str(error))
            return
        if order_id is not None:
            self.sent[order_id] = purpose
            self.trouble.pop(owned.key, None)
            self._journal(f"{purpose} sent", owned.symbol, order_id, request.quantity)

    def _look(self, owned: OwnedShares) -> Look:
        """What the newest read shows of shares: whether an order that no list has holds any."""
        listed = self.state.orders if self.state else ()
        moment = (self.first_read_at or self.now()) + timedelta(seconds=self.elapsed)
        return Look(moment, may_have_filled=False, is_free=holds_nothing_else(owned.position, listed))

    def _journal(
        self, did: str, symbol: str = "", order_id: str = "", quantity: Decimal | None = None, detail: str = ""
    ) -> None:
        entry = StopEntry(self.now(), did, symbol, order_id, quantity, detail)
        self.desk.journal.write(entry)
        self.desk.say(entry.text)
