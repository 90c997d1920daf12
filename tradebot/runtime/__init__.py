"""The only place that wires: from the command line's options to a desk with its ports, and back to nothing held.

What is asked for here is imported when it is asked for: an emergency stop comes in through `stopping`, and must not
wait for the rest.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tradebot.runtime.exchange import FIRST_SESSION, open_exchange, reset_exchange, whole_history
    from tradebot.runtime.homes import Where, configuration, known_homes, refuse_other_brokers
    from tradebot.runtime.latching import open_latch, refuse_unknown_strategy, scope_of
    from tradebot.runtime.making import make_home
    from tradebot.runtime.monitoring import why_not_due, write_down_failure
    from tradebot.runtime.office import Office, open_ledger, open_office

__all__ = [
    "FIRST_SESSION",
    "Office",
    "Where",
    "configuration",
    "known_homes",
    "make_home",
    "open_exchange",
    "open_latch",
    "open_ledger",
    "open_office",
    "refuse_other_brokers",
    "refuse_unknown_strategy",
    "reset_exchange",
    "scope_of",
    "whole_history",
    "why_not_due",
    "write_down_failure",
]

_MODULES = {
    "exchange": ("FIRST_SESSION", "open_exchange", "reset_exchange", "whole_history"),
    "homes": ("Where", "configuration", "known_homes", "refuse_other_brokers"),
    "latching": ("open_latch", "refuse_unknown_strategy", "scope_of"),
    "making": ("make_home",),
    "monitoring": ("why_not_due", "write_down_failure"),
    "office": ("Office", "open_ledger", "open_office"),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
