"""Every safeguard is needed: with any one of them taken out, some world breaks a promise that it keeps with it.

Each is taken out at the one place that implements it, and tried in worlds of the kind that it is there for.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from itertools import count
from typing import Any

import pytest

from tests.worlds.faults import Fault, FaultKind
from tests.worlds.market import Market
from tests.worlds.mutating import Mutation, assert_needed, rough
from tests.worlds.schedule import due, hours_of
from tests.worlds.story import Promise
from tests.worlds.targets import Target
from tests.worlds.ways import WAYS
from tests.worlds.world import ByHand, Day, Deed, Script, World
from tradebot.brokers.paper import ExchangeRules
from tradebot.core.model.order_ids import client_order_id
from tradebot.core.model.orders import Intent, OrderState, Purpose
from tradebot.core.model.schedule import Job
from tradebot.core.model.signals import ExitPolicy
from tradebot.jobs.step_results import StepResult
from tradebot.ledger.engine import Engine

K = FaultKind


def a_sale_by_hand_that_is_told_late(market: Market) -> Iterator[World]:
    """Shares that a person bought and sold: the ledger has them still when a strategy wants to buy the same symbol.

    Nothing but the lock keeps it from that: the symbol is nobody's at the broker, and no order of ours is in it.
    """
    first, second = market.sessions[100:102]
    bought = ByHand(Deed.BUY, due(Job.RUN_DAILY, first).at, "MSFT", shares=20, which=0)
    sold = ByHand(Deed.SELL, hours_of(second).opens, "MSFT", shares=20, which=0)
    told_late = Fault(FaultKind.LAGGING, "activities", times=1000, amount=1)
    trades = replace(due(Job.RUN_DAILY, second), faults=(told_late,))
    buys = Script("alpha", ("MSFT",), ExitPolicy(), eager=1.0, fickle=0.0)
    days = (Day(first, (bought, due(Job.RECONCILE, first))), Day(second, (sold, trades)))
    yield World(0, days, (buys,), (), ExchangeRules(start=first))


def write_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    """An order leaves before it is on disk that it does."""
    moved = Target.STATE_CHANGE_OF_AN_INTENT.function

    def forgets(desk: Any, intent: Intent, state: OrderState, *more: Any) -> Intent:
        return replace(intent, state=state) if state is OrderState.SUBMITTING else moved(desk, intent, state, *more)

    monkeypatch.setattr(Target.STATE_CHANGE_OF_AN_INTENT, forgets)


def id_from_decision(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same decision has another id each time it is made."""
    numbers = count(1)

    def another(account: str, session: date, strategy: str, symbol: str, purpose: Purpose, attempt: int) -> str:
        return client_order_id(account, session, strategy, symbol, purpose, attempt=next(numbers) % 9999 + 1)

    monkeypatch.setattr(Target.ORDER_ID_OF_AN_ENTRY, another)


def symbol_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A break or an unknown outcome locks no symbol."""
    monkeypatch.setattr(Target.LOCKED_SYMBOLS, lambda state: {})


def fill_deduplication(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is read again is booked again."""
    monkeypatch.setattr(Target.UNBOOKED_ACTIVITIES, lambda books, activities: tuple(activities))


def the_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks for a lock has it."""

    class Nothing:
        def assert_held(self) -> None:
            return None

    @contextmanager
    def held(*asked: object) -> Iterator[Nothing]:
        yield Nothing()

    monkeypatch.setattr(Target.FILE_LOCK, held)


def halt_check_between_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    """Halts are looked at when a run begins, and not again before each order."""
    monkeypatch.setattr(Target.HALTS_BEFORE_AN_ORDER, lambda desk, today: ())


def settling(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody asks what became of an order whose outcome was not seen."""
    monkeypatch.setattr(Target.OPEN_INTENTS_IN_SYNC, lambda desk, run: StepResult())
    monkeypatch.setattr(Target.OPEN_INTENTS_IN_A_SESSION, lambda desk, run: StepResult())


def repair_of_protection(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing stop is reported, and not placed again."""
    monkeypatch.setattr(Target.REPAIR_OF_A_STOP, lambda *asked: StepResult())


def transactions(monkeypatch: pytest.MonkeyPatch) -> None:
    """What belongs together is written one statement after the other."""

    @contextmanager
    def not_at_all(engine: Engine) -> Iterator[None]:
        yield

    monkeypatch.setattr(Target.TRANSACTION, not_at_all)
    monkeypatch.setattr(Target.LOCK_OF_AN_ACCOUNT, lambda *asked: None)  # which refuses to do without


MUTATIONS = (
    Mutation("write-ahead", write_ahead, Promise.WRITTEN_FIRST, rough()),
    Mutation("id from decision", id_from_decision, Promise.ONE_ID, rough()),
    Mutation("symbol lock", symbol_lock, Promise.LOCKED, a_sale_by_hand_that_is_told_late),
    Mutation("fill deduplication", fill_deduplication, Promise.POSITIONS, rough(K.REPEATED)),
    Mutation("the lock", the_lock, Promise.ONE_WRITER, rough(overlap=0.8)),
    Mutation("halt check between orders", halt_check_between_orders, Promise.HALTED, rough(overlap=0.8, first=16)),
    Mutation("settling", settling, Promise.ORDERS_SETTLED, rough(K.KILL, K.KILL_AFTER, K.LOST_ANSWER)),
    Mutation("repair of protection", repair_of_protection, Promise.PROTECTED, rough(hands=1.0, first=9)),
    Mutation("transactions", transactions, Promise.AUDIT, rough(K.KILL, first=22)),
)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_without_a_safeguard_a_promise_breaks(market: Market, mutation: Mutation) -> None:
    assert_needed(mutation, market, WAYS["paper"])
