"""The pages of the emergency stop and of its drill."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from tests.reports.builders import HALT, Plain
from tests.reports.conftest import Place
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.results.outcomes import Outcome
from tradebot.core.results.stop_outcome import DrillOutcome, StopLine, StopOutcome, StopResult
from tradebot.reports.pages.emergency_stop import drill_page, stop_page
from tradebot.reports.pages.status import resume_page


def test_an_emergency_stop_ends_with_what_is_left(base: Outcome, place: Place, plain: Plain) -> None:
    lines = (
        StopLine("order", "AAPL", Decimal(10), StopResult.CANCELLED, Decimal(251)),
        StopLine("order", "AAPL", Decimal(10), StopResult.FOREIGN, Decimal(251)),
        StopLine("position", "AAPL", Decimal(10), StopResult.STILL_OPEN, Decimal(260), "queued for the open"),
    )
    dollars = {"cancelled_dollars": Decimal(251), "closed_dollars": Decimal(0), "open_dollars": Decimal(260)}
    stop = StopOutcome.of(replace(base, halts=(HALT,)), lines=lines, still_open_positions=1, **dollars)
    text = plain(stop_page(stop, place))
    assert ["cancelled", "251.00", "USD"] in [line.split() for line in text.splitlines()]
    assert ["still", "open", "260.00", "USD"] in [line.split() for line in text.splitlines()]
    assert "0 orders of ours that could open or add, 1 position of ours" in text
    assert "1 order not made by tradebot" in text
    assert "queued for the open" in text
    assert "tradebot resume" in text
    assert "HALTED: a drill" in plain(resume_page(replace(base, halts=(HALT,)), place))


def test_what_an_emergency_stop_could_not_read_is_not_told_as_nothing(
    base: Outcome, place: Place, plain: Plain
) -> None:
    stop = StopOutcome.of(base, still_open_orders=None, still_open_positions=None, open_dollars=None)
    text = plain(stop_page(stop, place))
    assert ["still", "open", "not", "known"] in [line.split() for line in text.splitlines()]
    assert "an unknown number of orders of ours that could open or add" in text


def test_a_dry_run_says_what_it_would_come_to_and_names_no_halt(base: Outcome, place: Place, plain: Plain) -> None:
    lines = (StopLine("position", "AAPL", Decimal(10), StopResult.WOULD_CLOSE, Decimal(260)),)
    text = plain(stop_page(StopOutcome.of(replace(base, status=RunStatus.IDLE), lines=lines), place))
    assert "would be closed" in text
    assert "In all, if it were run" in text
    assert "resume" not in text


def test_a_drill_ends_with_what_it_took(plain: Plain) -> None:
    drill = DrillOutcome(True, 0.31, 0.52, 0.6, "stopped: nothing is left\nposition 1 AAPL: closed")
    text = plain(drill_page(drill))
    assert "The drill passed." in text
    assert ["to", "the", "latch", "0.31", "s"] in [line.split() for line in text.splitlines()]
    assert "position 1 AAPL: closed" in text
    assert "never" in plain(drill_page(replace(drill, passed=False, to_flat=None)))
