"""run-daily: what it does in which order, and when it does nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from tests.jobs.brokers import Around, Unreachable, Watched
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import FLAT, House, Script
from tradebot.core.model.account import MarketClock
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.orders import OrderRequest, OrderState, Purpose
from tradebot.core.model.schedule import Job
from tradebot.core.results.outcomes import OrderLine
from tradebot.errors import BrokerUnavailable, ExitCode
from tradebot.market.calendar import NyseCalendar
from tradebot.ports import Broker

SECOND, THIRD = date(2007, 1, 4), date(2007, 1, 5)


def test_an_entry_is_sized_by_risk_bought_at_the_open_and_protected(make_house: MakeHouse) -> None:
    house = make_house(Script(enter={"ACME": [SECOND]}, policy='stop=Decimal("0.10"), target=Decimal("0.20")'))

    outcome = house.daily()

    assert outcome.status is RunStatus.RAN
    assert outcome.exit_code is ExitCode.OK
    (line,) = outcome.orders  # 0.5% of 100,000 USD at risk over a stop 10 USD away
    assert (line.quantity, line.filled_quantity, line.price) == (Decimal(50), Decimal(50), Decimal(100))
    assert (line.stop, line.target, line.state) == (Decimal(90), Decimal(120), OrderState.FILLED)
    assert house.stops() == [(Decimal(50), Decimal("90.00"))]
    assert outcome.unprotected == 0
    held = house.holding()
    assert held is not None
    assert (held.quantity, held.stop_price, held.target_price) == (Decimal(50), Decimal(90), Decimal(120))


def test_its_acts_come_in_the_order_that_keeps_it_safe(make_house: MakeHouse) -> None:
    house = make_house(
        Script(enter={"ACME": [SECOND], "BOLT": [THIRD]}, leave={"ACME": [THIRD]}),
    )
    house.daily()
    house.next()
    sent: list[str] = []

    def note(broker: Broker, call: str, asked: object) -> None:
        if isinstance(asked, OrderRequest):
            sent.append(f"{asked.side} {asked.symbol}")
        elif call in ("cancel", "activities"):
            sent.append(call)

    house.daily(wrap=lambda broker: Watched(broker, note))

    # Booked before anything is decided; the exit complete, and booked, before the entry; all of it booked in the end.
    assert sent == ["activities", "cancel", "activities", "sell ACME", "activities", "buy BOLT", "activities"]
    run = house.rows("SELECT max(seq) AS seq FROM audit WHERE kind = 'run_began'")[0]["seq"]
    told = [row["kind"] for row in house.rows("SELECT kind FROM audit WHERE seq >= ? ORDER BY seq", str(run))]
    acts = ("equity_recorded", "intent_written", "order_moved", "fill_booked", "run_ended")
    firsts = [told.index(act) for act in acts]
    assert firsts == sorted(firsts)
    assert told[0] == "run_began"
    assert told[-2:] == ["run_ended", "head_kept"]


def test_the_proceeds_of_an_exit_may_pay_for_an_entry(make_house: MakeHouse) -> None:
    house = make_house(
        Script(enter={"ACME": [SECOND], "BOLT": [THIRD]}, leave={"ACME": [THIRD]}),
        settings={"PAPER_STARTING_CASH": "6000", "MAX_POSITION_SIZE_PCT": "95%", "RISK_PER_TRADE_PCT": "5%"},
    )
    assert bought(house.daily().orders) == {"ACME": Decimal(30)}  # 5% of 6,000 USD over 10 USD a share
    house.next()
    assert bought(house.daily().orders) == {"BOLT": Decimal(30)}
    assert set(house.positions()) == {"BOLT"}


def bought(lines: tuple[OrderLine, ...]) -> dict[str, Decimal]:
    return {line.symbol: line.filled_quantity for line in lines if line.purpose is Purpose.ENTRY}


def test_a_second_run_in_a_session_says_so_and_sends_nothing(make_house: MakeHouse) -> None:
    house = make_house(Script(enter={"ACME": [SECOND]}))
    house.daily()
    watched: list[Around] = []

    def watch(broker: Broker) -> Broker:
        watched.append(Around(broker))
        return watched[0]

    outcome = house.daily(wrap=watch)

    assert outcome.status is RunStatus.IDLE
    assert outcome.exit_code is ExitCode.OK
    assert outcome.headline == "session 2007-01-04 was traded already: nothing was sent"
    assert set(watched[0].calls) == {"clock"}
    assert house.positions()["ACME"].quantity == 50


def test_a_run_that_failed_is_not_a_session_traded(make_house: MakeHouse) -> None:
    house = make_house(Script(enter={"ACME": [SECOND]}))
    with pytest.raises(BrokerUnavailable, match="no route"):
        house.daily(wrap=lambda broker: Unreachable(broker, "account"))
    (run,) = house.rows("SELECT status, exit_code, summary FROM runs")
    assert (run["status"], run["exit_code"]) == ("failed", 6)
    assert "no route to host" in run["summary"]

    assert house.daily().status is RunStatus.RAN
    assert house.positions()["ACME"].quantity == 50


@pytest.mark.parametrize(
    ("at", "says"),
    [("09:00", "the exchange is not open yet"), ("16:00", "the exchange is closed for the day")],
)
def test_outside_the_hours_it_is_idle(make_house: MakeHouse, at: str, says: str) -> None:
    house = make_house(Script(enter={"ACME": [SECOND]}))
    outcome = house.daily(at)
    assert (outcome.status, outcome.exit_code) == (RunStatus.IDLE, ExitCode.OK)
    assert outcome.headline == f"session 2007-01-04: {says}, nothing was sent"
    assert house.intents() == ()
    assert house.check_exits(at).status is RunStatus.IDLE


def test_before_the_open_is_not_too_late_for_the_same_session(make_house: MakeHouse) -> None:
    house = make_house(Script(enter={"ACME": [SECOND]}))
    house.daily("09:00")
    assert house.daily("09:35").status is RunStatus.RAN


class OnAHoliday(Around):
    """Shows the clock of 2007-01-15, Martin Luther King Day."""

    def clock(self) -> MarketClock:
        calendar, now = NyseCalendar(), datetime(2007, 1, 15, 14, 35, tzinfo=UTC)
        return MarketClock(
            now,
            is_open=False,
            today=None,
            previous=calendar.previous(now.date()),
            upcoming=calendar.following(now.date()),
        )


def test_on_a_holiday_it_is_idle_in_the_session_before(make_house: MakeHouse) -> None:
    house = make_house(Script(enter={"ACME": [SECOND]}))
    outcome = house.daily(wrap=OnAHoliday)
    assert (outcome.status, outcome.exit_code) == (RunStatus.IDLE, ExitCode.OK)
    assert outcome.headline == "2007-01-15 is no session of the exchange: nothing to do"
    assert outcome.session == date(2007, 1, 12)
    assert house.check_exits(wrap=OnAHoliday).status is RunStatus.IDLE


def test_on_a_half_day_everything_but_the_morning_comes_earlier(make_house: MakeHouse) -> None:
    half_day = date(2007, 7, 3)
    house = make_house(Script(enter={"ACME": [half_day]}), first=date(2007, 7, 2))
    assert house.days[1] == half_day
    assert house.daily("13:00").headline == "session 2007-07-03: the exchange is closed for the day, nothing was sent"

    house = make_house(Script(enter={"ACME": [half_day]}), first=date(2007, 7, 2))
    assert house.daily().status is RunStatus.RAN
    assert house.check_exits("13:00").status is RunStatus.IDLE
    (sent,) = house.intents(half_day)
    assert sent.state is OrderState.FILLED
    assert house.run(Job.CHECK_EXITS).status is RunStatus.IDLE  # due at 12:45, and that has passed


def test_every_denial_is_stored_with_its_numbers(make_house: MakeHouse) -> None:
    house = make_house(Script(enter={"ACME": [SECOND], "BOLT": [SECOND]}), settings={"MAX_POSITIONS": "1"})
    outcome = house.daily()
    assert [line.symbol for line in outcome.orders] == ["ACME"]
    assert [(denial.symbol, denial.code) for denial in outcome.denials] == [("BOLT", "MAX_POSITIONS")]
    (row,) = house.rows("SELECT symbol, code, value, limit_value FROM decisions WHERE outcome = 'denied'")
    assert row == {"symbol": "BOLT", "code": "MAX_POSITIONS", "value": "2", "limit_value": "1"}


def test_two_strategies_that_want_one_symbol_do_not_share_it(make_house: MakeHouse) -> None:
    house = make_house(Script("first", enter={"ACME": [SECOND]}), Script("second", enter={"ACME": [SECOND, THIRD]}))
    outcome = house.daily()
    assert [(line.strategy, line.symbol) for line in outcome.orders] == [("first", "ACME")]
    assert ("second", "SYMBOL_OWNED") in [(denial.strategy, denial.code.value) for denial in outcome.denials]
    house.next()
    assert ("second", "SYMBOL_OWNED") in [(d.strategy, d.code.value) for d in house.daily().denials]


RAISES = """\
class Strategy:
    def signals(self, history, params):
        raise RuntimeError("I have no idea")
