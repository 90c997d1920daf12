"""What `--write` did: which parameters of which file it changed."""

from __future__ import annotations

from dataclasses import dataclass

from tradebot.core.model.strategy_versions import ParamValue


@dataclass(frozen=True, slots=True)
class ParameterChange:
    """A parameter that has another value now."""

    strategy: str
    parameter: str
    old_value: ParamValue  # that the file gave, or the strategy's default
    new_value: ParamValue


@dataclass(frozen=True, slots=True)
class WrittenParameters:
    """A file of parameters that was written."""

    file: str  # its path
    changes: tuple[ParameterChange, ...]
    home: str = ""  # the name of the home that trades with it; "" for none
    probation_sessions: int = 0  # that a changed strategy serves there
