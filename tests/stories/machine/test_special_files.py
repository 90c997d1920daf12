"""What is no file in a file's place: nothing waits for it, and in the place of a latch it halts."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes.cli import Ended
from tests.fakes.special_files import a_folder, a_link_to_a_full_device, a_link_to_nowhere, a_pipe
from tests.stories.processes.conftest import Machine, ending
from tradebot.home import paths

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no pipes among its files")

#: Seconds that a command may take: none of them takes five on an idle machine.
PATIENCE = 60.0
RESUME = ("resume", "--reason", "looked at it", "--yes")


def run(machine: Machine, *arguments: str) -> Ended:
    process = machine.start(*arguments)
    try:
        return ending(process, *arguments, patience=PATIENCE)
    finally:
        process.kill()


@pytest.mark.parametrize("latch", [paths.latch_file, paths.second_latch_file], ids=["state", "home"])
@pytest.mark.parametrize("make", [a_pipe, a_link_to_nowhere, a_link_to_a_full_device, a_folder])
def test_in_the_place_of_a_latch_it_halts_until_somebody_resumes(
    make: Callable[[Path], None], latch: Callable[[Path], Path], made: Machine
) -> None:
    make(latch(made.home))

    assert run(made, "run-daily").code == 4
    assert run(made, "halt", "--reason", "a drill").code == 0
    assert run(made, "emergency-stop", "--reason", "a drill").code == 0
    assert made.orders() == []

    assert run(made, *RESUME).code == 0
    assert run(made, "run-daily").code == 0
    assert made.orders() != []


@pytest.mark.parametrize(
    "name",
    [
        "state/home.json",
        "state/lock",
        "state/lock.json",
        "state/ledger_heads",
        "state/alerts_spool",
        "state/alerts_spool.lock",
        "state/last_backup",
        "state/channels_tried",
        "state/strategies_checked.json",
        "state/stops",
        "state/stops/spare",
        "state/stops/20061102T143500.000000-1-1.journal",
        "state/drills",
        "state/paper_exchange.db",
        "state/paper_exchange.db-journal",
        "trading_robot.db",
        "trading_robot.db-journal",
        "logs/trading_robot.log",
    ],
)
def test_no_command_waits_for_a_pipe_in_the_place_of_a_file(name: str, traded: Machine) -> None:
    path = traded.home / name
    if path.is_dir():
        path.rename(path.with_name("moved"))
    path.unlink(missing_ok=True)
    path.parent.mkdir(exist_ok=True)
    a_pipe(path)

    try:
        for command in (("preflight",), ("check-exits",), ("emergency-stop", "--reason", "a drill")):
            ended = run(traded, *command)
            assert ended.code != 1, ended.err
        assert paths.latch_file(traded.home).is_file()
    finally:
        path.unlink(missing_ok=True)  # what looks through the folder after the test would wait for it
