"""A session of the live ledger against the backtest of the same bars, parameters and limits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from tradebot.backtest.account_at_open import AccountAtOpen, OpenHolding
from tradebot.backtest.bars import in_dollars
from tradebot.backtest.one_session import AtBroker, SessionBacktest
from tradebot.backtest.replaced_inputs import Replacement, variants
from tradebot.backtest.setup import Setup
from tradebot.core.model.account import Position, SessionHours
from tradebot.core.model.decision_inputs import DecisionInputs
from tradebot.core.model.exchange_time import NEW_YORK
from tradebot.core.model.halts import Halt, HaltLevel, HaltRule, HaltScope, HaltSource
from tradebot.core.model.plan import DenialCode
from tradebot.core.model.signals import Action
from tradebot.core.model.values import ZERO
from tradebot.core.results.compare_sessions import compare
from tradebot.core.results.diff_outcome import Cause, DiffOutcome
from tradebot.core.results.session_facts import SessionDetails
from tradebot.errors import UsageError
from tradebot.jobs.desk import Desk
from tradebot.jobs.holding_age import with_age
from tradebot.jobs.session_record import SessionRecord, day_of, read_session
from tradebot.runtime.paper_exchange import fill_rules
from tradebot.runtime.session_bars import SessionBars, read_bars
from tradebot.runtime.strategies import strategies_as_then

#: Denials that come from the broker, or from what others did there.
_AT_BROKER = frozenset(
    {
        DenialCode.PREFLIGHT,
        DenialCode.MARKET_CLOSED,
        DenialCode.CASH_UNEXPLAINED,
        DenialCode.SYMBOL_LOCKED,
        DenialCode.SYMBOL_OWNED,
        DenialCode.ALREADY_HELD,
        DenialCode.ORDER_PENDING,
        DenialCode.NOT_TRADABLE,
        DenialCode.NO_PRICE,
        DenialCode.ACCOUNT_BLOCKED,
    }
)
#: A halt of a latch that the ledger does not know.
_HALTED = Halt(HaltSource.LATCH_FILE, HaltRule.OPERATOR, HaltLevel.HALTED, "by a latch outside the ledger")


def diff_session(desk: Desk, session: date) -> DiffOutcome:
    """Compare a session that is over. Nothing is written and nothing sent.

    Raises UsageError for a day that is no session, or one that is not over, and BrokerUnavailable where its bars cannot
    be read.
    """
    hours = _over(desk, session)
    record = read_session(desk, hours.session)
    if not record.is_recorded:
        note = "an earlier version traded it, which did not store what it decided on"
        return DiffOutcome(hours.session, None, (), is_recorded=False, notes=(note,))
    with strategies_as_then(desk, hours.session) as strategies:
        return _Diff(replace(desk, strategies=strategies), hours, record).outcome()


def _over(desk: Desk, session: date) -> SessionHours:
    """The hours of a session that is over."""
    hours = desk.calendar.hours(session)
    if hours is None:
        raise UsageError(f"{session} is no session of the exchange. Name another day.")
    if hours.closes > desk.clock.now():
        raise UsageError(f"session {session} is not over: it can be compared after its close.")
    return hours


class _Diff:
    """The comparison of one session."""

    def __init__(self, desk: Desk, hours: SessionHours, record: SessionRecord) -> None:
        self.desk, self.hours, self.record = desk, hours, record
        self.session, self.inputs = hours.session, record.inputs
        held = [each.holding.symbol for each in record.before]
        self.bars: SessionBars = read_bars(desk, hours, record.inputs, held)
        self.backtest = self._backtest()

    def outcome(self) -> DiffOutcome:
        live, details = self.record.facts, self._details()
        facts = self.backtest.facts()
        lines = compare(live, facts, (), details)
        if self.inputs is not None and any(line.cause is Cause.UNEXPLAINED for line in lines):
            replaced = variants(self.backtest, tuple(self._replacements(self.inputs)))
            lines = compare(live, facts, tuple(replaced), details)
        return DiffOutcome(
            session=self.session,
            as_of=self.bars.as_of if self.inputs is None else self.inputs.bars.as_of,
            lines=lines,
            revised=self.bars.revised,
            notes=tuple(self._notes()),
        )

    # --- the backtest -----------------------------------------------------------------------------

    def _backtest(self) -> SessionBacktest:
        desk, inputs = self.desk, self.inputs
        names = [info.name for info in desk.strategies.loaded]
        cash = desk.ledger.past.cash_before(self.session)
        setup = Setup(
            limits=desk.settings.limits() if inputs is None else inputs.limits,
            cash=ZERO if cash is None else cash,
            rules=fill_rules(desk.settings),
            close_positions=desk.settings.emergency_close_positions if inputs is None else inputs.close_positions,
            opening=self._opening(),
        )
        signals = tuple(each for each in self.bars.signals if each.action is not Action.NONE)
        return SessionBacktest(self.bars.bars, tuple(names), signals, setup, others=tuple(self._others()))

    def _others(self) -> Iterator[Position]:
        """The positions that no strategy held, as last seen before the session; in the first one, as seen in it."""
        point, ours = self.desk.ledger.books.previous_close(self.session), {}
        for each in self.record.before:
            ours[each.holding.symbol] = each.holding.quantity
        for position in self.desk.ledger.day.positions(self.session if point is None else point.session):
            left = position.quantity - ours.get(position.symbol, ZERO)
            if left and (point is not None or position.symbol not in self._entered()):
                yield replace(position, quantity=left)

    def _entered(self) -> set[str]:
        return {symbol for _, symbol in self.record.facts.bought}

    def _opening(self) -> AccountAtOpen:
        desk, inputs, past = self.desk, self.inputs, self.desk.ledger.past
        close = desk.ledger.books.previous_close(self.session)
        base = close.equity if close is not None else desk.settings.paper_starting_cash
        began, _ = day_of(self.session)
        return AccountAtOpen(
            base=base if inputs is None else inputs.balances.base,
            peak=max(past.peak_before(began), base) if inputs is None else inputs.balances.peak,
            holdings=tuple(self._held()),
            halts=past.halts_at(self.hours.opens, self.session),
            repetitions={} if inputs is None else inputs.repetitions,
            sessions_run=self._sessions_run(),
        )

    def _held(self) -> Iterator[OpenHolding]:
        for each in self.record.before:
            (aged,) = with_age([each.holding], self.desk.calendar, self.session)
            yield OpenHolding(aged, each.target_rests)

    def _sessions_run(self) -> dict[str, int]:
        history, known = self.desk.ledger.strategy_history, {} if self.inputs is None else self.inputs.sessions_run
        return {
            info.name: known[info.name] if info.name in known else history.sessions(info.as_version, self.session)
            for info in self.desk.strategies.loaded
        }

    # --- with inputs of live ----------------------------------------------------------------------

    def _replacements(self, inputs: DecisionInputs) -> Iterator[Replacement]:
        at, sold = inputs.at.astimezone(NEW_YORK), self.record.sold_before
        prices = f"with the prices of {at:%H:%M} New York time both agree"
        yield Replacement(Cause.PRICE, prices, lambda it: it.with_prices(inputs.quotes).without(sold))
        cause, why = self._why_signals()
        yield Replacement(cause, why, lambda it: it.with_signals(inputs.signals, inputs.average_volume))
        if halts := tuple(self._halts_of_live(inputs)):
            yield Replacement(Cause.HALT, f"halted: {halts[0].reason}", lambda it: it.with_halts(halts))
        at_broker = AtBroker(self._denied_at_broker(), inputs.balances)
        denied = ", ".join(sorted({code for codes in at_broker.denials.values() for code in codes}))
        why = f"it denied {denied}" if denied else "it showed other balances"
        yield Replacement(Cause.BROKER, why, lambda it: replace(it, broker=at_broker))

    def _why_signals(self) -> tuple[Cause, str]:
        if self.bars.revised:
            return Cause.DATA_REVISED, f"the bars of {', '.join(self.bars.revised)} are not those that live decided on"
        if changed := self._changed():
            return Cause.STRATEGY_CHANGED, f"{', '.join(changed)}: files or parameters are not those of the session"
        if failed := self._failed():
            return Cause.STRATEGY_CHANGED, "; ".join(failed)
        return Cause.UNEXPLAINED, "the same bars and the same strategies gave other signals"

    def _failed(self) -> tuple[str, ...]:
        """The strategies that gave no signals in the session, or give none now."""
        given = self.desk.ledger.signals.of_session(self.session)
        then = (f"{each.strategy} failed in the session: {each.fault}" for each in given if not each.given)
        return (*then, *self.bars.notes)

    def _changed(self) -> tuple[str, ...]:
        """The strategies that are not as they were in the session."""
        now = {info.name: info.fingerprint for info in self.desk.strategies.loaded}
        then = {each.strategy: each.fingerprint for each in self.desk.ledger.signals.of_session(self.session)}
        return tuple(sorted(name for name in {*now, *then} if then and now.get(name) != then.get(name)))

    def _halts_of_live(self, inputs: DecisionInputs) -> Iterator[Halt]:
        """The halts at the decision; a latch outside the ledger is known by what it denied."""
        known = self.desk.ledger.past.halts_at(inputs.at, self.session)
        yield from known
        if not known:
            for (_, symbol), codes in self.record.facts.denials.items():
                if DenialCode.HALTED in codes:
                    yield replace(_HALTED, scope=HaltScope.SYMBOL, scope_name=symbol)

    def _denied_at_broker(self) -> dict[tuple[str, str], frozenset[DenialCode]]:
        denials = self.record.facts.denials.items()
        return {key: codes & _AT_BROKER for key, codes in denials if codes & _AT_BROKER}

    # --- what is told beside ----------------------------------------------------------------------

    def _details(self) -> SessionDetails:
        bars = self.backtest.bars

        def prices(row: Sequence[int]) -> dict[str, Decimal]:
            traded = zip(bars.symbols, row, bars.traded[-1].tolist(), strict=True)
            return {symbol: in_dollars(price) for symbol, price, is_traded in traded if is_traded}

        return replace(
            self.record.details,
            lows=prices(bars.low[-1].tolist()),
            highs=prices(bars.high[-1].tolist()),
            opens=prices(bars.open[-1].tolist()),
        )

    def _notes(self) -> Iterable[str]:
        yield from self.bars.notes
        if changed := self._changed():
            yield f"not as in the session: {', '.join(changed)}"
        shorts = [e.holding.symbol for e in self.record.before if e.holding.quantity % 1 or e.holding.quantity < 0]
        if shorts:
            yield f"backtested without fractions and shorts: {', '.join(shorts)}"
