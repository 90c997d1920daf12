"""Planning: a situation becomes a plan of exits and of entries by rank, each of which passes every rule of ``risk``.

The same function plans live and replayed sessions.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tradebot.core.model.account import Quote
from tradebot.core.model.order_ids import client_order_id
from tradebot.core.model.order_rules import US_STOCKS
from tradebot.core.model.orders import Intent, OrderRequest, OrderType, Purpose, Side, TimeInForce
from tradebot.core.model.plan import Denial, Plan, Situation
from tradebot.core.model.signals import Action, Signal
from tradebot.core.model.values import ONE
from tradebot.core.planning.exit_rules import entry_prices
from tradebot.core.planning.exits import plan_exits
from tradebot.core.risk.candidate import Candidate, EntryTerms, smallest_order
from tradebot.core.risk.entry_rules import EntryRules, Objections
from tradebot.core.risk.exit_fractions import has_exit_prices
from tradebot.core.risk.limits_used import entry_limits_used
from tradebot.core.risk.projected_account import ProjectedAccount
from tradebot.core.risk.sizing import on_probation, risk_per_trade, size_entry


def plan(situation: Situation) -> Plan:
    """The orders to send now, and a denial for each one that is not sent. Linear in the size of the situation."""
    exits, exit_denials = plan_exits(situation)
    entries: list[Intent] = []
    denials: list[Denial] = []
    for decision in decide_entries(situation.signals, ProjectedAccount(situation)):
        if decision.terms is not None:
            entries.append(_entry(decision.signal, decision.terms, situation))
        of = decision.signal.strategy, decision.signal.symbol
        denials += [objection.denial(*of, Purpose.ENTRY) for objection in decision.objections]
    return Plan(exits, tuple(entries), (*exit_denials, *denials), entry_limits_used(entries, situation))


class EntryDecision(NamedTuple):
    """What became of an entry signal: the terms that it is entered on, or what objects to it."""

    signal: Signal
    terms: EntryTerms | None
    objections: Objections


def decide_entries(signals: Iterable[Signal], account: ProjectedAccount) -> Iterator[EntryDecision]:
    """Decide on each entry signal, by rank. ``account`` takes each entry, so that the next one finds it there."""
    rules = EntryRules(account)
    for signal in _by_rank(signals):
        terms = _terms(signal, account.situation.quotes.get(signal.symbol), account)
        objections = rules.objections(Candidate(signal, terms))
        if objections or terms is None:
            yield EntryDecision(signal, None, objections)
            continue
        account.take(signal.strategy, signal.symbol, terms.size.quantity, terms.price, terms.stop)
        rules.entry_was_taken()
        yield EntryDecision(signal, terms, ())


def _by_rank(signals: Iterable[Signal]) -> list[Signal]:
    """The entry signals by score, highest first, then in the order of their strategies, then by symbol."""
    signals = tuple(signals)
    order: dict[str, int] = {}
    for signal in signals:
        order.setdefault(signal.strategy, len(order))

    def rank(signal: Signal) -> tuple[float, int, str]:
        score = -math.inf if math.isnan(signal.score) else signal.score
        return (-score, order[signal.strategy], signal.symbol)

    return sorted((signal for signal in signals if signal.action is Action.ENTER), key=rank)


def _terms(signal: Signal, quote: Quote | None, projected: ProjectedAccount) -> EntryTerms | None:
    """The terms of an entry, which buys: no strategy can ask for a short.

    The stop goes by the last price, the size by the highest that the entry may fill at.
    """
    if quote is None or US_STOCKS.leg_below(quote.last) is None:  # no stop fits below such a price
        return None
    if not has_exit_prices(signal.policy):
        return None
    limits = projected.limits
    prices = entry_prices(quote.last, signal.policy, limits, Side.BUY)
    risk_pct = risk_per_trade(limits, signal.risk_pct)
    sessions_run = projected.situation.sessions_run.get(signal.strategy, 0)
    part = limits.probation_size_pct if on_probation(sessions_run, limits) else ONE
    price = projected.situation.capabilities.entry_limit(quote.last) or quote.last
    size = size_entry(price, prices.stop, risk_pct, projected.headroom(signal.symbol), limits, part)
    return EntryTerms(price, prices.stop, prices.target, size, smallest_order(price, prices.stop, limits))


def _entry(signal: Signal, terms: EntryTerms, situation: Situation) -> Intent:
    """An order with a stop and a target: at the market, or a limit for the day where entries have a collar.

    A market order is GTC for the sake of its legs; the market part fills at once anyway.
    """
    last = situation.quotes[signal.symbol].last
    limit_price = situation.capabilities.entry_limit(last)
    request = OrderRequest(
        client_order_id=client_order_id(
            situation.account_key, situation.today, signal.strategy, signal.symbol, Purpose.ENTRY, attempt=1
        ),
        symbol=signal.symbol,
        side=Side.BUY,
        quantity=terms.size.quantity,
        type=OrderType.MARKET if limit_price is None else OrderType.LIMIT,
        time_in_force=TimeInForce.GTC if limit_price is None else TimeInForce.DAY,
        limit_price=limit_price,
        take_profit=terms.target,
        stop_loss=terms.stop,
    )
    return Intent(
        request=request,
        account_key=situation.account_key,
        session=situation.today,
        strategy=signal.strategy,
        purpose=Purpose.ENTRY,
        attempt=1,
        planned_price=last,
        reason=f"{signal.reason or 'entry signal'}; sized by {terms.size}",
        policy=signal.policy,
    )
