"""Lists in pages: ``results``, and the whole address of the next page (captured)."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from tests.fakes.robinhood.house import House
from tests.fakes.robinhood.messages import Refusal
from tests.fakes.robinhood.names import Names
from tests.fakes.wire.messages import Answer, Arrival


def page(house: House, names: Names, arrival: Arrival, rows: Sequence[dict[str, Any] | None]) -> Answer:
    """The page that is asked for by its cursor, with as many rows as asked for, or as there are at most.

    What a cursor holds is a guess: the number of rows before it, so that a row that comes first moves the others on, as
    it does wherever pages are cut by position.
    """
    query = dict(arrival.query)
    begins = _begins(query.pop("cursor", ""))
    size = min(int(query.get("page_size", house.terms.page_rows)), house.terms.page_rows)
    following = None
    if len(rows) > begins + size:
        token = urlsafe_b64encode(f"p={begins + size}".encode()).decode()
        base = house.terms.next_host or names.base
        following = f"{base}{arrival.path}?{urlencode({**query, 'cursor': token})}"
    return Answer(200, {"next": following, "previous": None, "results": list(rows[begins : begins + size])})


def _begins(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        return int(urlsafe_b64decode(cursor.encode()).decode().removeprefix("p="))
    except ValueError:
        raise Refusal(400, "Invalid cursor") from None
