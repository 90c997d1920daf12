"""Whatever is done to the exchange, its account adds up: recomputed from its activities after every step.

Each seed is a walk of some three hundred steps over made-up days with splits and dividends: orders of every kind,
cancels, replacements and restarts, in any order at any time of the day. The checks share no code with the exchange.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from random import Random

import pytest

from tests.brokers.conftest import OpenPit
from tests.fakes.pit import Pit
from tests.fakes.prices import MadePrices, bar, dividend, sessions, split
from tradebot.brokers.paper import ExchangeRules
from tradebot.core.model.account import CashEvent, CorporateAction, DayBar, Fill, SplitEvent
from tradebot.core.model.orders import BrokerOrder, OrderRequest, OrderState, OrderType, Side, TimeInForce
from tradebot.core.model.values import ONE, ZERO, tick_size
from tradebot.errors import OrderRefused

SESSIONS = sessions(12)
BASES = {"ACME": Decimal(100), "PENY": Decimal("0.8"), "BIGG": Decimal(400)}
CLOCKS = ("09:00", "09:30", "09:35", "09:45", "12:00", "15:45", "16:00", "17:00")
SLIPPAGE = Decimal("0.01")
TYPES = (OrderType.MARKET, OrderType.LIMIT, OrderType.STOP, OrderType.STOP_LIMIT)


def made_market(chance: Random) -> MadePrices:
    bars: list[DayBar] = []
    actions: list[CorporateAction] = []
    for symbol, base in BASES.items():
        split_on, paid_on = chance.sample(SESSIONS[2:], 2)
        ratio = Decimal(chance.choice(["2", "1.5", "0.1"]))
        actions += [split(symbol, split_on, str(ratio)), dividend(symbol, paid_on, str(base / 50))]
        for session in SESSIONS:
            around = base / ratio if session >= split_on else base
            low, middle, other, high = sorted(_moved(around, chance.randint(-8, 8)) for _ in range(4))
            opening, close = chance.sample([middle, other], 2)
            if chance.random() > 0.05 or session == SESSIONS[0]:
                volume = chance.choice([0, 40, 400, 100_000])
                bars.append(bar(symbol, session, f"{opening} {high} {low} {close} {volume}"))
    bars += [bar("IDLE", session, "1 1 1 1") for session in SESSIONS]
    return MadePrices(bars, actions)


class Walk:
    """One walk and the second set of books that is kept on it."""

    def __init__(self, world: Pit, chance: Random) -> None:
        self.world, self.chance = world, chance
        self.bars = {(day.symbol, day.session): day for day in world.prices.bars()}
        self.seen: str | None = None
        self.cash = ZERO
        self.fees = ZERO
        self.shares: dict[str, Decimal] = defaultdict(lambda: ZERO)
        self.filled: dict[str, Decimal] = defaultdict(lambda: ZERO)
        self.happened: Counter[str] = Counter()

    def go(self) -> None:
        steps = (self.enter, self.enter, self.close, self.cancel, self.replace)
        for session in SESSIONS:
            for clock in CLOCKS:
                self.world.at(clock)
                self.check()
                for _ in range(self.chance.randint(0, 6)):
                    self.chance.choice(steps)()
                    self.check()
            if session != SESSIONS[-1]:
                self.next_session()
                self.world.reopen()

    # --- steps -----------------------------------------------------------------------------------

    def enter(self) -> None:
        symbol, quantity = self.chance.choice(list(BASES)), Decimal(self.chance.randint(1, 40))
        likely_side = Side.SELL if self.world.rules.allow_short else Side.BUY
        side = self.chance.choice([likely_side, *Side, Side.BUY])
        self.order(symbol, side, quantity, bracket=self.chance.random() < 0.4)

    def close(self) -> None:
        symbol = self.chance.choice(list(BASES))
        if held := self.shares[symbol]:
            quantity = min(Decimal(self.chance.randint(1, int(abs(held)) + 1)), abs(held))
            self.order(symbol, Side.SELL if held > 0 else Side.BUY, quantity, bracket=False)

    def order(self, symbol: str, side: Side, quantity: Decimal, bracket: bool) -> None:
        quote = self.world.exchange.quotes([symbol]).get(symbol)
        last = BASES[symbol] if quote is None else quote.last
        order_type = self.chance.choice(TYPES)
        limit = _moved(last, self.chance.randint(-5, 5)) if "limit" in order_type else None
        stop = _moved(last, self.chance.randint(-5, 5)) if "stop" in order_type else None
        base = limit or stop or last
        request = OrderRequest(
            client_order_id=self.world.requests.buy(1).client_order_id,
            symbol=symbol,
            side=side,
            quantity=quantity,
            type=order_type,
            time_in_force=self.chance.choice([TimeInForce.DAY, TimeInForce.GTC]),
            limit_price=limit,
            stop_price=stop,
            stop_loss=_moved(base, -self.chance.randint(2, 6) * side.sign) if bracket else None,
            take_profit=_moved(base, self.chance.randint(2, 6) * side.sign) if bracket else None,
        )
        self.submit(self.perhaps_a_fraction(request))

    def perhaps_a_fraction(self, request: OrderRequest) -> OrderRequest:
        """Now and then an order for a part of a share."""
        if self.chance.random() >= 0.1:
            return request
        part = Decimal(self.chance.randint(1, 999_999_999)) / 10**9
        return replace(request, quantity=part, time_in_force=TimeInForce.DAY, stop_loss=None, take_profit=None)

    def submit(self, request: OrderRequest) -> None:
        try:
            self.world.submit(request)
        except OrderRefused as refused:
            self.happened[refused.reason] += 1
            assert self.world.broker.order(request.client_order_id) is None

    def cancel(self) -> None:
        if self.chance.random() < 0.5 and (order := self.some_order()):
            self.world.broker.cancel(order.broker_order_id)
            assert self.world.order(order.client_order_id).state is OrderState.CANCELLED

    def replace(self) -> None:
        order = self.some_order()
        if order is None:
            return
        percent = self.chance.randint(-3, 3)
        request = OrderRequest(
            client_order_id=self.world.requests.buy(1).client_order_id,
            symbol=order.symbol,
            side=order.side,
            quantity=self.chance.choice([order.remaining, Decimal(self.chance.randint(1, 60))]),
            type=order.type,
            time_in_force=order.time_in_force,
            limit_price=None if order.limit_price is None else _moved(order.limit_price, percent),
            stop_price=None if order.stop_price is None else _moved(order.stop_price, percent),
        )
        try:
            new = self.world.broker.replace(order.broker_order_id, request)
        except OrderRefused as refused:
            self.happened[refused.reason] += 1
            assert self.world.order(order.client_order_id).state is order.state
        else:
            self.happened["replaced"] += 1
            assert (new.parent_id, new.role) == (order.parent_id, order.role)
            assert self.world.order(order.client_order_id).state is OrderState.REPLACED

    def next_session(self) -> None:
        equity = self.world.broker.account().equity
        self.world.next()
        # a split leaves the worth as it was, to the rounding of its adjusted close and of the cash in lieu
        tolerance = sum((abs(held) for held in self.shares.values()), ONE) * Decimal("0.0005") + Decimal("0.02")
        assert abs(self.world.broker.account().equity - equity) <= tolerance
        assert self.world.broker.account().last_equity == equity

    def some_order(self) -> BrokerOrder | None:
        orders = self.world.broker.open_orders()
        return self.chance.choice(orders) if orders else None

    # --- checks ------------------------------------------------------------------------------------

    def check(self) -> None:
        """Every cent, every share and every resting order is accounted for."""
        self.take_in()
        account = self.world.broker.account()
        positions = self.world.broker.positions()
        assert account.cash == self.cash
        assert {p.symbol: p.quantity for p in positions} == {s: held for s, held in self.shares.items() if held}
        worth = sum((position.quantity * position.market_price for position in positions), ZERO)
        assert account.equity == (self.cash + worth).quantize(Decimal("0.01"))
        for order in self.world.broker.open_orders():
            assert order.state in (OrderState.ACCEPTED, OrderState.PARTIALLY_FILLED)
            assert 0 < order.remaining <= order.quantity
        if not self.world.rules.allow_short:
            assert all(held >= 0 for held in self.shares.values())
            assert account.cash >= -self.fees
            for symbol in BASES:
                assert sum(self.spoken_for(symbol)) <= self.shares[symbol]

    def spoken_for(self, symbol: str) -> Iterator[Decimal]:
        """Shares that resting sales stand for: two legs count once, and while their entry rests not at all."""
        resting = [order for order in self.world.broker.open_orders() if order.symbol == symbol]
        entries = {order.broker_order_id for order in resting}
        groups: dict[str, list[Decimal]] = defaultdict(list)
        for order in resting:
            if order.side is Side.SELL and order.parent_id not in entries:
                groups[order.parent_id or order.broker_order_id].append(order.remaining)
        return (max(remaining) for remaining in groups.values())

    def take_in(self) -> None:
        for done in self.world.broker.activities(self.seen):
            match done:
                case Fill():
                    self.take_fill(done)
                case CashEvent():
                    self.cash += done.amount
                    self.seen = done.event_id
                    self.happened[done.kind] += 1
                case SplitEvent():
                    assert self.shares[done.symbol] == done.quantity_before
                    self.shares[done.symbol] = done.quantity_after
                    self.seen = done.event_id
                    self.happened["split"] += 1

    def take_fill(self, fill: Fill) -> None:
        order, day = self.world.order(fill.client_order_id), self.bars[(fill.symbol, fill.session)]
        self.shares[fill.symbol] += fill.side.sign * fill.quantity
        self.cash -= fill.side.sign * fill.quantity * fill.price + fill.fee
        self.fees += fill.fee
        self.filled[fill.client_order_id] += fill.quantity
        self.seen = fill.fill_id
        self.happened[f"{order.role} {order.type}"] += 1
        assert 0 < self.filled[fill.client_order_id] <= order.filled_quantity <= order.quantity
        tick = tick_size(fill.price)
        assert day.low * (ONE - SLIPPAGE) - tick <= fill.price <= day.high * (ONE + SLIPPAGE) + tick
        if order.limit_price is not None:
            assert (fill.price - order.limit_price) * order.side.sign <= 0
        share = self.world.rules.max_fill_volume_pct
        assert share is None or fill.quantity <= share * day.volume


@pytest.mark.parametrize("seed", range(8))
def test_the_account_adds_up_whatever_happens(pit: OpenPit, seed: int) -> None:
    chance = Random(seed)
    rules = ExchangeRules(
        starting_cash=Decimal(chance.choice([5_000, 100_000])),
        slippage_pct=SLIPPAGE,
        allow_short=seed % 3 == 2,
        max_fill_volume_pct=Decimal("0.1") if seed % 2 else None,
    )
    walk = Walk(pit(made_market(chance), rules), chance)
    walk.go()
    fills = sum(count for what, count in walk.happened.items() if what.startswith(("entry", "stop", "target")))
    assert fills > 20, f"too little happened for a test: {walk.happened}"


def _moved(price: Decimal, percent: int) -> Decimal:
    moved = price * (100 + percent) / 100
    return max(moved.quantize(tick_size(moved)), Decimal("0.0001"))
