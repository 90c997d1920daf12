"""Every order the account ever had, as Alpaca shows it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from tests.fakes.alpaca.names import Names
from tests.fakes.alpaca.notation import instant, optional, optional_instant
from tests.fakes.wire.times import AGED
from tradebot.brokers.paper.orders import PaperOrder, as_broker_order
from tradebot.brokers.paper.view import ExchangeView
from tradebot.core.model.exchange_time import NEW_YORK, new_york_date
from tradebot.core.model.orders import BrokerOrder, OrderState, Purpose, Side, TimeInForce

if TYPE_CHECKING:
    from tests.fakes.alpaca.happenings import Happenings
    from tests.fakes.alpaca.house import House

_STATUS = {
    OrderState.PARTIALLY_FILLED: "partially_filled",
    OrderState.FILLED: "filled",
    OrderState.CANCELLED: "canceled",
    OrderState.EXPIRED: "expired",
    OrderState.REJECTED: "rejected",
    OrderState.REPLACED: "replaced",
}
_REPLACED = "replaced by "  # how the exchange's reason begins
_ROLES = {Purpose.STOP: "stop_loss", Purpose.TARGET: "take_profit"}


class Standing:
    """All orders at one moment, by number."""

    def __init__(self, paper: ExchangeView, names: Names, happenings: Happenings, house: House) -> None:
        self._paper = paper
        self._names = names
        self._happenings = happenings
        self._house = house
        self.all = {order.number: order for order in house.read_orders(paper)}
        self._groups: defaultdict[int, list[PaperOrder]] = defaultdict(list)
        for order in self.all.values():
            self._groups[order.group].append(order)
        by_client_id = {order.client_order_id: order.number for order in self.all.values()}
        for order in self.all.values():
            if order.reason.startswith(_REPLACED):
                house.replaced_by[order.number] = by_client_id[order.reason.removeprefix(_REPLACED)]
        self._replaced_by = house.replaced_by
        self._replaces = {new: old for old, new in self._replaced_by.items()}
        self._client_ids = {
            order.number: names.client_order_id(order, None if order.parent is None else self.all[order.parent])
            for order in self.all.values()
        }
        self._by_client_id = {identifier: number for number, identifier in self._client_ids.items()}

    @property
    def newest(self) -> int:
        return len(self.all)

    def by_id(self, identifier: str) -> PaperOrder | None:
        number = self._names.order_number(identifier, self.newest)
        return None if number is None else self.all[number]

    def by_client_id(self, client_order_id: str) -> PaperOrder | None:
        number = self._by_client_id.get(client_order_id)
        return None if number is None else self.all[number]

    def shown(self, number: int) -> BrokerOrder:
        order = self.all[number]
        return as_broker_order(order, self._groups[order.group])

    def held_beside_a_target(self, order: PaperOrder) -> bool:
        others = (other for other in self._groups[order.group] if other.working and other.role is Purpose.TARGET)
        return order.live and order.role is Purpose.STOP and any(others)

    def legs(self, order: PaperOrder) -> Iterable[PaperOrder]:
        """The legs of an order, replaced ones and those that took their place alike."""
        return (other for other in self._groups[order.number] if other.parent == order.number)

    def submitted_at(self, order: PaperOrder) -> datetime:
        """When it came in, to the microsecond: no two share one, save an entry and the legs that came with it."""
        came_with = order.number if order.parent is None or order.number in self._replaces else order.parent
        return order.submitted_at + timedelta(microseconds=came_with % 1_000_000)

    # --- as JSON -----------------------------------------------------------------------------

    def json(self, order: PaperOrder, *, nested: bool = True) -> dict[str, Any]:
        """An order with its legs, or as one by itself."""
        said = self._flat(order)
        legs = [self._flat(leg) for leg in self.legs(order)] if nested else []
        return {**said, "legs": legs or None}

    def as_taken_in(self, order: PaperOrder) -> dict[str, Any]:
        """An order as the answer to its sender shows it: what it has met since then is told by the next question."""
        status = "pending_new" if self._is_open() else "accepted"
        said = _untouched(self.json(order), status)
        if said["legs"] is not None:
            said["legs"] = [_untouched(leg, "held") | {"qty": said["qty"]} for leg in said["legs"]]
        return said

    def _flat(self, order: PaperOrder) -> dict[str, Any]:
        shown = self.shown(order.number)
        submitted = self.submitted_at(order)
        filled = self._happenings.filled_at.get(order.number)
        ended = self._ended_at(order, submitted)
        replaced_by = self._replaced_by.get(order.number)
        replaced_at = None if replaced_by is None else self.submitted_at(self.all[replaced_by])
        times = [each for each in (submitted, filled, ended, replaced_at) if each is not None]
        replaces = self._replaces.get(order.number)
        return {
            "id": self._names.order(order.number),
            "client_order_id": self._client_ids[order.number],
            "created_at": instant(submitted),
            "updated_at": instant(max(times)),
            "submitted_at": instant(submitted),
            "filled_at": optional_instant(filled if order.state is OrderState.FILLED else None),
            "expired_at": optional_instant(ended if order.state is OrderState.EXPIRED else None),
            "expires_at": instant(self._expires_at(order)),
            "canceled_at": optional_instant(ended if order.state is OrderState.CANCELLED else None),
            "failed_at": optional_instant(ended if order.state is OrderState.REJECTED else None),
            "replaced_at": optional_instant(replaced_at),
            "replaced_by": None if replaced_by is None else self._names.order(replaced_by),
            "replaces": None if replaces is None else self._names.order(replaces),
            "asset_id": self._names.asset(order.symbol),
            "symbol": order.symbol,
            "asset_class": "us_equity",
            "notional": None,
            "qty": optional(shown.quantity),
            "filled_qty": optional(shown.filled_quantity),
            "filled_avg_price": optional(shown.average_fill_price),
            "order_class": self._class_of(order),
            "order_type": order.type.value,
            "type": order.type.value,
            "side": order.side.value,
            "position_intent": self._intent(order),
            "time_in_force": order.time_in_force.value,
            "limit_price": optional(shown.limit_price),
            "stop_price": optional(shown.stop_price),
            "status": self._status(order, shown),
            "extended_hours": False,
            "legs": None,
            "trail_percent": None,
            "trail_price": None,
            "hwm": None,
            "subtag": None,
            "source": None,
            **self._group_of(order),
        }

    def _status(self, order: PaperOrder, shown: BrokerOrder) -> str:
        if order.state in _STATUS:
            return _STATUS[order.state]
        if order.number in self._house.pending:
            return "pending_cancel"
        if shown.held:
            return "held"
        return "new" if self._has_seen_a_session(order) else "accepted"

    def _class_of(self, order: PaperOrder) -> str:
        others = self._groups[order.group]
        if len(others) == 1 or all(other.parent is None for other in others):
            return ""
        roles = {other.role for other in others}
        return "bracket" if {Purpose.STOP, Purpose.TARGET} <= roles else "oto"

    def _group_of(self, order: PaperOrder) -> dict[str, str]:
        if not self._house.terms.groups or not self._class_of(order):
            return {}
        return {"group_id": self._names.group(order.group), "group_role": _ROLES.get(order.role, "entry")}

    def _intent(self, order: PaperOrder) -> str:
        """What the order does to the position, as far as its side and its role tell."""
        if order.side is Side.BUY:
            return "buy_to_close" if order.parent is not None else "buy_to_open"
        return "sell_to_close"

    # --- times ---------------------------------------------------------------------------------

    def _is_open(self) -> bool:
        hours, now = self._paper.hours, self._paper.state.now
        return hours.opens <= now < hours.closes

    def _has_seen_a_session(self, order: PaperOrder) -> bool:
        """Whether the market has been open since the order came in, so that it has gone on to an exchange."""
        hours, now = self._paper.hours, self._paper.state.now
        if now >= hours.opens:
            return order.submitted_at < hours.closes
        return order.submitted_at < self._house.calendar.previous(hours.session).closes

    def _expires_at(self, order: PaperOrder) -> datetime:
        if order.time_in_force is TimeInForce.GTC:
            day = new_york_date(order.submitted_at + AGED)
            return datetime.combine(day, time(16, 0), tzinfo=NEW_YORK)
        return self._day_ends(order)

    def _day_ends(self, order: PaperOrder) -> datetime:
        day = new_york_date(order.submitted_at)
        today = self._house.calendar.hours(day)
        if today is not None and order.submitted_at < today.closes:
            return today.closes
        return self._house.calendar.following(day).closes

    def _ended_at(self, order: PaperOrder, submitted: datetime) -> datetime | None:
        """When an order ended without being filled, as far as anybody has noted it."""
        if order.state is OrderState.EXPIRED:
            return self._day_ends(order)
        if order.state not in (OrderState.CANCELLED, OrderState.REJECTED):
            return None
        if order.number in self._house.cancelled_at:
            return self._house.cancelled_at[order.number]
        filled = (self._happenings.filled_at.get(other.number) for other in self._groups[order.group])
        return max([submitted, *(each for each in filled if each is not None)])


def _untouched(said: dict[str, Any], status: str) -> dict[str, Any]:
    never = dict.fromkeys(("filled_at", "canceled_at", "expired_at", "failed_at", "filled_avg_price"))
    return {**said, **never, "status": status, "filled_qty": "0", "updated_at": said["submitted_at"]}
