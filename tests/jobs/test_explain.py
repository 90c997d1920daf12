"""explain, as the command says it, over histories small enough to be worked out by hand."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.fakes.lacking import lacking
from tests.jobs.conftest import CopyHouse, MakeHouse
from tests.jobs.house import FLAT, House, Script
from tests.jobs.two_sessions import FRIDAY, MONDAY, traded_two_sessions
from tradebot.__main__ import main
from tradebot.core.model.orders import OrderRequest, OrderType, Purpose, Side, TimeInForce
from tradebot.core.safety.bare_time import BarePeriod
from tradebot.errors import ExitCode

SECOND = date(2007, 1, 4)
ENTERS = Script(enter={"ACME": [SECOND]})
Ask = Callable[..., dict[str, Any]]
Read = Callable[..., str]


@pytest.fixture
def read(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Read:
    """What `explain` prints in 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")

    def printed(house: House, *words: str) -> str:
        capsys.readouterr()
        assert main(["explain", *words, "--home", str(house.home)]) == 0
        return capsys.readouterr().out

    return printed


@pytest.fixture
def ask(read: Read) -> Ask:
    """What `explain --json` answers."""
    return lambda house, *words: json.loads(read(house, *words, "--json"))


def day_of(answer: dict[str, Any]) -> dict[str, Any]:
    (told,) = answer["days"]
    return dict(told)


def sold_of(answer: dict[str, Any]) -> dict[str, Any]:
    (sold,) = day_of(answer)["sold"]
    return dict(sold)


def not_bought_of(answer: dict[str, Any]) -> dict[str, Any]:
    (reason,) = day_of(answer)["not_bought"]
    return dict(reason)


@pytest.fixture
def traded(copy_house: CopyHouse) -> House:
    return copy_house(traded_two_sessions)


# --- why bought --------------------------------------------------------------------------


def test_why_it_was_bought(traded: House, ask: Ask, read: Read) -> None:
    answer = ask(traded, "COAL")
    (bought,) = day_of(answer)["bought"]
    assert (bought["quantity"], bought["price"], bought["planned_price"]) == ("50", "100", "100")
    assert (bought["stop"], bought["target"]) == ("90", None)
    assert (bought["session"], bought["as_of"]) == (str(MONDAY), str(FRIDAY))
    assert bought["client_order_id"] == traded.id(2, Purpose.ENTRY, "COAL")
    assert bought["reason"] == "told to enter; sized by risk per trade"
    assert day_of(answer)["not_bought"] == []
    (held,) = answer["holdings"]
    assert (held["symbol"], held["quantity"]) == ("COAL", "50")
    text = read(traded, "coal")
    assert "COAL on 2007-01-08: bought 50 at 100.00; stop 90.00; scripted" in text
    assert "stop        90.00 (10.0% below)" in text


def test_what_is_held_is_told_with_its_purchase_on_a_later_day(make_house: MakeHouse, ask: Ask, read: Read) -> None:
    house = make_house(ENTERS)
    house.daily()
    house.next()
    house.daily()
    told = day_of(ask(house, "ACME"))
    (bought,) = told["bought"]
    assert (bought["session"], bought["strategy"]) == (str(SECOND), "scripted")
    (reason,) = told["not_bought"]
    assert (reason["why"], reason["text"]) == ("held", "held since 2007-01-04, and no new signal")
    assert "(held since)" in read(house, "ACME")
    assert day_of(ask(house, "ACME", "--date", str(SECOND)))["protection"][0]["state"] == "stop"


