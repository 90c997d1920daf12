"""Lines of a diff: those that differ, and how many by cause."""

from __future__ import annotations

from datetime import date

from tradebot.core.results.diff_outcome import Cause, Compared, DiffLine, DiffOutcome, Fact

SESSION = date(2007, 1, 5)


def line(cause: Cause | None) -> DiffLine:
    return DiffLine(Compared.FILL, "rsi2", "AAPL", Fact("bought"), Fact("bought"), cause)


def test_the_lines_that_differ_are_counted_by_cause() -> None:
    lines = tuple(map(line, [Cause.UNEXPLAINED, None, Cause.SLIPPAGE, Cause.SLIPPAGE]))
    found = DiffOutcome(SESSION, SESSION, lines)
    assert found.differences == (lines[0], lines[2], lines[3])
    assert found.unexplained == lines[:1]
    assert list(found.causes.items()) == [(Cause.SLIPPAGE, 2), (Cause.UNEXPLAINED, 1)]
    assert Cause.PRICE.text == "price at decision"
