"""The JSON object of a command: complete, exact, and the same for every job."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.reports.conftest import Place
from tradebot.core.accounting.performance import totals
from tradebot.core.model.halts import Halt, HaltLevel, HaltRule, HaltSource
from tradebot.core.model.orders import OrderState, OrderType, Purpose, Side
from tradebot.core.model.plan import Denial, DenialCode
from tradebot.core.results.outcomes import OrderLine, Outcome
from tradebot.core.results.report_outcome import ReplayOutcome, ReportOutcome
from tradebot.errors import ConfigError, ExitCode, Locked, Problem
from tradebot.reports import json_output

ORDER = OrderLine(
    "tb1-x", "rsi2", Purpose.ENTRY, Side.BUY, Decimal("10.00"), "AAPL", OrderType.MARKET, OrderState.FILLED,
    Decimal(10), Decimal("25.10"), Decimal("24.85"), None, "RSI2 9",
)  # fmt: skip


def said(outcome: Outcome, **more: object) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(json_output.outcome_json(outcome, Place(), **more))
    return answer


def test_every_job_says_the_common_fields_even_when_they_are_empty(base: Outcome) -> None:
    answer = said(base)
    assert set(json_output.COMMON) <= set(answer)
    assert answer["job"] == "run-daily"
    assert answer["session"] == "2007-01-03"
    assert (answer["status"], answer["exit_code"], answer["exit_codes"]) == ("ran", 0, [])
    assert (answer["home"], answer["account_id"]) == ("/home/me/desk", "PAPER-0001")
    assert answer["orders"] == answer["denials"] == answer["breaks"] == answer["halts"] == []
    assert answer["timings"] == {}


def test_all_codes_are_listed_and_the_first_by_precedence_counts(base: Outcome) -> None:
    answer = said(replace(base, codes=frozenset({ExitCode.DEGRADED, ExitCode.BREAKS, ExitCode.HALTED})))
    assert (answer["exit_code"], answer["exit_codes"]) == (4, [4, 7, 11])


def test_values_keep_what_they_are(base: Outcome) -> None:
    denial = Denial(DenialCode.MAX_POSITIONS, "rsi2", "MSFT", Purpose.ENTRY, "full", Decimal(11), Decimal(10))
    halt = Halt(
        HaltSource.LEDGER, HaltRule.DAILY_LOSS, HaltLevel.REDUCING, "lost",
        since=datetime(2007, 1, 3, 15, tzinfo=UTC), until=date(2007, 1, 4), value=Decimal("0.0312"),
    )  # fmt: skip
    answer = said(replace(base, orders=(ORDER,), denials=(denial,), halts=(halt,), timings={"send": 0.25}))
    (order,) = answer["orders"]
    assert (order["quantity"], order["price"], order["stop"], order["target"]) == ("10", "25.1", "24.85", None)
    assert (order["side"], order["state"]) == ("buy", "filled")
    assert answer["denials"][0]["code"] == "MAX_POSITIONS"
    assert answer["halts"][0]["since"] == "2007-01-03T15:00:00+00:00"
    assert answer["halts"][0]["value"] == "0.0312"
    assert answer["halts"][0]["holds"] == halt.holds
    assert answer["timings"] == {"send": 0.25}


def test_totals_carry_what_follows_from_them(base: Outcome) -> None:
    figures = said(replace(base, totals=totals([])))["totals"]
    assert figures["trades"] == 0
    assert figures["win_rate"] is None
    assert figures["pnl"] == "0"


def test_more_fields_may_be_added(base: Outcome) -> None:
    assert said(base, statistics={"sharpe": float("nan")})["statistics"] == {"sharpe": None}


def test_an_outcome_within_an_outcome_reads_the_same(base: Outcome) -> None:
    inner = ReportOutcome.of(replace(base, codes=frozenset({ExitCode.BREAKS})))
    report = said(ReplayOutcome.of(base, sessions=3, report=inner))["report"]
    assert (report["status"], report["exit_code"], report["exit_codes"], report["trades"]) == ("ran", 7, [7], [])
    assert "home" not in report


def test_configuration_problems_are_listed_one_by_one() -> None:
    error = ConfigError([Problem("`.env` line 3", "x is no setting", "Did you mean y?"), Problem("home", "b", "c.")])
    answer = json.loads(json_output.error_json("status", error))
    assert (answer["job"], answer["status"], answer["exit_code"], answer["exit_codes"]) == ("status", "failed", 3, [3])
    assert answer["problems"][0] == {"where": "`.env` line 3", "what": "x is no setting", "fix": "Did you mean y?"}


@pytest.mark.parametrize("code", [ExitCode.BUG, ExitCode.USAGE, ExitCode.INTERRUPTED, ExitCode.LOCKED])
def test_an_error_ends_with_its_own_code(code: ExitCode) -> None:
    answer = json.loads(json_output.failure_json("status", code, "what happened"))
    assert (answer["exit_code"], answer["exit_codes"], answer["error"]) == (int(code), [int(code)], "what happened")
    assert json.loads(json_output.error_json("report", Locked("held by 17")))["exit_code"] == 8


def test_what_has_no_form_in_json_is_a_mistake_of_ours() -> None:
    @dataclass(frozen=True)
    class Odd:
        thing: object

    with pytest.raises(TypeError, match="complex"):
        json_output.dumps(Odd(1j))
    assert json.loads(json_output.dumps(Odd((Path("/x"), True, 3, None)))) == {"thing": ["/x", True, 3, None]}
