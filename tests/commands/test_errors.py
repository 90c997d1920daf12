"""How commands end when they cannot do what they were asked: one clear message, the right code, no traceback."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.commands.conftest import Run
from tests.fakes.cli import ROOT, environment, tradebot
from tests.fakes.homes import account_id


def test_every_configuration_problem_is_told_at_once(run: Run, tmp_path: Path) -> None:
    (tmp_path / "here" / ".env").write_text("BROKER=etrade\nMAX_POSITONS=4\nRISK_PER_TRADE_PCT=3\n")
    for command in (("config", "check"), ("run-daily",), ("status",), ("emergency-stop",)):
        ended = run(*command)
        assert ended.code == 3, command
        assert ended.out == ""
        for words in ("paper or alpaca or robinhood", "Did you mean MAX_POSITIONS?", "Write 3% or 0.03"):
            assert words in ended.err, command
        assert all(line.startswith("tradebot ") for line in ended.err.splitlines())
    assert sorted(path.name for path in (tmp_path / "here").iterdir()) == [".env"]


def test_an_error_is_one_json_object_too(run: Run, tmp_path: Path) -> None:
    (tmp_path / "here" / ".env").write_text("MAX_POSITONS=4\n")
    ended = run("status", "--json")
    said = ended.json
    assert (ended.code, said["exit_code"], said["exit_codes"], said["status"]) == (3, 3, [3], "failed")
    assert said["job"] == "status"
    (problem,) = said["problems"]
    assert problem["where"] == "`.env` line 1"
    assert "Did you mean MAX_POSITIONS?" in problem["fix"]
    assert said["error"] in ended.err.replace("tradebot status: ", "")


@pytest.mark.parametrize(
    "command",
    [
        ("preflight",), ("check-exits",), ("reconcile",), ("report",), ("status",), ("explain", "AAPL"),
        ("emergency-stop",), ("resume", "--reason", "x", "--yes"), ("paper", "status"),
    ],
    ids=lambda command: command[0],
)  # fmt: skip
def test_a_command_that_acts_on_an_account_makes_no_home(
    made_home: Path, tmp_path: Path, command: tuple[str, ...]
) -> None:
    ended = tradebot(*command, state=made_home.parent / "state", cwd=tmp_path)
    assert ended.code == 3
    assert "never initialised" in ended.err
    assert str(made_home) in ended.err, "it names the homes it knows"
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_strategy_is_a_configuration_problem(run: Run) -> None:
    ended = run("run-daily", environ={"STRATEGIES": "rsi3_mean_reversion"})
    assert ended.code == 3
    assert "rsi2_mean_reversion" in ended.err


def test_a_bug_leaves_its_traceback_in_the_log_and_one_line_on_the_terminal(
    run: Run, home: Path, tmp_path: Path
) -> None:
    """A module of ours that is replaced by one that raises stands for any bug."""
    (tmp_path / "sitecustomize.py").write_text(
        "import tradebot.reports.run_header as where\ndef opening(w): raise KeyError('boom')\nwhere.opening = opening\n"
    )
    ended = run("status", "--home", home, environ={"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"})
    log = home / "logs" / "trading_robot.log"
    assert ended.code == 1
    assert ended.err.splitlines() == [f"tradebot status: unexpected error: KeyError: 'boom' (traceback in {log})"]
    assert "Traceback (most recent call last)" in log.read_text()


def test_an_unwritable_log_folder_is_a_warning(run: Run, home: Path) -> None:
    (home / "logs").write_text("a file where the folder should be")
    ended = run("preflight", "--home", home, "--json")
    assert "cannot be written" in ended.err
    assert ended.json["job"] == "preflight"
    assert ended.code == ended.json["exit_code"] != 1


def test_the_logs_tell_the_story_without_secrets(run: Run, home: Path) -> None:
    secret = account_id(home)
    (home / ".env").write_text(f"ROBINHOOD_PASSWORD={secret}\n")  # a secret that would show up by itself
    (home / ".env").chmod(0o600)
    ended = run("preflight", "--full", "--home", home, "-vv")
    logged = "".join(path.read_text() for path in (home / "logs").iterdir())
    assert "preflight begins" in logged
    assert "every position of ours has" in logged
    assert secret not in logged + ended.err
    names = sorted(path.name for path in (home / "logs").iterdir())
    assert re.fullmatch(r"daily_automation_\d{4}-\d\d-\d\d\.log", names[0])
    assert names[1:] == ["trading_robot.log"]


def test_commands_that_only_look_leave_no_log(run: Run, home: Path) -> None:
    for command in (("status",), ("explain", "AAPL"), ("paper", "status"), ("config", "show"), ("strategies", "list")):
        run(*command, "--home", home)
    assert not (home / "logs").exists()


@pytest.mark.parametrize(("number", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_a_command_that_is_asked_to_end_says_so(tmp_path: Path, number: str, code: int) -> None:
    if os.name == "nt":
        pytest.skip("Windows has no such signals")
    home = tmp_path / "home"
    command = [sys.executable, "-m", "tradebot", "replay", "--home", str(home), "--to", "2012-12-31", "--json"]
    process = subprocess.Popen(
        command, cwd=tmp_path, env=environment(tmp_path / "state"), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    log = home / "logs" / "trading_robot.log"
    deadline = time.monotonic() + 60
    while not log.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(getattr(signal, number))
    out, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    assert f'"exit_code": {code}' in out
    assert "Traceback" not in err


def test_a_question_that_nobody_can_answer_changes_nothing(run: Run, home: Path) -> None:
    ended = run("paper", "reset", "--home", home)
    assert ended.code == 2
    assert "--yes" in ended.err
    assert run("paper", "status", "--home", home, "--json").json["exchange"]["account_id"] == account_id(home)
