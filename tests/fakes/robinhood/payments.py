"""Money and shares that moved without a trade: each kind has a list of its own."""

from __future__ import annotations

from typing import Any

from tests.fakes.robinhood.house import House, View
from tests.fakes.robinhood.notation import amount, cents, instant, number
from tests.fakes.robinhood.paging import page
from tests.fakes.wire.messages import Answer, Arrival
from tradebot.brokers.paper import PaperExchange
from tradebot.core.model.account import CashEvent, CashKind, SplitEvent
from tradebot.core.model.values import ONE


def dividends(house: House, exchange: PaperExchange, arrival: Arrival) -> Answer:
    """Dividends that were paid, newest first (captured)."""
    return _cash(house, exchange, arrival, CashKind.DIVIDEND, _dividend)


def transfers(house: House, exchange: PaperExchange, arrival: Arrival) -> Answer:
    """Deposits and withdrawals. Its keys are known from clients only."""
    return _cash(house, exchange, arrival, (CashKind.DEPOSIT, CashKind.WITHDRAWAL), _transfer)


def unified_transfers(house: House, exchange: PaperExchange, arrival: Arrival) -> Answer:
    """The same deposits and withdrawals as the newer list has them. A guess, all of its keys."""
    return _cash(house, exchange, arrival, (CashKind.DEPOSIT, CashKind.WITHDRAWAL), _unified_transfer)


def interest(house: House, exchange: PaperExchange, arrival: Arrival) -> Answer:
    """Interest on cash (captured)."""
    return _cash(house, exchange, arrival, CashKind.INTEREST, _interest, above_zero=True)


def margin_interest(house: House, exchange: PaperExchange, arrival: Arrival) -> Answer:
    """Interest on what was borrowed (captured)."""
    return _cash(house, exchange, arrival, CashKind.INTEREST, _margin_interest, above_zero=False)


def subscription_fees(house: House, exchange: PaperExchange, arrival: Arrival) -> Answer:
    """Fees for a subscription. Its keys are known from clients only."""
    return _cash(house, exchange, arrival, CashKind.FEE, _fee)


def nothing(house: House, exchange: PaperExchange, arrival: Arrival) -> Answer:
    """A list that is empty here."""
    with house.looking(exchange) as view:
        return page(house, view.names, arrival, [])


def split_payments(house: House, exchange: PaperExchange, arrival: Arrival) -> Answer:
    """Splits of what was held, newest first (captured)."""
    with house.looking(exchange) as view:
        told = [_split(view, split) for split in reversed(view.happenings.splits)]
        return page(house, view.names, arrival, told)


def _cash(
    house: House,
    exchange: PaperExchange,
    arrival: Arrival,
    kinds: Any,
    told: Any,
    *,
    above_zero: bool | None = None,
) -> Answer:
    wanted = kinds if isinstance(kinds, tuple) else (kinds,)
    with house.looking(exchange) as view:
        found = [event for event in reversed(view.happenings.cash) if event.kind in wanted]
        if above_zero is not None:
            found = [event for event in found if (event.amount > 0) == above_zero]
        return page(house, view.names, arrival, [told(view, event) for event in found])


def _id(view: View, event: CashEvent | SplitEvent) -> str:
    return view.names.activity(int(event.event_id.rpartition("-")[2]))


def _dividend(view: View, event: CashEvent) -> dict[str, Any]:
    held, _, rate = event.note.replace(" share at ", " shares at ").partition(" shares at ")
    day, symbol = event.session.isoformat(), event.symbol or ""
    return {
        "account": view.names.account(),
        "active_instrument_id": None,
        "amount": cents(event.amount),
        "cash_dividend_id": view.names.other(f"dividend {symbol} {day}"),
        "drip_enabled": False,
        "ex_dividend_date": day,
        "gross_amount": cents(event.amount),
        "id": _id(view, event),
        "instrument": view.names.instrument(symbol),
        "is_primary_account": True,
        "nra_withholding": "0.00",
        "paid_at": instant(event.at),
        "payable_date": day,
        "position": f"{held}",
        "rate": f"{rate}",
        "record_date": day,
        "related_adjustments": [],
        "state": "paid",
        "url": view.names.url(f"/dividends/{_id(view, event)}/"),
        "withholding": "0.00",
    }


