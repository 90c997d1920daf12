"""Reads prices and signals, and gathers the situation that core makes a plan from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal

from tradebot.core.model.account import MarketClock, Quote
from tradebot.core.model.decision_inputs import BalancesSeen, BarsSeen, DecisionInputs
from tradebot.core.model.halts import level_of
from tradebot.core.model.orders import OrderState
from tradebot.core.model.plan import Plan, Situation
from tradebot.core.model.signals import Action, Signal
from tradebot.core.planning.entries import plan
from tradebot.jobs.desk import Desk
from tradebot.jobs.job_run import JobRun
from tradebot.jobs.step_results import AccountState, SignalsResult, StepResult, failed
from tradebot.jobs.steps.corporate_actions import renamed_symbols, with_new_symbols
from tradebot.jobs.steps.counters import VOLUME_SESSIONS, average_volumes, count_session, repetitions, sessions_run
from tradebot.jobs.steps.sync import counters, locked_symbols
from tradebot.settings import BrokerName, Redactor
from tradebot.strategy_api import History


def read_signals(desk: Desk, run: JobRun) -> SignalsResult:
    """The signals of every configured strategy on the newest completed session. A broken strategy stops only itself.

    Secrets of the settings are masked in the texts that strategies give: orders, trades and the ledger keep them.
    """
    loaded, broken = desk.strategies.loaded, list(desk.strategies.failures)
    signals: tuple[Signal, ...] = ()
    notes: tuple[str, ...] = ()
    if loaded:
        desk.strategies.prepare()
        with run.step("history"):
            history = history_for(desk, run)
        notes = tuple(_warming_up(desk, history))
        with run.step("signals"):
            signals, failures = desk.strategies.signals(history)
        broken.extend(failures)
    names = tuple(f"{info.name} {info.version} on {', '.join(info.symbols)}" for info in loaded)
    notes += tuple(f"strategy {each.strategy}: {each.message}" for each in broken if each.has_signals)
    failures_of_each = [failed(f"strategy {each.strategy}", each.message) for each in broken if not each.has_signals]
    redact = Redactor(desk.settings.secrets())
    faults = {each.strategy: redact(each.message) for each in broken}
    signals = tuple(_masked(signal, redact) for signal in signals)
    return SignalsResult(signals=signals, faults=faults, strategies=names, notes=notes).after(*failures_of_each)


def _masked(signal: Signal, redact: Redactor) -> Signal:
    """The signal with the secrets in its texts masked."""
    return replace(
        signal,
        reason=redact(signal.reason),
        values=tuple((redact(name), value) for name, value in signal.values),
        conditions=tuple(replace(each, text=redact(each.text)) for each in signal.conditions),
    )


def check_symbols_have_bars(desk: Desk) -> StepResult:
    """A failure if some symbols of the strategies have no bar in any session: they would stay silent for ever."""
    wanted = {symbol for info in desk.strategies.loaded for symbol in info.symbols}
    unknown = sorted(wanted - desk.market.known(wanted))
    if not unknown:
        return StepResult()
    has = "has" if len(unknown) == 1 else "have"
    return failed("symbols", f"{', '.join(unknown)} {has} no bars in {price_source(desk)}; set SYMBOLS")


def price_source(desk: Desk) -> str:
    """The name of the source of bars, in users' terms."""
    if desk.settings.broker is not BrokerName.PAPER:
        return f"the market data of {desk.settings.broker}"
    return "PAPER_DATA" if desk.settings.paper_data else "the bundled prices"


def _warming_up(desk: Desk, history: History) -> Iterator[str]:
    """The strategies none of whose symbols has the bars that they need. Other symbols may have more of them."""
    close = history.close.to_numpy()
    bars = dict(zip(history.close.columns, (close == close).sum(axis=0).tolist(), strict=True))
    for info in desk.strategies.loaded:
        sessions = max(bars[symbol] for symbol in info.symbols)
        if sessions < info.warmup:
            yield f"{info.name} is warming up: {sessions} of {info.warmup} sessions"


def history_for(desk: Desk, run: JobRun) -> History:
    """The completed bars of every symbol of the strategies, as many as strategies and limits need.

    The market keeps the response in memory for the session.
    """
    symbols = sorted({symbol for info in desk.strategies.loaded for symbol in info.symbols})
    return desk.market.history(symbols, sessions_of_history(desk), _market(desk, run))


