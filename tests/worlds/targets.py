"""The functions that mutations replace, each by its dotted path, so that a rename shows in one place."""

from __future__ import annotations

from enum import StrEnum
from pkgutil import resolve_name
from typing import Any


class Target(StrEnum):
    """A function of tradebot that a mutation replaces; pytest's monkeypatch takes the member as the path that it is."""

    STATE_CHANGE_OF_AN_INTENT = "tradebot.jobs.steps.submit._moved"
    HALTS_BEFORE_AN_ORDER = "tradebot.jobs.steps.submit.current_halts"
    ORDER_ID_OF_AN_ENTRY = "tradebot.core.planning.entries.client_order_id"
    LOCKED_SYMBOLS = "tradebot.jobs.steps.planning.locked_symbols"
    UNBOOKED_ACTIVITIES = "tradebot.ledger.books.Books.unbooked"
    FILE_LOCK = "tradebot.home.locks._held"
    OPEN_INTENTS_IN_SYNC = "tradebot.jobs.steps.sync.resolve_open_intents"
    OPEN_INTENTS_IN_A_SESSION = "tradebot.jobs.trading_session.resolve_open_intents"
    REPAIR_OF_A_STOP = "tradebot.jobs.steps.protect._repair"
    TRANSACTION = "tradebot.ledger.engine.Engine.transaction"

    ALPACA_GROUP_MEMBERS = "tradebot.brokers.alpaca.broker.order_groups.OrderGroups.add"
    ALPACA_ABSENT_LEGS = "tradebot.brokers.alpaca.broker.order_groups.OrderGroups.lacks_live_legs"
    ALPACA_ORDER_STATE = "tradebot.brokers.alpaca.broker.order_parsing._state"
    ALPACA_LATE_ACTIVITIES = "tradebot.brokers.alpaca.broker.activities.ActivityQueries.late"
    HTTP_WRITE = "tradebot.brokers.http.api.Api.write"

    @property
    def function(self) -> Any:
        """The function as it is now; raises AttributeError or ModuleNotFoundError if nothing has that path."""
        return resolve_name(self.value)
