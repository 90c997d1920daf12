"""report, explain and status over a history small enough to be worked out by hand."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from tests.jobs.conftest import MakeHouse
from tests.jobs.house import FLAT, House, Script
from tradebot.core.model.halts import HaltLevel
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.orders import Purpose
from tradebot.core.model.schedule import Job
from tradebot.core.results.explain_outcome import ExplainOutcome
from tradebot.core.results.report_outcome import Period, ReportOutcome
from tradebot.core.results.status_outcome import StatusOutcome
from tradebot.errors import ExitCode
from tradebot.jobs import explain, report, status

FRIDAY, MONDAY, TUESDAY = date(2007, 1, 5), date(2007, 1, 8), date(2007, 1, 9)
THREE = ("ACME", "BOLT", "COAL")


@pytest.fixture
def traded(make_house: MakeHouse) -> House:
    """Two sessions, after the second of which it is 16:05.

    On Friday ACME and BOLT are bought, 50 shares each at 100; COAL is denied, being the third. On Monday ACME is left
    at 120 for a gain of 1,000 USD, BOLT falls through its stop at 90 for a loss of 500, and COAL is bought at 100.
    """
    house = make_house(
        Script(
            symbols=THREE,
            enter={"ACME": [FRIDAY], "BOLT": [FRIDAY], "COAL": [FRIDAY, MONDAY]},
            leave={"ACME": [MONDAY]},
        ),
        prices={
            "ACME": [FLAT, FLAT, "120 121 119 120", FLAT],
            "BOLT": [FLAT, FLAT, "95 96 85 86", FLAT],
            "COAL": [FLAT, FLAT, "100 104 99 103", FLAT],
        },
        first=FRIDAY - timedelta(days=1),
        settings={"MAX_POSITIONS": "2"},
    )
    for job in (Job.RUN_DAILY, Job.CHECK_EXITS, Job.RECONCILE):
        house.run(job)
    house.next()
    for job in (Job.RUN_DAILY, Job.CHECK_EXITS, Job.RECONCILE):
        house.run(job)
    return house


def told(house: House, period: Period) -> ReportOutcome:
    with house.desk("16:15") as desk:
        return report.run(desk, period)


def test_the_figures_of_a_day(traded: House) -> None:
    outcome = told(traded, Period.DAY)
    assert outcome.exit_code is ExitCode.OK
    assert (outcome.first, outcome.last) == (MONDAY, MONDAY)
    assert outcome.headline == "day report, 2007-01-08 to 2007-01-08: 2 round trips"
    totals = outcome.totals
    assert totals is not None
    assert (totals.trades, totals.wins, totals.losses) == (2, 1, 1)
    assert (totals.gross_profit, totals.gross_loss, totals.pnl) == (Decimal(1000), Decimal(500), Decimal(500))
    assert (totals.win_rate, totals.profit_factor) == (Decimal("0.5"), Decimal(2))
    assert {trade.symbol: (trade.pnl, trade.exit_reason) for trade in outcome.trades} == {
        "ACME": (Decimal(1000), "exit signal: told to leave"),
        "BOLT": (Decimal(-500), "stop"),
    }
    assert outcome.by_strategy == {"scripted": totals}
    # Friday's close is the base; Monday's is 1,000 - 500 + 50 x 3 above it.
    assert [(point.session, point.equity) for point in outcome.equity] == [
        (FRIDAY, Decimal(100_000)),
        (MONDAY, Decimal(100_650)),
    ]
    assert set(outcome.benchmark) == {FRIDAY, MONDAY}
    assert outcome.denial_counts == {}
    assert [(fill.symbol, fill.side.value) for fill in outcome.period_fills] == [
        ("ACME", "sell"),
        ("COAL", "buy"),
        ("BOLT", "sell"),
    ]


def test_a_report_shows_what_is_open_and_how_it_is_protected(traded: House) -> None:
    outcome = told(traded, Period.DAY)
    (line,) = outcome.positions
    assert (line.symbol, line.strategy, line.quantity, line.opened) == ("COAL", "scripted", Decimal(50), MONDAY)
    assert (line.entry_price, line.last, line.market_value, line.pnl) == (
        Decimal(100),
        Decimal(103),
        Decimal(5150),
        Decimal(150),
    )
    assert (line.stop, line.target, line.protected) == (Decimal(90), None, True)
    assert outcome.unprotected == Decimal(0)


@pytest.mark.parametrize(
    ("period", "first", "trades", "denied", "equity"),
    [
        (Period.DAY, MONDAY, 2, {}, [FRIDAY, MONDAY]),
        (Period.WEEK, MONDAY, 2, {}, [FRIDAY, MONDAY]),
        (Period.MONTH, date(2007, 1, 1), 2, {"MAX_POSITIONS": 1}, [FRIDAY, MONDAY]),
        (Period.ALL, FRIDAY, 2, {"MAX_POSITIONS": 1}, [FRIDAY, MONDAY]),
    ],
)
def test_a_period_ends_with_the_newest_session(
    traded: House, period: Period, first: date, trades: int, denied: dict[str, int], equity: list[date]
) -> None:
    outcome = told(traded, period)
    assert (outcome.first, outcome.last) == (first, MONDAY)
    assert len(outcome.trades) == trades
    assert outcome.denial_counts == denied
    assert [point.session for point in outcome.equity] == equity
    events = [event.kind.value for event in outcome.cash_events]
    assert events == (["deposit"] if period in (Period.MONTH, Period.ALL) else [])


def test_a_report_before_anything_happened(make_house: MakeHouse) -> None:
    outcome = told(make_house(), Period.ALL)
    assert outcome.exit_code is ExitCode.OK
    assert outcome.totals is not None
    assert (outcome.totals.trades, outcome.totals.win_rate, outcome.totals.profit_factor) == (0, None, None)
    assert (outcome.equity, outcome.positions, outcome.trades) == ((), (), ())


def explained(house: House, symbol: str, first: date | None = None, last: date | None = None) -> ExplainOutcome:
    with house.desk() as desk:
        return explain.run(desk, symbol, first, last)


def test_explain_tells_every_decision_with_its_numbers(traded: House) -> None:
    outcome = explained(traded, "COAL")
    assert outcome.headline == "COAL: 2 decisions from 2007-01-05 to 2007-01-08"
    denied, sent = outcome.decisions
    assert (denied.session, denied.outcome, denied.code) == (FRIDAY, "denied", "MAX_POSITIONS")
    assert (denied.value, denied.limit) == (Decimal(3), Decimal(2))
    assert (sent.session, sent.outcome, sent.value, sent.limit) == (MONDAY, "intent", Decimal(50), Decimal(100))
    assert sent.client_order_id == traded.id(2, Purpose.ENTRY, "COAL")
    assert "told to enter" in sent.message
    assert "sized by risk per trade" in sent.message
    assert sent.as_of == FRIDAY
    assert sent.fingerprint.startswith("1.0.0+")
    (held,) = outcome.holdings
    assert (held.symbol, held.quantity) == ("COAL", Decimal(50))


def test_explain_tells_why_a_position_was_left(traded: House) -> None:
    entered, left = explained(traded, "ACME").decisions
    assert (entered.purpose, left.purpose) == ("entry", "exit")
    assert "told to leave" in left.message
    assert explained(traded, "ACME").holdings == ()


def test_explain_keeps_to_the_span_it_was_asked_for(traded: House) -> None:
    assert [row.session for row in explained(traded, "COAL", first=MONDAY).decisions] == [MONDAY]
    assert [row.session for row in explained(traded, "COAL", last=FRIDAY).decisions] == [FRIDAY]
    nothing = explained(traded, "COAL", first=TUESDAY)
    assert nothing.decisions == ()
    assert nothing.headline == "COAL: nothing was decided about it in this span"


def shown(house: House) -> StatusOutcome:
    with house.desk() as desk:
        return status.run(desk, "")


def test_status_tells_how_the_account_stands(traded: House) -> None:
    outcome = shown(traded)
    assert outcome.level is HaltLevel.RUNNING
    assert outcome.headline == "1 position, equity $100,650.00"
    assert [line.symbol for line in outcome.positions] == ["COAL"]
    counters = outcome.counters
    assert counters is not None
    assert (counters.session, counters.entries_sent) == (MONDAY, 1)
    # The peak was seen at the open, when ACME stood at 120, BOLT at 95 and COAL had just been bought at 100.
    assert (counters.baseline_equity, counters.peak_equity) == (Decimal(100_000), Decimal(100_750))
    last = {run.job: (run.session, run.status) for run in outcome.last_runs}
    assert last == {
        Job.RUN_DAILY: (MONDAY, RunStatus.RAN),
        Job.CHECK_EXITS: (MONDAY, RunStatus.RAN),
        Job.RECONCILE: (MONDAY, RunStatus.RAN),
    }
    assert outcome.limits is not None
    assert outcome.limits.max_positions == 2


def test_looking_leaves_no_trace(traded: House) -> None:
    before = traded.rows("SELECT count(*) AS rows FROM audit")
    shown(traded)
    explained(traded, "ACME")
    assert traded.rows("SELECT count(*) AS rows FROM audit") == before


def test_status_tells_halts_breaks_and_gaps(traded: House) -> None:
    with traded.by_hand() as broker:
        (stop,) = broker.open_orders()
        broker.cancel(stop.broker_order_id)
    traded.reconcile()
    traded.set(EMERGENCY_STOP_ENABLED="true")
    outcome = shown(traded)
    assert outcome.level is HaltLevel.HALTED
    assert [halt.source.value for halt in outcome.halts] == ["environment"]
    assert [found.kind.value for found in outcome.breaks] == ["unprotected"]
    assert [(gap.symbol, gap.dollars) for gap in outcome.gaps] == [("COAL", Decimal(5150))]
    assert outcome.unprotected == Decimal(5150)
    (line,) = outcome.positions
    assert not line.protected
