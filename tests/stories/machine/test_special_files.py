"""What is no file in a file's place: nothing waits for it, and in the place of a latch it halts."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes.cli import Ended
from tests.fakes.special_files import a_folder, a_link_to_a_full_device, a_link_to_nowhere, a_pipe
from tests.long_form import long
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


@pytest.mark.parametrize(
    ("make", "latch"),
    [
        (a_pipe, paths.latch_file),
        (a_folder, paths.second_latch_file),
        (a_link_to_nowhere, paths.latch_file),
        (a_link_to_a_full_device, paths.second_latch_file),
        long(a_pipe, paths.second_latch_file),
        long(a_folder, paths.latch_file),
        long(a_link_to_nowhere, paths.second_latch_file),
        long(a_link_to_a_full_device, paths.latch_file),
    ],
)
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


#: Files that a command may go on without, which stand together in the short form.
BY_THE_WAY = (
    "state/alerts_spool",
    "state/alerts_spool.lock",
    "state/last_backup",
    "state/channels_tried",
    "state/strategies_checked.json",
    "state/stops/spare",
    "state/stops/20061102T143500.000000-1-1.journal",
    "state/drills",
    "logs/trading_robot.log",
)


@pytest.mark.parametrize(
    "names",
    [
        BY_THE_WAY,
        ("state/home.json",),
        ("state/lock",),
        ("state/lock.json",),
        ("state/ledger_heads",),
        ("state/stops",),
        ("state/paper_exchange.db",),
        ("trading_robot.db",),
        long(("state/paper_exchange.db-journal",)),
        long(("trading_robot.db-journal",)),
        *(long((name,)) for name in BY_THE_WAY),
    ],
    ids=lambda names: names[0],
)
def test_no_command_waits_for_a_pipe_in_the_place_of_a_file(names: tuple[str, ...], traded: Machine) -> None:
    places = [traded.home / name for name in names]
    for path in places:
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
        for path in places:
            path.unlink(missing_ok=True)  # what looks through the folder after the test would wait for it
