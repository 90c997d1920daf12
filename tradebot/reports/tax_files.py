"""The files of `export --tax`: Form 8949 as CSV, and beside it notes in plain text that say how to read it.

Sources: Instructions for Form 8949; Publication 550, "Investment Income and Expenses"; 26 U.S.C. 1091 (wash sales).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import fields
from decimal import Decimal
from pathlib import Path
from textwrap import fill

from tradebot.core.accounting.form_8949 import UNKNOWN, VARIOUS, Form8949Row, TaxYear
from tradebot.core.model.values import dollars, plural
from tradebot.home.output_files import Kind, output_path, write_output
from tradebot.reports.run_header import RunHeader
from tradebot.settings import Loaded

_COLUMNS = tuple(item.name for item in fields(Form8949Row))
_TITLE = "Form 8949, sales of "
_CSV = Kind("the rows of Form 8949", lambda head: head.startswith(",".join(_COLUMNS[:4]).encode()))
_NOTES = Kind("the notes on Form 8949", lambda head: head.startswith(_TITLE.encode()))
_OPTION = "FILE"
_WIDTH = 100


def tax_paths(file: Path, loaded: Loaded, *, force: bool) -> tuple[Path, Path]:
    """The paths of the CSV and of its notes, NAME.notes.txt. Raises UsageError, as ``output_path`` does."""
    beside = file.with_name(f"{file.stem}.notes.txt")
    return (
        output_path(file, _OPTION, loaded, _CSV, force=force),
        output_path(beside, _OPTION, loaded, _NOTES, force=force),
    )


def write_tax(year: TaxYear, where: RunHeader, paths: tuple[Path, Path]) -> None:
    """Write the rows and the notes to ``paths``, which ``tax_paths`` gave. Raises UsageError."""
    table, notes = paths
    write_output(table, tax_csv(year.rows), _OPTION)
    write_output(notes, tax_notes(year, where), _OPTION)


def tax_csv(rows: Iterable[Form8949Row]) -> str:
    """The rows under the names of their columns. Amounts have two decimals and no separators."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows([_text(getattr(row, name)) for name in _COLUMNS] for row in rows)
    return buffer.getvalue()


def tax_notes(year: TaxYear, where: RunHeader) -> str:
    """What a reader of the rows has to know, in plain text."""
    blocks = [
        f"{_TITLE}{year.year}: {plural(len(year.rows), 'row')}, {where.broker}, {where.mode} mode",
        *(
            f"{each.term} term: {plural(each.rows, 'row')}, proceeds {dollars(each.proceeds)}, cost "
            f"{dollars(each.cost_basis)}, adjustments {dollars(each.adjustment)}, gain or loss "
            f"{dollars(each.gain_or_loss)}"
            for each in year.by_term
        ),
        *(f"- {text}" for text in (*cautions(year, where), *_RULES, *year.remarks)),
    ]
    return "\n".join(fill(block, _WIDTH, subsequent_indent="  " if block[0] == "-" else "") for block in blocks) + "\n"


def cautions(year: TaxYear, where: RunHeader) -> Iterator[str]:
    """What matters most in a year's rows, each in a sentence or two."""
    yield (
        "This is no tax advice, and no form to file as it is: compare it with the broker's Form 1099-B, and ask "
        "somebody who gives tax advice."
    )
    yield (
        "Other accounts, IRAs and those of a spouse are not seen: shares that they bought within 30 days before or "
        "after a loss make it a wash sale too."
    )
    if where.mode == "paper":
        yield "This account trades play money: nothing in it is taxable."
    if any(row.code for row in year.rows):
        yield (
            "Code W marks candidates: purchases of the same security within the 61 days, in this account. The loss in "
            "column (g) is added to the cost of the shares that replace those sold."
        )
    if not year.is_final:
        known = f"these records end with {year.seen_until}" if year.seen_until else "these records have no session yet"
        yield (
            f"Not final: purchases until {year.window_ends} can make a loss of {year.year} a wash sale, and {known}. "
            "Run the export again after that."
        )
    if unknown := [row for row in year.rows if row.date_acquired == VARIOUS]:
        yield (
            f"{plural(len(unknown), 'row')} with {VARIOUS} as date acquired: tradebot does not know it. The broker's "
            "Form 1099-B may."
        )
    if any(row.term == UNKNOWN for row in year.rows):
        yield "Where the term is unknown, the date acquired decides between Part I (short) and Part II (long)."
    if year.fees:
        yield f"{dollars(year.fees)} of fees were booked apart from any trade, and are in no row."
    if year.carried:
        yield f"{dollars(year.carried)} of disallowed losses are in the cost of shares that are still held."


#: How the rows were made.
_RULES = (
    "Shares are sold first in, first out, over all shares of the account, whoever bought them. If you told your broker "
    "to sell others, its figures hold and not these.",
    "Shares whose date is unknown count as no replacement of shares sold at a loss.",
    "Dates are trade dates. Fees of a trade are in its cost or taken off its proceeds. A holding period begins on the "
    "day after the purchase; more than one year is long term.",
    "A short sale is reported when it is covered. A loss on it belongs to the year in which the covering purchase "
    "settled, which differs for the last days of December.",
    "The box on Form 8949 (basis reported to the IRS or not) follows from Form 1099-B and is not in these rows.",
    "Dividends, interest, options, and elections such as mark-to-market (Section 475(f)) are not in these rows.",
)


def _text(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, Decimal) else str(value)
