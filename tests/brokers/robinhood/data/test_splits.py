"""Lists of splits by symbol, and their file."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tests.brokers.robinhood.data.conftest import RobinhoodHost, api_to, split
from tradebot.brokers.robinhood.data.splits import Splits
from tradebot.errors import BrokerUnavailable

TODAY = date(2024, 7, 2)


def splits_of(host: RobinhoodHost, folder: Path) -> Splits:
    return Splits(api_to(host), folder / "robinhood_splits", "host")


def test_a_list_is_asked_for_once_and_kept_for_the_next_command(host: RobinhoodHost, tmp_path: Path) -> None:
    host.splits = {"nvda-id": [split("2024-06-10", 10, 1)], "xyz-id": [split("2024-05-01", 1, 20)]}

    splits_of(host, tmp_path).ask({"NVDA": "nvda-id", "XYZ": "xyz-id", "KO": "ko-id"}, TODAY)
    kept = splits_of(host, tmp_path)

    assert {action.symbol: action.value for action in kept.known(["NVDA", "XYZ", "KO"])} == {
        "NVDA": 10,
        "XYZ": Decimal("0.05"),
    }
    assert kept.known(["NVDA"])[0].ex_date == date(2024, 6, 10)
    assert kept.stale({"NVDA": TODAY, "KO": date(2024, 7, 3), "IBM": date(2020, 1, 1)}) == {"KO", "IBM"}
    assert host.count("/instruments/") == 3


def test_what_is_no_split_is_left_out(host: RobinhoodHost, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    host.splits["ko-id"] = [split("2024-06-10", 1, 1), split("2024-06-11", 5, 0), split("2024-06-12", 2, 1)]
    splits = splits_of(host, tmp_path)

    splits.ask({"KO": "ko-id"}, TODAY)

    assert [action.ex_date.day for action in splits.known(["KO"])] == [12]
    assert "left out of the splits: KO on 2024-06-10" in caplog.text


@pytest.mark.parametrize(
    "content",
    [
        {"results": [split("2024-06-10", 10, 1)], "next": "https://api.robinhood.com/x"},
        {"results": [{"execution_date": "2024-06-10", "multiplier": "10"}]},
        {"results": [split("tomorrow", 10, 1)]},
        {"results": [split("", 10, 1)]},
        [],
    ],
)
def test_a_list_that_cannot_be_read_is_not_an_empty_one(content: object, host: RobinhoodHost, tmp_path: Path) -> None:
    host.interfere = lambda number, asked: (200, content)
    splits = splits_of(host, tmp_path)

    with pytest.raises(BrokerUnavailable):
        splits.ask({"NVDA": "nvda-id"}, TODAY)
    assert splits.stale({"NVDA": TODAY}) == {"NVDA"}


def test_an_instrument_without_a_list_has_no_split(host: RobinhoodHost, tmp_path: Path) -> None:
    host.interfere = lambda number, asked: (404, {"detail": "Not found."})
    splits = splits_of(host, tmp_path)

    splits.ask({"KO": "ko-id"}, TODAY)

    assert splits.known(["KO"]) == () and not splits.stale({"KO": TODAY})
