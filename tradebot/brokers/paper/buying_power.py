"""The account's value and buying power."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import ROUND_FLOOR, Decimal

from tradebot.brokers.paper.account_book import PaperPosition
from tradebot.brokers.paper.orders import PaperOrder
from tradebot.brokers.paper.view import ExchangeView
from tradebot.core.model.account import AccountDay, AccountSnapshot, Position
from tradebot.core.model.orders import Side
from tradebot.core.model.values import CENT, ZERO, to_cents
from tradebot.market.matching import unit_cost

#: A margin account may hold twice its equity: the initial margin of 50% of Regulation T (12 CFR 220.12).
MARGIN_MULTIPLE = Decimal(2)


def snapshot(view: ExchangeView) -> AccountSnapshot:
    """The account now."""
    last_close = view.store.equity_before(view.state.session)
    return AccountSnapshot(
        account_id=view.state.account_id,
        equity=equity(view),
        last_equity=view.state.starting_cash if last_close is None else last_close,
        cash=view.book.cash,
        buying_power=buying_power(view).quantize(CENT, rounding=ROUND_FLOOR),
    )


def days(view: ExchangeView, first: date, last: date) -> tuple[AccountDay, ...]:
    """The closed sessions from ``first`` to ``last`` and the current one, in order."""
    equities = dict(view.store.closing_equity(first, last))
    if first <= view.state.session <= last:
        equities.setdefault(view.state.session, equity(view))
    return tuple(AccountDay(session, value, view.store.paid_in(session)) for session, value in equities.items())


def positions(view: ExchangeView) -> tuple[Position, ...]:
    """The positions at the newest prices, by symbol."""
    return tuple(
        Position(
            held.symbol,
            held.quantity,
            held.average_price,
            market_price(view, held),
            previous_close=view.previous_close(held.symbol),
        )
        for _, held in sorted(view.book.positions.items())
        if held.quantity
    )


def shown_positions(view: ExchangeView) -> tuple[Position, ...]:
    """The positions as the account shows them: with the shares that working sells hold."""
    return tuple(
        replace(held, held_for_sells=min(max(held.quantity, ZERO), view.book.committed(held.symbol, Side.SELL)))
        for held in positions(view)
    )


def equity(view: ExchangeView) -> Decimal:
    """Cash and positions at the newest prices, USD to the cent."""
    return to_cents(view.book.cash + sum((held.market_value for held in positions(view)), ZERO))


def market_price(view: ExchangeView, held: PaperPosition) -> Decimal:
    """The newest price of a position, USD a share."""
    last = view.last_price(held.symbol)
    assert last is not None, "a position was bought at a price, and prices stay"
    return last


def buying_power(view: ExchangeView, besides: int | None = None) -> Decimal:
    """USD that new positions may cost. Resting orders reserve their cost, except those of the group ``besides``.

    A cash account has its cash. A margin account has MARGIN_MULTIPLE times its equity, less the value of its long and
    short positions. It pays no interest, and there are no margin calls.
    """
    reserved = sum((cost(view, o) for o in view.book.live_orders() if o.group != besides and opens(view, o)), ZERO)
    if not view.rules.allow_short:
        return max(view.book.cash - reserved, ZERO)
    gross = sum((abs(held.market_value) for held in positions(view)), ZERO)
    return max(MARGIN_MULTIPLE * equity(view) - gross - reserved, ZERO)


def opens(view: ExchangeView, order: PaperOrder) -> bool:
    """Whether an order opens a position or adds to one."""
    return order.parent is None and not closes(view, order)


def closes(view: ExchangeView, order: PaperOrder) -> bool:
    """Whether the account has a position that an order would reduce."""
    return view.book.held(order.symbol) * order.side.sign < 0


def cost(view: ExchangeView, order: PaperOrder) -> Decimal:
    """The expected cost of the remaining shares with commission, USD; 0 while no price is known."""
    price = unit_cost(order, view.last_price(order.symbol), view.rules.slippage_pct)
    commission = view.rules.commission(order.quantity) - order.fees
    return ZERO if price is None else order.remaining * price + commission


def can_pay(view: ExchangeView, order: PaperOrder, quantity: Decimal, price: Decimal, fee: Decimal) -> bool:
    """Whether a cash account has the cash for a fill. A margin account may owe it, and a sale needs none."""
    return view.rules.allow_short or order.side is Side.SELL or quantity * price + fee <= view.book.cash
