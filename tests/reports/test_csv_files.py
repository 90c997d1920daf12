"""The CSV files of a report."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from tests.reports.builders import POSITION
from tests.reports.conftest import NOON, SESSION
from tradebot.core.accounting.bridge import Bridge
from tradebot.core.accounting.fill_sums import Execution, fill_sums
from tradebot.core.accounting.trading_cost import trading_cost
from tradebot.core.model.account import Fill
from tradebot.core.model.holdings import Trade
from tradebot.core.model.orders import Side
from tradebot.core.results.period_lines import LimitLine
from tradebot.core.results.report_outcome import ReportOutcome
from tradebot.errors import UsageError
from tradebot.reports.csv_files import csv_paths, write_csv
from tradebot.settings import load

FILL = Fill("F1", "B1", "tb1-x", "AAPL", Side.BUY, Decimal(10), Decimal("25.10"), Decimal(1), NOON, SESSION)
TRADE = Trade(
    "F1-F2", "rsi2", "AAPL", Side.BUY, Decimal(10), Decimal("25.10"), Decimal("26.00"), Decimal(2), Decimal(7),
    NOON, NOON, SESSION, SESSION, 'stop, "hit"',
)  # fmt: skip
BOUGHT = Execution("trend", 9, 1, Decimal(10), Decimal(25), Decimal(1), Decimal(25), Decimal(25), rests=False)
BRIDGE = Bridge(
    NOON, NOON, Decimal(100000), Decimal(400), Decimal(300), Decimal(5), Decimal(1), Decimal(3), Decimal(0),
    Decimal(200), Decimal(0), Decimal("-3.00"), Decimal(100500), is_opening_close=True, is_closing_close=True,
)  # fmt: skip
USED = LimitLine("MAX_POSITIONS", Decimal(3), Decimal(10), Decimal("0.3"), SESSION)


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as lines:
        return list(csv.DictReader(lines))


def written(report: ReportOutcome, folder: Path, *, force: bool = False) -> tuple[Path, ...]:
    paths = csv_paths(folder, load(folder.parent / "home", None, {}), force=force)
    write_csv(report, paths)
    return paths


def test_each_kind_has_its_file(report_of: Callable[..., ReportOutcome], tmp_path: Path) -> None:
    report = replace(
        report_of("101000", "100500"),
        trades=(TRADE,), period_fills=(FILL,), positions=(POSITION,), denial_counts={"HALTED": 2, "BUYING_POWER": 1},
        cost=trading_cost(fill_sums([BOUGHT])), limits_used=(USED,), bridge=BRIDGE,
    )  # fmt: skip
    folder = tmp_path / "new" / "folder"
    assert sorted(path.name for path in written(report, folder)) == sorted(path.name for path in folder.iterdir()) == [
        "bridge.csv", "costs.csv", "denials.csv", "equity.csv", "fills.csv", "halts.csv", "limits.csv", "months.csv",
        "positions.csv", "trades.csv",
    ]  # fmt: skip
    assert [row["equity"] for row in read(folder / "equity.csv")] == ["101000", "100500"]
    (trade,) = read(folder / "trades.csv")
    assert (trade["entry_price"], trade["pnl"], trade["exit_reason"]) == ("25.1", "7", 'stop, "hit"')
    (fill,) = read(folder / "fills.csv")
    assert (fill["at"], fill["session"], fill["parent_client_order_id"]) == (NOON.isoformat(), "2007-01-03", "")
    (position,) = read(folder / "positions.csv")
    assert (position["stop"], position["target"], position["protected"]) == ("24.85", "", "True")
    assert [row["name"] for row in read(folder / "costs.csv")] == ["all", "strategy trend", "hour 09", "order sent"]
    assert [(row["setting"], row["share"]) for row in read(folder / "limits.csv")] == [("MAX_POSITIONS", "0.3")]
    terms = {row["term"]: Decimal(row["amount"]) for row in read(folder / "bridge.csv")}
    assert next(iter(terms)) == "opening_equity"
    assert (terms["fees"], terms["paid_out"]) == (Decimal(-3), Decimal(-200))
    assert terms.pop("closing_equity") == sum(terms.values()) == 100500
    assert read(folder / "denials.csv") == [{"code": "BUYING_POWER", "count": "1"}, {"code": "HALTED", "count": "2"}]


def test_an_empty_report_leaves_files_with_their_heads(report_of: Callable[..., ReportOutcome], tmp_path: Path) -> None:
    for path in written(report_of(), tmp_path):
        assert len(path.read_text().splitlines()) == 1


def test_files_that_were_there_are_replaced(report_of: Callable[..., ReportOutcome], tmp_path: Path) -> None:
    written(report_of("101000", "100500"), tmp_path)
    written(report_of("101000"), tmp_path)
    assert len(read(tmp_path / "equity.csv")) == 1


def test_a_folder_that_cannot_be_written_is_one_message(
    report_of: Callable[..., ReportOutcome], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"):
        written(report_of(), tmp_path / "file")


def test_a_file_of_another_program_is_left_alone_without_force(
    report_of: Callable[..., ReportOutcome], tmp_path: Path
) -> None:
    (tmp_path / "trades.csv").write_text("Date,Symbol,Amount\n2024-01-02,AAPL,5\n")
    with pytest.raises(UsageError, match=r"trades\.csv exists and is not the file of trade_id, .*--force"):
        written(report_of(), tmp_path)
    assert not (tmp_path / "equity.csv").exists()  # nothing is half written
    written(report_of(), tmp_path, force=True)
    assert (tmp_path / "trades.csv").read_text().startswith("trade_id,")


def test_files_of_another_version_are_replaced(report_of: Callable[..., ReportOutcome], tmp_path: Path) -> None:
    (tmp_path / "equity.csv").write_text("session,equity,of_a_later_version\n")
    (tmp_path / "denials.csv").write_text("code,count,of_a_later_version\r\n")
    with pytest.raises(UsageError, match="equity"):  # neither fewer nor more columns
        written(report_of(), tmp_path)
    (tmp_path / "equity.csv").write_text("session,equity\n")
    assert "later" not in "".join(path.read_text() for path in written(report_of(), tmp_path))
