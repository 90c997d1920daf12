"""A strategy's rule names dollars, and a later split of 7 for 1 changes what it says: the check tells before."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tradebot.core.results.preflight_checks import CheckResult
from tradebot.plugins.check import check_strategy
from tradebot.plugins.discovery import find
from tradebot.plugins.process.strategy_process import ProcessOptions
from tradebot.plugins.runner import StrategyRunner
from tradebot.strategy_api import History

MANIFEST = """
name = "dollars"
version = "1.0.0"
description = "Buys what costs more than some dollars."
symbols = ["AAPL", "MSFT"]
warmup = 2
"""
CODE = """
from decimal import Decimal

from tradebot.strategy_api import ExitPolicy, Signals


class Strategy:
    def signals(self, history, params):
        close = history.close
        rising = close > close.shift(1)
        return Signals(entry=rising & ({rule}), exit=~rising, exits=ExitPolicy(stop=Decimal("0.05")))
"""


def history() -> History:
    """A year of prices between $400 and $700, as those of 2013 before a split of 7 for 1."""
    sessions = pd.bdate_range("2013-01-02", periods=250, name="date")
    wave = 550 + 100 * np.sin(np.arange(250)[:, None] / 7 + np.array([0, 1]))
    close = pd.DataFrame(wave, index=sessions, columns=["AAPL", "MSFT"])
    return History(close, close * 1.01, close * 0.99, close.copy(), close * 0 + 1e6)


@pytest.mark.parametrize(("rule", "is_sound"), [("close > 90.0", False), ("close > close.shift(1) * 1.001", True)])
def test_a_rule_that_a_split_changes_is_told(tmp_path: Path, rule: str, is_sound: bool) -> None:
    folder = tmp_path / "dollars"
    folder.mkdir()
    (folder / "manifest.toml").write_text(MANIFEST)
    (folder / "strategy.py").write_text(CODE.format(rule=rule))
    (found,) = find(["dollars"], [tmp_path])
    with closing(StrategyRunner(ProcessOptions(), lambda: None)) as runner:
        report = check_strategy(found, history(), runner)
    (check,) = (check for check in report.checks if check.name == "price level")
    assert (check.result is CheckResult.PASS) is is_sound
    assert ("the rule depends on the price level, and a split changes it" in check.figure) is not is_sound
    assert report.passed is is_sound
