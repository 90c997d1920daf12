"""From a situation to a plan: exits first, then entries by rank, each of which passes every rule of ``risk``.

One and the same function plans live, replayed and backtested sessions.
"""

from __future__ import annotations

import math

from tradebot.core.model.account import Quote
from tradebot.core.model.order_ids import client_order_id
from tradebot.core.model.orders import Intent, OrderRequest, OrderType, Purpose, Side, TimeInForce
from tradebot.core.model.plan import Denial, Plan, Situation
from tradebot.core.model.signals import Action, Signal
from tradebot.core.model.values import ONE, SUB_PENNY
from tradebot.core.planning.exit_rules import entry_prices
from tradebot.core.planning.exits import plan_exits
from tradebot.core.risk.projected_account import ProjectedAccount
from tradebot.core.risk.rules import Candidate, Terms, evaluate
from tradebot.core.risk.sizing import on_probation, risk_per_trade, size


def plan(situation: Situation) -> Plan:
    """Decide what to send now, and say of everything else why not. Linear in the size of the situation."""
    exits, exit_denials = plan_exits(situation)
    entries, entry_denials = _plan_entries(situation)
    return Plan(exits, entries, exit_denials + entry_denials)


def _plan_entries(situation: Situation) -> tuple[tuple[Intent, ...], tuple[Denial, ...]]:
    book = ProjectedAccount(situation)
    entries: list[Intent] = []
    denials: list[Denial] = []
    for signal in _by_rank(situation.signals):
        candidate = _candidate(signal, book)
        found = evaluate(candidate, book)
        if found or candidate.terms is None:
            denials.extend(found)
            continue
        entry = _entry(candidate, candidate.terms, situation)
        book.take(entry, candidate.terms.stop)
        entries.append(entry)
    return tuple(entries), tuple(denials)


def _by_rank(signals: tuple[Signal, ...]) -> list[Signal]:
    """Entries by score, highest first; equals by the strategies' order of speaking, then by symbol."""
    order: dict[str, int] = {}
    for signal in signals:
        order.setdefault(signal.strategy, len(order))

    def rank(signal: Signal) -> tuple[float, int, str]:
        score = -math.inf if math.isnan(signal.score) else signal.score
        return (-score, order[signal.strategy], signal.symbol)

    return sorted((signal for signal in signals if signal.action is Action.ENTER), key=rank)


def _candidate(signal: Signal, book: ProjectedAccount) -> Candidate:
    """An entry signal means buy: a strategy cannot ask for a short."""
    situation = book.situation
    order_id = client_order_id(
        situation.account_key, situation.today, signal.strategy, signal.symbol, Purpose.ENTRY, attempt=1
    )
    return Candidate(signal, order_id, _terms(signal, situation.quotes.get(signal.symbol), book))


def _terms(signal: Signal, quote: Quote | None, book: ProjectedAccount) -> Terms | None:
    if quote is None or quote.last <= SUB_PENNY:  # below that, no stop fits under the price
        return None
    limits = book.situation.limits
    prices = entry_prices(quote.last, signal.policy, limits, Side.BUY)
    risk_pct = risk_per_trade(limits, signal.risk_pct)
    sessions_run = book.situation.sessions_run.get(signal.strategy, 0)
    part = limits.probation_size_pct if on_probation(sessions_run, limits) else ONE
    sized = size(quote.last, prices.stop, risk_pct, book.room(signal.symbol), limits, part)
    return Terms(quote.last, prices.stop, prices.target, sized)


def _entry(candidate: Candidate, terms: Terms, situation: Situation) -> Intent:
    """A market order with a bracket. GTC, so that the legs live on; the market part fills at once all the same."""
    signal = candidate.signal
    request = OrderRequest(
        client_order_id=candidate.client_order_id,
        symbol=signal.symbol,
        side=Side.BUY,
        quantity=terms.size.quantity,
        type=OrderType.MARKET,
        time_in_force=TimeInForce.GTC,
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
        planned_price=terms.price,
        reason=f"{signal.reason or 'entry signal'}; sized by {terms.size}",
        policy=signal.policy,
    )
