"""The only place that wires: from the command line's options to a desk with its ports, and back to nothing held."""

from __future__ import annotations

from tradebot.runtime.exchange import FIRST_SESSION, make_home, open_exchange, reset_exchange, whole_history
from tradebot.runtime.homes import Where, configuration, known_homes
from tradebot.runtime.office import Office, open_ledger, open_office
from tradebot.runtime.stopping import open_stop_desk

__all__ = [
    "FIRST_SESSION",
    "Office",
    "Where",
    "configuration",
    "known_homes",
    "make_home",
    "open_exchange",
    "open_ledger",
    "open_office",
    "open_stop_desk",
    "reset_exchange",
    "whole_history",
]
