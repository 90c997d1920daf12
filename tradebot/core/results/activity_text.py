"""An activity of the account in a few words."""

from __future__ import annotations

from tradebot.core.accounting.reorganisations import text_of
from tradebot.core.model.account import Activity, CashEvent, Fill, FillBust, Reorganisation, SplitEvent
from tradebot.core.model.orders import Side
from tradebot.core.model.values import canonical, dollars


def activity_text(activity: Activity) -> str:
    """An activity for people, such as "bought 50 ACME at 100.00 on 2007-01-05"."""
    match activity:
        case Fill():
            did = "bought" if activity.side is Side.BUY else "sold"
            shares = f"{canonical(activity.quantity)} {activity.symbol}"
            return f"{did} {shares} at {activity.price:,.2f} on {activity.session}"
        case CashEvent():
            of = f" of {activity.symbol}" if activity.symbol else ""
            return f"{activity.kind.replace('_', ' ')}{of} {dollars(activity.amount)} on {activity.session}"
        case SplitEvent():
            counts = f"{canonical(activity.quantity_before)} shares to {canonical(activity.quantity_after)}"
            return f"split of {activity.symbol} on {activity.session}, {counts}"
        case Reorganisation():
            return text_of(activity)
        case FillBust():
            return f"bust of the fill {activity.fill_id}"
