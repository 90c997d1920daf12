"""The throttle on repetition, walked through years of sessions beside a simpler account of the same rule."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.core.builders import NOW, TODAY, D, limits_with
from tradebot.core.model.halts import HaltEnd, HaltRule, HaltScope
from tradebot.core.model.orders import Side
from tradebot.core.model.repetition import EntryKey, Repetition
from tradebot.core.risk.repeat_entries import repetition_halt, repetition_text

BUYER = EntryKey("trend", "AAPL", Side.BUY)


@given(st.lists(st.booleans(), max_size=60), st.integers(1, 5), st.integers(1, 8))
def test_once_stopped_it_stays_stopped_and_never_before(wanted: list[bool], limit: int, within: int) -> None:
    """``wanted`` says in which sessions the strategy asks; the judge counts every window of so many sessions."""
    limits = limits_with(repeat_order_limit=limit, repeat_order_sessions=within)
    entered: list[int] = []
    stopped = False
    for session, asks in enumerate(wanted):
        newest = entered[-limit:]
        breaks = bool(newest) and Repetition(len(newest), newest[-1] - newest[0] + 1).breaks(limits)
        crowded = any(sum(1 for at in entered if start <= at < start + within) >= limit for start in range(session))
        assert breaks is crowded
        assert breaks or not stopped
        stopped = breaks
        if asks and not breaks:
            entered.append(session)


def test_the_whole_strategy_is_halted_until_a_person_resumes_it() -> None:
    limits = limits_with(repeat_order_limit=3, repeat_order_sessions=4)
    halt = repetition_halt(BUYER, Repetition(3, 4), limits, TODAY, NOW)
    assert (halt.rule, halt.scope, halt.scope_name) == (HaltRule.REPEATED_ORDERS, HaltScope.STRATEGY, "trend")
    assert (halt.value, halt.limit, halt.session, halt.since) == (D(3), D(3), TODAY, NOW)
    assert halt.ends_by is HaltEnd.RESUME
    assert halt.stops_entry("trend", "MSFT")
    assert not halt.stops_entry("another", "AAPL")


def test_it_says_what_it_counted_and_what_ends_it() -> None:
    limits = limits_with(repeat_order_limit=3, repeat_order_sessions=4)
    assert repetition_text(BUYER, Repetition(3, 4), limits) == (
        "trend entered AAPL 3 times within 4 sessions, and 3 within 4 stop it until `tradebot resume --strategy trend`"
    )
