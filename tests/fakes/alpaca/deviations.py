"""Where Alpaca's own specification is wrong about Alpaca, and what is held to instead, each with its reason.

Every one comes with an example that Alpaca sends or takes and its specification would not allow; a test holds that the
example fails without the deviation and passes with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

#: Errors have no schema in the specification's answers: this is what comes. The trading host gives a code as well.
ERROR: dict[str, Any] = {
    "type": "object",
    "properties": {"code": {"type": "integer"}, "message": {"type": "string", "minLength": 1}},
    "required": ["message"],
}
_DATE_OR_INSTANT = {"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]}


@dataclass(frozen=True, slots=True)
class Deviation:
    """``where`` leads to the part of a specification that ``instead`` takes the place of."""

    specification: str
    where: tuple[str | int, ...]
    instead: Any
    reason: str
    example: Any

    def part(self, raw: dict[str, Any]) -> Any:
        """What the specification says there. KeyError when it does not have the place any more."""
        found: Any = raw
        for step in self.where:
            found = found[step]
        return found

    def mend(self, raw: dict[str, Any]) -> None:
        self.part(raw)
        found: Any = raw
        for step in self.where[:-1]:
            found = found[step]
        found[self.where[-1]] = self.instead


def _dates_of_activities() -> Iterator[Deviation]:
    for path, places in (
        ("/v2/account/activities", {"date": 3, "until": 4, "after": 5}),
        ("/v2/account/activities/{activity_type}", {"date": 1, "until": 2, "after": 3}),
    ):
        for name, place in places.items():
            yield Deviation(
                "trading-api",
                ("paths", path, "get", "parameters", place, "schema"),
                _DATE_OR_INSTANT,
                f"{name} of {path}: its own description allows YYYY-MM-DD beside an instant, its format does not",
                "2022-05-10",
            )


DEVIATIONS: tuple[Deviation, ...] = (
    *(
        Deviation(
            "trading-api",
            ("components", "parameters", f"legacy_{name}", "schema"),
            _DATE_OR_INSTANT,
            f"{name} of /v2/calendar: described as a date, and alpaca-py sends YYYY-MM-DD; its format wants an instant",
            "2022-05-10",
        )
        for name in ("start", "end")
    ),
    *(
        Deviation(
            "market-data-api",
            ("components", "parameters", name, "schema"),
            _DATE_OR_INSTANT,
            f"{name} of historical data: its own description allows YYYY-MM-DD beside an instant, its format does not",
            "2022-05-10",
        )
        for name in ("start", "end")
    ),
    *_dates_of_activities(),
    Deviation(
        "trading-api",
        ("components", "schemas", "NonTradeActivities", "properties", "date"),
        _DATE_OR_INSTANT,
        'its own example of an activity that is no trade has the date "2019-08-01", its format wants an instant',
        "2019-08-01",
    ),
    Deviation(
        "trading-api",
        (
            "paths",
            "/v2/account/activities/{activity_type}",
            "get",
            "responses",
            "200",
            "content",
            "application/json",
            "schema",
            "items",
        ),
        {
            "anyOf": [
                {"$ref": "#/components/schemas/TradingActivities"},
                {"$ref": "#/components/schemas/NonTradeActivities"},
            ]
        },
        "oneOf two schemas that require nothing and allow everything: its own example of a fill fits both",
        {"activity_type": "FILL", "id": "20220202135509981::2d7be4ff-d1f3-43e9-856a-0f5cf5c5088e", "qty": "2"},
    ),
    Deviation(
        "trading-api",
        ("components", "schemas", "PositionClosedResponse", "properties", "body"),
        {"anyOf": [{"$ref": "#/components/schemas/Order"}, ERROR]},
        "a position that could not be closed has the error for its body (FailedClosePositionDetails in alpaca-py)",
        {"code": 40310000, "message": "insufficient qty available for order (requested: 10, available: 0)"},
    ),
)
