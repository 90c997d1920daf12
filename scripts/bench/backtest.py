"""Measure a backtest of the universe that other engines are compared on: 500 symbols, 2,520 daily bars, seeded.

python scripts/bench/backtest.py                 the walk alone, IBM alone, and whole processes with their memory
python scripts/bench/backtest.py --growth        with fewer symbols and fewer bars
python scripts/bench/backtest.py --peers PYTHON  beside other engines; backtest_peers.py says how to install them
python scripts/bench/backtest.py --profile       where the time of the account with wide limits goes

The rule: long while the average of 10 closes is above that of 30. The first figure is that of the others' sizing,
floor(100,000 / close) shares an entry without limits and costs: it has to be theirs to the cent. The others have every
rule, a stop of 5 % and a target of 12 %. A plain loop over the same signals is the floor.

Seconds are of the processor: the best of several runs of the walk alone, without imports and loading. A whole process
imports, loads the prices from arrays, makes bars and signals, and walks once. Beside peers they are medians.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import pstats
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

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
from tradebot.market.price_file import PriceFile
from tradebot.plugins.signal_validation import map_frames, select_symbols
from tradebot.settings import Settings
from tradebot.strategy_api import History

SYMBOLS, BARS, SEED = 500, 2520, 20240101
FAST, SLOW = 10, 30
CASH = Decimal(100_000_000)
STOP = Decimal("0.0001")  # of the others' sizing, which has none: no price reaches it
EXPECTED = Decimal("119361016.63")
EXPECTED_IBM = Decimal("218589.44")  # of the bundled prices, with 100,000 USD and all of the cash in each entry
PEERS = ("vectorbt", "bt", "backtesting")
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


def all_the_cash(entering: Iterable[Signal], account: ProjectedAccount) -> Iterator[EntryDecision]:
    """Entries with the whole cash at the price that they fill at, without a stop or a limit."""
    for signal in entering:
        price = account.situation.quotes[signal.symbol].last
        size = Size(account.situation.account.cash // price, Cap.ORDER_VALUE)
        yield EntryDecision(signal, EntryTerms(price, STOP, None, size, LeastOrder(ONE, price, price)), ())


def plain_loop(bars: Bars, entry: NDArray[np.bool_], leave: NDArray[np.bool_]) -> None:
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


def measured(make: Callable[[], Walk], runs: int) -> tuple[Walk, list[float]]:
    """A walk, with the seconds of several runs of it."""
    seconds = []
    for _ in range(runs):
        walk = make()
        started = time.process_time()
        walk.run()
        seconds.append(time.process_time() - started)
    return walk, seconds


def show(name: str, walk: Walk, seconds: float, expected: Decimal | None = None) -> None:
    """Print what a walk took and came to."""
    fills, denied, total = len(walk.account.booked), len(walk.denied), walk.equity[-1]
    print(f"{name}: {seconds:.3f} s, {total:,.2f}, {fills:,} fills, {denied:,} denials")
    if expected is not None:
        print("  to the cent" if total == expected else f"  NOT the {expected:,.2f} of the others")


class Jobs:
    """The walks that are measured, over one history."""

    def __init__(self, history: History) -> None:
        limits = Settings().limits()
        self.bars = bars_of(history, ())
        self.crossing = signals(history, ExitPolicy())
        self.bracket = SignalBook([replace(self.crossing.tables[0], policy=BRACKET)], self.bars.symbols)
        self._careful = Setup(limits=limits, cash=Decimal(100_000))
        self._wide = Setup(limits=wide(limits), cash=CASH)
        rows = {session: row for row, session in enumerate(self.bars.sessions)}
        self._as_others = as_others_size(history.close.to_numpy(), self.bars.columns, rows)

    def others(self) -> Walk:
        """The others' sizing, without limits and costs."""
        return Walk(self.bars, self.crossing, replace(self._wide, rules=NO_COST), self._as_others)

    def careful(self) -> Walk:
        """The account of the default limits."""
        return Walk(self.bars, self.bracket, self._careful)

    def wide(self) -> Walk:
        """An account whose limits admit every entry."""
        return Walk(self.bars, self.bracket, self._wide)


def ibm(runs: int) -> None:
    """Measure one symbol of the bundled prices over all their sessions, with all of the cash in each entry."""
    history = select_symbols(PriceFile().history(), ("IBM",))
    bars, crossing = bars_of(history, ()), signals(history, ExitPolicy())
    setup = Setup(limits=wide(Settings().limits()), cash=Decimal(100_000), rules=NO_COST)
    walk, seconds = measured(lambda: Walk(bars, crossing, setup, all_the_cash), runs)
    show(f"IBM alone, {len(bars.sessions):,} bars", walk, min(seconds), EXPECTED_IBM)


def part_of(history: History, symbols: int, bars: int) -> History:
    """The first symbols and the first bars."""
    return map_frames(history, lambda frame: frame.iloc[:bars, :symbols])


