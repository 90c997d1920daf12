"""Splits of single symbols, from ``/instruments/{id}/splits/``, kept in a file.

Path and fields are by the source of robin-stocks 3.4.0. A list is of one instrument, so it is asked for only where
something shows a split, and once a day at most.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

from tradebot.brokers.http.api import Api
from tradebot.brokers.http.responses import Json
from tradebot.brokers.robinhood import addresses
from tradebot.brokers.robinhood.json_fields import Fields
from tradebot.core.model.account import ActionKind, CorporateAction
from tradebot.errors import BrokerUnavailable
from tradebot.home.cache_file import read_cache_file, write_cache_file

FORMAT = 1
MAX_RATIO = 1000

_LOG = logging.getLogger(__name__)


class Splits:
    """The known splits by symbol. ``label`` is their origin, the host."""

    def __init__(self, api: Api, path: Path, label: str) -> None:
        self._api = api
        self._path = path
        self._label = f"splits {FORMAT}, {label}"
        self._lists: dict[str, tuple[date, tuple[CorporateAction, ...]]] | None = None

    def known(self, symbols: Iterable[str]) -> tuple[CorporateAction, ...]:
        """The splits of ``symbols`` that were asked for on any day, by ex-date, without a request."""
        lists = self._load()
        found = [action for symbol in set(symbols) if symbol in lists for action in lists[symbol][1]]
        return tuple(sorted(found, key=lambda action: (action.ex_date, action.symbol)))

    def stale(self, needed: Mapping[str, date]) -> frozenset[str]:
        """The symbols whose lists were not read since the day that ``needed`` has for each."""
        lists = self._load()
        return frozenset(symbol for symbol, day in needed.items() if symbol not in lists or lists[symbol][0] < day)

    def ask(self, instrument_ids: Mapping[str, str], today: date) -> None:
        """Read the list of each symbol. Raises BrokerUnavailable."""
        for symbol, instrument_id in sorted(instrument_ids.items()):
            self._load()[symbol] = today, self._fetch(symbol, instrument_id)
            self._save()

    def _fetch(self, symbol: str, instrument_id: str) -> tuple[CorporateAction, ...]:
        content = self._api.read_or_none(addresses.splits(instrument_id))
        if content is None:
            return ()
        listing = Fields(content, f"the splits of {symbol}")
        if listing.maybe_text("next") is not None:
            raise BrokerUnavailable(
                f"{self._api.endpoint.host} has more splits of {symbol} than one page: nothing of it is used."
            )
        actions = (_parse(symbol, Fields(row, f"a split of {symbol}")) for row in listing.items("results"))
        return tuple(action for action in actions if _is_possible(action))

    # --- the file --------------------------------------------------------------------------------

    def _load(self) -> dict[str, tuple[date, tuple[CorporateAction, ...]]]:
        if self._lists is None:
            payload = read_cache_file(self._path, self._label)
            self._lists = {} if payload is None else _from_json(json.loads(payload))
        return self._lists

    def _save(self) -> None:
        """Keep the lists for the next command. A file that cannot be written costs requests and nothing else."""
        rows = {
            symbol: [asked_on.isoformat(), [[action.ex_date.isoformat(), str(action.value)] for action in actions]]
            for symbol, (asked_on, actions) in self._load().items()
        }
        try:
            write_cache_file(self._path, self._label, json.dumps(rows).encode())
        except OSError as error:
            _LOG.warning("%s could not be written, so the splits will be asked for again: %s", self._path, error)


def _parse(symbol: str, row: Fields) -> CorporateAction:
    day = row.maybe_day("execution_date")
    if day is None:
        raise BrokerUnavailable(f"Robinhood's answer lacks the execution_date of a split of {symbol}.")
    divisor = row.number("divisor")
    ratio = row.number("multiplier") / divisor if divisor else Decimal(0)
    return CorporateAction(symbol, day, ActionKind.SPLIT, ratio)


def _is_possible(action: CorporateAction) -> bool:
    if action.value != 1 and 1 <= action.value * MAX_RATIO <= MAX_RATIO**2:
        return True
    _LOG.warning("left out of the splits: %s on %s, %s for 1", action.symbol, action.ex_date, action.value)
    return False


def _from_json(rows: Json) -> dict[str, tuple[date, tuple[CorporateAction, ...]]]:
    return {
        symbol: (
            date.fromisoformat(asked_on),
            tuple(
                CorporateAction(symbol, date.fromisoformat(ex_date), ActionKind.SPLIT, Decimal(value))
                for ex_date, value in actions
            ),
        )
        for symbol, (asked_on, actions) in rows.items()
    }
