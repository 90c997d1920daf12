"""The pages of `export`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from tests.reports.conftest import Place
from tests.reports.test_tax_files import YEAR
from tradebot.reports.layout import Page
from tradebot.reports.pages.export import files_page, tax_page


def test_the_page_shows_the_sums_by_term_and_what_to_know(place: Place, plain: Callable[[Page], str]) -> None:
    text = plain(tax_page(YEAR, place, [Path("/out/tax.csv")]))
    title, head, _, sums = [line.split() for line in text.split("To know")[0].splitlines() if line.strip()]
    assert title == ["Sold", "in", "2007"]
    assert head == ["term", "rows", "proceeds", "cost", "adjustments", "gain", "or", "loss"]
    assert sums == ["short", "1", "$900.00", "$1,000.50", "$100.50", "$0.00"]
    assert "This is no tax advice" in text
    assert "left the account by a correction" in text
    assert "/out/tax.csv" in text


def test_a_year_without_sales_says_so(place: Place, plain: Callable[[Page], str]) -> None:
    nothing = replace(YEAR, rows=(), by_term=(), remarks=(), fees=Decimal(0), carried=Decimal(0))
    assert "Sold in 2007\n  nothing\n" in plain(tax_page(nothing, place, [Path("/out/tax.csv")]))


def test_the_files_are_named(plain: Callable[[Page], str]) -> None:
    assert plain(files_page([Path("/out/a.csv")], "3 sessions")).split() == ["Written", "/out/a.csv", "3", "sessions"]
