"""Opens the latch of a home without lock, ledger or broker."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from tradebot.core.model import order_ids
from tradebot.core.model.halts import HaltRule, HaltScope
from tradebot.errors import TradebotError, UsageError
from tradebot.home.latch import HomeLatch
from tradebot.runtime.clocks import SystemClock
from tradebot.runtime.homes import configuration, require_home
from tradebot.settings import GlobalOptions, process_environment, resolve_home

#: Seconds to wait for a ledger that another process holds.
_LEDGER_TIMEOUT = 0.5


def open_latch(options: GlobalOptions) -> tuple[Path, HomeLatch, datetime]:
    """The home, its latch and the machine's time, aware UTC. Raises ConfigError where there is no home.

    A halt does not wait for a valid `.env`.
    """
    home = resolve_home(options.home, process_environment())
    require_home(options)
    return home, HomeLatch(home), SystemClock().now()


def pinned_account(options: GlobalOptions) -> str:
    """The key of the account that the settings name and the ledger pins; "" where either cannot tell."""
    from tradebot.ledger.database import open_without_migrating
    from tradebot.runtime.home_in_ledger import pinned_account_of

    try:
        settings = configuration(options).settings
        with closing(open_without_migrating(settings.ledger, busy_seconds=_LEDGER_TIMEOUT)) as database:
            pinned = pinned_account_of(settings, database)
    except TradebotError:
        return ""
    return pinned.key if pinned else ""


def move_halts(home: Path, old: str, new: str) -> None:
    """Let what a person halted at the account with the key ``old`` hold for ``new``, which replaces it.

    Every other halt of the old account goes with it. Raises ConfigError.
    """
    latch = HomeLatch(home)
    halts = [halt for halt in latch.read() if halt.account == old]
    for halt in halts:
        if halt.rule is HaltRule.OPERATOR:
            latch.set(replace(halt, account=new))
    latch.clear(halts)


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
