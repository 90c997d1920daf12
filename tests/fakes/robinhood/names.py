"""Ids and addresses for what the exchange only numbers. The same account always gives the same ones."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID, uuid5

_ROBINHOOD = UUID("8f0d2ad4-51c3-4a0e-9a5b-6d1c1ffb9be4")


class Names:
    """The ids of one account, and addresses at ``base``. ``first_names`` are those of symbols that were renamed."""

    def __init__(self, account_id: str, base: str, first_names: Mapping[str, str]) -> None:
        self.account_id = account_id
        self.base = base
        self._first_names = first_names
        self._account = uuid5(_ROBINHOOD, account_id)
        self._orders: list[str] = []
        self._numbers: dict[str, int] = {}

    @property
    def account_number(self) -> str:
        """In the form of Robinhood's numbers: "5FK00001" is that of PAPER-0001."""
        return f"5FK{int(self.account_id.rpartition('-')[2]):05d}"

    @property
    def retirement_number(self) -> str:
        """Of an account for the retirement that the same person has."""
        return f"9{self.account_number[1:]}"

    @property
    def user(self) -> str:
        return str(uuid5(self._account, "user"))

    def url(self, path: str) -> str:
        return f"{self.base}{path}"

    def account(self, number: str | None = None) -> str:
        return self.url(f"/accounts/{number or self.account_number}/")

    def instrument_id(self, symbol: str) -> str:
        """The id of an instrument, which it keeps whatever it is called."""
        return str(uuid5(_ROBINHOOD, f"instrument {self._first_names.get(symbol, symbol)}"))

    def instrument(self, symbol: str) -> str:
        return self.url(f"/instruments/{self.instrument_id(symbol)}/")

    def order(self, number: int) -> str:
        self._know(number)
        return self._orders[number - 1]

    def order_number(self, identifier: str, newest: int) -> int | None:
        """The number behind an order's id, if it is one of the ``newest`` first."""
        self._know(newest)
        number = self._numbers.get(identifier)
        return number if number is not None and number <= newest else None

    def activity(self, number: int, part: str = "") -> str:
        return str(uuid5(self._account, f"activity {number} {part}"))

    def other(self, what: str) -> str:
        """The id of anything else."""
        return str(uuid5(self._account, what))

    def _know(self, newest: int) -> None:
        while len(self._orders) < newest:
            identifier = str(uuid5(self._account, f"order {len(self._orders) + 1}"))
            self._orders.append(identifier)
            self._numbers[identifier] = len(self._orders)
