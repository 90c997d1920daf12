"""The model of the settings: name, type, default, bounds and meaning of each.

A field is the lower-case name of its environment variable. A section is a class whose docstring is its title in
env.example and docs/configuration.md.
"""

# ruff: noqa: RUF009 - `setting` makes the dataclass's fields, as `field` does

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from pathlib import Path

from tradebot.core.model import order_ids
from tradebot.core.model.limits import Limits
from tradebot.core.model.schedule import ScheduleRules
from tradebot.settings.alert_model import AlertSettings
from tradebot.settings.alpaca_fields import ApiKey, ApiUrl
from tradebot.settings.alpaca_urls import DATA_URL, LIVE_URL, PAPER_URL
from tradebot.settings.endpoints import is_loopback_url
from tradebot.settings.field_types import Choice, Day, Instant, Names, Switch, UserName, setting
from tradebot.settings.ledger_location import LedgerLocation, LedgerServer
from tradebot.settings.limit_model import SYMBOLS, EmergencySettings, LimitSettings
from tradebot.settings.number_fields import Count, Money, Percent
from tradebot.settings.path_fields import FilePath
from tradebot.settings.robinhood_fields import AccountNumber, LoopbackUrl
from tradebot.settings.secret_fields import Secret, SecretText
from tradebot.settings.url_fields import DatabaseUrl, SecretUrl
from tradebot.settings.user_folder import user_state_folder
from tradebot.settings.web_model import WebSettings


class TradingMode(StrEnum):
    """Whether an account holds play money or real money."""

    PAPER = "paper"
    LIVE = "live"


class BrokerName(StrEnum):
    """The brokers; PAPER is the embedded exchange."""

    PAPER = "paper"
    ALPACA = "alpaca"
    ROBINHOOD = "robinhood"


class AlpacaFeed(StrEnum):
    """The price feeds of Alpaca: IEX alone, or all exchanges (SIP)."""

    IEX = "iex"
    SIP = "sip"


