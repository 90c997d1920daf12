"""A home with a live account beside the paper one: a halt of one is not the other's to clear."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.alpaca import SECRET_KEY, FakeAlpaca, Terms
from tests.fakes.cli import Ended, tradebot
from tradebot.brokers.paper import ExchangeRules, PaperExchange
from tradebot.core.model.exchange_time import new_york_instant
from tradebot.home import paths
from tradebot.market.calendar import NyseCalendar
from tradebot.market.price_file import PriceFile

#: A key as Alpaca gives it for a live account.
LIVE_KEY = "AKLIVEXXXXXXXXXXXXXX"
#: The time at the live account.
MORNING = new_york_instant(date(2006, 11, 2), time(10))


@dataclass
class Both:
    """A home, and commands in it at either account."""

    home: Path
    run: Callable[..., Ended]
    url: str

    def paper(self, *command: str) -> Ended:
        return self.run(*command, "--json", "--home", self.home)

    def live(self, *command: str) -> Ended:
        environ = {
            "BROKER": "alpaca",
            "TRADING_MODE": "live",
            "LIVE_TRADING_ENABLED": "true",
            "ALPACA_API_KEY": LIVE_KEY,
            "ALPACA_SECRET_KEY": SECRET_KEY,
            "ALPACA_BASE_URL": self.url,
            "ALPACA_DATA_URL": self.url,
            "EMERGENCY_SHUTDOWN_TIMEOUT": "5",
            "TRADEBOT_NOW": MORNING.isoformat(),
        }
        return self.run(*command, "--json", "--home", self.home, environ=environ)

    def halts(self, at: Callable[..., Ended]) -> list[dict[str, Any]]:
        """The halts that status shows, each once."""
        return [halt for halt in at("status").json["halts"] if halt["source"] == "latch_file"]


@pytest.fixture
def both(traded_home: Path, tmp_path: Path) -> Iterator[Both]:
    file, prices = tmp_path / "live.db", PriceFile(None, None)
    rules = ExchangeRules(start=date(2006, 11, 2))
    exchange = PaperExchange.create(file, prices, NyseCalendar(), rules, durable=False)
    exchange.advance_to(MORNING)
    exchange.close()

    @contextmanager
    def opened() -> Iterator[PaperExchange]:
        exchange = PaperExchange.open(file, prices, NyseCalendar(), ExchangeRules(), durable=False)
        try:
            yield exchange
        finally:
            exchange.close()

    home = shutil.copytree(traded_home, tmp_path / "home")
    run = partial(tradebot, state=tmp_path / "state", cwd=tmp_path)
    with FakeAlpaca(opened, terms=Terms(keys=(LIVE_KEY, SECRET_KEY))) as fake:
        yield Both(home, run, fake.url)


def test_an_emergency_stop_of_the_live_account_outlasts_all_that_paper_does(both: Both) -> None:
    assert both.live("reconcile").code == 0
    stopped = both.live("emergency-stop")
    assert stopped.code == 0, stopped.err
    (halt,) = both.halts(both.live)
    assert halt["account"].startswith("alpaca:live:")
    assert both.halts(both.paper) == []

    assert both.paper("replay", "--sessions", "1", "--on-halt", "resume").code == 0
    assert both.paper("resume", "--reason", "paper is fine", "--yes").code == 0
    assert both.halts(both.live) == [halt]
    assert both.live("check-exits").code == 4

    assert both.live("resume", "--reason", "live is fine", "--yes").code == 0
    assert both.halts(both.live) == []


@pytest.mark.parametrize("content", ["", "stop!\n"])
def test_a_halt_without_an_account_holds_for_all_and_each_clears_its_own(both: Both, content: str) -> None:
    assert both.live("reconcile").code == 0
    paths.latch_file(both.home).write_text(content)
    assert [halt["account"] for halt in (*both.halts(both.paper), *both.halts(both.live))] == ["", ""]

    assert both.paper("resume", "--reason", "paper is fine", "--yes").code == 0
    assert both.halts(both.paper) == []
    (halt,) = both.halts(both.live)
    assert (halt["account"].partition(":")[0], halt["rule"]) == ("alpaca", "unreadable")
    assert both.live("check-exits").code == 4
    assert both.live("resume", "--reason", "live is fine", "--yes").code == 0
    assert not paths.latch_file(both.home).exists()


def test_a_halt_by_hand_is_for_the_account_of_the_settings(both: Both) -> None:
    assert both.live("reconcile").code == 0
    halted = both.paper("halt", "--symbol", "AAPL", "--reason", "earnings")
    assert halted.json["halt"]["account"].startswith("paper:paper:")
    assert both.halts(both.live) == []

    assert both.paper("halt", "--reason", "travelling").code == 0
    assert both.paper("paper", "reset", "--yes").code == 0
    assert [halt["reason"] for halt in both.halts(both.paper)] == ["earnings", "travelling"]
