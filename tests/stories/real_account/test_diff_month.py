"""A month at Alpaca, each session beside its backtest: what trading brings is explained, and what is wrong is named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

import pytest

from tests.fakes.alpaca.client import broker_of
from tests.fakes.orders import Requests
from tests.fakes.prices import sessions
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import FLAT, House, Script
from tests.long_form import long
from tests.stories.real_account.at_alpaca import AtAlpaca, at_alpaca
from tradebot.brokers.paper.market_data import PaperMarket
from tradebot.core.model.account import MarketClock
from tradebot.core.model.schedule import Job
from tradebot.core.results.diff_outcome import Cause, Compared
from tradebot.core.results.diff_run import DiffRun
from tradebot.errors import ExitCode
from tradebot.jobs import diff, resume
from tradebot.runtime.paper_exchange import prices_of
from tradebot.runtime.session_diff import diff_session
from tradebot.strategy_api import History

#: The last session of the short form, and of the month.
WEEK, MONTH = 7, 22
DAYS = sessions(MONTH + 2)
SETTINGS = {"PAPER_SLIPPAGE_PCT": "0.05%", "MAX_PORTFOLIO_RISK_PCT": "50%", "MAX_POSITIONS": "8"}
#: By the number of the session: those in which a symbol is entered, and left by signal.
ENTER = {"ACME": [1, 9, 15], "BOLT": [2, 11], "CORD": [3, 12, 18], "DUNE": [4, 5, 16]}
LEAVE = {"ACME": [5, 13, 20], "CORD": [7, 16]}
#: The session in which a person halts, who resumes in the evening.
HALTED = 4


def bars(start: int, steps: str) -> list[str]:
    """Bars around closes that go up by a dollar (+), down by one (-) or stand still (=), over and over."""
    closes, made = start, []
    for step in (steps * len(DAYS))[: len(DAYS)]:
        opening = closes
        closes += {"+": 1, "-": -1, "=": 0}[step]
        made.append(f"{opening} {max(opening, closes) + 1} {min(opening, closes) - 1} {closes}")
    return made


PRICES = {
    "ACME": bars(100, "++-+=+--"),
    "BOLT": bars(50, "==----=++++"),  # whose stop fills in session 3
    "CORD": bars(80, "+=+++-"),  # whose target fills
    "DUNE": bars(60, "-+=="),
}


def on(numbers: Mapping[str, Sequence[int]]) -> dict[str, list[date]]:
    return {symbol: [DAYS[number] for number in each] for symbol, each in numbers.items()}


class Revised(PaperMarket):
    """The bar of BOLT that its entry was decided on says something else than it did."""

    def history(self, symbols: Sequence[str], sessions: int, clock: MarketClock) -> History:
        found = super().history(symbols, sessions, clock)
        close = found.close.copy()
        close.loc[close.index == DAYS[1].isoformat(), "BOLT"] = 150.0
        return replace(found, close=close)


@dataclass
class Month:
    """The account, and the number of the session in which it stands."""

    account: AtAlpaca
    number: int = 1

    @property
    def house(self) -> House:
        return self.account.house

    def session(self, *, is_missed: bool = False) -> DiffRun:
        """The jobs of a session, in one of which a person halts it."""
        if self.number == HALTED:
            self.account.emergency_stop()
        if not is_missed:
            self.account.daily("09:35")
        return self.evening()

    def evening(self, market: type[PaperMarket] | None = None) -> DiffRun:
        """The jobs from the last look for exits on, and then the next session begins."""
        self.account.check_exits("15:45")
        self.account.run(Job.RECONCILE, "16:05")
        with ExitStack() as held:
            desk = held.enter_context(self.house.desk("16:20"))
            if market is not None:
                exchange = held.enter_context(self.house.exchange())
                desk = replace(desk, market=market(prices_of(desk.settings), exchange))
            found = diff.run(replace(desk, broker=broker_of(self.account.fake)), diff_session)
        if self.number == HALTED:
            self.resume()
        self.number += 1
        self.house.next()
        return found

    def resume(self) -> None:
        with self.house.desk() as desk:
            assert resume.run(replace(desk, broker=broker_of(self.account.fake)), "looked at it").halts == ()

    def alerts(self) -> list[str]:
        return [row["title"] for row in self.house.rows("SELECT title FROM alerts WHERE key LIKE 'diff:%'")]


@contextmanager
def a_month(make_house: MakeHouse) -> Iterator[Month]:
    """A home at Alpaca, where ten shares of a symbol fill in a session, and three times as far off as it expects."""
    script = Script(enter=on(ENTER), leave=on(LEAVE), policy='stop=Decimal("0.05"), target=Decimal("0.04")')
    house = make_house(script, prices=PRICES, settings=SETTINGS)
    with at_alpaca(house, fillable=10, slippage=Decimal("0.0015")) as account:
        yield Month(account)


@pytest.mark.parametrize("last", [WEEK, long(MONTH)])
def test_slippage_partial_fills_and_a_halt_leave_nothing_unexplained(make_house: MakeHouse, last: int) -> None:
    causes: Counter[Cause] = Counter()
    compared: Counter[Compared] = Counter()
    with a_month(make_house) as month:
        while month.number <= last:
            found = month.session()
            causes.update(found.causes)
            compared.update(line.compared for line in found.diffs[0].lines)
            assert (found.unexplained_count, found.exit_code) == (0, ExitCode.OK), found.diffs[0].unexplained
            assert found.diffs[0].revised == ()
        assert month.alerts() == []
    assert set(causes) == {Cause.SLIPPAGE, Cause.PARTIAL_FILL, Cause.HALT}, causes
    assert set(compared) == set(Compared) - {Compared.RUN}


def test_a_changed_bar_a_moved_stop_and_a_missed_run_are_named(make_house: MakeHouse) -> None:
    script = Script(enter=on({"ACME": [1], "BOLT": [2], "CORD": [4]}), only="close < 120")
    house = make_house(script, prices={symbol: [FLAT] * 8 for symbol in ("ACME", "BOLT", "CORD")}, settings=SETTINGS)
    with at_alpaca(house) as account:
        month = Month(account, number=1)
        assert month.session().causes == {}

        account.daily()
        revised = month.evening(Revised)
        (found,) = revised.diffs
        assert found.revised == ("BOLT",)
        assert {line.cause for line in found.differences} == {Cause.DATA_REVISED}
        assert {line.symbol for line in found.differences} == {"BOLT"}

        account.daily()
        (stop,) = [order for order in account.orders() if order.stop_price is not None]
        with house.by_hand() as broker:
            broker.replace(stop.broker_order_id, Requests().sell(str(stop.remaining), stop="95", client_id="mine"))
        moved = month.evening()
        assert [(line.compared, line.symbol, line.cause) for line in moved.diffs[0].differences] == [
            (Compared.STOP, "ACME", Cause.BY_HAND)
        ]
        assert "95" in moved.diffs[0].differences[0].why

        month.number = HALTED + 1  # nobody halts
        missed = month.session(is_missed=True)
        assert {(line.compared, line.symbol, line.cause) for line in missed.diffs[0].differences} == {
            (Compared.RUN, "", Cause.MISSED_RUN),
            *((compared, "CORD", Cause.MISSED_RUN) for compared in (Compared.SIGNAL, Compared.PLAN, Compared.FILL)),
            (Compared.STOP, "ACME", Cause.BY_HAND),  # it rests where it was moved to
        }
        assert month.alerts() == []
