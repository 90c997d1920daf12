"""Which client_order_id an order was sent under.

Robinhood shows an order's ``ref_id``, a UUID, and on some orders not even that. An order is ours when its ref_id is
that of an id which was asked for (the ledger has it), which stands in the file of sent orders, or which an order of
ours could have had. One without a ref_id is ours when the file has an order of the same terms, sent earlier on its
day: a request may come in long after its answer was given up.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

from tradebot.brokers.robinhood.broker.order_parsing import OrderRow
from tradebot.core.model.exchange_time import new_york_date
from tradebot.core.model.order_ids import possible_ids, ref_id
from tradebot.core.model.orders import OrderRequest
from tradebot.home.sent_orders import SentOrder, read_sent_orders, record_sent_order

#: How far the machine's clock and the server's may differ.
CLOCKS_DIFFER = timedelta(minutes=1)

_LOG = logging.getLogger(__name__)


class SentIds:
    """Resolves the ids of one account's orders, once each.

    path: the home's file of sent orders; None without a home.
    strategies: the names that an order of ours can carry.
    sessions: the sessions in which an order of a New York date can have been decided.
    """

    def __init__(
        self,
        path: Path | None,
        account_key: str,
        strategies: Callable[[], Iterable[str]],
        sessions: Callable[[date], Iterable[date]],
    ) -> None:
        self._path = path
        self._account_key = account_key
        self._strategies = strategies
        self._sessions = sessions
        self._sent: list[SentOrder] = []
        self._size = -1  # of the file when it was read
        self._by_ref: dict[str, str] = {}
        self._possible: dict[tuple[str, date], Mapping[str, str]] = {}
        self._resolved: dict[str, str] = {}  # client_order_id by the broker's id; "" for an order of somebody else
        self._matched: set[int] = set()  # places in the file whose order is found
        self._matched_rows: set[str] = set()  # the broker's ids of those orders

    def record(self, request: OrderRequest, at: datetime) -> None:
        """Write down an order that is about to be sent. It is on disk when this returns. Raises OSError."""
        self.note((request.client_order_id,))
        if self._path is not None:
            record_sent_order(self._path, request, at)

    def note(self, client_order_ids: Iterable[str]) -> None:
        """Learn ids that orders of ours have, as the ledger tells them."""
        new = {ref_id(identifier): identifier for identifier in client_order_ids}
        if new.keys() - self._by_ref.keys():
            self._by_ref |= new
            self._forget_others()

    def learn(self, broker_order_id: str, client_order_id: str) -> None:
        """Take the word of an answer to what we sent: it names the order by both ids."""
        self._resolved[broker_order_id] = client_order_id

    def sent_at(self, client_order_id: str) -> datetime | None:
        """When an order was first about to be sent; None where the file does not tell."""
        self._load()
        return min((sent.at for sent in self._sent if sent.client_order_id == client_order_id), default=None)

    def resolve(self, rows: Sequence[OrderRow], symbols: Mapping[str, str]) -> Mapping[str, str]:
        """The client_order_id of each row, by the broker's id; "" for an order of somebody else.

        symbols: the symbol by the id of the instrument.
        """
        if not all(self._resolved.get(row.id) for row in rows):
            self._load()
        for row in rows:
            if row.id not in self._resolved and row.ref_id is not None:
                self._resolved[row.id] = self._of_ref(row.ref_id, symbols[row.instrument_id], row.created_at)
        for row in rows:
            if row.id not in self._matched_rows and (identifier := self._resolved.get(row.id)):
                self._match(row, symbols[row.instrument_id], identifier)
        for row in sorted(rows, key=lambda row: row.created_at):
            if row.id not in self._resolved:
                self._resolved[row.id] = self._match(row, symbols[row.instrument_id])
        return {row.id: self._resolved[row.id] for row in rows}

    def _of_ref(self, ref: str, symbol: str, created_at: datetime) -> str:
        """The id behind a ref_id: a known one, or one that an order of ours could have had; "" for none."""
        if (known := self._by_ref.get(ref)) is not None:
            return known
        day = new_york_date(created_at)
        if (symbol, day) not in self._possible:
            ids = possible_ids(self._account_key, self._sessions(day), self._strategies(), symbol)
            self._possible[symbol, day] = {ref_id(identifier): identifier for identifier in ids}
        return self._possible[symbol, day].get(ref, "")

    def _match(self, row: OrderRow, symbol: str, client_order_id: str | None = None) -> str:
        """The id of the order in the file that a row shows, by its terms and its time; "" for none.

        Each line stands for one order, and of several that fit the one that was sent right before the row came in: an
        earlier one of the same terms never arrived. ``client_order_id``: the id that the row surely has.
        """
        fitting = [
            (_distance(row, sent), place)
            for place, sent in enumerate(self._sent)
            if place not in self._matched and client_order_id in (None, sent.client_order_id)
            if _same_terms(row, symbol, sent)
        ]
        if not fitting:
            return ""
        _, nearest = min(fitting)
        self._matched.add(nearest)
        self._matched_rows.add(row.id)
        return self._sent[nearest].client_order_id

    def _load(self) -> None:
        """Read the file where it has grown: an emergency stop may write to it meanwhile."""
        try:
            size = self._path.stat().st_size if self._path is not None else 0
            if self._path is None or size == self._size:
                return
            self._sent = list(read_sent_orders(self._path))
            self._size = size
        except FileNotFoundError:
            return
        except OSError as error:
            _LOG.warning("%s cannot be read, so orders are told by their possible ids: %s", self._path, error)
            return
        self._by_ref |= {sent.ref_id: sent.client_order_id for sent in self._sent}
        self._forget_others()

    def _forget_others(self) -> None:
        """Resolve again what seemed to be somebody else's: an id has become known."""
        self._resolved = {order: identifier for order, identifier in self._resolved.items() if identifier}


def _same_terms(row: OrderRow, symbol: str, sent: SentOrder) -> bool:
    """Whether a row can be the order that was sent."""
    terms = (symbol, row.side, row.quantity, row.limit_price, row.stop_price)
    return (
        terms == (sent.symbol, sent.side, sent.quantity, sent.limit_price, sent.stop_price)
        and sent.at - CLOCKS_DIFFER <= row.created_at
        and new_york_date(row.created_at) == new_york_date(sent.at)
    )


def _distance(row: OrderRow, sent: SentOrder) -> tuple[bool, timedelta]:
    """How far a row is from the order that was sent: first whether it came in before, by clocks that may differ."""
    return sent.at > row.created_at, abs(row.created_at - sent.at)
