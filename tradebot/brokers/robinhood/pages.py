"""Lists of Robinhood's, which come in pages: {"next": an absolute address or null, "results": [...]} (captured)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tradebot.brokers.http.api import Api
from tradebot.brokers.http.responses import Json
from tradebot.brokers.robinhood.json_fields import Fields
from tradebot.errors import BrokerUnavailable

#: The most pages of one list. Ten years of ten orders a day are some 250 pages of PAGE_SIZE.
MAX_PAGES = 2000
#: Rows of a page, as the web client asks for (captured key; how many the server gives at most is a guess).
PAGE_SIZE = "100"


def read_pages(api: Api, path: str, params: Mapping[str, str], label: str) -> Iterator[Sequence[Json]]:
    """The pages of a list, each read when it is asked for. ``label`` names the list in errors.

    Raises BrokerUnavailable for a page that cannot be read, for a next page at another host, and for pages that come
    twice or never end: a part of a list is never taken for all of it.
    """
    content, seen = api.read(path, params), set[str]()
    while True:
        fields = Fields(content, f"a page of {label}")
        if not isinstance(content.get("results"), list):
            raise BrokerUnavailable(f"Robinhood's answer lacks the results of {label}. Nothing was taken from it.")
        yield content["results"]
        link = fields.maybe_text("next")
        if link is None:
            return
        if link in seen or len(seen) >= MAX_PAGES:
            raise BrokerUnavailable(f"Robinhood's pages of {label} have no end; try again later.")
        seen.add(link)
        content = api.read_link(link)


def read_rows(api: Api, path: str, params: Mapping[str, str], label: str) -> list[Json]:
    """The rows of every page of a list, in their order. Raises BrokerUnavailable, as ``read_pages``."""
    return [row for page in read_pages(api, path, params, label) for row in page]
