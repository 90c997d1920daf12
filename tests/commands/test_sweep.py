"""`tradebot sweep`: variants over processes, their store, and what fails beside what succeeds."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.fakes import canary
from tests.fakes.cli import Ended, Process, environment, start, tradebot
from tests.fakes.sweep_here import here
from tradebot.backtest.parameter_grid import Dimension, Listed, grid
from tradebot.core.results.sweep_outcome import SweepOutcome
from tradebot.errors import ExitCode
from tradebot.home.trials import read_trials
from tradebot.market.calendar import NyseCalendar
from tradebot.runtime.backtest.inputs import Asked
from tradebot.runtime.sweep.asked import SweepAsked
from tradebot.runtime.sweep.run import run_sweep
from tradebot.settings import GlobalOptions, load_without_keys

SYMBOLS = ("AA", "BB", "CC", "DD", "EE")
MANIFEST = """\
name = "own"
version = "1.0.0"
description = "Made for a test."
symbols = ["AA", "BB", "CC", "DD", "EE"]
warmup = 25

[parameters.days]
type = "int"
default = 10
description = "Sessions of the mean."

[parameters.shift]
type = "int"
default = 0
description = "Sessions that it looks ahead; 9 raises."
"""
#: Above its mean it enters. With more days than the warm-up has it is asked session by session.
STRATEGY = """\
from tradebot.strategy_api import ExitPolicy, Signals


class Strategy:
    def signals(self, history, params):
        if params["shift"] == 9:
            raise ValueError("nine is too many")
        close = history.close
        ratio = (close.shift(-params["shift"]) / close.rolling(params["days"], min_periods=2).mean()).round(6)
        return Signals(ratio > 1.01, ratio < 0.99, ExitPolicy())
"""
GRID = ("--set", "own.days=5,40", "--set", "own.shift=0,2,9")
SPLIT = "AA,2007-06-04,split,2"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a strategy and the prices of five symbols over 160 sessions."""
    folder = tmp_path_factory.mktemp("sweep")
    own = folder / "strategies" / "own"
    own.mkdir(parents=True)
    (own / "manifest.toml").write_text(MANIFEST)
    (own / "strategy.py").write_text(STRATEGY)
    draw = np.random.default_rng(11)
    sessions = [hours.session for hours in NyseCalendar().between(date(2007, 1, 2), date(2008, 6, 30))]
    days = pd.DatetimeIndex(sessions[:160])
    rows = []
    for symbol in SYMBOLS:
        close = 50 * np.exp(np.cumsum(draw.normal(0.0004, 0.015, len(days))))
        opened = close * np.exp(draw.normal(0, 0.004, len(days)))
        if symbol == "AA":
            half = np.where(days >= pd.Timestamp("2007-06-04"), 0.5, 1.0)
            close, opened = close * half, opened * half
        for day, first, last in zip(days, opened, close, strict=True):
            high, low = max(first, last) * 1.004, min(first, last) * 0.996
            rows.append(f"{symbol},{day:%Y-%m-%d},{first:.2f},{high + 0.01:.2f},{low - 0.01:.2f},{last:.2f},2000000")
    (folder / "bars.csv").write_text("\n".join(["symbol,date,open,high,low,close,volume", *rows]) + "\n")
    (folder / "actions.csv").write_text(f"symbol,ex_date,kind,value\n{SPLIT}\n")
    return folder


def sweep(place: Path, *arguments: str | Path, state: Path, timeout: float = 300) -> Ended:
    """Run a sweep over the prices of the folder."""
    data = ("--data", place / "bars.csv", "--actions", place / "actions.csv", "--home", place / "home")
    environ = {"STRATEGIES_DIR": str(place / "strategies"), "MAX_POSITIONS": "3"}
    return tradebot("sweep", "own", *data, *arguments, state=state, cwd=place, environ=environ, timeout=timeout)


