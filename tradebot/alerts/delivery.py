"""From the outbox to the operator: which alert goes to which channel, within a time that is agreed beforehand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from tradebot.alerts.channels import Channel, Channels
from tradebot.core.results.alerts import LEVELS, DeliveryAttempt, QueuedAlert

#: Hands an alert to a channel and says what went wrong, "" when it was taken.
HandOver = Callable[[Channel, QueuedAlert], str]


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of an alert in one round. ``first`` and ``second`` are the channels that are for its level."""

    posted: QueuedAlert
    first: tuple[str, ...]
    second: tuple[str, ...]
    attempts: tuple[DeliveryAttempt, ...] = ()

    @property
    def reached_nobody(self) -> bool:
        """No channel has it, though there is one for it."""
        return bool(self.first or self.second) and not self.posted.taken_by and not self.is_taken

    @property
    def is_taken(self) -> bool:
        """A channel took it in this round."""
        return any(attempt.taken for attempt in self.attempts)


@dataclass(slots=True)
class Round:
    """One delivery: a channel that fails once is left alone for the rest of it, so that it costs its time only once."""

    channels: Channels
    hand_over: HandOver
    in_time: Callable[[], bool]
    failed: dict[str, str] = field(default_factory=dict)  # what each channel failed at

    def deliver(self, waiting: Iterable[QueuedAlert]) -> Iterator[Tried]:
        """Try each alert, the gravest first and then the oldest. When time is up, the rest is not tried."""
        for posted in sorted(waiting, key=lambda one: (-LEVELS.index(one.alert.level), one.alert_id)):
            yield self._try(posted)

    def _try(self, posted: QueuedAlert) -> Tried:
        first = [channel for channel in self.channels.first if channel.takes(posted.alert.level)]
        second = [channel for channel in self.channels.second if channel.takes(posted.alert.level)]
        attempts = [
            attempt
            for channel in first
            if channel.name not in posted.taken_by and (attempt := self._hand_over(channel, posted))
        ]
        if not posted.taken_by and not any(attempt.taken for attempt in attempts):
            for channel in second:
                if attempt := self._hand_over(channel, posted):
                    attempts.append(attempt)
                    if attempt.taken:
                        break
        return Tried(posted, tuple(c.name for c in first), tuple(c.name for c in second), tuple(attempts))

    def _hand_over(self, channel: Channel, posted: QueuedAlert) -> DeliveryAttempt | None:
        if channel.name in self.failed or not self.in_time():
            return None
        attempt = DeliveryAttempt(channel.name, self.hand_over(channel, posted))
        if not attempt.taken:
            self.failed[channel.name] = attempt.trouble
        return attempt
