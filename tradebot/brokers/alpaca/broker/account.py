"""The account, what it holds, and what it may trade."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import quote

from tradebot.brokers.alpaca.broker.option_symbols import unit_of
from tradebot.brokers.alpaca.json_fields import Fields, rows
from tradebot.brokers.http.api import Api
from tradebot.brokers.http.responses import Json
from tradebot.core.model.account import AccountDay, AccountSnapshot, Asset, Permissions, Position
from tradebot.core.model.exchange_time import new_york_date
from tradebot.core.model.values import ZERO
from tradebot.errors import BrokerUnavailable

_MAY_TRADE = frozenset({"ACTIVE", "PAPER_ONLY"})
_SHORT = "short"
#: Symbols that are asked for one by one; for more of them the list of all is read, some ten thousand at a time.
_ONE_BY_ONE = 3


def snapshot(raw: Json) -> AccountSnapshot:
    """The answer of GET /v2/account. One that is not active, or may not trade for whatever reason, is blocked."""
    fields = Fields(raw, "the account")
    stopped = [fields.flag(name) for name in ("trading_blocked", "account_blocked", "trade_suspended_by_user")]
    return AccountSnapshot(
        account_id=fields.text("account_number"),
        equity=fields.number("equity"),
        last_equity=fields.number("last_equity"),
        cash=fields.number("cash"),
        buying_power=fields.number("buying_power"),
        blocked=any(stopped) or fields.text("status") not in _MAY_TRADE,
        currency=fields.maybe_text("currency") or "USD",
    )


def permissions(raw: Json) -> Permissions:
    """The answer of GET /v2/account/configurations."""
    fields = Fields(raw, "the account's configuration")
    return Permissions(
        trading=not fields.flag("suspend_trade"),
        shorting=not fields.flag("no_shorting"),
        fractions=fields.flag("fractional_trading"),
    )


def days(raw: Json) -> tuple[AccountDay, ...]:
    """The answer of GET /v2/account/portfolio/history by the day. Days that it knows no equity of are left out."""
    fields = Fields(raw, "the portfolio's history")
    stamps, equities = fields.items("timestamp"), fields.items("equity")
    flows = fields.lists("cashflow")
    if any(len(column) != len(stamps) for column in (equities, *flows)):
        raise BrokerUnavailable("Alpaca told a history of the portfolio whose columns differ in length.")
    found = []
    for stamp, equity, *paid in zip(stamps, equities, *flows, strict=True):
        row = Fields({"timestamp": stamp, "equity": equity}, "a day of the portfolio")
        value = row.maybe_number("equity")
        if value is not None:
            session = new_york_date(row.second("timestamp"))
            amounts = (Fields({"cash": amount}, "a day of the portfolio").maybe_number("cash") for amount in paid)
            found.append(AccountDay(session, value, sum((amount or ZERO for amount in amounts), ZERO)))
    return tuple(found)


def positions(answer: Json) -> tuple[Position, ...]:
    """The answer of GET /v2/positions."""
    found = (_position(Fields(raw, "a position")) for raw in rows(answer, "positions"))
    return tuple(position for position in found if position.quantity != 0)


def _position(fields: Fields) -> Position:
    """One position: negative when it is short, whichever of quantity and side says so."""
    symbol, quantity, last = fields.text("symbol"), fields.number("qty"), fields.maybe_number("current_price")
    unit = unit_of(symbol)
    return Position(
        symbol=symbol,
        quantity=-abs(quantity) if fields.maybe_text("side") == _SHORT else quantity,
        average_price=fields.number("avg_entry_price") * unit,
        market_price=(fields.number("lastday_price") if last is None else last) * unit,
    )


class Assets:
    """What Alpaca trades. The list is read once; which symbols there are does not change while a command runs."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._known: dict[str, Asset | None] = {}
        self._all: dict[str, Asset] | None = None

    def of(self, symbols: Iterable[str]) -> Mapping[str, Asset]:
        """What is known of each symbol; symbols that are unknown, or no longer traded anywhere, are absent."""
        wanted = tuple(dict.fromkeys(symbols))
        missing = [symbol for symbol in wanted if symbol not in self._known]
        if len(missing) > _ONE_BY_ONE:
            listed = self._list()
            self._known |= {symbol: listed.get(symbol) for symbol in missing}
        else:
            self._known |= {symbol: self._one(symbol) for symbol in missing}
        return {symbol: asset for symbol in wanted if (asset := self._known[symbol]) is not None}

    def _one(self, symbol: str) -> Asset | None:
        raw = self._api.read_or_none(f"/v2/assets/{quote(symbol, safe='')}")
        return None if raw is None else _asset(raw)

    def _list(self) -> Mapping[str, Asset]:
        if self._all is None:
            answer = self._api.read("/v2/assets", {"status": "active", "asset_class": "us_equity"})
            self._all = {asset.symbol: asset for asset in map(_asset, rows(answer, "assets"))}
        return self._all


def _asset(raw: Json) -> Asset:
    fields = Fields(raw, "an asset")
    return Asset(
        symbol=fields.text("symbol"),
        tradable=fields.flag("tradable") and fields.maybe_text("status") != "inactive",
        fractionable=fields.maybe_flag("fractionable") or False,
    )
