"""Pings the heartbeat monitor of a scheduled job: when its desk is open, and when the command ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradebot.errors import ExitCode, TradebotError

if TYPE_CHECKING:
    from tradebot.alerts.heartbeat import Heartbeat
    from tradebot.core.model.schedule import Job
    from tradebot.settings import GlobalOptions, Settings

_heartbeat: Heartbeat | None = None


def start(settings: Settings, job: Job) -> None:
    """Ping that ``job`` has started, if a monitor is configured."""
    global _heartbeat
    from tradebot.runtime.before_desk import heartbeat

    _heartbeat = heartbeat(settings, job)
    if _heartbeat is not None:
        _heartbeat.start()


def end(name: str, options: GlobalOptions, code: ExitCode) -> None:
    """Ping how a job ended, also if it failed before ``start``.

    There is no ping if the home or account is locked, where another run does the job, nor for a mistyped command.
    """
    global _heartbeat
    current, _heartbeat = _heartbeat or _not_started(name, options, code), None
    if current is not None and code is not ExitCode.LOCKED:
        said = f"tradebot {name} ended with {int(code)}: {code.meaning}"
        current.end(int(code), "\n".join(filter(None, (said, _head(options)))))


def _head(options: GlobalOptions) -> str:
    """Account and chain head of the ledger in a line; "" where they cannot be read."""
    from tradebot.runtime.chain_heads import told_head
    from tradebot.settings import load_for

    try:
        return told_head(load_for(options).settings)
    except TradebotError:
        return ""


def _not_started(name: str, options: GlobalOptions, code: ExitCode) -> Heartbeat | None:
    from tradebot.core.model.schedule import DAY, Job

    if name not in DAY or code in (ExitCode.LOCKED, ExitCode.USAGE):
        return None
    from tradebot.runtime.before_desk import heartbeat
    from tradebot.settings import load_for

    try:
        return heartbeat(load_for(options).settings, Job(name))
    except TradebotError:  # without settings the URL is unknown; the monitor reports the missing ping
        return None
