"""Pages on a terminal, in a log and in a pipe."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reports.conftest import NOON, Terminal
from tradebot.core.model.values import plural
from tradebot.reports import formatting
from tradebot.reports.layout import Cell, Facts, Heading, Line, Page, Table, Tone, columns, section, table
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


def test_a_section_without_content_is_left_out() -> None:
    assert section("Halts", *table("level | why", [])) == ()


def test_columns_are_read_from_their_names() -> None:
    names = [(column.name, column.right, column.wraps) for column in columns("symbol | >P&L | ~why")]
    assert names == [("symbol", False, False), ("P&L", True, False), ("why", False, True)]


@given(st.lists(st.tuples(st.text(max_size=200), st.text(max_size=200)), min_size=1, max_size=4))
def test_any_text_can_be_drawn(rows: list[tuple[str, str]]) -> None:
    draw((Table(columns("a | ~b"), tuple(rows)), Facts(tuple(rows)), Line(rows[0][0])), Terminal())


@pytest.mark.parametrize(
    ("said", "text"),
    [
        (formatting.usd(Decimal("-1234.5")), "-1,234.50"),
        (formatting.usd(Decimal("0.005")), "0.00"),
        (formatting.usd(None), "-"),
        (formatting.signed_usd(Decimal("12")).text, "+12.00"),
        (formatting.signed_usd(Decimal(0)).text, "0.00"),
        (formatting.price(Decimal("25.1")), "25.10"),
        (formatting.price(Decimal("0.4825")), "0.4825"),
        (formatting.price(Decimal("31")), "31.00"),
        (formatting.price(Decimal("31.0000001")), "31.0000"),
        (formatting.shares(Decimal("10.000")), "10"),
        (formatting.number(Decimal("0.1234567")), "0.123457"),
        (formatting.percent(Decimal("0.125")), "12.5%"),
        (formatting.percent(-0.0107, 2), "-1.07%"),
        (formatting.instant(NOON), "2007-01-03 12:00 EST"),
        (plural(1, "order"), "1 order"),
        (plural(0, "order"), "0 orders"),
    ],
)
def test_numbers_are_said_as_people_read_them(said: str, text: str) -> None:
    assert said == text


def test_a_closed_standard_output_is_nobodys_error(tmp_path: Path) -> None:
    if os.name == "nt":
        pytest.skip("a shell's way of closing a file")
    program = "from tradebot.reports.streams import emit; emit('x'); print('still here', file=__import__('sys').stderr)"
    command = f'{sys.executable} -c "{program}" >&-'
    finished = subprocess.run(["sh", "-c", command], capture_output=True, text=True)
    assert (finished.returncode, finished.stderr) == (0, "still here\n")
