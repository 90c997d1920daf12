"""Sessions of the embedded exchange beside their backtests: nothing differs, and what is disturbed is named."""

from __future__ import annotations

from datetime import date

from tests.fakes.prices import sessions
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import House, Script
from tradebot.core.results.diff_outcome import Cause, Compared, DiffLine, DiffOutcome
from tradebot.runtime.session_diff import diff_session

DAYS = sessions(12)


def on(*numbers: int) -> list[date]:
    return [DAYS[number] for number in numbers]


#: What is bought trails its best price, and has a target and an age.
SWING = Script(
    name="swing",
    symbols=("ACME", "BOLT", "CORD"),
    enter={"ACME": on(1, 8), "BOLT": on(1, 2, 6), "CORD": on(2)},
    leave={"CORD": on(7)},
    policy='stop=Decimal("0.04"), target=Decimal("0.06"), trail_trigger=Decimal("0.02"), trail_offset=Decimal("0.01")',
)
AGED = Script(
    name="aged",
    symbols=("DUNE", "EASE"),
    enter={"DUNE": on(1, 9), "EASE": on(3)},
    policy='stop=Decimal("0.05"), max_sessions=3',
)
PRICES = {
    "ACME": ["100 101 99 100", "100 103 99 102", "102 104 101 103", "103 104 100 101", "101 102 100 101"] * 2
    + ["101 102 90 92", "92 93 91 92"],
    "BOLT": ["50 51 49 50", "50 50 47 48", "48 50 48 49", "49 53 49 52", "40 41 39 40", "40 41 39 41"] * 2,
    "CORD": ["80 81 79 80"] * 4 + ["40 41 39 40"] * 8,
    "DUNE": ["60 61 59 60 2000"] * 12,
    "EASE": ["30 31 29 30"] * 12,
}
ACTIONS = [f"CORD,{DAYS[4]},split,2", f"EASE,{DAYS[5]},dividend,0.25"]
SETTINGS = {"PAPER_SLIPPAGE_PCT": "0.1%", "MAX_PORTFOLIO_RISK_PCT": "50%", "MAX_POSITIONS": "4"}


def a_house(make_house: MakeHouse) -> House:
    return make_house(SWING, AGED, prices=PRICES, actions=ACTIONS, settings=SETTINGS)


def a_day(house: House) -> None:
    house.daily()
    house.check_exits("15:45")
    house.reconcile("16:10")


def told(house: House, session: date | None = None) -> DiffOutcome:
    with house.desk() as desk:
        return diff_session(desk, session)


def differing(found: DiffOutcome) -> list[tuple[Compared, str, Cause | None]]:
    return [(line.compared, line.symbol, line.cause) for line in found.differences]


def test_the_embedded_exchange_does_what_the_backtest_says(make_house: MakeHouse) -> None:
    house = a_house(make_house)
    evenings, lines = [], list[DiffLine]()
    for _ in DAYS[1:-1]:
        a_day(house)
        found = told(house)
        evenings.append(found)
        lines += found.lines
        assert found.differences == (), found.session
        house.next()
    for each in evenings:
        assert set(told(house, each.session).lines) ^ set(each.lines) == set(), "and later, of the past"
    whats = {(line.live.what) for line in lines if line.live}
    assert {line.compared for line in lines} == set(Compared) - {Compared.RUN}
    assert {"sold: stop", "sold: target", "sold: trailing stop", "sold: signal", "sold: time"} <= whats, whats
