"""Opens the latch of a home without lock, ledger or broker."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from tradebot.core.model import order_ids
from tradebot.core.model.halts import HaltScope
from tradebot.errors import UsageError
from tradebot.home.latch import HomeLatch
from tradebot.runtime.clocks import SystemClock
from tradebot.runtime.homes import configuration, require_home
from tradebot.settings import GlobalOptions, process_environment, resolve_home


def open_latch(options: GlobalOptions) -> tuple[Path, HomeLatch, datetime]:
    """The home, its latch and the machine's time, aware UTC. Raises ConfigError where there is no home.

    A halt does not wait for a valid `.env`.
    """
    home = resolve_home(options.home, process_environment())
    require_home(options)
    return home, HomeLatch(home), SystemClock().now()


def scope_of(strategy: str | None, symbol: str | None) -> tuple[HaltScope, str]:
    """The scope and its name that the options of `halt` and `resume` give; without options, the account.

    Raises UsageError for both options at once, and for a text that is no symbol.
    """
    if strategy is not None and symbol is not None:
        raise UsageError("give either --strategy or --symbol: a halt is about one of them")
    if symbol is not None:
        name = symbol.strip().upper()
        if not order_ids.SYMBOL.fullmatch(name):
            raise UsageError(f"{symbol!r} is not a symbol")
        return HaltScope.SYMBOL, name
    return (HaltScope.ACCOUNT, "") if strategy is None else (HaltScope.STRATEGY, strategy)


def refuse_unknown_strategy(options: GlobalOptions, strategy: str | None) -> None:
    """Raise UsageError for a strategy that is not configured: a halt under a misspelt name would stop nothing."""
    if strategy is None:
        return
    known = configuration(options).settings.strategies
    if strategy not in known:
        raise UsageError(f"{strategy!r} is not among STRATEGIES: {', '.join(known)}")
