"""The controls before an order, through whole days: what the ledger counts, and the last look as an entry leaves."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.fakes.prices import sessions
from tests.jobs.brokers import Watched
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import FLAT, House, Script
from tradebot.core.model.halts import HaltScope
from tradebot.core.model.orders import OrderState, Purpose
from tradebot.core.results.outcomes import Outcome
from tradebot.jobs import resume
from tradebot.ports import Broker

DAYS = sessions(12)
FOUR = ("ACME", "BOLT", "CASK", "DELI")


def codes(outcome: Outcome, symbol: str = "ACME") -> list[str]:
    return [denial.code.value for denial in outcome.denials if denial.symbol == symbol]


def bought(outcome: Outcome) -> dict[str, Decimal]:
    return {line.symbol: line.filled_quantity for line in outcome.orders if line.purpose is Purpose.ENTRY}


# --- the collar ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("opening", "enters"), [("105", True), ("95", True), ("105.01", False), ("94.99", False)])
def test_an_opening_beyond_the_collar_is_not_bought(make_house: MakeHouse, opening: str, enters: bool) -> None:
    house = make_house(Script(enter={"ACME": DAYS[1:2]}), prices={"ACME": [FLAT, f"{opening} 110 90 100", FLAT]})
    outcome = house.daily()
    assert codes(outcome) == ([] if enters else ["PRICE_COLLAR"])
    assert bool(bought(outcome)) is enters


def test_the_previous_close_is_counted_in_the_shares_of_after_a_split(make_house: MakeHouse) -> None:
    half = "50 51 49 50"
    house = make_house(
        Script(enter={"ACME": DAYS[1:2]}),
        prices={"ACME": [FLAT, half, half]},
        actions=[f"ACME,{DAYS[1]},split,2"],
    )
    assert bought(house.daily()) == {"ACME": 100}


def test_a_price_that_moved_while_others_were_sent_is_seen_as_the_entry_leaves(make_house: MakeHouse) -> None:
    """Both are sized on an open of 100. When ACME is in, it is ten o'clock, and BOLT stands at 110."""
    house = make_house(
        Script(enter={"ACME": DAYS[1:2], "BOLT": DAYS[1:2]}),
        prices={"ACME": [FLAT] * 3, "BOLT": [FLAT, "100 111 99 110", FLAT]},
    )

    def pass_time(_: Broker, call: str, asked: object) -> None:
        if call == "submit":
            house.passes("10:00")

    outcome = house.daily(wrap=lambda broker: Watched(broker, pass_time))
    assert bought(outcome) == {"ACME": 50, "BOLT": 0}
    assert codes(outcome, "BOLT") == ["PRICE_COLLAR"]
    assert [intent.state for intent in house.intents() if intent.symbol == "BOLT"] == [OrderState.ABANDONED]
    assert house.order(house.id(1, Purpose.ENTRY, "BOLT")) is None


# --- volume, messages, lists ---------------------------------------------------------------------


def test_an_order_is_a_small_part_of_what_is_traded_usually(make_house: MakeHouse) -> None:
    house = make_house(
        Script(enter={"ACME": DAYS[3:4], "BOLT": DAYS[3:4]}),
        prices={
            "ACME": [f"{FLAT} {volume}" for volume in (1000, 2000, 6000, 99999)],  # 3,000 a session, before today
            "BOLT": [f"{FLAT} 10"] * 4,
        },
    )
    house.next()
    house.next()
    outcome = house.daily()
    assert bought(outcome) == {"ACME": 30}
    assert codes(outcome, "BOLT") == ["MAX_ORDER_ADV", "ZERO_QUANTITY"]


@pytest.mark.parametrize("setting", ["MAX_ORDERS_PER_MINUTE", "MAX_ORDERS_PER_SESSION"])
def test_orders_that_left_are_counted_in_the_ledger_and_hold_up_entries_alone(
    make_house: MakeHouse, setting: str
) -> None:
    house = make_house(
        Script(enter={"ACME": DAYS[1:2], "BOLT": DAYS[1:3]}, leave={"ACME": DAYS[2:3]}), settings={setting: "1"}
    )
    first = house.daily()
    assert bought(first) == {"ACME": 50}
    assert codes(first, "BOLT") == [setting]
    house.next()
    second = house.daily()  # the exit is the one order of this session
    assert [(line.symbol, line.purpose) for line in second.orders] == [("ACME", Purpose.EXIT)]
    assert codes(second, "BOLT") == [setting]
    assert house.rows("SELECT COUNT(*) AS kept FROM decisions WHERE code = ?", setting) == [{"kept": 2}]


