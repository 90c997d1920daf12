"""Every precaution for Robinhood is needed: with any one of them taken out, some world breaks a promise.

Most of these worlds are made by hand, as one request has to meet one fault at a server of a certain kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from itertools import count
from typing import Any

import pytest

from tests.fakes.robinhood import Repeated, Terms
from tests.worlds.faults import Fault, FaultKind
from tests.worlds.market import Market
from tests.worlds.mutating import Mutation, Worlds, assert_needed, rough
from tests.worlds.robinhood_server import terms_of
from tests.worlds.schedule import due
from tests.worlds.story import Promise
from tests.worlds.targets import Target
from tests.worlds.trouble import AT_ROBINHOOD
from tests.worlds.ways import WAYS
from tests.worlds.world import ByHand, Day, Deed, Run, Script, World, minutes
from tradebot.brokers.paper import ExchangeRules
from tradebot.brokers.robinhood.broker.sent_ids import SentIds
from tradebot.core.model.orders import Intent, OrderRequest
from tradebot.core.model.schedule import Job
from tradebot.core.model.signals import ExitPolicy
from tradebot.core.safety.lost_orders import QUARANTINE, Look, LostOrder, Verdict
from tradebot.errors import OutcomeUnknown
from tradebot.jobs import enter

K = FaultKind
Known = Callable[[Terms], bool]
RULES = replace(ExchangeRules(), capabilities=AT_ROBINHOOD.capabilities, fractions_stay=True)


def an_entry_that(known: Known, *faults: Fault) -> Worlds:
    """A run that enters MSFT meets faults, and the next one comes a minute later, where Robinhood is as ``known``."""

    def worlds(market: Market) -> Iterator[World]:
        first, second = market.sessions[100:102]
        enters = due(Job.RUN_DAILY, second)
        runs = (replace(enters, faults=faults), replace(enters, at=enters.at + minutes(1)))
        yield _world(Day(first, (due(Job.RECONCILE, first),)), Day(second, runs), known)

    return worlds


def a_stop_that(known: Known, fault: Fault) -> Worlds:
    """A person buys MSFT beside the bot and cancels its stop, and the one that a job places then meets a fault."""

    def worlds(market: Market) -> Iterator[World]:
        first, second = market.sessions[100:102]
        enters = due(Job.RUN_DAILY, second)
        bought = ByHand(Deed.BUY, enters.at + minutes(15), "MSFT", shares=20, which=0)
        cancelled = ByHand(Deed.CANCEL, enters.at + minutes(16), "MSFT", shares=0, which=0)
        mends = Run(Job.CHECK_EXITS, enters.at + minutes(25), faults=(fault,))
        steps = (enters, bought, cancelled, mends)
        yield _world(Day(first, (due(Job.RECONCILE, first),)), Day(second, steps), known)

    return worlds


def _world(before: Day, day: Day, known: Known) -> World:
    """A world of two days with one strategy, with a seed for which Robinhood is as ``known``."""
    buys = Script("alpha", ("MSFT",), ExitPolicy(stop=Decimal("0.2")), eager=1.0, fickle=0.0)
    world = World(0, (before, day), (buys,), (), replace(RULES, start=before.session))
    return next(each for seed in count() if known(terms_of(each := replace(world, seed=seed))))


def a_lost_entry_stays_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry that no list shows may be sent again."""
    said = Target.VERDICT_ON_A_LOST_ORDER.function

    def again(order: LostOrder, looks: Sequence[Look]) -> Verdict:
        return said(order, looks) if order.reduces else Verdict.SEND_AGAIN

    monkeypatch.setattr(Target.VERDICT_ON_A_LOST_ORDER, again)


