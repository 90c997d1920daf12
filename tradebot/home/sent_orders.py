"""Orders that were about to be sent, in a file of the home: by it their ids at the broker are read back.

A broker that takes nothing but a UUID shows an order under an id that does not tell its decision, and shows some orders
without any id. Each line holds both ids and the order's terms. It is on disk before the request leaves, so that a
command that starts after a crash, and an emergency stop without a ledger, know whose an order is.

An append-only file of JSON objects, one a line. Jobs and an emergency stop append at the same time. A line that cannot
be read is ignored: an incomplete one was never sent.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

from tradebot.core.model.order_ids import ref_id
from tradebot.core.model.orders import OrderRequest, Side
from tradebot.core.model.values import canonical
from tradebot.home import append_log


@dataclass(frozen=True, slots=True)
class SentOrder:
    """One try to send an order. Prices are USD a share. An order that was sent twice has two of them."""

    client_order_id: str
    ref_id: str  # the id that the broker was given
    symbol: str
    side: Side
    quantity: Decimal
    limit_price: Decimal | None
    stop_price: Decimal | None
    at: datetime  # aware UTC, before the request left


def record_sent_order(path: Path, request: OrderRequest, at: datetime) -> SentOrder:
    """Append an order that is about to be sent. It is on disk when this returns. Raises OSError."""
    sent = SentOrder(
        client_order_id=request.client_order_id,
        ref_id=ref_id(request.client_order_id),
        symbol=request.symbol,
        side=request.side,
        quantity=request.quantity,
        limit_price=request.limit_price,
        stop_price=request.stop_price,
        at=at,
    )
    append_log.append(path, _line(sent), shared=True, permissions=0o600)
    return sent


def read_sent_orders(path: Path) -> tuple[SentOrder, ...]:
    """The orders of the file, oldest first; none if it is missing. Raises OSError."""
    return tuple(sent for line in append_log.read_lines(path) if (sent := _parse(line)) is not None)


def _line(sent: SentOrder) -> str:
    prices = {"limit": sent.limit_price, "stop": sent.stop_price}
    return json.dumps(
        {
            "at": sent.at.isoformat(),
            "client_order_id": sent.client_order_id,
            "ref_id": sent.ref_id,
            "symbol": sent.symbol,
            "side": sent.side,
            "quantity": canonical(sent.quantity),
            **{name: canonical(price) for name, price in prices.items() if price is not None},
        }
    )


def _parse(line: str) -> SentOrder | None:
    """The order of a line; None for one that cannot be read."""
    try:
        fields = json.loads(line)
        at = datetime.fromisoformat(fields["at"])
        limit, stop = (Decimal(fields[name]) if name in fields else None for name in ("limit", "stop"))
        return SentOrder(
            client_order_id=str(fields["client_order_id"]),
            ref_id=str(fields["ref_id"]),
            symbol=str(fields["symbol"]),
            side=Side(fields["side"]),
            quantity=Decimal(fields["quantity"]),
            limit_price=limit,
            stop_price=stop,
            at=at,
        )
    except (ValueError, TypeError, KeyError, InvalidOperation):
        return None
