"""Which splits the bars of an answer contain already.

Robinhood's bars are said to be adjusted for splits. When that happens on the day of a split is not known, so the prices
on both sides of each known split decide.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import isnan, log, prod

import numpy as np

from tradebot.brokers.robinhood.data.quotes import MAX_CLOSE_AGE, RobinhoodQuote
from tradebot.core.model.account import ActionKind, CorporateAction
from tradebot.core.model.values import SUB_PENNY
from tradebot.market.bar_table import Bars

#: An open of at least so many times the close before, or at most its inverse, may be a split: 3 for 2 is 1.5.
GAP = 1.4
#: A smaller ratio does not show in prices, whose own moves are as large. Bars are then taken as adjusted.
SHOWS_FROM = 1.25

_LOG = logging.getLogger(__name__)


def newest_gaps(bars: Bars) -> dict[str, date]:
    """The last session of each symbol at whose open its bars jump as at a split that they are not adjusted for."""
    opens, closes = bars.values[0], bars.values[3]
    with np.errstate(invalid="ignore"):
        moves = np.abs(np.log(opens[1:] / closes[:-1])) >= log(GAP)
    return {
        bars.symbols[column]: bars.sessions[int(np.flatnonzero(moves[:, column])[-1]) + 1]
        for column in np.flatnonzero(moves.any(axis=0))
    }


def shown_splits(
    quotes: Iterable[RobinhoodQuote], known: Iterable[CorporateAction], today: date
) -> tuple[CorporateAction, ...]:
    """The splits of ``today`` that quotes show and no list has. The ratio is the nearest of small numbers."""
    lately = {split.symbol for split in known if today - MAX_CLOSE_AGE < split.ex_date <= today}
    shown = [quote for quote in quotes if quote.split is not None and quote.symbol not in lately]
    for quote in shown:
        _LOG.warning("the quote of %s shows a split that its list of splits lacks", quote.symbol)
    return tuple(
        CorporateAction(quote.symbol, today, ActionKind.SPLIT, _small_ratio(quote.split))
        for quote in shown
        if quote.split is not None
    )


def unadjusted(
    bars: Bars, splits: Iterable[CorporateAction], newest: Mapping[str, float]
) -> tuple[CorporateAction, ...]:
    """Those of ``splits`` that the bars before them are not adjusted for.

    newest: the newest price of a symbol, USD a share, for a split after its last bar.
    """
    return tuple(split for split in splits if split.symbol in bars.symbols and not _is_contained(bars, split, newest))


def closes_at(
    bars: Bars, symbols: Iterable[str], splits: Iterable[CorporateAction], newest: Mapping[str, float]
) -> dict[str, Decimal]:
    """The closes of the first session of ``bars``, USD a share on the basis of that session.

    splits: those since then whose ex-date has come. newest: as for ``unadjusted``.
    """
    since = tuple(splits)
    open_splits, closes = unadjusted(bars, since, newest), dict[str, Decimal]()
    for symbol in symbols:
        close = float(bars.values[3, 0, bars.symbols.index(symbol)])
        if isnan(close):
            continue
        ratio = prod(split.value for split in since if split.symbol == symbol and split not in open_splits)
        closes[symbol] = Decimal(repr(close)) if ratio == 1 else (Decimal(repr(close)) * ratio).quantize(SUB_PENNY)
    return closes


def _is_contained(bars: Bars, split: CorporateAction, newest: Mapping[str, float]) -> bool:
    ratio, column = float(split.value), bars.symbols.index(split.symbol)
    before = [row for row, day in enumerate(bars.sessions) if day < split.ex_date and _has(bars, row, column)]
    after = [row for row, day in enumerate(bars.sessions) if day >= split.ex_date and _has(bars, row, column)]
    price = float(bars.values[0, after[0], column]) if after else newest.get(split.symbol)
    if not before or price is None or 1 / SHOWS_FROM < ratio < SHOWS_FROM:
        return True
    close = float(bars.values[3, before[-1], column])
    return abs(log(price / close)) < abs(log(price * ratio / close))


def _small_ratio(ratio: Decimal) -> Decimal:
    """2.0003 is 2, and 0.09998 is 0.1: prices are rounded."""
    near = Fraction(ratio).limit_denominator(20) if ratio > 1 else 1 / Fraction(1 / ratio).limit_denominator(20)
    return Decimal(near.numerator) / near.denominator


def _has(bars: Bars, row: int, column: int) -> bool:
    return not isnan(float(bars.values[3, row, column]))
