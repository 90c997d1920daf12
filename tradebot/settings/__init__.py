"""Validated configuration; with runtime the only reader of the environment."""

from __future__ import annotations

from tradebot.settings.inspected import Inspected, Loaded, ShownSetting
from tradebot.settings.load import (
    inspect,
    inspect_text,
    load,
    load_for,
    load_in_emergency,
    load_valid,
    load_without_keys,
    process_environment,
    resolve_home,
)
from tradebot.settings.model import BrokerName, LogLevel, PaperAdvance, Settings, TradingMode
from tradebot.settings.options import GlobalOptions
from tradebot.settings.redaction import Redactor

__all__ = [
    "BrokerName",
    "GlobalOptions",
    "Inspected",
    "Loaded",
    "LogLevel",
    "PaperAdvance",
    "Redactor",
    "Settings",
    "ShownSetting",
    "TradingMode",
    "inspect",
    "inspect_text",
    "load",
    "load_for",
    "load_in_emergency",
    "load_valid",
    "load_without_keys",
    "process_environment",
    "resolve_home",
]
