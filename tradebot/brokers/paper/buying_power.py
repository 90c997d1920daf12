"""What the account is worth and what it can still pay for."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_FLOOR, Decimal

from tradebot.brokers.paper.account_book import PaperPosition
from tradebot.brokers.paper.matching import unit_cost
from tradebot.brokers.paper.orders import PaperOrder
from tradebot.brokers.paper.view import ExchangeView
from tradebot.core.model.account import AccountDay, AccountSnapshot, Position
from tradebot.core.model.orders import Side
from tradebot.core.model.values import CENT, ZERO, to_cents

#: A margin account may hold twice its equity: the initial margin of 50 % of Regulation T (12 CFR 220.12).
MARGIN_MULTIPLE = Decimal(2)


def snapshot(floor: ExchangeView) -> AccountSnapshot:
    """The account as a broker shows it now."""
    last_close = floor.store.equity_before(floor.state.session)
    return AccountSnapshot(
        account_id=floor.state.account_id,
        equity=equity(floor),
        last_equity=floor.state.starting_cash if last_close is None else last_close,
        cash=floor.book.cash,
        buying_power=buying_power(floor).quantize(CENT, rounding=ROUND_FLOOR),
    )


def days(floor: ExchangeView, first: date, last: date) -> tuple[AccountDay, ...]:
    """The sessions from ``first`` to ``last`` that have closed, and the one that the exchange is in, in order."""
    equities = dict(floor.store.closing_equity(first, last))
    if first <= floor.state.session <= last:
        equities.setdefault(floor.state.session, equity(floor))
    return tuple(AccountDay(session, value, floor.store.paid_in(session)) for session, value in equities.items())


def positions(floor: ExchangeView) -> tuple[Position, ...]:
    """What is held, at the newest prices, by symbol."""
    return tuple(
        Position(held.symbol, held.quantity, held.average_price, market_price(floor, held))
        for _, held in sorted(floor.book.positions.items())
        if held.quantity
    )


def equity(floor: ExchangeView) -> Decimal:
    """Cash and positions at the newest prices, USD to the cent."""
    return to_cents(floor.book.cash + sum((held.market_value for held in positions(floor)), ZERO))


def market_price(floor: ExchangeView, held: PaperPosition) -> Decimal:
    last = floor.last_price(held.symbol)
    assert last is not None, "a position was bought at a price, and prices stay"
    return last


def buying_power(floor: ExchangeView, besides: int | None = None) -> Decimal:
    """USD that new positions may cost; resting orders stand for what they will cost, the group ``besides`` left out.

    A cash account has its cash. A margin account has MARGIN_MULTIPLE times its equity, less the value of its long
    and short positions; it pays no interest here and is never called for margin.
    """
    reserved = sum((cost(floor, o) for o in floor.book.live() if o.group != besides and opens(floor, o)), ZERO)
    if not floor.rules.allow_short:
        return max(floor.book.cash - reserved, ZERO)
    gross = sum((abs(held.market_value) for held in positions(floor)), ZERO)
    return max(MARGIN_MULTIPLE * equity(floor) - gross - reserved, ZERO)


def opens(floor: ExchangeView, order: PaperOrder) -> bool:
    """Whether an order opens or adds to a position, rather than closing one."""
    return order.parent is None and not closes(floor, order)


def closes(floor: ExchangeView, order: PaperOrder) -> bool:
    """Whether a position is there that an order would make smaller."""
    return floor.book.held(order.symbol) * order.side.sign < 0


def cost(floor: ExchangeView, order: PaperOrder) -> Decimal:
    """USD that the rest of an order will cost with its commission, as far as is known before it fills."""
    price = unit_cost(order, floor.last_price(order.symbol), floor.rules.slippage_pct)
    commission = floor.rules.commission(order.quantity) - order.fees
    return ZERO if price is None else order.remaining * price + commission


def can_pay(floor: ExchangeView, order: PaperOrder, quantity: Decimal, price: Decimal, fee: Decimal) -> bool:
    """Whether a cash account has the cash for a purchase that is about to fill; a margin account owes it."""
    return floor.rules.allow_short or order.side is Side.SELL or quantity * price + fee <= floor.book.cash
