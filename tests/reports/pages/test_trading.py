"""The page of a job that trades."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from tests.reports.builders import TOTALS, Plain
from tests.reports.conftest import Place
from tests.reports.test_json_output import ORDER
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.orders import OrderState, Purpose, Side
from tradebot.core.model.plan import Denial, DenialCode
from tradebot.core.results.outcomes import ExitLine, FailureLine, Outcome
from tradebot.core.results.resting_lines import RestingLine
from tradebot.core.safety.stop_coverage import Gap, GapKind
from tradebot.errors import ExitCode
from tradebot.reports.pages import trading


def test_the_story_of_a_session_is_told_in_order(base: Outcome, place: Place, plain: Plain) -> None:
    text = plain(
        trading.page(
            replace(
                base,
                codes=frozenset({ExitCode.DEGRADED}),
                strategies=("rsi2 1.0 on AAPL, IBM",),
                orders=(
                    ORDER,
                    replace(ORDER, symbol="IBM", filled_quantity=Decimal(4), state=OrderState.PARTIALLY_FILLED),
                ),
                denials=(
                    Denial(DenialCode.MAX_POSITIONS, "rsi2", "MSFT", Purpose.ENTRY, "10 are open, 10 is the most"),
                ),
                exits=(ExitLine("rsi2", "GOOG", Decimal(5), Decimal(400), Decimal("380.5"), Decimal(440), "holds"),),
                gaps=(Gap(GapKind.MISSING, "rsi2", "FB", Decimal(7), Decimal(0), Decimal(20), Decimal(140)),),
                resting=(
                    RestingLine("rsi2", "GOOG", Purpose.STOP, Decimal("381.5"), Decimal(5), "tb1-g"),
                    RestingLine("rsi2", "GOOG", Purpose.TARGET, Decimal(440), Decimal(5), "tb1-h"),
                    RestingLine("rsi2", "AAPL", Purpose.STOP, Decimal("24.85"), Decimal(9), "tb1-y"),
                    RestingLine("rsi2", "AAPL", Purpose.STOP, Decimal("24.5"), Decimal(1), "tb1-z"),
                ),
                failures=(FailureLine("strategy other", "it raised"),),
                unprotected=Decimal(140),
                totals=TOTALS,
            ),
            place,
        )
    )
    wanted = [
        "exit code 11: the job did its work, but",
        "strategy loaded: rsi2 1.0 on AAPL, IBM",
        "GOOG", "holds",
        "Plan executed: 2 orders, 2 filled, 1 denial",
        "BUY 10 AAPL @ 25.10, stop 24.85 (filled)", "rsi2: RSI2 9",
        "BUY 10 IBM @ 25.10, stop 24.85 (partially filled, 4 of 10 filled)",
        "MAX_POSITIONS", "10 are open, 10 is the most",
        "GOOG: stop 381.50 and target 440.00 for 5 shares",
        "AAPL: stop 24.85 for 9 shares", "AAPL: stop 24.50 for 1 share\n",
        "FB: 7 held, 0 protected (missing)",
        "strategy other: it raised",
        "total trades           3 (2 won, 1 lost)", "win rate               66.7%", "total P&L              +200.00",
        "profit factor          3.00",
        "/home/me/desk/trading_robot.db", "/home/me/desk/logs",
    ]  # fmt: skip
    places = [text.find(words) for words in wanted]
    assert -1 not in places, wanted[places.index(-1)]
    assert places == sorted(places)


def test_a_position_that_was_sold_does_not_rest_at_the_exchange(base: Outcome, place: Place, plain: Plain) -> None:
    sold = replace(ORDER, side=Side.SELL, purpose=Purpose.EXIT, stop=None)
    held = ExitLine("rsi2", "AAPL", Decimal(10), Decimal(25), Decimal(24), None, "sold: time exit")
    assert "Resting" not in plain(trading.page(replace(base, orders=(sold,), exits=(held,)), place))


def test_a_session_without_an_order_tells_its_plan_and_its_exits_all_the_same(
    base: Outcome, place: Place, plain: Plain
) -> None:
    text = plain(trading.page(base, place))
    assert "Exits checked\n  no position held" in text
    assert "Plan executed: 0 orders, 0 filled, 0 denials" in text


def test_a_run_with_nothing_to_do_says_only_that(base: Outcome, place: Place, plain: Plain) -> None:
    idle = replace(base, status=RunStatus.IDLE, headline="the exchange is closed: nothing to do")
    assert plain(trading.page(idle, place)).split("\n") == [
        "", "run-daily", "  the exchange is closed: nothing to do", "",
    ]  # fmt: skip
