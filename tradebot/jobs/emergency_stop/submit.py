"""How an emergency stop sends reducing orders, and where it journals what it did.

The command has neither the lock nor the ledger, and knows its orders by their ids alone. Within a job, which has both,
the stop's orders are intents like any other.
"""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Protocol

from tradebot.core.model.order_ids import client_order_id
from tradebot.core.model.orders import Intent, OrderRequest, OrderState, Purpose
from tradebot.core.model.values import canonical
from tradebot.core.results.audit_events import EMERGENCY_STOP
from tradebot.core.results.results import StopEntry
from tradebot.errors import BrokerUnavailable, LedgerError, OrderRefused, OutcomeUnknown
from tradebot.jobs.desk import Desk
from tradebot.jobs.job_run import JobRun
from tradebot.jobs.step_results import StepResult
from tradebot.jobs.steps.submit import apply_broker_state, attempt_after, order_line, store_intents, submit
from tradebot.ledger.decisions import DecisionLog
from tradebot.ports import Broker

#: Attempt numbers of a stop without a ledger, far above those of jobs, which the ledger counts.
ATTEMPTS = range(1001, 10000)
#: Reads after which the positions show a fill that the orders have shown.
READS_AFTER_A_FILL = 4
_LOG = logging.getLogger(__name__)


class StopSender(Protocol):
    """Sends reducing orders, at most one live order for each decision."""

    def send(self, request: OrderRequest, strategy: str, purpose: Purpose, session: date, price: Decimal) -> str | None:
        """Send an order and return its client_order_id; None where an earlier one of the decision may still fill.

        ``request`` has no id yet. ``price`` is the price of the decision, USD a share. Raises TradebotError.
        """
        ...


class StopJournal(Protocol):
    """What an emergency stop did, stored until the ledger has it."""

    @property
    def trouble(self) -> str:
        """Why the journal is not complete; "" when it is."""
        ...

    def write(self, entry: StopEntry) -> None:
        """Append an entry. Raises nothing."""
        ...


class NoJournal:
    """The journal of a dry run, which does nothing."""

    trouble = ""

    def write(self, entry: StopEntry) -> None:
        """Drop the entry."""
        return


class _RecentFills:
    """Counts the reads that showed an order as filled."""

    def __init__(self) -> None:
        self._reads: Counter[str] = Counter()

    def is_recent(self, order_id: str) -> bool:
        """Count a read. True while positions may not show the fill yet: another order would sell the shares twice."""
        self._reads[order_id] += 1
        return self._reads[order_id] <= READS_AFTER_A_FILL


class ByIdAlone:
    """Sends without a ledger. A second emergency stop of the session meets the ids of the first again."""

    def __init__(self, broker: Broker, account_key: str) -> None:
        self._broker = broker
        self._account_key = account_key
        self._fills = _RecentFills()

    def send(self, request: OrderRequest, strategy: str, purpose: Purpose, session: date, price: Decimal) -> str | None:
        """Send under the first attempt number that the broker does not know."""
        for attempt in ATTEMPTS:
            order_id = client_order_id(self._account_key, session, strategy, request.symbol, purpose, attempt)
            existing = self._broker.order(order_id)
            if existing is None:
                self._broker.submit(replace(request, client_order_id=order_id))
                return order_id
            if existing.state.live:
                return None
            if existing.filled_quantity and self._fills.is_recent(order_id):
                return None
        return None


class ThroughLedger:
    """Sends as jobs do: the intent is stored first, the lock is held, and the ledger counts the attempts.

    After a LedgerError it sends without the ledger, from the next read on: that read shows what was sent before.
    ``results`` has a result for each order sent.
    """

    def __init__(self, desk: Desk, run: JobRun) -> None:
        self._desk = desk
        self._run = run
        self.results: list[StepResult] = []
        self._without_ledger = ByIdAlone(desk.broker, desk.account_key)
        self._ledger_failed = False
        self._fills = _RecentFills()

    def send(self, request: OrderRequest, strategy: str, purpose: Purpose, session: date, price: Decimal) -> str | None:
        """Send as an intent of the ledger."""
        if self._ledger_failed:
            return self._without_ledger.send(request, strategy, purpose, session, price)
        try:
            return self._send(request, strategy, purpose, price)
        except LedgerError:
            self._ledger_failed = True
            raise

    def _send(self, request: OrderRequest, strategy: str, purpose: Purpose, price: Decimal) -> str | None:
        desk, run = self._desk, self._run
        for earlier in desk.ledger.orders.attempts(run.session, strategy, request.symbol, purpose):
            order = None if earlier.state.terminal else desk.broker.order(earlier.client_order_id)
            intent = earlier if order is None else apply_broker_state(desk, earlier, order)
            if intent.filled_quantity and self._fills.is_recent(intent.client_order_id):
                return None
        attempt = attempt_after(desk, run, strategy, request.symbol, purpose)
        if attempt is None:
            return None
        order_id = client_order_id(desk.account_key, run.session, strategy, request.symbol, purpose, attempt)
        reason = "emergency stop" if purpose is Purpose.CLOSE else "protects what an emergency stop leaves open"
        identified = replace(request, client_order_id=order_id)
        intent = Intent(identified, desk.account_key, run.session, strategy, purpose, attempt, price, reason)
        store_intents(desk, [intent])
        result = submit(desk, run, intent)
        sent = result.intent
        self.results.append(StepResult(orders=(order_line(sent),)).after(result))
        match sent.state:
            case OrderState.REJECTED:
                raise OrderRefused(sent.note, sent.note)
            case OrderState.PLANNED:
                raise BrokerUnavailable(sent.note)
            case OrderState.UNKNOWN:
                raise OutcomeUnknown(sent.note)
        return order_id


class InLedger:
    """The journal of a stop within a job: rows of the audit trail."""

    def __init__(self, journal: DecisionLog) -> None:
        self._journal = journal
        self.trouble = ""

    def write(self, entry: StopEntry) -> None:
        """Append a row. A LedgerError becomes ``trouble``."""
        try:
            append_to_audit(self._journal, entry)
        except LedgerError as error:
            self.trouble = self.trouble or f"what it did could not be written into the ledger: {error}"
            _LOG.error("%s: %s", self.trouble, entry.did)


def append_to_audit(journal: DecisionLog, entry: StopEntry, kept_in: str = "") -> None:
    """Append an entry to the audit trail. ``kept_in`` names the file that held it until now. Raises LedgerError."""
    quantity = "" if entry.quantity is None else canonical(entry.quantity)
    code = "" if entry.exit_code is None else str(entry.exit_code)
    columns = {
        "order": entry.order_id,
        "quantity": quantity,
        "detail": entry.detail,
        "exit_code": code,
        "kept_in": kept_in,
    }
    detail = {name: value for name, value in columns.items() if value}
    journal.note(EMERGENCY_STOP, entry.symbol, entry.at, {"did": entry.did, **detail})
