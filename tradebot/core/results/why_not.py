"""Why a symbol was not bought in a session, and why an exit that was due was not sent."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from tradebot.core.model.ledger_rows import DecisionRow, RunStatus
from tradebot.core.model.orders import OrderState, Purpose
from tradebot.core.model.plan import DenialCode
from tradebot.core.model.schedule import Job
from tradebot.core.model.signal_records import GivenSignal, SignalsRecord
from tradebot.core.model.signals import Action, Readiness
from tradebot.core.model.values import plural
from tradebot.core.results.day_records import DayRecords
from tradebot.core.results.explain_outcome import NotBought, Reading, WhyNot

#: The words for denials that have one of their own.
_OF_CODE = {
    DenialCode.HALTED: WhyNot.HALTED,
    DenialCode.SYMBOL_LOCKED: WhyNot.LOCKED,
    DenialCode.CASH_UNEXPLAINED: WhyNot.LOCKED,
    DenialCode.SYMBOL_OWNED: WhyNot.OWNED,
    DenialCode.ALREADY_HELD: WhyNot.HELD,
}
_OF_READINESS = {Readiness.WARMING_UP: WhyNot.WARMING_UP, Readiness.NO_DATA: WhyNot.NO_DATA}


def why_not_bought(symbol: str, records: DayRecords, buyers: Collection[str]) -> Iterator[NotBought]:
    """The reasons of each strategy that trades the symbol and is not among its ``buyers`` in the session."""
    strategies = _strategies(symbol, records)
    if not strategies and not buyers:
        yield _untraded(symbol, records)
    for strategy in strategies:
        if strategy not in buyers:
            yield from _of_strategy(symbol, strategy, records)


def not_sold(symbol: str, records: DayRecords, sellers: Collection[str]) -> Iterator[NotBought]:
    """The denials of exits that were due, of strategies that did not sell."""
    for row in _denials(symbol, records, is_entry=False):
        if row.strategy not in sellers:
            yield _denied(row, None)


def reading_of(record: SignalsRecord | None, symbol: str) -> Reading | None:
    """What a strategy saw in a symbol; None where it is not recorded."""
    given = record.given.get(symbol) if record else None
    return Reading(dict(given.values), given.conditions) if given else None


def _strategies(symbol: str, records: DayRecords) -> list[str]:
    """The strategies that trade a symbol: by what they gave; where none spoke, by today's settings."""
    today = records.signals.get(records.session, ())
    named = dict.fromkeys(record.strategy for record in today if symbol in record.given)
    failed = {record.strategy for record in today if not record.given}
    traded_by = records.traded_by.get(symbol, ())
    named |= dict.fromkeys(each for each in traded_by if each in failed or not today)
    named |= dict.fromkeys(row.strategy for row in _denials(symbol, records, is_entry=True))
    return list(named)


def _of_strategy(symbol: str, strategy: str, records: DayRecords) -> Iterator[NotBought]:
    record = next((each for each in records.signals.get(records.session, ()) if each.strategy == strategy), None)
    given = record.given.get(symbol) if record else None
    reading = reading_of(record, symbol)
    unfilled = [
        intent
        for intent in records.intents.values()
        if (intent.session, intent.strategy, intent.symbol) == (records.session, strategy, symbol)
        and intent.purpose is Purpose.ENTRY
        and not intent.filled_quantity
    ]
    denials = [row for row in _denials(symbol, records, is_entry=True) if row.strategy == strategy]
    for intent in unfilled:
        note = f": {intent.note}" if intent.note else ""
        text = f"its order was {_state_text(intent.state)}{note}"
        yield NotBought(strategy, WhyNot.NOT_FILLED, text, reading=reading)
    for row in denials:
        yield _denied(row, reading)
    if not unfilled and not denials:
        yield _without_decision(symbol, strategy, record, given, records)


