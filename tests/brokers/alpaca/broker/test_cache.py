"""What one command keeps for the next: whose legs the open orders are, and the sessions around a day."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.brokers.alpaca.broker.conftest import Desk, MakeDesk
from tests.brokers.contract import QUIET
from tests.fakes.alpaca import Answer, Arrival
from tests.fakes.alpaca.client import api_of, broker_of
from tests.fakes.orders import Requests
from tradebot.brokers.alpaca.broker import AlpacaBroker
from tradebot.core.model.orders import BrokerOrder, Purpose

make = Requests()
STOP, TARGET = Purpose.STOP, Purpose.TARGET
LEGS = {(STOP, "entry"), (TARGET, "entry")}


class Commands:
    """Commands of one home after another, each with an adapter of its own."""

    def __init__(self, desk: Desk, folder: Path) -> None:
        self.desk = desk
        self.folder = folder
        self.families = folder / "alpaca_families"
        self.sessions = folder / "alpaca_sessions"

    def next(self) -> AlpacaBroker:
        self.desk.fake.served.clear()
        return AlpacaBroker(api_of(self.desk.fake), "paper", self.folder)

    @property
    def asked(self) -> list[str]:
        return self.desk.asked


@pytest.fixture
def commands(alpaca: MakeDesk, tmp_path: Path) -> Commands:
    """The first command has sent a bracket and looked at the open orders."""
    return _after_a_bracket(alpaca(), tmp_path)


def _after_a_bracket(desk: Desk, folder: Path) -> Commands:
    commands = Commands(desk, folder)
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
    elsewhere = Commands(commands.desk, commands.folder / "elsewhere").next()
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
        commands.families.unlink()
    else:
        commands.families.write_bytes(content)
    assert kin(commands.next().open_orders()) == LEGS
    assert commands.asked == ["GET /v2/orders"] * 2
    assert kin(commands.next().open_orders()) == LEGS
    assert commands.asked == ["GET /v2/orders"]


def test_one_changed_byte_makes_nothing_of_the_file_believed(commands: Commands) -> None:
    kept = commands.families.read_bytes()
    commands.families.write_bytes(kept.replace(b'"entry"', b'"enter"'))
    assert commands.families.read_bytes() != kept
    assert kin(commands.next().open_orders()) == LEGS


def test_where_nothing_can_be_kept_the_orders_are_told_all_the_same(alpaca: MakeDesk, tmp_path: Path) -> None:
    (tmp_path / "alpaca_families").mkdir()
    commands = _after_a_bracket(alpaca(), tmp_path)
    assert kin(commands.next().open_orders()) == LEGS
    assert commands.asked == ["GET /v2/orders"] * 2


def test_only_what_is_open_is_kept(commands: Commands) -> None:
    size = commands.families.stat().st_size
    commands.next().cancel_all()
    assert commands.next().open_orders() == ()
    assert commands.families.stat().st_size < size


# --- sessions --------------------------------------------------------------------------------------

ASKED = ["GET /v2/clock", "GET /v2/calendar"]


def with_clock(desk: Desk, **fields: object) -> None:
    """Let the clock tell other fields from now on."""

    def bend(arrival: Arrival, answer: Answer) -> Answer:
        return replace(answer, body={**answer.body, **fields}) if arrival.path == "/v2/clock" else answer

    desk.fake.bend = bend


def test_the_sessions_that_one_command_was_told_serve_the_next_ones(commands: Commands) -> None:
    told = commands.next().clock()
    assert commands.asked == ASKED
    assert commands.next().clock() == told
    assert commands.asked == ASKED[:1]


def test_they_serve_for_the_rest_of_the_day(alpaca: MakeDesk, tmp_path: Path) -> None:
    """What is announced for days to come is known on the day after at the latest."""
    desk = alpaca(*[QUIET] * 6)
    commands = Commands(desk, tmp_path)
    commands.next().clock()
    for _ in range(5):
        for at in ("08:00", "10:00", "16:30"):
            desk.pit.next(at) if at == "08:00" else desk.pit.at(at)
            assert commands.next().clock() == broker_of(desk.fake).clock()
            assert (commands.asked[:2] == ASKED) == (at == "08:00")


@pytest.mark.parametrize(
    "fields",
    [
        {"next_close": "2007-01-04T13:00:00-05:00"},
        {"next_open": "2007-01-08T09:30:00-05:00"},
        {"next_open": None},
        {"is_open": False},
    ],
    ids=["closes early", "another holiday", "says nothing", "closed"],
)
def test_a_clock_that_does_not_agree_with_them_has_the_calendar_asked_again(
    commands: Commands, fields: dict[str, object]
) -> None:
    commands.next().clock()
    with_clock(commands.desk, **fields)
    commands.next().clock()
    assert commands.asked == ASKED


def test_sessions_that_are_damaged_are_asked_for_again(commands: Commands) -> None:
    told = commands.next().clock()
    commands.sessions.write_bytes(commands.sessions.read_bytes()[:-9])
    assert commands.next().clock() == told
    assert commands.asked == ASKED
