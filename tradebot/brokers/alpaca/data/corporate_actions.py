"""Corporate actions from Alpaca (https://docs.alpaca.markets/reference/corporateactions-1)."""

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
from tradebot.core.model.values import ONE, ZERO

PATH = "/v1/corporate-actions"
#: Actions in one page, the most that the server gives.
PAGE_SIZE = 1000
MAX_SPLIT_RATIO = 1000
#: The kinds that prices are adjusted for. One that cannot be read would make every older price wrong.
_OF_PRICES = frozenset({ActionKind.SPLIT, ActionKind.DIVIDEND})

_LOG = logging.getLogger(__name__)

Item = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class AnnouncedAction:
    """A corporate action with the date that Alpaca lists it by."""

    processed_on: date  # the ex-date of a split; the payment date of a dividend, some weeks after its ex-date
    action_id: str
    action: CorporateAction


def fetch_actions(api: Api, symbols: Iterable[str], first: date, last: date) -> list[AnnouncedAction]:
    """Every corporate action of the symbols that is processed from ``first`` to ``last``.

    Rights, partial calls, unit splits and reorganisations into several companies are left out. Raises BrokerUnavailable
    unless every page was read.
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
    """Parse one item of the list ``name``.

    None for an action in another currency or with an impossible value, and for one that no price follows and that
    cannot be read.
    """
    try:
        action = parser.parse(item)
        announced = AnnouncedAction(date.fromisoformat(item["process_date"]), str(item["id"]), action)
        currency = item.get("currency") or "USD"
    except (KeyError, TypeError, ValueError, InvalidOperation, ZeroDivisionError) as error:
        missing = f"without {error}" if isinstance(error, KeyError) else "with something that is no number or no date"
        if parser.kind in _OF_PRICES:
            raise unusable(api, PATH, f"sent one of its {name} {missing}") from None
        _LOG.warning("left out: Alpaca sent one of its %s %s", name, missing)
        return None
    if currency != "USD" or not _is_possible(action):
        _LOG.warning("left out of the actions: %s %s of %s %s", action.symbol, action.kind, currency, action.value)
        return None
    return announced


def _is_possible(action: CorporateAction) -> bool:
    if not action.value.is_finite() or not action.cash.is_finite() or action.cash < 0:
        return False
    match action.kind:
        case ActionKind.SPLIT:
            return action.value != 1 and 1 <= action.value * MAX_SPLIT_RATIO <= MAX_SPLIT_RATIO**2
        case ActionKind.NAME_CHANGE:
            return action.new_symbol != action.symbol  # only the CUSIP changed
        case ActionKind.DELISTING:
            return action.value >= 0
        case _:
            return action.value > 0


@dataclass(frozen=True, slots=True)
class _Parser:
    """How the items of one list are read: the names of the fields, and what makes the value of them."""

    kind: ActionKind
    value: Callable[[Item], Decimal]  # new shares for one old share, or USD a share
    ex_date: str = "ex_date"
    symbol: str = "symbol"
    new_symbol: str | None = None
    cash: str | None = None  # USD a share besides the new shares

    def parse(self, item: Item) -> CorporateAction:
        """Raises KeyError for a field that is missing, and ValueError and the like for one that cannot be read."""
        return CorporateAction(
            symbol=_text(item[self.symbol]),
            ex_date=date.fromisoformat(item[self.ex_date]),
            kind=self.kind,
            value=self.value(item),
            new_symbol=None if self.new_symbol is None else _text(item[self.new_symbol]),
            cash=ZERO if self.cash is None else Decimal(item[self.cash]),
        )


def _text(value: Json) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(value)
    return value


def _number(name: str) -> Callable[[Item], Decimal]:
    return lambda item: Decimal(item[name])


def _ratio(new: str, old: str) -> Callable[[Item], Decimal]:
    return lambda item: Decimal(item[new]) / Decimal(item[old])


def _stock_dividend(item: Item) -> Decimal:
    """New shares for each share held, which is a split with the ratio 1 + rate."""
    return 1 + Decimal(item["rate"])


def _capital_gains(item: Item) -> Decimal:
    """A fund's distribution of gains, USD a share; at least one of the two rates is given."""
    return Decimal(item.get("long_term_rate") or 0) + Decimal(item.get("short_term_rate") or 0)


_SPLIT = _Parser(ActionKind.SPLIT, _ratio("new_rate", "old_rate"))
_MERGED = _ratio("acquirer_rate", "acquiree_rate")
_ACQUIRED, _ACQUIRER, _EFFECTIVE, _PROCESSED = "acquiree_symbol", "acquirer_symbol", "effective_date", "process_date"

#: The lists of the answer. A list is called as the type that is asked for, with an s.
_PARSERS: Mapping[str, _Parser] = {
    "forward_splits": _SPLIT,
    "reverse_splits": _SPLIT,
    "stock_dividends": _Parser(ActionKind.SPLIT, _stock_dividend),
    "cash_dividends": _Parser(ActionKind.DIVIDEND, _number("rate")),
    "capital_gains_distributions": _Parser(ActionKind.DIVIDEND, _capital_gains),
    "name_changes": _Parser(ActionKind.NAME_CHANGE, lambda item: ONE, _PROCESSED, "old_symbol", "new_symbol"),
    "stock_mergers": _Parser(ActionKind.STOCK_MERGER, _MERGED, _EFFECTIVE, _ACQUIRED, _ACQUIRER),
    "stock_and_cash_mergers": _Parser(
        ActionKind.STOCK_MERGER, _MERGED, _EFFECTIVE, _ACQUIRED, _ACQUIRER, cash="cash_rate"
    ),
    "cash_mergers": _Parser(ActionKind.CASH_MERGER, _number("rate"), _EFFECTIVE, _ACQUIRED),
    "redemptions": _Parser(ActionKind.CASH_MERGER, _number("rate"), _PROCESSED),
    "spin_offs": _Parser(
        ActionKind.SPIN_OFF, _ratio("new_rate", "source_rate"), symbol="source_symbol", new_symbol="new_symbol"
    ),
    "worthless_removals": _Parser(ActionKind.DELISTING, lambda item: ZERO, _PROCESSED),
}
_TYPES = tuple(name.removesuffix("s") for name in _PARSERS)
