"""Every position of ours is protected: prove it, repair what can be repaired, report the dollars that are not."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from tradebot.core.model.account import Quote
from tradebot.core.model.holdings import Holding
from tradebot.core.model.orders import BrokerOrder, OrderState, Purpose, TimeInForce
from tradebot.core.model.schedule import Job, nominal
from tradebot.core.model.values import dollars, tick_size
from tradebot.core.planning.exit_rules import raised_stop, stop_passed, with_mark
from tradebot.core.results.alerts import AlertLevel
from tradebot.core.results.outcomes import ExitLine
from tradebot.core.safety.stop_coverage import Gap, GapKind, coverable
from tradebot.jobs.desk import Desk, Story
from tradebot.jobs.steps.activities import take_in
from tradebot.jobs.steps.close import close_holding, exits_under_way, take_back
from tradebot.jobs.steps.submit import attempt_after, order_line, reducing_intent, send, write_down
from tradebot.jobs.steps.sync import Sheet, is_ours, look, synchronise


def protect(desk: Desk, story: Story, sheet: Sheet) -> Sheet:
    """Repair every gap that can be repaired and give the account as it stands then.

    Shares that an exit of ours is selling take no stop beside it: the broker would refuse one. What it has not sold by
    the session's last look is taken back, so that it lies behind a stop overnight.
    """
    if any(gap.kind.can_be_closed for gap in sheet.gaps):
        sheet = _close_gaps(desk, story, sheet)
    for gap in sheet.gaps:
        _tell(desk, story, gap, sheet)
    return sheet


def _close_gaps(desk: Desk, story: Story, sheet: Sheet) -> Sheet:
    with story.step("protect"):
        if _is_last_look(story) and _take_back_exits(desk, story, sheet):
            sheet = synchronise(desk, story)
        holdings = {(holding.strategy, holding.symbol): holding for holding in sheet.holdings}
        for gap in sheet.gaps:
            if not gap.kind.can_be_closed or exits_under_way(desk, sheet.open_orders, gap.symbol):
                continue
            _repair(desk, story, gap, holdings[(gap.strategy, gap.symbol)], sheet)
        take_in(desk, story)
        return look(desk, story)


def raise_trailing_stops(desk: Desk, story: Story, sheet: Sheet) -> None:
    """Mark each holding to the newest price and raise the stops that may be raised: replaced, never cancelled first."""
    for holding in sheet.holdings:
        quote = sheet.quotes.get(holding.symbol)
        marked = with_mark(holding, quote.last) if quote else holding
        raised = _raised(marked, quote)
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


def _raised(holding: Holding, quote: Quote | None) -> Decimal | None:
    """The price to raise the stop to; None where the price is through that already, which is an exit of the plan's."""
    raised = raised_stop(holding)
    late = raised is not None and quote is not None and stop_passed(holding.with_stop(raised), quote.last)
    return None if late else raised


def _tell(desk: Desk, story: Story, gap: Gap, sheet: Sheet) -> None:
    """Say what could not be repaired: dollars without a stop, or a stop that covers them and is not as it should be."""
    if not gap.kind.can_be_closed:
        title = f"a part of a share of {gap.symbol} is unprotected"
        message = f"{gap.symbol}: {dollars(gap.dollars)} of {gap.strategy} have no stop: it is {gap.kind.words}"
        story.notes.append(message)
        desk.alerts.send("warning", title, message, key=f"fraction {gap.strategy} {gap.symbol}")
        return
    if gap.dollars:
        level: AlertLevel = "critical"
        title = f"{gap.symbol} is unprotected"
        message = f"{gap.symbol}: {gap.dollars} USD of {gap.strategy} have no stop at the broker ({gap.kind.words})"
    else:
        level, title = "warning", f"{gap.symbol} has another stop than it should"
        message = f"{gap.symbol}: the stop of {gap.strategy} at the broker is {gap.kind.words}, and was left as it is"
    if exits_under_way(desk, sheet.open_orders, gap.symbol):
        message += "; an exit is selling them and has not been filled yet"
    story.failed(gap.symbol, message)
    desk.alerts.send(level, title, message, key=f"unprotected {gap.strategy} {gap.symbol}")


def _is_last_look(story: Story) -> bool:
    """Whether no further check-exits is due before the close."""
    hours = story.market.today
    last = nominal(Job.CHECK_EXITS, hours) if hours else None
    return last is not None and story.market.now >= last


