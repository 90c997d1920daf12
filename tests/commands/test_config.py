"""`config check` says all that `run-daily` refuses with 3, in the order of lines; `config show` shows the rest."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.commands.conftest import Run

_BARS = "symbol,date,open,high,low,close,volume\nAAPL,2024-01-02,1,2,1,2,100\nAAPL,2024-01-03,1,2,1,2,100\n"


def _strategy(home: Path, manifest: str) -> None:
    folder = home / "strategies" / "mine"
    folder.mkdir(parents=True)
    (folder / "manifest.toml").write_text(manifest, encoding="utf-8")


def _bars(home: Path, text: str = _BARS) -> None:
    (home / "bars.csv").write_text(text, encoding="utf-8")


def _parameters(home: Path, text: str) -> None:
    (home / "parameters.toml").write_text(text, encoding="utf-8")


def _other_past(home: Path) -> None:
    """Bars that differ from those that the home's exchange has traded on."""
    _bars(home)


def _newer_home(home: Path) -> None:
    (home / "state").mkdir(exist_ok=True)
    (home / "state" / "home.json").write_text('{"format": 99}')


def _file_for_a_folder(home: Path) -> None:
    (home / "state").write_text("not a folder")


def _nothing(home: Path) -> None:
    pass


@dataclass(frozen=True)
class Bad:
    """A home that `run-daily` refuses."""

    name: str
    env: str = ""
    spoil: Callable[[Path], None] = _nothing
    initialised: bool = False
    environ: dict[str, str] = field(default_factory=dict)


