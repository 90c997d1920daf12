"""tradebot preflight"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradebot.commands import decorator
from tradebot.errors import ExitCode

if TYPE_CHECKING:
    from tradebot.settings import GlobalOptions


@decorator.command(
    "preflight",
    writes="the run and its outcome into the ledger, and the log files; once a day a test message to each channel of "
    "alerts; sends nothing to the broker.",
    examples=("tradebot preflight", "tradebot preflight --full  # the checks that passed, too"),
    ends_with=(ExitCode.BLOCKED, ExitCode.HALTED, ExitCode.BROKER, ExitCode.LEDGER, ExitCode.DEGRADED),
)
def command(
    options: GlobalOptions, full: decorator.FullOption = False, scheduled: decorator.ScheduledOption = False
) -> ExitCode:
    """Check before the open that the session can be traded.

    The checks that fail, then those that warn, each with what to do about it, and the number that passed:
    configuration, files and disk, the account, clock and calendar against the broker's, halts, breaks, stops, limits,
    strategies, bars, the schedule, channels of alerts, the last backup and the last drill. Any that fails blocks.
    Warnings end with 0.
    """
    return check_before_open(options, full=full, scheduled=scheduled)


def check_before_open(options: GlobalOptions, *, full: bool = False, scheduled: bool = False) -> ExitCode:
    """Run the checks and print them."""
    from tradebot.commands import open_desk, render
    from tradebot.core.model.schedule import Job
    from tradebot.jobs import preflight
    from tradebot.reports.pages.checks import preflight_page
    from tradebot.runtime.machine import read_machine

    with open_desk.desk_for(options, Job.PREFLIGHT, scheduled=scheduled) as opened:
        machine = read_machine(opened.loaded, opened.desk.stop.check)
        outcome = preflight.run(opened.desk, opened.lock_holder, opened.loaded.warnings, machine)
    return render.finish(
        options, opened.context, outcome, lambda final, header: preflight_page(final, header, full=full)
    )
