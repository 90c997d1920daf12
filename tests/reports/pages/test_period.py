"""The parts of a period, as people read them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from tests.reports.builders import POSITION, TOTALS, Plain
from tests.reports.conftest import NOON
from tradebot.core.accounting.months import MonthLine
from tradebot.core.results.period_lines import BreakLine, DrillLine, HaltLine, JobCount, Turnover
from tradebot.core.results.report_outcome import ReportOutcome
from tradebot.reports.pages import period

D = Decimal
Report = Callable[..., ReportOutcome]


def test_what_is_unrealised_stands_beside_what_is_realised(report_of: Report, plain: Plain) -> None:
    told = replace(
        report_of("101000"),
        by_strategy={"rsi2": TOTALS},
        unrealised=D(150),
        unrealised_by_strategy={"trend": D(150)},
    )
    rows = [
        line.split() for line in plain(period.by_strategy(told)).splitlines() if line.startswith(("  rsi2", "  tr"))
    ]
    assert [row[0] for row in rows] == ["rsi2", "trend"]
    assert (rows[0][4], rows[1][1], rows[1][4]) == ("0.00", "0", "+150.00")
    unknown = plain(period.by_strategy(replace(told, unrealised=None, unrealised_by_strategy={})))
    assert "0.00" not in unknown.split("rsi2")[1].split()[3], "what is not recorded is not 0"


def test_symbols_are_ranked_and_the_middle_is_counted(plain: Plain) -> None:
    many = {f"S{number:02}": replace(TOTALS, gross_profit=D(number)) for number in range(25)}
    text = plain(period.by_symbol(many))
    assert text.index("S24") < text.index("S15") < text.index("S09") < text.index("S00")
    assert "S12" not in text
    assert "5 symbols between them; --json has all" in text


def test_months_are_shown_with_their_years_once_there_are_many(report_of: Report, plain: Plain) -> None:
    months = tuple(
        MonthLine(date(2007 + number // 12, number % 12 + 1, 1), 20, D(10), D(0), 1, D(8), D(2)) for number in range(14)
    )
    told = replace(report_of("101000", "100500"), months=months)
    text = plain(period.by_month(told))
    assert "2007       240" in text
    assert "+120.00" in text
    assert "2007-02" not in text, "the newest twelve"
    assert "2008-02" in text
    assert "year" not in plain(period.by_month(replace(told, months=months[:2])))
    assert period.by_month(replace(told, months=months[:1])) == ()


def test_the_positions_of_a_period_that_is_over_say_when_they_were_seen(report_of: Report, plain: Plain) -> None:
    over = replace(report_of("101000"), is_over=True, positions=(POSITION,), positions_at=NOON)
    text = plain(period.positions(over))
    assert "as last seen at 2007-01-03 12:00 EST; stops of the past are not stored" in text
    assert "not recorded" in plain(period.positions(replace(over, positions=(), positions_at=None)))


def test_turnover_and_the_highest_exposure(report_of: Report, plain: Plain) -> None:
    told = replace(report_of("101000"), turnover=Turnover(D(15000), D(10500), D(100000), D("0.105")))
    text = plain(period.turnover(told))
    assert "10.5%" in text
    assert "highest exposure at a close                  0.0%" in text


def test_halts_and_drills_say_how_they_ended(plain: Plain) -> None:
    began = datetime(2007, 1, 3, 15, tzinfo=UTC)
    halts = (
        HaltLine("drawdown", "halted", "the account", "10 %", began, began + timedelta(days=1), "looked into", None),
        HaltLine("daily_loss", "halted", "the account", "3 %", began, None, "", date(2007, 1, 4)),
        HaltLine("operator", "reducing", "the account", "a pause", began, None, "", None),
    )
    drills = (DrillLine(began, True, 0.1, 0.2, 1.5), DrillLine(began, False, None, None, None))
    text = plain(period.halts_and_drills(halts, drills))
    for words in (
        "2007-01-04 10:00: looked into", "until session 2007-01-04", "it stands",
        "2007-01-03 10:00, by this machine's clock  operator",
        "drill on 2007-01-03 10:00, by this machine's clock: passed, flat after 1.5 s",
        "drill on 2007-01-03 10:00, by this machine's clock: FAILED",
    ):  # fmt: skip
        assert words in text
    assert period.halts_and_drills((), ()) == ()


def test_what_went_wrong_is_counted(plain: Plain) -> None:
    jobs = (JobCount("report", "ran", 20), JobCount("run-daily", "failed", 1), JobCount("reconcile", "missed", 2))
    found = BreakLine("quantity", "AAPL", "critical", D(125), "5 shares", date(2007, 1, 3), None)
    text = plain(period.troubles(jobs, (found,)))
    for words in ("run-daily failed 1 time", "reconcile was missed 2 times", "5 shares", "open"):
        assert words in text
    assert "report" not in text
    assert period.troubles(jobs[:1], ()) == ()
