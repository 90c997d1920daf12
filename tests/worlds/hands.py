"""A person's hands: at the broker's web page, in the home, and at the exchange, where fills are taken back."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from decimal import Decimal

from tests.worlds.real_life import transfer
from tests.worlds.town import Town
from tests.worlds.world import ByHand, Deed
from tradebot.brokers.paper import PaperBroker, PaperExchange
from tradebot.core.model.account import CashKind
from tradebot.core.model.halts import Halt, HaltLevel, HaltRule, HaltScope, HaltSource
from tradebot.core.model.orders import OrderRequest, OrderType, Side, TimeInForce
from tradebot.core.model.values import to_cents, to_tick, whole_shares
from tradebot.errors import OrderRefused
from tradebot.home.halt_file import LatchFile
from tradebot.jobs.steps.halts import halt_by_hand


def act(town: Town, exchange: PaperExchange, by_hand: ByHand) -> None:
    """Do what a person does, as far as there is anything to do it to; a refusal by the broker ends it."""
    try:
        did = _do(town, exchange, PaperBroker(exchange), by_hand)
    except OrderRefused as refused:
        town.story.tell(f"  by hand, refused: {by_hand}: {refused}")
        return
    if did:
        town.story.happened(by_hand.deed, f"by hand: {by_hand}: {did}")


def _do(town: Town, exchange: PaperExchange, broker: PaperBroker, by_hand: ByHand) -> str:
    """Do it, and say what was done; "" when there was nothing to do it to."""
    deed, latch = by_hand.deed, LatchFile(town.latch_file)
    match deed:
        case Deed.BUY | Deed.REST:
            return _order(town, exchange, broker, by_hand, Side.BUY, by_hand.symbol, Decimal(by_hand.shares))
        case Deed.SELL:
            held = broker.positions()
            if not held:
                return ""
            position = held[by_hand.which % len(held)]
            shares = min(Decimal(by_hand.shares), position.quantity)
            return _order(town, exchange, broker, by_hand, Side.SELL, position.symbol, shares)
        case Deed.CANCEL:
            orders = broker.open_orders()
            if not orders:
                return ""
            order = orders[by_hand.which % len(orders)]
            broker.cancel(order.broker_order_id)
            return order.client_order_id
        case Deed.STOP:
            return _place_stop(town, broker, by_hand)
        case Deed.CANCEL_AND_SELL:
            return _cancel_and_sell(town, exchange, broker, by_hand)
        case Deed.PAY_IN | Deed.TAKE_OUT:
            return _transfer(exchange, by_hand)
        case Deed.BUST | Deed.CORRECT:
            return _take_back(town, exchange, by_hand)
        case Deed.LATCH:
            latch.set(Halt(HaltSource.LATCH_FILE, HaltRule.OPERATOR, HaltLevel.HALTED, "by hand", exchange.now()))
        case Deed.SPOIL_LATCH:
            town.latch_file.write_bytes(b"\xff\xfe half a line")
        case Deed.CLEAR_LATCH:
            latch.clear(latch.read())
        case Deed.HALT_SYMBOL:
            halt_by_hand(latch, exchange.now(), HaltLevel.HALTED, "by hand", HaltScope.SYMBOL, by_hand.symbol)
        case Deed.HALT_STRATEGY:
            script = town.world.scripts[by_hand.which % len(town.world.scripts)]
            halt_by_hand(latch, exchange.now(), HaltLevel.REDUCING, "by hand", HaltScope.STRATEGY, script.name)
    return "done"


def _order(
    town: Town,
    exchange: PaperExchange,
    broker: PaperBroker,
    by_hand: ByHand,
    side: Side,
    symbol: str,
    shares: Decimal,
) -> str:
    quote = exchange.quotes([symbol]).get(symbol)
    rests = by_hand.deed is Deed.REST
    if quote is None or shares <= 0:
        return ""
    limit = (quote.last * Decimal("0.97")).quantize(Decimal("0.01")) if rests else None
    town.by_hand += 1
    order = broker.submit(
        OrderRequest(
            client_order_id=f"hand-{town.by_hand}",
            symbol=symbol,
            side=side,
            quantity=shares,
            type=OrderType.LIMIT if rests else OrderType.MARKET,
            time_in_force=TimeInForce.GTC if by_hand.which % 2 else TimeInForce.DAY,
            limit_price=limit,
        )
    )
    return f"{order.client_order_id} {order.state}"


def _place_stop(town: Town, broker: PaperBroker, by_hand: ByHand) -> str:
    """Rest a stop of one's own under a position, where no other order sells its shares."""
    selling = {order.symbol for order in broker.open_orders() if order.side is Side.SELL}
    bare = [position for position in broker.positions() if position.symbol not in selling]
    if not bare:
        return ""
    position = bare[by_hand.which % len(bare)]
    town.by_hand += 1
    order = broker.submit(
        OrderRequest(
            client_order_id=f"hand-{town.by_hand}",
            symbol=position.symbol,
            side=Side.SELL,
            quantity=position.quantity,
            type=OrderType.STOP,
            time_in_force=TimeInForce.GTC,
            stop_price=to_tick(position.market_price * Decimal("0.9")),
        )
    )
    return f"{order.client_order_id} {order.state}"


