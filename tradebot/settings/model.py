"""The settings, once: names, kinds, defaults and meanings. Everything said about them elsewhere is made from here.

A field is the lower-case name of its environment variable. Each section is a class of its own, so that its docstring
can head its part of env.example and of docs/configuration.md.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from tradebot.core import ids
from tradebot.core.limits import Limits
from tradebot.settings.kinds import (
    Choice,
    Count,
    DatabaseUrl,
    Day,
    Money,
    Names,
    Percent,
    Place,
    Secret,
    Switch,
    Url,
)


class TradingMode(StrEnum):
    PAPER = "paper"
    LIVE = "live"


class BrokerName(StrEnum):
    PAPER = "paper"
    ALPACA = "alpaca"
    ROBINHOOD = "robinhood"


class AlpacaFeed(StrEnum):
    IEX = "iex"
    SIP = "sip"


class LogLevel(StrEnum):
    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


class PaperAdvance(StrEnum):
    MANUAL = "manual"
    DAILY = "daily"


class ProcessOnly:
    """Marks a setting that is read from the process environment alone: it says where `.env` itself is found."""


_NAME_OF_STRATEGY = Names(ids.STRATEGY_NAME, "strategy", "strategies", "rsi2_mean_reversion,momentum_rotation")
_SYMBOL = Names(ids.SYMBOL, "symbol", "symbols", "AAPL,BRK.B", upper=True)


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class BrokerSettings(Section):
    """Broker and account"""

    trading_mode: Annotated[TradingMode, Choice(TradingMode)] = Field(
        TradingMode.PAPER, description="Trade with play money or with real money; live needs the next switch as well."
    )
    live_trading_enabled: Annotated[bool, Switch()] = Field(
        False, description="The second switch that real money needs."
    )
    broker: Annotated[BrokerName, Choice(BrokerName)] = Field(
        BrokerName.PAPER, description="Where the account is; paper is the embedded exchange."
    )
    alpaca_api_key: Annotated[SecretStr | None, Secret()] = Field(None, description="The key id of Alpaca's API.")
    alpaca_secret_key: Annotated[SecretStr | None, Secret()] = Field(
        None, description="The secret that belongs to ALPACA_API_KEY."
    )
    alpaca_base_url: Annotated[str | None, Url()] = Field(
        None, description="Alpaca's trading address; blank takes the one that TRADING_MODE calls for."
    )
    alpaca_data_url: Annotated[str | None, Url()] = Field(
        None, description="Alpaca's market data address; blank takes Alpaca's own."
    )
    alpaca_feed: Annotated[AlpacaFeed, Choice(AlpacaFeed)] = Field(
        AlpacaFeed.IEX, description="Alpaca's price feed; iex is the free one."
    )
    robinhood_username: Annotated[SecretStr | None, Secret()] = Field(None, description="The login at Robinhood.")
    robinhood_password: Annotated[SecretStr | None, Secret()] = Field(None, description="The password at Robinhood.")
    robinhood_mfa_secret: Annotated[SecretStr | None, Secret()] = Field(
        None, description="The secret of Robinhood's two-factor login, not a six-digit code."
    )


class StrategySettings(Section):
    """Strategies"""

    strategies: Annotated[tuple[str, ...], _NAME_OF_STRATEGY] = Field(
        ("tsla_improved_strategy", "rsi2_mean_reversion", "momentum_rotation"),
        description="The strategies that trade; where two want one symbol, the first to hold it owns it.",
    )
    strategies_dir: Annotated[Path, Place("folder")] = Field(
        Path("strategies"), description="Your own strategies, which come before shipped ones of the same name."
    )
    symbols: Annotated[tuple[str, ...] | None, _SYMBOL] = Field(
        None, description="Trade these symbols instead of those that the strategies name; blank means theirs."
    )


class FileSettings(Section):
    """Ledger and logs"""

    database_url: Annotated[str, DatabaseUrl()] = Field(
        "sqlite:///trading_robot.db", description="The ledger's database."
    )
    log_dir: Annotated[Path, Place("folder")] = Field(Path("logs"), description="The folder of the log files.")
    log_level: Annotated[LogLevel, Choice(LogLevel)] = Field(
        LogLevel.INFO, description="The least important line that the log files take."
    )


class LimitSettings(Section):
    """Limits; percentages are of equity unless said otherwise"""

    max_positions: Annotated[int, Count(1, 1000)] = Field(10, description="Positions held at once.")
    max_position_size_pct: Annotated[Decimal, Percent("0.1%", "100%")] = Field(
        Decimal("0.10"), description="Value of one position."
    )
    max_portfolio_risk_pct: Annotated[Decimal, Percent("0.05%", "50%")] = Field(
        Decimal("0.05"), description="What all positions would lose together if every stop were hit."
    )
    max_gross_exposure_pct: Annotated[Decimal, Percent("1%", "400%")] = Field(
        Decimal("1.00"), description="Value of all positions, longs and shorts added."
    )
    risk_per_trade_pct: Annotated[Decimal, Percent("0.01%", "5%")] = Field(
        Decimal("0.005"), description="What one trade loses when its stop is hit; it sizes the order."
    )
    default_stop_loss_pct: Annotated[Decimal, Percent("0.1%", "50%")] = Field(
        Decimal("0.02"), description="Distance of the stop from the entry price, for strategies that name none."
    )
    default_take_profit_pct: Annotated[Decimal, Percent("0.1%", "500%")] = Field(
        Decimal("0.04"), description="Distance of the target from the entry price, for strategies that leave it open."
    )
    daily_loss_limit_pct: Annotated[Decimal, Percent("0.1%", "50%")] = Field(
        Decimal("0.03"), description="Loss since the previous close that stops entries until the next session."
    )
    emergency_stop_loss_pct: Annotated[Decimal, Percent("0.5%", "75%")] = Field(
        Decimal("0.10"), description="Fall from the equity's peak that halts the account until `tradebot resume`."
    )
    max_daily_trades: Annotated[int, Count(1, 1000)] = Field(20, description="Entries sent in one session.")
    min_order_value: Annotated[Decimal, Money("1", "1000000")] = Field(
        Decimal(100), description="Entries of a smaller value are not worth their cost."
    )
    max_order_value: Annotated[Decimal, Money("1", "10000000")] = Field(
        Decimal(10000), description="Value of one entry."
    )
    allow_short: Annotated[bool, Switch()] = Field(False, description="Let strategies sell short.")


class EmergencySettings(Section):
    """Emergency"""

    emergency_stop_enabled: Annotated[bool, Switch()] = Field(
        False, description="true halts every command; only you can take it back, `tradebot resume` does not."
    )
    emergency_close_positions: Annotated[bool, Switch()] = Field(
        False, description="Let every emergency stop close all positions, as --close-positions does."
    )


class PaperSettings(Section):
    """The embedded exchange (BROKER=paper)"""

    paper_data: Annotated[Path | None, Place("CSV or Parquet file")] = Field(
        None, description="Your own daily bars; blank means the bundled ones."
    )
    paper_actions: Annotated[Path | None, Place("CSV or Parquet file")] = Field(
        None, description="The splits and dividends that belong to PAPER_DATA."
    )
    paper_start: Annotated[date | None, Day()] = Field(
        None, description="The exchange's first session; blank chooses one on which the shipped strategies trade."
    )
    paper_advance: Annotated[PaperAdvance, Choice(PaperAdvance)] = Field(
        PaperAdvance.MANUAL,
        description="How a new session begins: with `tradebot paper next`, or on each New York session date.",
    )
    paper_starting_cash: Annotated[Decimal, Money("100", "1000000000")] = Field(
        Decimal(100000), description="What a new account holds."
    )
    paper_slippage_pct: Annotated[Decimal, Percent("0%", "10%")] = Field(
        Decimal("0.0005"), description="How much worse than the price seen a market order is filled."
    )
    paper_commission_per_share: Annotated[Decimal, Money("0", "10", places=6)] = Field(
        Decimal("0.005"), description="Commission for each share."
    )
    paper_commission_min: Annotated[Decimal, Money("0", "1000")] = Field(
        Decimal("1.00"), description="The least commission of an order."
    )


class PlaceSettings(Section):
    """Places; read from the process environment only, because they say where `.env` is found"""

    tradebot_home: Annotated[Path, Place("folder", "the current folder"), ProcessOnly()] = Field(
        Path(), description="The home: where `.env`, database, logs and state live; --home wins."
    )
    tradebot_state_dir: Annotated[Path | None, Place("folder", base=""), ProcessOnly()] = Field(
        None, description="Where the user's list of homes and account locks live; blank is the system's own place."
    )


class Settings(
    PlaceSettings, PaperSettings, EmergencySettings, LimitSettings, FileSettings, StrategySettings, BrokerSettings
):
    """The validated configuration of one home. ``tradebot.settings.load`` makes it; tests may make it directly."""

    @property
    def home(self) -> Path:
        """The folder that relative paths count from; absolute when ``load`` made it."""
        return self.tradebot_home

    @property
    def database_path(self) -> Path:
        return self.home / self.database_url.removeprefix("sqlite:///")

    @property
    def log_path(self) -> Path:
        return self.home / self.log_dir

    @property
    def strategies_path(self) -> Path:
        return self.home / self.strategies_dir

    @property
    def paper_data_path(self) -> Path | None:
        return self.home / self.paper_data if self.paper_data else None

    @property
    def paper_actions_path(self) -> Path | None:
        return self.home / self.paper_actions if self.paper_actions else None

    @property
    def state_path(self) -> Path:
        """The user's own folder, shared by all homes."""
        from platformdirs import user_state_path

        return self.tradebot_state_dir or user_state_path("tradebot")

    def limits(self) -> Limits:
        """The limits as core compares them."""
        return Limits(
            max_positions=self.max_positions,
            max_position_size_pct=self.max_position_size_pct,
            max_portfolio_risk_pct=self.max_portfolio_risk_pct,
            max_gross_exposure_pct=self.max_gross_exposure_pct,
            risk_per_trade_pct=self.risk_per_trade_pct,
            default_stop_loss_pct=self.default_stop_loss_pct,
            default_take_profit_pct=self.default_take_profit_pct,
            daily_loss_limit_pct=self.daily_loss_limit_pct,
            emergency_stop_loss_pct=self.emergency_stop_loss_pct,
            max_daily_trades=self.max_daily_trades,
            min_order_value=self.min_order_value,
            max_order_value=self.max_order_value,
            allow_short=self.allow_short,
        )

    def secrets(self) -> tuple[str, ...]:
        """The texts that must appear in no log."""
        values = (getattr(self, name) for name in type(self).model_fields)
        return tuple(value.get_secret_value() for value in values if isinstance(value, SecretStr))