def test_a_stop_of_an_earlier_purchase_protects_nothing(make_house: MakeHouse, ask: Ask) -> None:
    days = [SECOND, date(2007, 1, 8)]
    house = make_house(Script(enter={"ACME": days}, leave={"ACME": [date(2007, 1, 5)]}))
    house.replay(days[-1])
    with closing(sqlite3.connect(house.database)) as connection:  # as if its end had never been seen
        connection.execute("UPDATE broker_orders SET state = 'accepted', quantity = '7' WHERE role = 'stop'")
        connection.execute(
            "UPDATE broker_orders SET quantity = '50' WHERE role = 'stop' AND broker_order_id ="
            " (SELECT MAX(broker_order_id) FROM broker_orders WHERE role = 'stop')"
        )
        connection.commit()
    (guard,) = day_of(ask(house, "ACME"))["protection"]
    assert (guard["state"], guard["stop_quantity"]) == ("stop", "50")
    assert day_of(ask(house, "ACME", "--date", "2007-01-05"))["protection"] == []


# --- why sold ----------------------------------------------------------------------------


def test_a_stop_is_told_with_its_price(traded: House, ask: Ask, read: Read) -> None:
    sold = sold_of(ask(traded, "BOLT"))
    assert (sold["kind"], sold["entry_price"], sold["exit_price"], sold["stop"]) == ("stop", "100", "90", "90")
    assert (sold["pnl"], sold["trailed_from"]) == ("-500", None)
    assert "sold 50 at 90.00: stop 90.00; P&L -500.00" in read(traded, "BOLT")


def test_a_signal_is_told_with_the_strategys_words(traded: House, ask: Ask) -> None:
    sold = sold_of(ask(traded, "ACME"))
    assert (sold["kind"], sold["reason"], sold["pnl"]) == ("signal", "exit signal: told to leave", "1000")


def test_a_trailing_stop_is_told_with_the_price_that_it_trailed_from(
    make_house: MakeHouse, ask: Ask, read: Read
) -> None:
    policy = 'stop=Decimal("0.10"), trail_trigger=Decimal("0.05"), trail_offset=Decimal("0.02")'
    bars = ["100 101 99 100", "100 110 99 110", "109 109 107 108"]
    house = make_house(Script(enter={"ACME": [SECOND]}, policy=policy), prices={"ACME": bars})
    house.daily()
    house.check_exits()
    house.next()
    house.check_exits()
    sold = sold_of(ask(house, "ACME"))
    assert (sold["kind"], sold["stop"], sold["trailed_from"]) == ("trailing_stop", "107.8", "110")
    text = read(house, "ACME")
    assert "sold 50 at 107.80: trailing stop 107.80 from 110.00" in text
    assert "trailed from   110.00" in text
    assert house.rows("SELECT exit_reason, exit_kind FROM trades") == [
        {"exit_reason": "stop", "exit_kind": "trailing_stop"}
    ]


def test_a_target_is_told_with_its_price(make_house: MakeHouse, ask: Ask, read: Read) -> None:
    policy = 'stop=Decimal("0.10"), target=Decimal("0.10")'
    house = make_house(Script(enter={"ACME": [SECOND]}, policy=policy), prices={"ACME": [FLAT, "100 112 99 111", FLAT]})
    house.daily()
    house.check_exits()
    sold = sold_of(ask(house, "ACME"))
    assert (sold["kind"], sold["target"], sold["exit_price"]) == ("target", "110", "110")
    assert "sold 50 at 110.00: target 110.00" in read(house, "ACME")


def test_the_age_of_a_position_is_told_as_time(make_house: MakeHouse, ask: Ask) -> None:
    house = make_house(Script(enter={"ACME": [SECOND]}, policy='stop=Decimal("0.10"), max_sessions=1'))
    house.daily()
    house.next()
    house.daily()
    sold = sold_of(ask(house, "ACME"))
    assert (sold["kind"], sold["reason"]) == ("time", "time exit: held for 1 of at most 1 sessions")


