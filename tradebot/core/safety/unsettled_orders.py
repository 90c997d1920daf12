"""The state of our orders, for people, when a run loses the connection to the broker."""

from __future__ import annotations

from collections.abc import Iterable

from tradebot.core.model.orders import Intent, OrderState
from tradebot.core.model.values import canonical

_RESTING = (OrderState.ACCEPTED, OrderState.PARTIALLY_FILLED)


def unsettled_text(unsettled: Iterable[Intent]) -> tuple[str, ...]:
    """Sentences on the intents whose outcome is not final, and on what else is unknown."""
    intents = tuple(unsettled)
    lost = ", ".join(f"{_order_text(each)} ({each.client_order_id})" for each in intents if each.state.in_doubt)
    resting = ", ".join(
        f"{_order_text(each)}, {canonical(each.filled_quantity)} filled" for each in intents if each.state in _RESTING
    )
    unsent = ", ".join(_order_text(each) for each in intents if each.state is OrderState.PLANNED)
    return (
        f"not known: what became of {lost}" if lost else "known: every order that was sent is at the broker",
        *([f"as last seen at the broker: {resting}"] if resting else []),
        *([f"written down and not at the broker: {unsent}"] if unsent else []),
        "not known: what has happened at the broker since it last answered; what rests there goes on to rest",
        "the next run asks the broker for all of this first, and sends nothing twice",
    )


def _order_text(intent: Intent) -> str:
    request = intent.request
    return f"{intent.purpose}: {request.side} {canonical(request.quantity)} {request.symbol}"
