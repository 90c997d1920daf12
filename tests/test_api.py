"""The Python API: typed looks at a home that change none of its files."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from shutil import copytree

import pytest

from tests.fakes.cli import environment
from tradebot.api import Home, open_home
from tradebot.core.model.halts import HaltLevel
from tradebot.core.model.schedule import Job
from tradebot.errors import ConfigError, ExitCode, UsageError


@pytest.fixture(scope="module")
def place(traded_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copytree(traded_home, tmp_path_factory.mktemp("looked-at") / "home")


@pytest.fixture(autouse=True)
def _environment(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment(place.parent / "state").items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def home(place: Path) -> Home:
    return open_home(place)


def files_of(place: Path) -> Mapping[str, str]:
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in place.rglob("*") if path.is_file()}


def test_a_home_tells_what_it_has_and_stays_as_it_is(home: Home, place: Path) -> None:
    before = files_of(place)
    status, account = home.status(), home.account()
    assert (status.level, status.trouble, status.known_at) == (HaltLevel.RUNNING, "", None)
    assert account.account == status.account
    symbols = {line.symbol for line in home.positions()}
    assert symbols == {line.symbol for line in home.trades(only_open=True)} == {fill.symbol for fill in home.fills()}
    assert {line.symbol for line in home.risk().symbols} == symbols
    assert home.positions(symbol="aapl")[0].symbol == "AAPL"
    assert sorted(order.symbol for order in home.orders(only_open=True)) == sorted(symbols), "a stop each"
    assert home.report().first == home.report().last == date(2006, 11, 2)
    assert home.report("all").positions
    assert home.explain("AAPL").days
    assert next(line for line in home.jobs() if line.job is Job.RUN_DAILY).run_code == 0
    assert home.alerts() == ()
    assert home.health().healthy
    assert account.day_result is not None and account.day_result < Decimal(0)
    assert files_of(place) == before


def test_what_makes_no_sense_is_refused(home: Home, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not a symbol"):
        home.explain("-rf")
    with pytest.raises(UsageError, match="from is after to"):
        home.fills(first=date(2007, 1, 2), last=date(2007, 1, 1))
    with pytest.raises(ConfigError, match="never initialised"):
        open_home(tmp_path)


def test_a_stop_is_a_process_of_its_own_and_a_resumption_ends_the_halt(traded_home: Path, tmp_path: Path) -> None:
    home = open_home(copytree(traded_home, tmp_path / "home"))
    stopped = home.emergency_stop("--close-positions")
    assert (stopped.exit_code, stopped.is_good) == (ExitCode.OK, True)
    assert stopped.summary is not None and stopped.summary["job"] == "emergency-stop"
    assert home.status().level is HaltLevel.HALTED
    assert home.positions(), "a reason is no option"
    resumed = home.resume("it was a drill")
    assert resumed.exit_code is ExitCode.OK, resumed.told
    halted = home.halt("earnings", symbol="AAPL")
    assert halted.summary is not None and halted.summary["halt"]["scope_name"] == "AAPL"
    with pytest.raises(UsageError, match="reason is empty"):
        home.resume("  ")


def test_the_example_of_the_page_runs(traded_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (Path(__file__).parents[1] / "docs" / "web.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(from tradebot.api .*?)```", page, re.DOTALL)
    copytree(traded_home, tmp_path / "tradebot")
    monkeypatch.setenv("HOME", str(tmp_path))
    said: list[str] = []
    exec(example, {"print": lambda *words: said.append(" ".join(map(str, words)))})
    assert said[0].startswith("3 positions")
    assert said[-1].startswith("0 ")
