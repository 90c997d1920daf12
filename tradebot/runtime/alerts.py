"""Wires alerts: where they wait, and how they are delivered, after the work and without a lock."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from tradebot.alerts.sinks import OutboxAlerts, SpoolAlerts
from tradebot.alerts.spool import Spool, SpooledAlert
from tradebot.core.results.alerts import Alert, DeliveryState, QueuedAlert, delivery_state, next_attempt_at
from tradebot.errors import LedgerError
from tradebot.home import paths
from tradebot.home.attachments import attachment
from tradebot.ledger.database import AccountLedger, Database, open_database
from tradebot.ports import Alerts, Clock
from tradebot.runtime.chain_heads import head_text, kept_head, pinned_head
from tradebot.runtime.clocks import SystemClock
from tradebot.runtime.home_in_ledger import pinned_account_of
from tradebot.runtime.homes import configuration, is_fresh
from tradebot.settings import GlobalOptions, Redactor, Settings

if TYPE_CHECKING:
    from tradebot.alerts.channels import Channel
    from tradebot.alerts.delivery import AlertResult, SendToChannel

#: Seconds that a delivery may take, and that one channel may take of them.
DELIVERY_TIMEOUT, CHANNEL_TIMEOUT = 10.0, 6.0
#: How long no other process delivers an alert that one has begun to deliver.
_LEASE = timedelta(minutes=1)

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Delivery:
    """The result of one delivery."""

    delivered: int = 0  # alerts
    unheard: tuple[str, ...] = ()  # titles of the alerts that no channel took
    failed: tuple[tuple[str, str], ...] = ()  # channels, each with its error


def initialised(options: GlobalOptions) -> Settings:
    """The settings of an initialised home. Raises ConfigError."""
    settings = configuration(options).settings
    is_fresh(settings, makes_home=False)
    return settings


@cache
def home_spool(home: Path) -> Spool:
    """The spool of a home. There is one in a process, because it holds in memory what it cannot write."""
    return Spool(paths.spool_file(home))


def outbox_alerts(settings: Settings, ledger: AccountLedger, clock: Clock, *, silent: bool = False) -> Alerts:
    """Alerts through the ledger's outbox. ``silent`` alerts are stored and not delivered."""
    redact = Redactor(settings.secrets())
    return OutboxAlerts(ledger.outbox, home_spool(settings.home), ledger.account_key, clock, redact, silent=silent)


def spool_alerts(settings: Settings, account_key: str, clock: Clock) -> Alerts:
    """Alerts through the spool, without a ledger. ``account_key`` is "" when it is not known."""
    return SpoolAlerts(home_spool(settings.home), account_key, clock, Redactor(settings.secrets()))


def deliver(settings: Settings, *, ledger: bool = True, early: bool = False) -> Delivery:
    """Import the spool into the ledger, and deliver the alerts that are due. Raises no TradebotError.

    early: deliver also those that are due later.
    If the ledger cannot be used, or ``ledger`` is False, the spool's alerts are delivered from the spool.
    """
    if ledger:
        try:
            with closing(open_database(settings.ledger, create=False, busy_seconds=1.0)) as database:
                _import_spool(settings, database)
                return _from_ledger(settings, database, early=early)
        except (LedgerError, OSError) as error:
            _LOG.warning("alerts could not be delivered by way of the ledger: %s", error)
    return _from_spool(settings)


def try_channels(settings: Settings) -> Iterator[tuple[str, str]]:
    """Send a test message through each channel. Yields its name and its error, "" for none."""
    from tradebot.alerts.channels import channels_to_try

    now, hand_over = SystemClock().wall(), _hand_over(settings, CHANNEL_TIMEOUT)
    for channel in channels_to_try(settings):
        alert = Alert(channel.min_level, "test", "This is a test: alerts sent through this channel reach you.", now)
        yield channel.name, hand_over(channel, QueuedAlert(0, "", alert, DeliveryState.WAITING, now))


def newest(settings: Settings, most: int) -> tuple[QueuedAlert, ...]:
    """The ``most`` newest alerts, oldest first: the ledger's, then the spool's. Raises LedgerError."""
    with closing(open_database(settings.ledger, create=False)) as database:
        return newest_in(settings, database, most)


