"""The exchange's file: made, reopened, reset, followed by longer data, damaged, shared."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tests.brokers.conftest import OpenPit
from tests.fakes.pit import FREE, Pit, decimals
from tests.fakes.prices import MadePrices, made, sessions, split
from tradebot.brokers.paper import PaperBroker, PaperExchange
from tradebot.core.model.account import Fill
from tradebot.core.model.orders import OrderState
from tradebot.errors import BrokerUnavailable, ConfigError, OrderRefused
from tradebot.market.calendar import NyseCalendar

DAYS = ["100 105 95 101", "101 108 100 107", "90 92 85 91", "91 95 90 94"]
FIRST, SECOND, THIRD, FOURTH = sessions(4)


def dump(path: Path) -> list[str]:
    connection = sqlite3.connect(path)
    try:
        return list(connection.iterdump())
    finally:
        connection.close()


def trade_a_week(world: Pit, *, reopening: bool) -> None:
    """Four sessions with most of what can happen, as one process or as a new process for each step."""

    def step() -> None:
        if reopening:
            world.reopen()

    first_day: tuple[tuple[str, int, dict[str, str]], ...] = (
        ("09:00", 10, {"limit": "100", "stop_loss": "94", "take_profit": "106"}),
        ("09:35", 5, {"stop": "104"}),
        ("12:00", 3, {"limit": "90"}),
    )
    for clock, quantity, prices in first_day:
        step()
        world.at(clock)
        step()
        world.buy(quantity, **prices)
    for _ in range(2):
        step()
        world.next()
        step()
        world.at("09:35")
        step()
        world.buy(2, stop_loss="80")
        step()
        world.at("15:45")
        step()
        world.sell(1, stop="80.5")
        step()
        world.at("16:00")
    step()
    world.next("16:00")


ACTIONS = [split("ACME", FOURTH, "0.5")]


def test_the_same_operations_leave_the_same_file(pit: OpenPit) -> None:
    worlds = [pit(made({"ACME": DAYS}, ACTIONS)) for _ in range(2)]
    for world in worlds:
        trade_a_week(world, reopening=False)
    assert dump(worlds[0].path) == dump(worlds[1].path)
    assert len(worlds[0].fills()) > 4


def test_a_restart_at_any_point_changes_nothing(pit: OpenPit) -> None:
    steady, restless = (pit(made({"ACME": DAYS}, ACTIONS)) for _ in range(2))
    trade_a_week(steady, reopening=False)
    trade_a_week(restless, reopening=True)
    assert dump(steady.path) == dump(restless.path)


def test_an_exchange_is_made_once(tmp_path: Path) -> None:
    path, prices = tmp_path / "paper_exchange.db", made({"ACME": DAYS})
    assert not PaperExchange.exists(path)
    with pytest.raises(ConfigError, match="no embedded exchange here"):
        PaperExchange.open(path, prices, NyseCalendar(), FREE)
    assert not path.exists()
    with PaperExchange.create(path, prices, NyseCalendar(), FREE) as exchange:
        exchange.next_session()
    assert PaperExchange.exists(path)
    with PaperExchange.create(path, prices, NyseCalendar(), FREE) as exchange:
        assert exchange.session() == SECOND


def test_an_interrupted_making_is_no_exchange(tmp_path: Path) -> None:
    class Broken(MadePrices):
        def actions(self) -> tuple[()]:
            raise KeyboardInterrupt

    path = tmp_path / "paper_exchange.db"
    sound = made({"ACME": DAYS})
    with pytest.raises(KeyboardInterrupt):
        PaperExchange.create(path, Broken(sound.bars()), NyseCalendar(), FREE)
    assert not PaperExchange.exists(path)
    PaperExchange.create(path, sound, NyseCalendar(), FREE).close()
    assert PaperExchange.exists(path)


def test_a_reset_begins_the_next_account(pit: OpenPit) -> None:
    world = pit(made({"ACME": DAYS}))
    world.at("09:35")
    world.buy(10)
    world.exchange.close()
    rules = replace(FREE, starting_cash=Decimal(5_000), start=THIRD)
    world.exchange = PaperExchange.reset(world.path, world.prices, NyseCalendar(), rules, account_id="PAPER-0002")
    world.broker = PaperBroker(world.exchange)
    account = world.broker.account()
    assert account.account_id == "PAPER-0002"
    assert (account.cash, account.last_equity) == decimals(5_000, 5_000)
    assert world.exchange.session() == THIRD
    assert world.broker.positions() == ()
    assert world.broker.order("c1") is None
    assert world.happened() == ()
    world.at("09:35")
    world.buy(10, client_id="c1")


def test_a_reset_makes_the_exchange_when_there_is_none(tmp_path: Path) -> None:
    with PaperExchange.reset(tmp_path / "x.db", made({"ACME": DAYS}), NyseCalendar(), FREE) as exchange:
        assert re.fullmatch(r"PAPER-[A-Z2-7]{8}", exchange.account_id())


@pytest.mark.parametrize("content", [b"hello, this is a text file and no database at all", bytes(range(256)) * 40])
def test_a_file_that_is_no_database_is_complained_about(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "paper_exchange.db"
    path.write_bytes(content)
    assert PaperExchange.exists(path)
    for use in (PaperExchange.open, PaperExchange.create, PaperExchange.reset):
        with pytest.raises(BrokerUnavailable, match=r"damaged.*move it away"):
            use(path, made({"ACME": DAYS}), NyseCalendar(), FREE)
    assert path.read_bytes() == content


def test_a_torn_file_is_complained_about(pit: OpenPit) -> None:
    world = pit(made({"ACME": DAYS * 200}))
    world.exchange.close()
    content = bytearray(world.path.read_bytes())
    for page in range(1, len(content) // 4096):
        content[page * 4096 : page * 4096 + 64] = b"\xff" * 64
    world.path.write_bytes(bytes(content))
    with pytest.raises(BrokerUnavailable, match="damaged"):
        world.reopen()
        world.broker.account()


def test_another_program_s_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "paper_exchange.db"
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("CREATE TABLE exchange (x)")
    connection.close()
    for use in (PaperExchange.open, PaperExchange.create, PaperExchange.reset):
        with pytest.raises(BrokerUnavailable, match="not one of the embedded exchange"):
            use(path, made({"ACME": DAYS}), NyseCalendar(), FREE)


def test_a_file_of_the_first_version_is_gone_on_with(pit: OpenPit) -> None:
    world = pit(made({"ACME": ["100 101 99 100"] * 2}))
    world.at("09:35")
    world.buy(10, stop_loss="95", client_id="before")
    world.exchange.close()
    with closing(sqlite3.connect(world.path)) as connection:
        for column in ("exit_pair", "notional", "trail_price", "trail_pct", "best_price"):
            connection.execute(f"ALTER TABLE orders DROP COLUMN {column}")
        connection.execute("PRAGMA user_version = 1")
    world.reopen()
    assert world.order("before").filled_quantity == 10
    world.buy(5, limit="99", client_id="after")
    world.reopen()
    assert {order.client_order_id for order in world.broker.open_orders()} == {"before.stop", "after"}


def test_a_file_from_a_newer_version_is_refused(pit: OpenPit) -> None:
    world = pit(made({"ACME": DAYS}))
    connection = sqlite3.connect(world.path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(ConfigError, match="newer version"):
        world.reopen()


def test_a_folder_that_is_not_there_is_complained_about(tmp_path: Path) -> None:
    with pytest.raises(BrokerUnavailable, match="can't use its file"):
        PaperExchange.create(tmp_path / "nowhere" / "x.db", made({"ACME": DAYS}), NyseCalendar(), FREE)


def test_what_happened_can_be_neither_changed_nor_deleted(pit: OpenPit) -> None:
    world = pit(made({"ACME": DAYS}))
    world.at("09:35")
    world.buy(1)
    connection = sqlite3.connect(world.path)
    for statement in ("DELETE FROM activities", "UPDATE activities SET price = '1'"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(statement)
    connection.close()


def test_two_handles_see_each_other_s_operations(pit: OpenPit) -> None:
    world = pit(made({"ACME": DAYS}))
    with world.again() as other:
        there = PaperBroker(other)
        world.at("09:35")
        assert other.now() == world.exchange.now()
        there.submit(world.requests.buy(10, client_id="there"))
        assert world.held() == 10
        with pytest.raises(OrderRefused, match="unique"):
            world.buy(1, client_id="there")
        other.next_session()
        assert world.exchange.session() == SECOND


def test_what_was_asked_is_asked_anew_after_an_operation_of_another_handle(pit: OpenPit) -> None:
    world = pit(made({"ACME": DAYS}))
    world.at("09:35")
    broker = world.broker

    def asked() -> tuple[object, ...]:
        account = broker.account()
        return account.cash, account.equity, world.held(), len(broker.open_orders()), world.exchange.quotes(["ACME"])

    with world.again() as other:
        there = PaperBroker(other)
        before, clock = asked(), broker.clock()
        assert asked() == before
        there.submit(world.requests.buy(10, client_id="at the market"))
        there.submit(world.requests.buy(1, limit="90", client_id="resting"))
        newest = broker.activities(None)[-1]
        traded = asked()
        other.advance_to(clock.now + timedelta(hours=2))
        later = asked()
    assert before[:4] == (100_000, 100_000, 0, 0)
    assert traded[:4] == (99_000, 100_000, 10, 1)
    assert later[:4] == (99_000, 100_010, 10, 1)
    assert traded[4] == before[4] != later[4]
    assert isinstance(newest, Fill) and broker.activities(newest.fill_id) == ()
    assert broker.clock().now == clock.now + timedelta(hours=2)


def test_two_threads_at_one_file_lose_nothing_and_double_nothing(pit: OpenPit) -> None:
    world = pit(made({"ACME": DAYS}))
    world.at("09:35")
    refusals: list[str] = []

    def trade() -> None:
        with world.again() as exchange:
            broker = PaperBroker(exchange)
            for number in range(40):
                try:
                    broker.submit(world.requests.buy(1, client_id=f"order{number}"))
                except OrderRefused as refused:
                    refusals.append(refused.reason)

    threads = [threading.Thread(target=trade) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert world.held() == 40
    assert refusals == ["40010001 client_order_id must be unique"] * 80
    assert world.broker.account().cash == 100_000 - 40 * 100
    ids = [fill_id.fill_id for fill_id in world.happened()]  # type: ignore[union-attr]
    assert ids == [f"A-{number:09d}" for number in range(2, 42)]


def test_a_failure_in_the_middle_leaves_nothing(pit: OpenPit) -> None:
    world = pit(made({"ACME": DAYS}))
    world.at("09:35")
    with pytest.raises(RuntimeError), world.exchange.writing() as view:
        view.book.cash += 1
        view.store.record_equity(date(2007, 1, 3), Decimal(1))
        raise RuntimeError
    assert world.broker.account().cash == 100_000
    world.next()
    assert world.broker.account().last_equity == 100_000


def test_a_killed_process_leaves_a_whole_exchange(tmp_path: Path) -> None:
    path = tmp_path / "paper_exchange.db"
    script = f"""
import os
from decimal import Decimal
from pathlib import Path
from tests.fakes.pit import FREE, Pit, decimals
from tests.fakes.prices import made
world = Pit(Path({str(path)!r}), made({{"ACME": {DAYS!r}}}), FREE)
world.at("09:35")
world.buy(10, stop_loss="90")
with world.exchange.writing() as view:
    view.book.cash += 1
    view.store.save(view.state, view.book)
    os._exit(9)
"""
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 9
    world = Pit(path, made({"ACME": DAYS}), FREE)
    assert world.broker.account().cash == 99_000
    assert world.order("c1.stop").state is OrderState.ACCEPTED
    world.next()
    world.exchange.close()


def test_the_package_needs_no_pandas() -> None:
    script = "import sys; import tradebot.brokers.paper; sys.exit('pandas' in sys.modules or 'holidays' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
