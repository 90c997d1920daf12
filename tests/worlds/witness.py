"""Looks on as a process works, and checks each order at the moment it leaves.

It checks against the truth, not against the story that the process was told: the exchange's own state, the rows that
are committed in the ledger, the latch file as it lies there.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from tests.worlds.controls import Leaving, broken_controls, known_to
from tests.worlds.limits import Scene, breaches, entries_of, stops_of
from tests.worlds.moment import Cover, Moment, cover, flows, moment
from tests.worlds.story import Promise
from tests.worlds.town import Town
from tradebot.brokers.paper import PaperBroker, PaperExchange, Phase
from tradebot.core.model.account import AccountSnapshot, MarketClock
from tradebot.core.model.halts import Halt, HaltScope
from tradebot.core.model.order_ids import DecisionId, parse
from tradebot.core.model.orders import OrderRequest, Purpose
from tradebot.core.model.values import ZERO, whole_shares
from tradebot.home.halt_file import LatchFile
from tradebot.jobs.emergency_stop.submit import ATTEMPTS
from tradebot.settings import Settings

#: The reads that make a look at the account, and how many of them belong to the newest look at the most.
_LOOKS = frozenset({"account", "positions", "open_orders", "activities"})
_LOOK = 8


class Witness:
    """Accompanies one process, ``who``.

    locks: whether it is one that has to hold the lock to send.
    misled: whether the broker gives it the same untrue positions more often than twice.
    """

    def __init__(self, town: Town, who: str, settings: Settings, *, locks: bool, misled: bool = False) -> None:
        self.town = town
        self.who = who
        self.settings = settings
        self.locks = locks
        self.misled = misled
        self._calls = 0
        self.moments: list[Moment] = []
        self.covers: deque[Cover] = deque(maxlen=_LOOK)
        self._latch_seen: tuple[int, tuple[Halt, ...]] = (-1, ())  # after how many calls, and what it held
        self._clock_seen: tuple[int, bool] = (-1, False)  # after how many calls, and whether the market was open
        self._sheet: tuple[Phase, Decimal] | None = None  # the phase and the equity that entries were planned with
        self._entering = False  # entries are planned together, before the first of them leaves

    # --- what the process looks at -----------------------------------------------------------------

    def called(self, call: str) -> None:
        """The process talks to its broker."""
        self._calls += 1
        if call in _LOOKS:
            self.covers.append(cover(self.town.exchange))

    def saw_latch(self, halts: tuple[Halt, ...]) -> None:
        self._latch_seen = (self._calls, halts)

    def saw_clock(self, clock: MarketClock) -> None:
        self._clock_seen = (self._calls, clock.is_open)

    def saw_account(self, exchange: PaperExchange, account: AccountSnapshot) -> None:
        status = exchange.status()
        self.moments.append(moment(exchange, flows(self.town.exchange)))
        if not self._entering:
            self._sheet = (status.phase, account.equity)

    def took_lock(self) -> None:
        self.town.at_work.append(self.who)

    def released_lock(self) -> None:
        if self.who in self.town.at_work:
            self.town.at_work.remove(self.who)

    # --- an order leaves ---------------------------------------------------------------------------

    def order_leaves(self, exchange: PaperExchange, request: OrderRequest, replacing: str | None) -> None:
        """Check an order before anything can become of it."""
        instead = f" in the place of {replacing}" if replacing else ""
        self.town.story.tell(f"    {self.who}: sends {_spoken(request)}{instead}")
        made = parse(request.client_order_id)
        if made is None or made.account_hash != self.town.ours or made.symbol != request.symbol:
            self._violate(Promise.ONE_ID, f"{request.client_order_id} does not tell what it is for")
            return
        if self.locks:
            if not (made.purpose.reduces and made.attempt in ATTEMPTS):  # an emergency stop whose ledger fails
                self._written_first(request)
            self._alone()
        if made.purpose is Purpose.STOP and replacing is not None:
            self._not_shrunk(exchange, request, replacing)
        if made.purpose is Purpose.ENTRY:
            self._one_id(made)
            self._in_session(exchange)
            self._not_halted(made)
            self._not_locked(request)
            self._within_limits(exchange, request)
            self._entering = True

    def leaves_again(self, request: OrderRequest) -> None:
        """The same request is sent once more, and nobody has asked yet what became of it."""
        self._violate(Promise.SENT_ONCE, f"{request.client_order_id} is sent again by itself")

    def accepted(self, client_order_id: str) -> None:
        """An order of ours has been taken in by the exchange, whether or not anybody hears of it."""
        if client_order_id in self.town.accepted:
            self._violate(Promise.ONE_ID, f"{client_order_id} was accepted twice")
        self.town.accepted.append(client_order_id)

    def _violate(self, promise: Promise, message: str) -> None:
        self.town.story.violate(promise, f"{self.who}: {message}")

    def _written_first(self, request: OrderRequest) -> None:
        rows = self.town.ledger.rows(
            "SELECT state, quantity FROM orders WHERE client_order_id = ?", request.client_order_id
        )
        row = rows[0] if rows else None
        if row is None:
            self._violate(Promise.WRITTEN_FIRST, f"{request.client_order_id} leaves and is written nowhere")
        elif (row["state"], Decimal(row["quantity"])) != ("submitting", request.quantity):
            self._violate(
                Promise.WRITTEN_FIRST,
                f"{request.client_order_id} leaves for {request.quantity} shares while the ledger has it "
                f"{row['state']} for {row['quantity']}",
            )

    def _not_shrunk(self, exchange: PaperExchange, request: OrderRequest, replacing: str) -> None:
        """A stop is replaced by a smaller one only where fewer shares are held."""
        if self.misled:
            return
        status = exchange.status()
        held = next((each.quantity for each in status.positions if each.symbol == request.symbol), ZERO)
        lots = "SELECT quantity FROM lots WHERE symbol = ? AND strategy <> 'foreign'"
        ours = sum((Decimal(quantity) for quantity in self.town.ledger.texts(lots, request.symbol)), ZERO)
        old = next((each for each in status.open_orders if each.broker_order_id == replacing), None)
        if old is not None and request.quantity < min(old.remaining, whole_shares(min(ours, held))):
            told = f"{request.symbol}: a stop over {old.remaining} becomes one over {request.quantity}; {held} are held"
            self._violate(Promise.SHRUNK, told)

    def _alone(self) -> None:
        others = [who for who in self.town.at_work if who != self.who]
        if others or self.who not in self.town.at_work:
            self._violate(Promise.ONE_WRITER, f"an order leaves while {others or 'nobody'} holds the lock")

    def _one_id(self, made: DecisionId) -> None:
        """An entry has one attempt: it is never decided again under another id."""
        if made.attempt != 1:
            self._violate(Promise.ONE_ID, f"{made} is not the first attempt at an entry")

    def _in_session(self, exchange: PaperExchange) -> None:
        hours, now = exchange.hours(), self.town.venue.now
        if hours.opens <= now < hours.closes or self._clock_seen == (self._calls, True):
            return
        self._violate(Promise.SESSION, f"an entry leaves at {now:%Y-%m-%d %H:%M:%S} UTC, outside the session")

    def _not_halted(self, made: DecisionId) -> None:
        """A halt that is latched while the process is between its look and its sending can stop nothing any more."""
        calls, seen = self._latch_seen
        saw_none = calls == self._calls and not any(self._stops(halt, made) for halt in seen)
        if (halts := tuple(self._halts(made))) and not saw_none:
            self._violate(Promise.HALTED, f"an entry leaves while halted: {', '.join(halts)}")

    def _halts(self, made: DecisionId) -> Iterator[str]:
        if self.settings.emergency_stop_enabled:
            yield "the environment's flag"
        for halt in LatchFile(self.town.latch_file).read():
            if self._stops(halt, made):
                yield f"the latch file ({halt.rule})"
        latched = (
            "SELECT rule FROM halts WHERE cleared_at IS NULL AND (until IS NULL OR until > ?) AND"
            " (scope = 'account' OR (scope = 'strategy' AND scope_name = ?) OR (scope = 'symbol' AND scope_name = ?))"
        )
        for rule in self.town.ledger.texts(latched, self.town.session.isoformat(), made.strategy, made.symbol):
            yield f"the ledger ({rule})"

    def _stops(self, halt: Halt, made: DecisionId) -> bool:
        """Whether a halt holds today, for everything or for what this entry is about."""
        about = {HaltScope.ACCOUNT: "", HaltScope.STRATEGY: made.strategy, HaltScope.SYMBOL: made.symbol}
        holds = halt.until is None or halt.until > self.town.session
        return holds and halt.scope_name == about[halt.scope]

    def _not_locked(self, request: OrderRequest) -> None:
        breaks = self.town.ledger.texts(
            "SELECT message FROM breaks WHERE closed_at IS NULL AND kind NOT IN ('cash', 'unprotected') AND symbol = ?",
            request.symbol,
        )
        lost = self.town.ledger.texts(
            "SELECT client_order_id FROM orders WHERE symbol = ? AND client_order_id <> ?"
            " AND state IN ('unknown', 'submitting')",
            request.symbol,
            request.client_order_id,
        )
        for why in (*breaks, *lost):
            self._violate(Promise.LOCKED, f"{request.client_order_id} leaves while {request.symbol} is locked: {why}")

    # --- limits --------------------------------------------------------------------------------------

    def _within_limits(self, exchange: PaperExchange, request: OrderRequest) -> None:
        if self.misled:
            return
        broker, status = PaperBroker(exchange), exchange.status()
        symbols = {request.symbol, *(p.symbol for p in status.positions), *(o.symbol for o in status.open_orders)}
        entries = [order_id for order_id in self.town.accepted if parse(order_id) is not None]
        last = {symbol: quote.last for symbol, quote in exchange.quotes(symbols).items()}
        planned = self._planned_price(request)
        unmoved = planned == last[request.symbol] and self._sheet is not None and self._sheet[0] is status.phase
        scene = Scene(
            limits=self.settings.limits(),
            equity=self._sheet[1] if self._sheet is not None and unmoved else None,
            positions=status.positions,
            orders=status.open_orders,
            last=last,
            stops=stops_of(self.town.ledger, status.open_orders),
            entries=entries_of(status.session, [o for o in map(broker.order, entries) if o is not None]),
        )
        broken = self._broken_controls(broker, scene, request, planned)
        for breach in (*breaches(scene, self._with_its_stop(request)), *broken):
            self._violate(Promise.LIMITS, f"{request.client_order_id}: {breach}")

    def _with_its_stop(self, request: OrderRequest) -> OrderRequest:
        """An entry with the stop that it is to have: where no broker takes it along, the ledger has it."""
        sql = "SELECT stop_loss FROM orders WHERE client_order_id = ? AND stop_loss IS NOT NULL"
        written = self.town.ledger.texts(sql, request.client_order_id)
        return replace(request, stop_loss=Decimal(written[0])) if written else request

    def _planned_price(self, request: OrderRequest) -> Decimal | None:
        """The price that an entry was sized on, as it is written in the ledger; None when it is written nowhere."""
        sql = "SELECT planned_price FROM orders WHERE client_order_id = ?"
        written = self.town.ledger.texts(sql, request.client_order_id)
        return Decimal(written[0]) if written else None

    def _broken_controls(
        self, broker: PaperBroker, scene: Scene, request: OrderRequest, planned: Decimal | None
    ) -> Iterator[str]:
        town, made = self.town, parse(request.client_order_id)
        if made is None or planned is None:
            return  # told already
        sent = (broker.order(order_id) for order_id in town.accepted)
        leaving = Leaving(
            request=request,
            made=made,
            now=town.venue.now,
            planned=planned,
            last=scene.last[request.symbol],
            equity=scene.equity,
            earlier=known_to(town.ledger, (order for order in sent if order is not None)),
            is_first=made.session == min((run.at.date() for run in town.world.runs), default=town.session),
        )
        yield from broken_controls(leaving, scene.limits, town.market, town.exchange, town.volumes)


def _spoken(request: OrderRequest) -> str:
    prices = {"stop": request.stop_price or request.stop_loss, "target": request.take_profit}
    terms = ", ".join(f"{name} {price}" for name, price in prices.items() if price is not None)
    order = f"{request.side} {request.quantity} {request.symbol} {request.type} {request.time_in_force}"
    return f"{request.client_order_id}: {order}{', ' if terms else ''}{terms}"
