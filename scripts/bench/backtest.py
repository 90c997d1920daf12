"""Measure a backtest of the universe that other engines are compared on: 500 symbols, 2,520 daily bars, seeded.

python scripts/bench/backtest.py            the table
python scripts/bench/backtest.py --profile  where the time of the account with wide limits goes

The rule: long while the average of 10 closes is above that of 30. The first figure is that of the others' sizing,
floor(100,000 / close) shares an entry without limits and costs: it has to be theirs to the cent. The others have every
rule, a stop of 5 % and a target of 12 %. A plain loop over the same signals is the floor.

Seconds are of the processor: the best of several runs of the walk alone, without imports and loading.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import resource
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tradebot.backtest.bars import Bars, bars_of
from tradebot.backtest.setup import Setup
from tradebot.backtest.signals import SignalBook, SignalTable
from tradebot.backtest.walk import Walk
from tradebot.core.model.limits import Limits
from tradebot.core.model.signals import ExitPolicy, Signal
from tradebot.core.model.values import ONE
from tradebot.core.planning.entries import EntryDecision
from tradebot.core.risk.candidate import EntryTerms, LeastOrder
from tradebot.core.risk.projected_account import ProjectedAccount
from tradebot.core.risk.sizing import Cap, Size
from tradebot.market.matching import FillRules
from tradebot.settings import Settings
from tradebot.strategy_api import History

SYMBOLS, BARS, SEED = 500, 2520, 20240101
FAST, SLOW = 10, 30
CASH = Decimal(100_000_000)
STOP = Decimal("0.0001")  # of the others' sizing, which has none: no price reaches it
EXPECTED = Decimal("119361016.63")
NO_COST = FillRules(slippage_pct=Decimal(0), commission_per_share=Decimal(0), commission_min=Decimal(0))
BRACKET = ExitPolicy(stop=Decimal("0.05"), target=Decimal("0.12"))
Array = NDArray[np.float64]


def universe(symbols: int = SYMBOLS, bars: int = BARS) -> History:
    """Seeded random walks with prices in cents, and no tie of the two averages that a float could break."""
    draw = np.random.default_rng(SEED)
    shape = (bars, symbols)
    drift = draw.normal(0.07, 0.08, symbols) / 252
    sigma = draw.uniform(0.12, 0.40, symbols) / np.sqrt(252)
    first = draw.uniform(20, 300, symbols)
    steps = drift - sigma**2 / 2 + sigma * draw.standard_normal(shape)
    exact = first * np.exp(np.cumsum(steps, 0))
    opens = np.vstack([first, exact[:-1]]) * np.exp(0.3 * sigma * draw.standard_normal(shape))
    above, below = (np.exp(np.abs(0.4 * sigma * draw.standard_normal(shape))) for _ in range(2))
    highs, lows = np.maximum(opens, exact) * above, np.minimum(opens, exact) / below
    opens, closes = _cents(opens), _without_ties(_cents(exact))
    highs = np.maximum.reduce([_cents(highs), opens, closes])
    lows = np.minimum.reduce([_cents(lows), opens, closes])
    volume = draw.integers(100_000, 5_000_000, shape).astype(float)
    index = pd.bdate_range("2013-01-02", periods=bars)
    names = [f"S{number:03d}" for number in range(symbols)]
    frames = (pd.DataFrame(values, index=index, columns=names) for values in (opens, highs, lows, closes, volume))
    return History(*frames)


def _cents(prices: Array) -> Array:
    return np.asarray(np.maximum(np.round(prices, 2), 0.5))


def _without_ties(closes: Array) -> Array:
    while True:
        fast, slow = _sums(closes, FAST), _sums(closes, SLOW)
        ties = np.argwhere((fast * 3 == slow) & (slow > 0))
        if not len(ties):
            return closes
        closes[ties[:, 0], ties[:, 1]] = np.round(closes[ties[:, 0], ties[:, 1]] + 0.01, 2)


def _sums(closes: Array, count: int) -> NDArray[np.int64]:
    """Sums of ``count`` closes in cents, up to each row; 0 before there are as many as SLOW."""
    sums = np.cumsum(np.vstack([np.zeros((1, closes.shape[1])), np.round(closes * 100)]).astype(np.int64), 0)
    result = np.zeros(closes.shape, np.int64)
    result[SLOW - 1 :] = sums[SLOW:] - sums[SLOW - count : len(sums) - count]
    return result


def signals(history: History, policy: ExitPolicy) -> SignalBook:
    """Enter where the fast average rises above the slow one, leave while it is not above."""
    closes = history.close.to_numpy()
    above = 3 * _sums(closes, FAST) > _sums(closes, SLOW)
    above[:SLOW] = False  # the others decide first on the bar after the average is known
    before = np.vstack([np.zeros((1, above.shape[1]), bool), above[:-1]])
    table = SignalTable("cross", "", SLOW, above & ~before, ~above, np.zeros(above.shape), policy)
    return SignalBook([table], tuple(history.close.columns))


def as_others_size(
    closes: Array, columns: dict[str, int], rows: dict[date, int]
) -> Callable[..., Iterator[EntryDecision]]:
    """Entries of floor(100,000 / close) shares, without a stop or a limit."""

    def decide(entering: Iterable[Signal], account: ProjectedAccount) -> Iterator[EntryDecision]:
        for signal in entering:
            close = Decimal(str(closes[rows[signal.as_of], columns[signal.symbol]]))
            size = Size(Decimal(100_000) // close, Cap.ORDER_VALUE)
            price = account.situation.quotes[signal.symbol].last
            yield EntryDecision(signal, EntryTerms(price, STOP, None, size, LeastOrder(ONE, price, price)), ())

    return decide


def wide(limits: Limits) -> Limits:
    """Limits that admit every entry."""
    return replace(
        limits,
        max_positions=1000,
        max_gross_exposure_pct=Decimal(4),
        max_portfolio_risk_pct=Decimal("0.5"),
        max_order_value=Decimal(10_000_000),
        risk_per_trade_pct=Decimal("0.00005"),
        max_daily_trades=1000,
        max_orders_per_minute=10_000,
        max_orders_per_session=100_000,
        max_order_adv_pct=ONE,
        price_collar_pct=ONE,
        repeat_order_limit=1000,
        daily_loss_limit_pct=Decimal("0.5"),
        emergency_stop_loss_pct=Decimal("0.75"),
        probation_sessions=0,
    )


def plain_loop(bars: Bars, entry: NDArray[np.bool_], leave: NDArray[np.bool_]) -> float:
    """The floor: the same trades by a loop over lists, without a rule."""
    opens, closes = (array.T.tolist() for array in (bars.open, bars.close))
    enters, leaves = entry.T.tolist(), leave.T.tolist()
    cash, worth = 0, 0
    started = time.process_time()
    for of_open, of_close, enter, exit_ in zip(opens, closes, enters, leaves, strict=True):
        shares = 0
        for row in range(1, len(of_open)):
            if shares and exit_[row - 1]:
                cash += shares * of_open[row]
                shares = 0
            elif not shares and enter[row - 1]:
                shares = 1_000_000_000 // of_close[row - 1]
                cash -= shares * of_open[row]
        worth += shares * of_close[-1]
    seconds = time.process_time() - started
    total = CASH + Decimal(cash + worth) / 10_000
    print(f"plain loop: {seconds:.2f} s, {total:,.2f}")
    return seconds


def measured(name: str, make: Callable[[], Walk], runs: int) -> Walk:
    """Run a walk several times and print the best."""
    best, walk = float("inf"), make()
    for _ in range(runs):
        walk = make()
        started = time.process_time()
        walk.run()
        best = min(best, time.process_time() - started)
    fills, denied = len(walk.account.booked), len(walk.denied)
    print(f"{name}: {best:.2f} s, {walk.equity[-1]:,.2f}, {fills:,} fills, {denied:,} denials, met {dict(walk.counts)}")
    return walk


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    history = universe()
    bars, limits = bars_of(history, ()), Settings().limits()
    crossing, bracket = signals(history, ExitPolicy()), signals(history, BRACKET)
    rows = {session: row for row, session in enumerate(bars.sessions)}
    sizing = as_others_size(history.close.to_numpy(), bars.columns, rows)
    usual = Setup(limits=limits, cash=Decimal(100_000))
    admits_all = Setup(limits=wide(limits), cash=CASH)
    if options.profile:
        profile = cProfile.Profile(time.process_time)
        profile.runcall(Walk(bars, bracket, admits_all).run)
        pstats.Stats(profile).sort_stats("tottime").print_stats(35)
        return
    plain_loop(bars, crossing.tables[0].entry, crossing.tables[0].exit)
    others = measured(
        "others' sizing", lambda: Walk(bars, crossing, replace(admits_all, rules=NO_COST), sizing), options.runs
    )
    print("  to the cent" if others.equity[-1] == EXPECTED else f"  NOT the {EXPECTED:,.2f} of the others")
    measured("careful account", lambda: Walk(bars, bracket, usual), options.runs)
    measured("limits that admit all", lambda: Walk(bars, bracket, admits_all), options.runs)
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


if __name__ == "__main__":
    main()
