from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.core.builders import signal, situation
from tradebot.core.model.halts import Halt, HaltLevel, HaltRule, HaltScope, HaltSource, distinct, is_covered, level_of
from tradebot.core.planning.entries import plan


def halt(level: HaltLevel = HaltLevel.HALTED, **more: Any) -> Halt:
    return Halt(HaltSource.LATCH_FILE, HaltRule.OPERATOR, level, "by hand", **more)


NAMES = ("trend", "AAPL")
SCOPES = st.one_of(
    st.just((HaltScope.ACCOUNT, "")),
    st.tuples(st.sampled_from([HaltScope.STRATEGY, HaltScope.SYMBOL]), st.sampled_from(NAMES)),
)
HALTS = st.builds(
    lambda level, scope: halt(level, scope=scope[0], scope_name=scope[1]), st.sampled_from(HaltLevel), SCOPES
)


def test_the_strictest_level_counts() -> None:
    assert level_of(()) is HaltLevel.RUNNING
    assert level_of((halt(HaltLevel.REDUCING),)) is HaltLevel.REDUCING
    assert level_of((halt(HaltLevel.HALTED), halt(HaltLevel.REDUCING))) is HaltLevel.HALTED


def test_only_a_running_account_takes_entries() -> None:
    assert [level for level in HaltLevel if level.allows_entries] == [HaltLevel.RUNNING]


def test_a_halt_stops_what_it_is_about_and_leaves_the_rest() -> None:
    of_strategy = halt(scope=HaltScope.STRATEGY, scope_name="trend")
    of_symbol = halt(HaltLevel.REDUCING, scope=HaltScope.SYMBOL, scope_name="AAPL")

    def stops(of: Halt) -> list[bool]:
        return [of.stops_entry(*each) for each in (("trend", "AAPL"), ("trend", "MSFT"), ("other", "AAPL"))]

    assert stops(halt()) == [True, True, True]
    assert stops(of_strategy) == [True, True, False]
    assert stops(of_symbol) == [True, False, True]
    assert level_of((of_strategy, of_symbol)) is HaltLevel.RUNNING
    assert [each.subject for each in (halt(), of_strategy, of_symbol)] == [
        "the account", "strategy trend", "symbol AAPL"
    ]  # fmt: skip


def test_a_symbol_of_the_same_name_is_not_the_strategy() -> None:
    assert not halt(scope=HaltScope.SYMBOL, scope_name="trend").stops_entry("trend", "AAPL")


def test_halts_of_two_symbols_are_two_and_of_two_latches_one() -> None:
    one, two = (halt(scope=HaltScope.SYMBOL, scope_name=name) for name in ("AAPL", "MSFT"))
    in_ledger = replace(one, source=HaltSource.LEDGER)
    assert distinct((one, two, in_ledger)) == ((one, in_ledger), (two,))


@given(halt=HALTS, held=st.lists(HALTS, max_size=4))
def test_a_covered_halt_lets_nothing_through_that_it_would_have_stopped(halt: Halt, held: list[Halt]) -> None:
    if is_covered(halt, held):
        for strategy in (*NAMES, "other"):
            for symbol in (*NAMES, "MSFT"):
                stopped = any(other.stops_entry(strategy, symbol) for other in held)
                assert stopped or not halt.stops_entry(strategy, symbol)


@given(held=st.lists(HALTS, max_size=4))
def test_the_account_runs_exactly_when_no_halt_of_its_own_stops_a_stranger(held: list[Halt]) -> None:
    stopped = any(each.stops_entry("stranger", "NEW") for each in held)
    assert level_of(held).allows_entries != stopped


@given(held=st.lists(HALTS, max_size=3))
def test_no_plan_enters_what_a_halt_is_about(held: list[Halt]) -> None:
    wanted = [signal("AAPL"), signal("MSFT"), signal("AAPL", strategy="other")]
    made = plan(situation(wanted, halt=level_of(held), halts=tuple(held)))
    for entry in made.entries:
        assert not any(halt.stops_entry(entry.strategy, entry.symbol) for halt in held)
    for each in wanted:
        stopped = any(halt.stops_entry(each.strategy, each.symbol) for halt in held)
        denied = [d for d in made.denials if (d.strategy, d.symbol, d.code) == (each.strategy, each.symbol, "HALTED")]
        assert bool(denied) == stopped
