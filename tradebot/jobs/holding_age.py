"""How long holdings are held, counted by the exchange's calendar whenever it is asked for: a stored count gets old."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from tradebot.core.model.holdings import Holding
from tradebot.ports import Calendar


def with_age(holdings: Iterable[Holding], calendar: Calendar, today: date) -> tuple[Holding, ...]:
    """Holdings with the number of sessions completed since their opening, as of the session ``today``."""

    def sessions_since(opened: date) -> int:
        return max(len(calendar.between(opened, today)) - 1, 0)

    return tuple(replace(holding, sessions_held=sessions_since(holding.opened_session)) for holding in holdings)
