"""The account, its positions and its worth."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from tests.fakes.robinhood.house import House, View
from tests.fakes.robinhood.messages import not_found
from tests.fakes.robinhood.notation import instant, is_true, money, number
from tests.fakes.robinhood.paging import page
from tests.fakes.wire.messages import Answer, Arrival
from tradebot.brokers.paper import PaperExchange, buying_power
from tradebot.core.model.exchange_time import new_york_date
from tradebot.core.model.orders import Side
from tradebot.core.model.values import ZERO, to_cents


def accounts(house: House, exchange: PaperExchange, arrival: Arrival) -> Answer:
    """Every account of the person with ``default_to_all_accounts``; the first need not be the one to trade."""
    with house.looking(exchange) as view:
        told = [_account(house, view)]
        if is_true(arrival.query.get("default_to_all_accounts")) and house.terms.retirement != "none":
            other = _retirement(view, told[0])
            told = [other, *told] if house.terms.retirement == "first" else [*told, other]
        return page(house, view.names, arrival, told)


def account(house: House, exchange: PaperExchange, arrival: Arrival, account_number: str) -> Answer:
    with house.looking(exchange) as view:
        _check(view, account_number)
        return Answer(200, _account(house, view))


def buying_power_breakdown(house: House, exchange: PaperExchange, arrival: Arrival, account_number: str) -> Answer:
    with house.looking(exchange) as view:
        _check(view, account_number)
        told = _account(house, view)
        body = {
            "account_number": account_number,
            "account_type": house.terms.kind,
            "breakdown": [],
            "buying_power": told["buying_power"],
            "case": "standard",
            "deficit": "0.0000",
            "display_currency": "USD",
            "explanation": None,
            "held_deposits": told["uncleared_deposits"],
            "intraday_buying_power": None,
            "leverage_enabled": house.terms.kind == "margin",
            "off_intraday_buying_power": None,
            "unleveraged_buying_power": money(max(_free_cash(house, view), ZERO)),
        }
        return Answer(200, body)


def _check(view: View, account_number: str) -> None:
    if account_number != view.names.account_number:
        raise not_found()


def _free_cash(house: House, view: View) -> Decimal:
    """Cash that no order to buy holds, and in a cash account none that is yet to settle."""
    shown = buying_power.snapshot(view.paper)
    held = _held_for_buys(view)
    return shown.cash - held - (_unsettled(house, view) if house.terms.kind == "cash" else ZERO)


def _held_for_buys(view: View) -> Decimal:
    paper = view.paper
    buys = (order for order in paper.book.live_orders() if order.side is Side.BUY)
    return sum((buying_power.cost(paper, order) for order in buys), ZERO)


def _unsettled(house: House, view: View) -> Decimal:
    """What today's sales brought in: it settles a session later."""
    today = new_york_date(view.paper.state.now)
    fills = (fill for fills in view.happenings.fills.values() for fill in fills)
    sold = (fill for fill in fills if fill.side is Side.SELL and fill.session >= today)
    return sum((to_cents(fill.quantity * fill.price) - fill.fee for fill in sold), ZERO)


def _account(house: House, view: View) -> dict[str, Any]:
    shown, names, kind = buying_power.snapshot(view.paper), view.names, house.terms.kind
    unsettled, power = _unsettled(house, view), max(_free_cash(house, view), ZERO)
    if kind == "margin" and view.paper.rules.allow_short:
        power = shown.buying_power
    cash, opened = money(shown.cash), instant(view.happenings.cash[0].at)
    balances = {
        "buying_power": money(power),
        "cash": cash,
        "cash_available_for_withdrawal": money(max(shown.cash - unsettled, ZERO)),
        "cash_held_for_orders": money(_held_for_buys(view)),
        "created_at": opened,
        "uncleared_deposits": "0.0000",
        "unsettled_debit": "0.0000",
        "unsettled_funds": money(unsettled),
        "updated_at": instant(view.paper.state.now),
    }
    told = {
        "account_number": names.account_number,
        "active_subscription_id": None,
        "affiliate": "rhf",
        "agentic_allowed": False,
        "amount_eligible_for_deposit_cancellation": "0.0000",
        "brokerage_account_type": "individual",
        **balances,
        "can_downgrade_to_cash": names.url(f"/accounts/{names.account_number}/can_downgrade_to_cash/"),
        "cash_balances": balances if kind == "cash" else None,
        "cash_held_for_options_collateral": "0.0000",
        "crypto_buying_power": "0.0000",
        "deactivated": False,
        "deposit_halted": False,
        "drip_enabled": False,
        "eligible_for_fractionals": True,
        "equity_trading_lock": "not_locked",
        "fractional_position_closing_only": False,
        "is_default": True,
        "is_original": True,
        "locked": False,
        "management_type": "self_directed",
        "margin_balances": {**balances, "is_limited_margin": True} if kind == "margin" else None,
        "max_ach_early_access_amount": "0.0000",
        "nickname": None,
        "onbp": money(power),
        "only_position_closing_trades": False,
        "option_level": "",
        "permanently_deactivated": False,
        "portfolio_cash": cash,
        "ref_id": names.other("account"),
        "rhs_account_number": int(names.account_id.rpartition("-")[2]),
        "sma": "0.0000",
        "sma_held_for_orders": "0.0000",
        "state": "active",
        "sweep_enabled": False,
        "sweep_enrolled": False,
        "type": kind,
        "url": names.account(),
        "user": names.url("/user/"),
        "user_id": names.user,
        "withdrawal_halted": False,
    }
    return told | house.terms.account


