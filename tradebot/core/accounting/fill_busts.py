"""Busted fills: the history of a symbol booked again without the fill that the exchange took back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from tradebot.core.accounting.rebooking import Histories, Rebooked, rebook
from tradebot.core.model.account import Fill, FillBust
from tradebot.core.model.exits import Exit
from tradebot.core.model.ledger_rows import BookedActivity


@dataclass(frozen=True, slots=True)
class Busted:
    """A symbol after a bust."""

    strategy: str  # of the busted fill
    fill: Fill
    rebooked: Rebooked


def rebook_without(histories: Histories, bust: FillBust, exits: Mapping[str, Exit] | None = None) -> Busted | None:
    """The histories booked again without the busted fill; None when they do not hold it."""
    for symbol, history in histories.items():
        for booked in history.activities:
            fill = booked.activity
            if isinstance(fill, Fill) and fill.fill_id == bust.fill_id:
                rest = replace(history, activities=tuple(_others(history.activities, booked)))
                rebooked = rebook({**histories, symbol: rest}, [symbol], bust.event_id, exits)
                return Busted(booked.strategy, fill, rebooked)
    return None


def _others(activities: tuple[BookedActivity, ...], booked: BookedActivity) -> list[BookedActivity]:
    return [each for each in activities if each is not booked]
