"""Three accounts that trade side by side in one ledger: each as in a ledger of its own."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.alpaca.process import Running, running
from tests.fakes.postgres import PostgresServer
from tests.long_form import long
from tests.stories.processes.played import KEYS, Played, new_york
from tradebot.market.calendar import NyseCalendar

FIRST = date(2007, 11, 1)
#: What may differ between two homes of one account: where they lie, how long it took, and when that was.
ELSEWHERE = frozenset({"home", "database", "logs", "timings", "known_heads", "heads", "started_wall", "ended_wall"})


class Traded:
    """A home that trades.

    ledger: the URL of the ledger that it shares; "" for one of its own.
    alpaca: the broker; None at the embedded exchange.
    """

    def __init__(
        self, folder: Path, ledger: str, alpaca: Running | None, exchange: Path | None, *, joins: bool = False
    ) -> None:
        folder.mkdir()
        self.machine = Played(folder)
        self.alpaca = alpaca
        lines = ["STRATEGIES=tsla_improved_strategy,momentum_rotation"]
        if ledger:
            lines.append(f"DATABASE_URL={ledger}")
        if alpaca is not None:
            self.machine.url = alpaca.url
            self.machine.settle_in(*lines)
        else:
            self.machine.env(f"PAPER_START={FIRST}", *lines)
        if exchange is not None:
            self.machine.exchange.parent.mkdir()
            shutil.copy(exchange, self.machine.exchange)
        self.do(new_york(FIRST, 8), "init-db", *(("--join",) if joins else ()))

    def trade(self, session: date) -> None:
        """Go through the day of a session."""
        if self.alpaca is None and session != FIRST:
            self.do(new_york(session, 9), "paper", "next")
        self.do(new_york(session, 9, 36), "run-daily")
        self.do(new_york(session, 15, 46), "check-exits")
        self.do(new_york(session, 16, 6), "reconcile")

    def told(self, last: date) -> dict[str, Any]:
        """What three commands tell after the last session, without what may differ."""
        commands = (("verify",), ("reconcile",), ("report", "--period", "all"))
        return {line[0]: self._without_places(self.do(new_york(last, 16, 30), *line)) for line in commands}

    def do(self, at: datetime, *line: str) -> str:
        """What a command tells that begins at a time. Times are told to the minute: a command takes a while."""
        if self.alpaca is None:  # whose clock is the exchange's
            ended = self.machine(*line, "--json")
        else:
            self.alpaca.go_to(at)
            ended = self.machine.at(at, *line, "--json")
        assert ended.code == 0, f"{at} {line}: {ended.out}{ended.err}"
        return re.sub(r"(T\d\d:\d\d):\d\d(\.\d+)?", r"\1", ended.out.replace(str(self.machine.folder), ""))

    def _without_places(self, text: str) -> Any:
        return json.loads(text, object_hook=lambda found: {k: v for k, v in found.items() if k not in ELSEWHERE})


def differences(one: Any, other: Any, where: str = "") -> Iterator[str]:
    """Where two JSON values differ."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        for name in one:
            yield from differences(one[name], other[name], f"{where}.{name}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, each in enumerate(one):
            yield from differences(each, other[number], f"{where}[{number}]")
    elif one != other:
        yield f"{where}: {one} and {other}"


@contextmanager
def the_same_account_twice(folder: Path) -> Iterator[tuple[Running, Running]]:
    """An account at Alpaca, played twice apart."""
    with ExitStack() as played:
        one, other = (
            played.enter_context(running(folder / name, "--start", FIRST.isoformat())) for name in ("one", "other")
        )
        for broker in (one, other):
            broker.terms(keys=KEYS)
        yield one, other


@pytest.mark.timeout(7200)  # the long form has 500 commands
@pytest.mark.parametrize(
    ("engine", "sessions", "with_alpaca"),
    [("sqlite", 1, False), ("postgres", 1, False), long("sqlite", 21, True), long("postgres", 21, True)],
)
def test_each_account_is_as_in_a_ledger_of_its_own(
    engine: str, sessions: int, with_alpaca: bool, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with ExitStack() as played:
        if engine == "postgres":
            server: PostgresServer = request.getfixturevalue("postgres")
            ledger = played.enter_context(server.copy_of()).url.reveal()
        else:
            ledger = f"sqlite:///{tmp_path / 'shared.db'}"
        at_alpaca = [played.enter_context(the_same_account_twice(tmp_path))] if with_alpaca else []
        compare([(None, None), (None, None), *at_alpaca], sessions, ledger, tmp_path)


def compare(brokers: Sequence[tuple[Running | None, Running | None]], sessions: int, ledger: str, folder: Path) -> None:
    days = NyseCalendar().between(FIRST, date(2008, 1, 31))[:sessions]
    alone = [Traded(folder / f"alone{number}", "", at, None) for number, (at, _) in enumerate(brokers)]
    shared = [
        Traded(
            folder / f"shared{number}",
            ledger,
            at,
            None if at else alone[number].machine.exchange,
            joins=number > 0,
        )
        for number, (_, at) in enumerate(brokers)
    ]
    for hours in days:
        for home in (*alone, *shared):
            home.trade(hours.session)
    for one, other in zip(alone, shared, strict=True):
        assert list(differences(one.told(days[-1].session), other.told(days[-1].session))) == []
