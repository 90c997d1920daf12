"""The signals of the last session, each with a reason as text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from tradebot.core.model.signals import Action, ExitPolicy, Readiness, Signal
from tradebot.plugins.signal_validation import StrategySignals
from tradebot.ports import StrategyInfo

#: A millionth of the price: a hundredth of a cent at $100.
FRACTION_STEP = Decimal("0.000001")
LARGEST_ROUNDED = Decimal(10**9)  # larger values are no fractions of a price; quantize would raise for the largest


def last_signals(info: StrategyInfo, signals: StrategySignals) -> tuple[Signal, ...]:
    """One signal for each symbol after the last session, including symbols without entry or exit.

    Every reason contains the values of the strategy's indicators in that session.
    """
    as_of = signals.sessions[-1].date()
    risk = None if signals.risk_pct is None else Decimal(str(signals.risk_pct))
    scores = signals.score[-1].tolist()
    actions = [_action(*row) for row in zip(signals.entry[-1].tolist(), signals.exit[-1].tolist(), strict=True)]
    rows = {name: values[-1].tolist() for name, values in signals.indicators.items()}
    readiness = [_readiness(info, signals, column) for column in range(len(signals.symbols))]
    return tuple(
        Signal(
            strategy=info.name,
            symbol=symbol,
            as_of=as_of,
            action=action,
            score=scores[column] if action is Action.ENTER else 0.0,
            policy=policy_of(signals, -1, column) if action is Action.ENTER else signals.exits,
            reason=_reason(info, signals, column, action, {name: row[column] for name, row in rows.items()}),
            fingerprint=info.fingerprint,
            risk_pct=risk,
            readiness=readiness[column],
            values=tuple((name, row[column]) for name, row in rows.items()),
            conditions=signals.conditions.of_column(column) if readiness[column] is Readiness.READY else (),
        )
        for column, (symbol, action) in enumerate(zip(signals.symbols, actions, strict=True))
    )


def policy_of(signals: StrategySignals, row: int, column: int) -> ExitPolicy:
    """The policy of one entry: that of the strategy, with the stop and target of its symbol where it gives them."""
    policy = signals.exits
    if signals.stop is not None:
        policy = replace(policy, stop=_fraction(float(signals.stop[row, column])))
    if signals.target is not None:
        policy = replace(policy, target=_fraction(float(signals.target[row, column])))
    return policy


def _fraction(value: float) -> Decimal:
    """The nearest multiple of FRACTION_STEP, without a float's binary noise; NaN and infinity stay what they are."""
    number = Decimal(value)
    return number.quantize(FRACTION_STEP) if number.is_finite() and abs(number) < LARGEST_ROUNDED else number


def _action(entry: bool, leave: bool) -> Action:
    if leave:
        return Action.EXIT
    return Action.ENTER if entry else Action.NONE


def _readiness(info: StrategyInfo, signals: StrategySignals, column: int) -> Readiness:
    if signals.ready[-1, column]:
        return Readiness.READY
    return Readiness.WARMING_UP if 0 < int(signals.age[-1, column]) < info.warmup else Readiness.NO_DATA


def _reason(
    info: StrategyInfo, signals: StrategySignals, column: int, action: Action, values: Mapping[str, float]
) -> str:
    if action is Action.NONE:
        if not signals.ready[-1, column]:
            return _why_not_ready(info, signals, column)
        return _with_values("no signal", values)
    entering = action is Action.ENTER
    text = signals.reason if entering else signals.exit_reason
    filled = (signals.entry_texts if entering else signals.exit_texts).get(column, text)
    if filled != text:
        return filled
    return _with_values(text or f"{action} signal", values)


def _why_not_ready(info: StrategyInfo, signals: StrategySignals, column: int) -> str:
    age = int(signals.age[-1, column])
    if age == 0:
        return "no signal: it has no price in this history"
    if age < info.warmup:
        return f"no signal: {age} of the {info.warmup} sessions of its warm-up"
    return "no signal: it has no price in this session"


def _with_values(text: str, values: Mapping[str, float]) -> str:
    return f"{text}: {', '.join(f'{name} {_plain(value)}' for name, value in values.items())}" if values else text


def _plain(value: float) -> str:
    return f"{value:.2f}" if abs(value) >= 1 else f"{value:.4g}"
