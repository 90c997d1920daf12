"""Every safeguard for a real account is needed: with any one of them taken out, some world breaks a promise."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from tests.worlds.faults import FaultKind
from tests.worlds.market import Market
from tests.worlds.mutating import MONEY, Mutation, assert_needed, rough
from tests.worlds.story import Promise
from tests.worlds.targets import Target
from tests.worlds.ways import WAYS
from tradebot.core.accounting.day_result import DayLook, DayRecords, ExplainedEquity
from tradebot.core.model.breaks import Break, BreakKind
from tradebot.core.model.orders import BrokerOrder
from tradebot.core.model.values import ZERO
from tradebot.jobs.step_results import StepResult

K = FaultKind


def a_second_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one look shows is a break at once."""
    record = Target.RECORD_BREAKS.function

    def at_once(self: Any, breaks: Sequence[Break], session: date, at: datetime, **asked: Any) -> tuple[Break, ...]:
        later = {"first_seen_by": at + timedelta(days=1), "unsettled": ()}
        record(self, breaks, session, at, **{**asked, **later})
        found: tuple[Break, ...] = record(self, breaks, session, at, **{**asked, **later})
        return found

    monkeypatch.setattr(Target.RECORD_BREAKS, at_once)


def one_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look that shows something new is not taken again."""
    monkeypatch.setattr(Target.NEWS_OF_A_LOOK, lambda desk, seen: False)


def legs_that_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """A leg that waits for its entry counts as protection."""
    monkeypatch.setattr(Target.WAITING_LEG, lambda order, open_orders, filled_entries: False)


def the_end_of_entries(monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry that is not filled whole rests on."""
    monkeypatch.setattr(Target.END_OF_ENTRIES, lambda desk, entries: ((), StepResult()))


def evidence(monkeypatch: pytest.MonkeyPatch) -> None:
    """A corporate action that no activity tells of is not followed."""
    monkeypatch.setattr(Target.EVIDENCE, lambda evidence: ())


def an_explained_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """The day's result is the change of the equity."""

    def plain(look: DayLook, records: DayRecords) -> ExplainedEquity:
        return ExplainedEquity(records.baseline, ZERO, ZERO, look.account.equity)

    monkeypatch.setattr(Target.EXPLAINED_EQUITY, plain)


def a_peak_of_what_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    """The peak rises with the equity, and again with each flow."""
    store = Target.EQUITY_POINT.function
    monkeypatch.setattr(Target.EQUITY_POINT, lambda self, point, positions, high=None: store(self, point, positions))


def what_is_foreign(monkeypatch: pytest.MonkeyPatch) -> None:
    """A person's own order is a break."""

    def of_all(open_orders: Iterable[BrokerOrder], undecided: frozenset[str]) -> Iterable[Break]:
        for order in open_orders:
            if order.client_order_id.startswith("hand-"):
                yield Break(BreakKind.UNKNOWN_ORDER, order.symbol, ZERO, order.remaining, "an order by hand")

    monkeypatch.setattr(Target.FOREIGN_ORDERS, of_all)


def the_opening(monkeypatch: pytest.MonkeyPatch) -> None:
    """The history of an account from before is compared."""
    monkeypatch.setattr(Target.OPENING, lambda desk, run: StepResult())


def two_looks_to_shrink(monkeypatch: pytest.MonkeyPatch) -> None:
    """One look makes a stop smaller."""
    monkeypatch.setattr(Target.SHRINKING_STOP, lambda *asked: False)


def the_end_of_a_halt(monkeypatch: pytest.MonkeyPatch) -> None:
    """A halt for breaks stays when they are gone."""
    monkeypatch.setattr(Target.EXPLAINED_RUNS, lambda self, run_id, at: False)


MUTATIONS = (
    Mutation(
        "a second look",
        a_second_look,
        Promise.REAL_CAUSE,
        rough(K.OLD_ANSWER, K.EMPTY_LIST, fault=0.5, first=44),
    ),
    Mutation("one look is one moment", one_moment, Promise.SAID_PROTECTED, rough(K.STOP_FILLS, fault=0.9, first=5)),
    Mutation(
        "legs that wait",
        legs_that_wait,
        Promise.SAID_PROTECTED,
        rough(K.PARTIAL_FILL, K.KILL, K.KILL_AFTER, fault=0.9, missed=0.3, first=31),
    ),
    Mutation("the end of entries", the_end_of_entries, Promise.OVERDUE, rough(K.PARTIAL_FILL, fault=0.9)),
    Mutation("evidence of corporate actions", evidence, Promise.POSITIONS, rough(life=1.0, first=10)),
    Mutation("an explained day", an_explained_day, Promise.REAL_CAUSE, rough(hands=1.0, deeds=MONEY)),
    Mutation(
        "a peak of what is explained",
        a_peak_of_what_is_explained,
        Promise.REAL_CAUSE,
        rough(hands=1.0, deeds=MONEY, life=1.0, first=7),
    ),
    Mutation("what is foreign", what_is_foreign, Promise.REAL_CAUSE, rough(hands=1.0, first=15)),
    Mutation("the opening", the_opening, Promise.POSITIONS, rough(life=1.0, first=5)),
    Mutation("two looks to shrink", two_looks_to_shrink, Promise.SHRUNK, rough(K.FEWER_SHARES, fault=0.9, first=18)),
    Mutation("the end of a halt", the_end_of_a_halt, Promise.HALT_ENDS, rough(K.LAGGING, fault=0.9, first=18)),
)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_without_a_safeguard_a_promise_breaks(market: Market, mutation: Mutation) -> None:
    assert_needed(mutation, market, WAYS["paper"])