def test_an_emergency_stop_and_a_sale_by_hand_have_words_of_their_own(make_house: MakeHouse, ask: Ask) -> None:
    house = make_house(Script(enter={"ACME": [SECOND], "BOLT": [SECOND]}))
    house.daily()
    with house.by_hand() as broker:
        for order in broker.open_orders():
            if order.symbol == "BOLT":
                broker.cancel(order.broker_order_id)
        day = TimeInForce.DAY
        broker.submit(OrderRequest("mine", "BOLT", Side.SELL, Decimal(50), OrderType.MARKET, day))
    house.passes("10:00")
    house.emergency_stop(close=True)
    house.check_exits()
    assert sold_of(ask(house, "BOLT"))["kind"] == "outside"
    assert sold_of(ask(house, "ACME"))["kind"] == "emergency_stop"


# --- why not bought ----------------------------------------------------------------------

STATES = """\
from decimal import Decimal

from tradebot.strategy_api import ExitPolicy, Signals


class Strategy:
    def signals(self, history, params):
        close = history.close
        low = close < 90
        return Signals(
            entry=low & (close > 0),
            exit=close < 0,
            exits=ExitPolicy(stop=Decimal("0.10")),
            columns_used={"close": close, "half": close / 2},
            conditions={"close {close:.2f} below 90": low, "it has a price": close > 0},
        )
"""


def test_no_signal_shows_the_indicators_beside_the_conditions(make_house: MakeHouse, ask: Ask, read: Read) -> None:
    house = make_house(Script(code=STATES))
    house.daily()
    reason = not_bought_of(ask(house, "ACME"))
    assert (reason["why"], reason["text"]) == ("no_signal", "1 of 2 conditions met")
    assert reason["reading"] == {
        "values": {"close": 100.0, "half": 50.0},
        "conditions": [
            {"text": "close 100.00 below 90", "met": False},
            {"text": "it has a price", "met": True},
        ],
    }
    text = read(house, "ACME")
    assert "indicators: close 100.00, half 50.00" in text
    assert "no   close 100.00 below 90" in text
    assert "yes  it has a price" in text
    assert "ACME    no signal, not met: close 100.00 below 90" in read(house, "--today")


@pytest.mark.parametrize("what", ["conditions={", "columns_used={"])
def test_a_secret_that_a_strategy_tells_is_in_no_file_of_the_home(make_house: MakeHouse, what: str) -> None:
    secret = "hush-4711-hush"
    code = STATES.replace("close < 90", "close > 90").replace(what, f'{what}"{secret}": close > 0, ', 1)
    house = make_house(Script(code=code), settings={"ALPACA_SECRET_KEY": secret})
    assert house.daily().exit_code is ExitCode.OK
    files = (path for path in house.home.rglob("*") if path.is_file() and path.suffix != ".pyc")
    assert {path.name for path in files if secret.encode() in path.read_bytes()} <= {".env", "strategy.py"}
    assert (house.home / "trading_robot.db").exists()


def test_wrong_conditions_are_a_note_of_the_run_and_cost_no_entry(make_house: MakeHouse, ask: Ask) -> None:
    code = STATES.replace("close < 90", "close > 90").replace('"it has a price": close > 0', '"it has a price": close')
    house = make_house(Script(code=code))
    outcome = house.daily()
    (note,) = (note for note in outcome.notes if "conditions" in note)
    assert note.startswith("strategy scripted: conditions['it has a price'] has values of type float64")
    assert (outcome.exit_code, outcome.failures) == (ExitCode.OK, ())
    (bought,) = day_of(ask(house, "ACME"))["bought"]
    assert bought["reading"] == {"values": {"close": 100.0, "half": 50.0}, "conditions": []}


def test_a_denial_shows_the_rule_and_its_numbers(traded: House, ask: Ask, read: Read) -> None:
    reason = not_bought_of(ask(traded, "COAL", "--date", str(FRIDAY)))
    assert (reason["why"], reason["code"], reason["value"], reason["limit"]) == ("denied", "MAX_POSITIONS", "3", "2")
    assert "not bought: positions: 3 of at most 2; scripted" in read(traded, "COAL", "--date", str(FRIDAY))


