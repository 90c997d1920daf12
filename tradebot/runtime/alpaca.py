"""Alpaca as a venue: its account and its prices, at the addresses and with the keys of the settings."""

from __future__ import annotations

from datetime import timedelta

from tradebot.brokers.alpaca.broker import AlpacaBroker
from tradebot.brokers.alpaca.data import AlpacaMarket
from tradebot.brokers.http.api import Api
from tradebot.brokers.http.rate_limit import RateLimiter
from tradebot.brokers.http.timeouts import RealPause, Timeouts
from tradebot.errors import ConfigError, Problem
from tradebot.home import paths
from tradebot.market.calendar import NyseCalendar
from tradebot.ports import Broker, Clock, MarketData
from tradebot.settings import Settings, TradingMode
from tradebot.settings.alpaca_urls import DATA_URL, LIVE_URL, PAPER_URL, Endpoint, Keys

#: An answer of this age may be used again, so that a few hundred symbols and a dozen orders ask a few questions.
FRESH_FOR = timedelta(seconds=5)


def wired(settings: Settings, clock: Clock, patience: Timeouts) -> tuple[Broker, MarketData]:
    """The account and the prices. Raises ConfigError without keys, which only an emergency stop comes here without."""
    keys = _keys(settings)
    trading, data = (Api(place, keys, RateLimiter(), RealPause(), patience) for place in _places(settings))
    kept = paths.state_folder(settings.home)
    market = AlpacaMarket(data, kept, settings.alpaca_feed, clock, NyseCalendar(), FRESH_FOR)
    return AlpacaBroker(trading, settings.trading_mode, kept), market


def _places(settings: Settings) -> tuple[Endpoint, Endpoint]:
    """The trading and the data service."""
    own = LIVE_URL if settings.trading_mode is TradingMode.LIVE else PAPER_URL
    return Endpoint(settings.alpaca_base_url or own), Endpoint(settings.alpaca_data_url or DATA_URL, "ALPACA_DATA_URL")


def _keys(settings: Settings) -> Keys:
    if settings.alpaca_api_key is None or settings.alpaca_secret_key is None:
        fix = "Set ALPACA_API_KEY and ALPACA_SECRET_KEY."
        raise ConfigError([Problem("BROKER", "nothing can be asked of alpaca without its keys", fix)])
    return Keys(settings.alpaca_api_key.reveal(), settings.alpaca_secret_key.reveal())