@pytest.fixture(scope="module")
def stored(place: Path) -> tuple[dict[str, Any], Path]:
    """A sweep by two processes with a walk-forward, and its store."""
    state, store = place / "state", place / "runs.jsonl"
    done = sweep(
        place, *GRID, "--jobs", "2", "--store", store, "--walk-forward", "anchored", "--folds", "2", "--json",
        "--html", place / "sweep.html", "--csv", place / "csv",
        "--write", place / "tried.toml", "--row", "own.days=40", "--row", "own.shift=0", state=state,
    )  # fmt: skip
    assert done.code == ExitCode.OK, done.err
    return done.json["sweep"], store


def by_params(told: dict[str, Any]) -> dict[tuple[int, int], dict[str, Any]]:
    return {(run["params"]["own.days"], run["params"]["own.shift"]): run for run in told["ranking"]}


def test_a_variant_that_fails_or_looks_ahead_is_a_result(stored: tuple[dict[str, Any], Path]) -> None:
    told, _ = stored
    runs = by_params(told)
    assert len(runs) == told["variants"] == 6
    for (days, shift), run in runs.items():
        if shift == 0:
            assert run["figures"]["fills"] > 8 and not run["error"]
            assert run["by_session"] == (["own"] if days == 40 else []), "a mean longer than the warm-up is not kept"
            assert run["luck"]["deflated_sharpe"] is not None
        else:
            assert run["figures"] is None
            assert ("nine is too many" if shift == 9 else "own looks ahead") in run["error"]
    sharpes = [run["figures"]["sharpe"] for run in told["ranking"] if run["figures"]]
    assert sharpes == sorted(sharpes, reverse=True)
    assert told["overfit"]["trials"] == 2 and 0 <= told["overfit"]["probability"] <= 1


def test_the_parameters_of_the_variant_that_is_named_are_written(
    stored: tuple[dict[str, Any], Path], place: Path
) -> None:
    told, _ = stored
    assert told["named_parameters"] == {"own": {"days": 40, "shift": 0}}
    assert (place / "tried.toml").read_text().endswith("\n[own]\ndays = 40\n"), "the shift is the default"


def test_every_run_is_a_trial_and_the_tests_follow_each_other(stored: tuple[dict[str, Any], Path], place: Path) -> None:
    told, _ = stored
    forward = told["walk_forward"]
    trials = read_trials(place / "state").trials
    assert len(trials) >= 2 * (1 + 2) + 2 == told["ranking"][0]["luck"]["trials"]
    assert [fold["test_first"] for fold in forward["folds"][1:]] > [fold["test_last"] for fold in forward["folds"][:-1]]
    assert len(forward["curve"]) == sum(fold["tested"]["sessions"] for fold in forward["folds"])
    grown = 1.0
    for fold in forward["folds"]:
        grown *= 1 + fold["tested"]["total_return"]
    assert forward["of_curve"]["total_return"] == pytest.approx(grown - 1)
    assert set(forward["drift"]) == {"own.days", "own.shift"}


def test_the_files_have_every_variant(stored: tuple[dict[str, Any], Path], place: Path) -> None:
    variants = (place / "csv" / "variants.csv").read_text().splitlines()
    assert variants[0].startswith("own.days,own.shift,sessions,equity,")
    assert len(variants) == 7 and len((place / "csv" / "folds.csv").read_text().splitlines()) == 3
    page = (place / "sweep.html").read_text(encoding="utf-8")
    assert "Variants by Sharpe ratio" in page and 'class="cell' in page and str(place) not in page


def test_what_is_stored_is_not_run_again_and_a_cut_line_is(
    stored: tuple[dict[str, Any], Path], place: Path, tmp_path: Path
) -> None:
    told, store = stored
    copy = tmp_path / "runs.jsonl"
    head, *lines = store.read_text().splitlines(keepends=True)
    assert len(lines) == 6 + 2
    read = {line: json.loads(line) for line in lines}
    (quick,) = (
        line for line, has in read.items() if has["params"]["own"] == {"days": 5, "shift": 0} and len(has["runs"]) == 3
    )
    copy.write_text("".join([head, *(line for line in lines if line != quick), quick[:-200]]))
    done = sweep(
        place, *GRID, "--jobs", "1", "--store", copy, "--walk-forward", "anchored", "--folds", "2", "--json",
        state=place / "state",
    )  # fmt: skip
    again = done.json["sweep"]
    assert again["from_store"] == 5 + 2
    for name in ("ranking", "overfit", "walk_forward", "verdicts"):
        assert again[name] == told[name], name
    other = sweep(place, *GRID, "--store", copy, "--cash", "5000", state=place / "state")
    assert other.code == ExitCode.USAGE and "holds the runs of a sweep with other limits, cash or costs" in other.err


