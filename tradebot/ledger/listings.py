"""Rows of the ledger for listings, newest first, at most so many. It only reads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from tradebot.core.results.listings import FillLine, Selection
from tradebot.ledger.codec import value_from
from tradebot.ledger.engine import Engine, Value
from tradebot.ledger.history import STANDING_FILLS

#: A bracket's leg has no intent of its own: its price is what the broker showed of it.
_FILLS = f"""
SELECT fill.*, COALESCE(intent.planned_price, leg.stop_price, leg.limit_price) AS planned_price
FROM ({STANDING_FILLS} {{condition}} ORDER BY session DESC, at DESC, seq DESC LIMIT :most) AS fill
LEFT JOIN orders AS intent
    ON intent.account_key = fill.account_key AND intent.client_order_id = fill.client_order_id
LEFT JOIN broker_orders AS leg
    ON leg.account_key = fill.account_key AND leg.broker_order_id = fill.broker_order_id
ORDER BY fill.session DESC, fill.at DESC, fill.seq DESC
"""
_SPAN = " AND session >= :first AND session <= :last"


class Listings:
    """The rows of one account for listings."""

    def __init__(self, engine: Engine, account_key: str) -> None:
        self._engine = engine
        self._account = {"account_key": account_key}

    def fills(self, chosen: Selection, most: int | None) -> Sequence[FillLine]:
        """The standing fills that match, newest first; the newest ``most`` of them, None for all."""
        names = [name for name in ("symbol", "strategy") if getattr(chosen, name) is not None]
        condition = _SPAN + "".join(f" AND {name} = :{name}" for name in names)
        rows = self._engine.all(
            _FILLS.format(condition=condition),
            {
                **self._account,
                **{name: getattr(chosen, name) for name in names},
                "first": (chosen.first or date.min).isoformat(),
                "last": (chosen.last or date.max).isoformat(),
                "most": -1 if most is None else most,
            },
        )
        return [value_from(FillLine, row) for row in rows]

    def strategies(self) -> frozenset[str]:
        """The strategies that have a fill, FOREIGN among them."""
        return self._distinct("strategy")

    def symbols(self) -> frozenset[str]:
        """The symbols that have a fill."""
        return self._distinct("symbol")

    def _distinct(self, column: str) -> frozenset[str]:
        values: dict[str, Value] = {**self._account}
        rows = self._engine.all(f"SELECT DISTINCT {column} FROM fills WHERE account_key = :account_key", values)
        return frozenset(row[column] for row in rows)
