"""What one command keeps for the next of whose legs the open orders are."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.brokers.alpaca.conftest import Desk, MakeDesk
from tests.fakes.alpaca.client import api_of
from tests.fakes.orders import Requests
from tradebot.brokers.alpaca import AlpacaBroker
from tradebot.core.orders import BrokerOrder, Purpose

make = Requests()
STOP, TARGET = Purpose.STOP, Purpose.TARGET
LEGS = {(STOP, "entry"), (TARGET, "entry")}


class Commands:
    """Commands of one home after another, each with an adapter of its own."""

    def __init__(self, desk: Desk, memory: Path) -> None:
        self.desk = desk
        self.memory = memory

    def next(self) -> AlpacaBroker:
        self.desk.fake.served.clear()
        return AlpacaBroker(api_of(self.desk.fake), "paper", self.memory)

    @property
    def asked(self) -> list[str]:
        return self.desk.asked


@pytest.fixture
def commands(alpaca: MakeDesk, tmp_path: Path) -> Commands:
    """The first command has sent a bracket and looked at the open orders."""
    return _after_a_bracket(alpaca(), tmp_path)


def _after_a_bracket(desk: Desk, folder: Path) -> Commands:
    commands = Commands(desk, folder / "families")
    broker = commands.next()
    broker.submit(make.buy(10, stop_loss="95", take_profit="110", client_id="entry"))
    broker.open_orders()
    return commands


def kin(orders: tuple[BrokerOrder, ...]) -> set[tuple[Purpose, str | None]]:
    return {(order.role, order.parent_client_order_id) for order in orders}


def test_the_next_command_knows_whose_legs_they_are_without_asking(commands: Commands) -> None:
    assert kin(commands.next().open_orders()) == LEGS
    assert commands.asked == ["GET /v2/orders"]


def test_a_leg_that_took_the_place_of_another_is_known_by_that(commands: Commands) -> None:
    (stop,) = [order for order in commands.next().open_orders() if order.role is STOP]
    commands.next().replace(stop.broker_order_id, make.sell(10, stop="97", client_id="raised"))
    assert kin(commands.next().open_orders()) == LEGS
    assert commands.asked == ["GET /v2/orders"]


def test_an_order_that_came_since_is_asked_about(commands: Commands) -> None:
    elsewhere = Commands(commands.desk, commands.memory.with_name("elsewhere")).next()
    elsewhere.submit(make.buy(10, stop_loss="94", take_profit="111", client_id="other"))
    assert kin(commands.next().open_orders()) == LEGS | {(STOP, "other"), (TARGET, "other")}
    assert commands.asked == ["GET /v2/orders"] * 2


def test_a_held_stop_that_lists_leave_out_is_missed_and_found_by_each_command(alpaca: MakeDesk, tmp_path: Path) -> None:
    desk = alpaca()
    desk.fake.house.terms.hides_held = True
    commands = _after_a_bracket(desk, tmp_path)
    for _ in range(2):
        assert kin(commands.next().open_orders()) == LEGS
        assert commands.asked == ["GET /v2/orders"] * 2


@pytest.mark.parametrize("content", [b"", b"nonsense", None], ids=["empty", "nonsense", "none"])
def test_a_file_that_is_damaged_or_gone_costs_a_request(commands: Commands, content: bytes | None) -> None:
    if content is None:
        commands.memory.unlink()
    else:
        commands.memory.write_bytes(content)
    assert kin(commands.next().open_orders()) == LEGS
    assert commands.asked == ["GET /v2/orders"] * 2
    assert kin(commands.next().open_orders()) == LEGS
    assert commands.asked == ["GET /v2/orders"]


def test_one_changed_byte_makes_nothing_of_the_file_believed(commands: Commands) -> None:
    kept = commands.memory.read_bytes()
    commands.memory.write_bytes(kept.replace(b'"entry"', b'"enter"'))
    assert commands.memory.read_bytes() != kept
    assert kin(commands.next().open_orders()) == LEGS


def test_where_nothing_can_be_kept_the_orders_are_told_all_the_same(alpaca: MakeDesk, tmp_path: Path) -> None:
    (tmp_path / "families").mkdir()
    commands = _after_a_bracket(alpaca(), tmp_path)
    assert kin(commands.next().open_orders()) == LEGS
    assert commands.asked == ["GET /v2/orders"] * 2


def test_only_what_is_open_is_kept(commands: Commands) -> None:
    size = commands.memory.stat().st_size
    commands.next().cancel_all()
    assert commands.next().open_orders() == ()
    assert commands.memory.stat().st_size < size
