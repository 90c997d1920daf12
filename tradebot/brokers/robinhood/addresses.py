"""The addresses of Robinhood's services, as robin-stocks has them, as paths below their hosts."""

from __future__ import annotations

from urllib.parse import urlsplit

from robin_stocks.robinhood import urls


def _path(url: str) -> str:
    """The path of an address, which ends with a slash: without one Robinhood redirects."""
    return f"{urlsplit(url).path.rstrip('/')}/"


# On the host of the account.
ACCOUNTS = _path(urls.account_profile_url())
CASH_SWEEPS = _path(urls.interest_url())
DIVIDENDS = _path(urls.dividends_url())
HISTORICALS = _path(urls.historicals_url())
INSTRUMENTS = _path(urls.instruments_url())
MARGIN_INTEREST = _path(urls.margininterest_url())
ORDERS = _path(urls.orders_url())
POSITIONS = _path(urls.positions_url())
QUOTES = _path(urls.quotes_url())
SPLIT_PAYMENTS = "/corp_actions/v2/split_payments/"  # captured; robin-stocks does not have it
STOCK_LOANS = _path(urls.stockloan_url())
SUBSCRIPTION_FEES = _path(urls.subscription_url())
# On the host of transfers.
TRANSFERS = _path(urls.unifiedtransfers_url())


def account(number: str) -> str:
    """One account."""
    return _path(urls.account_profile_url(number))


def order(order_id: str) -> str:
    """One order."""
    return _path(urls.orders_url(order_id))


def cancel(order_id: str) -> str:
    """Where the cancel of an order is asked for."""
    return _path(urls.cancel_url(order_id))


def splits(instrument_id: str) -> str:
    """The splits of one instrument. robin-stocks has the same path, but asks for the id of a symbol to make it."""
    return f"{INSTRUMENTS}{instrument_id}/splits/"


def portfolio(account: str) -> str:
    """The values of an account."""
    return _path(urls.portfolio_profile_url(account))


def portfolio_history(account: str) -> str:
    """The values of an account in the past."""
    return _path(urls.portfolis_historicals_url(account))


def market_hours(market: str, day: str) -> str:
    """The hours of an exchange on a date."""
    return _path(urls.market_hours_url(market, day))
