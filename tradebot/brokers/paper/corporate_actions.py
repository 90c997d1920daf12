"""Splits, dividends, and the ends of symbols.

A split is applied before the open of its ex-date. It multiplies positions; a fraction of a share is paid in cash at the
adjusted previous close, or stays where the rules say so. Resting orders are adjusted in the spirit of FINRA Rule 5330:
the quantity is multiplied and rounded down to whole shares, prices are divided and rounded to the tick.

A dividend is paid at the open of its ex-date on the shares held at the previous close, so that equity does not drop
when the price goes ex; a short pays it. Its amount is for shares after a split of the same day. Resting orders are not
reduced for dividends.

A merger for cash or a delisting ends a symbol before the open of its ex-date: its orders are cancelled, and each share
held is paid out (a short pays). Until the symbol has another bar it does not trade.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import ROUND_DOWN, Decimal

from tradebot.brokers.paper.orders import PaperOrder
from tradebot.brokers.paper.view import ExchangeView
from tradebot.core.model.account import CashKind, CorporateAction
from tradebot.core.model.orders import OrderState
from tradebot.core.model.values import ONE, after_split, plural, to_cents, whole_shares


def apply_splits(view: ExchangeView, splits: Iterable[CorporateAction]) -> None:
    """Adjust the positions and the live orders of every symbol that splits."""
    for split in splits:
        _split_position(view, split)
        for order in view.book.live_orders():
            if order.symbol == split.symbol and view.book.orders[order.number].live:
                _split_order(view, order, split.value)


def pay_dividends(view: ExchangeView, dividends: Iterable[CorporateAction]) -> None:
    """Pay each dividend on the shares held, USD to the cent."""
    for dividend in dividends:
        held = view.book.held(dividend.symbol)
        note = f"{plural(held, 'share')} at {dividend.value}"
        amount = to_cents(held * dividend.value)
        view.book.book_cash(CashKind.DIVIDEND, amount, dividend.symbol, note, view.booking_time)


def end_symbols(view: ExchangeView, ends: Iterable[CorporateAction]) -> None:
    """Cancel the live orders of each symbol that ends, and pay out its position, USD to the cent."""
    for end in ends:
        for order in view.book.live_orders():
            if order.symbol == end.symbol and view.book.orders[order.number].live:
                view.book.end(order, OrderState.CANCELLED, f"{end.symbol} ended by a {end.kind.replace('_', ' ')}")
        held = view.book.held(end.symbol)
        if held:
            view.book.book_end(end.symbol, end.kind, end.value, view.booking_time)
            note = f"{plural(held, 'share')} at {end.value}"
            amount = to_cents(held * end.value)
            view.book.book_cash(CashKind.CASH_IN_LIEU, amount, end.symbol, note, view.booking_time)


def _split_position(view: ExchangeView, split: CorporateAction) -> None:
    held = view.book.held(split.symbol)
    price = view.last_price(split.symbol)
    if held == 0 or price is None:
        return
    exact = held * split.value
    after = exact if view.rules.fractions_stay else exact.quantize(ONE, rounding=ROUND_DOWN)
    view.book.book_split(split.symbol, split.value, after, view.booking_time)
    fraction = exact - after
    note = f"{plural(fraction, 'share')} at {price}"
    view.book.book_cash(CashKind.CASH_IN_LIEU, to_cents(fraction * price), split.symbol, note, view.booking_time)


def _split_order(view: ExchangeView, order: PaperOrder, ratio: Decimal) -> None:
    remaining = whole_shares(order.remaining * ratio)
    if remaining == 0:
        view.book.end(order, OrderState.CANCELLED, f"a split of {ratio} for 1 left it no whole share")
        return
    view.book.update(
        replace(
            order,
            quantity=order.filled_quantity + remaining,
            limit_price=_divided(order.limit_price, ratio),
            stop_price=_divided(order.stop_price, ratio),
        )
    )


def _divided(price: Decimal | None, ratio: Decimal) -> Decimal | None:
    return None if price is None else after_split(price, ratio)