def _without_decision(
    symbol: str,
    strategy: str,
    record: SignalsRecord | None,
    given: GivenSignal | None,
    records: DayRecords,
) -> NotBought:
    """Why a strategy did not buy where no order and no denial tells."""
    if given is None:
        if record is not None and record.fault:
            return NotBought(strategy, WhyNot.STRATEGY_FAILED, record.fault)
        return _unasked(strategy, records)
    reading = Reading(dict(given.values), given.conditions)
    if given.readiness in _OF_READINESS:
        return NotBought(strategy, _OF_READINESS[given.readiness], given.reason.removeprefix("no signal: "))
    if given.action is Action.EXIT:
        return NotBought(strategy, WhyNot.EXIT_SIGNAL, given.reason, reading=reading)
    if given.action is Action.ENTER:
        return NotBought(strategy, WhyNot.NOT_ASKED, f"it signalled an entry; {_run_text(records)}", reading=reading)
    owned = next((each for each in records.owned if (each.strategy, each.symbol) == (strategy, symbol)), None)
    if owned is not None:
        return NotBought(strategy, WhyNot.HELD, f"held since {owned.since}, and no new signal", reading=reading)
    return NotBought(strategy, WhyNot.NO_SIGNAL, _signal_text(given), reading=reading)


def _signal_text(given: GivenSignal) -> str:
    """How many conditions were met; "" where the strategy states none."""
    met = sum(condition.met for condition in given.conditions)
    return f"{met} of {plural(len(given.conditions), 'condition')} met" if given.conditions else ""


def _unasked(strategy: str, records: DayRecords) -> NotBought:
    ran = any(run.job is Job.RUN_DAILY and run.status is RunStatus.RAN for run in records.runs)
    is_old = records.first_recorded is None or records.session < records.first_recorded
    if ran and is_old:
        return NotBought(strategy, WhyNot.NOT_RECORDED, "not recorded: an earlier version stored no signals")
    return NotBought(strategy, WhyNot.NOT_ASKED, _run_text(records))


def _untraded(symbol: str, records: DayRecords) -> NotBought:
    asked = [record.strategy for record in records.signals.get(records.session, ())]
    if asked:
        text = f"no strategy that was asked trades {symbol} (asked: {', '.join(asked)})"
        return NotBought("", WhyNot.NOT_TRADED, text)
    unasked = _unasked("", records)
    if unasked.why is WhyNot.NOT_RECORDED or records.traded_by.get(symbol):
        return unasked
    return NotBought("", WhyNot.NOT_TRADED, f"no configured strategy trades {symbol}")


def _run_text(records: DayRecords) -> str:
    """What became of run-daily in the session."""
    runs = [run for run in records.runs if run.job is Job.RUN_DAILY]
    if not runs:
        return "run-daily did not run in this session"
    last = runs[-1]
    if last.status is RunStatus.RUNNING:
        return "run-daily was under way, and is not over"
    return (
        f"run-daily {_RUN_TEXTS[last.status]}: {last.summary}"
        if last.summary
        else f"run-daily {_RUN_TEXTS[last.status]}"
    )


_RUN_TEXTS = {
    RunStatus.RAN: "ran",
    RunStatus.IDLE: "had nothing to do",
    RunStatus.BLOCKED: "was blocked",
    RunStatus.FAILED: "failed",
}


def _denials(symbol: str, records: DayRecords, *, is_entry: bool) -> list[DecisionRow]:
    """The newest denial of each strategy and code: a run that was repeated decides again."""
    newest: dict[tuple[str, str], DecisionRow] = {}
    for row in records.decisions:
        if row.symbol == symbol and row.outcome == "denied" and (row.purpose == Purpose.ENTRY) is is_entry:
            newest[row.strategy, row.code] = row
    return list(newest.values())


def _denied(row: DecisionRow, reading: Reading | None) -> NotBought:
    why = _OF_CODE.get(DenialCode(row.code), WhyNot.DENIED) if row.code in set(DenialCode) else WhyNot.DENIED
    return NotBought(row.strategy, why, row.message, row.code, row.value, row.limit, reading)


def _state_text(state: OrderState) -> str:
    return {OrderState.ACCEPTED: "accepted and has not filled"}.get(state, state.replace("_", " "))
