"""Listings that span several pages and requests: a listing is complete, or it raises, and it always ends."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

from tradebot.brokers.http.api import Api, ReadRefused
from tradebot.brokers.http.responses import Json
from tradebot.brokers.http.symbol_chunks import symbol_chunks
from tradebot.errors import BrokerUnavailable

#: Two million bars: 5,000 symbols over a year and a half.
MAX_PAGES = 200
#: Unknown symbols that one request is repeated without; each repetition counts towards the rate limit.
MAX_UNKNOWN = 50

_UNKNOWN = re.compile(r"invalid symbol: ([^\s)]+)")
_LOG = logging.getLogger(__name__)

T = TypeVar("T")


def read_pages(
    api: Api, path: str, params: Mapping[str, str], field: str, page_size: int
) -> dict[str, list[Mapping[str, Json]]]:
    """The object of lists under ``field``, joined over all pages of at most ``page_size`` items each.

    Raises BrokerUnavailable when a page cannot be read, when an announced page is empty, and when pages do not end.
    """
    joined: dict[str, list[Mapping[str, Json]]] = {}
    tokens: set[str] = set()
    token: str | None = None
    for number in range(MAX_PAGES):
        page = api.read(path, {**params, "limit": str(page_size), **({"page_token": token} if token else {})})
        items, token = _items(api, path, page, field), _next_token(api, path, page)
        if number and not items and sum(map(len, joined.values())) < number * page_size:
            raise unusable(api, path, "announced another page and sent an empty one")
        for name, item in items:
            joined.setdefault(name, []).append(item)
        if token is None:
            return joined
        if token in tokens:
            raise unusable(api, path, "sends the same page again and again")
        tokens.add(token)
    raise unusable(api, path, f"does not come to an end in {MAX_PAGES} pages")


def read_by_symbols(symbols: Iterable[str], read: Callable[[str], T]) -> Iterator[T]:
    """The results of ``read`` for the symbols, joined by commas, in as few calls as fit into a URL each.

    Alpaca refuses a request for many symbols because of one without stock prices: an option, a coin, a renamed or a
    misspelt one. The request is repeated without that symbol, which then has no price and no bar.
    """
    for chunk in symbol_chunks(symbols):
        names, repetitions = chunk.split(","), MAX_UNKNOWN
        while names:
            try:
                yield read(",".join(names))
                break
            except ReadRefused as refused:
                unknown = _UNKNOWN.search(str(refused))
                if unknown is None or unknown[1] not in names or not repetitions:
                    raise
                _LOG.warning("Alpaca knows no stock called %s, and is asked without it", unknown[1])
                names.remove(unknown[1])
                repetitions -= 1


def unusable(api: Api, path: str, problem: str) -> BrokerUnavailable:
    """The error for an answer that cannot be used; ``problem`` completes a sentence about the host."""
    return BrokerUnavailable(
        f"{api.endpoint.host} {problem} (of {path}): nothing of it is used. Run the command again later."
    )


def _items(api: Api, path: str, page: Json, field: str) -> list[tuple[str, Mapping[str, Json]]]:
    """The items of one page with the names of their lists. Alpaca writes null for an empty list or object."""
    if not isinstance(page, dict) or field not in page:
        raise unusable(api, path, f"answered without {field!r}")
    lists = page[field] or {}
    if not isinstance(lists, dict) or not all(isinstance(items, list | None) for items in lists.values()):
        raise unusable(api, path, f"answered with a {field!r} that is no object of lists")
    items = [(name, item) for name, list_items in lists.items() for item in list_items or ()]
    if not all(isinstance(item, dict) for _, item in items):
        raise unusable(api, path, f"answered with something in {field!r} that is no object")
    return items


def _next_token(api: Api, path: str, page: Json) -> str | None:
    if "next_page_token" not in page:
        raise unusable(api, path, "answered without 'next_page_token'")
    token = page["next_page_token"]
    if token is not None and not isinstance(token, str):
        raise unusable(api, path, "answered with a 'next_page_token' that is no text")
    return token or None
