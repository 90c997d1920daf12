"""The object that each command prints with --json, by the command's name. ``docs/schemas`` is made from it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import TypedDict

from tradebot.brokers.paper import ExchangeStatus
from tradebot.core.accounting.form_8949 import TaxYear
from tradebot.core.accounting.performance import Totals
from tradebot.core.model.halts import Halt
from tradebot.core.results.account_lines import AccountLine, AccountTotals, SymbolExposure
from tradebot.core.results.alerts import DeliveryAttempt, QueuedAlert
from tradebot.core.results.backtest_outcome import BacktestOutcome
from tradebot.core.results.diff_run import DiffRun
from tradebot.core.results.explain_outcome import ExplainOutcome
from tradebot.core.results.home_places import HomeEnd
from tradebot.core.results.incident import IncidentOutcome
from tradebot.core.results.job_lines import JobLine
from tradebot.core.results.listings import FillLine, ListedOrder, TradeLine
from tradebot.core.results.outcomes import Outcome
from tradebot.core.results.position_lines import PositionLine
from tradebot.core.results.preflight_checks import PreflightOutcome
from tradebot.core.results.report_outcome import ReplayOutcome, ReportOutcome
from tradebot.core.results.review import Review
from tradebot.core.results.status_outcome import StatusOutcome
from tradebot.core.results.stop_outcome import DrillOutcome, StopOutcome
from tradebot.core.results.sweep_outcome import SweepOutcome
from tradebot.core.results.web_access import SessionLine, TokenLine
from tradebot.core.results.written_parameters import WrittenParameters
from tradebot.errors import Problem
from tradebot.ledger.audit import Head
from tradebot.ledger.backup import Copy
from tradebot.ledger.findings import Finding
from tradebot.market.imports.tally import Entry
from tradebot.market.price_check import PriceSummary
from tradebot.plugins.check import CheckReport
from tradebot.ports import StrategyInfo
from tradebot.reports.json_schema import Schema, Shape, command_schema, failure_schema, idle_schema
from tradebot.reports.prometheus_text import MetricLine
from tradebot.reports.statistics import Figure
from tradebot.runtime.alerts import Delivery
from tradebot.runtime.api_shapes import API_SHAPES, RISK
from tradebot.runtime.robinhood_auth import SessionStatus
from tradebot.runtime.strategies import ServedSessions
from tradebot.schedulers import SchedulerKind
from tradebot.schedulers.rules import SchedulerFile
from tradebot.settings.inspected import ShownSetting

_STATISTICS = {"statistics": Mapping[str, Figure], "monthly_returns": Mapping[date, float]}
_LISTING = {"more": bool, "notes": tuple[str, ...]}
_LAST_KNOWN = {**_LISTING, "known_at": datetime | None, "trouble": str}
_SETTINGS = {"home": Path, "env_file": Path | None, "warnings": tuple[str, ...], "notes": tuple[str, ...]}
_SCHEDULE = {"home": Path, "scheduler": SchedulerKind}
_PAPER = Shape(more={"headline": str, "exchange": ExchangeStatus})


def _plain(more: Mapping[str, object], **optional: object) -> Shape:
    """A command without a broker or a ledger."""
    return Shape(more=more, optional=optional, has_location=False)


_ALL_HOMES = _plain({"headline": str, "homes": tuple[HomeEnd, ...], "unknown": tuple[str, ...]})
_ALL_ACCOUNTS = _plain({
    "accounts": tuple[AccountLine, ...], "totals_by_mode": tuple[AccountTotals, ...],
    "exposure": tuple[SymbolExposure, ...], "missing": tuple[str, ...],
})  # fmt: skip


class ExitCodeLine(TypedDict):
    """An exit code of `help exit-codes`."""

    code: int
    name: str
    meaning: str


class Change(TypedDict):
    """A change that `data import` made to what a file held."""

    file: str
    what: str
    count: int


SHAPES: Mapping[str, Shape] = {
    "preflight": Shape(PreflightOutcome),
    "run-daily": Shape(Outcome),
    "check-exits": Shape(Outcome),
    "reconcile": Shape(Outcome),
    "diff": Shape(DiffRun),
    "report": Shape(ReportOutcome, {**_STATISTICS, "review": Review | None}),
    "replay": Shape(ReplayOutcome, _STATISTICS),
    "resume": Shape(Outcome),
    "rebuild": Shape(Outcome),
    "adopt": Shape(Outcome),
    "status": Shape(StatusOutcome),
    "explain": Shape(ExplainOutcome),
    "incident": Shape(IncidentOutcome),
    "emergency-stop": Shape(StopOutcome),
    "emergency-stop --drill": _plain({"drill": DrillOutcome}),
    "positions": Shape(more={"positions": tuple[PositionLine, ...], **_LAST_KNOWN}),
    "orders": Shape(more={"orders": tuple[ListedOrder, ...], **_LAST_KNOWN}),
    "trades": Shape(more={"trades": tuple[TradeLine, ...], "totals": Totals | None, **_LISTING}),
    "fills": Shape(more={"fills": tuple[FillLine, ...], **_LISTING}),
    "risk": Shape(more=RISK),
    "jobs": Shape(more={"jobs": tuple[JobLine, ...], "session": date | None, "now": datetime}),
    "metrics": _plain({"metrics": tuple[MetricLine, ...]}, file=Path | None),
    "export": Shape(
        more={"files": tuple[Path, ...]}, optional={"tax": TaxYear, "final": bool, "rows": int}, has_location=None
    ),
    "halt --all": _ALL_HOMES,
    "emergency-stop --all": _ALL_HOMES,
    "accounts": _ALL_ACCOUNTS,
    "status --all": _ALL_ACCOUNTS,
    "report --all": _ALL_ACCOUNTS,
    "positions --all": _ALL_ACCOUNTS,
    "halt": _plain({"home": Path, "headline": str, "halt": Halt, "not_told": str}),
    "serve": _plain(
        {"home": Path}, address=str, link=str, token=str, revoked=str,
        tokens=tuple[TokenLine, ...], browsers=tuple[SessionLine, ...],
    ),
    "take-over": _plain({"account": str, "taken_from": str}),
    "verify": _plain({
        "home": Path, "findings": tuple[Finding, ...], "not_covered": Mapping[str, int], "known_heads": int,
        "heads": Mapping[str, Head],
    }),
    "backup": _plain({"backup": Copy, "at": datetime, "dropped": tuple[Path, ...]}),
    "restore": _plain({"backup": Copy, "kept": Path | None, "accounts": tuple[str, ...]}),
    "ledger copy": _plain({
        "place": str, "heads": Mapping[str, Head], "accounts": tuple[str, ...],
        "others": Mapping[str, tuple[str, ...]], "reopened": bool,
    }),
    "init-db": Shape(more={"made": bool}),
    "alerts test": _plain({"channels": tuple[DeliveryAttempt, ...]}),
    "alerts list": _plain({"alerts": tuple[QueuedAlert, ...]}),
    "alerts deliver": _plain({"delivery": Delivery, "waiting": tuple[QueuedAlert, ...]}),
    "auth status": _plain({"login": SessionStatus}),
    "auth forget": _plain({"forgotten": bool}),
    "paper next": _PAPER,
    "paper status": _PAPER,
    "paper reset": _PAPER,
    "config show": _plain(
        {
            **_SETTINGS, "problems": tuple[Problem, ...], "settings": tuple[ShownSetting, ...],
            "parameters": tuple[ShownSetting, ...],
        }
    ),
    "config check": _plain(_SETTINGS),
    "data import": _plain({
        "out": Path, "actions_file": Path | None, "summary": PriceSummary, "changes": tuple[Change, ...],
        "left_out": tuple[Entry, ...], "notes": tuple[str, ...],
    }),
    "data check": _plain({"file": Path, "summary": PriceSummary}),
    "schedule print": _plain({"scheduler": SchedulerKind, "host_zone": str, "files": tuple[SchedulerFile, ...]}),
    "schedule install": _plain({**_SCHEDULE, "host_zone": str, "done": tuple[str, ...]}),
    "schedule remove": _plain({**_SCHEDULE, "removed": int}),
    "schedule verify": _plain({**_SCHEDULE, "host_zone": str, "differences": tuple[str, ...]}),
    "strategies list": _plain({
        "home": Path, "strategies": tuple[StrategyInfo, ...], "unsound": tuple[str, ...],
        "configured": tuple[str, ...], "served": Mapping[str, ServedSessions],
    }),
    "backtest": _plain({"backtest": BacktestOutcome, "written": WrittenParameters | None, **_STATISTICS}),
    "sweep": _plain({"sweep": SweepOutcome, "written": WrittenParameters | None}),
    "strategies check": _plain({"home": Path, "report": CheckReport, "passed": bool}),
    "help": _plain({"topic": str}, text=str, codes=tuple[ExitCodeLine, ...], precedence=tuple[int, ...]),
    "completion": _plain({"shell": str, "script": str}),
}  # fmt: skip


def schema_files() -> dict[str, str]:
    """The text of each file of docs/schemas by its name."""
    schemas = {_file_name(name): command_schema(name.partition(" --")[0], shape) for name, shape in SHAPES.items()}
    schemas |= {f"{name}.json": api_schema(name) for name in API_SHAPES}
    schemas |= {"failed.json": failure_schema(), "not-due.json": idle_schema()}
    return {name: json.dumps(schema, indent=1) + "\n" for name, schema in schemas.items()}


def api_schema(name: str) -> Schema:
    """The schema of what the server's API gives under ``/api/NAME``: the object of the command of this name, if any."""
    if name in API_SHAPES:
        return command_schema(name, API_SHAPES[name]) | {"title": f"GET /api/{name}"}
    command = {"alerts": "alerts list"}.get(name, name)
    return command_schema(command, SHAPES[command])


def schema_name(command: str, options: Collection[str] = ()) -> str:
    """The file of the schema of a command that ran with these options."""
    return _file_name(command + (" --drill" if "--drill" in options else ""))


def _file_name(name: str) -> str:
    return f"{name.replace(' --', '-').replace(' ', '-')}.json"
