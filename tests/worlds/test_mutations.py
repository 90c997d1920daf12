"""Every safeguard is needed: with any one of them taken out, some world breaks a promise that it keeps with it.

Each is taken out at the one place that implements it, and tried in worlds of the kind that it is there for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from itertools import count
from typing import Any

import pytest

from tests.worlds.drawing import draw
from tests.worlds.faults import FaultKind
from tests.worlds.market import Market
from tests.worlds.simulate import simulate
from tests.worlds.story import Promise
from tests.worlds.trouble import Odds
from tradebot.core import planning
from tradebot.core.ids import client_order_id
from tradebot.core.orders import Intent, OrderState, Purpose
from tradebot.home import locks
from tradebot.jobs import deciding, protecting, sending, shift, syncing
from tradebot.ledger.books import AccountBooks
from tradebot.ledger.engine import Engine

K = FaultKind
TakesOut = Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True, slots=True)
class Mutation:
    """A safeguard that is taken out, the promise that breaks without it, and the worlds in which to see that."""

    name: str
    takes_out: TakesOut
    promise: Promise
    odds: Odds
    seeds: int = 60


def rough(
    *kinds: FaultKind, fault: float = 0.7, doubled: float = 0.4, overlap: float = 0.0, hands: float = 0.0
) -> Odds:
    """Worlds in which only this goes wrong, but often."""
    return Odds(
        kinds=kinds,
        fault=fault if kinds else 0.0,
        missed=0.0,
        doubled=doubled,
        late=0.0,
        overlap=overlap,
        hands=hands,
        stop=0.0,
        flag=0.0,
        skew=0.0,
    )


def write_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    """An order leaves before it is on disk that it does."""
    moved = sending._moved

    def forgets(desk: Any, intent: Intent, state: OrderState, note: str) -> Intent:
        return replace(intent, state=state) if state is OrderState.SUBMITTING else moved(desk, intent, state, note)

    monkeypatch.setattr(sending, "_moved", forgets)


def id_from_decision(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same decision has another id each time it is made."""
    numbers = count(1)

    def another(account: str, session: date, strategy: str, symbol: str, purpose: Purpose) -> str:
        return client_order_id(account, session, strategy, symbol, purpose, next(numbers) % 9999 + 1)

    monkeypatch.setattr(planning, "client_order_id", another)


def symbol_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A break or an unknown outcome locks no symbol."""
    monkeypatch.setattr(deciding, "locked_symbols", lambda sheet: {})


def fill_deduplication(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is read again is booked again."""
    monkeypatch.setattr(AccountBooks, "unbooked", lambda books, activities: tuple(activities))


def the_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks for a lock has it."""

    class Nothing:
        def assert_held(self) -> None:
            return None

    @contextmanager
    def held(*asked: object) -> Iterator[Nothing]:
        yield Nothing()

    monkeypatch.setattr(locks, "_held", held)


def halt_check_between_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    """Halts are looked at when a run begins, and not again before each order."""
    monkeypatch.setattr(sending, "halts_in_force", lambda desk, today: ())


def settling(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody asks what became of an order whose outcome was not seen."""
    monkeypatch.setattr(syncing, "settle", lambda desk, story: None)
    monkeypatch.setattr(shift, "settle", lambda desk, story: None)


def repair_of_protection(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing stop is reported, and not placed again."""
    monkeypatch.setattr(protecting, "_repair", lambda *asked: None)


def transactions(monkeypatch: pytest.MonkeyPatch) -> None:
    """What belongs together is written one statement after the other."""

    @contextmanager
    def not_at_all(engine: Engine) -> Iterator[None]:
        yield

    monkeypatch.setattr(Engine, "transaction", not_at_all)


MUTATIONS = (
    Mutation("write-ahead", write_ahead, Promise.WRITTEN_FIRST, rough()),
    Mutation("id from decision", id_from_decision, Promise.ONE_ID, rough()),
    Mutation("symbol lock", symbol_lock, Promise.LOCKED, rough(K.LAGGING, fault=0.9, hands=1.0)),
    Mutation("fill deduplication", fill_deduplication, Promise.POSITIONS, rough(K.REPEATED)),
    Mutation("the lock", the_lock, Promise.ONE_WRITER, rough(overlap=0.8)),
    Mutation("halt check between orders", halt_check_between_orders, Promise.HALTED, rough(overlap=0.8)),
    Mutation("settling", settling, Promise.ORDERS_SETTLED, rough(K.KILL, K.KILL_AFTER, K.LOST_ANSWER)),
    Mutation("repair of protection", repair_of_protection, Promise.PROTECTED, rough(hands=1.0)),
    Mutation("transactions", transactions, Promise.AUDIT, rough(K.KILL)),
)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_without_a_safeguard_a_promise_breaks(market: Market, mutation: Mutation) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        mutation.takes_out(monkeypatch)
        broken = _first_broken(market, mutation)
    assert broken is not None, f"no world missed {mutation.name}"
    assert not simulate(draw(broken, market, mutation.odds), market).violations, "it broke with the safeguard, too"


def _first_broken(market: Market, mutation: Mutation) -> int | None:
    for seed in range(mutation.seeds):
        story = simulate(draw(seed, market, mutation.odds), market)
        if any(violation.promise is mutation.promise for violation in story.violations):
            return seed
    return None