def growth(history: History, runs: int) -> None:
    """Measure the walk over a half and a quarter of the symbols, and of the bars."""
    parts = [(SYMBOLS // part, BARS) for part in (4, 2, 1)] + [(SYMBOLS, BARS // part) for part in (4, 2)]
    print("symbols  bars   careful  denials   wide  fills")
    for symbols, bars in parts:
        jobs = Jobs(part_of(history, symbols, bars))
        careful, careful_seconds = measured(jobs.careful, runs)
        admitting, wide_seconds = measured(jobs.wide, runs)
        print(
            f"{symbols:7} {bars:5} {min(careful_seconds):7.2f} s {len(careful.denied):8,} {min(wide_seconds):6.2f} s "
            f"{len(admitting.account.booked):6,}"
        )


def store(history: History, file: Path) -> None:
    """Write the universe for other processes: prices, and where the rule enters and leaves."""
    table = signals(history, ExitPolicy()).tables[0]
    np.savez(
        file,
        sessions=history.close.index.to_numpy(),
        symbols=np.array(history.close.columns, dtype="U"),
        opens=history.open.to_numpy(),
        highs=history.high.to_numpy(),
        lows=history.low.to_numpy(),
        closes=history.close.to_numpy(),
        volumes=history.volume.to_numpy(),
        entries=table.entry,
        exits=table.exit,
    )


def one_process(account: str, file: Path) -> None:
    """Walk once over a stored universe, and print the processor's seconds and the memory of the whole process."""
    with np.load(file) as kept:
        index, names = pd.DatetimeIndex(kept["sessions"]), [str(name) for name in kept["symbols"]]
        frames = (pd.DataFrame(kept[name], index, names) for name in ("opens", "highs", "lows", "closes", "volumes"))
        jobs = Jobs(History(*frames))
    walk: Walk = getattr(jobs, account)()
    walk.run()
    # Not ru_maxrss: a process begins with that of the one that started it.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak = int(status.split("VmHWM:")[1].split()[0]) * 1024 / 1e6
    print(f"whole process, {account}: {time.process_time():.2f} s, {peak:.0f} MB, {walk.equity[-1]:,.2f}")


def peers(jobs: Jobs, python: str, file: Path, runs: int) -> None:
    """Measure the other engines and this one in turn, and print a table of medians."""
    print("engine                      import  first  later  total")
    for engine in PEERS:
        command = [python, str(Path(__file__).with_name("backtest_peers.py")), engine, str(file), f"--runs={runs}"]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        if ended.returncode:
            print(f"{engine}: {ended.stderr.strip().splitlines()[-1]}")
            continue
        told = json.loads(ended.stdout.strip().splitlines()[-1])
        name = f"{engine} {told['version']}"
        print(f"{name:27} {told['imported']:6.2f} {told['first']:6.2f} {told['later']:6.2f}  {told['total']:,.2f}")
    for name, make in (
        ("tradebot, others' sizing", jobs.others),
        ("tradebot, careful account", jobs.careful),
        ("tradebot, wide limits", jobs.wide),
    ):
        walk, seconds = measured(make, runs)
        print(f"{name:27}        {seconds[0]:6.2f} {statistics.median(seconds):6.2f}  {walk.equity[-1]:,.2f}")


def profile(make: Callable[[], Walk]) -> None:
    """Print where the time of a walk goes."""
    profiler = cProfile.Profile(time.process_time)
    profiler.runcall(make().run)
    pstats.Stats(profiler).sort_stats("tottime").print_stats(35)


def main() -> None:
    """Print what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--growth", action="store_true")
    parser.add_argument("--peers", metavar="PYTHON")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--process", nargs=2, metavar=("ACCOUNT", "FILE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.process:
        one_process(options.process[0], Path(options.process[1]))
        return
    history = universe()
    if options.growth:
        growth(history, options.runs)
        return
    jobs = Jobs(history)
    if options.profile:
        profile(jobs.wide)
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "universe.npz"
        store(history, file)
        if options.peers:
            peers(jobs, options.peers, file, options.runs)
            return
        plain_loop(jobs.bars, jobs.crossing.tables[0].entry, jobs.crossing.tables[0].exit)
        walk, seconds = measured(jobs.others, options.runs)
        show("others' sizing", walk, min(seconds), EXPECTED)
        show("careful account", *_best(measured(jobs.careful, options.runs)))
        show("limits that admit all", *_best(measured(jobs.wide, options.runs)))
        ibm(options.runs)
        for account in ("careful", "wide"):
            subprocess.run([sys.executable, __file__, "--process", account, str(file)], check=True)


def _best(found: tuple[Walk, list[float]]) -> tuple[Walk, float]:
    walk, seconds = found
    return walk, min(seconds)


if __name__ == "__main__":
    main()