def in_process(place: Path, tmp_path: Path, **more: object) -> tuple[SweepOutcome, ExitCode]:
    """The sweep of the grid in this process, as far as it is asked for something else."""
    environ = {
        "TRADEBOT_STATE_DIR": str(place / "state"),
        "STRATEGIES_DIR": str(place / "strategies"),
        "MAX_POSITIONS": "3",
    }
    settings = load_without_keys(GlobalOptions(home=tmp_path / "home"), environ).settings
    dimensions = (Dimension("own", "days", (5,)), Dimension("own", "shift", (0, 2)))
    backtest = Asked(strategies=("own",), data=place / "bars.csv", actions=place / "actions.csv", **more)  # type: ignore[arg-type]
    asked = SweepAsked(backtest=backtest, dimensions=dimensions, search=Listed(grid(dimensions)))
    return run_sweep(settings, asked, lambda *_: None, here)


def test_one_process_gives_what_two_give_and_lookahead_can_be_allowed(
    stored: tuple[dict[str, Any], Path], place: Path, tmp_path: Path
) -> None:
    runs = by_params(stored[0])
    outcome, code = in_process(place, tmp_path, allow_lookahead=True)
    assert code is ExitCode.OK
    for run in outcome.ranking:
        assert run.figures is not None
        figures = runs[run.params["own.days"], run.params["own.shift"]]["figures"]  # type: ignore[index]
        if run.params["own.shift"] == 0:
            assert figures == {
                **{name: getattr(run.figures, name) for name in figures},
                "equity": str(run.figures.equity),
            }
        else:
            assert figures is None and run.by_session == ("own",)


def test_a_strategy_that_looks_ahead_as_it_is_set_gets_no_sweep(place: Path, tmp_path: Path) -> None:
    done = sweep(place, "--set", "own.shift=1", "--set", "own.days=5,10", state=tmp_path)
    assert done.code == ExitCode.BLOCKED and "own looks ahead" in done.err
    ahead = sweep(
        place, "--set", "own.shift=0,1", "--set", "own.days=5,10", "--write", tmp_path / "new.toml",
        "--row", "own.shift=1", "--row", "own.days=5", state=tmp_path,
    )  # fmt: skip
    assert ahead.code == ExitCode.BLOCKED and "own looks ahead" in ahead.err
    assert not (tmp_path / "new.toml").exists()
    failed = sweep(place, "--set", "own.shift=9", "--set", "own.days=5,10", "--jobs", "1", "--json", state=tmp_path)
    assert failed.code == ExitCode.DEGRADED, failed.err
    assert {run["error"] is not None and run["figures"] for run in failed.json["sweep"]["ranking"]} == {None}


WRONG: tuple[tuple[tuple[str, ...], ExitCode, str], ...] = (
    ((), ExitCode.USAGE, "a sweep needs a --set with several values"),
    (("--set", "own.days=3"), ExitCode.USAGE, "a sweep needs a --set with several values"),
    (("--set", "own.days=9:1"), ExitCode.USAGE, "a range goes up"),
    (("--set", "own.days=1:3", "--set", "own.days=5,6"), ExitCode.USAGE, "gives own.days twice"),
    (("--set", "another.days=1:3"), ExitCode.USAGE, "which is not swept"),
    (("--set", "own.dais=1:3"), ExitCode.CONFIG, "Did you mean 'days'"),
    (("--set", "own.days=0.5,2"), ExitCode.CONFIG, "parameter days of own"),
    (("--set", "own.days=1:3", "--train", "30"), ExitCode.USAGE, "--train and --test belong together"),
    (("--set", "own.days=1:3", "--train", "30", "--test", "9"), ExitCode.USAGE, "belong to --walk-forward"),
    (("--set", "own.days=1:3", "--folds", "3"), ExitCode.USAGE, "--folds belongs to --walk-forward"),
    (("--set", "own.days=1:3", "--walk-forward", "rolling", "--folds", "99"), ExitCode.USAGE, "99 folds take"),
    (("--set", "own.days=1:3", "--from", "2031-01-02"), ExitCode.USAGE, "no session to trade"),
    (("--set", "own.days=1:3", "--row", "own.days=1"), ExitCode.USAGE, "--row belongs to --write"),
    (("--set", "own.days=1:3", "--write", "a.toml"), ExitCode.USAGE, "that you name, such as --row own.days=1"),
    (("--set", "own.days=1:3", "--write", "a.toml", "--row", "own.days=4"), ExitCode.USAGE, "is no variant"),
    (("--set", "own.days=1:3", "--store", "bars.csv"), ExitCode.USAGE, "another name for --store.\n"),
)


