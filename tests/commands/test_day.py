"""A session at the embedded exchange by the commands that a crontab starts, each a real process."""

from __future__ import annotations

import csv
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from tests.commands.conftest import Run
from tests.fakes.cli import ROOT
from tests.fakes.homes import account_id
from tradebot.home.replay_record import Asked, ReplayRecord, read_record, write_record
from tradebot.plugins.manifest import MANIFEST
from tradebot.reports.json_output import COMMON


def test_the_day_from_run_daily_to_resume(run: Run, tmp_path: Path, strategies_checked: Path) -> None:
    """One walk, because each step needs the one before and each is a process."""
    home = tmp_path / "home"

    traded = run("run-daily", "--home", home, "--json")
    assert traded.code == 0
    story = traded.json
    assert set(COMMON) <= set(story)
    assert (story["job"], story["status"], story["home"]) == ("run-daily", "ran", str(home))
    assert story["orders"]
    assert all(order["state"] == "filled" and order["stop"] for order in story["orders"])
    assert story["denials"]
    assert story["breaks"] == []
    assert story["unprotected"] == "0"

    again = run("run-daily", "--home", home, "--json")
    assert (again.code, again.json["status"], again.json["orders"]) == (0, "idle", [])
    assert "traded already" in again.json["headline"]

    assert run("check-exits", "--home", home).code == 0
    reconciled = run("reconcile", "--home", home)
    assert reconciled.code == 0
    assert "the ledger explains everything at the broker" in reconciled.out
    assert "the exchange is closed" in run("check-exits", "--home", home).out

    written = ("--csv", tmp_path / "csv", "--html", tmp_path / "report.html")
    report = run("report", "--period", "all", *written, "--home", home, "--json")
    assert report.code == 0
    assert report.json["statistics"]["total_return"]["convention"]
    with (tmp_path / "csv" / "fills.csv").open(newline="") as lines:
        assert len(list(csv.DictReader(lines))) == len(report.json["period_fills"]) > 0

    runs = run("report", "--from", "2000-01-03", "--to", "2000-01-31", "--home", home, "--json").json
    assert (runs["is_over"], runs["totals"]["trades"], runs["positions"]) == (True, 0, [])
    review = run("report", "--review", "week", "--home", home, "--json").json["review"]
    assert len(review["questions"]) == 7

    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert report.json["account_id"] not in page
    assert str(tmp_path) not in page
    symbol = story["orders"][0]["symbol"]
    explained = run("explain", symbol.lower(), "--home", home, "--json").json
    assert any(row["client_order_id"] == story["orders"][0]["client_order_id"] for row in explained["decisions"])

    status = run("status", "--home", home, "--json").json
    assert (status["level"], status["lock_holder"]) == ("running", "")
    assert {line["symbol"] for line in status["positions"]} == {order["symbol"] for order in story["orders"]}
    assert all(line["protected"] for line in status["positions"])

    began = run("paper", "next", "--home", home, "--json").json["exchange"]["session"]
    assert began > story["session"]
    stopped = run("emergency-stop", "--reason", "a drill", "--home", home, "--json")
    assert stopped.code == 0
    assert [halt["reason"] for halt in stopped.json["halts"]] == ["a drill"]
    assert run("status", "--home", home, "--json").json["level"] == "halted"
    shutil.copy(strategies_checked, home / "state")
    assert run("preflight", "--home", home).code == 5
    halted = run("run-daily", "--home", home, "--json")
    assert halted.code == 4
    assert all(order["purpose"] != "entry" for order in halted.json["orders"])

    unanswered = run("resume", "--reason", "the drill is over", "--home", home)
    assert unanswered.code == 2
    assert "a drill" in unanswered.err
    resumed = run("resume", "--reason", "the drill is over", "--yes", "--home", home)
    assert resumed.code == 0
    assert run("status", "--home", home, "--json").json["level"] == "running"


