"""A walk as a trial, and what luck alone would show of many."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from tests.backtest.worlds import SESSIONS, SYMBOLS, World, world
from tradebot.backtest.luck import luck_of, moments_of, trial_of, trials_beside
from tradebot.backtest.signals import SignalBook
from tradebot.backtest.walk import Walk
from tradebot.core.accounting.equity_statistics import sharpe_ratio
from tradebot.home.trials import Trial, trials_file
from tradebot.runtime.backtest.luck import recorded_luck


def walked(of: World) -> Walk:
    walk = of.walk()
    walk.run()
    return walk


def digest(of: World) -> str:
    trial = trial_of(walked(of))
    assert trial is not None
    return trial.digest


def test_the_same_trial_is_known_again_and_any_other_is_another() -> None:
    given = world(3)
    setup, table = given.setup, given.signals.tables[0]
    high = given.bars.high.copy()
    high[-1] += 1
    another = [
        replace(given, setup=replace(setup, cash=setup.cash + 1)),
        replace(
            given, setup=replace(setup, limits=replace(setup.limits, max_positions=setup.limits.max_positions + 1))
        ),
        replace(given, setup=replace(setup, rules=replace(setup.rules, slippage_pct=Decimal("0.0123")))),
        replace(given, setup=replace(setup, first=given.bars.sessions[9])),
        replace(given, bars=replace(given.bars, high=high)),
        replace(given, signals=SignalBook([replace(table, fingerprint="other"), *given.signals.tables[1:]], SYMBOLS)),
    ]
    assert (
        digest(given)
        == digest(world(3))
        == digest(replace(given, setup=replace(setup, cash=setup.cash * Decimal("1.00"))))
    )
    assert len({digest(each) for each in (given, *another)}) == 1 + len(another)


def test_a_trial_is_of_the_sessions_walked() -> None:
    walk = world(3).walk()
    assert trial_of(walk) is None
    walk.run()
    trial, moments = trial_of(walk), moments_of(walk)
    assert trial is not None and moments is not None
    assert (trial.first, trial.last, trial.symbols) == (walk.bars.sessions[1], walk.bars.sessions[-1], SYMBOLS)
    curve = [float(each) for each in (walk.setup.cash, *walk.equity)]
    annual = sharpe_ratio([after / before - 1 for before, after in pairwise(curve)])
    assert annual is not None and trial.sharpe == moments.sharpe == pytest.approx(annual / 252**0.5)


def test_more_trials_make_luck_larger() -> None:
    walk = walked(world(3))
    own = trial_of(walk)
    assert own is not None
    alone, many = luck_of(walk, (own,)), luck_of(walk, (own, *others(own, 40)), "one line")
    assert (alone.trials, alone.luck_sharpe, alone.sessions) == (1, 0.0, SESSIONS - 1)
    assert alone.deflated_sharpe == alone.probabilistic_sharpe == many.probabilistic_sharpe
    assert many.trials == 41 and many.luck_sharpe is not None and many.luck_sharpe > 0.1
    assert many.deflated_sharpe is not None and alone.deflated_sharpe is not None
    assert many.deflated_sharpe < alone.deflated_sharpe
    assert (alone.trouble, many.trouble) == ("", "one line")


def others(own: Trial, count: int) -> list[Trial]:
    return [replace(own, digest=str(number), sharpe=0.1 * (-1) ** number) for number in range(count)]


def test_a_trial_of_fewer_days_counts_with_the_ratio_that_it_would_have_in_more() -> None:
    own = Trial("own", ("a",), ("IBM",), date(2005, 1, 1), date(2005, 12, 31), 0.05)
    quarter = [replace(own, digest=str(sign), last=date(2005, 4, 1), sharpe=sign * 0.2) for sign in (1, -1)]
    alike = [replace(own, digest=str(sign), sharpe=sign * 0.1) for sign in (1, -1)]
    short, whole = (trials_beside(own.first, own.last, [own, *others]) for others in (quarter, alike))
    assert short.count == whole.count == 3
    assert short.sharpe_variance == pytest.approx(whole.sharpe_variance, rel=0.02)


def test_without_a_result_or_a_month_there_is_no_figure() -> None:
    idle = world(3)
    idle = replace(idle, signals=SignalBook([], SYMBOLS))
    short = replace(world(3), setup=replace(world(3).setup, first=world(3).bars.sessions[-9], last=date.max))
    for given in (idle, short):
        walk = walked(given)
        trial = trial_of(walk)
        assert trial is not None and luck_of(walk, (trial,)).deflated_sharpe is None
    assert moments_of(walked(idle)) is None


def test_a_file_that_cannot_be_used_is_told_and_stops_nothing(tmp_path: Path) -> None:
    trials_file(tmp_path).mkdir()
    luck = recorded_luck(walked(world(3)), tmp_path)
    assert luck is not None and luck.trials == 1 and luck.deflated_sharpe is not None
    assert f"{trials_file(tmp_path)} cannot be used, so trials are missing in the count" in luck.trouble
