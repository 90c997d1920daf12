"""Where an account begins on the embedded exchange, and what is said of history and symbols that are not there."""

from __future__ import annotations

from datetime import date

from tests.jobs.conftest import MakeHouse
from tests.jobs.house import FLAT, House
from tradebot.core.results.outcomes import FailureLine
from tradebot.errors import ExitCode

RSI2 = {"STRATEGIES": "rsi2_mean_reversion", "PAPER_START": ""}  # its warm-up is 220 sessions


def standing(house: House) -> date:
    with house.exchange() as exchange:
        return exchange.session()


def test_own_prices_begin_with_the_warm_up_behind_them(make_house: MakeHouse) -> None:
    house = make_house(prices={"ACME": [FLAT] * 225}, settings={**RSI2, "SYMBOLS": "ACME"})
    assert standing(house) == house.days[220]
    outcome = house.daily()
    notes = ("missed: 2007-11-15 preflight", "opening statement of 2007-11-15: cash 100,000.00")
    assert (outcome.exit_code, outcome.notes, outcome.failures) == (ExitCode.OK, notes, ())


def test_own_prices_that_are_too_few_warm_up_and_nothing_has_failed(make_house: MakeHouse) -> None:
    house = make_house(prices={"ACME": [FLAT] * 9}, settings={**RSI2, "SYMBOLS": "ACME"})
    assert standing(house) == house.days[0]
    for behind in range(3):
        outcome = house.daily()
        assert (outcome.exit_code, outcome.failures) == (ExitCode.OK, ())
        assert outcome.notes[-1] == f"rsi2_mean_reversion is warming up: {behind} of 220 sessions"
        house.next()


def test_symbols_of_the_manifests_that_own_prices_lack_are_named(make_house: MakeHouse) -> None:
    outcome = make_house(prices={"IBM": [FLAT] * 9}, settings=RSI2).daily()
    assert outcome.failures == (FailureLine("symbols", "AAPL, GOOG, MSFT have no bars in PAPER_DATA; set SYMBOLS"),)
    assert outcome.exit_code is ExitCode.DEGRADED


def test_a_symbol_that_the_bundled_prices_lack_is_named(make_house: MakeHouse) -> None:
    outcome = make_house(bundled=3, settings={**RSI2, "SYMBOLS": "TSLA"}).daily()
    assert outcome.failures == (FailureLine("symbols", "TSLA has no bars in the bundled prices; set SYMBOLS"),)
    assert outcome.exit_code is ExitCode.DEGRADED


def test_a_symbol_that_is_listed_later_is_no_failure(make_house: MakeHouse) -> None:
    assert make_house(bundled=3, settings={**RSI2, "SYMBOLS": "FB"}).daily().exit_code is ExitCode.OK
