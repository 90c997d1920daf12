"""When a command that is a job of the schedule pings its monitor: once its desk is open, and when it has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradebot.errors import ExitCode, TradebotError

if TYPE_CHECKING:
    from tradebot.alerts.heartbeat import Heartbeat
    from tradebot.core.model.schedule import Job
    from tradebot.settings import GlobalOptions, Settings

_beating: Heartbeat | None = None


def start(settings: Settings, job: Job) -> None:
    """Tell the monitor that ``job`` has begun its work."""
    global _beating
    from tradebot.runtime.before_desk import heartbeat

    _beating = heartbeat(settings, job)
    if _beating is not None:
        _beating.start()


def end(name: str, options: GlobalOptions, code: ExitCode) -> None:
    """Tell the monitor how a job ended, also one that came to its end before it could begin.

    A job that found another at work has neither done its work nor failed at it.
    """
    global _beating
    beating, _beating = _beating or _unstarted(name, options, code), None
    if beating is not None and code is not ExitCode.LOCKED:
        beating.end(int(code), f"tradebot {name} ended with {int(code)}: {code.meaning}")


def _unstarted(name: str, options: GlobalOptions, code: ExitCode) -> Heartbeat | None:
    from tradebot.core.model.schedule import DAY, Job

    if name not in DAY or code is ExitCode.LOCKED:
        return None
    from tradebot.runtime.before_desk import heartbeat
    from tradebot.settings import load_for

    try:
        return heartbeat(load_for(options).settings, Job(name))
    except TradebotError:  # without settings nobody knows whom to tell; the monitor will miss the ping
        return None
