"""How Alpaca writes numbers, instants and dates."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation

from tests.fakes.alpaca.messages import Refusal
from tradebot.core.model.exchange_time import NEW_YORK
from tradebot.core.model.values import canonical

UNPROCESSABLE = 422
MALFORMED = 40010001


def number(value: Decimal) -> str:
    """Amounts, prices and quantities of the trading API are strings."""
    return canonical(value)


def optional(value: Decimal | None) -> str | None:
    return None if value is None else canonical(value)


def instant(moment: datetime) -> str:
    """ "2022-02-02T18:55:09.981482Z"."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def optional_instant(moment: datetime | None) -> str | None:
    return None if moment is None else instant(moment)


def new_york_instant(moment: datetime) -> str:
    """ "2022-02-02T13:55:09-05:00", as the clock tells the time."""
    return moment.astimezone(NEW_YORK).isoformat()


def midnight(day: date) -> datetime:
    """When a New York date begins: the time that a daily bar bears."""
    return datetime.combine(day, time(), tzinfo=NEW_YORK).astimezone(UTC)


def decimal(text: object, name: str) -> Decimal:
    """A number that a request gives, as string or number."""
    try:
        return Decimal(str(text))
    except InvalidOperation:
        raise Refusal(UNPROCESSABLE, MALFORMED, f"{name} must be a number") from None


def moment(text: str, name: str) -> datetime:
    """An instant or a date that a request gives; a date begins at its midnight in UTC."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise Refusal(UNPROCESSABLE, MALFORMED, f"invalid format for {name}: {text}") from None
    return read if read.tzinfo is not None else read.replace(tzinfo=UTC)