def sent_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What got no answer is sent again at once."""
    write = Target.HTTP_WRITE.function

    def stubborn(self: Any, *asked: Any, **named: Any) -> Any:
        try:
            return write(self, *asked, **named)
        except OutcomeUnknown:
            return write(self, *asked, **named)

    monkeypatch.setattr(Target.HTTP_WRITE, stubborn)


def the_quarantine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lost sell is sent once more while its first request may still arrive."""
    known_of = Target.KNOWN_OF_A_LOST_ORDER.function

    def long_ago(desk: Any, intent: Intent) -> LostOrder:
        known: LostOrder = known_of(desk, intent)
        return replace(known, lost_at=known.lost_at - QUARANTINE)

    monkeypatch.setattr(Target.KNOWN_OF_A_LOST_ORDER, long_ago)


def shares_held_for_sells(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shares count as free though the broker holds them for a sell that no list shows."""
    monkeypatch.setattr(Target.SHARES_HELD_BY_A_LOST_SELL, lambda position, listed: True)


def a_stop_before_the_next_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Entries leave one after another, and their stops when all have ended."""
    monkeypatch.setattr(Target.ENTRIES_ONE_BY_ONE, enter._enter_together)


def written_down_before_it_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """The file of sent orders is not written."""

    def in_memory(self: SentIds, request: OrderRequest, at: datetime) -> None:
        self.note((request.client_order_id,))

    monkeypatch.setattr(Target.ROBINHOOD_SENT_ORDER, in_memory)


def a_match_by_terms(monkeypatch: pytest.MonkeyPatch) -> None:
    """An order that shows no ref_id is somebody else's."""
    monkeypatch.setattr(Target.ROBINHOOD_MATCH, lambda self, row, symbol, client_order_id=None: "")


def makes_a_second(terms: Terms) -> bool:
    """An id that was used makes a second order, and a list shows an order at once."""
    return terms.repeated is Repeated.SECOND and not terms.list_lag


def makes_a_second_unseen(terms: Terms) -> bool:
    """An id that was used makes a second order, and no list shows an order for 90 seconds."""
    return terms.repeated is Repeated.SECOND and terms.list_lag > QUARANTINE.total_seconds()


def refuses_an_unseen_one(terms: Terms) -> bool:
    """An id that was used is refused, and no list shows an order for 90 seconds."""
    return terms.repeated is Repeated.CONFLICT and terms.list_lag > QUARANTINE.total_seconds()


def shows_no_ids(terms: Terms) -> bool:
    """No order shows its ref_id."""
    return terms.null_refs == 1 and not terms.list_lag


LOST, KILLED = Fault(K.LOST_ANSWER, "submit"), Fault(K.KILL_AFTER, "submit")
#: A request that arrives before its quarantine is over, and an order that is not filled before the next run.
LATE, UNFILLED = Fault(K.LATE_REQUEST, "submit", amount=25), Fault(K.SLOW_FILL, "submit", amount=3600)
HALF_FILLED = rough(K.PARTIAL_FILL, fault=0.9, first=10, possible=AT_ROBINHOOD)
MUTATIONS = (
    Mutation("an entry is sent once", sent_once, Promise.SENT_ONCE, an_entry_that(makes_a_second, LOST)),
    Mutation(
        "a lost entry stays lost",
        a_lost_entry_stays_lost,
        Promise.ONE_ID,
        an_entry_that(makes_a_second_unseen, UNFILLED, LOST),
    ),
    Mutation("the quarantine", the_quarantine, Promise.SENT_ONCE, a_stop_that(makes_a_second, LATE)),
    Mutation(
        "shares held for sells", shares_held_for_sells, Promise.ONE_ORDER, a_stop_that(refuses_an_unseen_one, LOST)
    ),
    Mutation("a stop before the next entry", a_stop_before_the_next_entry, Promise.BARE_BRIEFLY, HALF_FILLED),
    Mutation(
        "written down before it is sent",
        written_down_before_it_is_sent,
        Promise.OWNED,
        an_entry_that(shows_no_ids, KILLED),
    ),
    Mutation("a match by terms", a_match_by_terms, Promise.OWNED, an_entry_that(shows_no_ids, KILLED)),
)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_without_a_precaution_a_promise_breaks(market: Market, mutation: Mutation) -> None:
    assert_needed(mutation, market, WAYS["robinhood"])
