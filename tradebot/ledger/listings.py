"""Rows of the ledger for listings, newest first, at most so many. It only reads."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from tradebot.core.model.account import Position
from tradebot.core.model.exchange_time import start_of_day
from tradebot.core.model.holdings import FOREIGN
from tradebot.core.model.orders import OrderState
from tradebot.core.model.values import ZERO, without_dust
from tradebot.core.results.listings import FillLine, ListedOrder, Selection
from tradebot.ledger.codec import position_from, stamp, value_from
from tradebot.ledger.engine import Engine, Row, Value
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
#: An order that is not open any more may have filled since it was seen last: its standing fills tell.
_PARTS = f"SELECT client_order_id, broker_order_id, quantity, price FROM ({STANDING_FILLS}) AS fill"
#: What ended it, where its own fills do not: the shares were sold otherwise, or a newer stop took its place.
_ENDED = """CASE WHEN EXISTS (SELECT 1 FROM fills AS other WHERE other.account_key = {0}.account_key
    AND other.symbol = {0}.symbol AND other.side = {0}.side AND other.at >= {0}.submitted_at
    AND other.broker_order_id <> {0}.broker_order_id) THEN 'cancelled'
    WHEN EXISTS (SELECT 1 FROM broker_orders AS newer WHERE newer.account_key = {0}.account_key
    AND newer.symbol = {0}.symbol AND newer.side = {0}.side AND newer.role = 'stop' AND {0}.role = 'stop'
    AND newer.submitted_at > {0}.submitted_at) THEN 'replaced' ELSE 'unknown' END AS ended"""
_AT = "COALESCE(sent_at, written_at)"
_INTENTS = f"""
SELECT {_AT} AS at, symbol, side, quantity, filled_quantity, type, limit_price, stop_price,
    average_fill_price, state, purpose, strategy, CASE WHEN note = '' THEN reason ELSE note END AS reason,
    client_order_id, broker_order_id, 'unknown' AS ended
FROM orders AS intent WHERE account_key = :account_key
"""
#: An order is sent in its own session: the newest ones are in the newest sessions, to which an index leads.
_NEWEST_SESSIONS = """ AND session >= COALESCE((SELECT MIN(session) FROM (SELECT session FROM orders
    WHERE account_key = :account_key{condition} ORDER BY session DESC LIMIT :most) AS newest), '')"""
#: Those in doubt, found by exactly the condition of the index orders_unsettled, in its order.
_IN_DOUBT = """ AND seq IN (SELECT seq FROM orders WHERE account_key = :account_key
    AND state IN ('planned', 'submitting', 'unknown', 'accepted', 'partially_filled')
    AND state IN ('submitting', 'unknown') ORDER BY seq DESC LIMIT :most)"""
_OTHERS = f"""
SELECT seen.submitted_at AS at, seen.symbol, seen.side, seen.quantity, seen.filled_quantity, seen.type,
    seen.limit_price, seen.stop_price, seen.average_fill_price, seen.state, seen.role AS purpose,
    COALESCE(entry.strategy, '{FOREIGN}') AS strategy, seen.reason, seen.client_order_id, seen.broker_order_id,
    {_ENDED.format("seen")}
FROM broker_orders AS seen
LEFT JOIN orders AS entry ON entry.account_key = seen.account_key AND entry.broker_order_id = seen.parent_id
WHERE seen.account_key = :account_key AND NOT EXISTS (SELECT 1 FROM orders AS intent
    WHERE intent.account_key = seen.account_key AND intent.client_order_id = seen.client_order_id)
"""
#: Ours that the ledger knows by their fills alone: those of an emergency stop, which writes no ledger.
_BY_FILLS = f"""
SELECT MIN(at) AS at, symbol, side, '0' AS quantity, '0' AS filled_quantity, 'market' AS type, NULL AS limit_price,
    NULL AS stop_price, NULL AS average_fill_price, 'accepted' AS state, 'close' AS purpose, strategy, '' AS reason,
    client_order_id, broker_order_id, 'unknown' AS ended
