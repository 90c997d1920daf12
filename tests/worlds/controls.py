"""The controls before an entry, worked out a second time: from the exchange's own bars and orders, as it leaves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

from tests.worlds.eyes import Eyes
from tests.worlds.market import Market
from tradebot.core.model.limits import Limits
from tradebot.core.model.order_ids import DecisionId, parse
from tradebot.core.model.orders import BrokerOrder, OrderRequest, Purpose

#: Settings of the controls, as a home has them in the model of the settings.
Drawn = tuple[tuple[str, int | bool | Decimal | tuple[str, ...]], ...]

_BARS = "SELECT session, close, volume FROM bars WHERE symbol = ? AND session < ? ORDER BY session"
_SPLITS = "SELECT ex_date, value FROM actions WHERE symbol = ? AND kind = 'split' AND ex_date <= ?"


@dataclass(frozen=True, slots=True)
class Leaving:
    """An entry as it leaves the process.

    ``planned`` is the price it was sized on, ``last`` what it trades at now, ``earlier`` the orders of ours that the
    exchange took in before it and that the ledger knows of, ``is_first`` whether this is the world's first session.
    ``equity`` is what the process read last, or None when prices have moved since.
    """

    request: OrderRequest
    made: DecisionId
    now: datetime
    planned: Decimal
    last: Decimal
    equity: Decimal | None
    earlier: tuple[BrokerOrder, ...]
    is_first: bool


def draw_controls(seed: int, market: Market) -> Drawn:
    """The controls of a home; most of them as they are by default. They are drawn apart from the rest of a world."""
    chance = Random(f"controls {seed}")
    symbols = sorted(market.listed)
    tight: dict[str, tuple[int | Decimal | tuple[str, ...], ...]] = {
        "price_collar_pct": (Decimal("0.002"), Decimal("0.01"), Decimal("0.02")),
        "max_order_adv_pct": (Decimal("0.0000005"), Decimal("0.000005")),
        "max_orders_per_minute": (1, 2),
        "max_orders_per_session": (1, 2, 4),
        "allow_symbols": tuple((symbol,) for symbol in symbols),
        "deny_symbols": tuple((symbol,) for symbol in symbols),
    }
    drawn: list[tuple[str, int | bool | Decimal | tuple[str, ...]]] = [
        (name, chance.choice(choices)) for name, choices in tight.items() if chance.random() < 0.08
    ]
    if chance.random() < 0.3:
        drawn += [("repeat_order_limit", chance.choice([1, 2])), ("repeat_order_sessions", chance.choice([2, 3]))]
    if chance.random() < 0.6:
        drawn.append(("probation_sessions", chance.choice([0, 0, 1, 2])))
    if chance.random() < 0.3:
        drawn.append(("break_halt_value", chance.choice([Decimal(100), Decimal(1000)])))
    return tuple(drawn)


def broken_controls(
    leaving: Leaving, limits: Limits, market: Market, exchange: Eyes, volumes: Mapping[tuple[str, date], int]
) -> Iterator[str]:
    """Every control that an entry breaks by leaving. ``volumes``: of halted symbols, as the jobs see them."""
    symbol, session = leaving.request.symbol, leaving.made.session
    if symbol in limits.deny_symbols or (limits.allow_symbols and symbol not in limits.allow_symbols):
        yield f"{symbol} takes no entries"
    bars = _bars(exchange, symbol, session)
    closes = [close for day, close, _ in bars if (symbol, day) not in volumes]
    yield from _collar(leaving, closes[-1] if closes else None, limits)
    newest = set(market.sessions[: market.sessions.index(session)][-20:])
    counts = [Decimal(volumes.get((symbol, day), count)) for day, _, count in bars if day in newest]
    traded = sum(counts, Decimal(0)) / max(1, len(newest))
    if leaving.request.quantity > traded * limits.max_order_adv_pct:
        yield f"{leaving.request.quantity} shares, of {traded} that trade in a session"
    yield from _messages(leaving, limits)
    entered = [market.sessions.index(day) for day in _entered(leaving)]
    for start in entered:
        if sum(start <= at < start + limits.repeat_order_sessions for at in entered) >= limits.repeat_order_limit:
            yield f"{leaving.made.strategy} entered {symbol} in sessions {entered} already"
    if leaving.is_first and limits.probation_sessions:
        yield from _probation(leaving, limits)


def _bars(exchange: Eyes, symbol: str, before: date) -> list[tuple[date, Decimal, Decimal]]:
    """Session, close and volume of a symbol's bars before a session, in the shares of that session."""
    splits = [(row["ex_date"], Decimal(row["value"])) for row in exchange.rows(_SPLITS, symbol, before.isoformat())]

    def ratio(day: str) -> Decimal:
        found = Decimal(1)
        for ex_date, value in splits:
            found *= value if day < ex_date else 1
        return found

    return [
        (
            date.fromisoformat(row["session"]),
            Decimal(row["close"]) / ratio(row["session"]),
            row["volume"] * ratio(row["session"]),
        )
        for row in exchange.rows(_BARS, symbol, before.isoformat())
    ]


def _collar(leaving: Leaving, close: Decimal | None, limits: Limits) -> Iterator[str]:
    """The exchange gives a previous close to a hundredth of a cent, so that much is not held against an entry."""
    if close is None:
        yield "it has no previous close"
        return
    for price in {leaving.planned, leaving.last}:
        if abs(price - close) > close * limits.price_collar_pct + Decimal("0.0002"):
            yield f"{price} is far from the previous close of {close}"
    if abs(leaving.planned - leaving.last) > leaving.last * limits.price_collar_pct:
        yield f"it was sized on {leaving.planned}, and {leaving.last} is the last price"


def _messages(leaving: Leaving, limits: Limits) -> Iterator[str]:
    today = [order for order in leaving.earlier if _made(order).session == leaving.made.session]
    if len(today) >= limits.max_orders_per_session:
        yield f"{len(today)} orders left in this session before it"
    just_now = [order for order in today if leaving.now - order.submitted_at < timedelta(minutes=1)]
    if len(just_now) >= limits.max_orders_per_minute:
        yield f"{len(just_now)} orders left within a minute before it"


def _entered(leaving: Leaving) -> list[date]:
    """The earlier sessions in which the same strategy entered the same symbol."""
    made = ((_made(order), order) for order in leaving.earlier)
    same = (leaving.made.strategy, leaving.made.symbol, Purpose.ENTRY)
    return [
        decision.session
        for decision, order in made
        if (decision.strategy, decision.symbol, decision.purpose) == same and order.filled_quantity > 0
    ]


def _probation(leaving: Leaving, limits: Limits) -> Iterator[str]:
    """In the first session of a home every strategy is new."""
    request, part = leaving.request, limits.probation_size_pct
    value = request.quantity * leaving.planned
    if value > limits.max_order_value * part:
        yield f"it is worth {value} on probation"
    if leaving.equity is not None and request.stop_loss is not None:
        lost = request.quantity * (leaving.planned - request.stop_loss)
        if lost > leaving.equity * limits.risk_per_trade_pct * part + Decimal("0.01"):
            yield f"it risks {lost} on probation"


def known_to(ledger: Eyes, orders: Iterable[BrokerOrder]) -> tuple[BrokerOrder, ...]:
    """Those of the orders that are written in the ledger: an emergency stop sends without it."""
    written = set(ledger.texts("SELECT client_order_id FROM orders"))
    return tuple(order for order in orders if order.client_order_id in written)


def _made(order: BrokerOrder) -> DecisionId:
    made = parse(order.client_order_id)
    assert made is not None  # the witness has seen to that
    return made