def _transfer(view: View, event: CashEvent) -> dict[str, Any]:
    return {
        "account": view.names.account(),
        "ach_relationship": view.names.url(f"/ach/relationships/{view.names.other('bank')}/"),
        "amount": cents(abs(event.amount)),
        "cancel": None,
        "created_at": instant(event.at),
        "direction": "deposit" if event.amount > 0 else "withdraw",
        "early_access_amount": "0.00",
        "expected_landing_date": event.session.isoformat(),
        "fees": "0.00",
        "id": _id(view, event),
        "rhs_state": "submitted",
        "scheduled": False,
        "state": "completed",
        "status_description": "",
        "updated_at": instant(event.at),
        "url": view.names.url(f"/ach/transfers/{_id(view, event)}/"),
    }


def _unified_transfer(view: View, event: CashEvent) -> dict[str, Any]:
    bank, own = ("ach", view.names.other("bank")), ("rhs_account", view.names.account_number)
    origin, receiver = (bank, own) if event.amount > 0 else (own, bank)
    return {
        "amount": cents(abs(event.amount)),
        "created_at": instant(event.at),
        "currency": "USD",
        "direction": "pull" if event.amount > 0 else "push",
        "id": _id(view, event),
        "originating_account_id": origin[1],
        "originating_account_type": origin[0],
        "receiving_account_id": receiver[1],
        "receiving_account_type": receiver[0],
        "state": "completed",
        "transfer_type": "originated_ach",
        "updated_at": instant(event.at),
    }


def _interest(view: View, event: CashEvent) -> dict[str, Any]:
    day = event.session
    return {
        "account_number": view.names.account_number,
        "amount": amount(event.amount),
        "direction": "credit",
        "id": _id(view, event),
        "pay_date": instant(event.at),
        "pay_period_end": day.isoformat(),
        "pay_period_start": day.replace(day=1).isoformat(),
        "payout_type": "sweep_interest",
        "reason": "interest_payment",
    }


def _margin_interest(view: View, event: CashEvent) -> dict[str, Any]:
    return {
        "account": view.names.account(),
        "amount": cents(-event.amount),
        "average_amount_borrowed": "0.00",
        "billing_due_date": event.session.isoformat(),
        "billing_start_date": event.session.replace(day=1).isoformat(),
        "created_at": instant(event.at),
        "credit": "0.00",
        "description": event.note,
        "id": _id(view, event),
        "margin_interest": "0.05",
        "url": view.names.url(f"/cash_journal/margin_interest_charges/{_id(view, event)}/"),
    }


def _fee(view: View, event: CashEvent) -> dict[str, Any]:
    return {
        "amount": cents(-event.amount),
        "created_at": instant(event.at),
        "credit": "0.00",
        "id": _id(view, event),
        "paid": True,
        "refunded": False,
        "subscription": view.names.url(f"/subscription/subscriptions/{view.names.other('gold')}/"),
        "url": view.names.url(f"/subscription/subscription_fees/{_id(view, event)}/"),
    }


def _split(view: View, split: SplitEvent) -> dict[str, Any]:
    identifier, grows = view.names.instrument_id(split.symbol), split.ratio > ONE
    exact = split.quantity_before * split.ratio
    return {
        "account_number": view.names.account_number,
        "fractional_remainder": number(exact - split.quantity_after),
        "id": _id(view, split),
        "is_primary_account": True,
        "new_shares": number(split.quantity_after),
        "old_shares": number(split.quantity_before),
        "paid_at": instant(split.at),
        "split": {
            "direction": "forward" if grows else "reverse",
            "divisor": number(ONE if grows else (ONE / split.ratio)),
            "effective_date": split.session.isoformat(),
            "id": view.names.other(f"split {split.symbol} {split.session}"),
            "multiplier": number(split.ratio if grows else ONE),
            "new_instrument_id": identifier,
            "old_instrument_id": identifier,
            "updated_at": instant(split.at),
        },
        "state": "paid",
        "updated_at": instant(split.at),
    }
