"""The configured strategies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tradebot.core.model.signals import Signal

if TYPE_CHECKING:
    from tradebot.strategy_api import History


@dataclass(frozen=True, slots=True)
class StrategyInfo:
    """A strategy as loaded: its symbols, warm-up in sessions, parameters and content hash."""

    name: str
    version: str
    description: str
    symbols: tuple[str, ...]
    warmup: int
    params: Mapping[str, bool | int | float | str]
    fingerprint: str
    origin: str


@dataclass(frozen=True, slots=True)
class StrategyFailure:
    """A strategy that could not be loaded or did not answer properly; it stops only itself."""

    strategy: str
    message: str


class Strategies(Protocol):
    """The configured strategies."""

    @property
    def loaded(self) -> tuple[StrategyInfo, ...]: ...

    @property
    def failures(self) -> tuple[StrategyFailure, ...]:
        """Those that could not be loaded."""
        ...

    @property
    def warmup(self) -> int:
        """How many sessions of history the most demanding of the loaded strategies needs to speak of the last one."""
        ...

    def signals(self, history: History) -> tuple[tuple[Signal, ...], tuple[StrategyFailure, ...]]:
        """Each strategy's signals after the last row of ``history``, and the strategies that failed at it."""
        ...
