"""What an export takes from a ledger of sessions that are small enough to be worked out by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tests.fakes.orders import Requests
from tests.jobs.conftest import CopyHouse, MakeHouse
from tests.jobs.house import FLAT, House, Script
from tests.jobs.two_sessions import traded_two_sessions
from tradebot.core.accounting.form_8949 import TaxYear
from tradebot.core.results.report_periods import AskedPeriod, Period
from tradebot.jobs import export, report
from tradebot.jobs.steps.period_figures import no_prices
from tradebot.reports.returns_file import returns_csv

SECOND, THIRD = date(2007, 1, 4), date(2007, 1, 5)


@pytest.fixture
def traded(copy_house: CopyHouse) -> House:
    return copy_house(traded_two_sessions)


def taxes(house: House, year: int = 2007) -> TaxYear:
    with house.ledger_alone() as desk:
        return export.tax(desk, year)


def test_the_disposals_of_a_year_come_from_the_ledger_alone(traded: House) -> None:
    year = taxes(traded)
    assert [(row.description, row.date_acquired, row.date_sold, row.gain_or_loss) for row in year.rows] == [
        ("50 sh. ACME", "01/05/2007", "01/08/2007", Decimal("1000.00")),
        ("50 sh. BOLT", "01/05/2007", "01/08/2007", Decimal("-500.00")),
    ]
    assert year.seen_until == date(2007, 1, 8)
    assert taxes(traded, 2008).rows == ()


def test_the_oldest_shares_of_the_account_are_sold_first_whoever_sells(make_house: MakeHouse) -> None:
    """A person buys and sells 10 beside a strategy's 50: in the ledger his own, on the form the oldest."""
    house = make_house(
        Script(enter={"ACME": [SECOND]}),
        prices={"ACME": [FLAT, FLAT, "105 106 104 105"], "BOLT": [FLAT] * 3},
    )
    house.daily()
    house.next()
    with house.exchange() as exchange:
        exchange.advance_to(exchange.hours().opens)
    with house.by_hand() as broker:
        broker.submit(Requests("ACME").buy(10, client_id="mine"))
        broker.submit(Requests("ACME").sell(10, client_id="mine again"))
    house.reconcile(at="09:35")
    [ours] = house.rows("SELECT quantity FROM lots WHERE symbol = 'ACME'")
    assert ours["quantity"] == "50"
    [row] = taxes(house).rows
    assert (row.description, row.date_acquired, row.date_sold) == ("10 sh. ACME", "01/04/2007", "01/05/2007")
    assert (row.cost_basis, row.proceeds, row.code) == (Decimal("1000.00"), Decimal("1050.00"), "")


def test_the_returns_are_those_of_the_closing_equity(traded: House) -> None:
    with traded.ledger_alone() as desk:
        lines = returns_csv(report.run_over(desk, AskedPeriod(Period.ALL), no_prices())).splitlines()
    assert lines[0] == "date,equity,return,benchmark_return"
    first, second = (line.split(",") for line in lines[1:])
    assert (first[0], second[0]) == ("2007-01-05", "2007-01-08")
    assert float(second[2]) == pytest.approx(float(second[1]) / float(first[1]) - 1, abs=1e-9)
