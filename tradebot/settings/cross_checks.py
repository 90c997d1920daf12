"""Checks of settings in combination: conflicts, which are refused, and oddities, which are warned of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from tradebot.settings import home_files
from tradebot.settings.alert_fields import is_loopback
from tradebot.settings.alert_model import EmailSecurity
from tradebot.settings.alpaca_fields import key_account_type
from tradebot.settings.alpaca_urls import LIVE_URL, PAPER_URL
from tradebot.settings.ledger_location import LedgerServer
from tradebot.settings.model import BrokerName, Settings, TradingMode
from tradebot.settings.number_fields import as_percent
from tradebot.settings.server_url import VERIFIED, is_this_machine


@dataclass(frozen=True, slots=True)
class Conflict:
    """Settings that contradict each other."""

    names: tuple[str, ...]  # the first is the one to look at
    what: str
    fix: str


def conflicts(settings: Settings, env_file: Path | None = None) -> Iterator[Conflict]:
    """The combinations that make trading impossible or unsafe. ``env_file``: the file that the settings are in."""
    for taken in home_files.taken_paths(settings, env_file):
        yield Conflict((taken.setting,), f"{taken.path} is {taken.use}", "Name a path that the home does not use.")
    yield from _server_conflicts(settings)
    if settings.broker is BrokerName.ALPACA:
        yield from _alpaca_key_conflicts(settings)
        yield from _alpaca_url_conflicts(settings)
    if settings.tradebot_now and not settings.broker_is_local:
        yield Conflict(
            ("TRADEBOT_NOW",),
            "a broker that is not played on this machine goes by the time that it really is",
            "Take TRADEBOT_NOW out of the process environment.",
        )
    yield from _mode_conflicts(settings)
    if settings.min_order_value >= settings.max_order_value:
        yield Conflict(
            ("MIN_ORDER_VALUE", "MAX_ORDER_VALUE"),
            f"no order can be worth at least {settings.min_order_value} and at most {settings.max_order_value}",
            "Make MIN_ORDER_VALUE smaller than MAX_ORDER_VALUE.",
        )
    yield from _alert_conflicts(settings)
    if settings.paper_actions and not settings.paper_data:
        yield Conflict(
            ("PAPER_ACTIONS", "PAPER_DATA"),
            "the bundled prices come with their own splits and dividends",
            "Set PAPER_DATA too, or take PAPER_ACTIONS out.",
        )


def _server_conflicts(settings: Settings) -> Iterator[Conflict]:
    """What is wrong with a ledger on a server, as far as its address tells."""
    for name, server in (("DATABASE_URL", settings.database_url), ("DATABASE_ADMIN_URL", settings.database_admin_url)):
        if not isinstance(server, LedgerServer):
            continue
        if find_spec("psycopg") is None:
            yield Conflict(
                (name,),
                "the ledger is on a PostgreSQL server, and psycopg, which talks to it, is not installed",
                "pip install 'tradebot[postgres]'",
            )
        if not (is_this_machine(server.host) or server.sslmode == VERIFIED or settings.database_weak_tls):
            yield Conflict(
                (name, "DATABASE_WEAK_TLS"),
                f"the server is another machine ({server.host}), and its certificate would not be checked",
                f"Add ?sslmode={VERIFIED} to the address, and sslrootcert= with the file of the provider's certificate "
                "(or system), or write DATABASE_WEAK_TLS=true if you mean it.",
            )
    if isinstance(settings.database_admin_url, Path):
        yield Conflict(
            ("DATABASE_ADMIN_URL",), "it names a file, which needs no administrator", "Take it out, or name a server."
        )


def _mode_conflicts(settings: Settings) -> Iterator[Conflict]:
    if settings.trading_mode is TradingMode.LIVE and not settings.live_trading_enabled:
        yield Conflict(
            ("TRADING_MODE", "LIVE_TRADING_ENABLED"),
            "real money needs two switches and LIVE_TRADING_ENABLED is false",
            "Write TRADING_MODE=paper, or LIVE_TRADING_ENABLED=true as well if you mean it.",
        )
    if settings.trading_mode is TradingMode.LIVE and settings.broker is BrokerName.PAPER:
        yield Conflict(
            ("TRADING_MODE", "BROKER"),
            "the embedded exchange (BROKER=paper) has no real money to trade",
            "Write TRADING_MODE=paper, or name a real broker.",
        )


def _alert_conflicts(settings: Settings) -> Iterator[Conflict]:
    if bool(settings.email_smtp_server) != bool(settings.alert_email_recipients):
        yield Conflict(
            ("EMAIL_SMTP_SERVER", "ALERT_EMAIL_RECIPIENTS"),
            "mail needs both a server and somebody to write to",
            "Set both, or neither.",
        )
    if settings.email_password and not settings.email_username:
        yield Conflict(
            ("EMAIL_PASSWORD", "EMAIL_USERNAME"), "a password alone is no login", "Set EMAIL_USERNAME as well."
        )
    if (
        settings.email_password
        and settings.email_security is EmailSecurity.NONE
        and not is_loopback(settings.email_smtp_server or "localhost")
    ):
        yield Conflict(
            ("EMAIL_SECURITY", "EMAIL_PASSWORD", "EMAIL_SMTP_SERVER"),
            "a password leaves this machine only encrypted, and EMAIL_SECURITY is none",
            "Write EMAIL_SECURITY=auto, or leave EMAIL_PASSWORD blank if the server needs none.",
        )
    if settings.alert_fallback_urls and not (settings.alert_urls or settings.email_smtp_server):
        yield Conflict(
            ("ALERT_FALLBACK_URLS", "ALERT_URLS"),
            "there is a second channel and no first one",
            "Write the address into ALERT_URLS.",
        )


def _alpaca_key_conflicts(settings: Settings) -> Iterator[Conflict]:
    """The conflicts that the keys show by themselves, without a request."""
    both = ("ALPACA_API_KEY", "ALPACA_SECRET_KEY")
    key, secret = settings.alpaca_api_key, settings.alpaca_secret_key
    if key is None or secret is None:
        missing = [name for name, half in zip(both, (key, secret), strict=True) if half is None]
        yield Conflict(
            (*missing, "BROKER"),
            f"BROKER=alpaca needs {' and '.join(missing)}",
            "Make keys at https://app.alpaca.markets and write both halves; they are shown once.",
        )
        return
    account_type = key_account_type(key.reveal())
    if account_type is None and key_account_type(secret.reveal()):
        yield Conflict(both, "ALPACA_SECRET_KEY holds a key id: the two are swapped", "Exchange them.")
    elif key == secret:
        yield Conflict(both, "ALPACA_SECRET_KEY is the same as ALPACA_API_KEY", "Write the secret that belongs to it.")
    elif account_type and account_type != settings.trading_mode:
        yield Conflict(
            ("ALPACA_API_KEY", "TRADING_MODE"),
            f"it is the key of a {account_type} account and TRADING_MODE is {settings.trading_mode}",
            f"Write the keys of your {settings.trading_mode} account, "
            f"or TRADING_MODE={account_type} if that is what you mean.",
        )


def _alpaca_url_conflicts(settings: Settings) -> Iterator[Conflict]:
    mode, modes = settings.trading_mode, {PAPER_URL: TradingMode.PAPER, LIVE_URL: TradingMode.LIVE}
    url_mode = modes.get(settings.alpaca_base_url or "", mode)
    if url_mode is not mode:
        yield Conflict(
            ("ALPACA_BASE_URL", "TRADING_MODE"),
            f"it is the address for {url_mode} accounts and TRADING_MODE is {mode}",
            f"Leave ALPACA_BASE_URL blank, or write TRADING_MODE={url_mode} if that is what you mean.",
        )


def oddities(settings: Settings) -> Iterator[str]:
    """Warnings of combinations that are allowed and seldom intended."""
    if settings.live_trading_enabled and settings.trading_mode is TradingMode.PAPER:
        yield "LIVE_TRADING_ENABLED is true while TRADING_MODE is paper: nothing is traded with real money"
    if settings.risk_per_trade_pct > settings.max_portfolio_risk_pct:
        yield (
            f"RISK_PER_TRADE_PCT ({as_percent(settings.risk_per_trade_pct)}) is more than MAX_PORTFOLIO_RISK_PCT "
            f"({as_percent(settings.max_portfolio_risk_pct)}): no trade will take its full risk"
        )
    if settings.max_position_size_pct > settings.max_gross_exposure_pct:
        yield (
            f"MAX_POSITION_SIZE_PCT ({as_percent(settings.max_position_size_pct)}) is more than MAX_GROSS_EXPOSURE_PCT "
            f"({as_percent(settings.max_gross_exposure_pct)}): no position will reach it"
        )
    if settings.daily_loss_limit_pct >= settings.emergency_stop_loss_pct:
        yield (
            f"DAILY_LOSS_LIMIT_PCT ({as_percent(settings.daily_loss_limit_pct)}) is not less than "
            f"EMERGENCY_STOP_LOSS_PCT ({as_percent(settings.emergency_stop_loss_pct)}): "
            "the account halts before the day's limit is reached"
        )
