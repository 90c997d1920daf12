"""Entries of the stop journal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tradebot.core.model.orders import Purpose
from tradebot.core.model.values import plural

#: What ``did`` says of an order whose cancel the broker took, and of a closing or a protective order that it took.
CANCELLED, CLOSE_SENT, STOP_SENT = "cancel asked for", f"{Purpose.CLOSE} sent", f"{Purpose.STOP} sent"


@dataclass(frozen=True, slots=True)
class StopEntry:
    """One action of an emergency stop. The stop journal keeps it until the ledger has it."""

    at: datetime  # desk time, aware UTC
    did: str  # the action, for people
    symbol: str = ""
    order_id: str = ""  # client_order_id; "": none
    quantity: Decimal | None = None
    detail: str = ""
    exit_code: int | None = None  # exit code of the stop, in its last entry only

    @property
    def text(self) -> str:
        """The entry as a line for people: "MSFT: close sent, 87 shares"."""
        subject = f"{self.symbol}: " if self.symbol else ""
        shares = "" if self.quantity is None else f", {plural(self.quantity, 'share')}"
        return f"{subject}{self.did}{shares}{f' ({self.detail})' if self.detail else ''}"