def test_each_command_says_first_where_it_acts(run: Run, home: Path) -> None:
    acting = ("preflight",), ("reconcile",), ("status",), ("init-db",), ("paper", "status"), ("paper", "next")
    for command in acting:
        head = run(*command, "--home", home).out.splitlines()[:3]
        assert [line.split(maxsplit=1)[0] for line in head] == ["home", "broker", "account"], command
        assert str(home) in head[0]
        assert account_id(home) in head[2]
    reset = run("paper", "reset", "--yes", "--home", home).out.splitlines()
    assert (reset[0].split()[0], str(home) in reset[0], account_id(home) in reset[2]) == ("home", True, True)


def test_a_command_that_asks_no_broker_says_its_home_first(run: Run, home: Path) -> None:
    for command in (("verify",), ("strategies", "list"), ("strategies", "check", "rsi2_mean_reversion")):
        first, second = run(*command, "--home", home).out.splitlines()[:2]
        assert (first.split()[0], str(home) in first, str(home) in second) == ("home", True, True), command


def test_a_replay_ends_with_the_report_and_another_goes_on_from_there(run: Run, tmp_path: Path) -> None:
    home = tmp_path / "home"
    first = run("replay", "--from", "2006-11-06", "--sessions", "2", "--home", home, "--json")
    assert first.code == 0
    assert (first.json["sessions"], first.json["session"]) == (2, "2006-11-07")
    assert first.json["report"]["first"] == "2006-11-06"
    assert first.json["statistics"]["total_return"]["value"] is not None
    longer = run("replay", "--to", "2006-11-08", "--home", home)
    assert longer.code == 0
    assert "Statistics" in longer.out
    assert run("paper", "status", "--home", home, "--json").json["exchange"]["session"] == "2006-11-08"
    for typed, words in (
        (("--from", "2006-11-07", "--to", "2006-11-08"), "stands at 2006-11-08 and cannot go back to 2006-11-07"),
        (("--to", "2006-11-07"), "stands at 2006-11-08"),
        (("--sessions", "100000"), "sessions left until the prices end"),
    ):
        refused = run("replay", *typed, "--home", home)
        assert refused.code == 2
        assert words in refused.err


def test_a_replay_that_had_finished_begins_anew_and_says_so(run: Run, home: Path) -> None:
    assert run("replay", "--sessions", "1", "--home", home).code == 0
    again = run("replay", "--sessions", "1", "--home", home, "--json")
    assert (again.code, again.json["session"], again.json["jobs_run"]) == (0, "2006-11-03", 5)
    assert "of 2006-11-02 to 2006-11-02, had finished: this begins a new one, of 2006-11-03" in again.err


def test_so_many_sessions_are_so_many_new_ones(run: Run, home: Path) -> None:
    assert run("replay", "--sessions", "2", "--home", home).code == 0
    ended = run("replay", "--sessions", "1", "--home", home, "--json")
    assert (ended.json["report"]["last"], ended.json["jobs_run"]) == ("2006-11-06", 5)
    record = read_record(home)
    assert record is not None
    write_record(home, replace(record, has_finished=False, ends=date(2006, 11, 7)))  # as if a halt had stopped it
    assert "at 2006-11-07: 1 of 2 sessions are done" in run("replay", "--sessions", "1", "--home", home).err


@pytest.mark.parametrize("typed", [("--sessions", "3"), ("--from", "2006-11-02", "--to", "2006-11-06")])
def test_the_same_replay_goes_on_where_it_was_stopped(run: Run, home: Path, typed: tuple[str, ...]) -> None:
    asked = Asked(3) if typed[0] == "--sessions" else Asked(first=date(2006, 11, 2), last=date(2006, 11, 6))
    account = run("halt", "--symbol", "ZZZ", "--reason", "to ask", "--home", home, "--json").json["halt"]["account"]
    write_record(home, ReplayRecord(account, asked, date(2006, 11, 2), date(2006, 11, 6)))
    assert run("paper", "next", "--home", home).code == 0  # as if the first session had been replayed
    ended = run("replay", *typed, "--home", home, "--json")
    assert "goes on with the replay of 2006-11-02 to 2006-11-06 at 2006-11-03: 1 of 3 sessions are done" in ended.err
    assert (ended.json["sessions_before"], ended.json["sessions"], ended.json["session"]) == (1, 2, "2006-11-06")