def _cancel_and_sell(town: Town, exchange: PaperExchange, broker: PaperBroker, by_hand: ByHand) -> str:
    """Cancel every order that sells a position, and sell half of it."""
    held = broker.positions()
    if not held:
        return ""
    position = held[by_hand.which % len(held)]
    for order in broker.open_orders():
        if order.symbol == position.symbol and order.side is Side.SELL:
            with suppress(OrderRefused):  # it went with the other leg
                broker.cancel(order.broker_order_id)
    half = whole_shares(position.quantity / 2)
    return _order(town, exchange, broker, by_hand, Side.SELL, position.symbol, half) or "cancelled"


def _transfer(exchange: PaperExchange, by_hand: ByHand) -> str:
    """Move 1 to 15 % of the equity; no more leaves than there is of cash."""
    fraction = {1: "0.01", 3: "0.03", 20: "0.06"}.get(by_hand.shares, "0.15")
    status = exchange.status()
    amount = to_cents(status.equity * Decimal(fraction))
    if by_hand.deed is Deed.PAY_IN:
        transfer(exchange, CashKind.DEPOSIT, amount)
        return f"{amount} USD"
    amount = min(amount, to_cents(status.cash * Decimal("0.9")))
    if amount <= 0:
        return ""
    transfer(exchange, CashKind.WITHDRAWAL, -amount)
    return f"{amount} USD"


def _take_back(town: Town, exchange: PaperExchange, by_hand: ByHand) -> str:
    """Bust or correct one of the newest fills: those of this session and the one before it.

    A purchase whose shares are sold again is left alone: its bust would leave the account short. So is a fill of a
    symbol that has another name by now, and one from before the ledger met the account: nothing explains its bust.
    """
    since = town.market.after(town.session, -1).isoformat()
    fills = town.exchange.rows("SELECT * FROM activities WHERE kind = 'fill' AND session >= ? ORDER BY number", since)
    opened = town.ledger.texts("SELECT o.at FROM openings o JOIN pins USING (account_key)")
    met = datetime.fromisoformat(opened[0]) if opened else None
    fills = [fill for fill in fills if met is not None and datetime.fromisoformat(fill["at"]) >= met]
    if not fills:
        return ""
    fill = fills[by_hand.which % len(fills)]
    fill_id = f"A-{fill['number']:09d}"
    if town.is_renamed and town.name_of(fill["symbol"].removesuffix("X")) != fill["symbol"].removesuffix("X"):
        return ""
    if by_hand.deed is Deed.BUST:
        (side,) = town.exchange.texts("SELECT side FROM orders WHERE number = CAST(? AS INTEGER)", fill["order_number"])
        held = {position.symbol: position.quantity for position in exchange.status().positions}
        if side == Side.BUY and held.get(fill["symbol"], 0) < Decimal(fill["quantity"]):
            return ""
        exchange.bust(fill_id)
        return fill_id
    price = to_tick(Decimal(fill["price"]) * Decimal("0.98"))
    exchange.correct(fill_id, price)
    return f"{fill_id} at {price}"
