"""A session as the ledger has it: what live decided, sent and sold, as facts that can be compared with a backtest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tradebot.core.model.account import Fill
from tradebot.core.model.decision_inputs import DecisionInputs
from tradebot.core.model.exchange_time import start_of_day
from tradebot.core.model.exits import ExitKind
from tradebot.core.model.halts import HaltRule
from tradebot.core.model.holdings import FOREIGN, Holding, LotClosure
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.orders import Intent, Purpose, Side
from tradebot.core.model.plan import DenialCode
from tradebot.core.model.schedule import Job
from tradebot.core.model.signals import Action
from tradebot.core.results.diff_outcome import Cause
from tradebot.core.results.session_facts import (
    Key,
    SaleOrder,
    SentEntry,
    SessionDetails,
    SessionFacts,
    Shares,
    Sold,
    average_price,
)
from tradebot.errors import ExitCode
from tradebot.jobs.desk import Desk
from tradebot.ledger.past_account import PastHolding

#: The causes of a run that planned nothing, by its exit code.
_CAUSES = {
    ExitCode.HALTED: Cause.HALT,
    ExitCode.BROKER: Cause.BROKER,
    ExitCode.BLOCKED: Cause.BROKER,
    ExitCode.BREAKS: Cause.BROKER,
}


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """What the ledger has of a session."""

    session: date
    inputs: DecisionInputs | None  # None: run-daily planned nothing, or an earlier version stored none
    is_recorded: bool  # False: run-daily traded it, by an earlier version
    before: tuple[PastHolding, ...]  # what was held when it opened
    early: Mapping[Key, Sold]  # what was sold before run-daily decided
    facts: SessionFacts
    details: SessionDetails

    @property
    def sold_before(self) -> Mapping[Key, Sold]:
        """What was sold whole before run-daily decided."""
        held = {_key(each.holding): each.holding.quantity for each in self.before}
        return {key: sold for key, sold in self.early.items() if sold.quantity == held.get(key)}


def day_of(session: date) -> tuple[datetime, datetime]:
    """The beginning and the end of a session's day in New York, aware."""
    return start_of_day(session), start_of_day(session + timedelta(days=1))


def read_session(desk: Desk, session: date) -> SessionRecord:
    """Read a session out of the ledger."""
    return _Reading(desk, session).record()


