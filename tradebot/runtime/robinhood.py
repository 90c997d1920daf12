"""Wires Robinhood: its account and its market data, with the addresses and tokens of the user."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

from tradebot.brokers.http.api import Api
from tradebot.brokers.http.client import Client
from tradebot.brokers.http.json_cache import JsonCache
from tradebot.brokers.http.timeouts import EMERGENCY, RealPause, Timeouts
from tradebot.brokers.robinhood.auth.session import LOCK_SECONDS, URGENT_LOCK_SECONDS, StoredSession
from tradebot.brokers.robinhood.auth.token_file import TokenFile
from tradebot.brokers.robinhood.auth.token_requests import TokenRequests
from tradebot.brokers.robinhood.broker import Login, RobinhoodBroker, Surroundings
from tradebot.brokers.robinhood.data import RobinhoodMarket
from tradebot.brokers.robinhood.data.live_prices import RobinhoodLivePrices
from tradebot.brokers.robinhood.data.stored_benchmark import stored_benchmark
from tradebot.brokers.robinhood.hosts import account_host, transfers_host
from tradebot.brokers.robinhood.instruments import InstrumentBook
from tradebot.brokers.robinhood.pacing import RequestGap, TokenPace
from tradebot.brokers.robinhood.response_meaning import parse_response
from tradebot.errors import AuthNeeded, ConfigError
from tradebot.home import paths
from tradebot.market.price_file import PriceFile
from tradebot.ports import Calendar, Clock, SendGuard
from tradebot.settings import BrokerName, Settings, TradingMode
from tradebot.settings.endpoints import Endpoint

#: How long a response may be used again, so that many symbols and orders make a few requests.
FRESH_FOR = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class RobinhoodApis:
    """The hosts of Robinhood with the session of the user, which all of them share with one pace."""

    account: Api  # the account, orders and prices
    transfers: Api
    session: StoredSession


def token_file(settings: Settings) -> TokenFile:
    """The file that holds the tokens of the login of these settings."""
    username = settings.robinhood_username
    return TokenFile(settings.state_path, username.reveal() if username else "", settings.robinhood_base_url or "")


def open_apis(
    settings: Settings, clock: Clock, timeouts: Timeouts, guard: SendGuard | None = None, *, renews: bool = True
) -> RobinhoodApis:
    """The hosts, with nothing asked and no token read yet. With the time-outs of an emergency nothing is delayed.

    renews: whether the session may be renewed.
    """
    urgent, pause = timeouts is EMERGENCY, RealPause()
    pacing = RequestGap(settings.robinhood_request_gap_ms / 1000, urgent=urgent)
    account = account_host(settings.robinhood_base_url)
    session = StoredSession(
        token_file(settings),
        TokenRequests(account, TokenPace(pacing), pause, timeouts),
        clock.wall,
        URGENT_LOCK_SECONDS if urgent else LOCK_SECONDS,
        renews=renews,
    )

    def api(endpoint: Endpoint) -> Api:
        return Api(Client(endpoint, timeouts), session, parse_response, pacing, pause, timeouts, guard)

    return RobinhoodApis(api(account), api(transfers_host(settings.robinhood_base_url)), session)


def account_number(settings: Settings, session: StoredSession) -> str:
    """The number of the account to trade: that of the settings, else the one that was chosen at login.

    Raises AuthNeeded.
    """
    if settings.robinhood_account is not None:
        return settings.robinhood_account.reveal()
    if number := session.account_number:
        return number
    raise AuthNeeded("no account at Robinhood is chosen: run `tradebot auth robinhood`, or set ROBINHOOD_ACCOUNT.")


def open_market(settings: Settings, api: Api, clock: Clock, calendar: Calendar) -> RobinhoodMarket:
    """The market data. Bars from before those of Robinhood come from PAPER_DATA, where it is set."""
    older = PriceFile(settings.paper_data_path, settings.paper_actions_path) if settings.paper_data else None
    return RobinhoodMarket(api, paths.state_folder(settings.home), clock, calendar, older, FRESH_FOR)


def past_benchmark(settings: Settings, calendar: Calendar, first: date, last: date) -> Sequence[tuple[date, float]]:
    """The closes of the S&P 500's fund that jobs have kept in the home."""
    host = account_host(settings.robinhood_base_url).host
    return stored_benchmark(paths.state_folder(settings.home), host, calendar, first, last)


def open_robinhood(
    settings: Settings,
    clock: Clock,
    calendar: Calendar,
    timeouts: Timeouts,
    guard: SendGuard | None = None,
    *,
    renews: bool = True,
) -> tuple[RobinhoodBroker, RobinhoodMarket]:
    """The broker and its market data. On paper no account is named, so that none can be asked for.

    Raises AuthNeeded where no account was chosen to trade live.
    """
    apis = open_apis(settings, clock, timeouts, guard, renews=renews)
    market = open_market(settings, apis.account, clock, calendar)
    folder = paths.state_folder(settings.home)
    surroundings = Surroundings(
        clock=clock,
        quotes=market.quotes,
        cache_folder=folder,
        sent_orders=paths.sent_orders_file(settings.home),
        strategies=partial(_strategy_names, settings),
        sessions=partial(_decision_sessions, calendar),
        must_record=timeouts is not EMERGENCY,
    )
    live = settings.trading_mode is TradingMode.LIVE
    login = Login(apis.account, apis.transfers, account_number(settings, apis.session) if live else "")
    cache = JsonCache(folder, BrokerName.ROBINHOOD, "instruments", apis.account.endpoint.host)
    instruments = InstrumentBook(apis.account, cache, clock)
    return RobinhoodBroker(login, surroundings, settings.robinhood_entry_collar_pct, instruments), market


def open_live_prices(
    settings: Settings, market: RobinhoodMarket, clock: Clock, calendar: Calendar
) -> RobinhoodLivePrices:
    """The prices that an embedded exchange follows. The dividends are those of PAPER_ACTIONS."""
    older = PriceFile(settings.paper_data_path, settings.paper_actions_path) if settings.paper_data else None
    return RobinhoodLivePrices(market, clock, calendar, older)


def _strategy_names(settings: Settings) -> frozenset[str]:
    """The names that an order of this home can carry: those of the settings, and those of every strategy found here."""
    from tradebot.plugins.discovery import discover  # few orders have to be told by their possible ids

    with suppress(ConfigError):
        return frozenset(settings.strategies) | {found.name for found in discover([settings.strategies_path])}
    return frozenset(settings.strategies)


def _decision_sessions(calendar: Calendar, day: date) -> tuple[date, ...]:
    """The sessions in which an order of a New York date can have been decided: that of the date and the one before."""
    return (day, calendar.previous(day).session)
