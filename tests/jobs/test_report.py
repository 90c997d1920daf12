"""report over a history small enough to be worked out by hand."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from tests.jobs.brokers import Around
from tests.jobs.conftest import CopyHouse, MakeHouse
from tests.jobs.house import House
from tests.jobs.two_sessions import FRIDAY, MONDAY, traded_two_sessions
from tradebot.__main__ import main
from tradebot.brokers.paper.market_data import benchmark
from tradebot.core.model.account import CashKind
from tradebot.core.results.report_outcome import ReportOutcome
from tradebot.core.results.report_periods import AskedPeriod, Period
from tradebot.errors import BrokerUnavailable, ExitCode, UsageError
from tradebot.jobs import report
from tradebot.jobs.steps.period_figures import no_prices


@pytest.fixture
def traded(copy_house: CopyHouse) -> House:
    return copy_house(traded_two_sessions)


def told(house: House, period: Period, first: date | None = None, last: date | None = None) -> ReportOutcome:
    with house.desk("16:15") as desk:
        return report.run(desk, AskedPeriod(period, first=first, last=last))


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


def test_a_halt_in_force_is_told_with_what_ends_it_and_is_no_failure_of_the_report(
    traded: House, capsys: pytest.CaptureFixture[str]
) -> None:
    home = str(traded.home)
    assert main(["halt", "--reason", "a <b>long</b> week", "--home", home]) == 0
    page = traded.home.parent / "page.html"
    capsys.readouterr()
    assert main(["report", "--html", str(page), "--home", home]) == 0
    told = capsys.readouterr().out
    assert (told.count("HALTED: a <b>long</b> week"), told.count("tradebot resume --reason")) == (1, 1)
    assert page.read_text().count("HALTED: a &lt;b&gt;long&lt;/b&gt; week") == 1
    assert main(["report", "--previous", "--home", home]) == 0
    assert "HALTED" not in capsys.readouterr().out, "it is no halt of the period before"


@pytest.mark.parametrize(
    ("period", "first", "trades", "denied", "equity"),
    [
        (Period.DAY, MONDAY, 2, {}, [FRIDAY, MONDAY]),
        (Period.WEEK, MONDAY, 2, {}, [FRIDAY, MONDAY]),
        (Period.MONTH, date(2007, 1, 1), 2, {"MAX_POSITIONS": 1}, [FRIDAY, FRIDAY, MONDAY]),
        (Period.ALL, FRIDAY, 2, {"MAX_POSITIONS": 1}, [FRIDAY, FRIDAY, MONDAY]),
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
    assert outcome.cash_events == ()
    begins = period in (Period.MONTH, Period.ALL)
    assert (outcome.opening is not None) is begins
    assert not begins or outcome.equity[0].equity == Decimal(100_000)


def told_by_ledger(house: House, asked: AskedPeriod) -> ReportOutcome:
    with house.ledger_alone() as desk:
        assert report.is_over(desk, asked)
        return report.run_over(desk, asked, replace(no_prices(), benchmark=benchmark))


def test_the_period_before_is_told_by_the_ledger_alone(traded: House) -> None:
    before = AskedPeriod(Period.DAY, previous=True)
    runs = traded.rows("SELECT COUNT(*) AS runs FROM runs")
    outcome = told_by_ledger(traded, before)
    assert (outcome.first, outcome.last, outcome.is_over) == (FRIDAY, FRIDAY, True)
    assert outcome.headline == "day report, 2007-01-05 to 2007-01-05: 0 round trips"
    assert [(line.symbol, line.strategy, line.quantity, line.pnl, line.stop) for line in outcome.positions] == [
        ("ACME", "scripted", Decimal(50), Decimal(0), None),
        ("BOLT", "scripted", Decimal(50), Decimal(0), None),
    ]
    assert (outcome.unrealised, outcome.unrealised_by_strategy) == (Decimal(0), {"scripted": Decimal(0)})
    assert outcome.positions_at is not None
    assert set(outcome.benchmark) == {FRIDAY}
    assert traded.rows("SELECT COUNT(*) AS runs FROM runs") == runs, "a look at the past is no run"
    with traded.desk() as desk:  # at the exchange, whose clock may be ahead of the ledger's
        asked_there = report.run(desk, before)
    assert (asked_there.positions, asked_there.is_over) == (outcome.positions, True)


def test_a_period_that_holds_the_newest_session_is_not_over(traded: House) -> None:
    with traded.ledger_alone() as desk:
        assert not report.is_over(desk, AskedPeriod(Period.MONTH))
        assert not report.is_over(desk, AskedPeriod(Period.SPAN, last=MONDAY))
        assert report.is_over(desk, AskedPeriod(Period.SPAN, last=FRIDAY))


def test_two_days_are_a_period(traded: House) -> None:
    outcome = told(traded, Period.SPAN, first=FRIDAY, last=MONDAY)
    assert (outcome.first, outcome.last, len(outcome.trades)) == (FRIDAY, MONDAY, 2)
    assert outcome.headline == "report, 2007-01-05 to 2007-01-08: 2 round trips"


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (date(2030, 1, 1), None, "after the newest session, 2007-01-08"),
        (date(2007, 1, 6), date(2007, 1, 7), "no session of the exchange from 2007-01-06 to 2007-01-07"),
    ],
)
def test_a_period_without_a_session_is_refused(traded: House, first: date, last: date | None, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        told(traded, Period.SPAN, first=first, last=last)


def test_a_period_tells_its_parts(traded: House) -> None:
    outcome = told(traded, Period.MONTH)
    assert {symbol: each.pnl for symbol, each in outcome.by_symbol.items()} == {"ACME": 1000, "BOLT": -500}
    assert [trade.symbol for trade in outcome.best_trades] == ["ACME"]
    assert [trade.symbol for trade in outcome.worst_trades] == ["BOLT"]
    assert (outcome.unrealised, outcome.unrealised_by_strategy) == (Decimal(150), {"scripted": Decimal(150)})
    (january,) = outcome.months
    assert (january.change, january.paid, january.trades, january.realised) == (
        Decimal(650),
        Decimal(0),
        2,
        Decimal(500),
    )
    turnover = outcome.turnover
    assert turnover is not None
    assert (turnover.bought, turnover.sold, turnover.mean_equity) == (
        Decimal(15000),
        Decimal(10500),
        Decimal("100325.00"),
    )
    assert {(line.job, line.status, line.times) for line in outcome.jobs} >= {("run-daily", "ran", 2)}


def test_buy_and_hold_is_of_every_symbol_of_the_strategies(traded: House) -> None:
    """From Friday's close on: ACME rose from 100 to 120, BOLT fell to 86, COAL rose to 103."""
    held = {"ACME": Decimal("0.2"), "BOLT": Decimal("-0.14"), "COAL": Decimal("0.03")}
    assert told(traded, Period.MONTH).buy_and_hold == held
    assert told(traded, Period.DAY).buy_and_hold == {}


