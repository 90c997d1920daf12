"""An objection: a rule that an order breaks. Rules answer with one, and a denial is made of it for one order."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from tradebot.core.model.orders import Purpose
from tradebot.core.model.plan import Denial, DenialCode


class Objection(NamedTuple):
    """A broken rule, with the numbers compared.

    sentence: the rule for people, made where it is told: most objections of a backtest are only counted.
    """

    code: DenialCode
    sentence: Callable[[], str]
    value: Decimal | None = None
    limit: Decimal | None = None

    def denial(self, strategy: str, symbol: str, purpose: Purpose) -> Denial:
        """The objection as the denial of one order."""
        return Denial(self.code, strategy, symbol, purpose, self.sentence(), self.value, self.limit)
