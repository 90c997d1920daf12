"""The ways in which a halt is latched."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from tests.jobs.conftest import MakeHouse
from tests.jobs.house import FLAT, House, Script
from tradebot.core.model.halts import Halt, HaltLevel, HaltRule, HaltSource, distinct
from tradebot.core.results.outcomes import Outcome
from tradebot.home import paths
from tradebot.home.halt_file import LatchFile

SECOND, THIRD, FOURTH = date(2007, 1, 4), date(2007, 1, 5), date(2007, 1, 8)
BY_HAND = Halt(
    HaltSource.LATCH_FILE, HaltRule.OPERATOR, HaltLevel.HALTED, "a drill", since=datetime(2007, 1, 4, tzinfo=UTC)
)


def latch_path(house: House) -> Path:
    return paths.latch_file(house.home)


def by_environment(house: House) -> None:
    house.set(EMERGENCY_STOP_ENABLED="true")


def by_latch_file(house: House) -> None:
    LatchFile(latch_path(house)).set(BY_HAND)


def by_damaged_latch_file(house: House) -> None:
    latch_path(house).write_bytes(b"\x00\xff half a lin")


def by_ledger(house: House) -> None:
    with house.desk() as desk:
        desk.ledger.halts_and_breaks.latch(BY_HAND, desk.clock.now())


def by_ledger_reducing(house: House) -> None:
    with house.desk() as desk:
        reducing = Halt(HaltSource.LEDGER, HaltRule.OPERATOR, HaltLevel.REDUCING, "exits only")
        desk.ledger.halts_and_breaks.latch(reducing, desk.clock.now())


FIVE_PERCENT_A_TRADE = {"RISK_PER_TRADE_PCT": "5%", "MAX_PORTFOLIO_RISK_PCT": "20%"}


def losing(make_house: MakeHouse, *bars: str, **settings: str) -> House:
    """A home that has bought 100 ACME at 100; BOLT is to be entered on the third session and the fourth."""
    script = Script(enter={"ACME": [SECOND], "BOLT": [THIRD, FOURTH]}, policy='stop=Decimal("0.50")')
    prices = {"ACME": [FLAT, FLAT, *bars], "BOLT": [FLAT] * 6}
    house = make_house(script, prices=prices, settings={**FIVE_PERCENT_A_TRADE, **settings})
    house.daily()
    assert house.positions()["ACME"].quantity == 100
    return house


def rules(outcome: Outcome) -> list[HaltRule]:
    return [same[0].rule for same in distinct(outcome.halts)]


def drawn_down(make_house: MakeHouse, *bars: str) -> House:
    """The same, with a halt 2 % below the peak of 101,000 USD that the first session sees, and a lax limit by day."""
    house = losing(make_house, "100 110 99 110", *bars, EMERGENCY_STOP_LOSS_PCT="2%", DAILY_LOSS_LIMIT_PCT="50%")
    house.next()
    house.daily()
    house.check_exits()
    with house.desk() as desk:
        assert desk.ledger.books.peak() == 101_000
    house.next()
    return house


FALLS = "89.80 90 89 89.80"  # 90,000 + 100 x 89.80 = 98,980 USD, 2,020 USD below the peak, 2% of it