def test_a_symbol_that_is_denied_is_left_all_the_same(make_house: MakeHouse) -> None:
    house = make_house(Script(enter={"ACME": DAYS[1:4]}, leave={"ACME": DAYS[2:3]}))
    assert bought(house.daily()) == {"ACME": 50}
    house.set(DENY_SYMBOLS="ACME")
    house.next()
    house.daily()
    assert house.positions() == {}
    house.next()
    assert codes(house.daily()) == ["SYMBOL_NOT_ALLOWED"]


# --- repetition ----------------------------------------------------------------------------------


def day_after_day(make_house: MakeHouse) -> House:
    """In and out of ACME by turns, BOLT wanted later; two entries within three sessions are the most."""
    return make_house(
        Script(enter={"ACME": DAYS[1::2], "BOLT": DAYS[6:7]}, leave={"ACME": DAYS[2::2]}),
        settings={"REPEAT_ORDER_LIMIT": "2", "REPEAT_ORDER_SESSIONS": "3"},
    )


def resumed(house: House) -> Outcome:
    with house.desk() as desk:
        return resume.run(desk, "the feed was wrong", resume.resume_preview(desk, HaltScope.STRATEGY, "scripted"))


def test_a_strategy_that_repeats_itself_is_stopped_until_a_person_resumes_it(make_house: MakeHouse) -> None:
    house = day_after_day(make_house)
    for day in (1, 2, 3, 4):
        assert codes(house.daily()) == [], day
        house.next()
    stopped = house.daily()  # of day 5
    assert codes(stopped) == ["HALTED", "REPEAT_ORDER_LIMIT"]
    assert "--strategy scripted" in stopped.denials[0].message
    house.next()
    assert codes(house.daily(), "BOLT") == ["HALTED"]  # the whole strategy, and waiting does not help
    house.next()
    assert "REPEAT_ORDER_LIMIT" in codes(house.daily())
    assert "running again" in resumed(house).headline
    house.next()
    house.next()
    assert bought(house.daily()) == {"ACME": 50}


def test_repetition_is_held_by_the_ledger_even_without_its_halt(make_house: MakeHouse) -> None:
    house = day_after_day(make_house)
    for _ in range(4):
        house.daily()
        house.next()
    house.set(REPEAT_ORDER_LIMIT="3")
    assert bought(house.daily()) == {"ACME": 50}  # three entries within five sessions are not within three


def test_the_use_of_the_limit_on_repetition_counts_the_sessions_of_the_limit_alone(make_house: MakeHouse) -> None:
    """However often the strategy entered before them."""
    house = day_after_day(make_house)
    house.set(REPEAT_ORDER_SESSIONS="2")
    for _ in range(5):
        assert codes(house.daily()) == []
        house.next()
    with house.desk() as desk:
        used = [each for _, each in desk.ledger.limits_used.between(None, None) if each.setting == "REPEAT_ORDER_LIMIT"]
    assert [str(each.used) for each in used] == ["1", "1", "1"]


# --- probation -----------------------------------------------------------------------------------


def entering_daily(first: int, policy: str = 'stop=Decimal("0.10")') -> Script:
    """One symbol more each session, from ``days[first]`` on."""
    return Script(enter={symbol: [DAYS[first + place]] for place, symbol in enumerate(FOUR)}, policy=policy)


def test_a_new_strategy_and_a_changed_one_begin_with_less(make_house: MakeHouse) -> None:
    prices = dict.fromkeys(FOUR, [FLAT] * 8)
    house = make_house(entering_daily(1), prices=prices, settings={"PROBATION_SESSIONS": "2"})
    for expected in ({"ACME": 25}, {"BOLT": 25}, {"CASK": 50}):
        assert bought(house.daily()) == expected
        house.next()
    house.told(entering_daily(1, policy='stop=Decimal("0.11")'))
    assert bought(house.daily()) == {"DELI": 22}  # the risk allows 45 of them now
    counted = house.rows("SELECT fingerprint, sessions FROM v_strategy_sessions ORDER BY first_session")
    assert [row["sessions"] for row in counted] == [3, 1]


def test_probation_is_not_served_while_halted(make_house: MakeHouse) -> None:
    prices = dict.fromkeys(FOUR, [FLAT] * 8)
    house = make_house(entering_daily(1), prices=prices, settings={"PROBATION_SESSIONS": "1"})
    house.set(EMERGENCY_STOP_ENABLED="true")
    house.daily()
    house.next()
    house.set(EMERGENCY_STOP_ENABLED="false")
    assert bought(house.daily()) == {"BOLT": 25}
    house.next()
    assert bought(house.daily()) == {"CASK": 50}
