"""How an emergency stop within a job sends reducing orders: as intents of the ledger, under the lock of the job."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from tradebot.core.model.exits import ExitKind
from tradebot.core.model.order_ids import client_order_id
from tradebot.core.model.orders import Intent, OrderRequest, OrderState, Purpose
from tradebot.core.safety.lost_orders import Look, Verdict
from tradebot.errors import BrokerUnavailable, LedgerError, OrderRefused, OutcomeUnknown
from tradebot.jobs.desk import Desk
from tradebot.jobs.emergency_stop.submit import ByIdAlone, LostTries, RecentFills, refuse_to_sell_twice
from tradebot.jobs.job_run import JobRun
from tradebot.jobs.step_results import StepResult
from tradebot.jobs.steps.lost_orders import GIVEN_UP, MAY_BE_SENT_AGAIN, is_lost
from tradebot.jobs.steps.submit import apply_broker_state, attempt_after, order_line, store_intents, submit


class ThroughLedger:
    """Sends as jobs do: the intent is stored first, the lock is held, and the ledger counts the attempts.

    After a LedgerError it sends without the ledger, from the next read on: that read shows what was sent before.
    ``results`` has a result for each order sent.
    """

    def __init__(self, desk: Desk, run: JobRun) -> None:
        self._desk = desk
        self._run = run
        self.results: list[StepResult] = []
        self._without_ledger = ByIdAlone(desk.broker, desk.account_key, desk.guard)
        self._ledger_failed = False
        self._fills = RecentFills()
        self._lost = LostTries()

    def send(
        self, request: OrderRequest, strategy: str, purpose: Purpose, session: date, price: Decimal, look: Look
    ) -> str | None:
        """Send as an intent of the ledger."""
        if self._ledger_failed:
            return self._without_ledger.send(request, strategy, purpose, session, price, look)
        try:
            return self._send(request, strategy, purpose, price, look)
        except LedgerError:
            self._ledger_failed = True
            raise

    def _send(self, request: OrderRequest, strategy: str, purpose: Purpose, price: Decimal, look: Look) -> str | None:
        desk, run = self._desk, self._run
        for earlier in desk.ledger.orders.attempts(run.session, strategy, request.symbol, purpose):
            order = None if earlier.state.terminal else desk.broker.order(earlier.client_order_id)
            intent = earlier if order is None else apply_broker_state(desk, earlier, order)
            if order is None and is_lost(desk, intent):
                self._settle(intent, look)
            if intent.filled_quantity and self._fills.is_recent(intent.client_order_id):
                return None
        if not desk.broker.capabilities.finds_by_id:
            refuse_to_sell_twice(Verdict.SEND_AGAIN, look)
        attempt = attempt_after(desk, run, strategy, request.symbol, purpose)
        if attempt is None:
            return None
        order_id = client_order_id(desk.account_key, run.session, strategy, request.symbol, purpose, attempt)
        reason = "emergency stop" if purpose is Purpose.CLOSE else "protects what an emergency stop leaves open"
        identified = replace(request, client_order_id=order_id)
        intent = Intent(identified, desk.account_key, run.session, strategy, purpose, attempt, price, reason)
        if purpose is Purpose.CLOSE:
            intent = replace(intent, exit_kind=ExitKind.EMERGENCY_STOP)
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

    def _settle(self, intent: Intent, look: Look) -> None:
        """Settle a lost order by the looks since it left. Raises OutcomeUnknown while it may be there."""
        order_id, orders = intent.client_order_id, self._desk.ledger.orders
        if self._lost.sends(order_id) != intent.sends:
            self._lost.note(order_id, intent.sends, orders.moved_at(order_id))
        said = self._lost.verdict(order_id, look)
        refuse_to_sell_twice(said, look)
        sends_again = said is Verdict.SEND_AGAIN
        state, why = (OrderState.PLANNED, MAY_BE_SENT_AGAIN) if sends_again else (OrderState.ABANDONED, GIVEN_UP)
        orders.move(order_id, state, self._desk.clock.now(), note=why)
