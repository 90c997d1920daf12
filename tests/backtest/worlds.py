"""Random small markets with signals and limits, for the gate that a backtest plans as live does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd

from tests.core.builders import limits_with
from tradebot.backtest.bars import Bars, bars_of
from tradebot.backtest.setup import Setup
from tradebot.backtest.signals import SignalBook, SignalTable
from tradebot.backtest.walk import Walk
from tradebot.core.model.account import ActionKind, CorporateAction
from tradebot.core.model.signals import ExitPolicy
from tradebot.market.matching import FillRules
from tradebot.strategy_api import History

D = Decimal
SESSIONS, SYMBOLS = 80, ("AA", "BB", "CC", "DD", "EE", "FF")


@dataclass(frozen=True, slots=True)
class World:
    """One market with all that is drawn for it."""

    bars: Bars
    history: History  # unadjusted
    signals: SignalBook
    setup: Setup

    def walk(self) -> Walk:
        """A backtest of it."""
        return Walk(self.bars, self.signals, self.setup)


def world(seed: int) -> World:
    """The world of a seed."""
    draw = np.random.default_rng(seed)
    index = pd.bdate_range("2007-01-02", periods=SESSIONS)
    shape = (SESSIONS, len(SYMBOLS))
    wild = draw.choice([0.01, 0.03, 0.06])
    close = 40 * np.exp(np.cumsum(wild * draw.standard_normal(shape), 0)) * draw.uniform(0.1, 4, len(SYMBOLS))
    opens = np.vstack([close[:1], close[:-1]]) * np.exp(wild * 0.7 * draw.standard_normal(shape))
    high = np.maximum(opens, close) * np.exp(np.abs(wild * draw.standard_normal(shape)))
    low = np.minimum(opens, close) * np.exp(-np.abs(wild * draw.standard_normal(shape)))
    volume = draw.integers(100, 100_000, shape).astype(float)
    volume[draw.random(shape) < 0.02] = 0
    actions = list(_actions(draw, index))
    frames = [np.maximum(np.round(each, 2), 0.02) for each in (opens, high, low, close)]
    for action in actions:
        row, column = index.get_loc(pd.Timestamp(action.ex_date)), SYMBOLS.index(action.symbol)
        for frame in frames:
            if action.kind is ActionKind.SPLIT:
                frame[row:, column] = np.maximum(np.round(frame[row:, column] / float(action.value), 2), 0.02)
            elif action.kind is ActionKind.DELISTING:
                frame[row:, column] = np.nan
    opens, high, low, close = frames
    volume[np.isnan(close)] = np.nan
    frames = [opens, np.fmax(high, np.fmax(opens, close)), np.fmin(low, np.fmin(opens, close)), close, volume]
    history = History(*(pd.DataFrame(each, index=index, columns=list(SYMBOLS)) for each in frames))
    bars = bars_of(history, actions)
    tables = [_table(draw, name, shape, bars) for name in ("swing", "trend")]
    return World(bars, history, SignalBook(tables, SYMBOLS), _setup(draw))


def _actions(draw: np.random.Generator, index: pd.DatetimeIndex) -> list[CorporateAction]:
    def on(low: int = 10, high: int = SESSIONS - 5) -> date:
        return index[int(draw.integers(low, high))].date()

    found = [CorporateAction("AA", on(), ActionKind.SPLIT, D(draw.choice(["2", "1.5", "0.1", "3"])))]
    found += [CorporateAction(symbol, on(), ActionKind.DIVIDEND, D("0.37")) for symbol in ("BB", "CC")]
    found.append(CorporateAction("DD", on(40), ActionKind.DELISTING, D("3.21")))
    return sorted(found, key=lambda each: each.ex_date)


def _table(draw: np.random.Generator, name: str, shape: tuple[int, int], bars: Bars) -> SignalTable:
    enter, leave = draw.random(shape) < draw.choice([0.1, 0.4]), draw.random(shape) < 0.06
    trails = bool(draw.integers(2))
    policy = ExitPolicy(
        stop=D(str(draw.choice([0.02, 0.05, 0.15]))),
        target=None if draw.integers(2) else D(str(draw.choice([0.03, 0.1]))),
        trail_trigger=D("0.02") if trails else None,
        trail_offset=D("0.015") if trails else None,
        max_sessions=int(draw.choice([3, 9])) if draw.integers(2) else None,
        use_default_target=bool(draw.integers(2)),
    )
    policies = {
        (row, column): ExitPolicy(stop=D(str(draw.choice(["0.04", "NaN", "0", "1.5"]))), target=D("0.2"))
        for row, column in zip(*np.nonzero(enter & (draw.random(shape) < 0.1)), strict=True)
    }
    return SignalTable(
        name, "", 5, enter & ~leave & bars.listed, leave, draw.random(shape).round(1), policy, None, policies
    )


def _setup(draw: np.random.Generator) -> Setup:
    def one(*choices: object) -> object:
        return choices[int(draw.integers(len(choices)))]

    limits = limits_with(
        max_positions=one(2, 4, 10),
        max_position_size_pct=one(D("0.05"), D("0.3")),
        max_portfolio_risk_pct=one(D("0.01"), D("0.05"), D("0.3")),
        max_gross_exposure_pct=one(D("0.2"), D("1"), D("3")),
        risk_per_trade_pct=one(D("0.001"), D("0.02")),
        max_order_value=one(D(3000), D(60_000)),
        max_order_adv_pct=one(D("0.01"), D("1")),
        max_daily_trades=one(1, 20),
        max_orders_per_session=one(2, 200),
        price_collar_pct=one(D("0.03"), D("0.5")),
        daily_loss_limit_pct=one(D("0.01"), D("0.03"), D("0.3")),
        emergency_stop_loss_pct=one(D("0.05"), D("0.2"), D("0.7")),
        repeat_order_limit=one(2, 8),
        deny_symbols=one(frozenset(), frozenset({"FF"})),
        probation_sessions=one(0, 5),
        limit_breach_tolerance_pct=one(D("0"), D("0.25")),
    )
    rules = FillRules(max_fill_volume_pct=one(None, D("0.005"), D("0.05")))  # type: ignore[arg-type]
    return Setup(limits=limits, cash=D(100_000), rules=rules, close_positions=bool(draw.integers(2)))