class _Reading:
    """The rows of one session."""

    def __init__(self, desk: Desk, session: date) -> None:
        ledger = desk.ledger
        self.desk, self.session = desk, session
        self.began, self.ended = day_of(session)
        self.inputs = ledger.decision_inputs.of_session(session, desk.settings.limits())
        self.intents = ledger.orders.of_session(session)
        self.sent_prices = ledger.past.sent_prices(session)
        self.fills = ledger.history.fills(session, session)
        self.closures = [
            each
            for each in ledger.history.closures(session, session)
            if each.strategy != FOREIGN and each.exit_kind is not ExitKind.CORPORATE_ACTION
        ]
        self.before = ledger.past.holdings_before(session, self.began, self.ended)
        self.after = ledger.past.holdings_after(self.ended)

    def record(self) -> SessionRecord:
        why, cause, is_recorded = self._no_run()
        early = [c for c in self.closures if self.inputs is not None and c.closed_at < self.inputs.at]
        return SessionRecord(
            self.session,
            self.inputs,
            is_recorded,
            self.before,
            _sold(early),
            self._facts(),
            self._details(why, cause),
        )

    def _no_run(self) -> tuple[str, Cause, bool]:
        """Why run-daily planned nothing, its cause, and whether what it decided on is known."""
        if self.inputs is not None:
            return "", Cause.MISSED_RUN, True
        runs = [run for run in self.desk.ledger.runs.of_session(self.session) if run.job is Job.RUN_DAILY]
        if any(run.status is RunStatus.RAN for run in runs):
            return "", Cause.MISSED_RUN, False
        ended = [run for run in runs if run.status is not RunStatus.IDLE]
        if not ended:
            return f"no run-daily traded session {self.session}", Cause.MISSED_RUN, True
        code = ExitCode(ended[-1].exit_code) if ended[-1].exit_code is not None else ExitCode.BUG
        return f"run-daily planned nothing: {ended[-1].summary}", _CAUSES.get(code, Cause.MISSED_RUN), True

    # --- facts ------------------------------------------------------------------------------------

    def _facts(self) -> SessionFacts:
        entries = [each for each in self.intents if each.purpose is Purpose.ENTRY]
        given = self.desk.ledger.signals.of_session(self.session) if self.inputs is not None else ()
        return SessionFacts(
            signals={
                (record.strategy, symbol): signal.action
                for record in given
                for symbol, signal in record.given.items()
                if signal.action is not Action.NONE
            },
            entries={_key(each): Shares(each.request.quantity, each.planned_price) for each in entries},
            denials=self._denials({_key(each) for each in entries}),
            bought=dict(self._bought(entries)),
            sold=_sold(self.closures),
            stops={_key(each): each.stop_price for each in self.after},
        )

    def _denials(self, entered: set[Key]) -> dict[Key, frozenset[DenialCode]]:
        found: dict[Key, frozenset[DenialCode]] = {}
        for row in self.desk.ledger.decision_inputs.decisions(self.session):
            key = row.strategy, row.symbol
            if row.outcome == "denied" and row.purpose == Purpose.ENTRY and key not in entered:
                found[key] = found.get(key, frozenset()) | {DenialCode(row.code)}
        return found

    def _bought(self, entries: Sequence[Intent]) -> Iterator[tuple[Key, Shares]]:
        for entry in entries:
            own = [each for each in self.fills if each.client_order_id == entry.client_order_id]
            if own:
                yield _key(entry), average_price((each.quantity, each.price) for each in own)

    # --- details ----------------------------------------------------------------------------------

    def _details(self, no_run: str, cause: Cause) -> SessionDetails:
        ledger = self.desk.ledger
        others, held = ledger.past.stops_of_others(self.ended), {_key(each): each for each in self.after}
        bare = [p for p in ledger.bare_periods.between(self.session, self.session) if p.began_at < self.ended]
        halts = [h for h in ledger.past.halts_set(self.began, self.ended) if h.rule is not HaltRule.LIMIT_BREACH]
        return SessionDetails(
            no_run=no_run,
            no_run_cause=cause,
            entries={_key(each): self._sent(each) for each in self.intents if each.purpose is Purpose.ENTRY},
            sales={(each.strategy, each.symbol): self._sale(each) for each in self.closures},
            moved_stops={
                key: others[key[1]]
                for key, holding in held.items()
                if key[1] in others and others[key[1]] != holding.stop_price
            },
            denied_exits={
                (row.strategy, row.symbol): f"{row.code}: {row.message}"
                for row in ledger.decisions.between(None, self.session, self.session)
                if row.outcome == "denied" and row.purpose == Purpose.EXIT
            },
            halted=halts[0].reason if halts else "",
            bare=frozenset(each.key for each in bare),
            bare_at_close=frozenset(each.key for each in bare if each.ended_at is None or each.ended_at >= self.ended),
            trailed=frozenset(key for key, holding in held.items() if self._was_raised(holding)),
        )

    def _sent(self, intent: Intent) -> SentEntry:
        return SentEntry(
            ordered=intent.request.quantity,
            filled=intent.filled_quantity,
            decided_at=intent.planned_price,
            sent_at=self.sent_prices.get(intent.client_order_id),
            state=intent.state,
            note=intent.note,
        )

    def _sale(self, closure: LotClosure) -> SaleOrder:
        """The order of the last fill that closed it."""
        sales = [each for each in self.fills if each.symbol == closure.symbol and each.side is Side.SELL]
        if not sales:
            return SaleOrder(is_ours=False, level=None, planned_level=None, decided_at=None)
        fill = sales[-1]
        intent = next((each for each in self.intents if each.client_order_id == fill.client_order_id), None)
        if intent is not None and intent.purpose in (Purpose.EXIT, Purpose.CLOSE):
            sent = self.sent_prices.get(intent.client_order_id, intent.planned_price)
            return SaleOrder(is_ours=True, level=None, planned_level=None, decided_at=sent)
        stop, limit = self.desk.ledger.past.levels_of(fill.broker_order_id)
        planned = closure.target_price if closure.exit.kind is ExitKind.TARGET else closure.stop_price
        level = stop if stop is not None else limit
        return SaleOrder(self._is_ours(fill), planned if level is None else level, planned, None)

    def _is_ours(self, fill: Fill) -> bool:
        return self.desk.ledger.orders.owner_of(fill.client_order_id, fill.parent_client_order_id) is not None

    def _was_raised(self, holding: Holding) -> bool:
        before = next((each.holding for each in self.before if _key(each.holding) == _key(holding)), None)
        was = before.trailed_from if before else None
        return holding.trailed_from is not None and holding.trailed_from != was


def _key(each: Intent | Holding) -> Key:
    return each.strategy, each.symbol


def _sold(closures: Sequence[LotClosure]) -> dict[Key, Sold]:
    found: dict[Key, Sold] = {}
    for key in dict.fromkeys((each.strategy, each.symbol) for each in closures):
        own = [each for each in closures if (each.strategy, each.symbol) == key]
        shares = average_price((each.quantity, each.exit_price) for each in own)
        found[key] = Sold(shares.quantity, shares.price, max(own, key=lambda each: each.closed_at).exit.kind)
    return found