def test_a_halt_is_a_word_of_its_own(make_house: MakeHouse, ask: Ask) -> None:
    house = make_house(ENTERS)
    assert main(["halt", "--symbol", "ACME", "--reason", "earnings", "--home", str(house.home)]) == 0
    house.daily()
    reason = not_bought_of(ask(house, "ACME"))
    assert (reason["why"], reason["code"]) == ("halted", "HALTED")
    assert "earnings" in reason["text"]


def test_a_symbol_of_another_strategy_is_owned(make_house: MakeHouse, ask: Ask) -> None:
    house = make_house(Script("first", enter={"ACME": [SECOND]}), Script("second", enter={"ACME": [SECOND]}))
    house.daily()
    told = day_of(ask(house, "ACME"))
    assert [each["strategy"] for each in told["bought"]] == ["first"]
    assert ("second", "owned") in [(each["strategy"], each["why"]) for each in told["not_bought"]]


def test_a_locked_symbol_is_told_with_what_locks_it(make_house: MakeHouse, ask: Ask, read: Read) -> None:
    house = make_house(ENTERS)
    with house.by_hand() as broker:
        kind, day = OrderType.LIMIT, TimeInForce.DAY
        broker.submit(OrderRequest("mine", "ACME", Side.BUY, Decimal(10), kind, day, limit_price=Decimal(50)))
    house.daily()
    reasons = {each["code"]: each for each in day_of(ask(house, "ACME"))["not_bought"]}
    assert (reasons["SYMBOL_LOCKED"]["why"], reasons["SYMBOL_OWNED"]["why"]) == ("locked", "owned")
    assert "buy 10 ACME limit 50 (mine)" in reasons["SYMBOL_LOCKED"]["text"]
    assert "scripted: SYMBOL_LOCKED" in read(house, "ACME")


def test_a_strategy_that_failed_is_told_with_its_failure(make_house: MakeHouse, ask: Ask) -> None:
    house = make_house(Script(symbols=("ACME",), code="1 / 0"))
    house.daily()
    reason = not_bought_of(ask(house, "ACME"))
    assert (reason["why"], reason["strategy"]) == ("strategy_failed", "scripted")
    assert "ZeroDivisionError" in reason["text"]


def test_a_symbol_without_a_price_has_no_data(make_house: MakeHouse, ask: Ask) -> None:
    house = make_house(Script(symbols=("ACME", "GONE")), prices={"ACME": [FLAT] * 4, "GONE": [None, None, FLAT, FLAT]})
    house.daily()
    reason = not_bought_of(ask(house, "GONE"))
    assert (reason["why"], reason["text"]) == ("no_data", "it has no price in this history")


def test_nobody_was_asked_where_run_daily_did_not_run(make_house: MakeHouse, ask: Ask) -> None:
    house = make_house(ENTERS)
    house.check_exits()
    reason = not_bought_of(ask(house, "ACME"))
    assert (reason["why"], reason["text"]) == ("not_asked", "run-daily did not run in this session")


def test_a_symbol_that_no_strategy_trades_is_told_so(traded: House, ask: Ask) -> None:
    reason = not_bought_of(ask(traded, "NOPE"))
    assert (reason["why"], reason["strategy"]) == ("not_traded", "")
    assert "no strategy that was asked trades NOPE (asked: scripted)" in reason["text"]


def test_a_session_of_an_earlier_version_is_not_recorded(traded: House, ask: Ask) -> None:
    with closing(sqlite3.connect(traded.database)) as connection:
        connection.execute("DROP TRIGGER signals_no_delete")
        connection.execute("DELETE FROM signals")
        connection.commit()
    reason = not_bought_of(ask(traded, "BOLT"))
    assert (reason["why"], reason["text"]) == (
        "not_recorded",
        "not recorded: an earlier version stored no signals",
    )


# --- splits and dividends ----------------------------------------------------------------


