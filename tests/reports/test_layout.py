"""Sections and tables, as reports are made of them."""

from __future__ import annotations

from tradebot.reports.layout import columns, section, table


def test_a_section_without_content_is_left_out() -> None:
    assert section("Halts", *table("level | why", [])) == ()


def test_columns_are_read_from_their_names() -> None:
    names = [(column.name, column.right, column.wraps) for column in columns("symbol | >P&L | ~why")]
    assert names == [("symbol", False, False), ("P&L", True, False), ("why", False, True)]


def test_a_column_may_have_several_marks() -> None:
    (column,) = columns("?>fee")
    assert (column.name, column.right, column.wraps, column.optional) == ("fee", True, False, True)
