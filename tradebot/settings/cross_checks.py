"""Settings that are sound alone and wrong, or odd, together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tradebot.settings.alpaca_fields import kind_of_key
from tradebot.settings.alpaca_urls import LIVE_URL, PAPER_URL
from tradebot.settings.field_types import as_percent
from tradebot.settings.model import BrokerName, Settings, TradingMode


@dataclass(frozen=True, slots=True)
class Combination:
    """Settings that contradict each other; the first of ``names`` is the one to look at."""

    names: tuple[str, ...]
    what: str
    fix: str


def problems(settings: Settings) -> Iterator[Combination]:
    """What makes it impossible, or unsafe, to go on."""
    if settings.broker is BrokerName.ROBINHOOD:
        yield Combination(
            ("BROKER",),
            "the robinhood broker is not in this version yet",
            "Write BROKER=paper, the embedded exchange, or BROKER=alpaca.",
        )
    if settings.broker is BrokerName.ALPACA:
        yield from _keys_of_alpaca(settings)
        yield from _address_of_alpaca(settings)
    if settings.tradebot_now and not settings.played:
        yield Combination(
            ("TRADEBOT_NOW",),
            "a broker that is not played on this machine goes by the time that it really is",
            "Take TRADEBOT_NOW out of the process environment.",
        )
    if settings.trading_mode is TradingMode.LIVE and not settings.live_trading_enabled:
        yield Combination(
            ("TRADING_MODE", "LIVE_TRADING_ENABLED"),
            "real money needs two switches and LIVE_TRADING_ENABLED is false",
            "Write TRADING_MODE=paper, or LIVE_TRADING_ENABLED=true as well if you mean it.",
        )
    if settings.trading_mode is TradingMode.LIVE and settings.broker is BrokerName.PAPER:
        yield Combination(
            ("TRADING_MODE", "BROKER"),
            "the embedded exchange (BROKER=paper) has no real money to trade",
            "Write TRADING_MODE=paper, or name a real broker.",
        )
    if settings.min_order_value >= settings.max_order_value:
        yield Combination(
            ("MIN_ORDER_VALUE", "MAX_ORDER_VALUE"),
            f"no order can be worth at least {settings.min_order_value} and at most {settings.max_order_value}",
            "Make MIN_ORDER_VALUE smaller than MAX_ORDER_VALUE.",
        )
    if bool(settings.email_smtp_server) != bool(settings.alert_email_recipients):
        yield Combination(
            ("EMAIL_SMTP_SERVER", "ALERT_EMAIL_RECIPIENTS"),
            "mail needs both a server and somebody to write to",
            "Set both, or neither.",
        )
    if settings.email_password and not settings.email_username:
        yield Combination(
            ("EMAIL_PASSWORD", "EMAIL_USERNAME"), "a password alone is no login", "Set EMAIL_USERNAME as well."
        )
    if settings.alert_fallback_urls and not (settings.alert_urls or settings.email_smtp_server):
        yield Combination(
            ("ALERT_FALLBACK_URLS", "ALERT_URLS"),
            "there is a second channel and no first one",
            "Write the address into ALERT_URLS.",
        )
    if settings.paper_actions and not settings.paper_data:
        yield Combination(
            ("PAPER_ACTIONS", "PAPER_DATA"),
            "the bundled prices come with their own splits and dividends",
            "Set PAPER_DATA too, or take PAPER_ACTIONS out.",
        )


def _keys_of_alpaca(settings: Settings) -> Iterator[Combination]:
    """What can be seen of keys without asking anybody."""
    both = ("ALPACA_API_KEY", "ALPACA_SECRET_KEY")
    key, secret = settings.alpaca_api_key, settings.alpaca_secret_key
    if key is None or secret is None:
        missing = [name for name, half in zip(both, (key, secret), strict=True) if half is None]
        yield Combination(
            (*missing, "BROKER"),
            f"BROKER=alpaca needs {' and '.join(missing)}",
            "Make keys at https://app.alpaca.markets and write both halves; they are shown once.",
        )
        return
    kind = kind_of_key(key.reveal())
    if kind is None and kind_of_key(secret.reveal()):
        yield Combination(both, "ALPACA_SECRET_KEY holds a key id: the two are swapped", "Exchange them.")
    elif key == secret:
        yield Combination(
            both, "ALPACA_SECRET_KEY is the same as ALPACA_API_KEY", "Write the secret that belongs to it."
        )
    elif kind and kind != settings.trading_mode:
        yield Combination(
            ("ALPACA_API_KEY", "TRADING_MODE"),
            f"it is the key of a {kind} account and TRADING_MODE is {settings.trading_mode}",
            f"Write the keys of your {settings.trading_mode} account, or TRADING_MODE={kind} if that is what you mean.",
        )


def _address_of_alpaca(settings: Settings) -> Iterator[Combination]:
    mode, own = settings.trading_mode, {PAPER_URL: TradingMode.PAPER, LIVE_URL: TradingMode.LIVE}
    of_address = own.get(settings.alpaca_base_url or "", mode)
    if of_address is not mode:
        yield Combination(
            ("ALPACA_BASE_URL", "TRADING_MODE"),
            f"it is the address for {of_address} accounts and TRADING_MODE is {mode}",
            f"Leave ALPACA_BASE_URL blank, or write TRADING_MODE={of_address} if that is what you mean.",
        )


def oddities(settings: Settings) -> Iterator[str]:
    """What can be meant so, and often is not."""
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
