"""The story of a command: what it says, how it ended, what became of each order, and what to do next."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.reports.conftest import NOON
from tradebot.home import command_runs
from tradebot.reports.layout import Cell, Line, Table, Tone
from tradebot.web.actions import RunningAction
from tradebot.web.pages.story import Story, story_of

STOP = ("--close-positions",)


def told(
    folder: Path, command: str, code: int | None, summary: Mapping[str, Any] | None, *lines: str, out: str = ""
) -> Story:
    """The story of a command that has ended; without a code it was killed."""
    run = command_runs.create(folder, command, STOP, NOON)
    run.out.write_text(out or (json.dumps(summary) if summary else ""))
    run.err.write_text("".join(f"{line}\n" for line in lines))
    if code is not None:
        command_runs.write_exit_code(run.folder, code)
    return story_of(RunningAction(run), "desk", "/events")


def test_a_stop_that_is_done(tmp_path: Path) -> None:
    line = {"what": "order", "symbol": "<b>X", "quantity": "31", "result": "cancelled", "dollars": "2201.93",
            "detail": ""}  # fmt: skip
    story = told(tmp_path, "emergency-stop", 0, {"headline": "stopped", "lines": [line]}, "The halt is latched")
    assert (story.title, story.ended, story.tone) == ("Emergency stop of desk", "Code 0: stopped", Tone.GOOD)
    assert story.lines == ("The halt is latched",)
    assert "stays STOPPED" in story.after[0]
    assert story.results is not None
    (table,) = story.results.blocks
    assert isinstance(table, Table)
    assert table.rows == (("<b>X", "order", "31", "2,201.93", Cell("cancelled", Tone.GOOD)),)


def test_a_stop_that_left_something(tmp_path: Path) -> None:
    summary = {"headline": "1 position is open", "failures": [{"what": "AAPL", "message": "halted"}]}
    story = told(tmp_path, "emergency-stop", 9, summary)
    assert (story.tone, story.after[0]) == (
        Tone.BAD,
        "Something may still be open: look at the broker, and stop again.",
    )
    assert story.results is not None
    assert story.results.blocks == (Line("AAPL: halted", Tone.BAD),)


def test_a_command_that_was_killed_or_says_nonsense(tmp_path: Path) -> None:
    story = told(tmp_path, "emergency-stop", None, None)
    assert "was killed before it ended" in story.ended
    assert story.tone is Tone.BAD
    odd = {"error": "the lock is held", "lines": ["no object", {"dollars": "many"}], "failures": None}
    assert told(tmp_path, "resume", 8, odd).ended == "Code 8: the lock is held"
    assert told(tmp_path, "resume", 1, None, out="Traceback").results is None


def test_one_at_work_has_no_end(tmp_path: Path) -> None:
    run = command_runs.create(tmp_path, "emergency-stop", STOP, NOON)
    held = command_runs.hold(run.folder)
    story = story_of(RunningAction(run), "desk", "/events")
    assert (story.ended, story.stream, story.results) == ("", "/events", None)
    os.close(held)