def test_a_split_and_a_dividend_tell_what_they_did(make_house: MakeHouse, ask: Ask, read: Read) -> None:
    house = make_house(
        ENTERS,
        prices={"ACME": [FLAT, FLAT, "50 51 49 50", "50 51 49 50"]},
        actions=["ACME,2007-01-05,split,2", "ACME,2007-01-08,dividend,0.5"],
    )
    house.daily()
    house.next()
    house.daily()
    (effect,) = day_of(ask(house, "ACME"))["actions"]
    assert (effect["kind"], effect["ratio"]) == ("split", "2")
    assert (effect["quantity_before"], effect["quantity_after"]) == ("50", "100")
    assert "2-for-1 split: 50 shares became 100" in read(house, "ACME")
    house.next()
    house.daily()
    (dividend,) = day_of(ask(house, "ACME"))["actions"]
    assert (dividend["kind"], dividend["amount"]) == ("dividend", "50")
    assert "dividend: $50.00" in read(house, "--today")


# --- what protects it --------------------------------------------------------------------


def test_the_stop_that_rests_is_told_with_its_distance(traded: House, ask: Ask, read: Read) -> None:
    (guard,) = day_of(ask(traded, "COAL"))["protection"]
    assert (guard["state"], guard["stop"], guard["stop_quantity"], guard["quantity"]) == (
        "stop",
        "90",
        "50",
        "50",
    )
    assert (guard["last"], guard["distance"]) == ("103", "0.126214")
    assert "distance    12.6%" in read(traded, "COAL")


def test_a_stop_that_a_job_placed_is_told_as_one_that_an_entry_brought(make_house: MakeHouse, ask: Ask) -> None:
    house = make_house(ENTERS)
    house.every = lacking
    house.daily()
    (guard,) = day_of(ask(house, "ACME"))["protection"]
    assert (guard["state"], guard["stop"], guard["stop_quantity"]) == ("stop", "90", guard["quantity"])


def test_a_stop_that_the_emergency_stop_cancelled_does_not_rest(make_house: MakeHouse, ask: Ask, read: Read) -> None:
    """Its journal tells before the ledger has taken it in, and after."""
    house = make_house(ENTERS)
    house.daily()
    house.reconcile()
    house.emergency_stop(close=True)
    for _ in range(2):
        (guard,) = day_of(ask(house, "ACME"))["protection"]
        assert (guard["state"], guard["close_quantity"], guard["stop"]) == ("closing", "50", None)
        page = " ".join(read(house, "ACME").split())
        assert "scripted: 50 shares without a stop: an emergency stop cancelled it" in page
        assert "its close of 50 was sent 2007-01-04 16:05 EST; it is queued for the open, 2007-01-05 09:30 EST" in page
        line = read(house, "--today")
        assert "BARE: no live stop, the close of 50 is queued for 2007-01-05 09:30 EST" in line
        assert "rests" not in line + page
        house.resume()


def test_a_close_that_is_gone_is_not_told_as_queued(make_house: MakeHouse, ask: Ask) -> None:
    house = make_house(ENTERS)
    house.daily()
    house.reconcile()
    house.emergency_stop(close=True)
    (close,) = house.open_orders()
    with house.by_hand() as broker:
        broker.cancel(close.broker_order_id)
    house.reconcile("16:10")
    (guard,) = day_of(ask(house, "ACME"))["protection"]
    assert (guard["state"], guard["close_quantity"]) in (("bare", None), ("cancelled", None))


def test_bare_shares_are_told_with_their_time(make_house: MakeHouse, ask: Ask, read: Read) -> None:
    house = make_house(ENTERS)
    house.daily()
    with house.by_hand() as broker:
        for order in broker.open_orders():
            broker.cancel(order.broker_order_id)
    with house.desk() as desk:
        period = BarePeriod(SECOND, "scripted", "ACME", Decimal(50), Decimal(5000), desk.clock.now())
        desk.ledger.bare_periods.begin(period, desk.clock.now())
    (guard,) = day_of(ask(house, "ACME"))["protection"]
    assert (guard["state"], guard["bare_dollars"]) == ("bare", "5000")
    assert "BARE since 2007-01-04 09:35 EST, worth 5,000.00 USD then" in read(house, "ACME")
    assert "BARE: no live stop" in read(house, "--today")


