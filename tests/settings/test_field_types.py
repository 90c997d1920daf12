"""What each setting takes, and how it refuses what it does not take."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.settings.conftest import LoadHome, ProblemsOf
from tradebot.settings.documentation import sections
from tradebot.settings.field_types import InvalidValue

#: For each setting a value that it refuses, and words of the refusal.
REFUSED = [
    ("TRADING_MODE", "real", "paper or live"),
    ("LIVE_TRADING_ENABLED", "maybe", "true or false"),
    ("BROKER", "etrade", "paper or alpaca or robinhood"),
    ("ALPACA_API_KEY", "PK 12345678", "a blank"),
    ("ALPACA_API_KEY", "\"'PK12345678'\"", "quotation mark"),
    ("ALPACA_SECRET_KEY", "\u201cabcdef\u201d", "quotation mark"),
    ("ALPACA_SECRET_KEY", "abc\tdef", "a blank"),
    ("ALPACA_SECRET_KEY", "abcd\u0435f", "characters that no key has"),
    ("ALPACA_BASE_URL", "http://api.alpaca.markets", "not an https address"),
    ("ALPACA_BASE_URL", "paper-api.alpaca.markets", "Write https://paper-api.alpaca.markets"),
    ("ALPACA_BASE_URL", "https://user:word@api.alpaca.markets", "without user, password"),
    ("ALPACA_BASE_URL", "https://paper-api.alpaca.market", "it looks like paper-api.alpaca.markets misspelt. Write https://paper-api"),
    ("ALPACA_BASE_URL", "https://ap1.alpaca.markets/v2", "it looks like api.alpaca.markets misspelt"),
    ("ALPACA_BASE_URL", "https://www.example.com/login", "not the address of Alpaca's API"),
    ("ALPACA_BASE_URL", "https://app.alpaca.markets", "not the address of Alpaca's API"),
    ("ALPACA_BASE_URL", "https://paper-api.alpaca.markets/docs", "not the address of Alpaca's API"),
    ("ALPACA_BASE_URL", "http://127.0.0.1:4010/api", "not the address of Alpaca's API"),
    ("ALPACA_DATA_URL", "data.alpaca.markets", "Write https://data.alpaca.markets"),
    ("ALPACA_DATA_URL", "https://api.alpaca.markets", "not the address of Alpaca's API"),
    ("ALPACA_FEED", "bloomberg", "iex or sip"),
    ("STRATEGIES", "Tsla-Improved", "rsi2_mean_reversion"),
    ("STRATEGIES", "a,b,a", "named twice: a"),
    ("SYMBOLS", "AAPL,A PL", "AAPL,BRK.B"),
    ("SYMBOLS", "aapl,AAPL", "named twice: AAPL"),
    ("STRATEGY_MEMORY_MB", "-1", "0 to 1,000,000"),
    ("STRATEGY_USER", "no body", "no user's name"),
    ("DATABASE_URL", "postgresql://u:secret@h", "names no database"),
    ("DATABASE_URL", "postgresql://u:secret@one,two/db", "several hosts"),
    ("DATABASE_URL", "postgresql://u:secret@h:port/db", "host or port"),
    ("DATABASE_URL", "postgresql://u:secret@h/db?service=other", "names service"),
    ("DATABASE_URL", "postgresql://u:secret@h/db?sslmode", "what follows its ?"),
    ("DATABASE_WEAK_TLS", "perhaps", "true or false"),
    ("DATABASE_ADMIN_URL", "mysql://h/db", "sqlite:///"),
    ("DATABASE_URL", "mysql://h/db", "sqlite:///"),
    ("DATABASE_URL", "sqlite://", "sqlite:///"),
    ("DATABASE_URL", "sqlite:///:memory:", "forgets everything"),
    ("DATABASE_URL", "trading_robot.db", "sqlite:///"),
    ("LOG_LEVEL", "LOUD", "DEBUG or INFO or WARNING or ERROR"),
    ("LOG_KEEP_WEEKS", "0", "1 to 1,000"),
    ("ALERT_URLS", "json://127.0.0.1, me@example.com", "address 1 of 1 is none"),
    ("ALERT_URLS", "loud=json://127.0.0.1", "info, warning, critical before the ="),
    ("ALERT_URLS", "json://127.0.0.1 json://127.0.0.1", "twice"),
    ("ALERT_FALLBACK_URLS", "127.0.0.1", "tgram://TOKEN/CHAT"),
    ("ALERT_MIN_LEVEL", "debug", "info or warning or critical"),
    ("EMAIL_SMTP_SERVER", "smtp.example.com:587", "smtp.example.com"),
    ("EMAIL_SMTP_SERVER", "300.1.1.1", "192.0.2.1"),
    ("EMAIL_SMTP_SERVER", "[::1]:25", "without a port"),
    ("EMAIL_SMTP_PORT", "0", "1 to 65,535"),
    ("EMAIL_SECURITY", "ssl", "auto or starttls or tls or none"),
    ("DAILY_SUMMARY", "weekly", "off or changes or always"),
    ("DAILY_SUMMARY_HTML", "perhaps", "true or false"),
    ("EMAIL_FROM", "tradebot", "you@example.com"),
    ("EMAIL_FROM", "The Bot <bot@example.com>", "Write it alone"),
    ("ALERT_EMAIL_RECIPIENTS", "me", "you@example.com"),
    ("MAX_POSITIONS", "0", "1 to 1,000"),
    ("MAX_POSITIONS", "1001", "1 to 1,000"),
    ("MAX_POSITIONS", "ten", "whole number"),
    ("MAX_POSITIONS", "10.0", "whole number"),
    ("MAX_POSITIONS", "-3", "whole number"),
    ("MAX_POSITIONS", "٣", "whole number"),
    ("MAX_POSITION_SIZE_PCT", "101%", "100%"),
    ("MAX_POSITION_SIZE_PCT", "0.05%", "0.1%"),
    ("MAX_PORTFOLIO_RISK_PCT", "51%", "50%"),
    ("MAX_PORTFOLIO_RISK_PCT", "0%", "0.05%"),
    ("MAX_GROSS_EXPOSURE_PCT", "401%", "400%"),
    ("MAX_GROSS_EXPOSURE_PCT", "0.5%", "1%"),
    ("RISK_PER_TRADE_PCT", "0.5", "50% is more than the 5% it may be"),
    ("RISK_PER_TRADE_PCT", "0.001%", "0.01%"),
    ("DEFAULT_STOP_LOSS_PCT", "51%", "50%"),
    ("DEFAULT_STOP_LOSS_PCT", "0", "0.1%"),
    ("DEFAULT_TAKE_PROFIT_PCT", "501%", "500%"),
    ("DEFAULT_TAKE_PROFIT_PCT", "-4%", "3% or 0.03"),
    ("DAILY_LOSS_LIMIT_PCT", "51%", "50%"),
    ("DAILY_LOSS_LIMIT_PCT", "0.05%", "0.1%"),
    ("EMERGENCY_STOP_LOSS_PCT", "76%", "75%"),
    ("EMERGENCY_STOP_LOSS_PCT", "0.4%", "0.5%"),
    ("MAX_DAILY_TRADES", "0", "1 to 1,000"),
    ("MAX_DAILY_TRADES", "1e3", "whole number"),
    ("MIN_ORDER_VALUE", "0.99", "1 to 1,000,000"),
    ("MIN_ORDER_VALUE", "$100", "without currency sign"),
    ("MIN_ORDER_VALUE", "100.001", "at most 2 decimals"),
    ("MAX_ORDER_VALUE", "10,000", "thousands separator"),
    ("MAX_ORDER_VALUE", "10000001", "1 to 10,000,000"),
    ("MAX_ORDER_VALUE", "NaN", "not an amount"),
    ("MAX_ORDER_VALUE", "Infinity", "not an amount"),
    ("ALLOW_SYMBOLS", "AAPL;MSFT", "AAPL,BRK.B"),
    ("DENY_SYMBOLS", "AAPL,aapl", "named twice: AAPL"),
    ("PRICE_COLLAR_PCT", "0.05%", "0.1%"),
    ("PRICE_COLLAR_PCT", "101%", "100%"),
    ("MAX_ORDER_ADV_PCT", "0", "0.001%"),
    ("MAX_ORDER_ADV_PCT", "101%", "100%"),
    ("MAX_ORDERS_PER_MINUTE", "0", "1 to 10,000"),
    ("MAX_ORDERS_PER_SESSION", "100001", "1 to 100,000"),
    ("REPEAT_ORDER_LIMIT", "0", "1 to 1,000"),
    ("REPEAT_ORDER_SESSIONS", "251", "1 to 250"),
    ("PROBATION_SESSIONS", "-1", "whole number"),
    ("PROBATION_SESSIONS", "251", "0 to 250"),
    ("PROBATION_SIZE_PCT", "0.5%", "1%"),
    ("PROBATION_SIZE_PCT", "150%", "100%"),
    ("EMERGENCY_STOP_ENABLED", "stop", "true or false"),
    ("EMERGENCY_CLOSE_POSITIONS", "all", "true or false"),
    ("EMERGENCY_SHUTDOWN_TIMEOUT", "0", "1 to 3,600"),
    ("LATE_AFTER_MINUTES", "0", "1 to 60"),
    ("LATE_AFTER_MINUTES", "61", "1 to 60"),
    ("ENTRY_WINDOW_MINUTES", "9", "10 to 385"),
    ("ENTRY_WINDOW_MINUTES", "386", "10 to 385"),
    ("HEARTBEAT_URL", "http://hc.example/abc", "not an https address"),
    ("HEARTBEAT_URL", "https://me:word@hc.example/abc", "a user, a password or a fragment"),
    ("HEARTBEAT_URL", "https://hc.example/abc#d", "a user, a password or a fragment"),
    ("DAILY_LOSS_ACTION", "sell", "stop or reduce"),
    ("LIMIT_BREACH_TOLERANCE_PCT", "101%", "100%"),
    ("FAILED_RUNS_LIMIT", "0", "1 to 1,000"),
    ("BREAK_HALT_VALUE", "0", "1 to 1,000,000,000"),
    ("BREAKS_HALT_ENDS", "never", "explained or resume"),
    ("BACKUP_KEEP", "0", "1 to 10,000"),
    ("PAPER_START", "2007-02-30", "2007-01-03"),
    ("PAPER_START", "03.01.2007", "YYYY-MM-DD"),
    ("PAPER_START", "20070103", "YYYY-MM-DD"),
    ("PAPER_ADVANCE", "hourly", "manual or daily"),
    ("PAPER_STARTING_CASH", "99", "100 to 1,000,000,000"),
    ("PAPER_SLIPPAGE_PCT", "11%", "10%"),
    ("ENTRY_FILL_SECONDS", "181", "5 to 180"),
    ("PAPER_COMMISSION_PER_SHARE", "10.01", "0 to 10"),
    ("PAPER_COMMISSION_MIN", "1001", "0 to 1,000"),
    ("ROBINHOOD_ACCOUNT", "12-34", "6 to 32 letters and digits"),
    ("ROBINHOOD_BASE_URL", "https://api.robinhood.com", "not an address of this machine"),
    ("ROBINHOOD_ENTRY_COLLAR_PCT", "6%", "0.1% to 5%"),
    ("ROBINHOOD_REQUEST_GAP_MS", "10001", "0 to 10,000"),
    ("WEB_HOST", "trade.example.org", "127.0.0.1, ::1"),
    ("WEB_PORT", "65536", "0 to 65,535"),
    ("WEB_ALLOWED_HOSTS", "https://trade.example.org", "trade.example.org"),
    ("WEB_TRUSTED_PROXY", "0.0.0.0/0", "not every address"),
    ("WEB_TRUSTED_PROXY", "proxy", "192.0.2.7"),
    ("WEB_SESSION_HOURS", "0", "1 to 8,760"),
    ("ENABLE_DASHBOARD", "maybe", "true or false"),
    ("TRADEBOT_STATE_DIR", "state", "absolute path"),
    ("TRADEBOT_NOW", "2026-11-20T09:35:00", "with its offset"),
    ("TRADEBOT_NOW", "0001-01-01T00:00:00Z", "not an instant"),
]  # fmt: skip
#: Any text is a secret, and any text names a file; whether it is there is seen when it is opened.
TAKES_ANYTHING = {
    "ROBINHOOD_USERNAME", "ROBINHOOD_PASSWORD", "ROBINHOOD_MFA_SECRET",
    "EMAIL_USERNAME", "EMAIL_PASSWORD",
    "STRATEGIES_DIR", "LOG_DIR", "BACKUP_DIR", "BACKUP_REQUIRE_MOUNT", "PAPER_DATA", "PAPER_ACTIONS", "TRADEBOT_HOME",
    "WEB_TLS_CERT", "WEB_TLS_KEY",
}  # fmt: skip


@pytest.mark.parametrize(("name", "value", "words"), REFUSED)
def test_a_value_out_of_range_is_refused_with_what_may_be_written(
    problems_of: ProblemsOf, name: str, value: str, words: str
) -> None:
    (problem,) = problems_of(environ={name: value})
    assert problem.where == f"{name} (environment)"
    assert words in str(problem)
    assert problem.fix.endswith(".")


def test_every_setting_is_tried_out_of_range() -> None:
    names = {row.name for section in sections() for row in section.rows}
    assert names == {name for name, _, _ in REFUSED} | TAKES_ANYTHING


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("MAX_POSITION_SIZE_PCT", "3%", Decimal("0.03")),
        ("MAX_POSITION_SIZE_PCT", "3 %", Decimal("0.03")),
        ("MAX_POSITION_SIZE_PCT", "0.03", Decimal("0.03")),
        ("MAX_POSITION_SIZE_PCT", ".03", Decimal("0.03")),
        ("MAX_GROSS_EXPOSURE_PCT", "150%", Decimal("1.5")),
        ("RISK_PER_TRADE_PCT", "0.5%", Decimal("0.005")),
        ("RISK_PER_TRADE_PCT", "5%", Decimal("0.05")),
        ("PAPER_SLIPPAGE_PCT", "0", Decimal(0)),
        ("TRADING_MODE", "Paper", "paper"),
        ("LOG_LEVEL", "debug", "DEBUG"),
        ("EMERGENCY_STOP_ENABLED", "YES", True),
        ("EMERGENCY_STOP_ENABLED", "0", False),
        ("SYMBOLS", " aapl, brk.b ,", ("AAPL", "BRK.B")),
        ("PAPER_START", "2008-02-29", date(2008, 2, 29)),
        ("PAPER_COMMISSION_PER_SHARE", "0.0035", Decimal("0.0035")),
        ("ALPACA_BASE_URL", "http://127.0.0.1:4010/", "http://127.0.0.1:4010"),
        ("ALPACA_BASE_URL", "https://paper-api.alpaca.markets/v2", "https://paper-api.alpaca.markets"),
        ("LOG_DIR", "/var/log/tradebot", Path("/var/log/tradebot")),
    ],
)  # fmt: skip
def test_a_value_is_read_as_it_is_meant(load_home: LoadHome, name: str, text: str, value: object) -> None:
    assert getattr(load_home(environ={name: text}).settings, name.lower()) == value


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    for section in sections():
        for row in section.rows:
            value = _read_or_refuse(lambda field_type=row.type: field_type.read(text))  # type: ignore[misc]
            if value is not None and not row.type.secret:
                assert row.type.read(row.type.show(value)) == value


def _read_or_refuse(read: Callable[[], object]) -> object:
    try:
        return read()
    except InvalidValue as error:
        assert error.what
        assert error.fix
        return None
