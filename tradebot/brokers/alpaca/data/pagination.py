"""Listings that come page by page: all of one or an error, and never for ever."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar
from urllib.parse import quote

from tradebot.brokers.http.api import Api, ReadRefused
from tradebot.brokers.http.responses import Json
from tradebot.errors import BrokerUnavailable

#: Two million bars: what 5,000 symbols have in a year and a half.
MOST_PAGES = 200
#: Characters that the symbols of one request may take in its address; servers commonly accept 8,000 for all of it.
LONGEST_SYMBOLS = 6000
#: Symbols that one question is asked again without; each takes a request of the 200 a minute.
MOST_UNKNOWN = 50

_UNKNOWN = re.compile(r"invalid symbol: ([^\s)]+)")
_LOG = logging.getLogger(__name__)

T = TypeVar("T")


def whole_listing(
    api: Api, path: str, params: Mapping[str, str], field: str, limit: int
) -> dict[str, list[Mapping[str, Json]]]:
    """What a listing holds under ``field``, an object of lists, joined over its pages of at most ``limit`` items each.

    Raises BrokerUnavailable when a page cannot be read, when the pages never end, and when one that was announced is
    missing: nothing is given rather than a part.
    """
    joined: dict[str, list[Mapping[str, Json]]] = {}
    tokens: set[str] = set()
    token: str | None = None
    for number in range(MOST_PAGES):
        page = api.read(path, {**params, "limit": str(limit), **({"page_token": token} if token else {})})
        items, token = _items_of(api, path, page, field), _token_of(api, path, page)
        if number and not items and sum(map(len, joined.values())) < number * limit:
            raise useless(api, path, "announced another page and sent an empty one")
        for name, item in items:
            joined.setdefault(name, []).append(item)
        if token is None:
            return joined
        if token in tokens:
            raise useless(api, path, "sends the same page again and again")
        tokens.add(token)
    raise useless(api, path, f"does not come to an end in {MOST_PAGES} pages")


def answers_about(symbols: Iterable[str], ask: Callable[[str], T]) -> Iterator[T]:
    """What ``ask`` gives for the symbols, separated by commas, in as few questions as fit into an address each.

    Alpaca refuses a question about many for one symbol that it has no stock prices of, such as an option, a coin, one
    that was renamed or a slip. It is asked again without that one, which then has no price and no bar.
    """
    for some in chunks(symbols):
        names, most = some.split(","), MOST_UNKNOWN
        while names:
            try:
                yield ask(",".join(names))
                break
            except ReadRefused as refused:
                unknown = _UNKNOWN.search(str(refused))
                if unknown is None or unknown[1] not in names or not most:
                    raise
                _LOG.warning("Alpaca knows no stock called %s, and is asked without it", unknown[1])
                names.remove(unknown[1])
                most -= 1


def chunks(symbols: Iterable[str]) -> Iterator[str]:
    """The symbols, separated by commas, in as few texts as fit into an address each."""
    chunk: list[str] = []
    length = 0
    for symbol in symbols:
        taken = len(quote(f"{symbol},", safe=""))
        if chunk and length + taken > LONGEST_SYMBOLS:
            yield ",".join(chunk)
            chunk, length = [], 0
        chunk.append(symbol)
        length += taken
    if chunk:
        yield ",".join(chunk)


def useless(api: Api, path: str, what: str) -> BrokerUnavailable:
    """The error for an answer that is none."""
    return BrokerUnavailable(
        f"{api.endpoint.host} {what} (of {path}): nothing of it is used. Run the command again later."
    )


def _items_of(api: Api, path: str, page: Json, field: str) -> list[tuple[str, Mapping[str, Json]]]:
    """The items of one page with the names they are listed under. Alpaca writes null for an empty list or object."""
    if not isinstance(page, dict) or field not in page:
        raise useless(api, path, f"answered without {field!r}")
    lists = page[field] or {}
    if not isinstance(lists, dict) or not all(isinstance(items, list | None) for items in lists.values()):
        raise useless(api, path, f"answered with a {field!r} that is no object of lists")
    found = [(name, item) for name, items in lists.items() for item in items or ()]
    if not all(isinstance(item, dict) for _, item in found):
        raise useless(api, path, f"answered with something in {field!r} that is no object")
    return found


def _token_of(api: Api, path: str, page: Json) -> str | None:
    if "next_page_token" not in page:
        raise useless(api, path, "answered without 'next_page_token'")
    token = page["next_page_token"]
    if token is not None and not isinstance(token, str):
        raise useless(api, path, "answered with a 'next_page_token' that is no text")
    return token or None
