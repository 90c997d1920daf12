"""What a command prints before it acts."""

from __future__ import annotations

from tests.reports.builders import Plain
from tests.reports.conftest import Place
from tradebot.reports.run_header import home_opening, opening


def test_a_command_says_its_home_broker_and_account_first(place: Place, plain: Plain) -> None:
    lines = [line.split(maxsplit=1) for line in plain(opening(place)).splitlines() if line]
    assert lines == [["home", "/home/me/desk"], ["broker", "paper, paper mode"], ["account", "PAPER-0001"]]


def test_one_that_asks_no_broker_says_its_home_and_what_else_it_knows(place: Place, plain: Plain) -> None:
    lines = [
        line.split(maxsplit=1) for line in plain(home_opening(place.home, ("scheduler", "cron"))).splitlines() if line
    ]
    assert lines == [["home", "/home/me/desk"], ["scheduler", "cron"]]
