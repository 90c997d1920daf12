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
    TRANSACTION = "tradebot.ledger.sqlite_engine.SqliteEngine.transaction"
    LOCK_OF_AN_ACCOUNT = "tradebot.ledger.sqlite_engine.SqliteEngine.lock_account"

    RECORD_BREAKS = "tradebot.ledger.halts_and_breaks.HaltsAndBreaks.record_breaks"
    EXPLAINED_RUNS = "tradebot.ledger.halts_and_breaks.HaltsAndBreaks.count_explained"
    NEWS_OF_A_LOOK = "tradebot.jobs.steps.sync._shows_news"
    WAITING_LEG = "tradebot.core.safety.stop_coverage.waits_for_its_entry"
    END_OF_ENTRIES = "tradebot.jobs.steps.overdue_entries._end"
    EVIDENCE = "tradebot.jobs.steps.corporate_actions.found_by_evidence"
    EXPLAINED_EQUITY = "tradebot.jobs.steps.day_result.explain"
    EQUITY_POINT = "tradebot.ledger.books.Books.store_equity"
    FOREIGN_ORDERS = "tradebot.core.safety.reconciliation._orders"
    OPENING = "tradebot.jobs.steps.sync.make_opening"
    SHRINKING_STOP = "tradebot.jobs.steps.protect._shrinks_by_one_look"

    ALPACA_GROUP_MEMBERS = "tradebot.brokers.alpaca.broker.order_groups.OrderGroups.add"
    ALPACA_ABSENT_LEGS = "tradebot.brokers.alpaca.broker.order_groups.OrderGroups.lacks_live_legs"
    ALPACA_ORDER_STATE = "tradebot.brokers.alpaca.broker.order_parsing._state"
    ALPACA_LATE_ACTIVITIES = "tradebot.brokers.alpaca.broker.activities.ActivityQueries.late"
    HTTP_WRITE = "tradebot.brokers.http.api.Api.write"

    VERDICT_ON_A_LOST_ORDER = "tradebot.jobs.steps.lost_orders.verdict"
    KNOWN_OF_A_LOST_ORDER = "tradebot.jobs.steps.lost_orders._known_of"
    SHARES_HELD_BY_A_LOST_SELL = "tradebot.core.safety.lost_orders.holds_nothing_else"
    ENTRIES_ONE_BY_ONE = "tradebot.jobs.enter._enter_singly"
    ROBINHOOD_SENT_ORDER = "tradebot.brokers.robinhood.broker.sent_ids.SentIds.record"
    ROBINHOOD_MATCH = "tradebot.brokers.robinhood.broker.sent_ids.SentIds._match"

    @property
    def function(self) -> Any:
        """The function as it is now; raises AttributeError or ModuleNotFoundError if nothing has that path."""
        return resolve_name(self.value)
