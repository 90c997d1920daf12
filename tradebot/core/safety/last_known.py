"""What the ledger knew last of an account whose broker cannot be asked any more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tradebot.core.model.account import Position
from tradebot.core.model.exchange_time import new_york_text
from tradebot.core.model.holdings import Holding
from tradebot.core.model.orders import BrokerOrder, Intent, Purpose
from tradebot.core.model.values import ZERO, canonical, dollars
from tradebot.core.safety.bare_time import BarePeriod


@dataclass(frozen=True, slots=True)
class LastKnown:
    """An account as the ledger knew it last. Nothing is known of what has happened at the broker since."""

    at: datetime | None = None  # of the newest look, aware UTC; None before the first
    positions: tuple[Position, ...] = ()
    holdings: tuple[Holding, ...] = ()
    bare: tuple[BarePeriod, ...] = ()  # that have not ended
    stops: tuple[BrokerOrder, ...] = ()  # of ours, that rested when last seen
    unsettled: tuple[Intent, ...] = ()
    sent: tuple[str, ...] = ()  # orders that left, for people, where there is no ledger
    on_paper: bool = False  # no real money is at stake, and the broker's app shows nothing of it

    @property
    def where(self) -> str:
        """Where a person goes on, as the end of a sentence on what to do."""
        return "on paper, once you have logged in" if self.on_paper else "in the broker's app"

    @property
    def when(self) -> str:
        """When the account was looked at last, for people."""
        return "it was never looked at" if self.at is None else f"as last seen {new_york_text(self.at)}"

    def price_of(self, holding: Holding) -> Decimal:
        """The newest known price of a holding, USD a share."""
        shown = (held.market_price for held in self.positions if held.symbol == holding.symbol)
        return next(shown, holding.entry_price)

    def is_bare(self, holding: Holding) -> bool:
        """Whether shares of a holding were last seen without a stop."""
        return any(period.key == (holding.strategy, holding.symbol) for period in self.bare)

    def open_entries(self) -> Iterator[Intent]:
        """The entries that may still buy."""
        return (each for each in self.unsettled if each.purpose is Purpose.ENTRY and each.state.live)


def bare_text(known: LastKnown) -> str:
    """The shares that were last seen without a stop, in dollars, and what becomes of stops that rest."""
    stops = "" if known.on_paper else " Stops that rest at the broker go on resting."
    return f"{_bare_sentence(known)}{stops}"


def _bare_sentence(known: LastKnown) -> str:
    if not known.bare and known.at is None:
        return f"Whether shares of ours are without a stop is not known here: look {known.where}."
    if not known.bare:
        return f"No share of ours was without a stop ({known.when})."
    each = ", ".join(
        f"{dollars(period.dollars)} of {period.symbol} ({canonical(period.shares)} shares of {period.strategy})"
        for period in known.bare
    )
    total = sum((period.dollars for period in known.bare), ZERO)
    return f"Without a stop, {known.when}: {each}; {dollars(total)} in all. Set stops or sell {known.where}."


def is_on_paper(account_key: str) -> bool:
    """Whether an account holds no real money, by its key."""
    return account_key.split(":")[1:2] == ["paper"]
