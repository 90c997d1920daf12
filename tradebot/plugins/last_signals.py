"""The last row of a strategy's answer, as signals with a reason in words for each."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from tradebot.core.model.signals import Action, Signal
from tradebot.plugins.signal_validation import StrategySignals
from tradebot.ports import StrategyInfo


def last_signals(info: StrategyInfo, answer: StrategySignals) -> tuple[Signal, ...]:
    """One signal for each symbol after the answer's last session, those with nothing to do included.

    Every reason carries the values of the strategy's indicators in that session.
    """
    as_of = answer.sessions[-1].date()
    risk = None if answer.risk_pct is None else Decimal(str(answer.risk_pct))
    scores = answer.score[-1].tolist()
    actions = [_action(*row) for row in zip(answer.entry[-1].tolist(), answer.exit[-1].tolist(), strict=True)]
    used = {name: values[-1].tolist() for name, values in answer.used.items()}
    return tuple(
        Signal(
            strategy=info.name,
            symbol=symbol,
            as_of=as_of,
            action=action,
            score=scores[column] if action is Action.ENTER else 0.0,
            policy=answer.exits,
            reason=_reason(info, answer, column, action, {name: values[column] for name, values in used.items()}),
            fingerprint=info.fingerprint,
            risk_pct=risk,
        )
        for column, (symbol, action) in enumerate(zip(answer.symbols, actions, strict=True))
    )


def _action(entry: bool, leave: bool) -> Action:
    if leave:
        return Action.EXIT
    return Action.ENTER if entry else Action.NONE


def _reason(
    info: StrategyInfo, answer: StrategySignals, column: int, action: Action, values: Mapping[str, float]
) -> str:
    if action is Action.NONE:
        if not answer.ready[-1, column]:
            return _why_not_ready(info, answer, column)
        return _with_values("no signal", values)
    text = answer.reason if action is Action.ENTER else answer.exit_reason
    filled = text.format(**values)
    if filled != text:
        return filled
    return _with_values(text or f"{action} signal", values)


def _why_not_ready(info: StrategyInfo, answer: StrategySignals, column: int) -> str:
    age = int(answer.age[-1, column])
    if age == 0:
        return "no signal: it has no price in this history"
    if age < info.warmup:
        return f"no signal: {age} of the {info.warmup} sessions of its warm-up"
    return "no signal: it has no price in this session"


def _with_values(text: str, values: Mapping[str, float]) -> str:
    return f"{text}: {', '.join(f'{name} {_plain(value)}' for name, value in values.items())}" if values else text


def _plain(value: float) -> str:
    return f"{value:.2f}" if abs(value) >= 1 else f"{value:.4g}"