def _take_back_exits(desk: Desk, story: Story, sheet: Sheet) -> bool:
    """Cancel what is not filled of exits whose shares a stop can protect; say whether there was anything to cancel.

    Where the price is beyond the stop already, the exit is the best protection there is, and stays until the close.
    """
    beyond = {
        holding.symbol
        for holding in sheet.holdings
        if (quote := sheet.quotes.get(holding.symbol)) is not None and stop_passed(holding, quote.last)
    }
    symbols = [gap.symbol for gap in sheet.gaps if gap.kind.can_be_closed and gap.symbol not in beyond]
    return sum(take_back(desk, story, sheet.open_orders, symbol) for symbol in symbols) > 0


def _repair(desk: Desk, story: Story, gap: Gap, holding: Holding, sheet: Sheet) -> None:
    """Close one gap, over as many shares as the broker shows: it would refuse a stop for more."""
    quote = sheet.quotes.get(gap.symbol)
    there = replace(holding, quantity=gap.held)
    if gap.kind is GapKind.LAPSING and _refused_this_session(desk, story, holding):
        return  # it rests still, and asking again would be refused again
    if gap.kind is not GapKind.MISSING:
        _replace_stop(desk, story, there, sheet, renews=gap.kind is GapKind.LAPSING)
    elif quote is not None and stop_passed(there, quote.last):
        _sell_now(desk, story, there, quote.last)
    else:
        _place_stop(desk, story, there)


def _refused_this_session(desk: Desk, story: Story, holding: Holding) -> bool:
    attempts = desk.ledger.orders.attempts(story.session, holding.strategy, holding.symbol, Purpose.STOP)
    return any(attempt.state is OrderState.REJECTED for attempt in attempts)


def _sell_now(desk: Desk, story: Story, holding: Holding, last: Decimal) -> None:
    attempt = attempt_after(desk, story, holding.strategy, holding.symbol, Purpose.EXIT)
    if attempt is not None:
        reason = f"price {last} is beyond the stop {holding.stop_price}, which is missing at the broker"
        close_holding(desk, story, reducing_intent(desk, story, holding, Purpose.EXIT, attempt, last, reason))


def _place_stop(desk: Desk, story: Story, holding: Holding) -> None:
    attempt = attempt_after(desk, story, holding.strategy, holding.symbol, Purpose.STOP)
    if attempt is None:
        return  # one sent earlier is not settled; sending another could sell twice
    reason = "protects a position that had no stop at the broker"
    intent = reducing_intent(desk, story, holding, Purpose.STOP, attempt, holding.stop_price, reason)
    write_down(desk, [intent])
    story.orders.append(order_line(send(desk, story, intent)))


def _replace_stop(desk: Desk, story: Story, holding: Holding, sheet: Sheet, *, renews: bool = False) -> bool:
    """Change the resting stop to the holding's price and quantity in one request, and say whether it is so now.

    One that ``renews`` takes the place of one that is as it should be, and does not last.
    """
    resting = _resting_stop(desk, sheet, holding)
    if resting is not None and not renews and _is_as_wanted(resting, holding):
        return True  # an earlier run sent it, and did not live to write the holding's new stop down
    attempt = attempt_after(desk, story, holding.strategy, holding.symbol, Purpose.STOP, replacing=True)
    if resting is None or attempt is None:
        return False
    reason = f"replaces the stop at {resting.stop_price} for {resting.quantity}"
    price = _another_price(resting, holding) if renews else holding.stop_price
    intent = reducing_intent(desk, story, holding, Purpose.STOP, attempt, price, reason)
    write_down(desk, [intent])
    sent = send(desk, story, intent, replacing=resting.broker_order_id)
    story.orders.append(order_line(sent))
    return sent.state.live and sent.state is not OrderState.UNKNOWN


def _another_price(resting: BrokerOrder, holding: Holding) -> Decimal:
    """The price of a stop that is renewed: a tick better where nothing else changes, as Alpaca then refuses it
    ("order parameters are not changed", https://github.com/alpacahq/alpaca-py/issues/412).
    """
    price = holding.stop_price
    if resting.time_in_force is not TimeInForce.GTC or resting.stop_price != price:
        return price
    return price + tick_size(price) * holding.side.sign


def _is_as_wanted(stop: BrokerOrder, holding: Holding) -> bool:
    return (stop.stop_price, stop.remaining) == (holding.stop_price, abs(coverable(holding.quantity)))


def _resting_stop(desk: Desk, sheet: Sheet, holding: Holding) -> BrokerOrder | None:
    """Our stop that protects a holding; the largest, should there be several. One set by hand is not ours to change."""
    stops = [
        order
        for order in sheet.open_orders
        if order.symbol == holding.symbol and order.side is holding.side.opposite and order.stop_price is not None
    ]
    return max((stop for stop in stops if is_ours(desk, stop)), key=lambda stop: stop.remaining, default=None)
