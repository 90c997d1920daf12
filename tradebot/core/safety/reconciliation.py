"""Reconciliation: the three-way comparison of the ledger's lots and cash, our intents, and the broker's account."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from decimal import Decimal

from tradebot.core.accounting.lots import shown_average
from tradebot.core.model.account import CASH, Position
from tradebot.core.model.breaks import Break, BreakKind, BreakSeverity, difference_severity
from tradebot.core.model.holdings import Lot, shares_of
from tradebot.core.model.orders import BrokerOrder, Intent
from tradebot.core.model.values import CENT, SUB_PENNY, ZERO, canonical, dollars, plural, tick_size
from tradebot.core.safety.stop_coverage import Gap, GapKind


def find_breaks(
    *,
    lots: Iterable[Lot],
    positions: Iterable[Position],
    unsettled: Iterable[Intent],
    open_orders: Iterable[BrokerOrder],
    undecided: frozenset[str],
    gaps: Iterable[Gap],
    cash_here: Decimal | None,
    cash_there: Decimal,
) -> tuple[Break, ...]:
    """Every difference, over the union of both sides, by symbol.

    lots: all open lots; foreign ones explain foreign positions.
    undecided: the broker ids of the open orders with an id of ours, or legs of one, that this ledger did not decide.
    cash_here: the cash that the ledger explains, USD; None when it has booked nothing yet.
    """
    shares = tuple(_positions(lots, positions))
    differences = [
        *shares,
        *_orders(open_orders, undecided),
        *_outcomes(unsettled),
        *_unprotected(gaps, {each.symbol for each in shares}),
        *_cash(cash_here, cash_there),
    ]
    return tuple(sorted(differences, key=lambda difference: (difference.symbol, difference.kind)))


def _positions(lots: Iterable[Lot], positions: Iterable[Position]) -> Iterable[Break]:
    here: dict[str, list[Lot]] = {}
    for lot in lots:
        here.setdefault(lot.symbol, []).append(lot)
    there = {position.symbol: position for position in positions}
    for symbol in here.keys() | there.keys():
        own, position = here.get(symbol, []), there.get(symbol)
        ledger = shares_of(own)
        broker = position.quantity if position else ZERO
        if ledger != broker:
            message = f"{symbol}: the ledger explains {plural(ledger, 'share')}, the broker shows {canonical(broker)}"
            kind, price = _kind_of(ledger, broker), position.market_price if position else own[-1].price
            value = abs(broker - ledger) * price
            severity = BreakSeverity.CRITICAL if kind is BreakKind.SIDE else difference_severity(value)
            yield Break(kind, symbol, ledger, broker, message, severity=severity, dollars=value)
        elif own and position:
            yield from _average_price(symbol, shown_average(own), position.average_price)


def _average_price(symbol: str, here: Decimal, there: Decimal) -> Iterable[Break]:
    """A difference of a tick is rounding. More is reported only, because no money differs."""
    if abs(here - there) > tick_size(there):
        ledger, broker = here.quantize(SUB_PENNY), there.quantize(SUB_PENNY)
        message = (
            f"{symbol}: by the ledger its shares cost {canonical(ledger)} on average, by the broker {canonical(broker)}"
        )
        yield Break(BreakKind.PRICE, symbol, ledger, broker, message, severity=BreakSeverity.INFO)


def _kind_of(ledger: Decimal, broker: Decimal) -> BreakKind:
    if ledger == 0:
        return BreakKind.MISSING_HERE
    if broker == 0:
        return BreakKind.MISSING_THERE
    return BreakKind.SIDE if ledger * broker < 0 else BreakKind.QUANTITY


def _orders(open_orders: Iterable[BrokerOrder], undecided: frozenset[str]) -> Iterable[Break]:
    for order in open_orders:
        if order.state.live and order.broker_order_id in undecided:
            shares = order.remaining * order.side.sign
            name = order.client_order_id or order.broker_order_id
            message = (
                f"{order.symbol}: this ledger did not decide an open order with an id of ours: {order.side} {name}"
            )
            price = order.limit_price or order.stop_price or ZERO
            value = order.remaining * price if order.quantity or order.notional is None else order.notional
            severity = difference_severity(value)
            yield Break(BreakKind.UNKNOWN_ORDER, order.symbol, ZERO, shares, message, severity=severity, dollars=value)


def _outcomes(unsettled: Iterable[Intent]) -> Iterable[Break]:
    for intent in unsettled:
        if intent.state.in_doubt:
            shares = intent.remaining * intent.request.side.sign
            message = f"{intent.symbol}: nobody saw what became of {intent.client_order_id}"
            value = intent.remaining * intent.planned_price
            kind, severity = BreakKind.UNKNOWN_OUTCOME, difference_severity(value)
            yield Break(kind, intent.symbol, shares, ZERO, message, severity=severity, dollars=value)


def _unprotected(gaps: Iterable[Gap], differing: Collection[str]) -> Iterable[Break]:
    """The gaps that a stop can close, save a stop that is too large because fewer shares are shown: that is told."""
    for gap in gaps:
        if not gap.kind.can_be_closed or (gap.kind is GapKind.TOO_LARGE and gap.symbol in differing):
            continue  # it is reported as a gap, and nothing more differs
        held, covered = canonical(abs(gap.held)), canonical(abs(gap.protected))
        message = (
            f"{gap.symbol}: the stop of {gap.strategy} at {canonical(gap.stop_price)} is {gap.kind.text}: "
            f"{covered} of {held} shares are covered, {dollars(gap.dollars)} are not"
        )
        kind, severity = BreakKind.UNPROTECTED, difference_severity(gap.dollars)
        yield Break(kind, gap.symbol, gap.held, gap.protected, message, severity=severity, dollars=gap.dollars)


def _cash(here: Decimal | None, there: Decimal) -> Iterable[Break]:
    """A difference of a cent is rounding."""
    if here is not None and abs(here - there) > CENT:
        message = f"the ledger explains {dollars(here)} of cash, the broker shows {dollars(there)}"
        value = abs(there - here)
        yield Break(BreakKind.CASH, CASH, here, there, message, severity=difference_severity(value), dollars=value)
