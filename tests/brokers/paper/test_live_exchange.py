"""The exchange at live prices as a file: looks, failures of the prices, several processes, new accounts."""

from __future__ import annotations

import threading
from decimal import Decimal

import pytest

from tests.brokers.paper.conftest import OpenLivePit
from tests.fakes.live_pit import LivePit
from tests.fakes.live_prices import no_answer
from tradebot.brokers.paper import PaperBroker
from tradebot.brokers.paper.live_exchange import LiveExchange, Outside
from tradebot.core.model.orders import OrderState
from tradebot.errors import BrokerUnavailable, ConfigError, OrderRefused, TradebotError
from tradebot.market.calendar import NyseCalendar

WED, THU = "2007-01-03", "2007-01-04"


def test_an_account_begins_with_its_cash_in_the_session_of_the_moment(live: OpenLivePit) -> None:
    world = live({WED: "09:30 100"}, at="2007-01-06 12:00")  # a Saturday
    status = world.exchange.status()
    assert (status.account_id, status.session.isoformat(), status.equity) == (
        "PAPER-0001",
        "2007-01-05",
        Decimal(100_000),
    )
    clock = world.broker.clock()
    assert clock.now == world.market.now
    assert clock.today is None
    assert (str(clock.session), str(clock.upcoming and clock.upcoming.session)) == ("2007-01-05", "2007-01-08")


def test_prices_that_cannot_be_read_lose_nothing(live: OpenLivePit) -> None:
    world = live({WED: "09:30 100, 10:00 99, 10:01 94, 11:00 100"})
    world.at(f"{WED} 09:36")
    world.buy(10)
    world.sell(10, stop="95")
    world.market.failure = no_answer()
    world.market.at(f"{WED} 10:30")
    with pytest.raises(BrokerUnavailable, match="did not answer"):
        world.broker.positions()
    with pytest.raises(BrokerUnavailable, match="did not answer"):
        world.broker.cancel("O-000000002")
    with pytest.raises(BrokerUnavailable, match="did not answer"):
        world.buy(1)
    world.market.failure = None
    world.market.at(f"{WED} 11:30")
    assert world.held() == 0
    assert world.fills() == ["c1 10 100 01-03 09:36", "c2 10 95 01-03 10:05"]


def test_a_symbol_without_a_quote_is_named_and_not_filled(live: OpenLivePit, caplog: pytest.LogCaptureFixture) -> None:
    world = live({WED: "09:30 100, 10:00 99, 10:01 94, 10:30 100"})
    world.at(f"{WED} 09:36")
    world.buy(10)
    with pytest.raises(OrderRefused, match="asset not found: NONE"):
        world.buy(10, symbol="NONE")
    assert "no quote of NONE" in caplog.text
    world.market.silent.add("ACME")
    world.market.at(f"{WED} 09:40")
    order = world.sell(10)
    assert (order.state, world.held()) == (OrderState.ACCEPTED, Decimal(10))
    assert "no quote of ACME" in caplog.text
    world.market.silent.clear()
    world.at(f"{WED} 09:45")
    assert world.fills()[1:] == ["c3 10 100 01-03 09:45"]


def test_looks_are_few_and_closed_hours_ask_for_nothing(live: OpenLivePit) -> None:
    world = live({WED: "09:30 100"})
    world.at(f"{WED} 09:36")
    world.buy(10)
    world.sell(10, stop="95")
    world.at(f"{WED} 16:10")
    world.market.asked.clear()
    world.at(f"{WED} 18:00")
    world.at(f"{THU} 03:00")
    assert world.market.asked == []
    world.at(f"{THU} 08:00")
    assert world.market.asked == ["actions"]
    world.market.asked.clear()
    world.at(f"{THU} 10:00")
    for _ in range(3):
        world.broker.positions(), world.broker.open_orders(), world.broker.account()
    assert sorted(world.market.asked) == ["actions", "candles", "quotes"]


def test_another_process_finds_the_account_as_it_was_left(live: OpenLivePit) -> None:
    world = live({WED: "09:30 100, 10:00 101"})
    world.at(f"{WED} 09:36")
    world.buy(10)
    world.exchange.close()
    world.exchange = world.again()
    world.broker = PaperBroker(world.exchange)
    world.market.at(f"{WED} 10:01")
    assert world.held() == 10
    assert world.broker.account().equity == 100_010


def test_processes_at_one_time_book_each_fill_once(live: OpenLivePit) -> None:
    world = live({WED: "09:30 100, 10:00 99, 10:01 94, 10:30 100"})
    world.at(f"{WED} 09:36")
    world.buy(10)
    world.sell(10, stop="95")
    world.market.at(f"{WED} 10:31")
    failures: list[BaseException] = []

    def look() -> None:
        try:
            with world.again() as other:
                assert PaperBroker(other).positions() == ()
        except (TradebotError, AssertionError) as error:
            failures.append(error)

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert world.fills() == ["c1 10 100 01-03 09:36", "c2 10 95 01-03 10:05"]


def test_a_clock_that_is_set_back_changes_nothing(live: OpenLivePit) -> None:
    world = live({WED: "09:30 100, 10:00 94"})
    world.at(f"{WED} 10:01")
    world.buy(10)
    world.at(f"{WED} 09:40")
    assert world.exchange.now() == world.market.at(f"{WED} 10:01")
    assert world.held() == 10


def test_a_new_account_has_an_id_of_its_own_and_the_cash_of_its_rules(live: OpenLivePit) -> None:
    world = live({WED: "09:30 100"})
    world.at(f"{WED} 09:36")
    world.buy(10)
    world.exchange.close()
    world.exchange = reset(world)
    second = world.exchange.account_id()
    assert second not in ("", "PAPER-0001")
    assert world.exchange.status().equity == 100_000
    world.exchange.close()
    world.path.unlink()
    world.exchange = reset(world)
    assert world.exchange.account_id() not in ("", second)


def reset(world: LivePit) -> LiveExchange:
    outside = Outside(world.market, NyseCalendar(), lambda: world.market.now)
    return LiveExchange.reset(world.path, world.rules, outside)


def test_a_file_that_is_not_there_is_told_with_what_to_do(live: OpenLivePit) -> None:
    world = live({})
    outside = Outside(world.market, NyseCalendar(), lambda: world.market.now)
    with pytest.raises(ConfigError, match="paper reset"):
        LiveExchange.open(world.path.with_name("none.db"), world.rules, outside)
