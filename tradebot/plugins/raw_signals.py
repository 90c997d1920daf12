"""The signals of a strategy as plain arrays and values, as its process sends them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tradebot.plugins.conditions import StatedConditions, read_conditions
from tradebot.plugins.errors import PluginError
from tradebot.plugins.exit_policy import check_policy, check_risk
from tradebot.plugins.frames import boolean_array, number_array
from tradebot.plugins.plain_text import MAX_TEXT_LENGTH
from tradebot.strategy_api import ExitPolicy, Signals

#: The arrays of numbers that a strategy may leave out.
OPTIONAL_ARRAYS = ("score", "stop", "target")
#: The entries of columns_used, at most.
MAX_INDICATORS = 64


@dataclass(frozen=True)
class RawSignals:
    """The signals before validation. Arrays have one row a session and one column a symbol."""

    entry: NDArray[np.bool_]
    exit: NDArray[np.bool_]
    score: NDArray[np.float64] | None
    indicators: Mapping[str, NDArray[np.float64]]  # the columns_used of the strategy
    exits: ExitPolicy
    risk_pct: float | None
    reason: str  # unfilled
    exit_reason: str
    entry_texts: Mapping[int, str]  # the filled reason of the last session, by column, where there is an entry
    exit_texts: Mapping[int, str]
    stop: NDArray[np.float64] | None = None  # any value, NaN too; read where entry is true
    target: NDArray[np.float64] | None = None
    conditions: StatedConditions = field(default_factory=StatedConditions)


def raw_signals(signals: object, close: pd.DataFrame) -> RawSignals:
    """Read the result of ``Strategy.signals`` for a history with these closes. Runs in the strategy process.

    Raises PluginError with field, session and symbol if a value has the wrong type or shape, or a text cannot be
    filled in.
    """
    if not isinstance(signals, Signals):
        raise PluginError(f"signals() gave a {type(signals).__name__}, not tradebot.strategy_api.Signals")
    entry = boolean_array("entry", signals.entry, close)
    leave = boolean_array("exit", signals.exit, close)
    check_policy(signals.exits)
    check_risk(signals.risk_pct)
    if not isinstance(signals.columns_used, Mapping):
        raise PluginError(f"columns_used is a {type(signals.columns_used).__name__}, not a dict of DataFrames")
    if len(signals.columns_used) > MAX_INDICATORS:
        raise PluginError(f"columns_used has {len(signals.columns_used)} DataFrames; {MAX_INDICATORS} are the most")
    indicators = {
        str(name): number_array(f"columns_used[{name!r}]", frame, close) for name, frame in signals.columns_used.items()
    }
    _check_text("reason", signals.reason, indicators)
    _check_text("exit_reason", signals.exit_reason, indicators)
    rows = {name: values[-1].tolist() for name, values in indicators.items()}
    return RawSignals(
        entry=entry,
        exit=leave,
        **{name: _optional(name, getattr(signals, name), close) for name in OPTIONAL_ARRAYS},
        indicators=indicators,
        exits=signals.exits,
        risk_pct=signals.risk_pct,
        reason=signals.reason[:MAX_TEXT_LENGTH],
        exit_reason=signals.exit_reason[:MAX_TEXT_LENGTH],
        entry_texts=_filled(signals.reason, entry[-1], rows),
        exit_texts=_filled(signals.exit_reason, leave[-1], rows),
        conditions=read_conditions(signals.conditions, close, rows),
    )


def last_session(raw: RawSignals) -> RawSignals:
    """The signals of the last session alone."""
    numbers = {name: values for name in OPTIONAL_ARRAYS if (values := getattr(raw, name)) is not None}
    return replace(
        raw,
        entry=raw.entry[-1:],
        exit=raw.exit[-1:],
        **{name: values[-1:] for name, values in numbers.items()},
        indicators={name: values[-1:] for name, values in raw.indicators.items()},
        conditions=raw.conditions.last_session(),
    )


def _filled(template: str, where: NDArray[np.bool_], rows: Mapping[str, list[float]]) -> dict[int, str]:
    return {
        column: template.format(**{name: row[column] for name, row in rows.items()})[:MAX_TEXT_LENGTH]
        for column in np.flatnonzero(where).tolist()
    }


def _optional(field: str, frame: object, close: pd.DataFrame) -> NDArray[np.float64] | None:
    return None if frame is None else number_array(field, frame, close)


def _check_text(field: str, template: object, names: Iterable[str]) -> None:
    if not isinstance(template, str):
        raise PluginError(f"{field} is a {type(template).__name__}, not a text")
    try:
        template.format(**dict.fromkeys(names, 0.0))
    except (ValueError, LookupError, AttributeError, TypeError) as error:
        known = ", ".join(names) or "nothing"
        raise PluginError(f"{field} {template!r} cannot be filled in ({error!r}); columns_used has {known}") from None