"""


def test_a_strategy_that_fails_stops_only_itself(make_house: MakeHouse) -> None:
    house = make_house(Script("broken", code=RAISES), Script(enter={"ACME": [SECOND]}))
    outcome = house.daily()
    assert outcome.exit_code is ExitCode.DEGRADED
    (failure,) = outcome.failures
    assert failure.what == "strategy broken"
    assert "I have no idea" in failure.message
    assert [line.symbol for line in outcome.orders] == ["ACME"]


def test_a_strategy_with_an_unsound_manifest_stops_only_itself(make_house: MakeHouse) -> None:
    house = make_house(Script("broken"), Script(enter={"ACME": [SECOND]}))
    (house.home / "strategies" / "broken" / "manifest.toml").write_text("name = ")
    outcome = house.daily()
    assert outcome.exit_code is ExitCode.DEGRADED
    assert [failure.what for failure in outcome.failures] == ["strategy broken"]
    assert [line.symbol for line in outcome.orders] == ["ACME"]


def test_a_symbol_without_prices_is_left_out_and_the_others_trade(make_house: MakeHouse) -> None:
    house = make_house(
        Script(symbols=("ACME", "GONE", "LATE"), enter={"ACME": [SECOND], "GONE": [SECOND], "LATE": [SECOND]}),
        prices={"ACME": [FLAT] * 4, "LATE": [None, None, FLAT, FLAT]},
    )
    outcome = house.daily()
    assert [line.symbol for line in outcome.orders] == ["ACME"]
    assert outcome.exit_code is ExitCode.DEGRADED
    (failure,) = outcome.failures
    assert ("GONE" in failure.message, "LATE" in failure.message) == (True, False)  # LATE is listed tomorrow


def test_an_order_that_the_exchange_refuses_is_told_as_a_denial(make_house: MakeHouse) -> None:
    house = make_house(Script(enter={"ACME": [SECOND]}))

    class TenTimesAsMany(Around):
        def submit(self, request: OrderRequest) -> object:  # type: ignore[override]
            return super().submit(replace(request, quantity=request.quantity * 100))

    outcome = house.daily(wrap=TenTimesAsMany)
    assert outcome.exit_code is ExitCode.BROKER
    assert [line.state for line in outcome.orders] == [OrderState.REJECTED]
    assert [(denial.code, denial.symbol) for denial in outcome.denials] == [("REFUSED_BY_BROKER", "ACME")]
    assert "insufficient buying power" in outcome.denials[0].message
    (row,) = house.rows("SELECT symbol, code, message FROM decisions WHERE outcome = 'denied'")
    assert (row["symbol"], row["code"]) == ("ACME", "REFUSED_BY_BROKER")
    assert house.stops() == []


def test_what_happened_stays_the_same_however_often_it_is_asked(make_house: MakeHouse) -> None:
    house: House = make_house(Script(enter={"ACME": [SECOND]}))
    house.daily()
    house.check_exits()
    before = house.rows("SELECT * FROM fills") + house.rows("SELECT * FROM lots")
    for _ in range(3):
        house.check_exits()
        house.reconcile()
    assert house.rows("SELECT * FROM fills") + house.rows("SELECT * FROM lots") == before
