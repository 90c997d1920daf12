"""A month at Alpaca with entries and exits that fill in parts: the report's figures are those of a statement."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any

from tests.fakes.alpaca import Arrival, Fault
from tests.fakes.alpaca.client import broker_of
from tests.fakes.prices import sessions
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import Script
from tests.stories import independent
from tests.stories.real_account.at_alpaca import AtAlpaca, at_alpaca
from tradebot.core.model.orders import Purpose
from tradebot.core.model.schedule import Job
from tradebot.core.results.report_periods import AskedPeriod, Period
from tradebot.jobs import export, report
from tradebot.reports.daily_series import returns_by_month
from tradebot.reports.json_output import dumps
from tradebot.reports.statistics import by_key, statistics

DAYS = sessions(24)


def bars(start: int, steps: str) -> list[str]:
    """Bars around closes that go up by a dollar (+), down by one (-) or stand still (=)."""
    closes, made = start, []
    for step in steps.ljust(len(DAYS), "="):
        opening = closes
        closes += {"+": 1, "-": -1, "=": 0}[step]
        made.append(f"{opening} {max(opening, closes) + 1} {min(opening, closes) - 1} {closes}")
    return made


PRICES = {
    "ACME": bars(100, "==++++++====----===+++++"),
    "BOLT": bars(50, "==----====++++==--======"),
    "CORD": bars(80, "=====++++--====++++-----"),
}
ENTER = {"ACME": [DAYS[1], DAYS[12]], "BOLT": [DAYS[2], DAYS[11]], "CORD": [DAYS[6], DAYS[15]]}
LEAVE = {
    "ACME": [DAYS[8], DAYS[9], DAYS[10], DAYS[18], DAYS[19]],
    "BOLT": [DAYS[7], DAYS[8], DAYS[9], DAYS[16], DAYS[17], DAYS[18]],
    "CORD": [DAYS[12], DAYS[13], DAYS[14], DAYS[20], DAYS[21], DAYS[22]],
}
#: Slippage as the embedded exchange has it by default. Alpaca takes no commission.
COSTS = {"PAPER_SLIPPAGE_PCT": "0.05%"}


def fills_while_it_is_cancelled(account: AtAlpaca, shares: int) -> None:
    """Of an entry that filled in part, so many shares more fill while the job cancels the rest."""

    def fills(arrival: Arrival) -> Fault | None:
        if arrival.method == "DELETE":
            with account.exchange() as exchange, exchange.writing() as view:
                for entry in [order for order in view.book.live_orders() if order.role is Purpose.ENTRY]:
                    if entry.filled_quantity == account.fillable:
                        price = Decimal(PRICES[entry.symbol][DAYS.index(view.state.session)].split()[0])
                        view.book.fill(entry, Decimal(shares), price + 1, Decimal(0), view.booking_time)
        return None

    account.happens = fills


@contextmanager
def a_month(make_house: MakeHouse) -> Iterator[AtAlpaca]:
    script = Script(enter=ENTER, leave=LEAVE, policy='stop=Decimal("0.30")')
    house = make_house(script, prices=PRICES, settings={**COSTS, "MAX_PORTFOLIO_RISK_PCT": "50%"})
    with at_alpaca(house, fillable=10) as account:
        fills_while_it_is_cancelled(account, 15)
        for number in range(1, len(DAYS)):
            account.daily("09:35")
            account.run(Job.RECONCILE, "16:05")
            if number < len(DAYS) - 1:
                house.next()
        yield account


def reported(account: AtAlpaca) -> dict[str, Any]:
    """What `report --json` says of the whole account."""
    with account.house.desk("16:10") as desk:
        outcome = report.run(replace(desk, broker=broker_of(account.fake)), AskedPeriod(Period.ALL))
    names = ("totals", "by_strategy", "trades", "first", "bridge", "months", "unrealised", "unrealised_by_strategy")
    figures = {"statistics": by_key(statistics(outcome)), "monthly_returns": returns_by_month(outcome)}
    said = json.loads(dumps({**{name: getattr(outcome, name) for name in names}, **figures}))
    assert isinstance(said, dict)
    return said


def test_the_figures_of_a_month_with_partial_fills_are_those_of_the_raw_rows(make_house: MakeHouse) -> None:
    with a_month(make_house) as account:
        said = reported(account)
        ledger = account.house.database
        with account.house.ledger_alone() as alone:
            form = json.loads(dumps(export.tax(alone, 2007).rows))
    independent.compare_taxes(2007, form, ledger)
    trips = independent.round_trips(ledger)
    assert len(trips) == 6
    assert max(trip.fills for trip in trips) == 5
    independent.compare(said, ledger, base=Decimal(100_000))
    bridge = said["bridge"]
    assert (bridge["opening_equity"], bridge["not_explained"], bridge["notes"]) == ("100000", "0", [])
    assert Decimal(bridge["closing_equity"]) == list(independent.closing_equity(ledger).values())[-1]
    assert sum(lot.gain for lot in independent.tax_lots(ledger)) == independent.totals(trips)["pnl"]