FROM ({STANDING_FILLS} AND session >= :floor) AS fill WHERE client_order_id LIKE 'tb1-%'
    AND client_order_id LIKE '%-close-%' AND NOT EXISTS (SELECT 1 FROM orders AS intent
        WHERE intent.account_key = fill.account_key AND intent.client_order_id = fill.client_order_id)
    AND NOT EXISTS (SELECT 1 FROM broker_orders AS seen
        WHERE seen.account_key = fill.account_key AND seen.broker_order_id = fill.broker_order_id)
GROUP BY client_order_id, broker_order_id, symbol, side, strategy
"""
_SYMBOLS = """
WITH RECURSIVE found (symbol) AS (
    SELECT MIN(symbol) FROM fills WHERE account_key = :account_key
    UNION ALL SELECT (SELECT MIN(symbol) FROM fills WHERE account_key = :account_key AND symbol > found.symbol)
    FROM found WHERE found.symbol IS NOT NULL)
SELECT symbol FROM found WHERE symbol IS NOT NULL
"""
#: The limit of a listing of everything.
_ALL = 1 << 62
#: Days within which the close of an emergency stop has filled: it is a market order.
_DAYS_TO_FILL = timedelta(days=14)
#: Orders whose fills are read by one statement.
_AT_ONCE = 500
_SPAN = " AND session >= :first AND session <= :last"

#: Quantity and price of a fill.
Part = tuple[Decimal, Decimal]


class Listings:
    """The rows of one account for listings."""

    def __init__(self, engine: Engine, account_key: str) -> None:
        self._engine = engine
        self._account: dict[str, Value] = {"account_key": account_key}

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
                "most": _ALL if most is None else most,
            },
        )
        return [value_from(FillLine, row) for row in rows]

    def last_positions(self) -> tuple[datetime, tuple[Position, ...]] | None:
        """The broker's positions in the newest look at the account, and its time (aware UTC); None before the first."""
        look = self._engine.one(
            "SELECT at, session FROM equity WHERE account_key = :account_key ORDER BY seq DESC LIMIT 1", self._account
        )
        if look is None:
            return None
        rows = self._engine.all(
            "SELECT * FROM positions WHERE account_key = :account_key AND session = :session ORDER BY symbol",
            {**self._account, "session": look["session"]},
        )
        return datetime.fromisoformat(look["at"]), tuple(position_from(row) for row in rows)

    def last_open_orders(self) -> tuple[datetime, frozenset[str]] | None:
        """The broker's ids of the orders that were open in the newest look, and its time; None before the first."""
        select = "SELECT at, open_orders FROM last_looks WHERE account_key = :account_key"
        look = self._engine.one(select, self._account)
        return (datetime.fromisoformat(look["at"]), frozenset(json.loads(look["open_orders"]))) if look else None

    def sent_orders(self, chosen: Selection, most: int | None) -> Sequence[ListedOrder]:
        """The intents that match, newest first; the newest ``most``, None for all. Of ``only_open`` those in doubt."""
        condition, values = _conditions(chosen, _AT)
        if chosen.only_open:
            condition += _IN_DOUBT
        elif most is not None:
            condition += _NEWEST_SESSIONS.format(condition=condition)
        return self._orders(f"{_INTENTS}{condition}", "", values, most)

    def other_orders(self, chosen: Selection, most: int | None, since: datetime | None = None) -> Sequence[ListedOrder]:
        """The orders at the broker without an intent that match: legs, foreign and emergency stops' ones, likewise.

        since: leave out what is older (aware UTC).
        """
        condition, values = _conditions(chosen, "at")
        if since is not None:
            condition += " AND at >= :oldest"
            values["oldest"] = stamp(since)
        values["floor"] = ((since.date() - _DAYS_TO_FILL) if since else date.min).isoformat()
        return [*self._orders(_OTHERS, condition, values, most), *self._orders(_BY_FILLS, condition, values, most)]

    def orders_with(self, broker_order_ids: Collection[str]) -> Sequence[ListedOrder]:
        """The orders with these ids at the broker, as open ones."""
        if not broker_order_ids:
            return []
        ids: dict[str, Value] = {f"id{at}": each for at, each in enumerate(sorted(broker_order_ids))}
        named = ", ".join(f":{name}" for name in ids)
        return [
            replace(_order(row, ()), is_open=True, state=OrderState(row["state"]))
            for select in (_INTENTS, _OTHERS)
            for row in self._engine.all(
                f"SELECT * FROM ({select}) AS listed WHERE broker_order_id IN ({named})", {**self._account, **ids}
            )
        ]

    def _orders(
        self, select: str, condition: str, values: Mapping[str, Value], most: int | None
    ) -> Sequence[ListedOrder]:
        rows = self._engine.all(
            f"SELECT * FROM ({select}) AS listed WHERE 1 = 1{condition} ORDER BY at DESC, client_order_id LIMIT :most",
            {**self._account, **values, "most": _ALL if most is None else most},
        )
        parts = self._parts({row["client_order_id"] for row in rows if _is_undecided(OrderState(row["state"]))})
        return [_order(row, parts.get((row["client_order_id"], row["broker_order_id"]), ())) for row in rows]

    def _parts(self, client_order_ids: Collection[str]) -> dict[tuple[str, str | None], list[Part]]:
        """Quantity and price of the standing fills of orders, by both ids of an order."""
        parts: dict[tuple[str, str | None], list[Part]] = {}
        ids = sorted(client_order_ids)
        for start in range(0, len(ids), _AT_ONCE):
            values: dict[str, Value] = {f"id{at}": each for at, each in enumerate(ids[start : start + _AT_ONCE])}
            named = ", ".join(f":{name}" for name in values)
            select = f"{_PARTS} WHERE client_order_id IN ({named}) ORDER BY seq"
            for row in self._engine.all(select, {**self._account, **values}):
                key = (row["client_order_id"], row["broker_order_id"])
                parts.setdefault(key, []).append((Decimal(row["quantity"]), Decimal(row["price"])))
        return parts

    def names(self, chosen: Selection) -> tuple[frozenset[str], frozenset[str]]:
        """The strategies, FOREIGN among them, and the symbols that have a fill. Without a chosen strategy none is read.

        A symbol leads to the next one by its index, however many fills it has.
        """
        strategies: frozenset[str] = frozenset()
        if chosen.strategy is not None:
            select = "SELECT DISTINCT strategy FROM fills WHERE account_key = :account_key"
            strategies = frozenset(row["strategy"] for row in self._engine.all(select, self._account))
        return strategies, frozenset(row["symbol"] for row in self._engine.all(_SYMBOLS, self._account))


