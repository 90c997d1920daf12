"""Actions as processes of their own: they are attached to, taken over, found again, and know no key of another home."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.fakes.cli import environment
from tradebot.errors import ConfigError, ExitCode, UsageError
from tradebot.home import locks, paths, registry
from tradebot.home.command_runs import RunState
from tradebot.runtime import command_process
from tradebot.runtime.command_outcome import ActionOutcome
from tradebot.runtime.command_requests import HaltRequest, PreflightRequest, ResumeRequest, StopRequest, one_line
from tradebot.settings import GlobalOptions
from tradebot.web.actions import Actions, RunningAction

PATIENCE = 120.0
NOW = datetime(2026, 11, 2, 14, 30, tzinfo=UTC)


@pytest.fixture
def home(made_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of this process's user, which alone has what the process's environment says."""
    home = shutil.copytree(made_home, tmp_path / "home")
    for name in tuple(os.environ):
        monkeypatch.delenv(name)
    for name, value in environment(tmp_path / "state").items():
        monkeypatch.setenv(name, value)
    registry.add(tmp_path / "state", home)
    return home


@pytest.fixture
def actions(home: Path) -> Actions:
    return Actions(GlobalOptions(home=home))


@contextmanager
def job_at_work(home: Path) -> Iterator[None]:
    """A stop goes on until the job has ended."""
    with locks.home_lock(home, command="run-daily", wall=NOW):
        yield


