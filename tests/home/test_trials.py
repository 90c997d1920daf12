"""The trials that a user's state folder remembers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from tradebot.home.trials import Trial, TrialWriter, read_trials, record_trial, trials_file

TRIAL = Trial("a", ("rsi2",), ("IBM", "MSFT"), date(2005, 1, 3), date(2006, 12, 29), -0.03)


def test_a_trial_counts_once(tmp_path: Path) -> None:
    state = tmp_path / "state"
    assert read_trials(state).trials == ()
    assert record_trial(state, TRIAL).trials == (TRIAL,)
    other = replace(TRIAL, digest="b", sharpe=0.0)
    assert record_trial(state, other).trials == record_trial(state, TRIAL).trials == (TRIAL, other)
    assert trials_file(state).stat().st_mode & 0o777 == 0o600


def test_trials_share_data_by_symbol_and_session(tmp_path: Path) -> None:
    alike = (
        replace(TRIAL, digest="one session", first=TRIAL.last, last=date(2010, 1, 4)),
        replace(TRIAL, digest="one symbol", symbols=("MSFT", "XOM")),
    )
    for trial in (
        TRIAL,
        *alike,
        replace(TRIAL, digest="later", first=date(2007, 1, 3), last=date(2008, 1, 3)),
        replace(TRIAL, digest="others", symbols=("XOM",)),
    ):
        log = record_trial(tmp_path, trial)
    assert log.on_data_of(TRIAL) == (TRIAL, *alike)


def test_a_damaged_line_is_counted_and_hides_no_other(tmp_path: Path) -> None:
    record_trial(tmp_path, TRIAL)
    line = trials_file(tmp_path).read_bytes().strip()
    later = replace(TRIAL, digest="b")
    for part in (
        line[: len(line) // 2],
        b"{",
        b"[]",
        line.replace(b"-0.03", b"NaN"),
        line.replace(b"2005", b"x"),
        b"\xff",
    ):
        trials_file(tmp_path).write_bytes(line + b"\n" + part)
        log = record_trial(tmp_path, later)
        assert (log.trials, log.damaged) == ((TRIAL, later), 1), part


def test_many_write_at_once(tmp_path: Path) -> None:
    trials = [replace(TRIAL, digest=str(number)) for number in range(24)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda trial: record_trial(tmp_path, trial), [*trials, *trials]))
    log = read_trials(tmp_path)
    assert set(log.trials) == set(trials) and log.damaged == 0


def test_many_trials_of_one_writer_are_appended_without_a_look_at_the_file(tmp_path: Path) -> None:
    record_trial(tmp_path, TRIAL)
    with closing(TrialWriter(tmp_path)) as writer:
        for number in range(1000):
            writer.record(replace(TRIAL, digest=str(number % 600)))
        writer.record(TRIAL)
        kept = trials_file(tmp_path).rename(tmp_path / "kept")
        writer.record(replace(TRIAL, digest="after"))
        assert not trials_file(tmp_path).exists(), "the file is opened once"
    kept.rename(trials_file(tmp_path))
    assert len(read_trials(tmp_path).trials) == 602


def test_a_file_that_cannot_be_used_is_an_error(tmp_path: Path) -> None:
    trials_file(tmp_path).mkdir()
    with pytest.raises(OSError):
        record_trial(tmp_path, TRIAL)
