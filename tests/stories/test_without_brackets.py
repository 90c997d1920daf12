"""Trading where the broker takes no stop along, replaces no order and trades no fraction: jobs place the stops."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from tests.fakes.lacking import BARE, lacking, lacks
from tests.fakes.orders import Requests
from tests.jobs.brokers import Around
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import FLAT, House, Script
from tradebot.brokers.paper import PaperBroker
from tradebot.core.model.exits import ExitKind
from tradebot.core.model.orders import BrokerOrder, OrderRequest, OrderType, Purpose, TimeInForce
from tradebot.core.results.outcomes import Outcome
from tradebot.errors import ExitCode, OrderRefused
from tradebot.ports import Broker

SECOND, THIRD, FOURTH = date(2007, 1, 4), date(2007, 1, 5), date(2007, 1, 8)


def bought(make_house: MakeHouse, *bars: str, policy: str, **more: object) -> House:
    """A home that has bought 45 ACME at 100 with a stop at 90."""
    prices = {"ACME": [FLAT, *bars, *[FLAT] * 4], "BOLT": [FLAT] * 8}
    house = make_house(Script(enter={"ACME": [SECOND]}, policy=policy), prices=prices, **more)
    house.every = lacking
    house.daily()
    assert house.stops() == [(Decimal(45), Decimal(90))]
    return house


def exits(outcome: Outcome) -> list[tuple[Decimal, Decimal | None]]:
    return [(line.quantity, line.price) for line in outcome.orders if line.purpose is Purpose.EXIT]


def test_check_exits_takes_the_target_and_leaves_no_stop_behind(make_house: MakeHouse) -> None:
    house = bought(make_house, "100 106 99 106", policy='stop=Decimal("0.10"), target=Decimal("0.05")')
    outcome = house.check_exits()
    assert exits(outcome) == [(Decimal(45), Decimal(106))]
    assert [line.verdict for line in outcome.exits] == ["target reached"]
    assert (house.positions(), house.open_orders(), outcome.exit_code) == ({}, (), ExitCode.OK)
    (leaving,) = (intent for intent in house.intents(SECOND) if intent.purpose is Purpose.EXIT)
    assert (leaving.exit_kind, leaving.reason) == (ExitKind.TARGET, "target: 106 has reached 105")


class SellsNothing(Around):
    """No sale at the market is taken."""

    def submit(self, request: OrderRequest) -> BrokerOrder:
        if request.type is OrderType.MARKET:
            raise OrderRefused("no", "not now")
        return super().submit(request)


def test_a_target_whose_sale_fails_leaves_the_stop_again(make_house: MakeHouse) -> None:
    house = bought(make_house, "100 106 99 106", policy='stop=Decimal("0.10"), target=Decimal("0.05")')
    house.check_exits(wrap=SellsNothing)
    assert house.stops() == [(Decimal(45), Decimal(90))]


def keeps_fractions(broker: Broker) -> Broker:
    """A split leaves a part of a share."""
    lacking(broker)
    assert isinstance(broker, PaperBroker)
    broker._exchange._rules = replace(broker._exchange.rules, fractions_stay=True)
    return broker


def test_a_fraction_that_a_split_leaves_is_reported_and_the_rest_protected(make_house: MakeHouse) -> None:
    split = ("100 101 99 100", *["66.7 67 66 66.7"] * 3)
    house = bought(make_house, *split, policy='stop=Decimal("0.10")', actions=["ACME,2007-01-05,split,1.5"])
    with house.exchange() as exchange:
        exchange._rules = replace(exchange.rules, fractions_stay=True)
        exchange.next_session()
    house.every = keeps_fractions
    outcome = house.daily()
    assert house.positions()["ACME"].quantity == Decimal("67.5")
    assert house.stops() == [(Decimal(67), Decimal(60))]
    assert any("no part of one" in note for note in outcome.notes), outcome.notes


def test_a_reinvested_dividend_is_noted_and_locks_nothing(make_house: MakeHouse) -> None:
    script = Script(enter={"ACME": [SECOND, FOURTH]}, leave={"ACME": [THIRD]})
    house = make_house(script, prices={"ACME": [FLAT] * 6, "BOLT": [FLAT] * 6})
    house.every = lacking
    house.daily()
    with house.by_hand() as broker:
        broker.submit(Requests("ACME").buy("0.25", tif=TimeInForce.DAY, client_id="DRIP"))
    told = house.check_exits()
    assert (told.exit_code, told.breaks) == (ExitCode.OK, ())
    assert "foreign shares: 0.25 ACME; it is left alone" in told.notes
    assert house.stops() == [(Decimal(45), Decimal(90))]
    house.next()
    house.daily()
    assert house.positions()["ACME"].quantity == Decimal("0.25")
    house.next()
    outcome = house.daily()
    assert (outcome.exit_code, outcome.denials) == (ExitCode.OK, ())
    assert (house.positions()["ACME"].quantity, house.stops()) == (Decimal("45.25"), [(Decimal(45), Decimal(90))])


def short_lived(broker: Broker) -> Broker:
    """Orders live for nine days, and do not tell so."""
    assert isinstance(broker, PaperBroker)
    lacks(broker._exchange, replace(BARE, gtc_age=timedelta(days=9)))
    return broker


def test_a_stop_is_renewed_before_the_age_at_which_the_broker_ends_it(make_house: MakeHouse) -> None:
    house = bought(make_house, policy='stop=Decimal("0.10")')
    house.every = short_lived
    (first,) = house.open_orders()
    house.next()
    house.check_exits()
    assert house.open_orders() == (first,)
    house.next()
    house.next()
    outcome = house.check_exits()
    (renewed,) = house.open_orders()
    assert (renewed.stop_price, renewed.quantity) == (first.stop_price, first.quantity)
    assert renewed.submitted_at > first.submitted_at
    assert outcome.unprotected == 0


def test_a_stop_that_ended_by_its_age_while_no_job_ran_is_placed_again(make_house: MakeHouse) -> None:
    house = bought(make_house, policy='stop=Decimal("0.10")')
    (first,) = house.open_orders()
    with house.exchange() as exchange:
        lacks(exchange, replace(BARE, gtc_age=timedelta(days=5)))
        for _ in range(4):  # to the tenth
            exchange.next_session()
    assert house.open_orders() == ()
    house.check_exits()
    (again,) = house.open_orders()
    assert (again.stop_price, again.quantity) == (first.stop_price, first.quantity)
    assert again.client_order_id != first.client_order_id


def test_weeks_of_the_shipped_prices_end_explained_protected_and_unhalted(make_house: MakeHouse) -> None:
    policy = 'stop=Decimal("0.04"), target=Decimal("0.03"), trail_trigger=Decimal("0.01"), trail_offset=Decimal("0.03")'
    code = _EVERY_THIRD_DAY.format(policy=policy)
    house = make_house(Script(symbols=("AAPL", "IBM", "MSFT"), code=code), bundled=40)
    house.every = lacking
    outcome = house.replay(house.days[30])
    assert outcome.exit_code is ExitCode.OK
    assert not house.rows("SELECT * FROM breaks WHERE closed_at IS NULL")
    orders = house.rows("SELECT purpose, take_profit, type, state FROM orders WHERE filled_quantity <> '0'")
    assert {row["purpose"] for row in orders} >= {"entry", "stop", "exit"}
    assert {row["type"] for row in orders if row["purpose"] == "entry"} == {"limit"}
    longest = house.rows("SELECT MAX(julianday(ended_at) - julianday(began_at)) * 86400 AS most FROM bare_periods")
    assert longest[0]["most"] < 40
    held = {symbol: position.quantity for symbol, position in house.positions().items()}
    assert {symbol: sum(shares for shares, _ in house.stops(symbol)) for symbol in held} == held


_EVERY_THIRD_DAY = """\
from decimal import Decimal

import pandas as pd

from tradebot.strategy_api import ExitPolicy, Signals


class Strategy:
    def signals(self, history, params):
        close = history.close
        days = pd.Series([day.toordinal() for day in close.index], index=close.index)
        entry = pd.DataFrame({{symbol: days % 3 == n % 3 for n, symbol in enumerate(close.columns)}}, index=close.index)
        exit = pd.DataFrame(False, index=close.index, columns=close.columns)
        return Signals(entry=entry, exit=exit, exits=ExitPolicy({policy}), reason="every third day", exit_reason="")
"""
