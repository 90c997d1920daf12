"""What an answer means, from its status, the broker's code and its words: one table, the first row that fits counts.

Statuses and codes are those that users of Alpaca's API report, as no page lists them; a code begins with its
status. Words are compared in lower case, because one code covers many cases.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from tradebot.brokers.http.responses import (
    Complaint,
    HttpResponse,
    Json,
    NotJson,
    complaint,
    decoded,
    looks_like_a_page,
)
from tradebot.settings.alpaca_urls import Endpoint

MOST_WORDS = 300


class ResponseClass(Enum):
    GOOD = auto()
    ABSENT = auto()  # the broker looked, and there is no such thing
    REFUSED = auto()  # the broker looked, and said no
    KEYS = auto()  # it does not know, or not trust, who asks
    SUBSCRIPTION = auto()  # the data plan does not include what was asked for
    BUSY = auto()  # asked too often: nothing was done
    FAILING = auto()  # it broke on the way: what was done, nobody knows
    ELSEWHERE = auto()  # this is not the service that was meant
    GARBLED = auto()  # success, and the content cannot be read


@dataclass(frozen=True, slots=True)
class ParsedResponse:
    """An answer understood. ``says`` is what it said, in short; ``advice`` what to do about it."""

    meaning: ResponseClass
    says: str = ""
    code: str = ""
    advice: str = ""
    content: Json = None


@dataclass(frozen=True, slots=True)
class _Row:
    statuses: range
    meaning: ResponseClass
    advice: str = ""
    coded: bool | None = None  # None: whether or not the broker gave a code
    words: str = ""

    def fits(self, status: int, said: Complaint) -> bool:
        return (
            status in self.statuses
            and (self.coded is None or self.coded == bool(said.code))
            and self.words in said.words.lower()
        )


def _only(status: int) -> range:
    return range(status, status + 1)


_KEYS = (
    "Check ALPACA_API_KEY and ALPACA_SECRET_KEY: they are mistyped, do not belong together, were revoked or have "
    "expired (new keys end the old ones, and so does a reset of the paper account), or are those of the other kind of "
    "account: paper keys work with TRADING_MODE=paper only, live keys with live only. The dashboard at "
    "https://app.alpaca.markets shows the key id and makes new keys."
)
_REFUSALS = tuple(
    _Row(range(400, 500), ResponseClass.REFUSED, advice, coded=True, words=words)
    for words, advice in (
        ("client_order_id must be unique", "An order with this id is already there: ask for it instead."),
        ("buying power", "Open orders reserve buying power as well; cancel some, or send a smaller order."),
        ("insufficient qty", "Another open order holds these shares; cancel it first."),
        ("not fractionable", "This symbol trades in whole shares only."),
        ("wash trade", "An open order of the other side could trade with this one; cancel that one first."),
        ("short", "The account or the symbol may not be sold short; see the account's configuration."),
        ("sub-penny", "Prices of a dollar and more have at most two decimals."),
        ("not tradable", "The broker does not trade this symbol; take it out of the strategy, or into DENY_SYMBOLS."),
        ("restricted", "The account is restricted; the broker's dashboard says why."),
        (
            "suspended",
            "Trading is suspended in the account's configuration; the broker's dashboard can allow it again.",
        ),
    )
)
_TABLE = (
    _Row(_only(401), ResponseClass.KEYS, _KEYS),
    _Row(
        _only(403),
        ResponseClass.SUBSCRIPTION,
        "The data plan does not include this; ALPACA_FEED=iex is in every plan, and sip without the latest 15 minutes.",
        coded=False,
        words="subscription",
    ),
    _Row(_only(403), ResponseClass.KEYS, _KEYS, coded=False),
    _Row(
        _only(404), ResponseClass.ELSEWHERE, words="endpoint"
    ),  # the address is wrong, and says nothing of what it is for
    _Row(_only(404), ResponseClass.ABSENT, coded=True),
    _Row(_only(404), ResponseClass.ELSEWHERE, coded=False),
    _Row(_only(407), ResponseClass.ELSEWHERE),
    _Row(_only(408), ResponseClass.FAILING),
    _Row(
        _only(429),
        ResponseClass.BUSY,
        "Other programs spend from the same 200 requests a minute; try again in a minute.",
    ),
    *_REFUSALS,
    _Row(range(400, 500), ResponseClass.REFUSED),
    _Row(range(500, 600), ResponseClass.FAILING, "The broker's status page is https://status.alpaca.markets."),
)
_ELSEWHERE = "It must be the address of Alpaca's API, not of a web page; leave it blank to take the right one."


def parse_response(answer: HttpResponse, place: Endpoint) -> ParsedResponse:
    """What an answer of ``place`` means."""
    if 200 <= answer.status < 300:
        return _success(answer, place)
    said = complaint(answer)
    if said is None:
        return _by_somebody_else(answer, place)
    row = next((row for row in _TABLE if row.fits(answer.status, said)), _Row(range(0), ResponseClass.ELSEWHERE))
    advice = row.advice or (f"Check {place.setting}. {_ELSEWHERE}" if row.meaning is ResponseClass.ELSEWHERE else "")
    says = f"{answer.status} {said.code}".strip() + f": {_shortened(said.words)}"
    return ParsedResponse(row.meaning, says, said.code or str(answer.status), advice)


def _success(answer: HttpResponse, place: Endpoint) -> ParsedResponse:
    if answer.status == 204 and not answer.body:
        return ParsedResponse(ResponseClass.GOOD)
    try:
        content = decoded(answer.body)
    except NotJson:
        if looks_like_a_page(answer):
            return _page(answer, place)
        what = "an empty answer" if not answer.body.strip() else "an answer that is cut off or no JSON"
        return ParsedResponse(ResponseClass.GARBLED, f"{what}, status {answer.status}")
    if content is None:
        return ParsedResponse(ResponseClass.GARBLED, f"an answer without content with status {answer.status}")
    return ParsedResponse(ResponseClass.GOOD, content=content)


def _by_somebody_else(answer: HttpResponse, place: Endpoint) -> ParsedResponse:
    """An error that is not in the broker's own words: a proxy's, a load balancer's or a web server's."""
    if answer.status >= 500 or answer.status in {408, 429}:
        meaning = ResponseClass.BUSY if answer.status == 429 else ResponseClass.FAILING
        row = next(row for row in _TABLE if answer.status in row.statuses)
        return ParsedResponse(meaning, f"status {answer.status}, not in the broker's own words", advice=row.advice)
    if answer.status == 401:
        return ParsedResponse(ResponseClass.KEYS, "401", "401", _KEYS)
    return _page(answer, place)


def _page(answer: HttpResponse, place: Endpoint) -> ParsedResponse:
    if 300 <= answer.status < 400:
        what = f"a redirection to another address with status {answer.status}"
    elif looks_like_a_page(answer):
        what = f"a web page with status {answer.status}"
    else:
        what = f"status {answer.status}, not in the words of Alpaca's API"
    return ParsedResponse(ResponseClass.ELSEWHERE, what, advice=f"Check {place.setting}. {_ELSEWHERE}")


def _shortened(words: str) -> str:
    text = " ".join(words.split())
    return text if len(text) <= MOST_WORDS else f"{text[: MOST_WORDS - 3]}..."