def sessions_of_history(desk: Desk) -> int:
    """The sessions of bars that strategies and limits need."""
    return max(desk.strategies.warmup, VOLUME_SESSIONS)


def count_probation_session(desk: Desk, run: JobRun, signals: tuple[Signal, ...]) -> None:
    """Count this session for the strategies that could trade in it: none of them while the account is halted."""
    if signals and level_of(run.halts).allows_entries:
        count_session(desk, run, signals, history_for(desk, run))


def build_situation(desk: Desk, run: JobRun, state: AccountState, signals: tuple[Signal, ...]) -> Situation:
    """Everything that a plan depends on, read now."""
    market = _market(desk, run)
    wanted = with_new_symbols(desk, (signal for signal in signals if signal.action is not Action.NONE))
    symbols = {signal.symbol for signal in wanted} | set(state.quotes)
    return Situation(
        ownership=desk.ownership,
        now=market.now,
        today=run.session,
        session_open=market.is_open,
        halt=level_of(run.halts),
        account=state.account,
        positions=state.positions,
        holdings=state.holdings,
        open_orders=state.open_orders,
        unsettled=state.unsettled,
        quotes=desk.market.quotes(symbols),
        assets=desk.broker.assets(symbols),
        signals=wanted,
        limits=desk.settings.limits(),
        counters=counters(desk, run, state.account),
        capabilities=desk.broker.capabilities,
        expected_as_of=desk.market.last_completed(market),
        locked=renamed_symbols(desk) | locked_symbols(state),
        decided=_decided(desk, run),
        halts=run.halts,
        average_volume=_volumes(desk, run, wanted),
        sessions_run=sessions_run(desk, run),
        repetitions=repetitions(desk, run, wanted),
        objections=tuple(f"{check.name}: {check.figure}" for check in run.objections),
    )


def _market(desk: Desk, run: JobRun) -> MarketClock:
    return run.market_at(desk.clock.now())


def make_plan(desk: Desk, run: JobRun, state: AccountState, signals: tuple[Signal, ...]) -> tuple[Situation, Plan]:
    """The plan for ``state`` and the present moment, and what it was made from."""
    with run.step("plan"):
        situation = build_situation(desk, run, state, signals)
        return situation, plan(situation)


def inputs_of(desk: Desk, run: JobRun, situation: Situation, seen: Mapping[str, Quote]) -> DecisionInputs:
    """What a plan of entries was made from, as it is stored. ``seen``: quotes of an earlier plan of the run."""
    counted, account = situation.counters, situation.account
    return DecisionInputs(
        session=run.session,
        at=situation.now,
        limits=situation.limits,
        close_positions=desk.settings.emergency_close_positions,
        bars=_bars_seen(desk, run),
        balances=BalancesSeen(
            account.equity, account.cash, account.buying_power, counted.baseline_equity, counted.peak_equity
        ),
        signals=tuple(signal for signal in situation.signals if signal.action is not Action.NONE),
        quotes={**seen, **situation.quotes},
        average_volume=situation.average_volume,
        sessions_run=situation.sessions_run,
        repetitions=situation.repetitions,
    )


def _bars_seen(desk: Desk, run: JobRun) -> BarsSeen:
    sessions = sessions_of_history(desk)
    if not desk.strategies.loaded:
        return BarsSeen(sessions, None, {})
    from tradebot.market.bar_digest import bar_digests  # imports numpy, which strategies need as well

    history = history_for(desk, run)
    index = history.close.index
    return BarsSeen(sessions, index[-1].date() if len(index) else None, bar_digests(history))


def _decided(desk: Desk, run: JobRun) -> frozenset[str]:
    """The ids of this session's decisions that were sent. A decision that was not may still be sent under its id."""
    return frozenset(
        intent.client_order_id
        for intent in desk.ledger.orders.of_session(run.session)
        if intent.state is not OrderState.PLANNED
    )


def _volumes(desk: Desk, run: JobRun, wanted: tuple[Signal, ...]) -> dict[str, Decimal]:
    """The average volume, in shares a session, of the symbols that signals enter, from the strategies' bars."""
    symbols = sorted({signal.symbol for signal in wanted if signal.action is Action.ENTER})
    return average_volumes(history_for(desk, run), symbols) if symbols else {}
