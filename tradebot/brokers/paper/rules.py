"""The rules of the embedded exchange, the phases of its session, and its state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from tradebot.core.model.capabilities import EVERYTHING, Capabilities
from tradebot.market.matching import FillRules


@dataclass(frozen=True, slots=True)
class ExchangeRules(FillRules):
    """Rules of an account. A change of ``starting_cash``, ``start`` or ``warmup`` affects new accounts only."""

    starting_cash: Decimal = Decimal(100_000)  # USD
    allow_short: bool = False  # whether the account is a margin account
    start: date | None = None  # the first session; None: the first with ``warmup`` sessions before it, if there is one
    warmup: int = 0  # sessions
    capabilities: Capabilities = EVERYTHING  # a request for what it lacks is refused
    fractions_stay: bool = False  # after a split; else they are paid out in cash


class Phase(StrEnum):
    """The phases of a session."""

    PRE_OPEN = "pre-open"  # orders wait; the last price is the previous close
    OPEN = "open"  # the first five minutes; the last price is the open
    RESOLVED = "resolved"  # the range of the bar has been matched; the last price is the close
    CLOSED = "closed"  # orders wait for the next session; the last price is the close


@dataclass(frozen=True, slots=True)
class ExchangeState:
    """The state of the exchange between transactions."""

    generation: int  # the number of the account among those that the exchange has had
    account_id: str
    starting_cash: Decimal  # USD
    session: date
    now: datetime  # aware UTC
    phase: Phase
    begun_on: date | None = None  # the New York date, by the wall clock, that last began a session
