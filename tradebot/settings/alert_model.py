"""The settings of alerts: the channels that deliver them, and the mail server."""

# ruff: noqa: RUF009 - `setting` makes the dataclass's fields, as `field` does

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tradebot.settings.alert_fields import MAIL_ADDRESS, ChannelUrls, Host, MailAddress
from tradebot.settings.field_types import Choice, Names, Switch, setting
from tradebot.settings.number_fields import Count
from tradebot.settings.secret_fields import Secret, SecretText


class MinAlertLevel(StrEnum):
    """The level below which a channel gets no alerts."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class DailySummary(StrEnum):
    """When the summary of a session is sent."""

    OFF = "off"
    CHANGES = "changes"  # when something was traded, halted, missed or failed, or needs a person
    ALWAYS = "always"


class EmailSecurity(StrEnum):
    """How mail is encrypted on its way to the server."""

    AUTO = "auto"  # TLS on port 465; elsewhere STARTTLS where it is offered, and no password without, but on loopback
    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class AlertSettings:
    """Alerts; docs/runbook.md shows the addresses of the usual services"""

    alert_urls: tuple[SecretText, ...] = setting(
        (),
        ChannelUrls(),
        "Where alerts go: each of them gets every alert. `critical=` before an address: only those of that level on.",
    )
    alert_fallback_urls: tuple[SecretText, ...] = setting(
        (), ChannelUrls(), "Where an alert goes that none of ALERT_URLS and the mail took."
    )
    alert_min_level: MinAlertLevel = setting(
        MinAlertLevel.INFO,
        Choice(MinAlertLevel),
        "The least level of the alerts for mail and addresses that name none.",
    )
    daily_summary: DailySummary = setting(
        DailySummary.CHANGES,
        Choice(DailySummary),
        "The summary of a session, once, sent by its report to mail and addresses that name no level (or "
        "`summary=`); changes: only where something was traded, halted, missed or failed, or needs you.",
    )
    daily_summary_html: bool = setting(False, Switch(), "Attach the HTML report to the summary's mail.")
    email_smtp_server: str | None = setting(None, Host(), "The server that takes your mail; blank sends none.")
    email_smtp_port: int = setting(587, Count(1, 65535), "Its port: 587 for STARTTLS, 465 for TLS from the start.")
    email_security: EmailSecurity = setting(
        EmailSecurity.AUTO,
        Choice(EmailSecurity),
        "auto is TLS on port 465, else STARTTLS where it is offered; no password leaves this machine without either.",
    )
    email_username: SecretText | None = setting(None, Secret(), "The login there, as a rule your address.")
    email_password: SecretText | None = setting(
        None, Secret(), "The password there; with two-factor login, one made for this program."
    )
    email_from: str | None = setting(
        None, MailAddress(), "The sender; blank is EMAIL_USERNAME if that is an address, else the first recipient."
    )
    alert_email_recipients: tuple[str, ...] = setting(
        (),
        Names(MAIL_ADDRESS, "mail account", "mail addresses", "you@example.com,partner@example.com"),
        "Who gets alerts by mail.",
    )
