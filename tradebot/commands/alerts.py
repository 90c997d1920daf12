"""tradebot alerts test, alerts list and alerts deliver"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tradebot.commands import decorator
from tradebot.errors import ConfigError, ExitCode, Problem

if TYPE_CHECKING:
    from tradebot.settings import GlobalOptions, Settings


@decorator.command(
    "alerts test",
    writes="nothing; sends a message through each channel.",
    examples=("tradebot alerts test --home ~/tradebot",),
    ends_with=(ExitCode.DEGRADED,),
)
def test(options: GlobalOptions) -> ExitCode:
    """Send a test message through every channel, the second ones too, and say what each made of it.

    It ends with 11 when one of them did not take it.
    """
    from tradebot.commands import render
    from tradebot.core.results.alerts import DeliveryAttempt
    from tradebot.reports.pages.alerts import channels_page
    from tradebot.runtime import alerts as alerting

    settings = _settings_with_channels(options)
    attempts = tuple(DeliveryAttempt(name, trouble) for name, trouble in alerting.try_channels(settings))
    code = ExitCode.OK if all(attempt.taken for attempt in attempts) else ExitCode.DEGRADED
    return render.show_result(options, "alerts test", channels_page(attempts), code=code, channels=attempts)


@decorator.command(
    "alerts list", writes="nothing.", examples=("tradebot alerts list --last 5",), ends_with=(ExitCode.LEDGER,)
)
def listing(
    options: GlobalOptions,
    count: Annotated[int, typer.Option("--last", min=1, metavar="N", help="How many, the newest.")] = 20,
) -> ExitCode:
    """List the newest alerts: what was raised when, and who took it or what is in the way."""
    from tradebot.commands import render
    from tradebot.reports.pages.alerts import alerts_page
    from tradebot.runtime import alerts as alerting

    alerts = alerting.newest(alerting.initialised(options), count)
    return render.show_result(options, "alerts list", alerts_page(alerts), alerts=alerts)


@decorator.command(
    "alerts deliver",
    writes="what became of each alert into the ledger; sends those that wait.",
    examples=(
        "tradebot alerts deliver",
        "tradebot alerts deliver --now  # a channel works again",
    ),
    ends_with=(ExitCode.DEGRADED,),
)
def deliver(
    options: GlobalOptions,
    now: Annotated[bool, typer.Option("--now", help="Also those that are due later, as a channel failed.")] = False,
) -> ExitCode:
    """Deliver the alerts that wait and are due, and say which wait until when.

    Every job does so at its end; this is for a schedule that is to try more often, and with --now for the time at which
    a channel works again. It ends with 11 when an alert found no channel that took it.
    """
    from tradebot.commands import render
    from tradebot.reports.pages.alerts import delivery_page
    from tradebot.runtime import alerts as alerting

    settings = _settings_with_channels(options)
    delivery = alerting.deliver(settings, early=now)
    waiting = alerting.waiting(settings)
    code = ExitCode.DEGRADED if delivery.unheard else ExitCode.OK
    page = delivery_page(delivery.delivered, delivery.unheard, delivery.failed, waiting)
    return render.show_result(options, "alerts deliver", page, code=code, delivery=delivery, waiting=waiting)


commands = (test, listing, deliver)


def _settings_with_channels(options: GlobalOptions) -> Settings:
    """The settings of an initialised home. Raises ConfigError if they name no channel."""
    from tradebot.runtime import alerts as alerting

    settings = alerting.initialised(options)
    if not settings.alert_urls and not settings.email_smtp_server:
        fix = "Set ALERT_URLS, or EMAIL_SMTP_SERVER and ALERT_EMAIL_RECIPIENTS; docs/runbook.md shows how."
        raise ConfigError([Problem("alerts", "no channel is configured, so alerts go to the log only", fix)])
    return settings
