"""Somebody looks at a home at a played Alpaca: how often the broker is asked, and what is left behind."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.stories.processes.test_alpaca import LATER, MORNING, Desk
from tradebot.core.results.listings import Selection
from tradebot.core.results.position_lines import PositionLine
from tradebot.errors import ExitCode
from tradebot.settings import GlobalOptions
from tradebot.web.reads import HomeReads

CLIENTS = 50


def files_of(home: Path) -> Mapping[str, str]:
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in home.rglob("*") if path.is_file()}


def test_fifty_clients_ask_the_broker_once_and_see_the_last_look_when_it_is_gone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert desk.run(MORNING, "run-daily")[0] == 0
    monkeypatch.setenv("TRADEBOT_NOW", LATER.isoformat())
    home = desk.machine.home
    looked_at = HomeReads(GlobalOptions(home), desk.machine.environment(TRADEBOT_NOW=LATER.isoformat()))
    before, asked = files_of(home), len(desk.alpaca.requests)

    def look(number: int) -> tuple[PositionLine, ...]:
        everything = (
            looked_at.status, looked_at.account, looked_at.risk, looked_at.health, looked_at.jobs,
            lambda: looked_at.orders(Selection()), lambda: looked_at.fills(Selection()),
        )  # fmt: skip
        for read in everything[number % 7 :] + everything[: number % 7]:
            assert read().value is not None
        listed = looked_at.positions(Selection()).value
        assert listed is not None and listed.known_at is not None and listed.trouble == ""
        return listed.rows

    with ThreadPoolExecutor(CLIENTS) as clients:
        seen = list(clients.map(look, range(CLIENTS)))
    assert {tuple(line.symbol for line in rows) for rows in seen} == {("AAPL", "GOOG", "MSFT")}
    paths = Counter(request.path.partition("?")[0] for request in desk.alpaca.requests[asked:])
    assert paths["/v2/positions"] == 1
    assert max(paths.values()) <= 2, paths  # the account is asked for to be told from another one, and to be measured
    assert {request.method for request in desk.alpaca.requests[asked:]} == {"GET"}
    assert files_of(home) == before

    desk.network.is_cut = True
    looked_at.look_again()
    deadline = time.monotonic() + 60
    while not (status := looked_at.status()).code and time.monotonic() < deadline:
        time.sleep(0.05)
    assert status.code is ExitCode.BROKER
    assert status.value is not None and status.value.trouble
    assert [line.symbol for line in status.value.positions] == ["AAPL", "GOOG", "MSFT"]
    assert files_of(home) == before
