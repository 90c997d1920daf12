"""The walk of a backtest through its sessions: what happens to the account in each, and what is decided.

A session has the moments of a replayed one: corporate actions before the open, resting orders at the open, run-daily
at the opening prices, the range of the bar, and the last check-exits at the closing prices. Symbols are looked at one
by one only where something can happen to them: an order is touched, or a signal, an age or a trailing stop is due.
"""

from __future__ import annotations

import gc
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal

import numpy as np

from tradebot.backtest.account import Account, Held, Moment
from tradebot.backtest.account_at_open import AccountAtOpen
from tradebot.backtest.bars import NEVER, Bars, Steps, in_dollars
from tradebot.backtest.core_inputs import CoreInputs
from tradebot.backtest.due_exits import DueExits
from tradebot.backtest.resting_orders import Filled, filled_at_open, filled_in_range
from tradebot.backtest.setup import DayPlan, Denied, Setup, morning_of, rows_of
from tradebot.backtest.signals import SignalBook
from tradebot.core.model.account import ActionKind
from tradebot.core.model.exits import Exit, ExitKind
from tradebot.core.model.halts import LOSS_RULES, Halt, HaltLevel, HaltRule, level_of
from tradebot.core.model.holdings import Holding
from tradebot.core.model.orders import Purpose, Side
from tradebot.core.model.plan import DenialCode
from tradebot.core.model.repetition import EntryKey, Repetition
from tradebot.core.model.signals import Signal
from tradebot.core.model.values import CENT, ZERO, to_cents
from tradebot.core.planning.entries import EntryDecision, decide_entries
from tradebot.core.planning.exit_rules import (
    exit_at_stop_or_target,
    wanted_stop,
    with_exit_prices,
    with_mark,
)
from tradebot.core.planning.exits import decide_exits
from tradebot.core.risk.circuit_breakers import limit_breach_halt, loss_halts
from tradebot.core.risk.projected_account import ProjectedAccount
from tradebot.core.risk.repeat_entries import repetition_halt
from tradebot.market.matching import with_slippage

#: What decides on entries: ``decide_entries``, unless a benchmark compares fills with those of others.
Decide = Callable[[Iterable[Signal], ProjectedAccount], Iterable[EntryDecision]]

_EMERGENCY = Exit("emergency stop", ExitKind.EMERGENCY_STOP)
_ORDER = {ActionKind.SPLIT: 0, ActionKind.DIVIDEND: 2}  # ends come between


