"""Counts a backtest among the trials of the user, and tells how far it can be luck."""

from __future__ import annotations

from pathlib import Path

from tradebot.backtest.luck import luck_of, trial_of
from tradebot.backtest.walk import Walk
from tradebot.core.results.backtest_outcome import Luck
from tradebot.home.trials import damage_text, record_trial, unusable_text


def recorded_luck(walk: Walk, state_path: Path) -> Luck | None:
    """Record the trial, and say what luck alone would show of so many. A file that fails is told, and stops nothing."""
    trial = trial_of(walk)
    if trial is None:
        return None
    try:
        log = record_trial(state_path, trial)
    except OSError as error:
        return luck_of(walk, (trial,), unusable_text(state_path, error))
    return luck_of(walk, log.on_data_of(trial), damage_text(state_path, log))
