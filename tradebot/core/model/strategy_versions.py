"""Versions of a strategy: what it decided by, and how two of them differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

ParamValue = bool | int | float | str


@dataclass(frozen=True, slots=True)
class StrategyVersion:
    """What a strategy decides by, as digests and values."""

    strategy: str
    fingerprint: str
    earlier_fingerprint: str  # by the rule of ledgers before schema 5; "" if the parameters are not the defaults
    files: Mapping[str, str] = field(default_factory=dict)  # digest by path
    changed: Mapping[str, ParamValue] = field(default_factory=dict)  # parameters that are not the manifest's defaults


@dataclass(frozen=True, slots=True)
class StrategyRecord:
    """The newest session that a ledger has of a strategy."""

    session: date
    fingerprint: str  # that it had in that session
    version: StrategyVersion | None  # None where the fingerprint is by the earlier rule


def differences(before: StrategyVersion, after: StrategyVersion) -> tuple[str, ...]:
    """What changed from one version to another, file by file and parameter by parameter, for people."""
    return (*_files(before.files, after.files), *_parameters(before.changed, after.changed))


def _files(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    for path in sorted({*before, *after}):
        if path not in after:
            yield f"{path} is gone"
        elif path not in before:
            yield f"{path} is new"
        elif before[path] != after[path]:
            yield f"{path} changed"


def _parameters(before: Mapping[str, ParamValue], after: Mapping[str, ParamValue]) -> Iterator[str]:
    for name in sorted({*before, *after}):
        was, is_now = before.get(name, "the default"), after.get(name, "the default")
        if was != is_now:
            yield f"{name} is {is_now}, was {was}"
