from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.core.builders import NOW, TODAY, D, account, counters
from tradebot.core.breakers import active, tripped
from tradebot.core.halts import Halt, HaltLevel, HaltRule, HaltSource
from tradebot.core.limits import Limits

LIMITS = Limits(daily_loss_limit_pct=D("0.03"), emergency_stop_loss_pct=D("0.10"))


def rules(equity: str, baseline: str, peak: str, flow: str = "0") -> list[HaltRule]:
    today = counters(baseline, peak, cash_flow_today=D(flow))
    return [halt.rule for halt in tripped(account(equity), today, LIMITS, TODAY, NOW)]


@pytest.mark.parametrize(
    ("equity", "baseline", "peak", "expected"),
    [
        ("100000", "100000", "100000", []),
        ("97000.01", "100000", "100000", []),
        ("97000", "100000", "100000", [HaltRule.DAILY_LOSS]),
        ("90001", "91000", "100000", []),
        ("90000", "91000", "100000", [HaltRule.DRAWDOWN]),
        ("80000", "100000", "100000", [HaltRule.DAILY_LOSS, HaltRule.DRAWDOWN]),
        ("105000", "100000", "100000", []),
        ("0", "0", "0", []),
        ("-1", "0", "0", [HaltRule.DAILY_LOSS, HaltRule.DRAWDOWN]),
    ],
)
def test_a_loss_that_reaches_its_limit_trips(equity: str, baseline: str, peak: str, expected: list[HaltRule]) -> None:
    assert rules(equity, baseline, peak) == expected


def test_money_taken_out_is_no_loss_and_money_put_in_hides_none() -> None:
    assert rules("90000", "100000", "90000", flow="-10000") == []
    assert rules("102000", "100000", "102000", flow="10000") == [HaltRule.DAILY_LOSS]


def test_a_halt_says_what_was_compared() -> None:
    (halt,) = tripped(account("96500"), counters(), LIMITS, TODAY, NOW)
    assert (halt.source, halt.level, halt.session, halt.since) == (HaltSource.LEDGER, HaltLevel.HALTED, TODAY, NOW)
    assert (halt.value, halt.limit, halt.until) == (D("0.035"), D("0.03"), None)
    assert "$96,500.00" in halt.reason
    assert "3.5 %" in halt.reason


def _halt(until: date | None) -> Halt:
    return Halt(HaltSource.LEDGER, HaltRule.DAILY_LOSS, HaltLevel.HALTED, "loss", until=until)


def test_a_halt_holds_until_its_session_comes() -> None:
    for_ever, today, tomorrow = _halt(None), _halt(TODAY), _halt(TODAY + timedelta(days=1))
    assert active((for_ever, today, tomorrow), TODAY) == (for_ever, tomorrow)
    assert active((for_ever, today, tomorrow), None) == (for_ever, today, tomorrow)