def test_what_trading_cost_is_told_in_its_parts(traded: House) -> None:
    cost = told(traded, Period.MONTH).cost
    assert cost is not None
    assert (cost.total.fills, cost.total.value, cost.total.without_planned, cost.total.without_sent) == (
        5,
        Decimal(25500),
        0,
        0,
    )
    # ACME was decided at 120 and sold at 120; the stop of BOLT at 90 filled at 90.
    parts = (cost.total.slippage, cost.total.delay, cost.total.execution, cost.total.resting)
    assert parts == (Decimal(0),) * 4
    assert [line.name for line in cost.by_strategy] == ["scripted"]
    assert [(line.name, line.fills) for line in cost.by_order] == [("resting", 1), ("sent", 4)]


def test_limits_are_told_against_the_setting_then(traded: House) -> None:
    lines = {line.setting: line for line in told(traded, Period.MONTH).limits_used}
    positions = lines["MAX_POSITIONS"]
    assert (positions.value, positions.limit, positions.share, positions.session) == (
        Decimal(2),
        Decimal(2),
        Decimal(1),
        FRIDAY,
    )
    traded.set(MAX_POSITIONS="7")
    assert told(traded, Period.MONTH).limits_used == tuple(lines.values()), "a change afterwards changes nothing"


def test_sessions_before_limits_were_stored_are_counted(traded: House) -> None:
    with closing(sqlite3.connect(traded.database)) as older:
        older.executescript(
            "DROP TRIGGER limits_used_no_delete; DELETE FROM limits_used WHERE session = '2007-01-05';"
            "UPDATE orders SET sent_price = NULL WHERE session = '2007-01-05'"
        )
    outcome = told(traded, Period.MONTH)
    assert outcome.sessions_without_limits == 1
    assert outcome.cost is not None
    assert outcome.cost.total.without_sent == 2


def test_a_report_before_anything_happened(make_house: MakeHouse) -> None:
    outcome = told(make_house(), Period.ALL)
    assert outcome.exit_code is ExitCode.OK
    assert outcome.totals is not None
    assert (outcome.totals.trades, outcome.totals.win_rate, outcome.totals.profit_factor) == (0, None, None)
    assert (outcome.equity, outcome.positions, outcome.trades) == ((), (), ())


def test_what_no_price_is_stored_of_is_said_in_words(traded: House) -> None:
    both, day = AskedPeriod(Period.SPAN, first=FRIDAY, last=MONDAY), AskedPeriod(Period.DAY)
    with traded.ledger_alone() as desk:
        partly = replace(no_prices(), closes=lambda symbols, session: {"ACME": Decimal(100)}, more_at="alpaca")
        outcome, of_day = report.run_over(desk, both, partly), report.run_over(desk, day, partly)
    assert outcome.buy_and_hold == {"ACME": Decimal(0)}
    assert outcome.not_compared == (
        "the close of the S&P 500 is stored for none of the 3 sessions",
        "buy and hold is without BOLT, COAL: no prices, or no splits, are stored of 2007-01-05 and 2007-01-08",
        "a report up to today asks alpaca for them: `tradebot report --from 2007-01-05`",
    )
    assert of_day.not_compared == ()


def test_what_is_not_booked_yet_is_named_beside_what_is_not_explained(make_house: MakeHouse) -> None:
    house = make_house()
    house.daily()
    with house.exchange() as exchange, exchange.writing() as view:
        view.book.book_cash(CashKind.DEPOSIT, Decimal(15_000), None, "by hand", view.booking_time)
    explained = told(house, Period.DAY).bridge
    assert explained is not None
    assert explained.not_explained == 15_000
    named = "not booked yet: deposit $15,000.00 on 2007-01-04; `tradebot reconcile` books it"
    assert explained.notes == (named,)

    class Silent(Around):
        def before(self, call: str, asked: object = None) -> None:
            if call == "activities":
                raise BrokerUnavailable("no answer")

    with house.desk("16:15", Silent) as desk:
        again = report.run(desk, AskedPeriod(Period.DAY))
    assert again.exit_code is ExitCode.OK
    assert again.bridge is not None
    assert "may be known to the broker" in again.bridge.notes[0]
