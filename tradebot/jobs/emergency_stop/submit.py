"""How an emergency stop sends what reduces, and where it writes down what it did.

By itself it has neither the lock nor the ledger, and knows its orders by their ids alone. From within a job, which has
both, its orders are intents like any other.
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
from tradebot.core.results.results import StopEntry
from tradebot.errors import BrokerUnavailable, LedgerError, OrderRefused, OutcomeUnknown
from tradebot.jobs.desk import Desk
from tradebot.jobs.job_run import JobRun
from tradebot.jobs.step_results import StepResult
from tradebot.jobs.steps.submit import apply_broker_state, attempt_after, order_line, store_intents, submit
from tradebot.ledger.decisions import DecisionLog
from tradebot.ports import Broker

#: The attempts of a stop without a ledger are counted from here, far beyond those of jobs, which the ledger counts.
ATTEMPTS = range(1001, 10000)
#: An order that has filled may be in the orders before it is in the positions; so many looks later it is in both.
LOOKS_AFTER_A_FILL = 4
#: The kind of the audit rows that tell what an emergency stop did.
AUDIT_KIND = "emergency_stop"

_LOG = logging.getLogger(__name__)


class StopSender(Protocol):
    """Sends reducing orders, each decision's at most one at a time."""

    def send(self, request: OrderRequest, strategy: str, purpose: Purpose, session: date, price: Decimal) -> str | None:
        """Send an order unless an earlier one of the same decision may still fill; gives its id, or None.

        ``request`` has no id yet; ``price`` is the USD price that the decision saw. Raises TradebotError.
        """
        ...


class StopJournal(Protocol):
    """What an emergency stop did, kept until the ledger has it. Never raises.

    ``trouble`` says why it does not hold everything, if so.
    """

    @property
    def trouble(self) -> str: ...

    def write(self, entry: StopEntry) -> None: ...


class Unkept:
    """A journal of nothing, for a stop that only looks."""

    trouble = ""

    def write(self, entry: StopEntry) -> None:
        return None


class _Fills:
    """Orders that have filled, and how often that was met."""

    def __init__(self) -> None:
        self._met: Counter[str] = Counter()

    def is_news(self, order_id: str) -> bool:
        """Whether the position may still be shown as it was before the order filled: selling again would be twice."""
        self._met[order_id] += 1
        return self._met[order_id] <= LOOKS_AFTER_A_FILL


class ByIdAlone:
    """Sends without a ledger. A second emergency stop of the session finds the same ids again."""

    def __init__(self, broker: Broker, account_key: str) -> None:
        self._broker = broker
        self._account_key = account_key
        self._fills = _Fills()

    def send(self, request: OrderRequest, strategy: str, purpose: Purpose, session: date, price: Decimal) -> str | None:
        for attempt in ATTEMPTS:
            order_id = client_order_id(self._account_key, session, strategy, request.symbol, purpose, attempt)
            existing = self._broker.order(order_id)
            if existing is None:
                self._broker.submit(replace(request, client_order_id=order_id))
                return order_id
            if existing.state.live:
                return None
            if existing.filled_quantity and self._fills.is_news(order_id):
                return None
        return None


class ThroughLedger:
    """Sends as jobs do: written down first, with the lock held, counted where every attempt is counted.

    ``results`` are those of the orders sent so far.

    Once the ledger fails it goes on without, from the next look on: that one shows what was sent before the failure.
    """

    def __init__(self, desk: Desk, run: JobRun) -> None:
        self._desk = desk
        self._run = run
        self.results: list[StepResult] = []
        self._alone = ByIdAlone(desk.broker, desk.account_key)
        self._ledger_failed = False
        self._fills = _Fills()

    def send(self, request: OrderRequest, strategy: str, purpose: Purpose, session: date, price: Decimal) -> str | None:
        if self._ledger_failed:
            return self._alone.send(request, strategy, purpose, session, price)
        try:
            return self._send(request, strategy, purpose, price)
        except LedgerError:
            self._ledger_failed = True
            raise

    def _send(self, request: OrderRequest, strategy: str, purpose: Purpose, price: Decimal) -> str | None:
        desk, run = self._desk, self._run
        for earlier in desk.ledger.orders.attempts(run.session, strategy, request.symbol, purpose):
            found = None if earlier.state.terminal else desk.broker.order(earlier.client_order_id)
            now = earlier if found is None else apply_broker_state(desk, earlier, found)
            if now.filled_quantity and self._fills.is_news(now.client_order_id):
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
    """The journal of a stop that has the ledger: rows of the audit trail."""

    def __init__(self, journal: DecisionLog) -> None:
        self._journal = journal
        self.trouble = ""

    def write(self, entry: StopEntry) -> None:
        try:
            note(self._journal, entry)
        except LedgerError as error:
            self.trouble = self.trouble or f"what it did could not be written into the ledger: {error}"
            _LOG.error("%s: %s", self.trouble, entry.did)


def note(journal: DecisionLog, entry: StopEntry, where: str = "") -> None:
    """Put one entry into the audit trail; ``where`` is the file it was kept in. Raises LedgerError."""
    quantity = "" if entry.quantity is None else canonical(entry.quantity)
    told = {"order": entry.order_id, "quantity": quantity, "detail": entry.detail, "kept_in": where}
    detail = {name: value for name, value in told.items() if value}
    journal.note(AUDIT_KIND, entry.symbol, entry.at, {"did": entry.did, **detail})
