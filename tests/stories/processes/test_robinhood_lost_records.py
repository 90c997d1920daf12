"""At Robinhood without the ledger and the file of sent orders: what is ours is worked out from the ids that can be."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.robinhood.process import Running
from tests.stories.processes.at_robinhood import AtRobinhood
from tests.stories.processes.played import new_york
from tests.stories.processes.robinhood_week import MONDAY, MORNING, monday_morning

if os.name == "nt":
    pytest.skip("an open file is not removed there", allow_module_level=True)

LATER = new_york(MONDAY, 9, 45)


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[Running]:
    with monday_morning(tmp_path) as fake:
        yield fake


@pytest.fixture
def traded(tmp_path: Path, fake: Running) -> AtRobinhood:
    """A home that has bought, and in whose ledger stands what is still held."""
    machine = AtRobinhood(tmp_path, fake)
    machine.settle_in()
    machine.log_in(MORNING)
    assert machine.at(new_york(MONDAY, 9, 35), "run-daily").code == 0
    assert machine.at(new_york(MONDAY, 9, 40), "check-exits").code == 0
    return machine


def _lose(machine: AtRobinhood) -> None:
    """Lose the ledger, and every file that tells which orders were sent."""
    state = machine.home / "state"
    for path in (*machine.home.glob("trading_robot.db*"), *state.glob("robinhood_orders*"), state / "sent_orders"):
        path.unlink(missing_ok=True)


def _listed(machine: AtRobinhood, command: str) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = machine.at(LATER, command, "--json").json[command]
    return rows


def test_a_new_ledger_knows_what_is_ours_and_when_it_was_sent(traded: AtRobinhood, fake: Running) -> None:
    def known() -> list[tuple[object, ...]]:
        held = [(each["symbol"], each["quantity"], each["strategy"]) for each in _listed(traded, "positions")]
        sent = [(each["symbol"], each["side"], str(each["at"])[:16]) for each in _listed(traded, "orders")]
        return sorted(map(str, (*held, *sent)))  # type: ignore[arg-type]

    before, posts = known(), fake.asked()["POST /orders/"]
    assert before
    _lose(traded)
    for command in ("reconcile", "check-exits", "adopt AAPL --strategy tsla_improved_strategy --stop 100 --reason x"):
        ended = traded.at(LATER, *command.split())
        assert (ended.code, "tradebot rebuild" in ended.err) == (10, True), ended.err
    assert traded.at(LATER, "rebuild", "--yes").code == 0
    assert known() == before
    assert traded.at(LATER, "reconcile").code == 0
    assert traded.at(LATER, "check-exits").code == 0
    assert fake.asked()["POST /orders/"] == posts


def test_an_emergency_stop_says_what_is_left_to_a_person_and_later_closes_it(
    traded: AtRobinhood, fake: Running
) -> None:
    """Without a session, without a ledger, and at last without the state folder, which made the folder a home."""
    held, tokens = {each["symbol"] for each in _listed(traded, "positions")}, traded.tokens.required()
    stop = ("emergency-stop", "--reason", "x", "--close-positions", "--json")
    traded.tokens.remove()
    told = traded.at(LATER, *stop)
    assert told.code == 9
    assert {line["symbol"] for line in told.json["lines"] if line["result"] == "left to you"} == held
    for path in traded.home.glob("trading_robot.db*"):
        path.unlink()
    told = traded.at(LATER, *stop)
    assert told.code == 9
    assert {note.split()[7] for note in told.json["notes"] if note.startswith("left last")} >= held
    _lose(traded)
    shutil.rmtree(traded.home / "state")
    blind = traded.at(LATER, *stop)
    assert blind.code == 9
    assert any("look in the broker's app at every order and position" in note for note in blind.json["notes"])
    assert fake.asked().get("POST /orders/{id}/cancel/", 0) == 0

    traded.tokens.write(tokens)
    shutil.rmtree(traded.home / "state")
    closed = traded.at(LATER, *stop)
    assert (closed.code, closed.json["still_open_orders"], closed.json["still_open_positions"]) == (0, 0, 0)
    assert {line["symbol"] for line in closed.json["lines"] if line["result"] == "closed"} == held


def test_a_stop_in_a_folder_that_never_was_a_home_says_that_nothing_was_stopped(traded: AtRobinhood) -> None:
    elsewhere = traded.folder / "elsewhere"
    elsewhere.mkdir()
    ended = traded.at(LATER, "emergency-stop", "--home", elsewhere)
    assert ended.code == 3
    assert "nothing was latched, cancelled or closed" in ended.err and str(traded.home) in ended.err
    assert list(elsewhere.iterdir()) == []
