"""How many requests run-daily makes: few, and no more for many symbols, since others spend of the same allowance.

`python scripts/bench/request_count.py` counts them for 50 and 500 symbols, with --broker robinhood there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from time import monotonic

import pytest

from tests.fakes.cli import tradebot
from tests.stories.processes.wide import ENTERED, MONDAY, TUESDAY, WideHome, wide_home
from tradebot.runtime.alpaca import FRESH_FOR

ORDER, ORDER_AT_ROBINHOOD = "POST /v2/orders", "POST /orders/"
SYMBOLS, SYMBOLS_AT_ROBINHOOD = 60, 50
#: Besides one request for each order.
COLD, WARM = 40, 15
#: At Robinhood, besides four for each entry: it and its stop, and a read of each until it has filled and rests.
COLD_AT_ROBINHOOD = 42


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WideHome]:
    with wide_home(tmp_path_factory.mktemp("wide"), SYMBOLS) as made:
        yield made


def traded(home: WideHome, session: date, order: str = ORDER, count: int = ENTERED) -> tuple[Counter[str], int]:
    """The requests of run-daily by route, and how many of them a slow machine may have made again.

    The account and the prices are asked for again when the last answer has become too old, wherever the time went.
    """
    home.open(session)
    began = monotonic()
    with home.counting() as counted:
        ended = tradebot(
            "run-daily", "--home", home.home, state=home.home.parent, cwd=home.home, environ=home.environment
        )
    assert ended.code == 0, ended.out + ended.err
    assert counted[order] == count, counted
    return counted, 2 * int((monotonic() - began) / FRESH_FOR.total_seconds())


def test_on_a_cold_cache_and_on_a_warm_one(home: WideHome) -> None:
    cold, again = traded(home, MONDAY)
    assert cold.total() - ENTERED <= COLD - 12 + again, cold  # 500 symbols have twelve pages of bars more
    warm, again = traded(home, TUESDAY)
    assert warm.total() - ENTERED <= WARM + again, warm
    assert warm["GET /v2/stocks/bars"] == 1, "what is new of 60 symbols, and what was there before, fits on one page"


def test_at_robinhood_each_entry_takes_four_and_symbols_none(tmp_path: Path) -> None:
    with wide_home(tmp_path, SYMBOLS_AT_ROBINHOOD, "robinhood") as home:
        counted, again = traded(home, MONDAY, ORDER_AT_ROBINHOOD, 2 * ENTERED)
    assert counted["GET /orders/{id}/"] == 2 * ENTERED, counted
    assert counted.total() - 4 * ENTERED <= COLD_AT_ROBINHOOD + again, counted
    assert counted["GET /instruments/"] <= 2, "fifty symbols are resolved at once"
