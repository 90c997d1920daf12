"""The pages of `export`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tradebot.core.accounting.form_8949 import TaxYear
from tradebot.core.model.values import dollars
from tradebot.reports.layout import Page, lines, section, table
from tradebot.reports.run_header import RunHeader
from tradebot.reports.tax_files import cautions


def tax_page(year: TaxYear, where: RunHeader, files: Sequence[Path]) -> Page:
    """The sums of a year by term, and what to know of them."""
    rows = [
        (
            each.term,
            str(each.rows),
            dollars(each.proceeds),
            dollars(each.cost_basis),
            dollars(each.adjustment),
            dollars(each.gain_or_loss),
        )
        for each in year.by_term
    ]
    sums = table("term | >rows | >proceeds | >cost | >adjustments | >gain or loss", rows)
    return (
        *section(f"Sold in {year.year}", *(sums or lines(["nothing"]))),
        *section("To know", *lines(cautions(year, where))),
        *section("Also", *lines(year.remarks)),
        *files_page(files),
    )


def files_page(files: Sequence[Path], *more: str) -> Page:
    """Which files were written."""
    return section("Written", *lines([*map(str, files), *more]))
