"""What a backtest is asked for, and what is read for it: prices, strategies, and the account that it begins with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from pathlib import Path

from tradebot.backtest.bars import Bars, bars_of
from tradebot.backtest.setup import Setup, rows_of
from tradebot.core.model.account import CorporateAction
from tradebot.errors import UsageError
from tradebot.market.price_file import PriceFile
from tradebot.plugins.discovery import FoundStrategy, find
from tradebot.plugins.load import Plugin, read_plugin
from tradebot.runtime.paper_exchange import fill_rules, prices_of
from tradebot.runtime.strategies import sound_parameters
from tradebot.settings import Settings
from tradebot.strategy_api import History, ParamValue

#: The most symbols that a message names.
MOST_NAMED = 10
#: Values of parameters, by strategy and name.
ParamValues = Mapping[str, Mapping[str, ParamValue]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a backtest is asked for. None: as the settings have it."""

    strategies: tuple[str, ...] = ()
    data: Path | None = None
    actions: Path | None = None
    symbols: tuple[str, ...] = ()
    first: date | None = None
    last: date | None = None
    cash: Decimal | None = None  # USD
    slippage: Decimal | None = None  # a fraction of the price
    commission: Decimal | None = None  # USD a share
    params: ParamValues = field(default_factory=dict)
    allow_lookahead: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Inputs:
    """What all variants of a backtest share. It can be sent to another process, and holds no key and no home."""

    history: History  # not adjusted
    actions: tuple[CorporateAction, ...]
    strategies: tuple[FoundStrategy, ...]
    symbols: tuple[str, ...]  # instead of those that the strategies name, unless empty
    params: ParamValues  # others have the defaults of the manifest
    setup: Setup
    files: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # digests by strategy and file; unless empty
    allow_lookahead: bool = False
    by_session: tuple[str, ...] = ()  # strategies that do not keep their promises, and are asked session by session
    memory_mb: int = 0  # that the process of the strategies may use; 0: no limit
    user: str = ""  # that it runs as; "": the user of this process

    def plugins(self, changes: ParamValues | None = None) -> tuple[Plugin, ...]:
        """The strategies, with the values of ``changes`` where it has one.

        Raises ConfigError, and UsageError if their files are no longer those of ``files``.
        """
        changed = changes or {}
        plugins = tuple(
            read_plugin(found, self.symbols, {**self.params.get(found.name, {}), **changed.get(found.name, {})})
            for found in self.strategies
        )
        others = [
            each.info.name for each in plugins if self.files.get(each.info.name, each.info.files) != each.info.files
        ]
        if others:
            raise UsageError(f"the files of {', '.join(others)} have changed since the start. Start anew.")
        return plugins

    def bars(self) -> Bars:
        """The bars of all symbols that the strategies trade. Raises ConfigError."""
        traded = {symbol for plugin in self.plugins() for symbol in plugin.info.symbols}
        return bars_of(self.history, self.actions, tuple(sorted(traded)))


def read_inputs(settings: Settings, asked: Asked) -> Inputs:
    """Read the prices, and find the strategies. Raises ConfigError and UsageError."""
    prices = PriceFile(asked.data, asked.actions) if asked.data or asked.actions else prices_of(settings)
    history, actions = prices.history(), prices.actions()
    names = asked.strategies or settings.strategies
    unknown = sorted(asked.params.keys() - set(names))
    if unknown:
        raise UsageError(f"--set names {', '.join(unknown)}, which is not backtested.")
    own = sound_parameters(settings).values
    inputs = Inputs(
        history=history,
        actions=actions,
        strategies=find(names, [settings.strategies_path]),
        symbols=asked.symbols or settings.symbols or (),
        params={name: {**own.get(name, {}), **asked.params.get(name, {})} for name in names},
        setup=_setup(settings, asked),
        allow_lookahead=asked.allow_lookahead,
        memory_mb=settings.strategy_memory_mb,
        user=settings.strategy_user or "",
    )
    plugins = inputs.plugins()
    _refuse_symbols_without_bars(asked.symbols, plugins, tuple(history.close.columns))
    return replace(inputs, files={plugin.info.name: plugin.info.files for plugin in plugins})


def rows_asked(bars: Bars, setup: Setup) -> range:
    """The rows whose signals are acted on: those before each session of the walk."""
    inside = rows_of(bars.sessions, setup)
    return range(inside.start - 1, inside.stop - 1) if inside else range(0)


def _refuse_symbols_without_bars(typed: Sequence[str], plugins: Iterable[Plugin], priced: Sequence[str]) -> None:
    """Raise UsageError for a typed symbol that the prices lack, and for a strategy none of whose symbols they have."""
    if missing := [symbol for symbol in typed if symbol not in priced]:
        raise UsageError(f"--symbols: the prices have no bar of {', '.join(missing)}. They have {_named(priced)}.")
    for plugin in plugins:
        if not set(plugin.info.symbols) & set(priced):
            raise UsageError(
                f"{plugin.info.name} trades {_named(plugin.info.symbols)}, and the prices have no bar of them. Name "
                f"some with --symbols: they have {_named(priced)}."
            )


def _named(symbols: Sequence[str]) -> str:
    """The symbols, of many the first."""
    more = len(symbols) - MOST_NAMED
    return ", ".join(symbols[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _setup(settings: Settings, asked: Asked) -> Setup:
    own = fill_rules(settings)
    rules = replace(
        own,
        slippage_pct=own.slippage_pct if asked.slippage is None else asked.slippage,
        commission_per_share=own.commission_per_share if asked.commission is None else asked.commission,
        commission_min=own.commission_min if asked.commission is None else min(own.commission_min, asked.commission),
    )
    return Setup(
        limits=settings.limits(),
        cash=settings.paper_starting_cash if asked.cash is None else asked.cash,
        rules=rules,
        first=asked.first,
        last=asked.last,
        close_positions=settings.emergency_close_positions,
    )