def _conditions(chosen: Selection, at: str) -> tuple[str, dict[str, Value]]:
    """What a selection asks for, as SQL with its values. ``at``: the expression of an order's time."""
    names = [name for name in ("symbol", "strategy") if getattr(chosen, name) is not None]
    condition = "".join(f" AND {name} = :{name}" for name in names)
    values: dict[str, Value] = {name: getattr(chosen, name) for name in names}
    if chosen.first is not None:
        condition += f" AND {at} >= :since"
        values["since"] = stamp(start_of_day(chosen.first))
    if chosen.last is not None:
        condition += f" AND {at} < :until"
        values["until"] = stamp(start_of_day(chosen.last + timedelta(days=1)))
    return condition, values


def _is_undecided(state: OrderState) -> bool:
    """Whether the fills of an order that is not open tell its state."""
    return not (state.terminal or state.in_doubt or state is OrderState.PLANNED)


def _order(row: Row, parts: Sequence[Part]) -> ListedOrder:
    """The line of an order that is not among the open ones: where its state is not final, its fills tell."""
    state = OrderState(row["state"])
    order = value_from(ListedOrder, row, state=state, is_open=state.in_doubt)
    if not _is_undecided(state):
        return order
    filled = sum((quantity for quantity, _ in parts), ZERO)
    if not filled:
        return replace(order, state=OrderState(row["ended"]))
    paid = sum((quantity * price for quantity, price in parts), ZERO)
    wanted = order.quantity or filled
    return replace(
        order,
        quantity=wanted,
        filled_quantity=filled,
        average_fill_price=without_dust(paid / filled),
        state=OrderState.FILLED if filled >= wanted else OrderState(row["ended"]),
    )
