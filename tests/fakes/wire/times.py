"""Time at the fake: it stands still until it is moved, and goes on through nights and weekends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tradebot.brokers.paper import PaperExchange, session_phases
from tradebot.brokers.paper.sessions import session_start
from tradebot.core.model.orders import OrderState, TimeInForce

#: A broker cancels what has rested for so long: Alpaca says so, of Robinhood it is the usual word.
AGED = timedelta(days=90)


def go_to(exchange: PaperExchange, instant: datetime) -> None:
    """Let time pass up to an aware instant, through as many sessions as lie before it; never back.

    The exchange itself knows no time between the days of its data; its clock is moved there all the same.
    """
    if instant.tzinfo is None:
        raise ValueError(f"{instant} says no time zone")
    while (following := _next_begins(exchange)) is not None and following <= instant:
        exchange.next_session()
        _age(exchange)
    with exchange.writing() as paper:
        if instant > paper.state.now:
            session_phases.advance_session(paper, instant.astimezone(UTC))


def _next_begins(exchange: PaperExchange) -> datetime | None:
    with exchange.reading() as paper:
        following = paper.store.prices.session_after(paper.state.session)
        return None if following is None else session_start(following)


def _age(exchange: PaperExchange) -> None:
    with exchange.writing() as paper:
        for order in paper.book.live_orders():
            aged = order.time_in_force is TimeInForce.GTC and paper.state.now - order.submitted_at >= AGED
            if aged and paper.book.orders[order.number].live:
                paper.book.end(order, OrderState.CANCELLED, "it has rested for 90 days")
