"""The account at the exchange at one moment, read from the exchange's own rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tests.worlds.eyes import Eyes
from tradebot.brokers.paper import PaperExchange

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Moment:
    """Equity and transfers, USD."""

    equity: Decimal
    flows: Decimal  # deposits less withdrawals since the account began
    symbols: int = 0  # with a position or an order that opens one
    values: tuple[Decimal, ...] = ()  # of each position at its price or its cost, the higher one, and of each order

    @property
    def profit(self) -> Decimal:
        """What the account has earned, but for a constant."""
        return self.equity - self.flows


def moment(exchange: PaperExchange, flowed: Decimal) -> Moment:
    """The account by the exchange's own status."""
    status = exchange.status()
    last = exchange.quotes([order.symbol for order in status.open_orders])
    opening = [order for order in status.open_orders if order.parent_id is None]
    return Moment(
        equity=status.equity,
        flows=flowed,
        symbols=len({held.symbol for held in status.positions} | {order.symbol for order in opening}),
        values=(
            *(abs(held.quantity) * max(held.market_price, held.average_price) for held in status.positions),
            *(
                order.remaining * max(order.limit_price or ZERO, order.stop_price or ZERO, last[order.symbol].last)
                for order in opening
                if order.symbol in last
            ),
        ),
    )


def flows(exchange: Eyes, upto: datetime | None = None) -> Decimal:
    """Deposits less withdrawals, USD, up to an instant or so far."""
    rows = exchange.rows("SELECT at, amount FROM activities WHERE kind IN ('deposit', 'withdrawal')")
    return sum(
        (Decimal(row["amount"]) for row in rows if upto is None or datetime.fromisoformat(row["at"]) <= upto), ZERO
    )


@dataclass(frozen=True, slots=True)
class Cover:
    """The shares held, and those of them that a live stop sells, by symbol. Legs that wait for their entry are none."""

    held: Mapping[str, Decimal]
    covered: Mapping[str, Decimal]

    def bare(self, ours: Mapping[str, Decimal]) -> dict[str, Decimal]:
        """Our shares of each symbol that no live stop covers. ``ours``: the shares that the ledger calls ours."""
        shares = {
            symbol: min(count, self.held.get(symbol, ZERO)) - self.covered.get(symbol, ZERO)
            for symbol, count in ours.items()
        }
        return {symbol: count for symbol, count in shares.items() if count > 0}


def cover(exchange: Eyes) -> Cover:
    """What is held and covered at the exchange now."""
    held = {row["symbol"]: Decimal(row["quantity"]) for row in exchange.rows("SELECT symbol, quantity FROM positions")}
    covered: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    for row in exchange.rows(
        "SELECT symbol, quantity, filled_quantity FROM orders"
        " WHERE live = 1 AND waiting = 0 AND side = 'sell' AND type IN ('stop', 'stop_limit')"
    ):
        covered[row["symbol"]] += Decimal(row["quantity"]) - Decimal(row["filled_quantity"])
    return Cover(held, dict(covered))
