"""Money that comes and goes at the exchange, apart from the activity that tells of it."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal

from tests.stories.real_account.at_alpaca import AtAlpaca
from tradebot.core.model.account import CashEvent, CashKind
from tradebot.core.model.exchange_time import new_york_instant


def move_cash(account: AtAlpaca, amount: Decimal) -> None:
    """The account has ``amount`` USD more, or less; nothing tells of it."""
    with account.house.exchange() as exchange, exchange.writing() as view:
        view.book.cash += amount


def tell(account: AtAlpaca, amount: Decimal, at: datetime) -> None:
    """The activity of a transfer that was made at an instant is told from now on."""
    kind = CashKind.DEPOSIT if amount > 0 else CashKind.WITHDRAWAL
    with account.house.exchange() as exchange, exchange.writing() as view:
        event_id = view.book._activity_id()
        view.book.activities.append(CashEvent(event_id, kind, amount, at, view.state.session, None, "ACH"))


def on(day: date, at: str) -> datetime:
    """An instant in New York: "21:00"."""
    return new_york_instant(day, time.fromisoformat(at))