class LogLevel(StrEnum):
    """The lowest level that the log files take."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


class PaperAdvance(StrEnum):
    """How the embedded exchange begins a session: by `tradebot paper next`, or on each New York session date."""

    MANUAL = "manual"
    DAILY = "daily"


_STRATEGIES = Names(order_ids.STRATEGY_NAME, "strategy", "strategies", "rsi2_mean_reversion,momentum_rotation")


@dataclass(frozen=True, kw_only=True)
class BrokerSettings:
    """Broker and account"""

    trading_mode: TradingMode = setting(
        TradingMode.PAPER,
        Choice(TradingMode),
        "Trade with play money or with real money; live needs the next switch as well.",
    )
    live_trading_enabled: bool = setting(False, Switch(), "The second switch that real money needs.")
    broker: BrokerName = setting(
        BrokerName.PAPER, Choice(BrokerName), "Where the account is; paper is the embedded exchange."
    )
    alpaca_api_key: SecretText | None = setting(None, ApiKey(), "The key id of Alpaca's API.")
    alpaca_secret_key: SecretText | None = setting(None, ApiKey(), "The secret that belongs to ALPACA_API_KEY.")
    alpaca_base_url: str | None = setting(
        None,
        ApiUrl((PAPER_URL, LIVE_URL)),
        "Alpaca's trading address; blank takes the one that TRADING_MODE calls for.",
    )
    alpaca_data_url: str | None = setting(
        None, ApiUrl((DATA_URL,)), "Alpaca's market data address; blank takes Alpaca's own."
    )
    alpaca_feed: AlpacaFeed = setting(AlpacaFeed.IEX, Choice(AlpacaFeed), "Alpaca's price feed; iex is the free one.")
    robinhood_username: SecretText | None = setting(
        None, Secret(), "The login at Robinhood; it names the token file that `tradebot auth robinhood` makes."
    )
    robinhood_password: SecretText | None = setting(
        None, Secret(), "The password at Robinhood, which only `tradebot auth robinhood` uses; blank: it asks."
    )
    robinhood_mfa_secret: SecretText | None = setting(
        None,
        Secret(),
        "The secret of Robinhood's two-factor login, not a six-digit code; only `tradebot auth robinhood` uses it.",
    )
    robinhood_account: SecretText | None = setting(
        None,
        AccountNumber(),
        "The account's number; blank: the one that `tradebot auth robinhood` chose.",
    )
    robinhood_base_url: str | None = setting(
        None,
        LoopbackUrl(),
        "A stand-in for Robinhood on this machine, for tests; blank takes Robinhood itself.",
    )
    robinhood_entry_collar_pct: Decimal = setting(
        Decimal("0.01"),
        Percent("0.1%", "5%"),
        "How far above the price that it was planned at an entry at Robinhood may fill: the limit of its order.",
    )
    robinhood_request_gap_ms: int = setting(
        400, Count(0, 10000), "The least milliseconds between two requests to Robinhood."
    )


@dataclass(frozen=True, kw_only=True)
class StrategySettings:
    """Strategies"""

    strategies: tuple[str, ...] = setting(
        ("tsla_improved_strategy", "rsi2_mean_reversion", "momentum_rotation"),
        _STRATEGIES,
        "The strategies that trade; where two want one symbol, the first to hold it owns it.",
    )
    strategies_dir: Path = setting(
        Path("strategies"), FilePath("folder"), "Your own strategies, which come before shipped ones of the same name."
    )
    symbols: tuple[str, ...] | None = setting(
        None, SYMBOLS, "Trade these symbols instead of those that the strategies name; blank means theirs."
    )
    strategy_memory_mb: int = setting(
        4096,
        Count(0, 1000000),
        "Megabytes of memory that a strategy may use, where the system can limit it; 0 for no limit.",
    )
    strategy_user: str | None = setting(
        None,
        UserName(),
        "The user that the strategies' process runs as, where tradebot runs as root; blank for tradebot's own.",
    )


@dataclass(frozen=True, kw_only=True)
class StorageSettings:
    """Ledger and logs"""

    database_url: LedgerLocation = setting(Path("trading_robot.db"), DatabaseUrl(), "The ledger's database.")
    database_weak_tls: bool = setting(
        False, Switch(), "Let a DATABASE_URL on another machine do without sslmode=verify-full."
    )
    database_admin_url: LedgerLocation | None = setting(
        None,
        DatabaseUrl(),
        "The same database as a user who may make tables and roles; only `tradebot init-db` uses it.",
        process_only=True,
    )
    log_dir: Path = setting(Path("logs"), FilePath("folder"), "The folder of the log files.")
    backup_dir: Path = setting(Path("backups"), FilePath("folder"), "The folder of the ledger's backups.")
    backup_require_mount: Path | None = setting(
        None,
        FilePath("folder or file"),
        "Without this there is no backup into BACKUP_DIR: a folder at which a drive has to be mounted, or a file that "
        "lies on the drive; blank asks for neither.",
    )
    backup_keep: int = setting(14, Count(1, 10000), "This home's backups that are kept; older ones are removed.")
    log_level: LogLevel = setting(LogLevel.INFO, Choice(LogLevel), "The least important line that the log files take.")
    log_keep_weeks: int = setting(52, Count(1, 1000), "Weeks for which log files are kept, packed once they are over.")


@dataclass(frozen=True, kw_only=True)
class ScheduleSettings:
    """Schedule"""

    late_after_minutes: int = setting(
        15, Count(1, 60), "Minutes after which a job that was due and begins only then counts as late."
    )
    entry_window_minutes: int = setting(
        120,
        Count(10, 385),
        "Minutes after the open in which run-daily still enters; later the decision on the previous close is stale.",
    )
    entry_fill_seconds: int = setting(
        60,
        Count(5, 180),
        "Seconds after which an entry that is not filled whole is ended; what was bought gets its stop then.",
    )
    heartbeat_url: SecretText | None = setting(
        None,
        SecretUrl(),
        "Pinged when a job of the schedule starts (URL/start), succeeds (URL) and fails (URL/EXIT CODE), as "
        "healthchecks.io takes it; {job} stands for the job's name.",
    )


@dataclass(frozen=True, kw_only=True)
class PaperSettings:
    """The embedded exchange (BROKER=paper)"""

    paper_data: Path | None = setting(
        None,
        FilePath("CSV or Parquet file"),
        "Your own daily bars, as `tradebot data import` writes them; blank means the bundled ones. Parquet needs "
        '`pip install "tradebot[parquet]"`.',
    )
    paper_actions: Path | None = setting(
        None, FilePath("CSV or Parquet file"), "The corporate actions that belong to PAPER_DATA."
    )
    paper_start: date | None = setting(
        None,
        Day(),
        "The exchange's first session; blank: one on which the shipped strategies trade, with PAPER_DATA the first "
        "that has the strategies' warm-up behind it.",
    )
    paper_advance: PaperAdvance = setting(
        PaperAdvance.MANUAL,
        Choice(PaperAdvance),
        "How a new session begins: with `tradebot paper next`, or on each New York session date.",
    )
    paper_starting_cash: Decimal = setting(Decimal(100000), Money("100", "1000000000"), "What a new account holds.")
    paper_slippage_pct: Decimal = setting(
        Decimal("0.0005"), Percent("0%", "10%"), "How much worse than the price seen a market order is filled."
    )
    paper_commission_per_share: Decimal = setting(
        Decimal("0.005"),
        Money("0", "10", places=6),
        "Commission for each share; none on paper at a broker's live prices.",
    )
    paper_commission_min: Decimal = setting(
        Decimal("1.00"), Money("0", "1000"), "The least commission of an order; as above."
    )


@dataclass(frozen=True, kw_only=True)
class LocationSettings:
    """Places; read from the process environment only, because they say where `.env` is found"""

    tradebot_home: Path = setting(
        Path(),
        FilePath("folder", "the current folder"),
        "The home: where `.env`, database, logs and state live; --home wins.",
        process_only=True,
    )
    tradebot_state_dir: Path | None = setting(
        None,
        FilePath("folder", base=""),
        "Where the user's list of homes and account locks live; blank is the system's own place.",
        process_only=True,
    )


@dataclass(frozen=True, kw_only=True)
class LocalBrokerSettings:
    """A broker played on this machine, for tests; read from the process environment only"""

    tradebot_now: datetime | None = setting(
        None,
        Instant(),
        "Begin as if it were this instant; taken only where every broker address is one of this machine.",
        process_only=True,
    )


@dataclass(frozen=True, kw_only=True)
class Settings(
    LocalBrokerSettings,
    LocationSettings,
    WebSettings,
    PaperSettings,
    ScheduleSettings,
    AlertSettings,
    EmergencySettings,
    LimitSettings,
    StorageSettings,
    StrategySettings,
    BrokerSettings,
):
    """The validated configuration of a home. ``tradebot.settings.load`` makes it; tests may make it directly."""

    @property
    def home(self) -> Path:
        """The folder that relative paths count from. It is absolute if ``load`` made the settings."""
        return self.tradebot_home

    @property
    def broker_is_local(self) -> bool:
        """Whether every URL of the broker is on this machine, so that no real order can result."""
        urls = {
            BrokerName.PAPER: (None,),  # nothing is played there by its own clock
            BrokerName.ALPACA: (self.alpaca_base_url, self.alpaca_data_url),
            BrokerName.ROBINHOOD: (self.robinhood_base_url,),
        }[self.broker]
        return all(url and is_loopback_url(url) for url in urls)

    @property
    def start_time(self) -> datetime | None:
        """The time (UTC) at which the process starts its clock, for a local broker; None for the machine's time."""
        return self.tradebot_now if self.broker_is_local else None

    @property
    def ledger(self) -> LedgerLocation:
        """Where the ledger lies."""
        url = self.database_url
        return self.home / url if isinstance(url, Path) else replace(url, weak_tls=self.database_weak_tls)

    @property
    def ledger_admin(self) -> LedgerServer | None:
        """The ledger's database as its administrator; None where the settings do not name one."""
        url = self.database_admin_url
        return replace(url, weak_tls=self.database_weak_tls) if isinstance(url, LedgerServer) else None

    @property
    def ledger_file(self) -> Path | None:
        """The file of the ledger; None for a ledger on a server."""
        return self.ledger if isinstance(self.ledger, Path) else None

    @property
    def log_path(self) -> Path:
        """The folder of the log files."""
        return self.home / self.log_dir

    @property
    def backup_path(self) -> Path:
        """The folder of the ledger's backups."""
        return self.home / self.backup_dir

    @property
    def backup_require_mount_path(self) -> Path | None:
        """The mount point or file that a backup into ``backup_path`` needs; None if it needs none."""
        return self.home / self.backup_require_mount if self.backup_require_mount else None

    @property
    def strategies_path(self) -> Path:
        """The folder of the user's own strategies."""
        return self.home / self.strategies_dir

    @property
    def paper_data_path(self) -> Path | None:
        """The file of the embedded exchange's daily bars; None for the bundled ones."""
        return self.home / self.paper_data if self.paper_data else None

    @property
    def paper_actions_path(self) -> Path | None:
        """The file of the splits and dividends of ``paper_data_path``; None if there is none."""
        return self.home / self.paper_actions if self.paper_actions else None

    @property
    def web_tls_paths(self) -> tuple[Path, Path] | None:
        """The web server's certificate and its key; None unless both are named."""
        if self.web_tls_cert is None or self.web_tls_key is None:
            return None
        return self.home / self.web_tls_cert, self.home / self.web_tls_key

    @property
    def state_path(self) -> Path:
        """The user's state folder, which all homes share; one in the home for a user without a folder."""
        return self.tradebot_state_dir or user_state_folder() or self.home / "state" / "user"

    def limits(self) -> Limits:
        """The limits: every field of ``Limits`` from the setting of the same name."""
        return self._limits

    @cached_property
    def _limits(self) -> Limits:
        values = {item.name: getattr(self, item.name) for item in fields(Limits)}
        lists = {name: frozenset(values[name] or ()) for name in ("allow_symbols", "deny_symbols")}
        return Limits(**{**values, **lists})

    def schedule_rules(self) -> ScheduleRules:
        """The rules that the job schedule goes by."""
        return ScheduleRules(timedelta(minutes=self.late_after_minutes), timedelta(minutes=self.entry_window_minutes))

    def secrets(self) -> tuple[str, ...]:
        """The texts that must appear in no log, table, report or error."""
        values = (getattr(self, item.name) for item in fields(self))
        flattened = (item for value in values for item in (value if isinstance(value, tuple) else (value,)))
        return tuple(item.reveal() for item in flattened if isinstance(item, SecretText))
