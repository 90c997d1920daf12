"""Pages on a terminal, in a log and in a pipe."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reports.conftest import Terminal
from tradebot.reports.layout import Cell, Facts, Heading, Line, Page, Table, Tone, columns, table
from tradebot.reports.terminal import LOG_WIDTH, draw

SAMPLE: Page = (
    Heading("Orders"),
    Line("BUY 10 AAPL @ 25.10 [not markup]", Tone.GOOD),
    Line("why it was " + "very " * 30 + "clear", under=True),
    Facts((("database", "/a/" + "long/" * 40 + "path.db"), ("loss", Cell("-3.00", Tone.BAD)))),
    *table("symbol | >P&L | ~why", [("AAPL", Cell("-1,234.50", Tone.BAD), "because " * 30), ("MSFT", "7.00", "-")]),
)


def test_a_log_gets_plain_text_of_fixed_width(plain: Callable[[Page], str]) -> None:
    text = plain(SAMPLE)
    assert "\x1b" not in text
    assert text.isascii()
    lines = text.splitlines()
    assert all(line == line.rstrip() for line in lines)
    assert all(len(line) <= LOG_WIDTH for line in lines if "/a/long" not in line)
    assert "BUY 10 AAPL @ 25.10 [not markup]" in text
    assert re.search(r"symbol +P&L +why\n  -+\n  AAPL +-1,234\.50 +because", text)


def test_a_path_stays_whole_however_long_it_is(plain: Callable[[Page], str]) -> None:
    assert "/a/" + "long/" * 40 + "path.db" in plain(SAMPLE)


def test_what_stands_under_a_line_stays_indented_when_it_wraps(plain: Callable[[Page], str]) -> None:
    under = [line for line in plain(SAMPLE).splitlines() if "very" in line]
    assert len(under) > 1
    assert all(line.startswith("    ") for line in under)


def test_a_terminal_gets_colour() -> None:
    assert "\x1b[" in draw(SAMPLE, Terminal())


def test_colour_says_nothing_that_the_words_do_not_say() -> None:
    coloured = re.sub(r"\x1b\[[0-9;]*m", "", draw((Line("FAIL", Tone.BAD),), Terminal()))
    assert coloured.strip() == "FAIL"


@given(st.lists(st.tuples(st.text(max_size=200), st.text(max_size=200)), min_size=1, max_size=4))
def test_any_text_can_be_drawn(rows: list[tuple[str, str]]) -> None:
    draw((Table(columns("a | ~b"), tuple(rows)), Facts(tuple(rows)), Line(rows[0][0])), Terminal())


def test_optional_columns_are_left_out_where_they_do_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first ones that fit stay, and a column that wraps needs its longest word."""
    rows = [("2007-01-03", "rsi2_mean_reversion", "25.10", "because it fell")]
    page = table("day | ?strategy | ?>price | ?~why", rows)

    def names(width: int) -> list[str]:
        monkeypatch.setenv("COLUMNS", str(width))
        return re.sub(r"\x1b\[[0-9;]*m", "", draw(page, Terminal())).splitlines()[0].split()

    assert names(80) == ["day", "strategy", "price", "why"]
    assert names(57) == ["day", "strategy", "price", "why"]
    assert names(56) == ["day", "strategy", "price"]
    assert names(39) == ["day", "strategy"]
    assert names(32) == ["day", "price"]
    assert names(12) == ["day"]


def test_a_table_that_is_too_wide_becomes_a_list_of_what_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    page = table(
        "symbol | >value | detail | ~why", [("AAPL", "1,234,567.89", "", "it fell " * 8), ("MSFT", "-", "x", "")]
    )
    monkeypatch.setenv("COLUMNS", "30")
    lines = re.sub(r"\x1b\[[0-9;]*m", "", draw(page, Terminal())).splitlines()
    assert lines[:3] == ["  symbol  AAPL", "  value   1,234,567.89", "  why     it fell it fell it"]
    assert lines[-4:] == ["", "  symbol  MSFT", "  value   -", "  detail  x"]


@pytest.mark.parametrize("width", [60, 80, 100])
def test_a_word_without_room_in_its_column_stands_under_its_row(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    path = "/home/" + "a_long_name/" * 9 + "x.db"
    rows = [("RECIPIENTS", "a@example.com", "default"), ("DATABASE", path, "command line"), ("LIMIT", "10", "default")]
    monkeypatch.setenv("COLUMNS", str(width))
    drawn = re.sub(r"\x1b\[[0-9;]*m", "", draw(table("name | ~value | ~from", rows), Terminal())).splitlines()
    assert drawn[0].split() == ["name", "value", "from"]
    assert [line.split() for line in drawn[2:]] == [[*rows[0]], ["DATABASE", "command", "line"], [path], [*rows[2]]]
    starts = {line.index(row[2]) for line in drawn for row in rows if line.split()[:1] == [row[0]]}
    assert len(starts) == 1, "the columns stand below one another"
