"""Rows of activities: when they were booked, and on which day."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from tradebot.brokers.alpaca.broker.activity_rows import parse_row, time_of_id
from tradebot.errors import BrokerUnavailable

NIGHT = "2024-07-06T01:30:00Z"  # still the fifth in New York


@pytest.mark.parametrize(
    ("fields", "booked", "day"),
    [
        (
            {"activity_type": "FILL", "transaction_time": NIGHT},
            datetime(2024, 7, 6, 1, 30, tzinfo=UTC),
            date(2024, 7, 5),
        ),
        (
            {"activity_type": "FEE", "created_at": NIGHT, "date": "2024-07-03"},
            datetime(2024, 7, 6, 1, 30, tzinfo=UTC),
            date(2024, 7, 3),
        ),
        ({"activity_type": "SPLIT", "date": "2024-07-05"}, datetime(2024, 7, 5, 4, tzinfo=UTC), date(2024, 7, 5)),
        (
            {"activity_type": "FEE", "date": "2024-07-05T00:00:00Z"},
            datetime(2024, 7, 6, 3, 59, 59, 999_999, tzinfo=UTC),
            date(2024, 7, 5),
        ),
        (
            {"activity_type": "FEE", "transaction_time": NIGHT, "date": "2024-07-03"},
            datetime(2024, 7, 6, 1, 30, tzinfo=UTC),
            date(2024, 7, 3),
        ),
        (
            {"activity_type": "FEE", "created_at": "in the night", "date": "2024-07-05"},
            datetime(2024, 7, 6, 3, 59, 59, 999_999, tzinfo=UTC),
            date(2024, 7, 5),
        ),
        (
            {"activity_type": "FEE", "created_at": NIGHT, "date": "yesterday"},
            datetime(2024, 7, 6, 1, 30, tzinfo=UTC),
            date(2024, 7, 5),
        ),
        (
            {"activity_type": "FILL", "date": "2024-07-05"},
            datetime(2024, 7, 6, 3, 59, 59, 999_999, tzinfo=UTC),
            date(2024, 7, 5),
        ),
        (
            {"activity_type": "FILL", "id": "20240705101500250::1", "date": "2024-07-05"},
            datetime(2024, 7, 5, 14, 15, 0, 250_000, tzinfo=UTC),
            date(2024, 7, 5),
        ),
    ],
    ids=[
        "a fill",
        "a fee",
        "a split",
        "a fee without a time",
        "a fee with a time of transaction",
        "a fee with a time that is none",
        "a fee with a date that is none",
        "a fill of a date only",
        "a fill with the time in its id",
    ],
)
def test_a_row_has_an_instant_and_a_new_york_day(fields: dict[str, Any], booked: datetime, day: date) -> None:
    row = parse_row({"id": "1", **fields})
    assert (row.booked_at, row.day) == (booked, day)


@pytest.mark.parametrize(
    "fields", [{"activity_type": "FILL"}, {"activity_type": "FEE"}, {"activity_type": "FEE", "date": "soon"}]
)
def test_a_row_without_a_time_is_no_answer(fields: dict[str, Any]) -> None:
    with pytest.raises(BrokerUnavailable):
        parse_row({"id": "1", **fields})


def test_an_id_begins_with_new_yorks_time() -> None:
    assert time_of_id("20220202135509981::88b5f678") == datetime(2022, 2, 2, 18, 55, 9, 981_000, tzinfo=UTC)
    for other in ("2022020213550998::1", "20221302135509981::1", "A-000000001", ""):
        assert time_of_id(other) is None
