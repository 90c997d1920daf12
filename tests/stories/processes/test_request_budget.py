"""How many requests run-daily makes at Alpaca: few, and no more for many symbols, since others spend of the same
allowance. `python scripts/bench/request_count.py` counts them for 500 symbols.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from time import monotonic

import pytest

from tests.fakes.cli import tradebot
from tests.stories.processes.wide import ENTERED, MONDAY, TUESDAY, WideHome, wide_home
from tradebot.runtime.alpaca import FRESH_FOR

ORDER = "POST /v2/orders"
SYMBOLS = 60
#: Besides one request for each order.
COLD, WARM = 40, 15


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WideHome]:
    with wide_home(tmp_path_factory.mktemp("wide"), SYMBOLS) as made:
        yield made


def traded(home: WideHome, session: date) -> tuple[Counter[str], int]:
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
    assert counted[ORDER] == ENTERED, counted
    return counted, 2 * int((monotonic() - began) / FRESH_FOR.total_seconds())


def test_on_a_cold_cache_and_on_a_warm_one(home: WideHome) -> None:
    cold, again = traded(home, MONDAY)
    assert cold.total() - ENTERED <= COLD - 12 + again, cold  # 500 symbols have twelve pages of bars more
    warm, again = traded(home, TUESDAY)
    assert warm.total() - ENTERED <= WARM + again, warm
    assert warm["GET /v2/stocks/bars"] == 1, "what is new of 60 symbols, and what was there before, fits on one page"
