"""On sessions of random worlds, whatever input is disturbed is the cause of every difference, and nothing else is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from tests.backtest.test_walk import opening_of
from tests.backtest.worlds import world
from tests.long_form import long
from tradebot.backtest.bars import in_dollars
from tradebot.backtest.one_session import AtBroker, SessionBacktest
from tradebot.backtest.replaced_inputs import Replacement, variants
from tradebot.backtest.setup import morning_of
from tradebot.backtest.walk import Walk
from tradebot.core.model.account import Quote
from tradebot.core.model.decision_inputs import BalancesSeen
from tradebot.core.model.exits import ExitKind
from tradebot.core.model.halts import Halt, HaltLevel, HaltRule, HaltSource
from tradebot.core.model.orders import OrderState
from tradebot.core.model.plan import DenialCode
from tradebot.core.model.signals import Action, Signal
from tradebot.core.model.values import ZERO
from tradebot.core.results.compare_sessions import compare
from tradebot.core.results.diff_outcome import Cause
from tradebot.core.results.session_facts import SaleOrder, SentEntry, SessionDetails, SessionFacts

HALT = Halt(HaltSource.LEDGER, HaltRule.OPERATOR, HaltLevel.HALTED, "by a person")
#: Fields of bars without a row for each session.
OWN = ("sessions", "symbols", "actions")
DISTURBED = (Cause.PRICE, Cause.DATA_REVISED, Cause.HALT, Cause.BROKER)


def sessions(seed: int) -> Iterator[SessionBacktest]:
    """The sessions of a world, each begun from the account as it opened, with its signals."""
    walk = world(seed).walk()
    names = tuple(table.strategy for table in walk.signals.tables)
    for row in walk.rows:
        bars, rows = walk.bars, slice(max(0, row - 1), row + 1)
        cut = replace(
            bars,
            sessions=bars.sessions[rows],
            actions={1: bars.actions[row]} if row in bars.actions else {},
            **{
                name: getattr(bars, name)[rows]
                for name in bars.__slots__
                if name not in ("sessions", "symbols", "actions")
            },
        )
        opening = opening_of(walk, row)
        opening = replace(opening, sessions_run=dict.fromkeys(names, 99))
        setup = replace(walk.setup, cash=walk.account.cash, opening=opening, first=None, last=None)
        yield SessionBacktest(cut, names, tuple(_signals(walk, row)), setup)
        walk.step(row)


def _signals(walk: Walk, row: int) -> Iterator[Signal]:
    as_of = walk.bars.sessions[row - 1]
    yield from (signal for _, signal in walk.signals.entering(row - 1, as_of))
    for table in walk.signals.tables:
        for column in np.flatnonzero(table.exit[row - 1]).tolist():
            symbol = walk.bars.symbols[column]
            yield Signal(table.strategy, symbol, as_of, Action.EXIT, 0.0, table.policy, "", table.fingerprint)


def replacements(it: SessionBacktest, draw: np.random.Generator) -> dict[Cause, Replacement]:
    """Each input as live may have had it."""
    bars, at = it.bars, morning_of(it.bars.sessions[-1])
    marks = {
        symbol: in_dollars(int(price))
        for symbol, price in zip(bars.symbols, bars.open_mark[-1].tolist(), strict=True)
        if price
    }
    quotes = {
        symbol: Quote(symbol, round(price * Decimal(str(draw.choice([0.99, 1.01]))), 2), at)
        for symbol, price in marks.items()
    }
    symbols = sorted({each.symbol for each in it.signals})[:1]
    locked = {
        (each.strategy, each.symbol): frozenset({DenialCode.SYMBOL_LOCKED})
        for each in it.signals
        if each.symbol in symbols
    }
    assert it.setup.opening is not None
    held = (each.holding for each in it.setup.opening.holdings)
    equity = it.setup.cash + sum((each.quantity * marks.get(each.symbol, ZERO) for each in held), ZERO)
    seen = BalancesSeen(equity, it.setup.cash, max(it.setup.cash, ZERO), equity, equity)
    fewer, volumes = it.signals[::2], {each.symbol: Decimal(1_000_000) for each in it.signals}
    return {
        each.cause: each
        for each in (
            Replacement(Cause.PRICE, "quotes", lambda it: it.with_prices(quotes)),
            Replacement(Cause.DATA_REVISED, "bars", lambda it: it.with_signals(fewer, volumes)),
            Replacement(Cause.HALT, "halt", lambda it: it.with_halts([HALT])),
            Replacement(Cause.BROKER, "locked", lambda it: replace(it, broker=AtBroker(locked, seen))),
        )
    }


def details(live: SessionFacts, it: SessionBacktest) -> SessionDetails:
    """What a ledger would tell of the orders."""
    bars, row = it.bars, it.bars.open_mark[-1].tolist()
    entries = {}
    for key, planned in live.entries.items():
        filled = live.bought[key].quantity if key in live.bought else Decimal(0)
        state = OrderState.FILLED if filled == planned.quantity else OrderState.EXPIRED
        entries[key] = SentEntry(planned.quantity, filled, planned.price, planned.price, state, "")
    sales = {}
    for key, sold in live.sold.items():
        rested = sold.kind in (ExitKind.STOP, ExitKind.TARGET, ExitKind.TRAILING_STOP)
        level = sold.price if rested else None
        sales[key] = SaleOrder(
            is_ours=True, level=level, planned_level=level, decided_at=None if rested else sold.price
        )
    opens = {symbol: in_dollars(int(price)) for symbol, price in zip(bars.symbols, row, strict=True) if price}
    return SessionDetails(entries=entries, sales=sales, opens=opens, lows=opens, highs=opens)


@pytest.mark.parametrize("seed", [0, long(3), long(7), 50])
def test_what_is_disturbed_is_the_cause_and_nothing_else(seed: int) -> None:
    draw, met = np.random.default_rng(seed), Counter[Cause]()
    for number, it in enumerate(sessions(seed)):
        inputs = replacements(it, draw)
        two = number % 3 == 0
        chosen = set(draw.choice(len(DISTURBED), 2 if two else 1, replace=False).tolist())
        applied = [
            inputs[cause] if place in chosen else Replacement(cause, "as it was", lambda it: it)
            for place, cause in enumerate(DISTURBED)
        ]
        disturbed = it
        for each in applied:
            disturbed = each.apply(disturbed)
        live, base = disturbed.facts(), it.facts()
        lines = compare(live, base, tuple(variants(it, applied)), details(live, it))
        causes = Counter(line.cause for line in lines if line.cause)
        allowed = {DISTURBED[place] for place in chosen} | {Cause.PARTIAL_FILL}
        assert set(causes) <= allowed, (number, [line for line in lines if line.cause not in {*allowed, None}])
        met.update(causes)
    assert set(met) >= set(DISTURBED), met
