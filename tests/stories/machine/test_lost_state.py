"""The folder ``state`` is lost in a home that has a ledger."""

from __future__ import annotations

import shutil

from tests.stories.processes.test_alpaca import MORNING, Desk


def sent(desk: Desk) -> list[str]:
    """What was sent to the broker to change something there."""
    return [f"{arrival.method} {arrival.path}" for arrival in desk.alpaca.requests if arrival.method != "GET"]


def test_an_emergency_stop_outlives_the_folder_state(desk: Desk) -> None:
    assert desk.run(MORNING, "init-db")[0] == 0
    assert desk.run(MORNING, "emergency-stop", "--reason", "a drill")[0] == 0
    shutil.rmtree(desk.machine.home / "state")

    code, said, _ = desk.run(MORNING, "run-daily")
    assert code == 4
    assert "a drill" in {halt["reason"] for halt in said["halts"]}
    assert sent(desk) == []
