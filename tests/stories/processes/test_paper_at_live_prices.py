"""Paper trading at live prices as processes: several at one time share one account, and `tradebot paper` shows it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.cli import Process, environment, start, tradebot
from tests.fakes.prices import sessions
from tests.jobs.house import Script
from tests.stories.paper_home import FIRST, PaperHome, paper_home
from tests.stories.processes.conftest import ending
from tradebot.brokers.paper.store import Store
from tradebot.core.model.account import Fill
from tradebot.home import paths

SCRIPT = Script(enter={"ACME": [sessions(2, FIRST)[1]]})
#: What the settings of a home without a name of its login are; see ``canary.secrets``.
_NO_LOGIN = {"ROBINHOOD_USERNAME": "", "ROBINHOOD_PASSWORD": "", "ROBINHOOD_MFA_SECRET": "", "ROBINHOOD_ACCOUNT": ""}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PaperHome]:
    """A home at 09:35 of a day whose low is below any stop."""
    with paper_home(tmp_path, monkeypatch, ["100 101 85 99"], SCRIPT) as home:
        home.at(1, "09:35")
        yield home


def environ(home: PaperHome) -> dict[str, str]:
    return {**_NO_LOGIN, "ROBINHOOD_BASE_URL": home.fake.url, "TRADEBOT_NOW": home.now.isoformat()}


def begin(home: PaperHome, *arguments: str) -> Process:
    whole = environment(home.home.parent / "user", environ(home))
    return start("tradebot", *arguments, "--home", home.home, cwd=home.home, env=whole)


def test_jobs_and_looks_at_one_time_book_each_fill_once(home: PaperHome) -> None:
    for clock, job in (("09:35", "run-daily"), ("15:45", "check-exits")):
        home.at(1, clock)
        commands = [(job,), ("positions",), ("status",), ("paper", "status")]
        processes = [begin(home, *command) for command in commands]
        codes = [ending(process, *command).code for process, command in zip(processes, commands, strict=True)]
        assert codes[0] == 0
        assert {*codes[1:]} <= {0, 8}, codes  # `paper status` waits for no lock
    store = Store(paths.live_exchange_file(home.home, "robinhood"))
    with store.transaction(writes=False):
        fills = [each for each in store.activities(0) if isinstance(each, Fill)]
    store.close()
    assert [f"{each.side} {each.price:f}" for each in fills] == ["buy 100", "sell 90"]
    assert home.fake.order_posts == 0


def test_paper_commands_show_and_reset_the_account_and_begin_no_session(home: PaperHome) -> None:
    def run(*arguments: str) -> dict[str, object]:
        state = home.home.parent / "user"
        ended = tradebot(*arguments, "--json", "--home", home.home, state=state, cwd=home.home, environ=environ(home))
        found: dict[str, object] = ended.json
        return {**found, "code": ended.code}

    shown = run("paper", "status")
    assert (shown["code"], shown["broker"]) == (0, "robinhood")
    refused = run("paper", "next")
    assert refused["code"] == 3
    assert "follows the wall clock" in str(refused)
    shown_id = re.findall("PAPER-[A-Z2-7]{8}", str(shown["exchange"]))
    assert re.findall("PAPER-[A-Z2-7]{8}", str(run("paper", "reset", "--yes")["exchange"])) != shown_id
