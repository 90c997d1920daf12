"""The bundled market as the worlds use it: an exchange and a ledger prepared once, and what is known of the sessions.

Making the two files reads the bundled prices and migrates a database, which takes seconds. A world copies them instead.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import NoReturn

from tests.fakes.no_exchange import NoExchange
from tradebot.brokers.paper import ExchangeRules, PaperExchange
from tradebot.brokers.paper.market_data import PaperMarket
from tradebot.core.model.account import ActionKind, CorporateAction
from tradebot.ledger.database import open_database
from tradebot.market.calendar import NyseCalendar
from tradebot.market.price_file import PriceFile

#: A session that opens this much away from the close before it is one to look at.
_WIDE_GAP = Decimal("0.08")


class TakenIn:
    """The bundled prices, to an exchange that has taken them in already; implements ports.PriceSource."""

    def fingerprint(self) -> str:
        return PriceFile().fingerprint()

    def bars(self) -> NoReturn:
        raise AssertionError("the exchange's file was prepared from other prices")

    def actions(self) -> NoReturn:
        raise AssertionError("the exchange's file was prepared from other prices")


@dataclass(frozen=True, slots=True)
class Bar:
    """One symbol's session, as far as the worlds care; USD a share."""

    symbol: str
    session: date
    open: Decimal
    close: Decimal


@dataclass(frozen=True, slots=True)
class Market:
    """What worlds are drawn from and checked against.

    ``data`` gives bars and benchmark; the rest is an exchange's own. ``listed`` gives each symbol's first
    session. ``turning`` holds, by kind, the sessions at which prices or hours do something out of the ordinary.
    """

    folder: Path
    data: PaperMarket
    sessions: tuple[date, ...]
    listed: dict[str, date]
    closes: dict[tuple[str, date], Decimal]
    actions: tuple[CorporateAction, ...]
    turning: dict[str, tuple[date, ...]]

    @property
    def exchange_file(self) -> Path:
        return self.folder / "exchange.db"

    @property
    def ledger_file(self) -> Path:
        return self.folder / "ledger.db"

    def after(self, session: date, count: int = 1) -> date:
        """The session ``count`` sessions later."""
        return self.sessions[self.sessions.index(session) + count]


def prepare(folder: Path) -> Market:
    """Make the two files in ``folder``, unless they are there, and read what is known of the market."""
    exchange, ledger = folder / "exchange.db", folder / "ledger.db"
    if not ledger.exists():
        folder.mkdir(parents=True, exist_ok=True)
        PaperExchange.create(exchange, PriceFile(), NyseCalendar(), ExchangeRules(), durable=False).close()
        open_database(ledger, create=True, durable=False).close()
    with closing(sqlite3.connect(exchange)) as sql:
        bars = [
            Bar(symbol, date.fromisoformat(session), Decimal(opening), Decimal(close))
            for symbol, session, opening, close in sql.execute("SELECT symbol, session, open, close FROM bars")
        ]
        actions = tuple(
            CorporateAction(symbol, date.fromisoformat(day), ActionKind(kind), Decimal(value))
            for symbol, day, kind, value in sql.execute("SELECT symbol, ex_date, kind, value FROM actions")
        )
    sessions = tuple(sorted({bar.session for bar in bars}))
    listed = _first_sessions(bars)
    return Market(
        folder=folder,
        data=PaperMarket(PriceFile(), NoExchange()),
        sessions=sessions,
        listed=listed,
        closes={(bar.symbol, bar.session): bar.close for bar in bars},
        actions=tuple(sorted(actions, key=lambda action: (action.ex_date, action.symbol, action.kind))),
        turning={
            "splits": _known(sessions, (action.ex_date for action in actions if action.kind is ActionKind.SPLIT)),
            "dividends": _known(sessions, (action.ex_date for action in actions if action.kind is ActionKind.DIVIDEND)),
            "listings": _known(sessions, listed.values()),
            "half days": _known(sessions, _half_days(sessions)),
            "gaps": _known(sessions, _wide_gaps(bars, sessions)),
        },
    )


def _known(sessions: Sequence[date], days: Iterable[date]) -> tuple[date, ...]:
    """Those of ``days`` that are sessions with one before them, in order."""
    return tuple(sorted(set(days) & set(sessions[1:])))


def _first_sessions(bars: Iterable[Bar]) -> dict[str, date]:
    first: dict[str, date] = {}
    for bar in bars:
        first[bar.symbol] = min(bar.session, first.get(bar.symbol, bar.session))
    return dict(sorted(first.items()))


def _half_days(sessions: Sequence[date]) -> Iterator[date]:
    for hours in NyseCalendar().between(sessions[0], sessions[-1]):
        if hours.half_day:
            yield hours.session


def _wide_gaps(bars: Iterable[Bar], sessions: Sequence[date]) -> Iterator[date]:
    before = dict(zip(sessions[1:], sessions, strict=False))
    closes = {(bar.symbol, bar.session): bar.close for bar in bars}
    for bar in bars:
        previous = closes.get((bar.symbol, before.get(bar.session, bar.session)))
        if previous is not None and abs(bar.open / previous - 1) > _WIDE_GAP:
            yield bar.session
