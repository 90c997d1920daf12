"""Paths of a home that nothing else may take, under whatever name they are reached."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.settings.conftest import LoadHome, ProblemsOf
from tradebot.settings.home_files import Use, use_of

#: A path below the home, and what the home uses it for.
USES = [
    (".env", Use.SETTINGS),
    ("parameters.toml", Use.PARAMETERS),
    ("state", Use.STATE),
    ("state/lock", Use.STATE),
    ("state/HALT", Use.STATE),
    ("state/HALT.rsi2", Use.STATE),
    ("tradebot.HALT", Use.STATE),
    ("state/paper_exchange.db", Use.STATE),
    ("state/paper_exchange.db-wal", Use.STATE),
    ("state/stops/of a later version", Use.STATE),
    ("trading_robot.db", Use.LEDGER),
    ("trading_robot.db-wal", Use.LEDGER),
    ("trading_robot.db-shm", Use.LEDGER),
    ("trading_robot.db.making", Use.LEDGER),
    ("trading_robot.db.before-rebuild-1", Use.LEDGER),
    ("logs/trading_robot.log", Use.LOGS),
    ("logs/daily_automation_2024-03-01.log", Use.LOGS),
    ("logs/archive/trading_robot-2024-W09.log.gz", Use.LOGS),
    ("schedule.log", Use.LOGS),
    ("backups/trading_robot-20240301T211500Z.db", Use.BACKUPS),
    ("backups/trading_robot-0f3a9c21-20240301T211500Z-2.db", Use.BACKUPS),
    ("strategies/mine/strategy.py", Use.STRATEGIES),
]


@pytest.mark.parametrize(("path", "use"), USES)
def test_what_each_path_is_for(path: str, use: Use, load_home: LoadHome, tmp_path: Path) -> None:
    settings = load_home().settings
    assert use_of(tmp_path / path, settings) == (use,)
    assert use_of(tmp_path / "elsewhere" / ".." / path, settings) == (use,)
    assert use_of(tmp_path / path.upper(), settings) == (use,)  # some file systems know no case


@pytest.mark.parametrize(
    "path",
    ["incident.md", "csv/trades.csv", "trading_robot.csv", "backups", "backups/notes.txt", "logs", "statement/x"],
)
def test_other_paths_are_free(path: str, load_home: LoadHome, tmp_path: Path) -> None:
    assert use_of(tmp_path / path, load_home().settings) == ()


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_a_link_and_a_second_name_are_the_file_that_they_name(load_home: LoadHome, tmp_path: Path) -> None:
    settings = load_home("").settings
    (tmp_path / "soft").symlink_to(".env")
    os.link(tmp_path / ".env", tmp_path / "hard")
    (tmp_path / "door").symlink_to("state", target_is_directory=True)  # a link to what is not there yet
    assert use_of(tmp_path / "soft", settings) == (Use.SETTINGS,)
    assert use_of(tmp_path / "hard", settings) == (Use.SETTINGS,)
    assert use_of(tmp_path / "door" / "lock", settings) == (Use.STATE,)


def test_a_relative_path_counts_from_where_the_user_stands(
    load_home: LoadHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load_home().settings
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    assert use_of(Path("../.env"), settings) == (Use.SETTINGS,)
    assert use_of(Path(".env"), settings) == ()


def test_a_file_of_settings_elsewhere_counts_too(load_home: LoadHome, tmp_path: Path) -> None:
    assert use_of(tmp_path / "live.env", load_home().settings, tmp_path / "live.env") == (Use.SETTINGS,)


def test_a_home_among_the_strategies_is_not_all_strategies(load_home: LoadHome, tmp_path: Path) -> None:
    assert use_of(tmp_path / "incident.md", load_home("STRATEGIES_DIR=.").settings) == ()


@pytest.mark.parametrize(
    "path",
    [*(path for path, use in USES if use is not Use.LEDGER), "./state//lock", "STATE/LOCK", "bars.csv"],
)
def test_a_ledger_is_not_made_on_another_file_of_the_home(path: str, problems_of: ProblemsOf) -> None:
    problems = {
        problem.where: problem for problem in problems_of(f"PAPER_DATA=bars.csv\nDATABASE_URL=sqlite:///{path}")
    }
    assert problems["DATABASE_URL (`.env` line 2)"].fix == "Name a path that the home does not use."


@pytest.mark.parametrize("name", ["LOG_DIR", "BACKUP_DIR", "PAPER_DATA"])
@pytest.mark.parametrize("path", [".env", "state", "state/stops", "trading_robot.db"])
def test_no_other_path_of_a_setting_takes_one(name: str, path: str, problems_of: ProblemsOf) -> None:
    assert f"{name} (`.env` line 1)" in [problem.where for problem in problems_of(f"{name}={path}")]


@pytest.mark.parametrize(
    "line",
    ["LOG_DIR=.", "BACKUP_DIR=.", "BACKUP_DIR=logs", "PAPER_DATA=strategies/mine/bars.csv", "STRATEGIES_DIR=state/.."],
)
def test_places_that_may_be_shared(line: str, load_home: LoadHome) -> None:
    load_home(line)
