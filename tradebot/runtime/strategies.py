"""Loads the configured strategies of a home."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradebot.settings import Settings

if TYPE_CHECKING:
    from tradebot.ports import Strategies


def strategy_book(settings: Settings) -> Strategies:
    """The configured strategies. Manifests are read now, code when signals are asked for.

    Raises ConfigError for a name without a strategy.
    """
    from tradebot.plugins.strategy_book import load_book  # slow to import, and few commands ask strategies

    return load_book(settings.strategies, [settings.strategies_path], settings.symbols or ())
