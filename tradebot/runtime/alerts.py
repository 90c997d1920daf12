"""Word to the operator: where alerts wait, and how they leave, after the work and with nothing locked."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from tradebot.alerts.sinks import OutboxAlerts, SpoolAlerts
from tradebot.alerts.spool import Spool, Spooled
from tradebot.core.results.alerts import Alert, DeliveryState, QueuedAlert, delivery_state, next_attempt_at
from tradebot.errors import LedgerError
from tradebot.home import paths
from tradebot.ledger.database import AccountLedger, Database, open_database
from tradebot.ports import Alerts, Clock
from tradebot.runtime.clocks import SystemClock
from tradebot.runtime.homes import configuration, is_fresh
from tradebot.settings import GlobalOptions, Redactor, Settings

if TYPE_CHECKING:
    from tradebot.alerts.channels import Channel
    from tradebot.alerts.delivery import HandOver, Tried

#: Seconds that a delivery may add to a job, and that one channel may take of them.
BUDGET, PATIENCE = 10.0, 6.0
#: For so long no other process tries what one has begun to deliver.
_LEASE = timedelta(minutes=1)

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one delivery came to."""

    delivered: int = 0
    unheard: tuple[str, ...] = ()  # titles of the alerts that no channel took
    failed: tuple[tuple[str, str], ...] = ()  # channels, and what each failed at


def initialised(options: GlobalOptions) -> Settings:
    """The settings of a home that was made. Raises ConfigError."""
    settings = configuration(options).settings
    is_fresh(settings, makes_home=False)
    return settings


@cache
def spool_of(home: Path) -> Spool:
    """One a home and process: it holds in memory what cannot be written."""
    return Spool(paths.spool_file(home))


def outbox_alerts(settings: Settings, ledger: AccountLedger, clock: Clock, *, silent: bool = False) -> Alerts:
    """Alerts through the ledger; ``silent`` ones are stored, and nobody is told."""
    redact = Redactor(settings.secrets())
    return OutboxAlerts(ledger.outbox, spool_of(settings.home), ledger.account_key, clock, redact, silent=silent)


def spool_alerts(settings: Settings, account_key: str, clock: Clock) -> Alerts:
    """Alerts without a ledger. ``account_key`` is "" when it is not known."""
    return SpoolAlerts(spool_of(settings.home), account_key, clock, Redactor(settings.secrets()))


def deliver(settings: Settings, *, ledger: bool = True) -> Delivery:
    """Take in what waits outside the ledger, and hand what is due to its channels. Never raises TradebotError.

    Without a ledger that can be used, or when told to leave it alone, what waits outside it is delivered from there.
    """
    if ledger:
        try:
            with closing(open_database(settings.database_path, create=False, patience=1.0)) as database:
                _take_in(settings, database)
                return _from_ledger(settings, database)
        except (LedgerError, OSError) as error:
            _LOG.warning("alerts could not be delivered by way of the ledger: %s", error)
    return _from_spool(settings)


def try_channels(settings: Settings) -> Iterator[tuple[str, str]]:
    """Send a message through each channel, and give its name and what went wrong, "" when it was taken."""
    from tradebot.alerts.channels import channels_of

    now, hand_over = SystemClock().now(), _hand_over(settings, PATIENCE)
    for channel in channels_of(settings):
        alert = Alert(channel.least, "test", "This is a test: alerts sent through this channel reach you.", now)
        yield channel.name, hand_over(channel, QueuedAlert(0, "", alert, DeliveryState.WAITING, now))


def newest(settings: Settings, most: int) -> tuple[QueuedAlert, ...]:
    """The newest alerts, oldest first, those that wait outside the ledger after those in it. Raises LedgerError."""
    with closing(open_database(settings.database_path, create=False)) as database:
        stored = database.post.newest(most)
    outside = tuple(_posted(number, one) for number, one in enumerate(spool_of(settings.home).waiting()))
    return (*stored, *outside)[-most:]


def _take_in(settings: Settings, database: Database) -> None:
    """Move what was raised without a ledger into it, in the name of the account that it belongs to."""
    spool = spool_of(settings.home)
    pinned = database.pins.pinned(settings.broker, settings.trading_mode)
    with spool.taken_over() as kept:
        for one in kept:
            key = one.account_key or (pinned.key if pinned else "")
            state = DeliveryState.DELIVERED if one.told else DeliveryState.WAITING
            # Under a name of its own, for it may be met again if this process dies before it is forgotten outside.
            alert = Alert(one.alert.level, one.alert.title, one.alert.message, one.alert.raised_at,
                          one.alert.key or f"spooled {one.name}")  # fmt: skip
            database.bind(key).outbox.put(alert, one.wall, state)


def _from_ledger(settings: Settings, database: Database) -> Delivery:
    now = SystemClock().wall()

    def record(tried: Tried, state: DeliveryState) -> None:
        again = next_attempt_at(tried.posted.attempts + 1, now) if state is DeliveryState.WAITING else None
        database.post.tried(tried.posted, tried.attempts, state, now, again)

    return _delivered(settings, database.post.claim(now, now + _LEASE), record)


def _from_spool(settings: Settings) -> Delivery:
    spool = spool_of(settings.home)
    kept = spool.waiting()

    def record(tried: Tried, state: DeliveryState) -> None:
        if state is DeliveryState.DELIVERED or tried.is_taken:
            spool.told(kept[tried.posted.alert_id])

    return _delivered(settings, [_posted(number, one) for number, one in enumerate(kept)], record)


def _delivered(
    settings: Settings, waiting: Sequence[QueuedAlert], record: Callable[[Tried, DeliveryState], None]
) -> Delivery:
    if not waiting:
        return Delivery()
    from tradebot.alerts.channels import channels_of
    from tradebot.alerts.delivery import Round

    now, deadline = SystemClock().wall(), time.monotonic() + BUDGET
    hand_over = _hand_over(settings, PATIENCE, deadline)
    delivery = Round(channels_of(settings), hand_over, lambda: time.monotonic() < deadline)
    told, unheard = 0, []
    for tried in delivery.deliver(waiting):
        record(tried, delivery_state(tried.posted, tried.first, tried.second, tried.attempts, now))
        told += tried.is_taken
        if tried.reached_nobody:
            unheard.append(tried.posted.alert.title)
    return Delivery(told, tuple(unheard), tuple(delivery.failed.items()))


def _hand_over(settings: Settings, patience: float, deadline: float = math.inf) -> HandOver:
    from tradebot.alerts.apprise import message_of, send_message

    redact = Redactor(settings.secrets())

    def send(channel: Channel, posted: QueuedAlert) -> str:
        message = message_of(posted.alert, posted.account_key, str(settings.home))
        return send_message(channel, message, min(patience, deadline - time.monotonic()), redact)

    return send


def _posted(number: int, spooled: Spooled) -> QueuedAlert:
    return QueuedAlert(number, spooled.account_key, spooled.alert, DeliveryState.WAITING, spooled.wall)
