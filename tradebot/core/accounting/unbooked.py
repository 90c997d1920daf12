"""Lots as they are after activities that the ledger has not booked yet."""

from __future__ import annotations

from collections.abc import Iterable

from tradebot.core.accounting.lots import book_fill, book_split
from tradebot.core.accounting.reorganisations import book_reorganisation, join_arrived
from tradebot.core.model.account import Activity, Fill, FillBust, Reorganisation, SplitEvent
from tradebot.core.model.holdings import Lot
from tradebot.core.model.ownership import BookedPositions, Lots, Ownership


def lots_including(booked: BookedPositions, activities: Iterable[Activity], ownership: Ownership) -> Lots:
    """The open lots by symbol, oldest first, after activities that the ledger has not booked.

    Busted fills among them, and lots that a busted fill opened, are left out.
    """
    activities = tuple(activities)
    busted = {activity.fill_id for activity in activities if isinstance(activity, FillBust)}
    lots: dict[str, tuple[Lot, ...]] = {}
    for lot in booked.lots:
        if lot.lot_id not in busted:
            lots[lot.symbol] = (*lots.get(lot.symbol, ()), lot)
    for activity in activities:
        if isinstance(activity, Fill) and activity.fill_id not in busted:
            owner = ownership.strategy_of(activity)
            lots[activity.symbol] = book_fill(lots.get(activity.symbol, ()), activity, owner).lots
        elif isinstance(activity, SplitEvent):
            lots[activity.symbol] = book_split(lots.get(activity.symbol, ()), activity).lots
        elif isinstance(activity, Reorganisation):
            effects = book_reorganisation(lots.get(activity.symbol, ()), activity)
            lots[activity.symbol] = effects.lots
            if activity.new_symbol is not None:
                before = lots.get(activity.new_symbol, ())
                lots[activity.new_symbol] = join_arrived(before, effects.arrived).lots
    return lots
