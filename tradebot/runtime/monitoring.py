"""The monitor that hears of jobs, as the settings name it."""

from __future__ import annotations

from tradebot.alerts.heartbeat import Heartbeat
from tradebot.core.schedule import DAY, Job
from tradebot.settings import Settings


def heartbeat(settings: Settings, job: Job) -> Heartbeat | None:
    """The pings of one run of a job; None where no monitor waits for any."""
    if settings.heartbeat_url is None or job not in DAY:
        return None
    return Heartbeat(settings.heartbeat_url.reveal(), job.value)
