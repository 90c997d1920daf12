"""How the activities are told: late, without their times, under other types, twice, out of order, in more rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from tests.fakes.alpaca.happenings import Happening
from tests.fakes.wire.messages import Answer, Arrival
from tradebot.core.model.exchange_time import NEW_YORK, new_york_date

_PATH = "/v2/account/activities"


@dataclass
class Telling:
    """What an honest account of the activities lacks. Each setting may be changed at any time, and fits into JSON.

    late: seconds after its booking before a row is told, by a row's name: its type, "CIL" for cash in lieu of a share,
        and "SPLIT+" for the shares that a split adds.
    three_rows: cash in lieu of a share is a third row of its split's group.
    without: fields that rows lack, such as "created_at".
    date_only: fills have a date and no time.
    types: other types by type, such as one that nobody knows.
    currency: what cash is told to be in.
    twice: each row is listed twice, one after the other.
    disordered: a page begins with its newest rows but one.
    orders_after: seconds after an order was filled before the list of all orders shows it.
    """

    late: Mapping[str, float] = field(default_factory=dict)
    three_rows: bool = False
    without: Iterable[str] = ()
    date_only: bool = False
    types: Mapping[str, str] = field(default_factory=dict)
    currency: str | None = None
    twice: bool = False
    disordered: bool = False
    orders_after: float = 0

    def rows(self, booked: Iterable[Happening], now: datetime) -> list[Happening]:
        """The rows that there are, by what was booked."""
        rows = list(booked)
        if self.three_rows:
            groups = {_split_of(row): row.json["group_id"] for row in rows if row.kind == "SPLIT"}
            rows = [_in_group(row, groups) for row in rows]
        return [row for row in rows if not self.late or self._is_told(row, now)]

    def _is_told(self, row: Happening, now: datetime) -> bool:
        late = self.late.get(_name(row))
        return late is None or row.at + timedelta(seconds=late) <= now

    def shows(self, filled_at: datetime | None, now: datetime) -> bool:
        """Whether the list of all orders has an order."""
        return not self.orders_after or filled_at is None or filled_at + timedelta(seconds=self.orders_after) <= now

    def told(self, arrival: Arrival, answer: Answer) -> Answer:
        """An answer to a question about activities as it is sent. The specification does not allow all of this."""
        if not arrival.path.startswith(_PATH) or not isinstance(answer.body, list):
            return answer
        rows = [self._told(row) for row in answer.body]
        if self.disordered:
            rows = [*rows[-2::-1], *rows[-1:]]  # a page goes on after its last row
        if self.twice:
            rows = [row for row in rows for _ in range(2)]
        return replace(answer, body=rows)

    def _told(self, row: dict[str, Any]) -> dict[str, Any]:
        told = {name: value for name, value in row.items() if name not in self.without}
        told["activity_type"] = self.types.get(row["activity_type"], row["activity_type"])
        if self.date_only and "transaction_time" in row:
            told["date"] = new_york_date(datetime.fromisoformat(row["transaction_time"])).isoformat()
            told.pop("transaction_time", None)
        if self.currency is not None and "currency" in row:
            told["currency"] = self.currency
        return told


def _name(row: Happening) -> str:
    if row.json.get("activity_sub_type") == "CIL" or (row.kind == "SPLIT" and row.json["net_amount"] != "0"):
        return "CIL"
    adds = row.kind == "SPLIT" and not row.json["qty"].startswith("-")
    return "SPLIT+" if adds else row.kind


def _split_of(row: Happening) -> tuple[object, object]:
    return row.json.get("symbol"), row.at.astimezone(NEW_YORK).date()


def _in_group(row: Happening, groups: Mapping[tuple[object, object], str]) -> Happening:
    group = groups.get(_split_of(row))
    if row.json.get("activity_sub_type") != "CIL" or group is None:
        return row
    return replace(row, json={**row.json, "activity_type": "SPLIT", "activity_sub_type": "RSPLIT", "group_id": group})
