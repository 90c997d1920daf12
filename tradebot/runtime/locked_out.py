"""An emergency stop at a broker that only a person can log in to again: what it can still do without any request."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, cast

from tradebot.core.model.exchange_time import new_york_text
from tradebot.core.model.values import canonical
from tradebot.core.safety.last_known import LastKnown
from tradebot.errors import AuthNeeded, LedgerError
from tradebot.home import paths
from tradebot.home.sent_orders import SentOrder, read_sent_orders
from tradebot.ledger.database import open_without_migrating
from tradebot.ports import Broker, Clock, MarketData
from tradebot.runtime.home_in_ledger import pinned_account_of
from tradebot.settings import Settings, TradingMode

#: Seconds to wait for a ledger that another process holds.
LEDGER_TIMEOUT = 2.0
#: How many of the orders that left last are told where there is no ledger.
MOST_SENT = 20


class LockedOut:
    """Ports of a broker, each call of which raises AuthNeeded."""

    def __init__(self, settings: Settings, error: AuthNeeded) -> None:
        self.name = str(settings.broker)
        self.mode = str(settings.trading_mode)
        self._error = error

    def __getattr__(self, call: str) -> Callable[..., Any]:
        def refuse(*arguments: object, **named: object) -> Any:
            raise self._error

        return refuse

    def ports(self) -> tuple[Broker, MarketData]:
        """The same as the ports of a desk."""
        return cast(Broker, self), cast(MarketData, self)


def pinned_account(settings: Settings) -> str:
    """The id of the account that the ledger has pinned, else the one that the settings name; "" for neither."""
    try:
        with closing(open_without_migrating(settings.ledger, busy_seconds=LEDGER_TIMEOUT)) as database:
            pinned = pinned_account_of(settings, database)
    except LedgerError:
        pinned = None
    if pinned is not None:
        return pinned.account_id
    named = settings.robinhood_account if settings.trading_mode is TradingMode.LIVE else None
    return named.reveal() if named else ""


def last_known(settings: Settings, account_key: str, clock: Clock) -> LastKnown:
    """The account as the ledger knew it last; without a ledger, the orders that left last. Raises nothing."""
    try:
        with closing(open_without_migrating(settings.ledger, busy_seconds=LEDGER_TIMEOUT)) as database:
            return database.bind(account_key).last_known(clock.now())
    except LedgerError:
        sent = _sent_last(paths.sent_orders_file(settings.home))
        return LastKnown(sent=sent, on_paper=settings.trading_mode is TradingMode.PAPER)


def _sent_last(path: Path) -> tuple[str, ...]:
    try:
        sent = read_sent_orders(path)
    except OSError:
        return ()
    return tuple(map(_text, sent[-MOST_SENT:]))


def _text(sent: SentOrder) -> str:
    prices = (("limit", sent.limit_price), ("stop", sent.stop_price))
    priced = "".join(f" {name} {canonical(price)}" for name, price in prices if price is not None)
    return f"{new_york_text(sent.at)}: {sent.side} {canonical(sent.quantity)} {sent.symbol}{priced}"
