"""Splits and dividends from Alpaca (https://docs.alpaca.markets/reference/corporateactions-1)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from tradebot.brokers.alpaca.data.pagination import read_by_symbols, read_pages, unusable
from tradebot.brokers.http.api import Api
from tradebot.brokers.http.responses import Json
from tradebot.core.model.account import ActionKind, CorporateAction

PATH = "/v1/corporate-actions"
#: Actions in one page, the most that the server gives.
PAGE_SIZE = 1000
MAX_SPLIT_RATIO = 1000

_LOG = logging.getLogger(__name__)

Item = Mapping[str, Json]


@dataclass(frozen=True, slots=True, order=True)
class AnnouncedAction:
    """A corporate action with the date that Alpaca lists it by."""

    processed_on: date  # the ex-date of a split; the payment date of a dividend, some weeks after its ex-date
    action_id: str
    action: CorporateAction


def fetch_actions(api: Api, symbols: Iterable[str], first: date, last: date) -> list[AnnouncedAction]:
    """Every split and dividend of the symbols that is processed from ``first`` to ``last``.

    Spin-offs, mergers and rights are left out: their value a share is not announced. Raises BrokerUnavailable unless
    every page was read.
    """
    actions: list[AnnouncedAction] = []

    def read(chunk: str) -> Mapping[str, list[Item]]:
        params = {
            "symbols": chunk,
            "types": ",".join(_TYPES),
            "start": first.isoformat(),
            "end": last.isoformat(),
            "sort": "asc",
        }
        return read_pages(api, PATH, params, "corporate_actions", PAGE_SIZE)

    for listing in read_by_symbols(symbols, read):
        for name, items in listing.items():
            parser = _PARSERS.get(name)
            if parser is not None:
                actions.extend(filter(None, (_parse_action(api, name, parser, item) for item in items)))
    return actions


def _parse_action(api: Api, name: str, parser: _Parser, item: Item) -> AnnouncedAction | None:
    """Parse one item of the list ``name``; None for an action in another currency or with an impossible value."""
    try:
        kind, value = parser(item)
        action = CorporateAction(str(item["symbol"]), date.fromisoformat(item["ex_date"]), kind, value)
        announced = AnnouncedAction(date.fromisoformat(item["process_date"]), str(item["id"]), action)
        currency = item.get("currency") or "USD"
    except KeyError as missing:
        raise unusable(api, PATH, f"sent one of its {name} without {missing}") from None
    except (TypeError, ValueError, InvalidOperation, ZeroDivisionError):
        raise unusable(api, PATH, f"sent one of its {name} with something that is no number or no date") from None
    if currency != "USD" or not _is_possible(action):
        _LOG.warning("left out of the adjustments: %s %s of %s %s", action.symbol, kind, currency, value)
        return None
    return announced


def _is_possible(action: CorporateAction) -> bool:
    if not action.value.is_finite() or action.value <= 0:
        return False
    is_ratio = action.value != 1 and 1 <= action.value * MAX_SPLIT_RATIO <= MAX_SPLIT_RATIO**2
    return action.kind is ActionKind.DIVIDEND or is_ratio


_Parser = Callable[[Item], tuple[ActionKind, Decimal]]


def _split(item: Item) -> tuple[ActionKind, Decimal]:
    return ActionKind.SPLIT, Decimal(item["new_rate"]) / Decimal(item["old_rate"])


def _stock_dividend(item: Item) -> tuple[ActionKind, Decimal]:
    """New shares for each share held, which is a split with the ratio 1 + rate."""
    return ActionKind.SPLIT, 1 + Decimal(item["rate"])


def _cash_dividend(item: Item) -> tuple[ActionKind, Decimal]:
    return ActionKind.DIVIDEND, Decimal(item["rate"])


def _capital_gains(item: Item) -> tuple[ActionKind, Decimal]:
    """A fund's distribution of gains, USD a share; at least one of the two rates is given."""
    return ActionKind.DIVIDEND, Decimal(item.get("long_term_rate") or 0) + Decimal(item.get("short_term_rate") or 0)


_TYPES = ("forward_split", "reverse_split", "stock_dividend", "cash_dividend", "capital_gains_distribution")
_PARSERS: Mapping[str, _Parser] = {
    "forward_splits": _split,
    "reverse_splits": _split,
    "stock_dividends": _stock_dividend,
    "cash_dividends": _cash_dividend,
    "capital_gains_distributions": _capital_gains,
}
