"""Bars of the home's own price file, from before those that Robinhood gives."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

import numpy as np

from tradebot.core.model.account import ActionKind, CorporateAction
from tradebot.market.adjust import back_adjust
from tradebot.market.bar_table import FIELDS, Bars
from tradebot.market.price_file import PriceFile
from tradebot.ports import Calendar


class OlderBars:
    """The bars of a price file, adjusted for its splits. It is read once a process, and only when it is asked for.

    All methods raise ConfigError for an invalid file.
    """

    def __init__(self, prices: PriceFile, calendar: Calendar) -> None:
        self._prices = prices
        self._calendar = calendar

    def bars(self, symbols: Iterable[str]) -> Bars | None:
        """The bars of those of ``symbols`` that the file has; None without any."""
        history = self._prices.history()
        held = set(history.close.columns)
        wanted = [symbol for symbol in symbols if symbol in held]
        if not wanted or not len(history.close):
            return None
        splits = [action for action in self._prices.actions() if action.kind is ActionKind.SPLIT]
        adjusted = back_adjust(history, splits, as_of=date.max)
        days = [stamp.date() for stamp in adjusted.close.index]
        sessions = [hours.session for hours in self._calendar.between(days[0], days[-1])]
        row_of = {session: row for row, session in enumerate(sessions)}
        bars = Bars.empty(wanted, sessions)
        known = [place for place, day in enumerate(days) if day in row_of]
        rows = np.array([row_of[days[place]] for place in known], dtype=int)
        for field, name in enumerate(FIELDS):
            bars.values[field, rows] = getattr(adjusted, name)[wanted].to_numpy()[known]
        return bars

    def dividends(self, symbols: Collection[str]) -> tuple[CorporateAction, ...]:
        """The dividends of ``symbols``, USD a share on the split basis of the file's end, by ex-date."""
        actions = [action for action in self._prices.actions() if action.symbol in symbols]
        return tuple(_on_last_basis(action, actions) for action in actions if action.kind is ActionKind.DIVIDEND)


def _on_last_basis(dividend: CorporateAction, actions: Iterable[CorporateAction]) -> CorporateAction:
    """The dividend for one share of those that one share became. On the ex-date of a split it is for an old share."""
    value = dividend.value
    for action in actions:
        if action.kind is ActionKind.SPLIT and action.symbol == dividend.symbol and action.ex_date >= dividend.ex_date:
            value /= action.value
    return CorporateAction(dividend.symbol, dividend.ex_date, dividend.kind, value)
