"""The page of what --write changed."""

from __future__ import annotations

from dataclasses import replace

from tradebot.core.results.written_parameters import ParameterChange, WrittenParameters
from tradebot.reports.layout import Cell, Line, Table
from tradebot.reports.pages.written_parameters import written_parameters

CHANGES = (ParameterChange("swing", "stop", 0.03, 0.05), ParameterChange("swing", "short", False, True))
WRITTEN = WrittenParameters("/tmp/tried.toml", CHANGES)


def lines(written: WrittenParameters) -> list[str]:
    return [block.text for block in written_parameters(written) if isinstance(block, Line)]


def test_each_change_is_shown_and_what_it_means_to_a_home() -> None:
    (rows,) = (block.rows for block in written_parameters(WRITTEN) if isinstance(block, Table))
    shown = [[each.text if isinstance(each, Cell) else each for each in row] for row in rows]
    assert shown == [["swing", "stop", "0.03", "0.05"], ["swing", "short", "false", "true"]]
    assert lines(WRITTEN) == ["/tmp/tried.toml"]
    (_, then) = lines(replace(WRITTEN, home="live", probation_sessions=20))
    assert then.startswith("live trades with them from its next session on") and "20 sessions" in then
    assert lines(replace(WRITTEN, changes=(), home="live")) == ["/tmp/tried.toml gives these parameters already"]
    assert written_parameters(None) == ()
