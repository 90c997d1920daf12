"""Every position of ours is protected: prove it, repair what can be repaired, report the dollars that are not."""

from __future__ import annotations

from decimal import Decimal

from tradebot.core.exits import raised_stop, with_mark
from tradebot.core.holdings import Holding
from tradebot.core.orders import BrokerOrder, OrderState, Purpose
from tradebot.core.outcomes import ExitLine
from tradebot.core.protection import Gap, GapKind
from tradebot.jobs.desk import Desk, Story
from tradebot.jobs.exiting import close_holding
from tradebot.jobs.sending import next_attempt, order_line, reducing_intent, send, write_down
from tradebot.jobs.syncing import Sheet, look, take_in


def protect(desk: Desk, story: Story, sheet: Sheet) -> Sheet:
    """Repair every gap that can be repaired and give the account as it stands then."""
    if not sheet.gaps:
        return sheet
    with story.step("protect"):
        holdings = {(holding.strategy, holding.symbol): holding for holding in sheet.holdings}
        for gap in sheet.gaps:
            _repair(desk, story, gap, holdings[(gap.strategy, gap.symbol)], sheet)
        take_in(desk, story)
        sheet = look(desk, story)
    for gap in sheet.gaps:
        message = f"{gap.symbol}: {gap.dollars} USD of {gap.strategy} have no stop at the broker ({gap.kind})"
        story.failed(gap.symbol, message)
        desk.alerts.send("critical", f"{gap.symbol} is unprotected", message)
    return sheet


def raise_trailing_stops(desk: Desk, story: Story, sheet: Sheet) -> None:
    """Mark each holding to the newest price and raise the stops that may be raised: replaced, never cancelled first."""
    for holding in sheet.holdings:
        quote = sheet.quotes.get(holding.symbol)
        marked = with_mark(holding, quote.last) if quote else holding
        raised = raised_stop(marked)
        if raised is not None and _replace_stop(desk, story, marked.with_stop(raised), sheet):
            marked = marked.with_stop(raised)
            verdict = f"stop raised from {holding.stop_price} to {raised}"
        else:
            verdict = "holds"
        if marked != holding:
            desk.ledger.books.save_holding(marked, desk.clock.now())
        story.exits.append(exit_line(marked, sheet, verdict))


def exit_line(holding: Holding, sheet: Sheet, verdict: str) -> ExitLine:
    """One holding as it is told to people after it was looked at for exits."""
    quote = sheet.quotes.get(holding.symbol)
    return ExitLine(
        strategy=holding.strategy,
        symbol=holding.symbol,
        quantity=holding.quantity,
        last=quote.last if quote else None,
        stop=holding.stop_price,
        target=holding.target_price,
        verdict=verdict,
    )


def _repair(desk: Desk, story: Story, gap: Gap, holding: Holding, sheet: Sheet) -> None:
    quote = sheet.quotes.get(gap.symbol)
    if gap.kind is not GapKind.MISSING:
        _replace_stop(desk, story, holding, sheet)
    elif quote is not None and _passed(holding, quote.last):
        _sell_now(desk, story, holding, quote.last)
    else:
        _place_stop(desk, story, holding)


def _passed(holding: Holding, last: Decimal) -> bool:
    """Whether the price is already where the stop would have sold."""
    return last <= holding.stop_price if holding.quantity > 0 else last >= holding.stop_price


def _sell_now(desk: Desk, story: Story, holding: Holding, last: Decimal) -> None:
    attempt = next_attempt(desk, story, holding.strategy, holding.symbol, Purpose.EXIT)
    if attempt is not None:
        reason = f"price {last} is beyond the stop {holding.stop_price}, which is missing at the broker"
        close_holding(desk, story, reducing_intent(desk, story, holding, Purpose.EXIT, attempt, last, reason))


def _place_stop(desk: Desk, story: Story, holding: Holding) -> None:
    attempt = next_attempt(desk, story, holding.strategy, holding.symbol, Purpose.STOP)
    if attempt is None:
        return  # one sent earlier is not settled; sending another could sell twice
    reason = "protects a position that had no stop at the broker"
    intent = reducing_intent(desk, story, holding, Purpose.STOP, attempt, holding.stop_price, reason)
    write_down(desk, [intent])
    story.orders.append(order_line(send(desk, story, intent)))


def _replace_stop(desk: Desk, story: Story, holding: Holding, sheet: Sheet) -> bool:
    """Change the resting stop to the holding's price and quantity in one request, and say whether it took.

    The earlier attempt needs no end of its own first: the broker's answer to the replacement is its end.
    """
    resting = _resting_stop(sheet, holding)
    earlier = desk.ledger.orders.attempts(story.session, holding.strategy, holding.symbol, Purpose.STOP)
    if resting is None or any(attempt.state in (OrderState.SUBMITTING, OrderState.UNKNOWN) for attempt in earlier):
        return False
    planned = [attempt.attempt for attempt in earlier if attempt.state is OrderState.PLANNED]
    attempt = planned[-1] if planned else 1 + max((attempt.attempt for attempt in earlier), default=0)
    reason = f"replaces the stop at {resting.stop_price} for {resting.quantity}"
    intent = reducing_intent(desk, story, holding, Purpose.STOP, attempt, holding.stop_price, reason)
    write_down(desk, [intent])
    sent = send(desk, story, intent, replacing=resting.broker_order_id)
    story.orders.append(order_line(sent))
    return sent.state.live and sent.state is not OrderState.UNKNOWN


def _resting_stop(sheet: Sheet, holding: Holding) -> BrokerOrder | None:
    """The stop that protects a holding; the largest, should there be several."""
    stops = [
        order
        for order in sheet.open_orders
        if order.symbol == holding.symbol and order.side is holding.side.opposite and order.stop_price is not None
    ]
    return max(stops, key=lambda order: order.remaining, default=None)
