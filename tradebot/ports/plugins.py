"""Ports of the strategies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tradebot.core.model.signals import Signal

if TYPE_CHECKING:
    from tradebot.strategy_api import History


@dataclass(frozen=True, slots=True)
class StrategyInfo:
    """A loaded strategy."""

    name: str
    version: str
    description: str
    symbols: tuple[str, ...]
    warmup: int  # sessions of history that it needs for a signal
    params: Mapping[str, bool | int | float | str]
    fingerprint: str  # version and content hash
    origin: str  # where it was found


@dataclass(frozen=True, slots=True)
class StrategyFailure:
    """The failure of a strategy to load or to give valid signals. It stops no other strategy."""

    strategy: str
    message: str


class Strategies(Protocol):
    """The configured strategies."""

    @property
    def loaded(self) -> tuple[StrategyInfo, ...]:
        """The strategies that could be loaded, in the order of STRATEGIES."""
        ...

    @property
    def failures(self) -> tuple[StrategyFailure, ...]:
        """The failures to load."""
        ...

    @property
    def warmup(self) -> int:
        """The sessions of history that every loaded strategy can give signals of the last one from."""
        ...

    def signals(self, history: History) -> tuple[tuple[Signal, ...], tuple[StrategyFailure, ...]]:
        """The signals of all strategies on the last session of ``history``, and the failures to give them."""
        ...
