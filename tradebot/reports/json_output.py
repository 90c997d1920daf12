"""The result of a command as one JSON object: the contract with the program that started it.

Decimals are strings, so that no reader rounds them. Dates and datetimes are ISO 8601. A missing value is null. The
object of a job has the fields of ``COMMON`` and those of its own outcome.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

from tradebot.core.accounting.performance import Totals
from tradebot.core.model.halts import Halt
from tradebot.core.model.values import canonical
from tradebot.core.results.outcomes import Outcome
from tradebot.errors import PRECEDENCE, ConfigError, ExitCode, TradebotError, first_by_precedence
from tradebot.reports.run_header import RunHeader
from tradebot.settings.ledger_location import LedgerServer

#: The fields of every job's object.
COMMON = (
    *("job", "session", "status", "exit_code", "exit_codes", "headline"),
    *("home", "broker", "mode", "account_id", "database", "logs"),
    *("orders", "denials", "breaks", "halts", "timings"),
)


def outcome_json(outcome: Outcome, where: RunHeader, **more: object) -> str:
    """The object of a job. ``more`` are further fields that reports compute from the outcome, such as statistics."""
    return dumps({**_lead_fields(outcome), **_location(where), **_other_fields(outcome), **more})


def command_json(command: str, code: ExitCode = ExitCode.OK, where: RunHeader | None = None, **more: object) -> str:
    """The object of a command that is not a job and ran. ``more`` are the command's own fields."""
    location = _location(where) if where else {}
    codes = () if code is ExitCode.OK else (code,)
    return dumps({"job": command, "status": "ran", **_codes(codes), **location, **more})


def idle_json(command: str, headline: str) -> str:
    """The object of a job that was started when it was not due."""
    return dumps({"job": command, "status": "idle", **_codes(()), "headline": headline})


def error_json(command: str, error: TradebotError) -> str:
    """The object of a command that ended with ``error``. ``notes``: the notes added to the exception (PEP 678)."""
    problems = error.problems if isinstance(error, ConfigError) else ()
    notes = tuple(getattr(error, "__notes__", ()))
    return failure_json(command, error.exit_code, str(error), problems=problems, notes=notes)


def failure_json(command: str, code: ExitCode, error: str, **more: object) -> str:
    """The object of a command that failed with exit code ``code``. ``more`` are further fields."""
    return dumps({"job": command, "status": "failed", **_codes((code,)), "error": error, **more})


def dumps(value: object) -> str:
    """A value as JSON text. Raises TypeError for a type without a form in JSON."""
    return json.dumps(plain(value), indent=2, allow_nan=False)


def plain(value: Any) -> Any:
    """A value as the types of JSON. A float that is not finite is None. Raises TypeError for any other type."""
    match value:
        case None | bool() | int() if not isinstance(value, Enum):
            return value
        case Enum():
            return value.value
        case str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case Decimal():
            return canonical(value)
        case datetime() | date():
            return value.isoformat()
        case Path() | LedgerServer():
            return str(value)
        case Mapping():
            return {str(plain(key)): plain(item) for key, item in value.items()}
        case Outcome():
            return {**plain(_lead_fields(value)), **_other_fields(value)}
        case Halt():
            return {**_fields(value), "holds": value.holds, "commands": plain(value.commands)}
        case Totals():
            return {**_fields(value), **plain(_derived_figures(value))}
        case list() | tuple():
            return [plain(item) for item in value]
        case frozenset():
            return sorted(plain(item) for item in value)
        case _ if is_dataclass(value):
            return _fields(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def _fields(value: Any, leave_out: Iterable[str] = ()) -> dict[str, Any]:
    return {item.name: plain(getattr(value, item.name)) for item in fields(value) if item.name not in leave_out}


def _lead_fields(outcome: Outcome) -> dict[str, object]:
    return {
        "job": outcome.job,
        "session": outcome.session,
        "status": outcome.status,
        **_codes(outcome.codes),
        "headline": outcome.headline,
    }


def _other_fields(outcome: Outcome) -> dict[str, Any]:
    return _fields(outcome, leave_out=("job", "session", "status", "codes", "headline"))


def _derived_figures(totals: Totals) -> Mapping[str, Decimal | None]:
    return {
        "pnl": totals.pnl,
        "win_rate": totals.win_rate,
        "profit_factor": totals.profit_factor,
        "average": totals.average,
    }


def _codes(codes: Iterable[ExitCode]) -> dict[str, object]:
    """``exit_code``: the process ends with it. ``exit_codes``: every code that applies, by precedence."""
    applies = set(codes)
    ordered = [code for code in PRECEDENCE if code in applies]
    ordered += sorted(applies.difference(ordered))
    return {
        "exit_code": int(first_by_precedence(applies) or next(iter(ordered), 0)),
        "exit_codes": [int(c) for c in ordered],
    }


def _location(where: RunHeader) -> dict[str, object]:
    return {
        "home": where.home,
        "broker": where.broker,
        "mode": where.mode,
        "account_id": where.account_id,
        "database": where.database,
        "logs": where.logs,
    }
