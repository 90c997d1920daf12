"""Halts in the ledger, and breaks."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from tests.ledger.conftest import ACCOUNT
from tradebot.core.model.breaks import Break, BreakKind
from tradebot.core.model.halts import Halt, HaltEnd, HaltLevel, HaltRule, HaltScope, HaltSource
from tradebot.errors import LedgerError
from tradebot.ledger.database import AccountLedger, Database

if TYPE_CHECKING:
    from tests.ledger.conftest import Samples

LOSS = Halt(
    HaltSource.LEDGER,
    HaltRule.DAILY_LOSS,
    HaltLevel.REDUCING,
    "lost 3.1 %",
    session=date(2007, 1, 3),
    until=date(2007, 1, 4),
    value=Decimal("0.031"),
    limit=Decimal("0.03"),
    account="paper:paper:PAPER-0001",
)
STOP = Halt(HaltSource.LEDGER, HaltRule.OPERATOR, HaltLevel.HALTED, "by hand", account="paper:paper:PAPER-0001")
SHARES = Break(BreakKind.QUANTITY, "AAPL", Decimal(10), Decimal(7), "10 here, 7 there")
MONEY = Break(BreakKind.CASH, "", Decimal("1.5"), Decimal("1.25"), "0.25 apart")


def test_halts_stay_until_they_are_cleared(ledger: AccountLedger, some: Samples) -> None:
    ledger.halts_and_breaks.latch(LOSS, some.at)
    ledger.halts_and_breaks.latch(STOP, some.at)
    assert ledger.halts_and_breaks.halts() == (LOSS, STOP)
    assert ledger.halts_and_breaks.clear((LOSS, STOP), "looked at it", some.later(5)) == (LOSS, STOP)
    assert ledger.halts_and_breaks.halts() == ()
    assert ledger.halts_and_breaks.clear((LOSS, STOP), "again", some.later(6)) == ()


def test_only_the_halts_that_are_named_are_cleared(ledger: AccountLedger, some: Samples) -> None:
    one, two = (replace(STOP, scope=HaltScope.SYMBOL, scope_name=name) for name in ("AAPL", "MSFT"))
    for halt in (LOSS, STOP, one, two):
        ledger.halts_and_breaks.latch(halt, some.at)
    in_file = replace(two, source=HaltSource.LATCH_FILE)
    assert ledger.halts_and_breaks.clear((STOP, in_file), "looked at it", some.later(5)) == (STOP, two)
    assert ledger.halts_and_breaks.halts() == (LOSS, one)


@pytest.mark.parametrize("scope", [(HaltScope.SYMBOL, ""), (HaltScope.ACCOUNT, "AAPL")])
def test_a_scope_without_its_name_is_refused(
    ledger: AccountLedger, some: Samples, scope: tuple[HaltScope, str]
) -> None:
    with pytest.raises(LedgerError):
        ledger.halts_and_breaks.latch(replace(STOP, scope=scope[0], scope_name=scope[1]), some.at)


def test_the_same_halt_is_latched_once(database: Database, ledger: AccountLedger, some: Samples) -> None:
    ledger.halts_and_breaks.latch(LOSS, some.at)
    head = database.head(ACCOUNT)
    ledger.halts_and_breaks.latch(LOSS, some.later(15))
    assert database.head(ACCOUNT) == head
    ledger.halts_and_breaks.latch(replace(LOSS, reason="lost 3.2 %"), some.later(15))
    assert len(ledger.halts_and_breaks.halts()) == 2


def test_a_halt_can_be_latched_again_after_it_was_cleared(ledger: AccountLedger, some: Samples) -> None:
    ledger.halts_and_breaks.latch(STOP, some.at)
    ledger.halts_and_breaks.clear((STOP,), "looked at it", some.at)
    ledger.halts_and_breaks.latch(STOP, some.later(1))
    assert ledger.halts_and_breaks.halts() == (STOP,)


def test_a_halt_taken_in_from_the_latch_file_is_now_the_ledgers(ledger: AccountLedger, some: Samples) -> None:
    ledger.halts_and_breaks.latch(replace(STOP, source=HaltSource.LATCH_FILE, since=some.at), some.at)
    assert ledger.halts_and_breaks.halts() == (replace(STOP, since=some.at),)


@pytest.mark.parametrize("reason", ["", "  "])
def test_nothing_is_cleared_without_a_reason(ledger: AccountLedger, some: Samples, reason: str) -> None:
    ledger.halts_and_breaks.latch(STOP, some.at)
    with pytest.raises(ValueError, match="reason"):
        ledger.halts_and_breaks.clear((STOP,), reason, some.at)
    assert ledger.halts_and_breaks.halts() == (STOP,)


def opened(found: Break, session: date, last: date, age: int, *, confirmed: bool = True) -> Break:
    return replace(found, first_seen=session, last_seen=last, age_sessions=age, confirmed=confirmed)


def seen(
    ledger: AccountLedger, breaks: list[Break], session: date, at: datetime, unsettled: tuple[str, ...] = ()
) -> tuple[Break, ...]:
    """What a look stores that is a second one for whatever was seen at an earlier instant."""
    earlier = at - timedelta(seconds=1)
    return ledger.halts_and_breaks.record_breaks(breaks, session, at, first_seen_by=earlier, unsettled=unsettled)


def test_a_break_is_pending_then_opens_ages_by_session_and_closes(ledger: AccountLedger, some: Samples) -> None:
    first, second = some.session, some.next_session
    assert seen(ledger, [SHARES], first, some.at) == (opened(SHARES, first, first, 0, confirmed=False),)
    assert ledger.halts_and_breaks.breaks() == ()
    assert ledger.halts_and_breaks.pending() == (opened(SHARES, first, first, 0, confirmed=False),)
    assert seen(ledger, [SHARES], first, some.later(15)) == (opened(SHARES, first, first, 0),)
    assert seen(ledger, [SHARES], second, some.later(1440)) == (opened(SHARES, first, second, 1),)
    assert ledger.halts_and_breaks.breaks() == (opened(SHARES, first, second, 1),)
    assert ledger.halts_and_breaks.pending() == ()
    assert seen(ledger, [], second, some.later(1500)) == ledger.halts_and_breaks.breaks() == ()


def test_a_look_at_the_same_instant_confirms_nothing(ledger: AccountLedger, some: Samples) -> None:
    for _ in range(2):
        (found,) = seen(ledger, [SHARES], some.session, some.at)
        assert not found.confirmed


def test_a_symbol_that_moved_while_it_was_read_is_not_confirmed(ledger: AccountLedger, some: Samples) -> None:
    seen(ledger, [SHARES, MONEY], some.session, some.at)
    shares, money = seen(ledger, [SHARES, MONEY], some.session, some.later(15), unsettled=("AAPL",))
    assert (shares.confirmed, money.confirmed) == (False, True)


def test_a_difference_is_the_same_whatever_its_size_and_another_of_another_kind(
    ledger: AccountLedger, some: Samples
) -> None:
    seen(ledger, [SHARES], some.session, some.at)
    (found,) = seen(ledger, [replace(SHARES, there=Decimal(9))], some.session, some.later(15))
    assert (found.confirmed, found.there) == (True, Decimal(9))
    (other,) = seen(ledger, [replace(SHARES, kind=BreakKind.MISSING_THERE)], some.session, some.later(30))
    assert not other.confirmed


def test_what_no_answer_can_feign_needs_no_second_look(ledger: AccountLedger, some: Samples) -> None:
    (found,) = seen(ledger, [replace(SHARES, kind=BreakKind.UNPROTECTED)], some.session, some.at)
    assert found.confirmed


def test_a_difference_that_vanishes_was_never_a_break(ledger: AccountLedger, some: Samples) -> None:
    seen(ledger, [SHARES], some.session, some.at)
    seen(ledger, [], some.session, some.later(15))
    told = [event.kind for event in ledger.history.audit_events(some.at, some.later(15))]
    assert [kind for kind in told if "break" in kind or "difference" in kind] == ["difference_seen", "difference_gone"]


def test_a_break_that_comes_back_is_a_new_one(ledger: AccountLedger, some: Samples) -> None:
    seen(ledger, [SHARES], some.session, some.at)
    seen(ledger, [], some.session, some.at)
    (again,) = seen(ledger, [SHARES], some.next_session, some.later(1440))
    assert again == opened(SHARES, some.next_session, some.next_session, 0, confirmed=False)


def test_a_break_keeps_its_age_when_its_figures_change(ledger: AccountLedger, some: Samples) -> None:
    seen(ledger, [SHARES, MONEY], some.session, some.at)
    worse = replace(SHARES, there=Decimal(3), message="10 here, 3 there", dollars=Decimal(700))
    found = seen(ledger, [worse, MONEY], some.next_session, some.later(1440))
    assert found == (
        opened(worse, some.session, some.next_session, 1),
        opened(MONEY, some.session, some.next_session, 1),
    )


def test_two_breaks_of_one_kind_and_symbol_are_two(ledger: AccountLedger, some: Samples) -> None:
    one, two = (replace(SHARES, kind=BreakKind.UNKNOWN_ORDER, message=text) for text in ("order 1", "order 2"))
    assert len(seen(ledger, [one, two], some.session, some.at)) == 2
    assert len(seen(ledger, [one, two], some.session, some.at)) == 2
    assert len(seen(ledger, [two], some.session, some.at)) == 1


def test_an_unchanged_comparison_leaves_no_trace(database: Database, ledger: AccountLedger, some: Samples) -> None:
    seen(ledger, [SHARES], some.session, some.at)
    seen(ledger, [SHARES], some.session, some.later(15))
    head = database.head(ACCOUNT)
    seen(ledger, [SHARES], some.session, some.later(30))
    assert database.head(ACCOUNT) == head


def test_shares_come_back_with_a_row_about_their_symbol_or_without(ledger: AccountLedger, some: Samples) -> None:
    other = replace(SHARES, symbol="IBM")
    for minutes in (0, 15):
        seen(ledger, [SHARES, other, MONEY], some.session, some.later(minutes))
    ledger.books.book([some.bought("F9", "IBM")], some.later(20))
    assert ledger.halts_and_breaks.came_back(some.at) == (), "they differ"
    seen(ledger, [], some.session, some.later(30))
    assert ledger.halts_and_breaks.came_back(some.at) == ("AAPL",)
    assert ledger.halts_and_breaks.came_back(some.later(31)) == (), "before the halt"


def test_two_runs_in_a_row_explain_everything(ledger: AccountLedger, some: Samples) -> None:
    book = ledger.halts_and_breaks
    assert not book.count_explained(1, some.at), "nothing is halted"
    breaks = replace(STOP, rule=HaltRule.BREAKS, ends=HaltEnd.EXPLAINED)
    book.latch(breaks, some.at)
    assert [book.count_explained(run, some.at) for run in (1, 1, None, 2, 2, 3)] == [
        False, False, False, False, False, True
    ]  # fmt: skip
    book.only_resume_ends_breaks(some.at)
    assert [halt.ends_by for halt in book.halts()] == [HaltEnd.RESUME]
    assert not book.count_explained(4, some.at)


def test_a_halt_is_told_since_it_began_and_once_more_when_it_is_over(ledger: AccountLedger, some: Samples) -> None:
    book = ledger.halts_and_breaks
    assert [book.told(STOP, "by hand", some.later(minutes)) for minutes in (0, 15)] == [some.at, some.at]
    assert book.told_and_over([STOP]) == ()
    assert book.told_and_over([]) == (("by hand", "no latch holds it"),)
    assert book.told_and_over([]) == ()
    assert book.told(STOP, "by hand", some.later(30)) == some.later(30)
    book.latch(STOP, some.at)
    book.clear([STOP], "looked at it", some.later(31))
    assert book.told_and_over([]) == (("by hand", "looked at it"),)
