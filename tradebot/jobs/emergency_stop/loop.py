"""The work of one emergency stop: looking at the account, and sending what still has to be sent."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar

from tradebot.core.accounting.lots import lots_including
from tradebot.core.model.account import Activity, Fill, MarketClock, Quote, SplitEvent
from tradebot.core.model.orders import BrokerOrder, OrderRequest, OrderType, Purpose, TimeInForce
from tradebot.core.model.ownership import Explained, ours_among
from tradebot.core.model.values import to_tick
from tradebot.core.results.outcomes import FailureLine
from tradebot.core.results.results import StopEntry
from tradebot.core.safety.stop_state import OwnedShares, StopGoal, StopState, blocks
from tradebot.errors import Blocked, BrokerUnavailable, TradebotError
from tradebot.jobs.emergency_stop.desk import StopDesk
from tradebot.jobs.emergency_stop.submit import StopSender
from tradebot.jobs.job_run import session_of

#: Seconds between looks, the last of them for as long as it takes.
PAUSES = (0.0, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 10.0)
#: Seconds between two glances at whether another job is still at work.
STEP_FOR_OTHERS = 0.2
#: A cancel that the broker took, and whose order lives on, is asked for again after so many looks.
CANCEL_AGAIN_AFTER = 3
#: After so many looks in vain the ledger is taken for another account's, and the broker asked for everything.
LOOKS_BEFORE_LEDGER_IS_DOUBTED = 3

#: What a read that gave nothing raises: keys may be taken back while a stop is at work.
UNREAD = (BrokerUnavailable, Blocked)

T = TypeVar("T")
_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class Stop:
    """What one emergency stop has found and done so far.

    ``trouble`` says by an order's broker id, or by a stake's key, what stood in the way of ending it; ``unread`` what
    the newest look could not read; ``asked`` the orders whose cancel was asked for by their broker ids, with the number
    of the look; ``refused`` those of which the newest was refused; ``sent`` the ids of what it sent; ``stakes`` what is
    to be closed, as it was first seen.
    """

    desk: StopDesk
    wish: StopGoal
    sender: StopSender
    explained: Explained = field(default_factory=Explained)
    market: MarketClock | None = None
    last: StopState | None = None
    has_agreed: bool = False
    at_work: str = ""
    look_number: int = 0
    failures: list[FailureLine] = field(default_factory=list)
    trouble: dict[object, str] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)
    asked: dict[str, tuple[BrokerOrder, int]] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    stakes: dict[tuple[str, bool], OwnedShares] = field(default_factory=dict)
    sent: dict[str, Purpose] = field(default_factory=dict)
    fills_before: frozenset[str] = frozenset()
    timings: dict[str, float] = field(default_factory=dict)
    _splits: dict[str, Decimal] = field(default_factory=dict)

    # --- looking -------------------------------------------------------------------------------

    def looks(self) -> Iterator[int]:
        """The number of each look for which there is time, after the pause before it.

        Where waiting takes no time, as at the embedded exchange, the pauses count as if it had.
        """
        began, paused = self.desk.clock.wall(), 0.0
        while True:
            passed = (self.desk.clock.wall() - began).total_seconds()
            if self.look_number and max(paused, passed) >= self.desk.timeout:
                return
            pause = PAUSES[min(self.look_number, len(PAUSES) - 1)]
            pause = min(pause, max(0.0, self.desk.timeout - paused))
            if self.at_work:
                paused += self._wait_for_others(pause)
            else:
                self.desk.clock.sleep(pause)
                paused += pause
            self.look_number += 1
            yield self.look_number

    def _wait_for_others(self, most: float) -> float:
        """Wait while another job is at work, for at most so many seconds; gives how many it were."""
        waited = 0.0
        while waited < most and self.others_at_work():
            seconds = min(STEP_FOR_OTHERS, most - waited)
            self.desk.others.wait(seconds)
            waited += seconds
        return waited

    def look(self) -> StopState | None:
        """The account now; None when not even the orders can be read."""
        broker = self.desk.broker
        self.unread.clear()
        orders = self._read("orders", broker.open_orders)
        if orders is None:
            return None
        activities = self._activities()
        positions = self._read("positions", broker.positions)
        with suppress(*UNREAD):  # it only says whether the market is open; an older word does too
            self.market = broker.clock()
        fills = tuple(activity for activity in activities if isinstance(activity, Fill))
        if self.last is None:
            self.fills_before = frozenset(fill.fill_id for fill in fills)
        self._splits = {}
        for activity in activities:
            if isinstance(activity, SplitEvent):
                self._splits[activity.symbol] = self._splits.get(activity.symbol, Decimal(1)) * activity.ratio
        self.last = StopState(
            ownership=self.desk.ownership,
            wish=self.wish,
            orders=orders,
            positions=None if positions is None else {position.symbol: position for position in positions},
            lots=lots_including(self.explained, activities, self.desk.ownership),
            fills=fills,
            market_is_open=self.market is None or self.market.is_open,
        )
        if self.last.is_reached and not self.unread:
            self.timings.setdefault("reached", self.seconds())
        return self.last

    def others_at_work(self) -> bool:
        """Whether a job may still send an order that it was about to send when the latch was set."""
        before, self.at_work = self.at_work, self.desk.others.at_work()
        if self.at_work and not before:
            self.desk.say(f"Waiting until another job has stopped: {self.at_work}. It sends no entry any more.")
        return bool(self.at_work)

    def read_ledger(self) -> None:
        """What the ledger explains; nothing of it when it can't be read, and then the broker's own records tell."""
        try:
            self.explained = self.desk.explained()
        except Exception as error:  # noqa: BLE001 - whatever a damaged ledger answers, it stops no stop; and it is told
            _LOG.warning("the ledger cannot be read: %s", error)
            told = f"it cannot be read; the broker's own records tell what is ours ({error})"
            self.failures.append(FailureLine("ledger", told))

    def session(self) -> date:
        """The session that orders sent now belong to; today's date where the broker's clock can't be read."""
        return session_of(self.market) if self.market is not None else self.now().date()

    def now(self) -> datetime:
        """Desk time; the machine's where the broker can't be asked."""
        try:
            return self.desk.clock.now()
        except BrokerUnavailable:
            return self.desk.clock.wall()

    def seconds(self) -> float:
        return time.perf_counter() - self.desk.began

    def quotes(self, symbols: Iterable[str]) -> Mapping[str, Quote]:
        """The newest prices; none where they can't be read, be it that their source does not accept the keys."""
        try:
            return self.desk.market.quotes(symbols)
        except UNREAD as error:
            _LOG.warning("no prices: %s", error)
            return {}

    def _activities(self) -> tuple[Activity, ...]:
        """What the ledger has not booked; all there is of the account where the broker knows no such ledger."""
        broker = self.desk.broker
        found = self._read("activities", lambda: broker.activities(self.explained.cursor))
        if found is None and self.explained.cursor is not None and self.look_number >= LOOKS_BEFORE_LEDGER_IS_DOUBTED:
            found = self._read("activities", lambda: broker.activities(None))
            if found is not None:
                self.explained = Explained()
                del self.unread["activities"]
                told = "the broker does not know where it ends; the broker's own records tell what is ours"
                self.failures.append(FailureLine("ledger", told))
        return found or ()

    def _read(self, what: str, call: Callable[[], T]) -> T | None:
        try:
            return call()
        except UNREAD as error:
            self.unread[what] = str(error)
            return None

    # --- acting --------------------------------------------------------------------------------

    def cancel_entries_at_once(self) -> None:
        """Cancel what can open or add by its id alone, before anything else is read."""
        orders = self._read("orders", self.desk.broker.open_orders) or ()
        view = StopState(self.desk.ownership, self.wish, orders, None, {})
        for order in view.to_go():
            self._cancel(order)

    def act(self, view: StopState) -> None:
        """Send what still stands between a look and what was wanted."""
        for stake in view.to_close():
            self.stakes.setdefault(stake.key, stake)
        to_go = view.to_go()
        self._cancel_all(to_go, every=len(to_go) == len(view.orders))
        for stake in view.to_close():
            if any(blocks(order, stake) for order in to_go):
                self.trouble[stake.key] = "not sold, because an order that could not be cancelled may still sell it"
            elif not view.closing(stake):
                self._close(stake)
        quotes = self.quotes(stake.symbol for stake in view.bare())
        for stake in view.bare():
            self._protect(stake, view.coverable(stake), quotes.get(stake.symbol))

    def protect_what_did_not_close(self) -> None:
        """Arm the stops again of what was to be closed and is not, now that there is no time to try once more.

        Another emergency stop cancels them and tries again.
        """
        view = self.look()
        if view is None:
            return
        left = [stake for stake in view.to_close() if not stake.is_foreign and not view.closing(stake)]
        quotes = self.quotes(stake.symbol for stake in left)
        for stake in left:
            uncovered, trouble = view.coverable(stake), self.trouble.get(stake.key, "")
            if uncovered > 0:
                self._protect(stake, uncovered, quotes.get(stake.symbol))
                self.trouble.setdefault(stake.key, trouble)
        self.look()

    def _cancel_all(self, orders: tuple[BrokerOrder, ...], *, every: bool) -> None:
        """Cancel orders, in one request where every live one of the account has to go; singly where that fails."""
        due = [order for order in orders if self._is_due(order)]
        standing = {order.broker_order_id for order in due}
        if every and self.wish.include_foreign and len(due) > 1:
            try:
                self.desk.broker.cancel_all()
            except TradebotError as error:
                self._keep("cancel of all orders refused", detail=str(error))
            else:
                for order in due:
                    self._asked(order)
                return
        for order in due:
            if order.parent_id not in standing:  # legs end with their parents
                self._cancel(order)

    def _is_due(self, order: BrokerOrder) -> bool:
        if order.broker_order_id not in self.asked or order.broker_order_id in self.refused:
            return True
        return self.look_number - self.asked[order.broker_order_id][1] >= CANCEL_AGAIN_AFTER

    def _cancel(self, order: BrokerOrder) -> None:
        try:
            self.desk.broker.cancel(order.broker_order_id)
        except TradebotError as error:  # it may have ended by itself: the looks that follow tell
            self.trouble[order.broker_order_id] = str(error)
            self.refused.add(order.broker_order_id)
            self._keep("cancel refused", order.symbol, order.client_order_id, order.remaining, str(error))
        else:
            self.refused.discard(order.broker_order_id)
            self._asked(order)

    def _asked(self, order: BrokerOrder) -> None:
        self.timings.setdefault("first_cancel", self.seconds())
        self.asked[order.broker_order_id] = order, self.look_number
        self._keep("cancel asked for", order.symbol, order.client_order_id, order.remaining)

    def _close(self, stake: OwnedShares) -> None:
        request = OrderRequest("", stake.symbol, stake.closing_side, stake.shares, OrderType.MARKET, TimeInForce.DAY)
        self._send(request, stake, Purpose.CLOSE, stake.position.market_price)

    def _protect(self, stake: OwnedShares, shares: Decimal, quote: Quote | None) -> None:
        """Arm a stop over shares that have none; where the price has passed it already, sell as it would have."""
        price = self._stop_price(stake)
        if price is None:
            self.trouble[stake.key] = "no stop price is known of it"
        elif quote is not None and (quote.last - price) * stake.position.quantity <= 0:
            self.stakes.setdefault(stake.key, stake)
            self._close(stake)
        else:
            side = stake.closing_side
            request = OrderRequest("", stake.symbol, side, shares, OrderType.STOP, TimeInForce.GTC, stop_price=price)
            self._send(request, stake, Purpose.STOP, price)

    def _stop_price(self, stake: OwnedShares) -> Decimal | None:
        """Where a stake's stop belongs: as the ledger has it, else as its entry was sent; on today's split basis."""
        for holding in self.explained.holdings:
            if (holding.strategy, holding.symbol) == (stake.strategy, stake.symbol):
                return to_tick(holding.stop_price / self._splits.get(stake.symbol, Decimal(1)))
        if self.last is None or stake.symbol in self._splits:
            return None
        for lot in reversed(ours_among(self.last.lots.get(stake.symbol, ()))):
            try:
                entry = self.desk.broker.order(lot.entry_client_order_id)
            except UNREAD:
                continue
            for leg in entry.legs if entry else ():
                if leg.role is Purpose.STOP and leg.stop_price is not None:
                    return leg.stop_price
        return None

    def _send(self, request: OrderRequest, stake: OwnedShares, purpose: Purpose, price: Decimal) -> None:
        try:
            order_id = self.sender.send(request, stake.strategy, purpose, self.session(), price)
        except (TradebotError, ValueError) as error:  # ValueError: a person's symbol that no id can be made of
            self.trouble[stake.key] = str(error)
            self._keep(f"{purpose} refused", stake.symbol, "", request.quantity, str(error))
            return
        if order_id is not None:
            self.sent[order_id] = purpose
            self.trouble.pop(stake.key, None)
            self._keep(f"{purpose} sent", stake.symbol, order_id, request.quantity)

    def _keep(
        self, did: str, symbol: str = "", order_id: str = "", quantity: Decimal | None = None, detail: str = ""
    ) -> None:
        self.desk.journal.write(StopEntry(self.now(), did, symbol, order_id, quantity, detail))
