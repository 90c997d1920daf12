"""UUIDs for what the exchange only numbers. The same account always gives the same ones."""

from __future__ import annotations

from uuid import UUID, uuid5

from tradebot.brokers.paper.orders import PaperOrder

_ALPACA = UUID("3d1f2f5e-6c0e-4a55-9f5b-0d2c8a6d7b11")


class Names:
    """The ids of one account."""

    def __init__(self, account_id: str) -> None:
        self.account_id = account_id
        self._account = uuid5(_ALPACA, account_id)
        self._orders: list[str] = []
        self._numbers: dict[str, int] = {}

    @property
    def account(self) -> str:
        return str(self._account)

    @staticmethod
    def asset(symbol: str) -> str:
        return str(uuid5(_ALPACA, f"asset {symbol}"))

    def order(self, number: int) -> str:
        self._know(number)
        return self._orders[number - 1]

    def group(self, number: int) -> str:
        """Of a bracket and the like, by the number of its entry."""
        return str(uuid5(self._account, f"group {number}"))

    def order_number(self, identifier: str, newest: int) -> int | None:
        """The number behind an order's id, if it is one of the ``newest`` first."""
        self._know(newest)
        number = self._numbers.get(identifier)
        return number if number is not None and number <= newest else None

    def activity(self, number: int, part: str) -> str:
        return str(uuid5(self._account, f"activity {number} {part}"))

    def client_order_id(self, order: PaperOrder, parent: PaperOrder | None) -> str:
        """Legs that came with an entry have random ids at Alpaca; the exchange's own would give away whose they are."""
        if parent is None or order.client_order_id != f"{parent.client_order_id}.{order.role}":
            return order.client_order_id
        return str(uuid5(self._account, order.client_order_id))

    def made_up(self, newest: int) -> str:
        """A client_order_id for an order that was sent without one, when there are ``newest`` orders."""
        return str(uuid5(self._account, f"client {newest + 1}"))

    def _know(self, newest: int) -> None:
        while len(self._orders) < newest:
            identifier = str(uuid5(self._account, f"order {len(self._orders) + 1}"))
            self._orders.append(identifier)
            self._numbers[identifier] = len(self._orders)