# --- the day, and spans ------------------------------------------------------------------


def test_the_day_is_a_line_a_symbol_the_most_important_first(traded: House, read: Read) -> None:
    lines = read(traded, "--today").partition("explain\n")[2].splitlines()
    table = lines[lines.index(next(line for line in lines if "what happened" in line)) + 2 :]
    assert [line.split()[0] for line in table if line[2] != " "] == ["ACME", "BOLT", "COAL"]
    assert all(len(line) <= 80 for line in lines)
    friday = read(traded, "--date", str(FRIDAY))
    assert friday.index("ACME") < friday.index("BOLT") < friday.index("COAL")


def test_the_line_of_a_day_tells_what_is_held_and_what_was_denied(make_house: MakeHouse, ask: Ask) -> None:
    wanted = {"ACME": [SECOND, date(2007, 1, 5)]}
    house = make_house(Script(enter=wanted), Script("second", enter=wanted))
    house.daily()
    (told,) = ask(house, "ACME")["days"]
    assert told["line"].startswith("bought 50 at 100.00; no second buy: another owns it")
    house.next()
    house.daily()
    (told,) = ask(house, "ACME")["days"]
    assert told["line"].startswith("held 50, stop 90.00 rests")
    assert "; no second buy: another owns it" in told["line"]


def test_the_story_of_a_day_has_the_reasons_and_the_profit_of_all_sales(make_house: MakeHouse, read: Read) -> None:
    """The first sells at the open; its stop ends the purchase of the second on the same day."""
    leaves = Script("first", enter={"ACME": [SECOND]}, leave={"ACME": [date(2007, 1, 5)]})
    enters = Script("second", enter={"ACME": [date(2007, 1, 5)]})
    house = make_house(leaves, enters, prices={"ACME": [FLAT, FLAT, "104 105 93 94"]})
    house.daily()
    house.next()
    house.daily()
    house.check_exits()
    text = " ".join(read(house, "--today").split())
    assert "sold 50 at 104.00: signal; sold 48 at 93.60: stop 93.60; P&L -299.20" in text
    assert "bought 48: told to enter; sized by risk per trade sold 50: exit signal: told to leave" in text


def test_a_span_is_a_line_a_session(traded: House, ask: Ask, read: Read) -> None:
    answer = ask(traded, "COAL", "--from", "2007-01-01")
    assert [told["session"] for told in answer["days"]] == [str(FRIDAY), str(MONDAY)]
    assert [row["code"] for row in answer["decisions"]] == ["MAX_POSITIONS", ""]
    assert [told["session"] for told in ask(traded, "COAL", "--to", str(FRIDAY))["days"]] == [str(FRIDAY)]
    assert "2007-01-05  not bought: positions: 3 of at most 2; scripted" in read(traded, "COAL", "--to", str(FRIDAY))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "Name a SYMBOL"),
        (("--from", "2007-01-04"), "Name a SYMBOL"),
        (("AC ME",), "is not a symbol"),
        (("ACME", "--date", "2007-01-06"), "is no session of the exchange. The one before it is 2007-01-05"),
        (("ACME", "--date", "2007-01-09"), "the newest session is 2007-01-08"),
        (("--today", "--date", "2007-01-05"), "exclude each other"),
        (("ACME", "--date", "2007-01-05", "--to", "2007-01-05"), "exclude each other"),
        (("ACME", "--from", "2007-01-08", "--to", "2007-01-05"), "--from is after --to"),
    ],
)
def test_what_cannot_be_asked_is_told(
    traded: House, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], told: str
) -> None:
    assert main(["explain", *words, "--home", str(traded.home)]) == 2
    assert told in capsys.readouterr().err
