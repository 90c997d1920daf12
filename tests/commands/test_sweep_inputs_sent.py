"""What a worker of a cluster gets: all that decides a run, and nothing of the machine that it comes from."""

from __future__ import annotations

import pickle
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from tests.fakes.canary import CANARY
from tradebot.backtest.run_result import Span
from tradebot.errors import Blocked
from tradebot.runtime.backtest.inputs import Asked, read_inputs
from tradebot.runtime.sweep.sent_inputs import Received, packed
from tradebot.runtime.sweep.software import software
from tradebot.runtime.sweep.task import Task
from tradebot.settings import GlobalOptions, load_without_keys

MANIFEST = """\
name = "own"
version = "1.0.0"
description = "Made for a test."
symbols = ["IBM", "XOM"]
warmup = 5
"""
#: Takes a value from a file of its folder.
STRATEGY = """\
from pathlib import Path
from tradebot.strategy_api import ExitPolicy, Signals

BAND = float((Path(__file__).parent / "data" / "band.txt").read_text())


class Strategy:
    def signals(self, history, params):
        ratio = (history.close / history.close.rolling(5).mean()).round(6)
        return Signals(ratio > 1 + BAND, ratio < 0.98, ExitPolicy())
"""


def test_a_worker_gets_prices_parameters_and_files_of_strategies_and_no_key_no_home_and_no_path(tmp_path: Path) -> None:
    own = tmp_path / "home" / "strategies" / "own"
    (own / "data").mkdir(parents=True)
    (own / "manifest.toml").write_text(MANIFEST)
    (own / "strategy.py").write_text(STRATEGY)
    (own / "data" / "band.txt").write_text("0.001")
    (own / ".secret").write_text(f"{CANARY}-hidden")
    (own / "notes.md").write_text(f"{CANARY}-notes")
    environ = {
        "STRATEGIES_DIR": str(own.parent),
        "ALPACA_API_KEY": f"{CANARY}-key",
        "TRADEBOT_STATE_DIR": str(tmp_path),
    }
    settings = load_without_keys(GlobalOptions(home=tmp_path / "home"), environ).settings
    inputs = read_inputs(settings, Asked(strategies=("own",)))
    task = Task(0, {}, (Span(date(2007, 1, 3), date(2007, 3, 30)),))
    content = packed(inputs)
    received = Received(content, software())
    for pickled in (content, pickle.dumps(received), pickle.dumps(task)):
        assert CANARY.encode() not in pickled and str(tmp_path).encode() not in pickled
    (own / "data" / "band.txt").write_text("9")  # the worker has its own copy
    result = pickle.loads(pickle.dumps(received)).run(task)
    assert result.error == "" and result.runs[0].figures.fills > 0
    assert received.run(task) == result
    for secret in (".secret", "notes.md"):  # read by the search for secrets
        (own / secret).unlink()


def test_a_worker_with_other_software_is_refused(tmp_path: Path) -> None:
    here = software()
    there = replace(here, numpy="0.1", code="000000")
    with pytest.raises(Blocked, match=rf"code {here.code} instead of 000000, numpy {here.numpy} instead of 0\.1"):
        Received(b"", there).run(Task(0, {}, ()))
