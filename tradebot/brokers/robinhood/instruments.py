"""Which instrument a symbol names, and which symbol an instrument has.

Robinhood names stocks by the id of an instrument, which outlives a change of symbol. Orders tell the id alone. A quote
tells the id beside the symbol, so that one request finds those of many symbols; another one reads what may be traded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from tradebot.brokers.http.api import Api, ReadRefused
from tradebot.brokers.http.json_cache import JsonCache
from tradebot.brokers.http.responses import Json
from tradebot.brokers.http.symbol_chunks import symbol_chunks
from tradebot.brokers.robinhood import addresses
from tradebot.brokers.robinhood.json_fields import Fields
from tradebot.brokers.robinhood.pages import read_rows
from tradebot.core.model.account import Asset
from tradebot.core.model.exchange_time import new_york_date
from tradebot.ports import Clock

#: Instruments in one request. Each id has 36 characters, and servers commonly accept 8,000 for an address.
_IDS_AT_ONCE = 75
_ACTIVE, _TRADABLE = "active", "tradable"


@dataclass(frozen=True, slots=True)
class Instrument:
    """A stock as Robinhood names it."""

    id: str
    symbol: str
    url: str
    tradable: bool  # it may be bought and sold
    fractionable: bool

    @property
    def asset(self) -> Asset:
        """How the broker trades it."""
        return Asset(symbol=self.symbol, tradable=self.tradable, fractionable=self.fractionable)


class InstrumentBook:
    """The instruments of the symbols and ids that were asked for, in memory and in a cache file.

    The instrument of a symbol was read on the present New York date: symbols change hands, and trading in one may end.
    The symbol of an instrument may be as old as the file, but where today's is asked for: an emergency stop must not
    wait for requests.
    """

    def __init__(self, api: Api, cache: JsonCache, clock: Clock) -> None:
        self._api = api
        self._cache = cache
        self._clock = clock
        self._by_id: dict[str, Instrument] | None = None
        self._read_on: dict[str, str] = {}  # New York date by id
        self._none: dict[str, str] = {}  # New York date on which a symbol had no instrument

    def by_symbol(self, symbols: Iterable[str]) -> Mapping[str, Instrument]:
        """The instruments of these symbols; those that Robinhood does not know are absent. Raises BrokerUnavailable."""
        wanted, today = dict.fromkeys(symbols), self._today()
        missing = [symbol for symbol in wanted if not self._is_settled(symbol, today)]
        if missing:
            self._read(each.id for symbol in missing if (each := self._known(symbol)) is not None)
            missing = [symbol for symbol in missing if not self._is_settled(symbol, today)]
            self._read(self._ids_of_quotes(missing))
            for symbol in missing:
                if not self._is_settled(symbol, today):
                    self._read_symbol(symbol)
            self._none |= {symbol: today for symbol in missing if not self._is_settled(symbol, today)}
            self._save()
        found = {symbol: self._known(symbol) for symbol in wanted if self._none.get(symbol) != today}
        return {symbol: instrument for symbol, instrument in found.items() if instrument is not None}

    def by_id(self, ids: Iterable[str], *, of_today: bool = False) -> Mapping[str, Instrument]:
        """The instruments with these ids; those that Robinhood does not know are absent. Raises BrokerUnavailable.

        ``of_today``: what was read on an earlier New York date is read again.
        """
        wanted, loaded, today = dict.fromkeys(ids), self._loaded(), self._today()
        if missing := [each for each in wanted if each not in loaded or (of_today and self._read_on[each] != today)]:
            self._read(missing)
            self._save()
        return {identifier: loaded[identifier] for identifier in wanted if identifier in loaded}

    def _known(self, symbol: str) -> Instrument | None:
        """The instrument with this symbol that was read last."""
        named = (each for each in self._loaded().values() if each.symbol == symbol)
        return max(named, key=lambda each: self._read_on[each.id], default=None)

    def _is_settled(self, symbol: str, today: str) -> bool:
        """Whether today's answer for a symbol is there: its instrument, or that there is none."""
        known = self._known(symbol)
        return self._none.get(symbol) == today or (known is not None and self._read_on[known.id] == today)

    def _today(self) -> str:
        return new_york_date(self._clock.now()).isoformat()

    # --- requests --------------------------------------------------------------------------------

    def _read(self, ids: Iterable[str]) -> None:
        """Read instruments by their ids, in few requests."""
        for chunk in symbol_chunks(dict.fromkeys(ids), _IDS_AT_ONCE):
            self._add(read_rows(self._api, addresses.INSTRUMENTS, {"ids": chunk}, "instruments"))

    def _read_symbol(self, symbol: str) -> None:
        """Read an instrument by its symbol: one that is active where several had it."""
        rows = read_rows(self._api, addresses.INSTRUMENTS, {"symbol": symbol}, f"instruments called {symbol}")
        active = [row for row in rows if isinstance(row, dict) and row.get("state") == _ACTIVE]
        self._add(active or rows[:1])

    def _ids_of_quotes(self, symbols: Iterable[str]) -> Iterator[str]:
        """The ids of the instruments of symbols that have a quote. An unknown symbol has null in its place."""
        for chunk in symbol_chunks(symbols):
            try:
                content = self._api.read(addresses.QUOTES, {"symbols": chunk})
            except ReadRefused:  # none of them is known
                continue
            for raw in Fields(content, "the quotes").items("results"):
                if raw is not None:
                    yield Fields(raw, "a quote").id_of("instrument")

    def _add(self, rows: Iterable[Json]) -> None:
        """Take in what was read. Ids that Robinhood does not know have null in their place."""
        loaded, today = self._loaded(), self._today()
        for instrument in (parse_instrument(row) for row in rows if row is not None):
            loaded[instrument.id] = instrument
            self._read_on[instrument.id] = today
            self._none.pop(instrument.symbol, None)

    # --- cache file ------------------------------------------------------------------------------

    def _loaded(self) -> dict[str, Instrument]:
        """The instruments by id, those of earlier commands included."""
        if self._by_id is None:
            self._by_id = {}
            for identifier, (read_on, *fields) in (self._cache.load() or {}).items():
                self._by_id[identifier] = Instrument(identifier, *fields)
                self._read_on[identifier] = read_on
        return self._by_id

    def _save(self) -> None:
        self._cache.save(
            {
                each.id: [self._read_on[each.id], each.symbol, each.url, each.tradable, each.fractionable]
                for each in self._loaded().values()
            }
        )


def parse_instrument(raw: Json) -> Instrument:
    """Parse an instrument. Whether it may be traded stands in three fields (captured), and each can deny it.

    One that may only be sold is not tradable. Raises BrokerUnavailable.
    """
    fields = Fields(raw, "an instrument")
    words = (fields.maybe_text(name) for name in ("tradability", "rhs_tradability"))
    tradable = fields.maybe_text("state") in (None, _ACTIVE) and fields.maybe_flag("tradeable") is not False
    return Instrument(
        id=fields.text("id"),
        symbol=fields.text("symbol"),
        url=fields.text("url"),
        tradable=tradable and all(word in (None, _TRADABLE) for word in words),
        fractionable=fields.maybe_text("fractional_tradability") == _TRADABLE,
    )
