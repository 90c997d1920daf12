"""Symbols joined by commas, in as few texts as fit into a URL each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import quote

#: Characters of the symbols in one URL; servers commonly accept 8,000 for all of it.
MAX_SYMBOLS_LENGTH = 6000


def symbol_chunks(symbols: Iterable[str], most: int | None = None) -> Iterator[str]:
    """The symbols, joined by commas, in as few texts as fit into a URL each; ``most`` symbols at most in each."""
    chunk: list[str] = []
    length = 0
    for symbol in symbols:
        added = len(quote(f"{symbol},", safe=""))
        if chunk and (length + added > MAX_SYMBOLS_LENGTH or len(chunk) == most):
            yield ",".join(chunk)
            chunk, length = [], 0
        chunk.append(symbol)
        length += added
    if chunk:
        yield ",".join(chunk)
