"""What accounts add up to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from tradebot.core.model.halts import HaltLevel
from tradebot.core.results.account_lines import AccountLine, AllAccounts
from tradebot.core.results.position_lines import PositionLine
from tradebot.errors import ExitCode

D = Decimal
AT = datetime(2026, 1, 2, 20, tzinfo=UTC)


def held(symbol: str, quantity: str, value: str, pnl: str = "0") -> PositionLine:
    return PositionLine("trend", symbol, D(quantity), D(1), D(1), D(value), D(pnl), None, None, None, None)


ONE = AccountLine(
    "alpaca", "live", "1", (), "l.db", HaltLevel.RUNNING, known_at=AT, equity=D(1000), day_result=D(-5), trades=1,
    realised=D(3), positions=(held("ACME", "10", "100", "1"), held("BOLT", "-2", "-40")),
)  # fmt: skip
TWO = replace(ONE, account="2", known_at=None, equity=D(500), day_result=D(2), positions=(held("ACME", "5", "50"),))
PAPER = replace(ONE, mode="paper", equity=None, day_result=None, trades=0, realised=D(0), positions=())


def test_real_money_and_paper_are_added_apart() -> None:
    live, paper = AllAccounts((PAPER, ONE, TWO)).totals
    assert (live.mode, live.account_count, live.equity, live.day_result) == ("live", 2, D(1500), D(-3))
    assert (live.gross_exposure, live.trades, live.realised, live.oldest) == (D(190), 2, D(6), AT)
    assert (paper.mode, paper.account_count, paper.equity) == ("paper", 1, D(0))


def test_exposure_is_by_symbol_over_accounts() -> None:
    acme, bolt = AllAccounts((ONE, TWO, PAPER)).exposure
    assert (acme.symbol, acme.account_count, acme.quantity, acme.market_value, acme.pnl) == (
        "ACME",
        2,
        D(15),
        D(150),
        D(1),
    )
    assert (bolt.symbol, bolt.account_count, bolt.quantity, bolt.market_value) == ("BOLT", 1, D(-2), D(-40))


def test_what_is_missing_is_incomplete_and_so_is_nothing() -> None:
    assert AllAccounts((ONE,)).exit_code is ExitCode.OK
    assert AllAccounts((ONE,), ("the ledger x",)).exit_code is ExitCode.INCOMPLETE
    assert AllAccounts(()).exit_code is ExitCode.INCOMPLETE
