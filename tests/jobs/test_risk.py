"""risk: the figures that the circuit breakers compare, each against its limit, now and as they were known last."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from tests.jobs.conftest import MakeHouse
from tests.jobs.house import FLAT, House, Script
from tradebot.core.results.risk_outcome import RiskOutcome
from tradebot.jobs import risk
from tradebot.reports.layout import Page, Table
from tradebot.reports.pages.risk import risk_page

SECOND = date(2007, 1, 4)


def holding_two(make_house: MakeHouse) -> House:
    """A home of 100,000 USD that has bought ACME and BOLT at 100 USD, each with a stop 10 USD below."""
    script = Script(enter={"ACME": [SECOND], "BOLT": [SECOND]}, policy='stop=Decimal("0.10")')
    settings = {"PROBATION_SESSIONS": "0", "RISK_PER_TRADE_PCT": "1%", "MAX_ORDER_VALUE": "5000"}
    house = make_house(script, prices={"ACME": [FLAT] * 6, "BOLT": [FLAT] * 6}, settings=settings)
    house.daily()
    return house


def used(found: RiskOutcome) -> dict[str, tuple[Decimal, Decimal, Decimal]]:
    return {line.setting: (line.value, line.limit, line.share) for line in found.limits_used}


def cells(page: Page, first: str) -> list[tuple[str, ...]]:
    """The rows of the table whose first column has this name, as texts."""
    (found,) = (block for block in page if isinstance(block, Table) and block.columns[0].name == first)
    return [tuple(cell if isinstance(cell, str) else cell.text for cell in row) for row in found.rows]


def test_each_limit_has_its_use_and_the_account_what_it_has_at_stake(make_house: MakeHouse) -> None:
    house = holding_two(make_house)
    with house.desk() as desk:
        found = risk.run(desk)
    each = used(found)
    assert each["MAX_POSITIONS"] == (Decimal(2), Decimal(10), Decimal("0.2"))
    assert each["MAX_GROSS_EXPOSURE_PCT"][0] == found.gross_exposure / Decimal(100_000) == Decimal("0.1")
    assert each["MAX_PORTFOLIO_RISK_PCT"][0] == found.lost_at_stops / Decimal(100_000) == Decimal("0.01")
    assert list(each) == sorted(each, key=lambda name: (-each[name][2], name)), "the most used first"
    assert [(line.symbol, line.gross_exposure, line.share) for line in found.symbols] == [
        ("ACME", Decimal(5000), Decimal("0.5")),
        ("BOLT", Decimal(5000), Decimal("0.5")),
    ]
    assert (found.concentration, found.unprotected) == (Decimal("0.5"), Decimal(0))
    assert (found.known_at, found.trouble) == (None, "")
    page = risk_page(found)
    assert ("MAX_POSITIONS", "2", "10", "20%") in cells(page, "limit")
    assert cells(page, "symbol")[0] == ("ACME", "5,000.00", "50.0%", "500.00")


def test_what_was_known_last_says_when_it_was_so(make_house: MakeHouse) -> None:
    house = holding_two(make_house)
    with house.ledger_alone() as desk:
        found = risk.recall(desk)
    assert found.known_at is not None
    assert found.gross_exposure == 10_000
    assert found.lost_at_stops == 1_000
    assert found.equity == 100_000
    assert used(found)["MAX_POSITIONS"][0] == 2
    with make_house().ledger_alone() as fresh:
        nothing = risk.recall(fresh)
    assert nothing.session is None
    assert nothing.limits_used == ()
    assert nothing.concentration == 0
    assert "no job has looked at the account yet" in str(risk_page(nothing))
