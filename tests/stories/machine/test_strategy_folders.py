"""What changes in a strategy's folder, or in its parameters in the home, begins its probation anew."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.fakes.cli import tradebot
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import FLAT, House, Script
from tradebot.core.model.orders import Purpose

SYMBOLS = ("ACME", "BOLT", "CASK", "DELI", "EELS", "FIGS")
#: Buys one more symbol each session, with the stop that best.json has, or else the parameter.
CODE = """\
import json
from decimal import Decimal
from pathlib import Path

from tradebot.strategy_api import ExitPolicy, Signals


class Strategy:
    def signals(self, history, params):
        best = Path(__file__).with_name("best.json")
        stop = json.loads(best.read_text())["stop"] if best.exists() else params["stop"]
        close = history.close
        entry = close < 0
        entry.iloc[-1, len(close) % len(close.columns)] = True
        return Signals(entry=entry, exit=close < 0, exits=ExitPolicy(stop=Decimal(str(stop))))
"""
PARAMETER = '\n[parameters.stop]\ntype = "float"\ndefault = 0.1\nmax = 0.5\n'


@pytest.fixture
def house(make_house: MakeHouse) -> House:
    """A home whose strategy has served its two sessions of probation."""
    made = make_house(
        Script(code=CODE), prices=dict.fromkeys(SYMBOLS, [FLAT] * 10), settings={"PROBATION_SESSIONS": "2"}
    )
    with (own(made) / "manifest.toml").open("a") as manifest:
        manifest.write(PARAMETER)
    (own(made) / "best.json").write_text('{"stop": 0.1}')
    assert [next_quantity(made) for _ in range(3)] == [25, 25, 50]
    return made


def own(house: House) -> Path:
    return house.home / "strategies" / "scripted"


def next_quantity(house: House) -> int:
    """The shares that the strategy buys in this session; then the next one begins."""
    (bought,) = (order for order in house.daily().orders if order.purpose is Purpose.ENTRY)
    house.next()
    return int(bought.quantity)


def put(name: str, text: str) -> Callable[[House], None]:
    def write(house: House) -> None:
        path = own(house) / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    return write


def listed(house: House, tmp_path: Path) -> str:
    """What `strategies list` says, in one line."""
    ended = tradebot("strategies", "list", "--home", house.home, state=tmp_path / "user", cwd=tmp_path)
    assert ended.code == 0
    return " ".join(ended.out.split())


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (put("best.json", '{"stop": 0.10}'), "best.json changed;"),
        (put("models/net.bin", "1"), "models/net.bin is new;"),
        (lambda house: (own(house) / "best.json").unlink(), "best.json is gone;"),
        (put("strategy.py", CODE + "# mine\n"), "strategy.py changed;"),
        (put("../../parameters.toml", "[scripted]\nstop = 0.11\n"), "stop is 0.11, was the default;"),
    ],
    ids=["data", "model", "removed", "code", "parameter"],
)
def test_what_decides_begins_probation_anew_and_is_named(
    house: House, tmp_path: Path, change: Callable[[House], None], told: str
) -> None:
    assert "unchanged for 3 sessions; probation is over" in listed(house, tmp_path)
    change(house)
    assert f"changed since its session of 2007-01-08: {told} unchanged for 0 sessions" in listed(house, tmp_path)
    assert next_quantity(house) == 25
    assert "unchanged for 1 session, of 2 on probation" in listed(house, tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        put(".ipynb_checkpoints/strategy-checkpoint.py", CODE),
        put("research.ipynb", "{}"),
        put("__pycache__/strategy.cpython-311.pyc", "x"),
        put("strategy.py~", "x"),
        put("../../parameters.toml", "[scripted]\nstop = 0.1\n"),  # the default
    ],
    ids=["checkpoint", "notebook", "cache", "backup", "same"],
)
def test_what_decides_nothing_leaves_probation_served(house: House, change: Callable[[House], None]) -> None:
    change(house)
    assert next_quantity(house) == 50


def test_probation_that_was_served_by_the_earlier_rule_counts_until_something_changes(house: House) -> None:
    """The ledger is made what the version before had written: fingerprints of code and manifest, no list of files."""
    with closing(sqlite3.connect(house.home / "trading_robot.db")) as ledger:
        ledger.executescript(
            "DROP TRIGGER strategy_sessions_no_update; DROP TRIGGER strategy_versions_no_delete;"
            "UPDATE strategy_sessions SET fingerprint = (SELECT earlier_fingerprint FROM strategy_versions);"
            "DELETE FROM strategy_versions;"
        )
    assert next_quantity(house) == 50
    put("best.json", '{"stop": 0.10}')(house)
    assert next_quantity(house) == 25


def test_the_parameters_of_the_home_are_traded_by(house: House) -> None:
    (own(house) / "best.json").unlink()
    (house.home / "parameters.toml").write_text("[scripted]\nstop = 0.25\n")
    house.daily()
    assert "75" in {row["stop_price"] for row in house.rows("SELECT stop_price FROM broker_orders WHERE role = 'stop'")}