BAD = (
    Bad("unknown strategies", "STRATEGIES=rsi3_mean_reversion,momentum\n"),
    Bad("no manifest", "STRATEGIES=mine\n", lambda home: (home / "strategies/mine").mkdir(parents=True)),
    Bad("strategies in a file", "STRATEGIES_DIR=bars.csv\n", _bars),
    Bad("strategies in a file, in a home", "STRATEGIES_DIR=bars.csv\n", _bars, initialised=True),
    Bad("no file of bars", "PAPER_DATA=nowhere.csv\n"),
    Bad("bars that are none", "PAPER_DATA=bars.csv\n", lambda home: _bars(home, "symbol,date\n")),
    Bad("no bar", "PAPER_DATA=bars.csv\n", lambda home: _bars(home, _BARS.splitlines()[0] + "\n")),
    Bad("other bars than were traded", "PAPER_DATA=bars.csv\n", _other_past, initialised=True),
    Bad("no file of actions", "PAPER_DATA=bars.csv\nPAPER_ACTIONS=nowhere.csv\n", _bars),
    Bad("bars as a download has them", "PAPER_DATA=bars.csv\n", lambda home: _bars(home, "Date,Open\n2024-01-02,1\n")),
    Bad("bars that jump", "PAPER_DATA=bars.csv\n", lambda home: _bars(home, _BARS + "AAPL,2024-01-04,99,99,99,99,1\n")),
    Bad("parameters of nobody", "", lambda home: _parameters(home, "[nobody]\nlength = 3\n")),
    Bad("parameters that do not fit", "", lambda home: _parameters(home, "[momentum_rotation]\nno = 3\n")),
    Bad("parameters in no TOML", "", lambda home: _parameters(home, "length: 3\n"), initialised=True),
    Bad("a ledger in the logs", "DATABASE_URL=sqlite:///logs/trading_robot.log\n"),
    Bad("a path that names a variable that is not set", "LOG_DIR=$NO_SUCH_NAME/logs\n"),
    Bad("a start outside the data", "PAPER_START=2030-01-01\n"),
    Bad("a start that is no session", "PAPER_START=2006-11-23\n"),
    Bad("a lost exchange", "", lambda home: (home / "state/paper_exchange.db").unlink(), initialised=True),
    Bad("a home of a newer version", "", _newer_home),
    Bad("a file instead of the state folder", "", _file_for_a_folder),
    Bad("a user's folder that is a file", "", environ={"TRADEBOT_STATE_DIR": "/dev/null/state"}),
    Bad("settings", "BROKER=alpaca\nMAX_POSITIONS=none\nnonsense\n"),
)  # fmt: skip


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: str(bad.name))
def test_what_run_daily_refuses_is_said_by_config_check(bad: Bad, run: Run, made_home: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    if bad.initialised:
        shutil.copytree(made_home, home)
    home.mkdir(exist_ok=True)
    (home / ".env").write_text(bad.env)
    bad.spoil(home)
    before = _files(home)
    checked = run("config", "check", "--json", "--home", home, environ=bad.environ)
    assert _files(home) == before, "a check writes nothing"
    ran = run("run-daily", "--json", "--home", home, environ=bad.environ)
    assert (ran.code, checked.code) == (3, 3), ran.err
    assert ran.json["problems"]
    for refused in ran.json["problems"]:
        said = [problem for problem in checked.json["problems"] if problem["what"] == refused["what"]]
        assert any(_place(refused["where"]).startswith(_place(problem["where"])) for problem in said), refused


def _files(home: Path) -> set[tuple[str, int]]:
    return {(str(path), path.lstat().st_mtime_ns) for path in home.rglob("*")}


def _place(where: str) -> str:
    """The setting or file of a problem, without the line."""
    return re.sub(r" \(.*\)$|,.*$", "", where)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such list of users")
def test_a_user_for_strategies_that_there_is_not_is_told_before_a_session(run: Run, tmp_path: Path) -> None:
    (tmp_path / "here" / ".env").write_text("STRATEGY_USER=nobody-of-this-name\n")
    ended = run("config", "check")
    assert ended.code == 3
    assert "this system has no user 'nobody-of-this-name'" in ended.err


def test_problems_of_strategies_stand_among_those_of_the_lines(run: Run, tmp_path: Path) -> None:
    home = tmp_path / "here"
    _strategy(home, 'name = "mine"\nversion = "1"\n')
    (home / ".env").write_text(
        'LOG_LEVEL=loud\nSTRATEGIES=momentum,mine\nMAX_POSITONS=3\nMIN_ORDER_VALUE=9999999\nBROKER=etrade\nLOG_DIR="x\n'
    )
    ended = run("config", "check", "--json", environ={"MAX_POSITIONS": "many"})
    lines = [int(found[1]) if (found := re.search(r"line (\d+)", problem["where"])) else 0
             for problem in ended.json["problems"]]  # fmt: skip
    known = [line for line in lines if line]
    assert known == sorted(known)
    assert {1, 2, 3, 4, 5, 6} == set(known)
    assert "there is no strategy 'momentum'" in ended.err
    assert ended.json["problems"][-1]["where"].startswith(("MAX_POSITIONS (environment)", str(home)))
    assert any("manifest.toml" in problem["where"] for problem in ended.json["problems"])


def test_a_strategy_that_does_not_exist_is_said_beside_invalid_symbols_and_shown_as_not_valid(
    run: Run, tmp_path: Path
) -> None:
    (tmp_path / "here" / ".env").write_text("STRATEGIES=momentum\nSYMBOLS=\u00e4\n", encoding="utf-8")
    for command in ("check", "show"):
        ended = run("config", command, "--json")
        assert ended.code == 3
        assert [problem["where"] for problem in ended.json["problems"]] == [
            "STRATEGIES (`.env` line 1)",
            "SYMBOLS (`.env` line 2)",
        ]
    (shown,) = (setting for setting in ended.json["settings"] if setting["name"] == "STRATEGIES")
    assert (shown["value"], shown["problem"]) == ("momentum", "there is no strategy 'momentum'")


def test_an_invalid_name_of_a_folder_asks_nothing_of_the_folder(run: Run, tmp_path: Path) -> None:
    (tmp_path / "here" / ".env").write_text("STRATEGIES_DIR=~nobody-of-this-name\nSTRATEGIES=mine\n")
    (problem,) = run("config", "check", "--json").json["problems"]
    assert problem["where"] == "STRATEGIES_DIR (`.env` line 1)"


def test_what_is_valid_is_shown_beside_what_is_not(run: Run, tmp_path: Path) -> None:
    (tmp_path / "here" / ".env").write_text(
        "MAX_POSITIONS=7\nLOG_LEVEL=loud\nALPACA_SECRET_KEY='shh 4711'\nMAX_POSITONS=4\n"
    )
    shown = run("config", "show", "--json")
    assert (shown.code, shown.json["exit_code"]) == (3, 3)
    settings = {setting["name"]: setting for setting in shown.json["settings"]}
    assert (settings["MAX_DAILY_TRADES"]["value"], settings["MAX_DAILY_TRADES"]["problem"]) == ("20", "")
    assert settings["LOG_LEVEL"] == {
        "name": "LOG_LEVEL", "value": "", "origin": "`.env` line 2", "problem": "'loud' is not a choice",
    }  # fmt: skip
    assert settings["ALPACA_SECRET_KEY"]["problem"] == "it holds a blank"
    assert [problem["where"].split("line ")[-1].strip(")") for problem in shown.json["problems"]] == ["2", "3", "4"]
    page = run("config", "show")
    assert page.code == 3
    assert "NOT VALID: 'loud' is not a choice" in page.out
    assert "MAX_POSITONS is no setting. Did you mean MAX_POSITIONS?" in page.err
    assert "4711" not in page.out + page.err + shown.out


def test_settings_in_conflict_are_shown_with_their_values_and_a_misspelt_name_spoils_no_other(
    run: Run, tmp_path: Path
) -> None:
    (tmp_path / "here" / ".env").write_text("MIN_ORDER_VALUE=500\nMAX_ORDER_VALUE=200\nMAX_POSITONS=4\n")
    settings = {setting["name"]: setting for setting in run("config", "show", "--json").json["settings"]}
    assert settings["MIN_ORDER_VALUE"]["value"] == "500"
    assert "no order can be worth" in settings["MIN_ORDER_VALUE"]["problem"]
    assert (settings["MAX_ORDER_VALUE"]["value"], settings["MAX_ORDER_VALUE"]["problem"]) == ("200", "")
    assert (settings["MAX_POSITIONS"]["value"], settings["MAX_POSITIONS"]["problem"]) == ("10", "")
    assert "500 NOT VALID: no order can be worth" in " ".join(run("config", "show").out.split())


@pytest.mark.parametrize("url", ["sqlite:///logs", "sqlite:///notes.txt", "sqlite:///notes.txt/ledger.db"])
def test_an_address_that_can_be_no_ledger_is_said_before_the_first_session(run: Run, tmp_path: Path, url: str) -> None:
    home = tmp_path / "here"
    (home / "logs").mkdir()
    (home / "notes.txt").write_text("my notes, no database")
    (home / ".env").write_text(f"LOG_DIR=other\nDATABASE_URL={url}\n")
    (problem,) = run("config", "check", "--json").json["problems"]
    assert problem["where"] == "DATABASE_URL (`.env` line 2)"
    assert run("run-daily").code == 10
    assert (home / "notes.txt").read_text() == "my notes, no database"


def test_a_valid_home_is_valid_and_nothing_is_left_of_the_check(run: Run, home: Path, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    ended = run("config", "check", "--home", home, environ={"TMPDIR": os.fspath(scratch)})
    assert (ended.code, ended.err) == (0, "")
    assert "the configuration is valid" in ended.out
    assert [*scratch.iterdir()] == []
