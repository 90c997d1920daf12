"""Splits and dividends as Alpaca lists them (https://docs.alpaca.markets/reference/corporateactions-1)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from tradebot.brokers.alpaca.data.pagination import answers_about, useless, whole_listing
from tradebot.brokers.http.api import Api
from tradebot.brokers.http.responses import Json
from tradebot.core.model.account import ActionKind, CorporateAction

PATH = "/v1/corporate-actions"
#: The most actions that one page holds.
PAGE = 1000
LARGEST_SPLIT = 1000

_LOG = logging.getLogger(__name__)

Item = Mapping[str, Json]


@dataclass(frozen=True, slots=True, order=True)
class Announced:
    """An action and the day on which Alpaca carries it out, which is what it lists actions by.

    That is the ex-date of a split and the day of payment of a dividend, some weeks after its ex-date.
    """

    processed: date
    action_id: str
    action: CorporateAction


def fetch_actions(api: Api, symbols: Iterable[str], first: date, last: date) -> list[Announced]:
    """Every split and dividend of these symbols that is carried out from ``first`` to ``last``.

    Spin-offs, mergers and rights are not among them: what they are worth a share is not announced. Raises
    BrokerUnavailable unless every page was read.
    """
    found: list[Announced] = []

    def ask(some: str) -> Mapping[str, list[Item]]:
        params = {
            "symbols": some,
            "types": ",".join(_TYPES),
            "start": first.isoformat(),
            "end": last.isoformat(),
            "sort": "asc",
        }
        return whole_listing(api, PATH, params, "corporate_actions", PAGE)

    for listing in answers_about(symbols, ask):
        for name, items in listing.items():
            read = _READERS.get(name)
            if read is not None:
                found.extend(filter(None, (_announced(api, name, read, item) for item in items)))
    return found


def _announced(api: Api, name: str, read: _Reader, item: Item) -> Announced | None:
    """One item of a list; None when it is nothing that prices are adjusted for."""
    try:
        kind, value = read(item)
        action = CorporateAction(str(item["symbol"]), date.fromisoformat(item["ex_date"]), kind, value)
        announced = Announced(date.fromisoformat(item["process_date"]), str(item["id"]), action)
        currency = item.get("currency") or "USD"
    except KeyError as missing:
        raise useless(api, PATH, f"sent one of its {name} without {missing}") from None
    except (TypeError, ValueError, InvalidOperation, ZeroDivisionError):
        raise useless(api, PATH, f"sent one of its {name} with something that is no number or no date") from None
    if currency != "USD" or not _possible(action):
        _LOG.warning("left out of the adjustments: %s %s of %s %s", action.symbol, kind, currency, value)
        return None
    return announced


def _possible(action: CorporateAction) -> bool:
    if not action.value.is_finite() or action.value <= 0:
        return False
    of_a_split = action.value != 1 and 1 <= action.value * LARGEST_SPLIT <= LARGEST_SPLIT**2
    return action.kind is ActionKind.DIVIDEND or of_a_split


_Reader = Callable[[Item], tuple[ActionKind, Decimal]]


def _split(item: Item) -> tuple[ActionKind, Decimal]:
    return ActionKind.SPLIT, Decimal(item["new_rate"]) / Decimal(item["old_rate"])


def _stock_dividend(item: Item) -> tuple[ActionKind, Decimal]:
    """Shares on top of each share: a split by another name."""
    return ActionKind.SPLIT, 1 + Decimal(item["rate"])


def _cash_dividend(item: Item) -> tuple[ActionKind, Decimal]:
    return ActionKind.DIVIDEND, Decimal(item["rate"])


def _capital_gains(item: Item) -> tuple[ActionKind, Decimal]:
    """What a fund pays out of its gains; at least one of the two is there."""
    return ActionKind.DIVIDEND, Decimal(item.get("long_term_rate") or 0) + Decimal(item.get("short_term_rate") or 0)


_TYPES = ("forward_split", "reverse_split", "stock_dividend", "cash_dividend", "capital_gains_distribution")
_READERS: Mapping[str, _Reader] = {
    "forward_splits": _split,
    "reverse_splits": _split,
    "stock_dividends": _stock_dividend,
    "cash_dividends": _cash_dividend,
    "capital_gains_distributions": _capital_gains,
}
