"""The backtest of one session from the account that it opened with, as facts, with inputs replaced by those of live."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Protocol

import numpy as np

from tradebot.backtest.account import BookedFill
from tradebot.backtest.bars import STEPS, Bars
from tradebot.backtest.setup import DayPlan, Setup
from tradebot.backtest.signals import SignalBook, SignalTable
from tradebot.backtest.walk import Walk
from tradebot.core.model.account import CASH, Asset, Position, Quote
from tradebot.core.model.decision_inputs import BalancesSeen
from tradebot.core.model.halts import Halt
from tradebot.core.model.holdings import FOREIGN
from tradebot.core.model.orders import Purpose, Side
from tradebot.core.model.plan import DenialCode
from tradebot.core.model.signals import Action, ExitPolicy, Signal
from tradebot.core.model.values import ONE, ZERO
from tradebot.core.planning.entries import EntryDecision, decide_entries
from tradebot.core.results.session_facts import Key, SessionFacts, Shares, Sold, average_price
from tradebot.core.risk.exposure import SymbolExposure
from tradebot.core.risk.projected_account import Claim, ProjectedAccount


@dataclass(frozen=True, slots=True)
class AtBroker:
    """What the broker and what rests there denied live, and the balances that it showed."""

    denials: Mapping[Key, frozenset[DenialCode]]
    balances: BalancesSeen


@dataclass(frozen=True, slots=True)
class SessionBacktest:
    """One session, the last of ``bars``, with everything that it is decided by. ``setup`` has the opening."""

    bars: Bars
    strategies: tuple[str, ...]
    signals: tuple[Signal, ...]  # those that act, in the order of the strategies
    setup: Setup
    average_volume: Mapping[str, Decimal] | None = None  # instead of that of the bars
    broker: AtBroker | None = None
    others: tuple[
        Position, ...
    ] = ()  # that no strategy holds; they count in equity and limits, and nothing closes them

    def with_prices(self, quotes: Mapping[str, Quote]) -> SessionBacktest:
        """With the prices that live decided at in the place of those at the open."""
        bars, columns = self.bars, self.bars.columns
        opens, marks, previous = bars.open.copy(), bars.open_mark.copy(), bars.previous.copy()
        for symbol, quote in quotes.items():
            if (column := columns.get(symbol)) is not None:
                opens[-1, column] = marks[-1, column] = _steps(quote.last)
                if quote.previous_close is not None:
                    previous[-1, column] = _steps(quote.previous_close)
        others = tuple(
            replace(each, market_price=quotes[each.symbol].last) if each.symbol in quotes else each
            for each in self.others
        )
        return replace(self, bars=replace(bars, open=opens, open_mark=marks, previous=previous), others=others)

    def without(self, sold: Mapping[Key, Sold]) -> SessionBacktest:
        """Without holdings that live had sold whole when it decided, and with their proceeds."""
        opening = self.setup.opening
        if opening is None or not sold:
            return self
        left = tuple(e for e in opening.holdings if (e.holding.strategy, e.holding.symbol) not in sold)
        cash = self.setup.cash + sum((each.quantity * each.price for each in sold.values()), ZERO)
        return replace(self, setup=replace(self.setup, cash=cash, opening=replace(opening, holdings=left)))

    def with_signals(self, signals: tuple[Signal, ...], average_volume: Mapping[str, Decimal]) -> SessionBacktest:
        """With the signals that live acted on, and the volumes that its limits compared."""
        strategies = tuple(dict.fromkeys([*(each.strategy for each in signals), *self.strategies]))
        return replace(self, strategies=strategies, signals=signals, average_volume=average_volume)

    def with_halts(self, halts: Iterable[Halt]) -> SessionBacktest:
        """With halts in the place of those at the open."""
        opening = self.setup.opening
        assert opening is not None, "a session begins from an opening"
        return replace(self, setup=replace(self.setup, opening=replace(opening, halts=tuple(halts))))

    def facts(self) -> SessionFacts:
        """What happens in it."""
        book = SignalBook(tuple(self._tables()), self.bars.symbols)
        last = self.bars.sessions[-1]
        cash = self.setup.cash + sum((each.quantity * each.market_price for each in self.others), ZERO)
        walk = Walk(self.bars, book, replace(self.setup, cash=cash, first=last, last=last), self._decide)
        plans: list[DayPlan] = []
        walk.on_plan = plans.append
        walk.run()
        return _facts(self.signals, walk, plans)

    def _tables(self) -> Iterator[SignalTable]:
        columns, shape = self.bars.columns, self.bars.open.shape
        for strategy in self.strategies:
            own = [each for each in self.signals if each.strategy == strategy and each.symbol in columns]
            entry, leave, score = np.zeros(shape, np.bool_), np.zeros(shape, np.bool_), np.zeros(shape)
            for each in own:
                (entry if each.action is Action.ENTER else leave)[-2, columns[each.symbol]] = True
                score[-2, columns[each.symbol]] = each.score
            entering = [each for each in own if each.action is Action.ENTER]
            yield SignalTable(
                strategy=strategy,
                fingerprint=own[0].fingerprint if own else "",
                warmup=0,
                entry=entry,
                exit=leave,
                score=score,
                policy=entering[0].policy if entering else ExitPolicy(),
                risk_pct=own[0].risk_pct if own else None,
                policies={(len(entry) - 2, columns[each.symbol]): each.policy for each in entering},
            )

    def _decide(self, signals: Iterable[Signal], projected: ProjectedAccount) -> Iterator[EntryDecision]:
        if self.average_volume is not None:
            projected.situation = replace(projected.situation, average_volume=self.average_volume)
        signals = tuple(signals)
        if self.others:
            _add(self.others, signals, projected)
        if self.broker is not None:
            _show(self.broker, projected)
        return decide_entries(signals, projected)


def _steps(price: Decimal) -> int:
    return round(price * STEPS)


def _add(others: Iterable[Position], signals: Iterable[Signal], projected: ProjectedAccount) -> None:
    """Let a projected account show positions that no strategy holds."""
    exposures = {each.symbol: projected.exposure_in(each.symbol) for each in signals}
    total, power = projected.total, projected.buying_power
    for each in others:
        value = each.quantity * each.market_price
        exposure = SymbolExposure(abs(value), abs(value) * projected.limits.default_stop_loss_pct)
        exposures[each.symbol] = exposures.get(each.symbol, SymbolExposure()) + exposure
        total, power = total + exposure, power - value
        projected.hold(FOREIGN, each.symbol, each.quantity)
    projected.begin_session(projected.situation, total, exposures, power)


def _show(broker: AtBroker, projected: ProjectedAccount) -> None:
    """Let a projected account show what the broker showed, or lacked."""
    seen, situation = broker.balances, projected.situation
    codes = {code for of_key in broker.denials.values() for code in of_key}
    balances = replace(
        situation.account,
        equity=seen.equity,
        cash=seen.cash,
        buying_power=seen.buying_power,
        blocked=DenialCode.ACCOUNT_BLOCKED in codes,
    )
    locked = dict.fromkeys(_symbols(broker, DenialCode.SYMBOL_LOCKED), "as live")
    if DenialCode.CASH_UNEXPLAINED in codes:
        locked[CASH] = "as live"
    untradable = {s: Asset(s, tradable=False) for s in _symbols(broker, DenialCode.NOT_TRADABLE)}
    unpriced = _symbols(broker, DenialCode.NO_PRICE)
    projected.situation = replace(
        situation,
        account=balances,
        locked=locked,
        assets={**situation.assets, **untradable},
        quotes={symbol: quote for symbol, quote in situation.quotes.items() if symbol not in unpriced},
        objections=("as live",) if DenialCode.PREFLIGHT in codes else (),
        session_open=DenialCode.MARKET_CLOSED not in codes,
    )
    projected.equity, projected.buying_power = seen.equity, seen.buying_power
    for symbol in _symbols(broker, DenialCode.ORDER_PENDING):
        projected.pending[symbol] = "an order as live"
    for symbol in _symbols(broker, DenialCode.SYMBOL_OWNED):
        projected.claims[symbol] = Claim(FOREIGN, "as live")
    for symbol in _symbols(broker, DenialCode.ALREADY_HELD):
        projected.held.setdefault(symbol, ONE)


def _symbols(broker: AtBroker, code: DenialCode) -> set[str]:
    return {symbol for (_, symbol), codes in broker.denials.items() if code in codes}


def _facts(signals: Sequence[Signal], walk: Walk, plans: Sequence[DayPlan]) -> SessionFacts:
    entries: dict[Key, Shares] = {}
    denials: dict[Key, frozenset[DenialCode]] = {}
    for plan in plans:
        for decision in plan.decisions:
            key, terms = _key(decision.signal), decision.terms
            if terms is not None:
                entries[key] = Shares(terms.size.quantity, plan.situation.quotes[decision.signal.symbol].last)
            else:
                denials[key] = frozenset(objection.code for objection in decision.objections)
    fills = [each for each in walk.account.booked if isinstance(each, BookedFill)]
    return SessionFacts(
        signals={_key(each): each.action for each in signals},
        entries=entries,
        denials=denials,
        bought={_key(each): Shares(each.quantity, each.price) for each in fills if each.purpose is Purpose.ENTRY},
        sold=_sold([each for each in fills if each.side is Side.SELL]),
        stops={_key(held.holding): held.holding.stop_price for held in walk.account.held.values()},
    )


class _Named(Protocol):
    """What belongs to a strategy and a symbol."""

    @property
    def strategy(self) -> str:
        """The name of the strategy."""
        ...

    @property
    def symbol(self) -> str:
        """The symbol."""
        ...


def _key(each: _Named) -> Key:
    return each.strategy, each.symbol


def _sold(fills: Sequence[BookedFill]) -> dict[Key, Sold]:
    found: dict[Key, Sold] = {}
    for key in dict.fromkeys(map(_key, fills)):
        own = [each for each in fills if _key(each) == key]
        shares = average_price((each.quantity, each.price) for each in own)
        found[key] = Sold(shares.quantity, shares.price, own[-1].due.kind if own[-1].due else None)
    return found
