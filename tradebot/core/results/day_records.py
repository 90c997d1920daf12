"""What the ledger has of one session that explains its symbols."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from tradebot.core.model.account import CashEvent, Position, Reorganisation, SplitEvent
from tradebot.core.model.holdings import LotClosure
from tradebot.core.model.ledger_rows import DecisionRow, Run
from tradebot.core.model.orders import BrokerOrder, Intent
from tradebot.core.model.signal_records import SignalsRecord
from tradebot.core.results.listings import FillLine
from tradebot.core.results.stop_entry import StopEntry
from tradebot.core.safety.bare_time import BarePeriod


@dataclass(frozen=True, slots=True)
class Owned:
    """Shares of a strategy at the end of a session."""

    strategy: str
    symbol: str
    since: date  # the session of the first entry
    entry_ids: tuple[str, ...]  # client_order_ids of the entries; empty for what no order of ours bought


@dataclass(frozen=True, slots=True)
class SeenStop:
    """A stop order as the broker showed it last, live at the end of a session."""

    order: BrokerOrder
    seen_at: datetime  # when it was seen to change last, aware UTC


@dataclass(frozen=True, slots=True)
class SentClose:
    """A closing order that an emergency stop has sent, and that is not known to have ended."""

    sent: StopEntry
    opens: datetime | None  # when the exchange opens for it (aware UTC); None: it was sent while it was open


@dataclass(frozen=True, slots=True)
class DayRecords:
    """The records of one session."""

    session: date
    runs: tuple[Run, ...]
    signals: Mapping[date, tuple[SignalsRecord, ...]]  # of the session, and of the entries of what is held
    first_recorded: date | None  # the first session whose signals are stored
    traded_by: Mapping[str, tuple[str, ...]]  # strategies of today's settings by symbol
    decisions: tuple[DecisionRow, ...]
    intents: Mapping[str, Intent]  # by client_order_id: those of the session and of what is held
    fills: tuple[FillLine, ...]  # of the session
    earlier: tuple[FillLine, ...]  # of the entries before it of what is held
    closures: tuple[LotClosure, ...]
    splits: tuple[SplitEvent, ...]  # since the oldest entry of what is held
    cash_events: tuple[CashEvent, ...]
    reorganisations: tuple[Reorganisation, ...]
    owned: tuple[Owned, ...]
    positions: Mapping[str, Position]  # the broker's by symbol, as last seen in the session
    stops: tuple[SeenStop, ...]
    bare: tuple[BarePeriod, ...]
    stop_actions: tuple[StopEntry, ...]  # what emergency stops did until the end of the session, in order
    closes: tuple[SentClose, ...]