class Walk:
    """One backtest. ``equity`` and ``invested`` are the closing figures of each session walked, USD."""

    def __init__(self, bars: Bars, signals: SignalBook, setup: Setup, decide: Decide = decide_entries) -> None:
        self.bars, self.signals, self.setup = bars, signals, setup
        self._decide = decide
        self.account = Account(bars, setup.cash, setup.rules)
        self.rows = rows_of(bars.sessions, setup)
        self.equity: list[Decimal] = []
        self.invested: list[Decimal] = []
        self.denied: list[Denied] = []
        self.halts_met: list[Halt] = []
        self.counts: Counter[str] = Counter()  # what was met on the way
        self.on_plan: Callable[[DayPlan], None] | None = None  # gets each plan of entries, for tests
        self._columns = bars.columns
        self._policies = any(table.policy.trail_trigger is not None for table in signals.tables)
        self._halts: list[Halt] = []  # that only a person ends
        self._today: list[Halt] = []  # that end with the session
        self.inputs = CoreInputs(bars, self.account, setup, tuple(table.strategy for table in signals.tables))
        self._entered: dict[tuple[str, str], deque[int]] = {}  # rows by strategy and symbol
        self._served = [0] * len(signals.tables)  # sessions in which a strategy could trade
        self._projected: ProjectedAccount | None = None
        self._due = DueExits(bars, self.account, signals.tables)
        self._numbers = {table.strategy: number for number, table in enumerate(signals.tables)}
        self._repeated: dict[EntryKey, Repetition] = {}  # before the first session
        if setup.opening is not None and self.rows:
            self._begin_from(setup.opening, self.rows.start)

    def _begin_from(self, opening: AccountAtOpen, row: int) -> None:
        """Begin the session of ``row`` with what was held and counted before."""
        self.inputs.base, self.inputs.peak = opening.base, opening.peak
        self._halts.extend(opening.halts)
        self._repeated.update(opening.repetitions)
        self._served = [opening.sessions_run.get(table.strategy, 0) for table in self.signals.tables]
        for each in opening.holdings:
            holding, column = each.holding, self._columns[each.holding.symbol]
            opened_row = row - holding.sessions_held
            number = self._numbers.get(holding.strategy, -1)
            self.account.hold(Held(column, number, holding, opened_row, ZERO, each.target_rests))
            self._policies |= holding.policy.trail_trigger is not None
            self._due.expect(self.account.held[column], not_before=row)

    def run(self, progress: Callable[[int, int], None] | None = None) -> None:
        """Walk through every session. ``progress`` gets the sessions done and the number of all."""
        with _without_collection():
            for done, row in enumerate(self.rows, start=1):
                self.step(row)
                if progress is not None:
                    progress(done, len(self.rows))

    def cut(self) -> None:
        """Take the sessions that were walked whole for all there are: the walk was interrupted."""
        whole = self.rows[: len(self.equity)]
        newest = whole[-1] if whole else -1
        self.account.booked = [each for each in self.account.booked if each.row <= newest]
        self.denied = [each for each in self.denied if each.row <= newest]

    def step(self, row: int) -> None:
        """Walk through one session."""
        account, bars = self.account, self.bars
        account.begin_session()
        self._today, self.inputs.submitted = [], 0
        if row in bars.actions:
            self._act(row)
        self._match_open(row)
        self._run_daily(row)
        self._match_range(row)
        self._check_exits(row)
        value = account.value(bars.close_mark[row])
        self.equity.append(to_cents(account.cash + value))
        self.invested.append(value)
        self.inputs.base = self.equity[-1]

    # --- before the open, and what rests -----------------------------------------------------------

    def _act(self, row: int) -> None:
        for action in sorted(self.bars.actions[row], key=lambda each: _ORDER.get(each.kind, 1)):
            column = self._columns[action.symbol]
            if column in self.account.held:
                self.counts[f"{action.kind} held"] += 1
                self.account.apply(action, column, row, self.setup.limits)
                self._sync(column)

    def _touched(self, low: Steps, high: Steps) -> list[int]:
        """The columns whose stop or target lies at or beyond these prices. Where nothing trades, ``low`` is NEVER."""
        return np.flatnonzero((low <= self.account.stops) | (high >= self.account.targets)).tolist()

    def _match_open(self, row: int) -> None:
        opens, account = self.bars.open[row], self.account
        for column in self._touched(np.where(self.bars.traded[row], opens, NEVER), opens) if account.held else ():
            held = account.held[column]
            filled = filled_at_open(held, int(opens[column]), self.setup.rules)
            if filled is not None:
                self.counts[f"{filled.purpose} at the open"] += 1
                self._sell_resting(held, row, Moment.OPEN, filled)

    def _match_range(self, row: int) -> None:
        lows, highs, account = self.bars.low[row], self.bars.high[row], self.account
        for column in self._touched(lows, highs) if account.held else ():
            held = account.held[column]
            found = filled_in_range(held, int(highs[column]), int(lows[column]), self.setup.rules)
            if found:
                self.counts["stop and target in one bar"] += len(found) == 2
                self._sell_resting(held, row, Moment.RANGE, found[0])

    def _sell_resting(self, held: Held, row: int, moment: Moment, filled: Filled) -> None:
        due = exit_at_stop_or_target(held.holding, filled.price)
        self._sell(held, row, moment, filled.purpose, filled.price, held.holding.quantity, due)

    def _sell(
        self, held: Held, row: int, moment: Moment, purpose: Purpose, price: Decimal, quantity: Decimal, due: Exit
    ) -> None:
        fills = self.account.fillable(held.column, row, quantity)
        if fills:
            if fills < quantity:
                self.counts["partial fill by volume"] += 1
            self.account.sell(held, row, moment, purpose, price, fills, due)
        self._sync(held.column)

    def _sync(self, column: int) -> None:
        """Tell the projected account what is left of a symbol."""
        if self._projected is not None:
            held, symbol = self.account.held.get(column), self.bars.symbols[column]
            if held is None:
                self._projected.release(symbol)
            else:
                self._projected.hold(held.holding.strategy, symbol, held.holding.quantity)

    # --- run-daily ---------------------------------------------------------------------------------

    def _run_daily(self, row: int) -> None:
        """Look at the account, close what is due, and enter."""
        marks = self.bars.open_mark[row]
        equity = self._look(row, marks, Moment.ENTRY)
        signals = self.signals.entering(row - 1, self.bars.sessions[row - 1])
        breach = self._breach(row, equity) if signals else None
        # Entries are planned with the stops of now, unless an exit lets the account be read again.
        stops = self.account.stops.copy() if signals else self.account.stops
        marked = self._trail(row, marks)
        served = list(self._served)
        repetitions = self._repetitions(signals)
        self._halt_repeating(row, repetitions)
        self._serve(row, [*self._in_force(), *([breach] if breach else [])])
        left = bool(self.account.held) and self._exit(row, marked, Moment.ENTRY, marks)
        if not signals:
            return
        halts = [*self._in_force(), *([breach] if breach else [])]
        plan = self._plan(row, signals, halts, served, self.account.stops if left else stops, repetitions)
        self._enter(row, plan)

    def _look(self, row: int, marks: Steps, moment: Moment) -> Decimal:
        """Measure the losses at these prices, and halt where they have reached a limit. Returns the equity."""
        equity = self.account.equity(marks)
        self.inputs.peak = max(self.inputs.peak, equity)
        if not self.inputs.near_loss(equity):
            return equity
        limits, session = self.setup.limits, self.bars.sessions[row]
        found = loss_halts(
            self.inputs.snapshot(equity), self.inputs.counters(row), limits, session, morning_of(session)
        )
        known = {halt.rule for halt in self._in_force()}
        for halt in (each for each in found if each.rule not in known):
            (self._today if halt.rule is HaltRule.DAILY_LOSS else self._halts).append(halt)
            self.halts_met.append(halt)
            self.counts[f"{halt.rule} halt"] += 1
            if halt.rule in LOSS_RULES and halt.level is HaltLevel.HALTED and self.setup.close_positions:
                self._close_all(row, marks, moment)
        return self.account.equity(marks)

    def _close_all(self, row: int, marks: Steps, moment: Moment) -> None:
        for column in sorted(self.account.held):
            if self.bars.traded[row, column]:
                self.counts[f"closed by {self.halts_met[-1].rule}"] += 1
                held = self.account.held[column]
                due = with_exit_prices(_EMERGENCY, held.holding)
                self._sell_at_market(held, row, moment, Purpose.CLOSE, marks, due)

    def _sell_at_market(self, held: Held, row: int, moment: Moment, purpose: Purpose, marks: Steps, due: Exit) -> None:
        price = with_slippage(in_dollars(int(marks[held.column])), Side.SELL, self.setup.rules.slippage_pct)
        self.account.disarm(held)
        self.inputs.submitted += 1
        self._sell(held, row, moment, purpose, price, held.holding.quantity, due)
        if held.column in self.account.held:
            held.target_rests = False  # the stop alone is placed again, once the order was taken back

    def _breach(self, row: int, equity: Decimal) -> Halt | None:
        """The halt for limits that what is held exceeds."""
        marks = self.bars.open_mark[row]
        if not self.account.held or not self.inputs.near_breach(marks, equity):
            return None
        inputs = self.inputs.of_limits(row, marks, equity)
        session = self.bars.sessions[row]
        halt = limit_breach_halt(inputs, session, morning_of(session))
        self.counts["limit breach halt"] += halt is not None
        return halt

    def _trail(self, row: int, marks: Steps) -> dict[int, Holding]:
        """Mark what trails, and raise its stops. Returns the holdings by column as they were before."""
        before: dict[int, Holding] = {}
        if not self._policies:
            return before
        for column, held in self.account.held.items():
            if held.holding.policy.trail_trigger is None or not marks[column]:
                continue
            before[column] = held.holding
            last = in_dollars(int(marks[column]))
            marked = with_mark(held.holding, last)
            raised = wanted_stop(marked, last)
            if raised is not None:
                marked = marked.with_raised_stop(raised)
                self.inputs.submitted += 1
                self.counts["stop raised"] += 1
            held.holding = marked
            if raised is not None:
                self.account.arm(held)
        return before

    def _exit(self, row: int, marked: dict[int, Holding], moment: Moment, marks: Steps) -> bool:
        """Close what is due. Whether anything was sent."""
        due = self._due.of_session(row, marked, marks) if moment is Moment.ENTRY else self._due.trailing(marked, marks)
        sent = False
        if not due:
            return sent
        account = self.account
        aged = [(account.held[column], self._due.with_age(holding, column, row)) for column, holding in due]
        situation = self.inputs.of_exits(row, aged, marks, self._in_force(), self._due.signals(row, due))
        for decision in decide_exits(situation):
            for denial in decision.objections:
                self.denied.append(Denied(row, denial.strategy, denial.symbol, denial.code, denial.value, denial.limit))
            column = self._columns[decision.holding.symbol]
            if not decision.objections and self.bars.traded[row, column]:
                sent = True
                held = account.held[column]
                due_now = with_exit_prices(decision.due, held.holding)
                self._sell_at_market(held, row, moment, Purpose.EXIT, marks, due_now)
        return sent

    # --- entries -----------------------------------------------------------------------------------

    def _in_force(self) -> list[Halt]:
        return [*self._halts, *self._today]

    def _halt_repeating(self, row: int, repetitions: Mapping[EntryKey, Repetition]) -> None:
        """Halt each strategy that entered a symbol too often."""
        limits, session = self.setup.limits, self.bars.sessions[row]
        for key, repetition in repetitions.items():
            stopped = {halt.scope_name for halt in self._halts if halt.rule is HaltRule.REPEATED_ORDERS}
            if key.strategy not in stopped and repetition.breaks(limits):
                halt = repetition_halt(key, repetition, limits, session, morning_of(session))
                self._halts.append(halt)
                self.halts_met.append(halt)
                self.counts["repeated orders halt"] += 1

    def _repetitions(self, signals: Sequence[tuple[int, Signal]]) -> dict[EntryKey, Repetition]:
        counts: dict[EntryKey, Repetition] = {}
        for _, signal in signals:
            entered = self._entered.get((signal.strategy, signal.symbol))
            if entered is not None and len(entered) == entered.maxlen:  # fewer break no limit
                key = EntryKey(signal.strategy, signal.symbol, Side.BUY)
                counts[key] = Repetition(len(entered), entered[-1] - entered[0] + 1)
            elif self._repeated and (key := EntryKey(signal.strategy, signal.symbol, Side.BUY)) in self._repeated:
                counts[key] = self._repeated[key]
        return counts

    def _serve(self, row: int, halts: Sequence[Halt]) -> None:
        """Count the session for the strategies that could trade in it."""
        if level_of(halts).allows_entries:
            for number, table in enumerate(self.signals.tables):
                self._served[number] += row >= table.warmup

    def _plan(
        self,
        row: int,
        signals: Sequence[tuple[int, Signal]],
        halts: Sequence[Halt],
        served: Sequence[int],
        stops: Steps,
        repetitions: Mapping[EntryKey, Repetition],
    ) -> DayPlan:
        marks = self.bars.open_mark[row]
        situation = self.inputs.of_entries(row, signals, halts, served, repetitions)
        total, exposures = self.inputs.exposures([column for column, _ in signals], marks, stops)
        if self._projected is None:
            self._projected = ProjectedAccount(situation)
            for held in self.account.held.values():
                self._sync(held.column)
        self._projected.begin_session(situation, total, exposures, situation.account.buying_power)
        plan = DayPlan(situation, stops, tuple(self._decide(situation.signals, self._projected)))
        if self.on_plan is not None:
            self.on_plan(plan)
        return plan

    def _enter(self, row: int, plan: DayPlan) -> None:
        equity, bought = plan.situation.account.equity, False
        for decision in plan.decisions:
            signal = decision.signal
            of = row, signal.strategy, signal.symbol
            self.denied += [Denied(*of, each.code, each.value, each.limit) for each in decision.objections]
            if decision.terms is None:
                continue
            column = self._columns[signal.symbol]
            if bought and self._stopped_between(row, equity):
                self.denied.append(Denied(*of, DenialCode.HALTED, None, None))
            elif held := self._buy(row, column, decision, last := plan.situation.quotes[signal.symbol].last):
                bought = True
                paid = held.holding.entry_price - last
                equity -= held.holding.quantity * paid + held.fee
            self._sync(column)

    def _stopped_between(self, row: int, equity: Decimal) -> bool:
        """Whether a loss has halted the account since the entry before. ``equity``: to the cent or nearly."""
        if self.inputs.near_loss(equity - CENT):
            self._look(row, self.bars.open_mark[row], Moment.ENTRY)
        return not level_of(self._in_force()).allows_entries

    def _buy(self, row: int, column: int, decision: EntryDecision, last: Decimal) -> Held | None:
        """Send an entry at the price ``last``, and see it end. Returns what it bought, if anything."""
        terms, signal, account = decision.terms, decision.signal, self.account
        assert terms is not None, "it was planned"
        price = with_slippage(last, Side.BUY, self.setup.rules.slippage_pct)
        wanted = terms.size.quantity
        fee = self.setup.rules.commission(wanted)
        if wanted * price + fee > account.cash:
            why = Denied(row, signal.strategy, signal.symbol, DenialCode.REFUSED_BY_BROKER, None, None)
            self.denied.append(why)
            return None
        quantity = account.fillable(column, row, wanted) if self.bars.traded[row, column] else ZERO
        if not quantity:
            return None
        if quantity < wanted:
            self.counts["partial fill by volume"] += 1
            fee = self.setup.rules.commission(quantity)
        holding = Holding(
            strategy=signal.strategy,
            symbol=signal.symbol,
            quantity=quantity,
            entry_price=price,
            stop_price=terms.stop,
            target_price=terms.target,
            high_water=price,
            policy=signal.policy,
            opened_session=self.bars.sessions[row],
        )
        held = Held(column, self._numbers[signal.strategy], holding, row, fee, target_rests=quantity == wanted)
        account.buy(held, row)
        self._due.expect(held, not_before=row)
        self._note_entry(row, signal)
        return held

    def _note_entry(self, row: int, signal: Signal) -> None:
        self.inputs.submitted += 1
        key = signal.strategy, signal.symbol
        if key not in self._entered:
            self._entered[key] = deque(maxlen=self.setup.limits.repeat_order_limit)
        self._entered[key].append(row)

    # --- the last check-exits ----------------------------------------------------------------------

    def _check_exits(self, row: int) -> None:
        marks = self.bars.close_mark[row]
        self._look(row, marks, Moment.CLOSE)
        marked = self._trail(row, marks)
        if marked:
            self._exit(row, marked, Moment.CLOSE, marks)
        for column in self.account.bare():
            self.account.arm(self.account.held[column])


@contextmanager
def _without_collection() -> Iterator[None]:
    """Let the collector of cycles rest: a walk makes none, and each pass would look at all that is booked so far."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
