"""First contact: the broker's statement becomes the opening of an account that the ledger has not met.

The account is read until two looks agree. An account that shows our own ids in any order or fill was traded by this
tool already: its home was lost, and `rebuild` makes the ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from tradebot.core.accounting.booking import bookings_for
from tradebot.core.model.account import Activity, Fill, UnreadActivity, id_of
from tradebot.core.model.ledger_rows import EquityPoint
from tradebot.core.model.opening import Opening
from tradebot.core.model.orders import BrokerOrder
from tradebot.core.model.values import ZERO, canonical
from tradebot.errors import BrokerUnavailable, LedgerError
from tradebot.jobs.desk import Desk
from tradebot.jobs.job_run import JobRun
from tradebot.jobs.step_results import StepResult, noted
from tradebot.jobs.steps.look import LOOKS, SECOND_LOOK_AFTER, Look, read_look

#: How far before the opening activities are remembered by their ids: longer than a broker looks back for late ones.
_REMEMBERED = timedelta(days=21)


def make_opening(desk: Desk, run: JobRun) -> StepResult:
    """Store the opening where it is due.

    Raises LedgerError where the account shows ids of ours, and BrokerUnavailable where it can't be read whole or no two
    looks agree.
    """
    if not desk.ledger.openings.is_due():
        return StepResult()
    opening = read_opening(desk, run)
    bookings = bookings_for(opening.adjustments(), (), (), {}, desk.settings.limits())
    desk.lock.assert_held()
    desk.ledger.openings.make(opening, bookings, _equity_point(opening))
    if opening.positions or opening.orders:
        foreign = (*(f"{canonical(held.quantity)} {held.symbol}" for held in opening.positions), *opening.orders)
        message = f"{opening.text()}. Foreign, and left alone: {'; '.join(foreign)}"
        desk.alerts.send("info", "the account was met first", message, key="opening")
    return noted(opening.text())


def read_opening(desk: Desk, run: JobRun) -> Opening:
    """What the opening is by the broker's statement now. Stores nothing. Raises as ``make_opening`` does.

    Where two looks agree on shares and cash, and the equity is not that of the prices, a read may be outdated: another
    look is taken, up to ``LOOKS``. Prices that move between the reads of every look are left as they are.
    """
    began = run.market_at(desk.clock.now()).now
    activities = desk.broker.activities(None)
    unread = desk.broker.unread_activities()
    if waiting := [each.why for each in unread if each.is_fill]:
        raise BrokerUnavailable(
            f"the ledger cannot begin yet, because it is not known who sent the order of this fill: {waiting[0]}"
        )
    look = read_look(desk, run)
    _refuse_known(desk, activities, look.open_orders)
    for last in (False,) * (LOOKS - 2) + (True,):
        desk.clock.sleep(SECOND_LOOK_AFTER.total_seconds())
        since = run.market_at(desk.clock.now()).now
        newer = desk.broker.activities(id_of(activities[-1]) if activities else None)
        again = read_look(desk, run)
        if not newer and not again.moved_since(look) and (last or again.is_at_its_prices):
            return _opening(run, began, (activities, unread), again)
        _refuse_known(desk, newer, again.open_orders)
        activities, look, began = (*activities, *newer), again, since
    raise BrokerUnavailable(
        f"the account moved between {LOOKS} looks, so that no two of them agree: the ledger cannot begin with "
        "what it holds. Run the command again when nobody trades there."
    )


def _refuse_known(desk: Desk, activities: Iterable[Activity], orders: Iterable[BrokerOrder]) -> None:
    """Raise LedgerError where an order or a fill shows an id of this account's that we made."""
    ids = [*_ids(activities, orders), *desk.broker.client_order_ids()]
    ours = sorted(order_id for order_id in ids if desk.ownership.decision(order_id))
    if ours:
        raise LedgerError(
            f"The ledger {desk.settings.ledger} knows nothing of this account, and the broker shows orders that "
            f"this tool sent for it ({ours[0]}): the home that sent them was lost. Nothing was stored or sent. Put its "
            "newest backup in the ledger's place, or make a ledger from what the broker knows with `tradebot rebuild`."
        )


def _ids(activities: Iterable[Activity], orders: Iterable[BrokerOrder]) -> Iterator[str]:
    fills = (activity for activity in activities if isinstance(activity, Fill))
    seen: tuple[Fill | BrokerOrder, ...] = (*fills, *orders)
    for each in seen:
        yield from filter(None, (each.client_order_id, each.broker_order_id, each.parent_client_order_id))


def _opening(
    run: JobRun,
    began: datetime,
    history: tuple[tuple[Activity, ...], tuple[UnreadActivity, ...]],
    look: Look,
) -> Opening:
    activities, unread = history
    known = [id_of(done) for done in activities if done.at >= began - _REMEMBERED]
    known += [each.row_id for each in unread if each.row_id]
    return Opening(
        session=run.session,
        at=began,
        equity=look.account.equity,
        cash=look.account.cash,
        positions=look.positions,
        orders=tuple(order.text for order in look.open_orders),
        cursor=id_of(activities[-1]) if activities else None,
        known=tuple(known),
    )


def _equity_point(opening: Opening) -> EquityPoint:
    """The first equity point. The day's result is counted from it, whatever the account did before."""
    values = [held.market_value for held in opening.positions]
    return EquityPoint(
        session=opening.session,
        at=opening.at,
        equity=opening.equity,
        cash=opening.cash,
        long_value=sum((value for value in values if value > 0), ZERO),
        short_value=sum((value for value in values if value < 0), ZERO),
        last_equity=opening.equity,
    )