def _retirement(view: View, account: dict[str, Any]) -> dict[str, Any]:
    """An account for the retirement, without money (captured: the list has those too)."""
    names = view.names
    nothing = dict.fromkeys(("buying_power", "cash", "portfolio_cash", "onbp", "unsettled_funds"), "0.0000")
    other = {
        "account_number": names.retirement_number,
        "brokerage_account_type": "ira_roth",
        "cash_balances": nothing,
        "is_default": False,
        "margin_balances": None,
        "nickname": "retirement",
        "type": "cash",
        "url": names.account(names.retirement_number),
    }
    return {**account, **nothing, **other}


# --- positions ---------------------------------------------------------------------------------------


def positions(house: House, exchange: PaperExchange, arrival: Arrival) -> Answer:
    """By symbol; without ``nonzero`` those too that were sold."""
    query = arrival.query
    with house.looking(exchange) as view:
        wanted = query.get("account_number", view.names.account_number)
        if wanted != view.names.account_number:
            return page(house, view.names, arrival, [])
        held = {each.symbol: each.quantity for each in buying_power.positions(view.paper)}
        if not is_true(query.get("nonzero")):
            held |= {order.symbol: ZERO for order in view.orders.values() if order.symbol not in held}
        if "instrument" in query:
            symbol = view.symbol_of(query["instrument"])
            held = {each: shares for each, shares in held.items() if each == symbol}
        return page(house, view.names, arrival, [_position(house, view, *each) for each in sorted(held.items())])


def _position(house: House, view: View, symbol: str, quantity: Decimal) -> dict[str, Any]:
    names, paper = view.names, view.paper
    for_sells, for_buys = _working(house, view, symbol, Side.SELL), _working(house, view, symbol, Side.BUY)
    shown = next((each for each in buying_power.positions(paper) if each.symbol == symbol), None)
    average = ZERO if shown is None else shown.average_price
    first = next((order for order in view.orders.values() if order.symbol == symbol), None)
    return {
        "account": names.account(),
        "account_number": names.account_number,
        "average_buy_price": number(average),
        "avg_cost_affected": False,
        "avg_cost_affected_reason": None,
        "brokerage_account_type": "individual",
        "clearing_average_cost": number(average),
        "clearing_cost_basis": number(average * quantity),
        "clearing_direction": "debit",
        "clearing_running_quantity": number(quantity),
        "created_at": instant(paper.state.now if first is None else first.submitted_at),
        "has_selectable_lots": quantity > 0,
        "instrument": names.instrument(symbol),
        "instrument_id": names.instrument_id(symbol),
        "instrument_is_halted": False,
        "intraday_average_buy_price": "0.00000000",
        "intraday_quantity": "0.00000000",
        "ipo_allocated_quantity": "0.00000000",
        "is_pnl_accurate": True,
        "is_primary_account": True,
        "pending_average_buy_price": number(average),
        "quantity": number(quantity),
        "shares_available_for_exercise": number(quantity - for_sells),
        "shares_available_for_sells": number(quantity - for_sells),
        "shares_held_for_asset_transfer": "0.00000000",
        "shares_held_for_buys": number(for_buys),
        "shares_held_for_options_events": "0.00000000",
        "shares_held_for_sells": number(for_sells),
        "shares_held_for_stock_grants": "0.00000000",
        "symbol": house.shown(symbol),
        "type": "long",
        "updated_at": instant(paper.state.now),
        "url": names.url(f"/positions/{names.account_number}/{names.instrument_id(symbol)}/"),
    }


def _working(house: House, view: View, symbol: str, side: Side) -> Decimal:
    """Shares in live orders, those that are to be cancelled too (a guess); new ones as soon as they are told."""
    known_by = view.paper.state.now - timedelta(seconds=house.terms.position_lag)
    live = (order for order in view.paper.book.live_orders() if order.symbol == symbol and order.side is side)
    return sum((order.remaining for order in live if order.submitted_at <= known_by), ZERO)


# --- worth -------------------------------------------------------------------------------------------


def portfolios(house: House, exchange: PaperExchange, arrival: Arrival) -> Answer:
    with house.looking(exchange) as view:
        return page(house, view.names, arrival, [_portfolio(view)])


def portfolio(house: House, exchange: PaperExchange, arrival: Arrival, account_number: str) -> Answer:
    with house.looking(exchange) as view:
        _check(view, account_number)
        return Answer(200, _portfolio(view))


def _portfolio(view: View) -> dict[str, Any]:
    """The worth of the account, and that of the last close."""
    shown, names = buying_power.snapshot(view.paper), view.names
    market_value = money(shown.equity - shown.cash)
    equity, before = money(shown.equity), money(shown.last_equity)
    return {
        "account": names.account(),
        "adjusted_equity_previous_close": before,
        "display_currency": "USD",
        "equity": equity,
        "equity_previous_close": before,
        "extended_hours_equity": equity,
        "extended_hours_market_value": market_value,
        "extended_hours_portfolio_equity": equity,
        "last_core_equity": equity,
        "last_core_market_value": market_value,
        "last_core_market_value_absolute": market_value,
        "last_core_portfolio_equity": equity,
        "market_value": market_value,
        "portfolio_equity_previous_close": before,
        "start_date": view.happenings.cash[0].session.isoformat(),
        "unwithdrawable_deposits": "0.0000",
        "unwithdrawable_grants": "0.0000",
        "url": names.url(f"/portfolios/{names.account_number}/"),
        "withdrawable_amount": money(shown.cash),
    }
