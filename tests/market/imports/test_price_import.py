"""Small files as makers and people write them, in ../price_files/: a folder a case, with expected.txt beside them.

expected.txt has the arguments if there are any, the bars as a person reads them in the files, and what is said:
changed, left out, note, told (a corporate action), asked, refused.
"""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from tradebot.errors import ConfigError
from tradebot.market.imports.adjustment import Closes
from tradebot.market.imports.dates import DateOrder
from tradebot.market.imports.numbers import DecimalMark
from tradebot.market.imports.price_import import Imported, import_prices
from tradebot.market.imports.symbols import ticker
from tradebot.market.imports.typed_rows import Readings
from tradebot.market.imports.writing import write_answers, write_bars
from tradebot.market.price_file import PriceFile

FOLDER = Path(__file__).parents[1] / "price_files"
CASES = sorted(path.name for path in FOLDER.iterdir())
HEADER = "symbol,date,open,high,low,close,volume"

Cells = tuple[str, str, Decimal, Decimal, Decimal, Decimal, Decimal]


def imported(case: Path, arguments: list[str]) -> Imported:
    said = dict(zip(arguments[::2], arguments[1::2], strict=True))
    symbol, order, mark = said.get("--symbol"), said.get("--dates"), said.get("--decimal")
    readings = Readings(
        ticker(symbol) if symbol else None,
        DateOrder(order) if order else None,
        DecimalMark(mark) if mark else None,
    )
    actions = case / "actions.csv"
    inputs = sorted(path for path in case.iterdir() if path.name not in ("actions.csv", "expected.txt"))
    closes = Closes(said["--closes"]) if "--closes" in said else None
    return import_prices(inputs, actions if actions.exists() else None, readings, closes)


def told(result: Imported, case: Path) -> list[str]:
    """What is said beside the bars, sorted, with the names of files alone."""
    tally = result.tally
    lines = [f"changed: {each.file}: {each.what} ({each.count}) {each.where}" for each in tally.changes]
    lines += [f"left out: {each.file}: {each.what} ({each.count}) {each.where}" for each in tally.left_out]
    lines += [f"note: {note}" for note in tally.notes]
    lines += [
        f"told: {each.symbol},{each.ex_date:%Y-%m-%d},{each.kind},{each.value}"
        for each in result.told[["symbol", "ex_date", "kind", "value"]].itertuples(index=False)
    ]
    lines += [f"asked: {where}: {question.what}" for where, question in result.asked]
    return sorted(without_folder(line, case).strip() for line in lines)


def without_folder(text: str, case: Path) -> str:
    return text.replace(f"{case}/", "").replace(f"{case}\\", "")


def cells_of_text(lines: list[str]) -> list[Cells]:
    return [(row[0], row[1], *map(Decimal, row[2:])) for row in csv.reader(lines)]  # type: ignore[misc]


def cells_of_file(path: Path, actions: Path | None) -> list[Cells]:
    """The bars that the exchange reads in the written file."""
    bars = sorted(PriceFile(path, actions).bars(), key=lambda bar: (bar.symbol, bar.session))
    return [(bar.symbol, f"{bar.session}", bar.open, bar.high, bar.low, bar.close, Decimal(bar.volume)) for bar in bars]


@pytest.mark.parametrize("name", CASES)
def test_a_file_is_read_as_a_person_reads_it_or_refused_with_both_readings(name: str, tmp_path: Path) -> None:
    case = FOLDER / name
    lines = (case / "expected.txt").read_text(encoding="utf-8").splitlines()
    arguments = lines.pop(0).removeprefix("arguments: ").split() if lines[0].startswith("arguments: ") else []
    if HEADER not in lines:
        with pytest.raises(ConfigError) as caught:
            imported(case, arguments)
        assert [without_folder(f"refused: {problem}", case) for problem in caught.value.problems] == lines
        return
    lines.remove(HEADER)
    result = imported(case, arguments)
    bars = [line for line in lines if ": " not in line]
    assert told(result, case) == sorted(set(lines) - set(bars))
    out = tmp_path / "bars.parquet"
    write_bars(out, result.bars)
    write_answers(out, (question for _, question in result.asked))
    actions = case / "actions.csv"
    assert cells_of_file(out, actions if actions.exists() else None) == cells_of_text(bars)


def test_there_are_cases_of_every_kind() -> None:
    assert len(CASES) >= 40
