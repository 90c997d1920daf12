"""The errors of a strategy."""

from __future__ import annotations

from tradebot.errors import ExitCode, TradebotError


class PluginError(TradebotError):
    """A strategy failed or broke a rule of its interface. The message says how and where."""

    exit_code = ExitCode.DEGRADED


class PluginTimeout(PluginError):
    """A strategy did not answer in time."""


class PluginStuck(PluginTimeout):
    """A strategy did not answer in time, nor did its own alarm end it: something stopped both."""


class ProcessUnavailable(PluginError):
    """No strategy process could be started, so that no strategy can be asked."""
