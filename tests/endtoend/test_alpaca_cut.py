"""The network to Alpaca goes in the middle of a command: it ends, says what is known and what is not, and the next run
settles it.

The commands run in this process, where no pause need be waited for; everything else is as cron finds it.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.endtoend.played import KEYS, Played, differences, new_york
from tests.fakes.alpaca import Arrival, FakeAlpaca, Fault, Kind, Terms
from tests.fakes.alpaca.times import go_to
from tradebot.__main__ import main
from tradebot.brokers.paper import ExchangeRules, PaperExchange
from tradebot.market.calendar import NyseCalendar
from tradebot.market.pricefile import PriceFile

#: A session on which the shipped strategies buy three symbols.
DAY = date(2006, 11, 2)
MORNING, LATER, EVENING = new_york(DAY, 9, 35), new_york(DAY, 10, 5), new_york(DAY, 16, 5)


@dataclass
class Network:
    """The line to the broker: it is cut at a request, which is lost, or arrives and its answer is lost."""

    method: str = ""  # "" for any
    let_through: int = -1  # so many of them; -1 for all
    arrives: bool = False
    is_cut: bool = False

    def __call__(self, arrival: Arrival) -> Fault | None:
        if self.is_cut:
            return Fault(Kind.RESET_BEFORE)
        if self.let_through < 0 or self.method not in ("", arrival.method):
            return None
        self.let_through -= 1
        self.is_cut = self.let_through < 0
        return Fault(Kind.RESET_AFTER if self.arrives else Kind.RESET_BEFORE) if self.is_cut else None

    def mend(self) -> None:
        self.is_cut, self.let_through = False, -1


@dataclass
class Desk:
    """A home at a played Alpaca, and the hands that type commands there."""

    machine: Played
    exchange: Path
    alpaca: FakeAlpaca
    network: Network
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]
    slept: list[float] = field(default_factory=list)

    def run(self, at: datetime, *command: str) -> tuple[int, dict[str, Any], str]:
        """The exit code, the JSON object and what was said on standard error."""
        with opened(self.exchange) as exchange:
            go_to(exchange, at)
        for name, value in self.machine.environment(TRADEBOT_NOW=at.isoformat()).items():
            self.monkeypatch.setenv(name, value)
        code = main([*command, "--json"])
        said = self.capsys.readouterr()
        return code, json.loads(said.out), said.err


@contextmanager
def opened(file: Path) -> Iterator[PaperExchange]:
    exchange = PaperExchange.open(file, PriceFile(None, None), NyseCalendar(), ExchangeRules(), durable=False)
    try:
        yield exchange
    finally:
        exchange.close()


@pytest.fixture
def desk(
    tmp_path: Path, made: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Desk]:
    """A desk whose home was made and has not traded."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    with serving(tmp_path, monkeypatch, capsys) as desk:
        yield desk


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an exchange, to be copied, not used."""
    folder = tmp_path_factory.mktemp("made")
    PaperExchange.create(
        folder / "exchange.db", PriceFile(None, None), NyseCalendar(), ExchangeRules(start=DAY), durable=False
    ).close()
    return folder


@contextmanager
def serving(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    network, file = Network(), folder / "exchange.db"
    with FakeAlpaca(lambda: opened(file), terms=Terms(keys=KEYS), on_request=network) as alpaca:
        machine = Played(folder)
        machine.url = alpaca.url
        machine.settle_in("STRATEGIES=rsi2_mean_reversion,momentum_rotation", "EMERGENCY_SHUTDOWN_TIMEOUT=20")
        desk = Desk(machine, file, alpaca, network, monkeypatch, capsys)
        monkeypatch.chdir(folder)
        monkeypatch.setattr(time, "sleep", desk.slept.append)
        yield desk


def the_next_run_settles(desk: Desk) -> None:
    """Whatever was going on: after the network is back, nothing is missing, nothing is twice, nothing is bare."""
    desk.network.mend()
    code, said, words = desk.run(LATER, "run-daily")
    assert code == 0, words or said
    code, said, words = desk.run(LATER, "check-exits")
    assert (code, said["unprotected"]) == (0, "0"), words or said
    code, said, _ = desk.run(EVENING, "reconcile")
    assert (code, said["breaks"]) == (0, []), said
    assert desk.run(EVENING, "verify")[0] == 0
    assert list(differences(desk.machine.home, desk.exchange)) == []


@pytest.mark.parametrize(("let_through", "arrives"), [(0, False), (1, True), (2, True)])
def test_while_orders_are_sent(let_through: int, arrives: bool, desk: Desk) -> None:
    assert desk.run(MORNING, "init-db")[0] == 0
    desk.network.method, desk.network.let_through, desk.network.arrives = "POST", let_through, arrives
    code, said, words = desk.run(MORNING, "run-daily")
    assert code == 6
    told = " ".join(words.split())
    assert "not known: what became of entry: buy" in told
    assert told.count("(tb1-") == 3 - let_through, "the others are known to be at the broker"
    assert "the next run asks the broker for all of this first" in told
    assert said["notes"][0].startswith("not known: what became of entry")
    the_next_run_settles(desk)


@pytest.mark.parametrize("let_through", [0, 7])
def test_before_any_order_is_sent(let_through: int, desk: Desk) -> None:
    assert desk.run(MORNING, "init-db")[0] == 0
    desk.network.let_through = let_through
    code, _, words = desk.run(MORNING, "run-daily")
    assert code == 6
    assert "hung up" in words
    the_next_run_settles(desk)


@pytest.mark.parametrize(
    ("command", "let_through"),
    [
        ("preflight", 4),
        ("check-exits", 6),
        ("reconcile", 4),
        ("report", 2),
        ("status", 4),
        ("explain AAPL", 1),
        ("incident", 2),
        ("rebuild --yes", 5),
        ("init-db", 0),
    ],
)
def test_in_the_middle_of_a_command_that_sends_nothing(command: str, let_through: int, desk: Desk) -> None:
    assert desk.run(MORNING, "run-daily")[0] == 0
    desk.network.let_through = let_through
    code, said, words = desk.run(LATER, *command.split())
    assert code in (5, 6), said
    assert "hung up" in words + json.dumps(said)
    desk.network.mend()
    assert desk.run(LATER, *command.split())[0] == 0
    the_next_run_settles(desk)


@pytest.mark.parametrize("let_through", [0, 2])
def test_in_the_middle_of_an_emergency_stop(let_through: int, desk: Desk) -> None:
    """What was cancelled stays so; what is open is said to be, and the next stop closes it."""
    assert desk.run(MORNING, "run-daily")[0] == 0
    desk.network.method, desk.network.let_through = "DELETE", let_through
    code, said, _ = desk.run(LATER, "emergency-stop", "--close-positions")
    assert code == 9
    assert (said["still_open_positions"], said["open_dollars"]) == (None, None), "nobody knows"
    assert "hung up" in json.dumps(said["failures"])
    assert sum(desk.slept) < 60
    desk.network.mend()
    assert desk.run(LATER, "emergency-stop", "--close-positions")[0] == 0
    assert desk.run(LATER, "resume", "--reason", "the network is back", "--yes")[0] == 0
    code, said, _ = desk.run(EVENING, "reconcile")
    assert (code, said["breaks"]) == (0, [])
    assert list(differences(desk.machine.home, desk.exchange)) == []


def test_in_the_middle_of_resuming_the_halt_stays(desk: Desk) -> None:
    assert desk.run(MORNING, "run-daily")[0] == 0
    assert desk.run(MORNING, "halt", "--reason", "a look at it")[0] == 0
    desk.network.let_through = 4
    assert desk.run(LATER, "resume", "--reason", "looked", "--yes")[0] in (4, 5, 6)
    desk.network.mend()
    assert desk.run(LATER, "check-exits")[0] == 4
    assert desk.run(LATER, "resume", "--reason", "looked", "--yes")[0] == 0
    the_next_run_settles(desk)
