"""The latch file of a home by itself: reached without lock, ledger or broker."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from tradebot.core.model import order_ids
from tradebot.core.model.halts import HaltScope
from tradebot.errors import UsageError
from tradebot.home import paths
from tradebot.home.halt_file import LatchFile
from tradebot.runtime.clocks import SystemClock
from tradebot.runtime.homes import configuration, is_fresh
from tradebot.settings import GlobalOptions, process_environment, resolve_home


def open_latch(options: GlobalOptions) -> tuple[Path, LatchFile, datetime]:
    """The home, its latch file and the time of the machine. Raises ConfigError where there is no home.

    The settings are read only to say which homes there are: a halt must not wait for a valid `.env`.
    """
    home = resolve_home(options.home, process_environment())
    if not paths.is_initialised(home):
        is_fresh(configuration(options).settings, makes_home=False)
    return home, LatchFile(paths.latch_file(home)), SystemClock().now()


def scope_of(strategy: str | None, symbol: str | None) -> tuple[HaltScope, str]:
    """What the options of `halt` and `resume` name: the account when neither a strategy nor a symbol.

    Raises UsageError for both at once, and for what cannot be a symbol.
    """
    if strategy is not None and symbol is not None:
        raise UsageError("give either --strategy or --symbol: a halt is about one of them")
    if symbol is not None:
        wanted = symbol.strip().upper()
        if not order_ids.SYMBOL.fullmatch(wanted):
            raise UsageError(f"{symbol!r} is not a symbol")
        return HaltScope.SYMBOL, wanted
    return (HaltScope.ACCOUNT, "") if strategy is None else (HaltScope.STRATEGY, strategy)


def refuse_unknown_strategy(options: GlobalOptions, strategy: str | None) -> None:
    """Raise UsageError for a strategy that is not configured: a halt of a misspelt name would stop nothing."""
    if strategy is None:
        return
    known = configuration(options).settings.strategies
    if strategy not in known:
        raise UsageError(f"{strategy!r} is not among STRATEGIES: {', '.join(known)}")
