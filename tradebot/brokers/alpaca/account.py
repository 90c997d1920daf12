"""The account, what it holds, and what it may trade."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from urllib.parse import quote

from tradebot.brokers.alpaca.fields import Fields, rows
from tradebot.core.account import AccountSnapshot, Asset, Position
from tradebot.wire.answers import Json
from tradebot.wire.api import Api

_ACTIVE = "ACTIVE"
_SHORT = "short"
#: Shares that an option stands for; its prices are told for one share.
_PER_OPTION, _OPTION = Decimal(100), "us_option"
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
        blocked=any(stopped) or fields.text("status") != _ACTIVE,
        shorting_enabled=fields.maybe_flag("shorting_enabled") or False,
        currency=fields.maybe_text("currency") or "USD",
    )


def positions(answer: Json) -> tuple[Position, ...]:
    """The answer of GET /v2/positions."""
    found = (_position(Fields(raw, "a position")) for raw in rows(answer, "positions"))
    return tuple(position for position in found if position.quantity != 0)


def _position(fields: Fields) -> Position:
    """One position: negative when it is short, whichever of quantity and side says so."""
    quantity, unit = fields.number("qty"), Decimal(1)
    if fields.maybe_text("asset_class") == _OPTION:
        unit = _PER_OPTION
    last = fields.maybe_number("current_price")
    return Position(
        symbol=fields.text("symbol"),
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
        shortable=fields.maybe_flag("shortable") or False,
    )
