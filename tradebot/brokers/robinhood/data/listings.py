"""Lists that are asked for by symbols: each row is found by the symbol that it names, never by its place.

By the source of robin-stocks 3.4.0, ``/quotes/`` and ``/quotes/historicals/`` answer an object with ``results``, in
which an unknown symbol is null.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime

from tradebot.brokers.http.api import Api, ReadRefused
from tradebot.brokers.http.responses import Json
from tradebot.brokers.http.symbol_chunks import symbol_chunks
from tradebot.errors import BrokerUnavailable

#: Requests that are repeated with fewer symbols, because one of them was refused, until the refusal is believed.
MAX_REPETITIONS = 20

_LOG = logging.getLogger(__name__)

Row = Mapping[str, Json]


class Listings:
    """Asks one host for lists by symbols. It remembers which symbols were named as left out, and names each once."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._named: set[tuple[str, str]] = set()

    def rows(
        self,
        path: str,
        symbols: Iterable[str],
        params: Mapping[str, str],
        *,
        most: int,
        has_content: Callable[[Row], bool],
        names_missing: bool = True,
    ) -> dict[str, Row]:
        """The row of each symbol that has one; ``most`` symbols go into a request.

        A symbol that Robinhood refuses, leaves out, or gives null or a row without content for, has none. It is named
        in the log where ``names_missing``. Raises BrokerUnavailable unless every list was read.
        """
        wanted = list(dict.fromkeys(symbols))
        found: dict[str, Row] = {}
        for chunk in symbol_chunks(wanted, most):
            for row in self._read(path, chunk.split(","), params, [MAX_REPETITIONS]):
                if row is None:
                    continue
                symbol = row.get("symbol") if isinstance(row, dict) else None
                if not isinstance(symbol, str):
                    raise self.unusable(path, "sent a row without the symbol that it is of")
                found[symbol] = row
        self._name_others(path, found.keys() - set(wanted))
        found = {symbol: row for symbol, row in found.items() if has_content(row)}
        if names_missing:
            self._name_missing(path, [symbol for symbol in wanted if symbol not in found])
        return {symbol: found[symbol] for symbol in wanted if symbol in found}

    def unusable(self, path: str, problem: str) -> BrokerUnavailable:
        """The error for an answer that cannot be used; ``problem`` completes a sentence about the host."""
        return BrokerUnavailable(
            f"{self._api.endpoint.host} {problem} (of {path}): nothing of it is used. Run the command again later."
        )

    def _read(self, path: str, symbols: list[str], params: Mapping[str, str], repetitions: list[int]) -> list[Json]:
        """The rows of some symbols. One that makes the request be refused is found by halves, and has no row.

        That a list is refused because of a symbol is a guess: an answer of 404 to unknown symbols was seen by others.
        """
        try:
            content = self._api.read(path, {"symbols": ",".join(symbols), **params})
        except ReadRefused:
            if len(symbols) == 1:
                return []
            repetitions[0] -= 2
            if repetitions[0] < 0:
                raise
            half = len(symbols) // 2
            first = self._read(path, symbols[:half], params, repetitions)
            return first + self._read(path, symbols[half:], params, repetitions)
        results = content.get("results") if isinstance(content, dict) else None
        if not isinstance(results, list):
            raise self.unusable(path, "answered without a list of 'results'")
        if content.get("next") is not None:
            raise self.unusable(path, "announced another page of a list by symbols, which nobody has seen it do")
        return results

    def _name_missing(self, path: str, symbols: list[str]) -> None:
        new = [symbol for symbol in symbols if (path, symbol) not in self._named]
        self._named |= {(path, symbol) for symbol in new}
        if new:
            _LOG.warning("Robinhood left out of its answer (of %s): %s", path, ", ".join(new))

    def _name_others(self, path: str, symbols: set[str]) -> None:
        if symbols:
            _LOG.warning("Robinhood was not asked for %s (of %s), which is not used", ", ".join(sorted(symbols)), path)


def instant_of(text: str) -> datetime:
    """An instant written with its offset, as aware UTC. Raises ValueError, also without an offset."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(text)
    return instant.astimezone(UTC)
