"""How Robinhood writes numbers, instants and amounts: all numbers are strings (captured)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

from tests.fakes.robinhood.messages import Refusal

#: The id of the US dollar that goes with amounts. Captured as a string; which one is a guess.
USD_ID = "1072fc76-1862-41ab-82c2-485837590762"


def number(value: Decimal) -> str:
    """Quantities and prices of orders and positions, with eight places."""
    return f"{value:.8f}"


def price(value: Decimal) -> str:
    """Prices of quotes and candles, with six places."""
    return f"{value:.6f}"


def money(value: Decimal) -> str:
    """Balances, with four places."""
    return f"{value:.4f}"


def cents(value: Decimal) -> str:
    """Amounts that were paid, with two places."""
    return f"{value:.2f}"


def optional(value: Decimal | None) -> str | None:
    return None if value is None else number(value)


def amount(value: Decimal) -> dict[str, str]:
    """An amount with its currency (captured)."""
    return {"amount": cents(value), "currency_code": "USD", "currency_id": USD_ID}


def instant(moment: datetime) -> str:
    """ "2026-07-14T21:47:23.766000Z"."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"


def to_the_second(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z"


def midnight(day: date) -> str:
    """When a day's candle begins: at midnight in UTC. A guess by what clients do with it."""
    return to_the_second(datetime.combine(day, time(), tzinfo=UTC))


def decimal(text: object, name: str) -> Decimal:
    """A number that a request gives, as string or number."""
    try:
        return Decimal(str(text))
    except InvalidOperation:
        raise Refusal(400, {name: ["A valid number is required."]}) from None


def moment(text: str, name: str) -> datetime:
    """An instant or a date that a request gives; a date begins at its midnight in UTC."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise Refusal(400, {name: ["Enter a valid date/time."]}) from None
    return read if read.tzinfo is not None else read.replace(tzinfo=UTC)


def is_true(value: Any) -> bool:
    """What a form or JSON says of something that is so or not."""
    return str(value).lower() == "true"
