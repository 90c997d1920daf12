"""adopt: a foreign position becomes a strategy's, with a stop that the next job places."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from tests.fakes.orders import Requests
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import House, Script
from tradebot.core.model.halts import HaltRule
from tradebot.core.results.outcomes import Outcome
from tradebot.errors import Blocked, ExitCode, UsageError
from tradebot.home import paths
from tradebot.jobs import adopt
from tradebot.jobs.adopt import Adoption
from tradebot.ledger.database import open_database
from tradebot.ledger.verify import verify_ledger

SECOND, THIRD = date(2007, 1, 4), date(2007, 1, 5)
D = Decimal


@pytest.fixture
def house(make_house: MakeHouse) -> House:
    """A home that holds ACME, in an account that had 40 BOLT before."""
    house = make_house(Script(enter={"ACME": [SECOND]}, leave={"BOLT": [THIRD]}))
    with house.exchange() as exchange:
        exchange.advance_to(exchange.hours().opens)
    with house.by_hand() as broker:
        broker.submit(Requests("BOLT").buy(40, client_id="mine"))
    house.daily()
    return house


def adopted(house: House, symbol: str = "BOLT", strategy: str = "scripted", stop: str = "90") -> Outcome:
    with house.desk() as desk:
        return adopt.run(desk, Adoption(symbol, strategy, D(stop), "it fits"))


def sound(house: House) -> bool:
    database = open_database(house.database, create=False)
    findings = verify_ledger(database)
    database.close()
    return findings == ()


def test_the_position_becomes_the_strategys_and_the_next_job_places_its_stop(house: House) -> None:
    cash = house.rows("SELECT cash FROM accounts")
    outcome = adopted(house)
    assert outcome.exit_code is ExitCode.OK
    assert "40 BOLT into the care of scripted (it fits)" in outcome.headline
    held = house.holding("BOLT")
    assert held is not None
    assert (held.strategy, held.quantity, held.stop_price, held.target_price) == ("scripted", D(40), D(90), None)
    assert house.stops("BOLT") == []
    assert house.rows("SELECT cash FROM accounts") == cash
    assert house.rows("SELECT * FROM trades") == []

    after = house.check_exits()
    assert house.stops("BOLT") == [(D(40), D(90))]
    assert after.breaks == ()
    assert after.unprotected == 0
    assert sound(house)


def test_a_position_beyond_a_limit_is_taken_and_it_is_said_that_entries_halt(house: House) -> None:
    house.set(MAX_POSITION_SIZE_PCT="2%", RISK_PER_TRADE_PCT="0.5%")
    outcome = adopted(house)
    assert any("halts all entries until this is over" in note and "BOLT is $4,000.00" in note for note in outcome.notes)
    assert [halt.rule for halt in house.check_exits().halts] == [HaltRule.LIMIT_BREACH]


def test_it_is_audited_with_its_reason(house: House) -> None:
    adopted(house)
    (row,) = house.rows("SELECT subject, detail FROM audit WHERE kind = 'adopted'")
    assert row["subject"] == "BOLT"
    assert "it fits" in row["detail"]
    reasons = house.rows("SELECT reason FROM adjustments WHERE symbol = 'BOLT' AND adjustment_id LIKE 'ADJ%'")
    assert [row["reason"] for row in reasons] == ["adopted by scripted: it fits"] * 2


def test_an_exit_signal_of_the_strategy_leaves_it(house: House) -> None:
    adopted(house)
    house.check_exits()
    house.next()
    house.daily()
    assert "BOLT" not in house.positions()
    (trade,) = house.rows("SELECT strategy, quantity, entry_price FROM trades WHERE symbol = 'BOLT'")
    assert trade == {"strategy": "scripted", "quantity": "40", "entry_price": "100"}


@pytest.mark.parametrize(
    ("symbol", "strategy", "stop", "why"),
    [
        ("CORD", "scripted", "90", "no foreign position.*BOLT"),
        ("ACME", "scripted", "90", "held by scripted already"),
        ("BOLT", "other", "90", "no strategy 'other' is loaded.*scripted"),
        ("BOLT", "scripted", "100", "not below the last price"),
        ("BOLT", "scripted", "910", "not below the last price"),
        ("BOLT", "scripted", "9.1", "typing error"),
        ("BOLT", "scripted", "90.001", "steps of 0.01"),
        ("BOLT", "scripted", "0", "is no price"),
        ("BOLT", "scripted", "-5", "is no price"),
    ],
)
def test_what_cannot_be_adopted_is_refused(house: House, symbol: str, strategy: str, stop: str, why: str) -> None:
    before = house.rows("SELECT * FROM lots"), house.rows("SELECT * FROM adjustments")
    with pytest.raises(UsageError, match=why):
        adopted(house, symbol, strategy, stop)
    assert (house.rows("SELECT * FROM lots"), house.rows("SELECT * FROM adjustments")) == before


def test_a_stop_nearer_to_the_price_than_the_broker_takes_is_refused(make_house: MakeHouse) -> None:
    """Below $1 the tick is finer than the distance that Alpaca asks for, $0.01."""
    house = make_house(Script(symbols=("BOLT",)), prices={"BOLT": ["0.5 0.51 0.49 0.5"] * 6})
    house.passes("09:31")
    with house.by_hand() as broker:
        broker.submit(Requests("BOLT").buy(40, client_id="mine"))
    house.daily()
    with pytest.raises(UsageError, match=r"0\.4995 is nearer to the last price of BOLT, 0\.5, than the 0\.01"):
        adopted(house, stop="0.4995")
    assert adopted(house, stop="0.49").exit_code is ExitCode.OK


def test_a_symbol_on_which_an_order_rests_is_refused(house: House) -> None:
    with house.by_hand() as broker:
        broker.submit(Requests("BOLT").sell(40, stop="80", client_id="my stop"))
    with pytest.raises(UsageError, match=r"sell 40 BOLT stop 80 \(my stop\).*Cancel it"):
        adopted(house)


def test_shares_that_the_ledger_does_not_explain_are_refused(house: House) -> None:
    with closing(sqlite3.connect(paths.exchange_file(house.home), isolation_level=None)) as exchange:
        exchange.execute("UPDATE positions SET quantity = '41' WHERE symbol = 'BOLT'")
    with pytest.raises(UsageError, match="tradebot reconcile"):
        adopted(house)


class Unlocked:
    def assert_held(self) -> None:
        raise Blocked("no lock")


def test_it_needs_the_lock(house: House) -> None:
    with house.desk() as desk, pytest.raises(Blocked):
        adopt.run(replace(desk, lock=Unlocked()), Adoption("BOLT", "scripted", D(90), "it fits"))
    assert house.holding("BOLT") is None
