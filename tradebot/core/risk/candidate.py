"""A candidate: the entry that a signal asks for, before the rules are applied to it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from tradebot.core.model.limits import Limits
from tradebot.core.model.orders import Purpose
from tradebot.core.model.plan import Denial, DenialCode
from tradebot.core.model.signals import Signal
from tradebot.core.model.values import ONE
from tradebot.core.risk.order_checks import Objection
from tradebot.core.risk.sizing import Size


@dataclass(frozen=True, slots=True)
class EntryTerms:
    """Prices and size of an entry. Prices are USD a share."""

    price: Decimal
    stop: Decimal
    target: Decimal | None
    size: Size

    @property
    def value(self) -> Decimal:
        """USD."""
        return self.size.quantity * self.price

    def smallest_order(self, limits: Limits) -> Decimal:
        """The smallest acceptable number of shares."""
        return max(ONE, (limits.min_order_value / self.price).to_integral_value(ROUND_CEILING))


@dataclass(frozen=True, slots=True)
class Candidate:
    """The entry that a signal asks for."""

    signal: Signal
    client_order_id: str
    terms: EntryTerms | None  # None without a usable price, or without a usable stop and target

    @property
    def symbol(self) -> str:
        """The symbol to enter."""
        return self.signal.symbol

    def denied(
        self, code: DenialCode, message: str, value: Decimal | None = None, limit: Decimal | None = None
    ) -> Denial:
        """A denial of the entry, with the numbers compared."""
        return Denial(code, self.signal.strategy, self.symbol, Purpose.ENTRY, message, value, limit)

    def denied_by(self, objection: Objection | None) -> Denial | None:
        """A check's objection as the denial of the entry."""
        return None if objection is None else objection.denial(self.signal.strategy, self.symbol, Purpose.ENTRY)
