"""The objects of the server's reads that no job makes: their fields. Nothing here is slow to import."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from tradebot.core.model.account import AccountSnapshot
from tradebot.core.model.halts import HaltLevel
from tradebot.core.results.account_now import Reached
from tradebot.core.results.job_lines import JobLine, SessionJobs
from tradebot.core.results.period_lines import LimitLine
from tradebot.core.results.risk_outcome import RiskOutcome, SymbolRisk
from tradebot.reports.json_schema import Shape

#: The use of the limits, and what the account has at stake.
RISK = {
    "session": date | None, "equity": Decimal | None, "limits_used": tuple[LimitLine, ...],
    "symbols": tuple[SymbolRisk, ...], "gross_exposure": Decimal, "lost_at_stops": Decimal, "concentration": Decimal,
    "unprotected": Decimal | None, "notes": tuple[str, ...], "known_at": datetime | None, "trouble": str,
}  # fmt: skip


def risk_fields(found: RiskOutcome) -> dict[str, Any]:
    """The fields of the object of `risk`."""
    return {name: getattr(found, name) for name in RISK}


def jobs_fields(found: SessionJobs) -> dict[str, Any]:
    """The fields of the object of `jobs`."""
    return {"jobs": found.lines, "session": found.session, "now": found.now}


#: The objects of the server's API that no command prints: `status` shows the account, and a monitor asks for health.
API_SHAPES: Mapping[str, Shape] = {
    "account": Shape(more={
        "account": AccountSnapshot | None, "level": HaltLevel, "session": date | None, "day_result": Decimal | None,
        "below_peak": Decimal | None, "positions": int, "unprotected": Decimal | None, "known_at": datetime | None,
        "trouble": str,
    }),
    "health": Shape(more={
        "healthy": bool, "level": HaltLevel, "ledger_reached": Reached, "broker_reached": Reached,
        "overdue": tuple[JobLine, ...], "alerts_waiting": int | None, "version": str,
    }),
}  # fmt: skip


def fields_of(name: str, found: object) -> dict[str, Any]:
    """The fields of the object of this name in ``API_SHAPES``."""
    return {field: getattr(found, field) for field in API_SHAPES[name].more}
