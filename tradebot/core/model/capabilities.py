"""What a broker can do. Planning, protection and checks go by this value, never by a broker's name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum

from tradebot.core.model.orders import OrderRequest
from tradebot.core.model.values import ONE, tick_down


class Hours(StrEnum):
    """The parts of a day in which shares trade at a broker. Stops trigger in regular hours alone, everywhere."""

    REGULAR = "regular"
    EXTENDED = "extended"  # before the open and after the close
    OVERNIGHT = "overnight"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What one broker can do."""

    brackets: bool  # an entry takes its stop and its target along
    oto: bool  # an entry takes its stop along
    replace: bool  # one request changes a resting order, which is never away meanwhile
    cancel_all: bool  # one request cancels every live order
    finds_by_id: bool  # an order is found for certain by its client_order_id, and a used id is refused
    fractions: bool  # orders for a part of a share are taken
    gtc_age: timedelta | None = None  # how long a GTC order lives that does not say so itself; None: for ever
    paper_account: bool  # the broker has an account without real money
    entry_collar_pct: Decimal | None = None  # entries are limits, this fraction above the price; None: at the market
    hours: frozenset[Hours] = frozenset({Hours.REGULAR})  # in which shares trade there

    @property
    def protects_entries(self) -> bool:
        """Whether the broker itself places the stop of an entry, so that no job has to."""
        return self.brackets or self.oto

    @property
    def left_to_jobs(self) -> tuple[str, ...]:
        """What jobs do because the broker can't, for people."""
        told = (
            (self.protects_entries, "each entry's stop is placed by the job that sends it"),
            (self.brackets, "targets are taken by check-exits"),
            (self.replace, "a stop is moved by cancelling it first"),
            (self.finds_by_id, "an order whose answer was lost is looked for in lists"),
        )
        return tuple(text for can, text in told if not can)

    @property
    def unguarded_hours(self) -> str:
        """The hours in which shares trade and no stop triggers, for people; "" for none."""
        others = [str(hours) for hours in Hours if hours in self.hours and hours is not Hours.REGULAR]
        return f"no stop triggers in {' and '.join(others)} hours" if others else ""

    def entry_limit(self, last: Decimal) -> Decimal | None:
        """The limit of an entry that is planned at ``last`` USD a share, on a tick; None for one at the market."""
        return None if self.entry_collar_pct is None else tick_down(last * (ONE + self.entry_collar_pct))

    def sent(self, request: OrderRequest) -> OrderRequest:
        """A request as it leaves: without the closing legs that the broker does not take along."""
        stop = request.stop_loss if self.protects_entries else None
        return replace(request, stop_loss=stop, take_profit=request.take_profit if self.brackets else None)


#: A broker that lacks nothing, as the embedded exchange is by default.
EVERYTHING = Capabilities(
    brackets=True, oto=True, replace=True, cancel_all=True, finds_by_id=True, fractions=True, paper_account=True
)
