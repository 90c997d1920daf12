"""The process that strategies run in: its environment and limits."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from tradebot.settings import Settings

if TYPE_CHECKING:
    from tradebot.plugins.runner import StrategyRunner

#: Variables that Python and its libraries may need to run at all; no other reaches the strategies' process.
PASSED_ON = (
    *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH", "TZ"),
    *("SYSTEMROOT", "WINDIR", "SYSTEMDRIVE", "NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE"),
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"),
)


def strategy_runner(settings: Settings, check_stop: Callable[[], None] | None = None) -> StrategyRunner:
    """What computes the signals of strategies, in a process without keys. Close it at the end."""
    return limited_runner(settings.strategy_memory_mb, settings.strategy_user or "", check_stop)


def limited_runner(memory_mb: int, user: str, check_stop: Callable[[], None] | None = None) -> StrategyRunner:
    """The same without settings. ``memory_mb``: 0 for no limit; ``user``: "" for that of this process."""
    from tradebot.plugins.process.strategy_process import ProcessOptions
    from tradebot.plugins.runner import StrategyRunner

    options = ProcessOptions(environment=_environment(), memory_mb=memory_mb, user=user)
    return StrategyRunner(options, check_stop or _go_on)


def _environment() -> dict[str, str]:
    """The environment of the strategies' process: no setting, no secret, no home."""
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}  # the memory limit counts
    return {
        **threads,
        "PATH": os.defpath,
        "LC_ALL": "C.UTF-8",
        **{name: os.environ[name] for name in PASSED_ON if name in os.environ},
    }


def _go_on() -> None:
    """The check of a command that nobody asks to stop."""
