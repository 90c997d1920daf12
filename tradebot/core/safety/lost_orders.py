"""Lost orders: orders whose answer was lost, at a broker that finds no order for certain by its client_order_id.

Such a broker tells of an order in its lists alone, which may lag, and a used id may be refused for ever. A lost entry
is therefore never sent again. A lost sell may be sent once more under its id, so that shares do not stay without a
stop, and only where the broker shows that no sell holds them. After that its id is given up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from tradebot.core.model.account import Position
from tradebot.core.model.orders import BrokerOrder, Intent, Side
from tradebot.core.model.values import ZERO

#: How long a request whose answer was lost may still arrive, counted from when the answer was given up.
QUARANTINE = timedelta(seconds=20)
#: The least time between two looks that count as two.
BETWEEN_LOOKS = timedelta(seconds=3)
#: How often a sell is sent under one id.
TRIES = 2


class Verdict(StrEnum):
    """What becomes of a lost order."""

    WAIT = "wait"  # it may be there, or arrive
    SEND_AGAIN = "send_again"  # it may be sent once more, under the same id
    END = "end"  # it is nowhere, and its id is given up


@dataclass(frozen=True, slots=True)
class LostOrder:
    """An order that was sent, and that no list of the broker's has shown since."""

    reduces: bool  # whether it can only make a position smaller
    sends: int  # from 1
    lost_at: datetime  # when its last answer was given up, aware UTC
    ended_at: datetime | None = None  # when the broker has ended it at the latest; None where it lives on

    @property
    def arrived_by(self) -> datetime:
        """From when its last request counts as arrived or gone."""
        return self.lost_at + QUARANTINE


@dataclass(frozen=True, slots=True)
class Look:
    """One look at the account: the lists did not have the order."""

    at: datetime
    may_have_filled: bool  # the position differs from the ledger as a fill of the order would make it differ
    is_free: bool  # the broker shows that no order unknown to the lists holds shares for a sale, or no share at all


def verdict(order: LostOrder, looks: Sequence[Look]) -> Verdict:
    """What becomes of an order, by the looks since it was last sent, oldest first.

    An order that the broker has ended by now, and that has moved no shares, is over. Else a sell takes two looks in a
    row, after its quarantine and apart from each other, that both show its shares there and free.
    """
    if not looks or looks[-1].may_have_filled:
        return Verdict.WAIT
    if order.ended_at is not None and looks[-1].at >= max(order.ended_at, order.lost_at) + QUARANTINE:
        return Verdict.END
    settled = [look for look in looks if look.at >= order.arrived_by][-2:]
    agree = len(settled) == 2 and all(look.is_free and not look.may_have_filled for look in settled)
    if not order.reduces or not agree or settled[1].at - settled[0].at < BETWEEN_LOOKS:
        return Verdict.WAIT
    return Verdict.SEND_AGAIN if order.sends < TRIES else Verdict.END


def look_for(
    intent: Intent, at: datetime, position: Position | None, listed: Iterable[BrokerOrder], booked: Decimal
) -> Look:
    """What the account shows of an order that no list has.

    ``position`` is that of its symbol, ``listed`` are the live orders that the lists have, and ``booked`` are the
    shares of its symbol that the ledger explains.
    """
    shown = position.quantity if position is not None else ZERO
    return Look(
        at=at,
        may_have_filled=(shown - booked) * intent.request.side.sign > 0,
        is_free=booked == 0 if position is None else holds_nothing_else(position, listed),
    )


def holds_nothing_else(position: Position, listed: Iterable[BrokerOrder]) -> bool:
    """Whether the broker shows no more shares held for sells than the listed sells hold. False where it does not say.

    The legs of one entry hold the same shares.
    """
    if position.held_for_sells is None or position.quantity <= 0:
        return False
    selling = [order for order in listed if order.symbol == position.symbol and order.side is Side.SELL]
    known = sum((order.remaining for order in selling if order.state.live and not order.held), ZERO)
    return position.held_for_sells <= known
