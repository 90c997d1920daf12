"""What an emergency stop says is left."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tests.fakes.orders import Requests
from tests.jobs.brokers import Around, LosesAnswers, Unreachable
from tests.jobs.conftest import CopyHouse, MakeHouse
from tests.jobs.emergency_stop.two_positions import buy_by_hand, holding_two, told
from tests.jobs.house import House, Script
from tradebot.core.model.orders import BrokerOrder, OrderRequest, OrderState
from tradebot.errors import AuthNeeded, ExitCode, OrderRefused
from tradebot.jobs.emergency_stop.summary import alert_text

SECOND, THIRD = date(2007, 1, 4), date(2007, 1, 5)


@pytest.fixture
def house(copy_house: CopyHouse) -> House:
    return copy_house(holding_two)


def test_a_stop_that_can_not_be_armed_is_not_called_a_stop(house: House) -> None:
    with house.by_hand() as broker:
        broker.cancel(next(o.broker_order_id for o in broker.open_orders() if o.symbol == "ACME"))
    outcome = house.emergency_stop(wrap=lambda broker: Unreachable(broker, "submit"))
    assert outcome.exit_code is ExitCode.INCOMPLETE
    (line,) = (line for line in outcome.lines if (line.what, line.symbol) == ("position", "ACME"))
    assert line.result == "left open without a stop"
    assert "no route to host" in line.detail


def test_foreign_orders_and_positions_are_left_and_told(make_house: MakeHouse) -> None:
    house = make_house(Script(enter={"ACME": [SECOND]}))
    house.daily()
    buy_by_hand(house, "BOLT", 10)
    with house.by_hand() as broker:
        broker.submit(Requests("BOLT").sell(10, stop="80", client_id="my stop"))
        broker.submit(Requests("ACME").buy(10, limit="50", client_id="my bid"))
    outcome = house.emergency_stop(close=True)
    assert outcome.exit_code is ExitCode.OK
    assert told(outcome) == [
        ("order", "ACME", "cancelled"),
        ("order", "ACME", "foreign, left open"),
        ("order", "BOLT", "foreign, left open"),
        ("position", "ACME", "closed"),
        ("position", "BOLT", "foreign, left open"),
    ]
    for client_id in ("my stop", "my bid"):
        order = house.order(client_id)
        assert order is not None
        assert order.state is OrderState.ACCEPTED


def test_with_the_market_closed_the_closing_waits_for_the_open(house: House) -> None:
    house.next()  # 04:00 in New York
    outcome = house.emergency_stop(close=True)
    assert outcome.exit_code is ExitCode.INCOMPLETE
    assert outcome.still_open_positions == 2
    lines = {line.symbol: (line.result, line.detail) for line in outcome.lines if line.what == "position"}
    assert lines == dict.fromkeys(("ACME", "BOLT"), ("still open", "its closing order is queued for the open"))
    assert len(house.open_orders("ACME")) == 1

    again = house.emergency_stop(close=True)  # one closing order is enough
    assert again.exit_code is ExitCode.INCOMPLETE
    assert len(house.open_orders("ACME")) == 1

    with house.exchange() as exchange:
        exchange.advance_to(exchange.hours().opens)
    assert house.positions() == {}
    assert house.emergency_stop(close=True).exit_code is ExitCode.OK
    after = house.daily()
    assert after.breaks == ()
    assert {row["exit_reason"] for row in house.rows("SELECT exit_reason FROM trades")} == {"emergency stop"}


def test_a_closing_order_whose_answer_is_lost_is_seen_to_have_closed(house: House) -> None:
    outcome = house.emergency_stop(close=True, wrap=LosesAnswers)
    assert outcome.exit_code is ExitCode.OK
    assert house.positions() == {}
    assert ("position", "ACME", "closed") in told(outcome)


def test_a_closing_order_that_is_refused_leaves_its_reason(house: House) -> None:
    class RefusesSales(Around):
        def submit(self, request: OrderRequest) -> BrokerOrder:
            raise OrderRefused("halted", "trading is halted")

    outcome = house.emergency_stop(close=True, wrap=RefusesSales)
    assert outcome.exit_code is ExitCode.INCOMPLETE
    details = [(line.result, line.detail) for line in outcome.lines if line.what == "position"]
    assert details == [("still open", "trading is halted; no stop rests for it")] * 2
    word = alert_text(outcome)
    assert word.startswith("stopped, not everything closed.\nCancelled $9,000.00, closed $0.00, $10,000.00 open.\n")
    assert "position 50 ACME ($5,000.00): still open, trading is halted; no stop" in word
    assert word.endswith("run `tradebot emergency-stop` again.")
    later = house.check_exits()  # halted, and what was left open is protected again
    assert later.unprotected == Decimal(0)
    assert house.stops() == [(Decimal(50), Decimal(90))]


class LocksOut(Around):
    """Accepts the session for the first cancels, and then never again."""

    def before(self, call: str, asked: object = None) -> None:
        if call != "cancel" and self.calls.count("open_orders") > 1:
            raise AuthNeeded("the session is over. Run `tradebot auth robinhood`.")


def test_a_stop_that_is_locked_out_ends_with_nine_and_tells_what_is_left_to_a_person(house: House) -> None:
    with house.by_hand() as broker:
        broker.cancel(next(o.broker_order_id for o in broker.open_orders() if o.symbol == "ACME"))
    house.check_exits("10:00", wrap=lambda broker: Unreachable(broker, "submit"))
    outcome = house.emergency_stop(wrap=LocksOut)
    assert outcome.codes == {ExitCode.INCOMPLETE}
    assert told(outcome) == [
        ("position", "ACME", "left to you"),
        ("position", "BOLT", "left open with its stop"),
    ]
    assert any("Without a stop, as last seen 2007-01-04 10:00 EST: $5,000.00 of ACME" in each for each in outcome.notes)
    assert "set one at 90 or sell on paper, once you have logged in" in alert_text(outcome)
    assert house.stops("BOLT") == [(Decimal(50), Decimal(90))]


def test_a_stop_that_is_locked_out_tells_what_to_sell_where_closing_was_asked_for(house: House) -> None:
    outcome = house.emergency_stop(close=True, wrap=LocksOut)
    assert outcome.exit_code is ExitCode.INCOMPLETE
    details = [line.detail for line in outcome.lines if line.result == "left to you"]
    assert details == [
        f"cancel its stop at 90, then sell 50 {each} on paper, once you have logged in" for each in ("ACME", "BOLT")
    ]