def newest_in(settings: Settings, database: Database, most: int) -> tuple[QueuedAlert, ...]:
    """The ``most`` newest alerts of an open ledger and of the spool, oldest first."""
    stored = database.alert_queue.newest(most)
    spooled = tuple(_queued(number, each) for number, each in enumerate(home_spool(settings.home).waiting()))
    return (*stored, *spooled)[-most:]


def waiting(settings: Settings) -> tuple[QueuedAlert, ...]:
    """The alerts that wait for delivery, oldest first; none where the ledger cannot be read."""
    try:
        with closing(open_database(settings.ledger, create=False)) as database:
            return database.alert_queue.waiting()
    except LedgerError:
        return ()


def _import_spool(settings: Settings, database: Database) -> None:
    """Move the spool's alerts into the outbox of their account."""
    spool = home_spool(settings.home)
    pinned = pinned_account_of(settings, database)
    with spool.drain() as spooled:
        for each in spooled:
            account_key = each.account_key or (pinned.key if pinned else "")
            state = DeliveryState.DELIVERED if each.is_delivered else DeliveryState.WAITING
            # a key of its own: the alert is imported again if this process dies before the spool forgets it
            alert = replace(each.alert, key=each.alert.key or f"spooled {each.name}")
            database.bind(account_key).outbox.put(alert, each.wall, state)


def _from_ledger(settings: Settings, database: Database, *, early: bool) -> Delivery:
    now = SystemClock().wall()

    def record(result: AlertResult, state: DeliveryState) -> None:
        again = next_attempt_at(result.queued.attempts + 1, now) if state is DeliveryState.WAITING else None
        database.alert_queue.store_attempts(result.queued, result.attempts, state, now, again)

    waiting = database.alert_queue.claim(now, now + _LEASE, early=early)
    return _deliver(settings, waiting, record, head_text(pinned_head(settings, database)))


def _from_spool(settings: Settings) -> Delivery:
    spool = home_spool(settings.home)
    waiting = spool.waiting()

    def record(result: AlertResult, state: DeliveryState) -> None:
        if state is DeliveryState.DELIVERED or result.is_accepted:
            spool.mark_delivered(waiting[result.queued.alert_id])

    return _deliver(settings, [_queued(number, one) for number, one in enumerate(waiting)], record, kept_head(settings))


def _deliver(
    settings: Settings, waiting: Sequence[QueuedAlert], record: Callable[[AlertResult, DeliveryState], None], head: str
) -> Delivery:
    """Deliver alerts, each with the ledger's chain head."""
    if not waiting:
        return Delivery()
    from tradebot.alerts.channels import channels_of
    from tradebot.alerts.delivery import DeliveryRound

    now, deadline = SystemClock().wall(), time.monotonic() + DELIVERY_TIMEOUT
    hand_over = _hand_over(settings, CHANNEL_TIMEOUT, deadline, head)
    delivery = DeliveryRound(channels_of(settings), hand_over, lambda: time.monotonic() < deadline)
    delivered, undelivered = 0, []
    for result in delivery.deliver(waiting):
        record(result, delivery_state(result.queued, result.primary, result.fallback, result.attempts, now))
        delivered += result.is_accepted
        if result.is_undelivered:
            undelivered.append(result.queued.alert.title)
    return Delivery(delivered, tuple(undelivered), tuple(delivery.failed.items()))


def _hand_over(settings: Settings, timeout: float, deadline: float = math.inf, head: str = "") -> SendToChannel:
    """Send one alert through a channel, in ``timeout`` seconds and before ``deadline`` of ``time.monotonic``."""
    from tradebot.alerts.messages import Page, message_of

    redact = Redactor(settings.secrets())

    def send(channel: Channel, queued: QueuedAlert) -> str:
        name = queued.alert.attachment
        html = attachment(settings.home, name) if name else None
        message = message_of(queued, str(settings.home), head, None if html is None else Page(name, html))
        return channel.send(message, min(timeout, deadline - time.monotonic()), redact)

    return send


def _queued(number: int, spooled: SpooledAlert) -> QueuedAlert:
    return QueuedAlert(number, spooled.account_key, spooled.alert, DeliveryState.WAITING, spooled.wall)
