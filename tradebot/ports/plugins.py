"""Ports of the strategies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from tradebot.core.model.signals import Signal
from tradebot.core.model.strategy_versions import StrategyVersion

if TYPE_CHECKING:
    from tradebot.strategy_api import History


@dataclass(frozen=True, slots=True)
class StrategyInfo:
    """A loaded strategy."""

    name: str
    version: str
    description: str
    symbols: tuple[str, ...]
    warmup: int  # sessions of history that a symbol needs, the newest included, before it may be signalled
    params: Mapping[str, bool | int | float | str]
    fingerprint: str  # version and content hash
    origin: str  # where it was found
    changed: Mapping[str, bool | int | float | str] = field(default_factory=dict)  # params that are not the defaults
    files: Mapping[str, str] = field(default_factory=dict)  # digest by path of what the fingerprint covers
    earlier_fingerprint: str = ""  # by the rule of ledgers before schema 5, which covered .py files and the manifest

    @property
    def as_version(self) -> StrategyVersion:
        """What it decides by."""
        return StrategyVersion(self.name, self.fingerprint, self.earlier_fingerprint, self.files, self.changed)


@dataclass(frozen=True, slots=True)
class StrategyFailure:
    """The failure of a strategy to load or to give valid signals. It stops no other strategy."""

    strategy: str
    message: str
    has_signals: bool = False  # it gave its signals all the same; what explains them is at fault


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
        """Sessions of history that ``signals`` needs: the maximum over the loaded strategies."""
        ...

    def prepare(self) -> None:
        """Begin what takes time before signals can be computed. Calling it is never necessary."""
        ...

    def signals(self, history: History) -> tuple[tuple[Signal, ...], tuple[StrategyFailure, ...]]:
        """The signals of all strategies for the last session of ``history``, and the strategies that failed."""
        ...
