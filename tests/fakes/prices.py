"""A price source made up in a test: bars and actions held in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal

from tradebot.core.model.account import ActionKind, CorporateAction, DayBar
from tradebot.market.calendar import NyseCalendar

FIRST_SESSION = date(2007, 1, 3)


class MadePrices:
    """Implements ports.PriceSource over the bars and actions it is given."""

    def __init__(self, bars: Iterable[DayBar], actions: Iterable[CorporateAction] = ()) -> None:
        self._bars = sorted(bars, key=lambda bar: (bar.session, bar.symbol))
        self._actions = tuple(sorted(actions, key=lambda action: (action.ex_date, action.symbol)))

    def fingerprint(self) -> str:
        return hashlib.sha256(repr((self._bars, self._actions)).encode()).hexdigest()

    def bars(self) -> Iterable[DayBar]:
        return self._bars

    def actions(self) -> tuple[CorporateAction, ...]:
        return self._actions


def sessions(count: int, first: date = FIRST_SESSION) -> list[date]:
    """``count`` sessions of the New York Stock Exchange in a row, ``first`` the first of them."""
    calendar, days = NyseCalendar(), [first]
    while len(days) < count:
        days.append(calendar.following(days[-1]).session)
    return days


def made(
    days: Mapping[str, Sequence[str | None]], actions: Iterable[CorporateAction] = (), first: date = FIRST_SESSION
) -> MadePrices:
    """Prices of some symbols, a session each: "open high low close [volume]", or None when it does not trade."""
    calendar = sessions(max(len(bars) for bars in days.values()), first)
    return MadePrices(
        (
            bar(symbol, session, text)
            for symbol, bars in days.items()
            for session, text in zip(calendar, bars, strict=False)
            if text is not None
        ),
        actions,
    )


def bar(symbol: str, session: date, text: str) -> DayBar:
    """A bar from "open high low close [volume]"; without a volume, a million shares."""
    opening, high, low, close, *volume = text.split()
    return DayBar(
        symbol,
        session,
        Decimal(opening),
        Decimal(high),
        Decimal(low),
        Decimal(close),
        int(volume[0]) if volume else 1_000_000,
    )


def split(symbol: str, ex_date: date, ratio: str) -> CorporateAction:
    return CorporateAction(symbol, ex_date, ActionKind.SPLIT, Decimal(ratio))


def ended(symbol: str, ex_date: date, kind: ActionKind, paid: str) -> CorporateAction:
    return CorporateAction(symbol, ex_date, kind, Decimal(paid))


def dividend(symbol: str, ex_date: date, amount: str) -> CorporateAction:
    return CorporateAction(symbol, ex_date, ActionKind.DIVIDEND, Decimal(amount))
