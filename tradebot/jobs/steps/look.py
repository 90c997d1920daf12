"""One look at the account: the broker's records, read one after another, as of one moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from tradebot.core.model.account import CASH, AccountSnapshot, Position
from tradebot.core.model.orders import BrokerOrder
from tradebot.core.model.values import CENT
from tradebot.jobs.desk import Desk
from tradebot.jobs.job_run import JobRun, read_account

#: The most looks that are taken at an account that keeps moving.
LOOKS = 4
#: A second look is taken this long after the first.
SECOND_LOOK_AFTER = timedelta(seconds=3)


@dataclass(frozen=True, slots=True)
class Look:
    """The broker's records of an account. They are of one moment where a second look shows nothing moved."""

    account: AccountSnapshot
    positions: tuple[Position, ...]
    open_orders: tuple[BrokerOrder, ...]
    at: datetime  # aware UTC by the broker's clock, right before the account was asked for

    def moved_since(self, earlier: Look) -> frozenset[str]:
        """The symbols whose shares or orders differ from an earlier look's; CASH where the cash does."""
        changed = (self._shares() ^ earlier._shares()) | (self._orders() ^ earlier._orders())
        moved = {str(symbol) for symbol, *_ in changed}
        if self.account.cash != earlier.account.cash:
            moved.add(CASH)
        return frozenset(moved)

    @property
    def is_at_its_prices(self) -> bool:
        """Whether the equity is the cash and the shares at the prices of the positions, to the cent."""
        worth = sum((position.market_value for position in self.positions), self.account.cash)
        return abs(self.account.equity - worth) < CENT

    def _shares(self) -> set[tuple[object, ...]]:
        return {(position.symbol, position.quantity) for position in self.positions}

    def _orders(self) -> set[tuple[object, ...]]:
        return {(o.symbol, o.broker_order_id, o.state, o.remaining, o.held) for o in self.open_orders}


def read_look(desk: Desk, run: JobRun, *, at_most: timedelta = timedelta(0)) -> Look:
    """Read account, positions and open orders, in this order, after the activities were booked.

    A reading of the account that is up to ``at_most`` old is read again where its cash differs from the ledger's.
    Raises BrokerUnavailable.
    """
    account = read_account(desk, run, at_most=at_most)
    cash_here = desk.ledger.books.cash()
    if at_most and cash_here is not None and abs(account.cash - cash_here) > CENT:
        account = read_account(desk, run)
    assert run.reading is not None, "the account was read"
    return Look(account, desk.broker.positions(), desk.broker.open_orders(), run.market_at(run.reading.at).now)
