"""The report of replayed years says what an independent program works out from the raw rows."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from tests.long_form import long
from tests.stories import independent
from tests.stories.processes.conftest import Machine
from tradebot.core.accounting.form_8949 import tax_year
from tradebot.ledger.database import open_database
from tradebot.reports.json_output import dumps


def test_the_figures_of_years_are_those_of_the_raw_rows(replayed_years: Machine) -> None:
    replay = json.loads((replayed_years.folder / "said.json").read_text())
    said = {**replay["report"], "statistics": replay["statistics"], "monthly_returns": replay["monthly_returns"]}
    independent.compare(said, replayed_years.ledger, base=Decimal(100_000))


def test_the_change_of_years_is_explained_to_the_cent(replayed_years: Machine) -> None:
    bridge = json.loads((replayed_years.folder / "said.json").read_text())["report"]["bridge"]
    assert (bridge["not_explained"], bridge["notes"]) == ("0", [])
    assert bridge["is_closing_close"] is True


@pytest.mark.parametrize("year", [2007, long(2008), long(2009)])
def test_the_taxes_of_a_year_are_those_of_the_raw_rows(replayed_years: Machine, year: int) -> None:
    database = open_database(replayed_years.ledger, create=False)
    (key,) = {row["history"] for row in independent.rows(replayed_years.ledger, "accounts", "account_key")}
    form = json.loads(dumps(tax_year(database.bind(key).history.booked(), year, None).rows))
    database.close()
    assert form
    independent.compare_taxes(year, form, replayed_years.ledger)


def test_tax_lots_and_round_trips_of_a_long_account_earn_the_same(replayed_years: Machine) -> None:
    """What is still open at the end is in neither."""
    lots = independent.tax_lots(replayed_years.ledger)
    trips = independent.round_trips(replayed_years.ledger)
    assert sum(lot.gain for lot in lots) == pytest.approx(independent.totals(trips)["pnl"])
