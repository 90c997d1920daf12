"""status: it shows the figures that the circuit breakers compare, and no others."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tests.fakes.orders import Requests
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import FLAT, House, Script
from tests.reports.conftest import Place
from tradebot.brokers.paper import PaperBroker
from tradebot.core.model.halts import Halt, HaltLevel, HaltRule, distinct
from tradebot.core.results.outcomes import Outcome
from tradebot.core.results.status_outcome import StatusOutcome
from tradebot.core.safety.stop_losses import StopLossTotal
from tradebot.errors import ExitCode
from tradebot.jobs import status
from tradebot.reports.layout import Cell, Heading, Line, Table, Tone
from tradebot.reports.pages.status import status_page

SECOND = date(2007, 1, 4)
ROOM = {"RISK_PER_TRADE_PCT": "5%", "MAX_PORTFOLIO_RISK_PCT": "20%", "PROBATION_SESSIONS": "0"}


def holding_acme(make_house: MakeHouse, bar: str, **settings: str) -> House:
    """A home that has bought 100 ACME at 100 USD, of 100,000, and stands at the next session."""
    script = Script(enter={"ACME": [SECOND]}, policy='stop=Decimal("0.50")')
    house = make_house(script, prices={"ACME": [FLAT, FLAT, bar], "BOLT": [FLAT] * 6}, settings={**ROOM, **settings})
    house.daily()
    house.next()
    return house


def of_rule(outcome: Outcome, rule: HaltRule) -> Halt | None:
    return next((same[0] for same in distinct(outcome.halts) if same[0].rule is rule), None)


def shown(house: House) -> StatusOutcome:
    with house.desk() as desk:
        return status.run(desk, "")


def row(outcome: StatusOutcome, name: str) -> tuple[str, str, bool]:
    """A row of the page's table of limits: the figure, its limit, and whether the figure is marked."""
    tables = (block for block in status_page(outcome, Place(), full=True) if isinstance(block, Table))
    (limits,) = (table for table in tables if table.columns[0].name == "limit")
    (found,) = (each for each in limits.rows if each[0] == name)
    assert isinstance(found[1], Cell) and isinstance(found[2], str)
    return found[1].text, found[2], found[1].tone is Tone.BAD


@pytest.mark.parametrize(
    ("rule", "limit", "name"),
    [
        (HaltRule.DAILY_LOSS, {"DAILY_LOSS_LIMIT_PCT": "3%"}, "loss today"),
        (HaltRule.DRAWDOWN, {"EMERGENCY_STOP_LOSS_PCT": "3%"}, "fall from the peak"),
    ],
)
@pytest.mark.parametrize(
    ("bar", "loses", "halts"),
    [("70 71 69 70", "3.00%", True), ("70.01 71 69 70", "3.00%", False), ("71 72 69 70", "2.90%", False)],
)
def test_a_loss_at_its_limit_is_shown_as_the_breaker_compared_it(
    make_house: MakeHouse, rule: HaltRule, limit: dict[str, str], name: str, bar: str, loses: str, halts: bool
) -> None:
    other = {"DAILY_LOSS_LIMIT_PCT": "20%", "EMERGENCY_STOP_LOSS_PCT": "30%"}
    house = holding_acme(make_house, bar, **{**other, **limit})
    halt = of_rule(house.daily(), rule)
    outcome = shown(house)
    assert outcome.used is not None
    compared = outcome.used.daily_loss if rule is HaltRule.DAILY_LOSS else outcome.used.drawdown
    assert (halt is not None) is compared.breaks_limit is halts
    if halt is not None:
        assert (compared.fraction, compared.limit) == (halt.value, halt.limit)
    assert row(outcome, name) == (loses, "3.00%", halts)


def test_exposure_beyond_its_limit_is_shown_as_the_breaker_compared_it(make_house: MakeHouse) -> None:
    """A person's order that rests counts in it, and what a position gained does not."""
    house = holding_acme(make_house, "200 201 199 200")
    house.set(MAX_GROSS_EXPOSURE_PCT="9%", LIMIT_BREACH_TOLERANCE_PCT="0%")
    with house.by_hand() as broker:
        broker.submit(Requests("BOLT").buy(10, client_id="by hand", limit="50"))
    halt = of_rule(house.check_exits(), HaltRule.LIMIT_BREACH)
    outcome = shown(house)
    assert outcome.used is not None and halt is not None
    assert (outcome.used.positions, outcome.used.gross_exposure) == (2, halt.value)
    assert halt.value == Decimal(10_500) / 110_000  # ACME, now worth 20,000, at its cost, and 10 BOLT at 50
    assert row(outcome, "gross exposure, without gains") == ("9.55%", "9.00%", True)


def test_it_tells_what_is_lost_if_every_stop_fills_and_what_is_bare_needs_the_operator(make_house: MakeHouse) -> None:
    house = holding_acme(make_house, "80 81 79 80", DAILY_LOSS_LIMIT_PCT="20%", EMERGENCY_STOP_LOSS_PCT="30%")
    outcome = shown(house)
    assert outcome.if_all_stops_fill == StopLossTotal(Decimal(5000), Decimal(0), Decimal(5000)), "100 from 100 to 50"
    (line,) = outcome.positions
    assert (line.to_stop, line.bare, outcome.needs) == (Decimal(5000), Decimal(0), ())
    with house.exchange() as exchange:
        broker = PaperBroker(exchange)
        (stop,) = broker.open_orders()
        broker.cancel(stop.broker_order_id)
    outcome = shown(house)
    assert outcome.if_all_stops_fill == StopLossTotal(Decimal(0), Decimal(10_000), Decimal(10_000))
    (need,) = outcome.needs
    assert need.what == "ACME: the stop of 100 shares is missing, $10,000.00 without one"


def test_after_an_emergency_stop_out_of_hours_the_queued_sale_is_told_and_no_stop_is_asked_for(
    make_house: MakeHouse,
) -> None:
    house = holding_acme(make_house, FLAT)  # 04:00 in New York
    house.emergency_stop(close=True)
    (need,) = shown(house).needs
    assert need.what == (
        "ACME: a sell at the market of 100 shares is queued for the open, 2007-01-05 09:30 EST; "
        "nothing protects them until it fills, $10,000.00"
    )


def test_without_the_broker_it_tells_the_halts_and_what_was_known_last(make_house: MakeHouse) -> None:
    house = holding_acme(make_house, FLAT)
    house.emergency_stop()
    house.daily()
    with house.ledger_alone() as desk:
        outcome = status.recall(desk, "nobody answers")
    assert (outcome.exit_code, outcome.level) == (ExitCode.BROKER, HaltLevel.HALTED)
    assert {each.reason for each in outcome.halts} == {"a drill"}
    (line,) = outcome.positions
    assert (line.symbol, line.to_stop) == ("ACME", Decimal(5000))
    page = status_page(outcome, Place())
    said = [block.text for block in page if isinstance(block, Line | Heading)]
    assert "The broker could not be asked: nobody answers" in said
    assert "1 position, equity $100,000.00" in said
    assert any(each.startswith("as known at 2007-01-05") for each in said)
    assert "run-daily of 2007-01-05 was blocked" in said
    assert any("run-daily blocked" in each for each in said)
    assert (
        "If every stop fills at its price, 5,000.00 is lost from here. A gap through a stop loses more. "
        "Whether the stops still rest is not known."
    ) in said
