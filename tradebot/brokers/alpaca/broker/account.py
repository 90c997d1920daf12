"""Parses the account, its positions and its assets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from urllib.parse import quote

from tradebot.brokers.alpaca.broker.option_symbols import contract_size
from tradebot.brokers.alpaca.json_fields import Fields, json_list
from tradebot.brokers.http.api import Api
from tradebot.brokers.http.responses import Json
from tradebot.core.model.account import AccountDay, AccountSnapshot, Asset, Permissions, Position
from tradebot.core.model.exchange_time import new_york_date
from tradebot.core.model.values import ZERO
from tradebot.errors import BrokerUnavailable

_MAY_TRADE = frozenset({"ACTIVE", "PAPER_ONLY"})
_SHORT = "short"
#: The most symbols that are read one by one; for more, the list of all assets is read, some ten thousand.
_MAX_SINGLE_READS = 3


def parse_account(raw: Json) -> AccountSnapshot:
    """Parse GET /v2/account. An account that is not active, or may not trade for any reason, is blocked."""
    fields = Fields(raw, "the account")
    blocks = [fields.flag(name) for name in ("trading_blocked", "account_blocked", "trade_suspended_by_user")]
    return AccountSnapshot(
        account_id=fields.text("account_number"),
        equity=fields.number("equity"),
        last_equity=fields.number("last_equity"),
        cash=fields.number("cash"),
        buying_power=fields.number("buying_power"),
        blocked=any(blocks) or fields.text("status") not in _MAY_TRADE,
        currency=fields.maybe_text("currency") or "USD",
        last_equity_of=_balance_day(fields),
    )


def _balance_day(fields: Fields) -> date | None:
    """The day of the balances of the session before; None where it cannot be read, as nothing is traded by it."""
    try:
        return date.fromisoformat(fields.maybe_text("balance_asof") or "")
    except (BrokerUnavailable, ValueError):
        return None


def parse_permissions(raw: Json) -> Permissions:
    """Parse GET /v2/account/configurations."""
    fields = Fields(raw, "the account's configuration")
    return Permissions(
        trading=not fields.flag("suspend_trade"),
        shorting=not fields.flag("no_shorting"),
        fractions=fields.flag("fractional_trading"),
    )


def parse_days(raw: Json) -> tuple[AccountDay, ...]:
    """Parse GET /v2/account/portfolio/history with a time frame of a day. Days without an equity are left out."""
    fields = Fields(raw, "the portfolio's history")
    timestamps, equities = fields.items("timestamp"), fields.items("equity")
    cash_flows = fields.lists("cashflow")
    if any(len(column) != len(timestamps) for column in (equities, *cash_flows)):
        raise BrokerUnavailable("Alpaca told a history of the portfolio whose columns differ in length.")
    parsed = []
    for timestamp, equity, *flows in zip(timestamps, equities, *cash_flows, strict=True):
        row = Fields({"timestamp": timestamp, "equity": equity}, "a day of the portfolio")
        value = row.maybe_number("equity")
        if value is not None:
            session = new_york_date(row.second("timestamp"))
            amounts = (Fields({"cash": flow}, "a day of the portfolio").maybe_number("cash") for flow in flows)
            parsed.append(AccountDay(session, value, sum((amount or ZERO for amount in amounts), ZERO)))
    return tuple(parsed)


def parse_positions(content: Json) -> tuple[Position, ...]:
    """Parse GET /v2/positions. Positions of zero shares are left out."""
    parsed = (_position(Fields(raw, "a position")) for raw in json_list(content, "positions"))
    return tuple(position for position in parsed if position.quantity != 0)


def _position(fields: Fields) -> Position:
    """One position. It is short if either the quantity or the side says so."""
    symbol, quantity, last = fields.text("symbol"), fields.number("qty"), fields.maybe_number("current_price")
    size, close = contract_size(symbol), fields.maybe_number("lastday_price")
    return Position(
        symbol=symbol,
        quantity=-abs(quantity) if fields.maybe_text("side") == _SHORT else quantity,
        average_price=fields.number("avg_entry_price") * size,
        market_price=(fields.number("lastday_price") if last is None else last) * size,
        asset_id=fields.maybe_text("asset_id"),
        previous_close=None if close is None else close * size,
    )


class AssetQueries:
    """Alpaca's assets. Each is read once, and the list of all at most once, because it does not change meanwhile."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._known: dict[str, Asset | None] = {}
        self._all: dict[str, Asset] | None = None

    def by_symbol(self, symbols: Iterable[str]) -> Mapping[str, Asset]:
        """The assets with these symbols. Unknown symbols and delisted ones are absent. Raises BrokerUnavailable."""
        wanted = tuple(dict.fromkeys(symbols))
        missing = [symbol for symbol in wanted if symbol not in self._known]
        if len(missing) > _MAX_SINGLE_READS:
            listed = self._fetch_all()
            self._known |= {symbol: listed.get(symbol) for symbol in missing}
        else:
            self._known |= {symbol: self._fetch(symbol) for symbol in missing}
        return {symbol: asset for symbol in wanted if (asset := self._known[symbol]) is not None}

    def _fetch(self, symbol: str) -> Asset | None:
        raw = self._api.read_or_none(f"/v2/assets/{quote(symbol, safe='')}")
        return None if raw is None else _parse_asset(raw)

    def _fetch_all(self) -> Mapping[str, Asset]:
        if self._all is None:
            content = self._api.read("/v2/assets", {"status": "active", "asset_class": "us_equity"})
            self._all = {asset.symbol: asset for asset in map(_parse_asset, json_list(content, "assets"))}
        return self._all


def _parse_asset(raw: Json) -> Asset:
    fields = Fields(raw, "an asset")
    return Asset(
        symbol=fields.text("symbol"),
        tradable=fields.flag("tradable") and fields.maybe_text("status") != "inactive",
        fractionable=fields.maybe_flag("fractionable") or False,
    )
