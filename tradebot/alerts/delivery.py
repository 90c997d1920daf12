"""Delivery of alerts to the channels of the settings, within a time budget."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from tradebot.alerts.channels import Channel, Channels
from tradebot.core.results.alerts import LEVELS, DeliveryAttempt, QueuedAlert

#: Sends an alert through a channel; returns the error, "" if the channel accepted it.
SendToChannel = Callable[[Channel, QueuedAlert], str]


@dataclass(frozen=True, slots=True)
class AlertResult:
    """The result of one alert in one delivery round."""

    queued: QueuedAlert
    primary: tuple[str, ...]  # names of the primary channels that accept its level
    fallback: tuple[str, ...]  # names of the fallback channels that accept its level
    attempts: tuple[DeliveryAttempt, ...] = ()

    @property
    def is_undelivered(self) -> bool:
        """No channel has accepted it, although there is one for its level."""
        return bool(self.primary or self.fallback) and not self.queued.taken_by and not self.is_accepted

    @property
    def is_accepted(self) -> bool:
        """A channel accepted it in this round."""
        return any(attempt.taken for attempt in self.attempts)


@dataclass(slots=True)
class DeliveryRound:
    """One delivery. A channel that fails once is not tried again in it, so that its time-out is spent only once."""

    channels: Channels
    send: SendToChannel
    has_time: Callable[[], bool]
    failed: dict[str, str] = field(default_factory=dict)  # error by channel name

    def deliver(self, waiting: Iterable[QueuedAlert]) -> Iterator[AlertResult]:
        """Try each alert, highest level first, then oldest first. No channel is tried once the time is up."""
        for queued in sorted(waiting, key=lambda queued: (-LEVELS.index(queued.alert.level), queued.alert_id)):
            yield self._deliver(queued)

    def _deliver(self, queued: QueuedAlert) -> AlertResult:
        primary = [channel for channel in self.channels.primary if channel.accepts(queued.alert.level)]
        fallback = [channel for channel in self.channels.fallback if channel.accepts(queued.alert.level)]
        attempts = [
            attempt
            for channel in primary
            if channel.name not in queued.taken_by and (attempt := self._attempt(channel, queued))
        ]
        if not queued.taken_by and not any(attempt.taken for attempt in attempts):
            for channel in fallback:
                if attempt := self._attempt(channel, queued):
                    attempts.append(attempt)
                    if attempt.taken:
                        break
        return AlertResult(queued, _names(primary), _names(fallback), tuple(attempts))

    def _attempt(self, channel: Channel, queued: QueuedAlert) -> DeliveryAttempt | None:
        if channel.name in self.failed or not self.has_time():
            return None
        attempt = DeliveryAttempt(channel.name, self.send(channel, queued))
        if not attempt.taken:
            self.failed[channel.name] = attempt.trouble
        return attempt


def _names(channels: Iterable[Channel]) -> tuple[str, ...]:
    return tuple(channel.name for channel in channels)