def test_a_wrong_line_says_what_is_wrong(place: Path, tmp_path: Path) -> None:
    for arguments, code, says in WRONG:
        done = sweep(place, *arguments, state=tmp_path)
        assert done.code == code, (arguments, done.err)
        assert done.err.count(says) == 1, arguments


SLOW = STRATEGY.replace(
    "close = history.close\n", "import time\n        time.sleep(0.02)\n        close = history.close\n"
)


@pytest.mark.skipif(sys.platform == "win32", reason="no signal to a process alone")
def test_it_outlives_its_processes_and_a_signal_ends_it_with_what_is_known(place: Path, tmp_path: Path) -> None:
    own = tmp_path / "strategies" / "own"
    own.mkdir(parents=True)
    (own / "manifest.toml").write_text(MANIFEST)
    (own / "strategy.py").write_text(SLOW)
    store = tmp_path / "runs.jsonl"
    env = environment(tmp_path / "state", {"STRATEGIES_DIR": str(own.parent)})
    line = ("sweep", "own", "--data", place / "bars.csv", "--actions", place / "actions.csv", "--home", tmp_path / "h",
            "--set", "own.days=2:600", "--jobs", "2", "--store", store, "--json")  # fmt: skip
    process = start("tradebot", *line, cwd=tmp_path, env=env)
    assert grows_to(store, 5, process)
    if sys.platform == "linux":
        lines = {pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid in children_of(process.pid)}
        computing = [pid for pid, line in lines.items() if b"spawn_main" in line]
        assert len(computing) == 2
        for pid in computing:
            inherited = Path(f"/proc/{pid}/environ").read_text()
            canary.search(inherited, "the environment of a process that computes")
            assert "TRADEBOT" not in inherited, "no home and no setting"
        os.kill(computing[0], signal.SIGKILL)
        assert grows_to(store, len(store.read_text().splitlines()) + 8, process), "it goes on with other processes"
    computing = children_of(process.pid)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == ExitCode.INTERRUPTED, err
    told = json.loads(out)["sweep"]
    known = len(store.read_text().splitlines()) - 1
    assert 4 <= len(told["ranking"]) <= known < told["variants"] == 599
    assert "Traceback" not in err
    assert len(computing) >= 2 or sys.platform != "linux"
    assert have_ended(computing)
    killed = start("tradebot", *line, cwd=tmp_path, env=env)
    assert grows_to(store, known + 3, killed)
    computing = children_of(killed.pid)
    killed.send_signal(signal.SIGKILL)
    killed.communicate(timeout=60)
    assert have_ended(computing), "nor do they outlive one that is killed"


def have_ended(processes: Sequence[int]) -> bool:
    """Wait until processes have ended."""
    for _ in range(100):
        if not any(Path(f"/proc/{pid}").exists() for pid in processes):
            return True
        time.sleep(0.1)
    return False


def grows_to(store: Path, lines: int, process: Process) -> bool:
    """Wait until a store has so many lines, as long as the sweep runs."""
    for _ in range(900):
        if store.exists() and len(store.read_text().splitlines()) >= lines:
            return True
        if process.poll() is not None:
            return False
        time.sleep(0.1)
    return False


def children_of(pid: int) -> list[int]:
    """The processes that a process has started, on Linux."""
    found: list[int] = []
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        found += map(int, file.read_text().split())
    return found + [each for child in found for each in children_of(child)]
