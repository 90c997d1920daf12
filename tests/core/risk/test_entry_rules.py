"""The rules as a session asks them: in their order, each again when its answer may have changed."""

from __future__ import annotations

from inspect import signature
from typing import Any

import pytest

from tests.core.builders import D, account, counters, limits_with, signal, situation
from tradebot.core.risk import rules
from tradebot.core.risk.candidate import Candidate
from tradebot.core.risk.entry_rules import EntryRules
from tradebot.core.risk.objection import Objection
from tradebot.core.risk.projected_account import ProjectedAccount
from tradebot.core.risk.rules import RULES


def test_objections_come_in_the_order_of_the_rules() -> None:
    broken = situation(
        [signal()],
        quotes={},
        assets={},
        account=account(blocked=True),
        counters=counters(entries=20, peak="112000", orders_sent=200),
        limits=limits_with(deny_symbols=frozenset({"AAPL"}), max_positions=0),
    )
    projected = ProjectedAccount(broken)
    candidate = Candidate(signal(), None)
    one_by_one = [said for rule in RULES if (said := _answer(rule, candidate, projected)) is not None]
    found = EntryRules(projected).objections(candidate)
    assert [each.code for each in found] == [each.code for each in one_by_one]
    assert len(found) == 8


def _answer(rule: Any, candidate: Candidate, projected: ProjectedAccount) -> Objection | None:
    takes_candidate = len(signature(rule).parameters) == 2
    found: Objection | None = rule(candidate, projected) if takes_candidate else rule(projected)
    return found


def test_counts_are_asked_again_after_an_entry() -> None:
    projected = ProjectedAccount(situation([signal()], limits=limits_with(max_positions=1)))
    asked = EntryRules(projected)
    other = Candidate(signal("MSFT"), None)
    before = [each.code.value for each in asked.objections(other)]
    projected.take("trend", "AAPL", D(10), D(50), D(49))
    asked.entry_was_taken()
    assert [each.code.value for each in asked.objections(other)] == [*before, "MAX_POSITIONS"]


def test_what_holds_for_a_session_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    projected = ProjectedAccount(situation([signal()], session_open=False))
    asked = EntryRules(projected)
    monkeypatch.setattr(projected, "situation", situation([signal()]))
    assert "MARKET_CLOSED" in [each.code.value for each in asked.objections(Candidate(signal(), None))]
    assert rules.market_closed(projected) is None
