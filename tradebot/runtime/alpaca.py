"""Wires Alpaca: its account and its market data, with the addresses and keys of the settings."""

from __future__ import annotations

from datetime import timedelta

from tradebot.brokers.alpaca.authorisation import KeyHeaders, Keys
from tradebot.brokers.alpaca.broker import AlpacaBroker
from tradebot.brokers.alpaca.data import AlpacaMarket
from tradebot.brokers.alpaca.data.stored_prices import StoredPrices
from tradebot.brokers.alpaca.response_meaning import parse_response
from tradebot.brokers.http.api import Api
from tradebot.brokers.http.client import Client
from tradebot.brokers.http.rate_limit import RateLimiter
from tradebot.brokers.http.timeouts import RealPause, Timeouts
from tradebot.errors import ConfigError, Problem
from tradebot.home import paths
from tradebot.ports import Broker, Calendar, Clock, MarketData, SendGuard
from tradebot.settings import Settings, TradingMode
from tradebot.settings.alpaca_urls import DATA_URL, LIVE_URL, PAPER_URL
from tradebot.settings.endpoints import Endpoint

#: How long a response may be used again, so that hundreds of symbols and a dozen orders make a few requests.
FRESH_FOR = timedelta(seconds=5)


def open_alpaca(
    settings: Settings, clock: Clock, calendar: Calendar, timeouts: Timeouts, guard: SendGuard | None = None
) -> tuple[Broker, MarketData]:
    """The broker and its market data. Raises ConfigError without keys, which only an emergency stop may lack."""
    keys = KeyHeaders(_keys(settings))
    trading, data = (
        Api(Client(endpoint, timeouts), keys, parse_response, RateLimiter(), RealPause(), timeouts, guard)
        for endpoint in _endpoints(settings)
    )
    folder = paths.state_folder(settings.home)
    market = AlpacaMarket(data, folder, settings.alpaca_feed, clock, calendar, FRESH_FOR)
    return AlpacaBroker(trading, settings.trading_mode, folder), market


def stored_prices(settings: Settings, calendar: Calendar) -> StoredPrices:
    """The prices that jobs have stored in the home."""
    host = _endpoints(settings)[1].host
    return StoredPrices(paths.state_folder(settings.home), host, settings.alpaca_feed, calendar)


def _endpoints(settings: Settings) -> tuple[Endpoint, Endpoint]:
    """The endpoints of the trading and the data service."""
    default = LIVE_URL if settings.trading_mode is TradingMode.LIVE else PAPER_URL
    return (
        Endpoint(settings.alpaca_base_url or default, "ALPACA_BASE_URL"),
        Endpoint(settings.alpaca_data_url or DATA_URL, "ALPACA_DATA_URL"),
    )


def _keys(settings: Settings) -> Keys:
    if settings.alpaca_api_key is None or settings.alpaca_secret_key is None:
        fix = "Set ALPACA_API_KEY and ALPACA_SECRET_KEY."
        raise ConfigError([Problem("BROKER", "nothing can be asked of alpaca without its keys", fix)])
    return Keys(settings.alpaca_api_key.reveal(), settings.alpaca_secret_key.reveal())
