"""What splits and dividends do to the account.

A split is applied before the open of its ex-date. Positions are multiplied; a fraction of a share is paid out at the
adjusted previous close. Resting orders follow, in the spirit of FINRA Rule 5330: the quantity is multiplied and
rounded down to whole shares, prices are divided and rounded to the tick. A dividend is paid in cash at the open of
its ex-date on what was held at the previous close (nothing trades in between), so that equity does not jump when the
price goes ex; a short pays it. Its amount counts shares after a split of the same day. Resting orders are not reduced
for dividends.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import ROUND_DOWN, Decimal

from tradebot.brokers.paper.orders import PaperOrder
from tradebot.brokers.paper.view import ExchangeView
from tradebot.core.model.account import CashKind, CorporateAction
from tradebot.core.model.orders import OrderState
from tradebot.core.model.values import ONE, to_cents, to_tick, whole_shares


def apply_splits(floor: ExchangeView, splits: Iterable[CorporateAction]) -> None:
    """Multiply the positions and adjust the live orders of every symbol that splits."""
    for split in splits:
        _split_position(floor, split)
        for order in floor.book.live():
            if order.symbol == split.symbol and floor.book.orders[order.number].live:
                _split_order(floor, order, split.value)


def pay_dividends(floor: ExchangeView, dividends: Iterable[CorporateAction]) -> None:
    """Pay each dividend on what is held, to the cent."""
    for dividend in dividends:
        held = floor.book.held(dividend.symbol)
        note = f"{held} shares at {dividend.value}"
        floor.book.pay(CashKind.DIVIDEND, to_cents(held * dividend.value), dividend.symbol, note, floor.moment)


def _split_position(floor: ExchangeView, split: CorporateAction) -> None:
    held = floor.book.held(split.symbol)
    price = floor.last_price(split.symbol)
    if held == 0 or price is None:
        return
    exact = held * split.value
    after = exact.quantize(ONE, rounding=ROUND_DOWN)
    floor.book.split(split.symbol, split.value, after, floor.moment)
    fraction = exact - after
    note = f"{fraction} shares at {price}"
    floor.book.pay(CashKind.CASH_IN_LIEU, to_cents(fraction * price), split.symbol, note, floor.moment)


def _split_order(floor: ExchangeView, order: PaperOrder, ratio: Decimal) -> None:
    remaining = whole_shares(order.remaining * ratio)
    if remaining == 0:
        floor.book.end(order, OrderState.CANCELLED, f"a split of {ratio} for 1 left it no whole share")
        return
    floor.book.put(
        replace(
            order,
            quantity=order.filled_quantity + remaining,
            limit_price=_divided(order.limit_price, ratio),
            stop_price=_divided(order.stop_price, ratio),
        )
    )


def _divided(price: Decimal | None, ratio: Decimal) -> Decimal | None:
    return None if price is None else to_tick(price / ratio)