def test_a_replay_that_a_halt_stops_says_how_far_it_is(run: Run, home: Path) -> None:
    assert run("halt", "--reason", "travelling", "--home", home).code == 0
    ended = run("replay", "--sessions", "2", "--on-halt", "resume", "--home", home)
    assert ended.code == 4
    assert "by operator since " in ended.err
    assert "travelling" in ended.err
    assert "0 of 2 sessions are done; the same command goes on there" in ended.err


def test_a_replay_begins_at_the_first_session_from_its_date_on_and_only_where_there_are_prices(
    run: Run, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    for outside in ("1990-01-01", "2030-01-01"):
        refused = run("replay", "--from", outside, "--sessions", "1", "--home", home)
        assert refused.code == 3
        assert f"{outside} lies outside the data. Choose a date from 2000-03-01 to 2013-03-01" in refused.err
    saturday = run("replay", "--from", "2006-11-04", "--sessions", "1", "--home", home, "--json")
    assert (saturday.code, saturday.json["session"]) == (0, "2006-11-06")


def test_a_reset_begins_a_new_account(run: Run, home: Path) -> None:
    before = account_id(home)
    reset = run("paper", "reset", "--yes", "--home", home, "--json")
    assert reset.code == 0
    assert reset.json["exchange"]["account_id"] == account_id(home) != before
    status = run("status", "--home", home)
    assert status.code == 0
    assert account_id(home) in status.out


def test_init_db_empties_nothing(run: Run, home: Path) -> None:
    run("run-daily", "--home", home)
    again = run("init-db", "--home", home, "--json").json
    assert again["made"] is False
    assert run("status", "--home", home, "--json").json["positions"]


def test_strategies_are_listed_and_checked(run: Run, tmp_path: Path) -> None:
    listed = run("strategies", "list", "--json")
    assert listed.code == 0
    names = {strategy["name"] for strategy in listed.json["strategies"]}
    assert {"tsla_improved_strategy", "rsi2_mean_reversion", "momentum_rotation"} <= names
    checked = run("strategies", "check", "rsi2_mean_reversion", "--json")
    assert (checked.code, checked.json["passed"]) == (0, True)
    unknown = run("strategies", "check", "rsi3_mean_reversion")
    assert unknown.code == 3
    assert "rsi2_mean_reversion" in unknown.err

    own = tmp_path / "here" / "strategies" / "crooked"
    own.mkdir(parents=True)
    (own / MANIFEST).write_text("name = 'crooked'\n")
    unsound = run("strategies", "list")
    assert unsound.code == 11
    assert "crooked" in unsound.out


def test_config_show_masks_and_names_origins(run: Run, tmp_path: Path) -> None:
    env = tmp_path / "here" / ".env"
    env.write_text("ALPACA_API_KEY=PKVERYSECRET\nMAX_POSITIONS=4\nALLOW_SHORT=false\n")
    env.chmod(0o600)
    shown = run("config", "show", environ={"LOG_LEVEL": "DEBUG"})
    assert shown.code == 0
    assert "PKVERYSECRET" not in shown.out + shown.err
    rows = {line.split()[0]: line for line in shown.out.splitlines() if line.strip()}
    assert rows["ALPACA_API_KEY"].split()[1:] == ["********", "`.env`", "line", "1"]
    assert rows["LOG_LEVEL"].split()[1:] == ["DEBUG", "environment"]
    assert rows["MAX_DAILY_TRADES"].split()[1:] == ["20", "default"]
    assert "ALLOW_SHORT has no use" in shown.err
    assert run("config", "check", "--env-file", ROOT / "env.example").code == 0
