"""The crontab of a home, read back by a shell and by somebody else's cron."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime
from pathlib import Path

from cronsim import CronSim

from tests.schedulers.conftest import BERLIN, FIRST
from tradebot.core.model.schedule import SCHEDULED
from tradebot.schedulers import SchedulerKind, Setup, build_files, cron


def lines_of(setup: Setup) -> list[str]:
    (file,) = build_files(SchedulerKind.CRON, setup, BERLIN, FIRST)
    return [line for line in file.text.splitlines() if not line.startswith("#")]


def test_a_crontab_is_understood_by_another_cron_and_by_a_shell(setup: Setup) -> None:
    lines = lines_of(setup)
    assert len(lines) == len(SCHEDULED)
    for line, job in zip(lines, SCHEDULED, strict=True):
        *fields, command = line.split(maxsplit=5)
        next(CronSim(" ".join(fields), datetime(2026, 1, 1, tzinfo=UTC)))
        assert "%" not in command.replace("\\%", "")  # a bare one would end the command
        words = shlex.split(command.replace("\\%", "%"))
        assert words[:2] == [
            f"TRADEBOT_HOME={setup.home}",
            f"TRADEBOT_STATE_DIR={setup.variables['TRADEBOT_STATE_DIR']}",
        ]
        assert words[2:5] == [*setup.program, job.value, "--scheduled"]


def test_a_crontab_line_names_hours_together(setup: Setup) -> None:
    assert [" ".join(line.split()[:5]) for line in lines_of(setup)] == [
        "0 14,15 * * 1-5",
        "35 14,15 * * 1-5",
        "*/15 14-21 * * 1-5",
        "5 18,19,21,22 * * 1-5",
        "15 18,19,21,22 * * 1-5",
        "20 18,19,21,22 * * 1-5",
        "25 18,19,21,22 * * 1-5",
    ]


def test_the_example_is_made_by_the_same_code() -> None:
    root = Path(__file__).parents[2]
    assert (root / "crontab.example").read_text(encoding="utf-8") == cron.example(), "run scripts/update_docs.py"
    for line in cron.example().splitlines():
        if line[:1].isdigit() or line.startswith("*"):
            next(CronSim(" ".join(line.split()[:5]), datetime(2026, 1, 1, tzinfo=UTC)))
