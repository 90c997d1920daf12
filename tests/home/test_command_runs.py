"""The files of commands that another process started."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tradebot.errors import ExitCode
from tradebot.home import command_runs, paths
from tradebot.home.command_runs import CommandRun, RunState

BEGAN = datetime(2026, 11, 2, 14, 30, tzinfo=UTC)


def made(home: Path, number: int = 0) -> CommandRun:
    wall = BEGAN + timedelta(seconds=number)
    run = command_runs.create(paths.commands_folder(home), "emergency-stop", ["--keep-positions"], wall)
    command_runs.announce(run)
    return run


def test_a_run_is_running_while_its_lock_is_held_and_ends_with_its_exit_code(tmp_path: Path) -> None:
    run = made(tmp_path)
    held = command_runs.hold(run.folder)
    assert (run.state, run.exit_code) == (RunState.RUNNING, None)
    with pytest.raises(OSError, match=r"."):
        command_runs.hold(run.folder)
    run.out.write_text("{}\n")
    run.err.write_text("one\ntwo\nth")
    assert (run.lines(), run.lines(1)) == (("one", "two"), ("two",)), "a line counts once it is whole"
    command_runs.write_exit_code(run.folder, 9)
    os.close(held)
    assert (run.state, run.exit_code, run.output()) == (RunState.ENDED, ExitCode.INCOMPLETE, "{}\n")
    assert run.lines(2) == ("th",)


def test_a_run_without_exit_code_whose_lock_is_free_was_killed(tmp_path: Path) -> None:
    run = made(tmp_path)
    os.close(command_runs.hold(run.folder))
    assert run.state is RunState.KILLED


def test_its_files_are_for_the_owner_alone_and_looking_changes_none(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        run = made(tmp_path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(run.folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) & 0o077 for file in (run.out, run.err)} == {0}
    seen = {file: (file.read_bytes(), file.stat().st_mtime_ns) for file in run.folder.iterdir()}
    assert command_runs.find(tmp_path, run.run_id) == run
    assert (run.state, run.lines(), run.pid) == (RunState.KILLED, (), None)
    assert {file: (file.read_bytes(), file.stat().st_mtime_ns) for file in run.folder.iterdir()} == seen


def test_a_text_that_names_no_run_finds_none(tmp_path: Path) -> None:
    run = made(tmp_path)
    others = ("", "..", "lock", f"../commands/{run.run_id}", f"{run.run_id}/", f"{run.run_id}\n", f"{run.run_id}\0")
    assert [text for text in others if command_runs.find(tmp_path, text)] == []
    (run.folder / "request.json").write_text("[]")
    assert (command_runs.find(tmp_path, run.run_id), command_runs.runs(tmp_path)) == (None, ())
    assert command_runs.runs(tmp_path / "nowhere") == ()


def test_the_newest_runs_are_kept_and_those_at_work(tmp_path: Path) -> None:
    runs = [made(tmp_path, number) for number in range(command_runs.KEPT + 2)]
    held = command_runs.hold(runs[0].folder)
    command_runs.prune(tmp_path)
    os.close(held)
    assert command_runs.runs(tmp_path) == (*reversed(runs[2:]), runs[0])


def test_a_starter_waits_for_another_and_not_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command_runs, "_GUARD_SECONDS", 0.05)
    with command_runs.one_starter(tmp_path), command_runs.one_starter(tmp_path):
        pass
    (tmp_path / "taken").write_text("")
    with command_runs.one_starter(tmp_path / "taken"):
        pass
