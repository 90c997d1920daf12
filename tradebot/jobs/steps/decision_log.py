"""Stores what strategies gave in a run, and what was decided and why, with the numbers that were compared."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from tradebot.core.model.ledger_rows import DecisionRow
from tradebot.core.model.orders import Intent, Purpose
from tradebot.core.model.plan import Denial
from tradebot.core.model.signal_records import signals_record
from tradebot.core.model.signals import Action, Signal
from tradebot.jobs.desk import Desk
from tradebot.jobs.job_run import JobRun
from tradebot.jobs.step_results import SignalsResult


def store_signals(desk: Desk, run: JobRun, result: SignalsResult) -> None:
    """Store what each strategy gave for each of its symbols, or why it gave nothing."""
    fingerprints = {info.name: info.fingerprint for info in desk.strategies.loaded}
    names = dict.fromkeys([*fingerprints, *result.faults])
    at = desk.clock.now()
    records = [
        signals_record(result.signals, run.session, at, name, fingerprints.get(name, ""), result.faults.get(name, ""))
        for name in names
    ]
    desk.ledger.signals.store(run.run_id, records)


def store_decisions(
    desk: Desk, run: JobRun, intents: Iterable[Intent], denials: Iterable[Denial], signals: Iterable[Signal] = ()
) -> None:
    """Store a row for each intent and denial, with the reason of the signal behind it."""
    origin = {(signal.strategy, signal.symbol): signal for signal in signals}
    rows = [_row_of_intent(desk, run, intent) for intent in intents]
    rows += [_row_of_denial(desk, run, denial) for denial in denials]
    rows = [_with_origin(row, origin.get((row.strategy, row.symbol))) for row in rows]
    if rows:
        desk.ledger.decisions.store(run.run_id, rows)


def _row_of_intent(desk: Desk, run: JobRun, intent: Intent) -> DecisionRow:
    return DecisionRow(
        session=run.session,
        at=desk.clock.now(),
        strategy=intent.strategy,
        symbol=intent.symbol,
        purpose=intent.purpose,
        outcome="intent",
        code="",
        message=intent.reason,
        value=intent.request.quantity,
        limit=intent.planned_price,
        client_order_id=intent.client_order_id,
    )


def _row_of_denial(desk: Desk, run: JobRun, denial: Denial) -> DecisionRow:
    return DecisionRow(
        session=run.session,
        at=desk.clock.now(),
        strategy=denial.strategy,
        symbol=denial.symbol,
        purpose=denial.purpose,
        outcome="denied",
        code=denial.code,
        message=denial.message,
        value=denial.value,
        limit=denial.limit,
    )


def _with_origin(row: DecisionRow, signal: Signal | None) -> DecisionRow:
    if signal is None or (row.purpose != Purpose.ENTRY and signal.action is not Action.EXIT):
        return row
    message = f"{row.message} [{signal.reason}]" if signal.reason and signal.reason not in row.message else row.message
    return replace(row, as_of=signal.as_of, fingerprint=signal.fingerprint, message=message)