def until(action: RunningAction, holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, (action.state, action.lines(), action.run.output())
        time.sleep(0.02)


def ended(action: RunningAction) -> ActionOutcome:
    until(action, lambda: not action.is_running)
    outcome = action.outcome()
    assert outcome is not None
    return outcome


def test_a_stop_is_attached_to_and_one_that_closes_takes_over_one_that_keeps(home: Path, actions: Actions) -> None:
    with job_at_work(home):
        keeping = actions.start(home, StopRequest("--close-positions\n--all"))
        until(keeping, lambda: any("Waiting until another job has stopped" in line for line in keeping.lines()))
        again = Actions(GlobalOptions(home=home)).start(home, StopRequest("a second click"))
        assert (again.action_id, again.is_new, keeping.is_new) == (keeping.action_id, False, True)
        assert not keeping.closes_positions
        closing_one = actions.start(home, StopRequest("close now", close_positions=True))
        assert (closing_one.is_new, closing_one.closes_positions) == (True, True)
        assert closing_one.replaced == keeping.action_id
        assert ended(keeping).exit_code is ExitCode.TERMINATED
        assert "the halt is latched" in ended(keeping).told
        late = actions.start(home, StopRequest("keep after all"))
        assert late.action_id == closing_one.action_id, "what closes also does what one that keeps does"
        current = actions.current(home)
        assert current is not None
        assert current.action_id == closing_one.action_id
        assert current.outcome() is None
    outcome = ended(closing_one)
    assert (outcome.exit_code, outcome.is_good) == (ExitCode.OK, True)
    assert outcome.summary is not None
    assert outcome.summary["exit_code"] == 0
    reasons = [halt["reason"] for halt in outcome.summary["halts"]]
    assert "close now" in reasons
    assert "--close-positions --all" in paths.latch_file(home).read_text(), "a text is a reason, whatever it looks like"
    assert actions.current(home) is None
    found = actions.find(home, keeping.action_id)
    assert found is not None
    assert found.state is RunState.ENDED


def test_a_halt_and_a_resumption_say_how_they_ended(home: Path, actions: Actions) -> None:
    halted = actions.start(home, HaltRequest("away", symbol="aapl"))
    outcome = ended(halted)
    assert (outcome.exit_code, outcome.told) == (ExitCode.OK, "symbol AAPL is halted")
    assert halted.run.arguments == ("--reason=away", "--symbol=AAPL")
    resumed = ended(actions.start(home, ResumeRequest("back", symbol="AAPL")))
    assert resumed.exit_code is ExitCode.OK, resumed
    assert not paths.latch_file(home).exists()


def test_a_stop_that_hangs_takes_no_other_in_and_one_that_is_killed_says_so(
    home: Path, actions: Actions, monkeypatch: pytest.MonkeyPatch
) -> None:
    with job_at_work(home):
        stop = actions.start(home, StopRequest("x"))
        until(stop, lambda: stop.lines())
        assert stop.run.pid is not None
        os.kill(stop.run.pid, signal.SIGSTOP)
        monkeypatch.setattr(command_process, "_LONGEST", timedelta(0))
        beside = actions.start(home, StopRequest("y"))
        assert (beside.is_new, beside.replaced, stop.state) == (True, "", RunState.RUNNING)
        os.kill(stop.run.pid, signal.SIGKILL)
        outcome = ended(stop)
    assert ended(beside).exit_code is ExitCode.OK
    assert (stop.state, outcome.exit_code, outcome.is_good) == (RunState.KILLED, None, False)
    assert "Run it again" in outcome.told
    assert ended(actions.start(home, StopRequest("again"))).exit_code is ExitCode.OK


def test_a_key_of_this_home_reaches_no_other_and_an_unlisted_folder_gets_no_command(
    home: Path, actions: Actions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what the environment of the own home holds, the settings of the other one would be invalid."""
    other = shutil.copytree(home, tmp_path / "other")
    with pytest.raises(ConfigError, match="not in your list of homes"):
        actions.start(other, StopRequest("x"))
    assert not paths.commands_folder(other).exists()
    registry.add(tmp_path / "state", other)
    monkeypatch.setenv("MAX_POSITIONS", "none")
    monkeypatch.setenv("TRADEBOT_HOME", str(home))
    assert ended(actions.start(home, PreflightRequest())).exit_code is ExitCode.CONFIG
    elsewhere = ended(actions.start(other, HaltRequest("x")))
    assert (elsewhere.exit_code, elsewhere.summary and elsewhere.summary["home"]) == (ExitCode.OK, str(other))
    assert not paths.latch_file(home).exists()


@pytest.mark.skipif(sys.platform != "linux", reason="the environment of another process is read as Linux shows it")
def test_a_command_gets_the_settings_of_its_home_and_nothing_else_that_the_server_has(
    home: Path, actions: Actions, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {
        "MAX_POSITIONS": "3",
        "ALPACA_API_KEY": "PKOFTHISHOME",
        "PGPASSWORD": "of its ledger",
        "TZ": "Europe/Berlin",
        "AWS_SECRET_ACCESS_KEY": "of another program",
        "PGP_PASSPHRASE": "of another program",
        "WEB_PORT": "8001",
        "LISTEN_FDS": "1",
        "NOTIFY_SOCKET": "/run/notify",
    }
    for name, text in given.items():
        monkeypatch.setenv(name, text)
    with job_at_work(home):
        stop = actions.start(home, StopRequest("x"))
        assert stop.run.pid is not None
        until(stop, stop.lines)
        got = Path(f"/proc/{stop.run.pid}/environ").read_text().split("\0")
    assert {name for name in given if f"{name}={given[name]}" in got} == {
        "MAX_POSITIONS", "ALPACA_API_KEY", "PGPASSWORD", "TZ",
    }  # fmt: skip
    assert ended(stop).exit_code is ExitCode.OK


def test_a_home_without_room_for_files_is_stopped_all_the_same(home: Path, actions: Actions) -> None:
    paths.commands_folder(home).write_text("in the way")
    stop = actions.start(home, StopRequest("x"))
    assert home not in stop.run.folder.parents
    assert ended(stop).exit_code is ExitCode.OK
    assert actions.find(home, stop.action_id) == RunningAction(stop.run)
    assert actions.recent(home) == (RunningAction(stop.run),)
    shutil.rmtree(stop.run.folder.parent)


def test_a_text_that_is_no_reason_symbol_or_strategy_starts_nothing(home: Path, actions: Actions) -> None:
    for request in (
        HaltRequest(" \n"),
        ResumeRequest("\0"),
        HaltRequest("x", symbol="A=B"),
        HaltRequest("x", symbol="--all"),
        ResumeRequest("x", strategy="--yes"),
        HaltRequest("x", strategy="a", symbol="B"),
        ResumeRequest("x", symbol="\n"),
    ):
        with pytest.raises(UsageError):
            actions.start(home, request)
    assert not paths.commands_folder(home).exists()


def test_a_reason_is_one_printable_line() -> None:
    assert one_line("a\nb\0\x1b[31m\u202ec\ud800 ") == "a b [31m c"
    assert len(one_line("x" * 1000)) == 300
    assert StopRequest("--home=/").arguments == ("--keep-positions", "--reason=--home=/")
