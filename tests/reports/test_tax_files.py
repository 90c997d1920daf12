"""The files of `export --tax`."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tests.reports.conftest import Place
from tradebot.core.accounting.form_8949 import Form8949Row, TaxYear, TermTotals
from tradebot.errors import UsageError
from tradebot.reports.tax_files import cautions, tax_csv, tax_notes, tax_paths, write_tax
from tradebot.settings import load

D = Decimal
ROW = Form8949Row(
    "10 sh. AAPL", "01/03/2007", "02/05/2007", D("900.00"), D("1000.50"), "W", D("100.50"), D("0.00"), "short",
    "wash sale candidate: replacement bought on 02/06/2007, 02/07/2007",
)  # fmt: skip
YEAR = TaxYear(
    year=2007,
    rows=(ROW,),
    by_term=(TermTotals("short", 1, D("900.00"), D("1000.50"), D("100.50"), D("0.00")),),
    remarks=("4 shares of AAPL left the account by a correction (lost): no sale is reported",),
    fees=D("1.25"),
    carried=D("100.50"),
    seen_until=date(2008, 6, 30),
)


def test_the_csv_is_one_line_a_row_whatever_the_note_says() -> None:
    quoted = replace(ROW, note='held, "so", to say')
    [read] = csv.DictReader(io.StringIO(tax_csv([quoted])))
    assert read == {
        "description": "10 sh. AAPL", "date_acquired": "01/03/2007", "date_sold": "02/05/2007", "proceeds": "900.00",
        "cost_basis": "1000.50", "code": "W", "adjustment": "100.50", "gain_or_loss": "0.00", "term": "short",
        "note": 'held, "so", to say',
    }  # fmt: skip


def test_the_notes_say_what_is_not_seen_and_that_it_is_no_advice(place: Place) -> None:
    notes = " ".join(tax_notes(YEAR, replace(place, mode="live")).split())
    assert notes.startswith("Form 8949, sales of 2007: 1 row, paper, live mode short term: 1 row, proceeds $900.00")
    assert "This is no tax advice" in notes
    assert "Other accounts, IRAs and those of a spouse are not seen" in notes
    assert "Code W marks candidates" in notes
    assert "$1.25 of fees were booked apart" in notes
    assert "$100.50 of disallowed losses are in the cost of shares that are still held" in notes
    assert "left the account by a correction (lost)" in notes
    assert "Not final" not in notes
    assert "play money" not in notes


def test_the_cautions_are_those_that_the_rows_need(place: Place) -> None:
    unknown = replace(ROW, code="", adjustment=D(0), date_acquired="VARIOUS", term="unknown")
    year = replace(YEAR, rows=(unknown, unknown), fees=D(0), carried=D(0), seen_until=date(2008, 1, 29))
    text = "\n".join(cautions(year, place))
    assert "play money" in text
    assert "Not final: purchases until 2008-01-30" in text
    assert "these records end with 2008-01-29" in text
    assert "2 rows with VARIOUS" in text
    assert "decides between Part I (short) and Part II (long)" in text
    assert "Code W" not in text
    assert "fees" not in text


def test_files_of_another_kind_are_left_alone(place: Place, tmp_path: Path) -> None:
    loaded = load(tmp_path / "home", None, {})
    file = tmp_path / "tax.csv"
    paths = tax_paths(file, loaded, force=False)
    assert [path.name for path in paths] == ["tax.csv", "tax.notes.txt"]
    write_tax(YEAR, place, paths)
    write_tax(YEAR, place, tax_paths(file, loaded, force=False))  # its own kind
    paths[1].write_text("a letter of mine", encoding="utf-8")
    with pytest.raises(UsageError, match=r"tax\.notes\.txt exists and is not the notes on Form 8949"):
        tax_paths(file, loaded, force=False)
    write_tax(YEAR, place, tax_paths(file, loaded, force=True))
    assert paths[1].read_text(encoding="utf-8").startswith("Form 8949")
