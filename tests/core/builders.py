"""Core values with every field filled in, so that a test names only what it is about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from tradebot.core.model.account import (
    AccountSnapshot,
    ActionKind,
    Asset,
    CashEvent,
    CashKind,
    Fill,
    Position,
    Quote,
    Reorganisation,
    SplitEvent,
)
from tradebot.core.model.capabilities import EVERYTHING
from tradebot.core.model.halts import HaltLevel
from tradebot.core.model.holdings import Holding, Lot
from tradebot.core.model.limits import Counters, Limits
from tradebot.core.model.order_ids import client_order_id
from tradebot.core.model.orders import (
    BrokerOrder,
    Intent,
    OrderRequest,
    OrderState,
    OrderType,
    Purpose,
    Side,
    TimeInForce,
)
from tradebot.core.model.ownership import Ownership
from tradebot.core.model.plan import Situation
from tradebot.core.model.signals import Action, ExitPolicy, Signal
from tradebot.settings import Settings

D = Decimal
ACCOUNT_KEY = "paper:paper:PAPER-0001"
TODAY = date(2007, 1, 4)
YESTERDAY = date(2007, 1, 3)
NOW = datetime(2007, 1, 4, 14, 35, tzinfo=UTC)
POLICY = ExitPolicy(stop=D("0.02"), target=D("0.04"))
_DEFAULT_LIMITS = Settings().limits()


def signal(symbol: str = "AAPL", action: Action = Action.ENTER, **more: Any) -> Signal:
    usual = Signal("trend", symbol, YESTERDAY, action, score=1.0, policy=POLICY, reason="it rises")
    return replace(usual, **more)


def quote(symbol: str = "AAPL", last: str = "50", before: str | None = None) -> Quote:
    """A price in the middle of a quiet session, unless the previous close is given."""
    return Quote(symbol, D(last), NOW, D(before or last))


def position(symbol: str = "AAPL", quantity: str = "100", price: str = "50", **more: Any) -> Position:
    return replace(Position(symbol, D(quantity), average_price=D(price), market_price=D(price)), **more)


def holding(symbol: str = "AAPL", quantity: str = "100", entry: str = "50", stop: str = "49", **more: Any) -> Holding:
    usual = Holding("trend", symbol, D(quantity), D(entry), D(stop), None, D(entry), POLICY, YESTERDAY)
    return replace(usual, **more)


def order_id(symbol: str = "AAPL", purpose: Purpose = Purpose.ENTRY, attempt: int = 1, strategy: str = "trend") -> str:
    return client_order_id(ACCOUNT_KEY, TODAY, strategy, symbol, purpose, attempt)


def intent(symbol: str = "AAPL", quantity: str = "100", purpose: Purpose = Purpose.ENTRY, **more: Any) -> Intent:
    entering = purpose is Purpose.ENTRY
    strategy = more.get("strategy", "trend")
    request = OrderRequest(
        client_order_id=order_id(symbol, purpose, more.get("attempt", 1), strategy),
        symbol=symbol,
        side=Side.BUY if entering else Side.SELL,
        quantity=D(quantity),
        type=OrderType.MARKET,
        time_in_force=TimeInForce.GTC if entering else TimeInForce.DAY,
        take_profit=D(52) if entering else None,
        stop_loss=D(49) if entering else None,
    )
    usual = Intent(request, ACCOUNT_KEY, TODAY, "trend", purpose, 1, D(50), "it rises", policy=POLICY)
    return replace(usual, **more)


def order(symbol: str = "AAPL", side: Side = Side.SELL, quantity: str = "100", **more: Any) -> BrokerOrder:
    usual = BrokerOrder(
        broker_order_id="b1",
        client_order_id="by-hand",
        symbol=symbol,
        side=side,
        quantity=D(quantity),
        filled_quantity=D(0),
        type=OrderType.MARKET,
        time_in_force=TimeInForce.GTC,
        state=OrderState.ACCEPTED,
        submitted_at=NOW,
    )
    return replace(usual, **more)


def stop(symbol: str = "AAPL", quantity: str = "100", price: str = "49", **more: Any) -> BrokerOrder:
    """A protective stop as the broker shows it: the leg of a bracket that was filled."""
    usual = order(symbol, Side.SELL, quantity, broker_order_id=f"stop-{symbol}", client_order_id="leg")
    usual = replace(usual, type=OrderType.STOP, stop_price=D(price), role=Purpose.STOP, parent_id=f"entry-{symbol}")
    return replace(usual, **more)


def fill(fill_id: str = "f1", side: Side = Side.BUY, quantity: str = "100", price: str = "50", **more: Any) -> Fill:
    usual = Fill(fill_id, "b1", order_id(), "AAPL", side, D(quantity), D(price), D("1.00"), NOW, TODAY)
    return replace(usual, **more)


def lot(lot_id: str = "f0", quantity: str = "100", price: str = "50", fee: str = "1.00", **more: Any) -> Lot:
    return replace(Lot(lot_id, "trend", "AAPL", D(quantity), D(price), D(fee), NOW, YESTERDAY), **more)


def split(ratio: str, before: str, after: str, symbol: str = "AAPL") -> SplitEvent:
    return SplitEvent("s1", symbol, D(ratio), D(before), D(after), NOW, TODAY)


def reorganisation(kind: ActionKind, new_symbol: str | None = None, **more: Any) -> Reorganisation:
    """100 AAPL shares that are reorganised one for one, or end at 60 dollars."""
    left = D(0) if new_symbol is None else D(1)
    cash = D(60) if new_symbol is None else D(0)
    usual = Reorganisation("r1", kind, "AAPL", new_symbol, left, D(100), left * 100, cash, NOW, TODAY)
    return replace(usual, **more)


def cash(amount: str, kind: CashKind = CashKind.DIVIDEND, symbol: str | None = None) -> CashEvent:
    return CashEvent("c1", kind, D(amount), NOW, TODAY, symbol)


def account(equity: str = "100000", **more: Any) -> AccountSnapshot:
    return replace(AccountSnapshot("PAPER-0001", D(equity), D(equity), D(equity), D(equity)), **more)


def limits_with(**changes: Any) -> Limits:
    """The limits of a home without a `.env`, with these changes."""
    return replace(_DEFAULT_LIMITS, **changes)


def counters(baseline: str = "100000", peak: str = "100000", entries: int = 0, **more: Any) -> Counters:
    return replace(Counters(TODAY, entries, D(baseline), D(peak)), **more)


def situation(signals: Iterable[Signal] = (), **more: Any) -> Situation:
    """A quiet morning with 100,000 dollars in cash and every symbol that is spoken of at 50 dollars.

    Every symbol is much traded, and the strategies have long served their probation.
    """
    signals = tuple(signals)
    symbols = {each.symbol for each in signals} | {"AAPL"}
    for given in ("positions", "holdings", "open_orders", "unsettled"):
        symbols |= {each.symbol for each in more.get(given, ())}
    usual = Situation(
        ownership=Ownership(ACCOUNT_KEY),
        now=NOW,
        today=TODAY,
        session_open=True,
        halt=HaltLevel.RUNNING,
        account=account(),
        positions=(),
        holdings=(),
        open_orders=(),
        unsettled=(),
        quotes={symbol: quote(symbol) for symbol in symbols},
        assets={symbol: Asset(symbol, tradable=True) for symbol in symbols},
        signals=signals,
        limits=limits_with(),
        counters=counters(),
        capabilities=EVERYTHING,
        expected_as_of=YESTERDAY,
        average_volume=dict.fromkeys(symbols, D(10_000_000)),
        sessions_run={each.strategy: 250 for each in signals},
    )
    return replace(usual, **more)
