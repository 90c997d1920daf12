"""The kept closes of the S&P 500's fund are told without a request, and the file is left as it is."""

from __future__ import annotations

from pathlib import Path

from tests.brokers.robinhood.data.conftest import MONDAY, MORNING, Home
from tests.fakes.data_host import CALENDAR
from tradebot.brokers.robinhood.data.market_data import BARS_FILE
from tradebot.brokers.robinhood.data.stored_benchmark import stored_benchmark
from tradebot.settings.endpoints import Endpoint


def test_kept_closes_are_told_without_a_request(home: Home, tmp_path: Path) -> None:
    home().history(["KO"], 20, MORNING)
    (file,) = tmp_path.rglob(BARS_FILE)
    asked, content = len(home.host.asked), file.read_bytes()
    host = Endpoint(home.host.url, "ROBINHOOD_BASE_URL").host
    first = CALENDAR.previous(MONDAY).session
    assert [day for day, _ in stored_benchmark(file.parent, host, CALENDAR, first, MONDAY)] == [first, MONDAY]
    assert stored_benchmark(file.parent, "elsewhere", CALENDAR, first, MONDAY) == ()
    assert (len(home.host.asked), file.read_bytes()) == (asked, content)
