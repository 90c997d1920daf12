"""The rows of fills with the prices that their cost is measured by, read in masses."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from tradebot.core.accounting.fill_sums import ExecutionRow
from tradebot.core.model.exchange_time import NEW_YORK
from tradebot.core.model.orders import RECOVERED
from tradebot.ledger.codec import Numbers, stamp
from tradebot.ledger.engine import Engine
from tradebot.ledger.history import STANDING_FILLS

#: A bracket's leg has no intent of its own: its price is what the broker showed of it.
_SELECT = """
SELECT fill.strategy, fill.symbol, fill.at, fill.session, fill.side, fill.quantity, fill.price, fill.fee,
       CASE WHEN intent.client_order_id IS NULL THEN COALESCE(leg.stop_price, leg.limit_price)
            WHEN intent.reason <> :recovered THEN intent.planned_price END,
       intent.sent_price,
       COALESCE(intent.purpose, leg.role, '') IN ('stop', 'target')
FROM ({fills} AND session >= :since AND session <= :until) AS fill
LEFT JOIN orders AS intent
    ON intent.account_key = fill.account_key AND intent.client_order_id = fill.client_order_id
LEFT JOIN broker_orders AS leg
    ON intent.client_order_id IS NULL
    AND leg.account_key = fill.account_key AND leg.broker_order_id = fill.broker_order_id
"""
#: The standing fills where none was ever taken back: each is looked up for nothing then, a tenth of the statement.
_NEVER_UNDONE = "SELECT * FROM fills AS fill WHERE reverses IS NULL AND account_key = :account_key"
#: A fill's session is its New York date, which is at most a day before that of its instant in UTC.
_ONE_DAY = timedelta(days=1)


class _Hours(dict[str, int]):
    """Hours of New York by the text of an instant up to its hour in UTC: the zone's offset is whole hours."""

    def __missing__(self, text: str) -> int:
        self[text] = hour = datetime.fromisoformat(f"{text}:00Z").astimezone(NEW_YORK).hour
        return hour


def executions(
    engine: Engine,
    account_key: str,
    period: tuple[date | None, date | None],
    ends: tuple[datetime, datetime] | None = None,
) -> Iterator[ExecutionRow]:
    """The standing fills of a period's sessions, of strategies and others, and all since the first of ``ends``.

    The columns are those of ``Execution``.

    period: the first and the last session; None leaves a side open.
    ends: of a bridge, aware UTC.
    """
    first, last = (period[0] or date.min).isoformat(), (period[1] or date.max).isoformat()
    since, until, start, end = first, last, "", "9999"
    if ends is not None:
        since, until = min(first, (ends[0] - _ONE_DAY).date().isoformat()), date.max.isoformat()
        start, end = stamp(ends[0]), stamp(ends[1])
    hours, numbers = _Hours(), Numbers()
    select = _SELECT.format(fills=STANDING_FILLS if _any_undone(engine, account_key) else _NEVER_UNDONE)
    rows = engine.tuples(select, account_key=account_key, since=since, until=until, recovered=RECOVERED)
    for strategy, symbol, at, session, side, quantity, price, fee, planned, sent, rests in rows:
        yield (
            strategy,
            hours[at[:13]],
            1 if side == "buy" else -1,
            numbers[quantity],
            numbers[price],
            numbers[fee],
            numbers[planned] if planned else None,
            numbers[sent] if sent else None,
            bool(rests),
            symbol,
            first <= session <= last,
            (at > start) + (at > end),
        )


def _any_undone(engine: Engine, account_key: str) -> bool:
    select = "SELECT 1 FROM fills WHERE account_key = :account_key AND reverses IS NOT NULL LIMIT 1"
    return engine.one(select, {"account_key": account_key}) is not None
