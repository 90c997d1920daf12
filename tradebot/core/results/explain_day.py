"""Explains a symbol's session from the ledger's records: why bought, why sold, why not bought, what corporate actions
did, and what protects the shares.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from decimal import Decimal
from itertools import groupby

from tradebot.core.accounting.reorganisations import text_of
from tradebot.core.model.account import CashEvent, CashKind, Reorganisation, SplitEvent
from tradebot.core.model.exchange_time import new_york_date
from tradebot.core.model.holdings import FOREIGN, LotClosure
from tradebot.core.model.order_ids import parse
from tradebot.core.model.orders import Intent, Purpose, Side
from tradebot.core.model.values import ONE, ZERO, canonical, dollars, plural, without_dust
from tradebot.core.results.day_line import day_line, importance, room_beside
from tradebot.core.results.day_records import DayRecords, Owned, SeenStop, SentClose
from tradebot.core.results.explain_outcome import ActionEffect, Bought, Guard, Protection, Sold, SymbolDay
from tradebot.core.results.listings import FillLine
from tradebot.core.results.stop_entry import CANCELLED, STOP_SENT
from tradebot.core.results.why_not import not_sold, reading_of, why_not_bought

#: The cash events that a corporate action pays.
_OF_ACTIONS = (CashKind.DIVIDEND, CashKind.CASH_IN_LIEU)


def explain_symbol(symbol: str, records: DayRecords, room: int) -> SymbolDay:
    """The five answers for one symbol. ``room``: the columns of its line."""
    bought = tuple(_bought(symbol, records))
    sold = tuple(_sold(symbol, records.closures))
    buyers = {each.strategy for each in bought if each.session == records.session}
    sellers = {each.strategy for each in sold}
    answers = SymbolDay(
        symbol=symbol,
        session=records.session,
        line="",
        bought=bought,
        sold=sold,
        not_sold=tuple(not_sold(symbol, records, sellers)),
        not_bought=tuple(why_not_bought(symbol, records, buyers)),
        actions=tuple(_actions(symbol, records)),
        protection=tuple(_protection(symbol, records)),
    )
    return day_line(answers, room)


def explain_all(records: DayRecords) -> tuple[SymbolDay, ...]:
    """The answers for every symbol of a session, the most important first, in lines for a table of 80 columns."""
    symbols = _symbols(records)
    room = room_beside(max(map(len, symbols), default=0))
    return tuple(sorted((explain_symbol(each, records, room) for each in symbols), key=importance))


def _symbols(records: DayRecords) -> set[str]:
    symbols = {symbol for record in records.signals.get(records.session, ()) for symbol in record.given}
    symbols.update(row.symbol for row in records.decisions)
    symbols.update(fill.symbol for fill in records.fills)
    symbols.update(closure.symbol for closure in records.closures)
    symbols.update(owned.symbol for owned in records.owned)
    paid = (event for event in records.cash_events if _is_of_action(event))
    events: list[SplitEvent | CashEvent | Reorganisation] = [*records.splits, *records.reorganisations, *paid]
    symbols.update(event.symbol for event in events if event.symbol and event.session == records.session)
    return symbols


# --- bought and sold ---------------------------------------------------------------------


def _bought(symbol: str, records: DayRecords) -> Iterator[Bought]:
    """What was bought in the session, then what is held since before it."""
    entries: dict[str, list[FillLine]] = {}
    for fill in (*records.fills, *records.earlier):
        if fill.symbol == symbol and _is_entry(fill, records):
            entries.setdefault(fill.client_order_id, []).append(fill)
    for order_id, fills in entries.items():
        yield _purchase(symbol, fills, records.intents.get(order_id), records)


def _is_entry(fill: FillLine, records: DayRecords) -> bool:
    intent = records.intents.get(fill.client_order_id)
    if intent is not None:
        return intent.purpose is Purpose.ENTRY
    return fill.strategy == FOREIGN and fill.side is Side.BUY


def _purchase(symbol: str, fills: list[FillLine], intent: Intent | None, records: DayRecords) -> Bought:
    quantity = sum((fill.quantity for fill in fills), ZERO)
    paid = sum((fill.quantity * fill.price for fill in fills), ZERO)
    strategy, decided = fills[-1].strategy, intent.session if intent else fills[-1].session
    signal = next((each for each in records.signals.get(decided, ()) if each.strategy == strategy), None)
    return Bought(
        strategy=strategy,
        session=fills[-1].session,
        at=fills[-1].at,
        quantity=quantity,
        price=fills[0].price if len(fills) == 1 else without_dust(paid / quantity),
        planned_price=intent.planned_price if intent else None,
        stop=intent.request.stop_loss if intent else None,
        target=intent.request.take_profit if intent else None,
        reason=intent.reason if intent else "bought outside tradebot",
        as_of=signal.as_of if signal else None,
        client_order_id=fills[-1].client_order_id,
        reading=reading_of(signal, symbol),
    )


def _sold(symbol: str, closures: Iterable[LotClosure]) -> Iterator[Sold]:
    """What was closed: a row for each strategy and exit, over all its fills and lots."""
    own = sorted((each for each in closures if each.symbol == symbol), key=_exit_key)
    for _, same in groupby(own, key=_exit_key):
        yield _sale(tuple(same))


def _exit_key(closure: LotClosure) -> tuple[str, str, str]:
    told = closure.exit
    return closure.strategy, told.reason, f"{told.kind} {told.stop_price} {told.target_price} {told.trailed_from}"


def _sale(closures: tuple[LotClosure, ...]) -> Sold:
    quantity = sum((each.quantity for each in closures), ZERO)
    told = closures[0].exit
    return Sold(
        strategy=closures[0].strategy,
        at=max(each.closed_at for each in closures),
        kind=told.kind,
        quantity=quantity,
        entry_price=_average((each.quantity, each.entry_price) for each in closures),
        exit_price=_average((each.quantity, each.exit_price) for each in closures),
        pnl=sum((each.pnl for each in closures), ZERO),
        stop=told.stop_price,
        target=told.target_price,
        trailed_from=told.trailed_from,
        reason=told.reason,
    )


def _average(parts: Iterable[tuple[Decimal, Decimal]]) -> Decimal:
    pairs = tuple(parts)
    prices = {price for _, price in pairs}
    if len(prices) == 1:
        return prices.pop()
    return without_dust(sum((shares * price for shares, price in pairs), ZERO) / sum((s for s, _ in pairs), ZERO))


# --- corporate actions -------------------------------------------------------------------


def _actions(symbol: str, records: DayRecords) -> Iterator[ActionEffect]:
    events: list[SplitEvent | CashEvent | Reorganisation] = [
        *(event for event in records.splits if event.symbol == symbol),
        *(event for event in records.cash_events if event.symbol == symbol and _is_of_action(event)),
        *(event for event in records.reorganisations if symbol in (event.symbol, event.new_symbol)),
    ]
    today = [event for event in events if event.session == records.session]
    since = min((each.since for each in records.owned if each.symbol == symbol), default=None)
    held = [event for event in events if since is not None and event.session >= since]
    for event in sorted(today or held, key=lambda event: event.at):
        yield _effect(event)


def _is_of_action(event: CashEvent) -> bool:
    return event.kind in _OF_ACTIONS


def _effect(event: SplitEvent | CashEvent | Reorganisation) -> ActionEffect:
    match event:
        case SplitEvent():
            before, after = plural(event.quantity_before, "share"), canonical(event.quantity_after)
            by = (
                f"divided by {canonical(event.ratio)}"
                if event.ratio >= ONE
                else f"multiplied by {_inverse(event.ratio)}"
            )
            text = f"{split_name(event.ratio)} split: {before} became {after}; entry, stop and target were {by}"
            return ActionEffect(event.session, "split", text, event.ratio, event.quantity_before, event.quantity_after)
        case CashEvent():
            word = "cash in lieu of a fraction" if event.kind is CashKind.CASH_IN_LIEU else str(event.kind)
            note = f" ({event.note})" if event.note else ""
            return ActionEffect(
                event.session, str(event.kind), f"{word}: {dollars(event.amount)}{note}", amount=event.amount
            )
        case Reorganisation():
            shares = (event.ratio, event.quantity_before, event.quantity_after)
            return ActionEffect(event.session, str(event.kind), text_of(event), *shares, amount=event.cash or None)


def split_name(ratio: Decimal) -> str:
    """A split's ratio for people: "2-for-1", "1-for-10"."""
    return f"{canonical(ratio)}-for-1" if ratio >= ONE else f"1-for-{_inverse(ratio)}"


def _inverse(ratio: Decimal) -> str:
    return canonical(round(ONE / ratio, 6))


# --- protection --------------------------------------------------------------------------


def _protection(symbol: str, records: DayRecords) -> Iterator[Protection]:
    position = records.positions.get(symbol)
    last = position.market_price if position else None
    for owned in records.owned:
        if owned.symbol != symbol or owned.strategy == FOREIGN:
            continue
        bare = next((each for each in records.bare if each.key == (owned.strategy, symbol)), None)
        seen = tuple(_stops_of(owned, records))
        resting = (each for each in seen if not _was_cancelled(each, records))
        stop = max(resting, key=lambda stop: stop.order.submitted_at, default=None)
        close = next((each for each in reversed(records.closes) if _closes(each, owned)), None)
        price = stop.order.stop_price if stop else None
        yield Protection(
            strategy=owned.strategy,
            state=_state(bare is not None, stop is not None, close is not None, _was_taken(owned, seen, records)),
            quantity=abs(position.quantity) if position else None,
            stop=price,
            stop_quantity=stop.order.remaining if stop else None,
            last=last,
            distance=None if not last or price is None else round(abs(last - price) / last, 6),
            seen_at=stop.seen_at if stop else None,
            bare_since=bare.began_at if bare else None,
            bare_dollars=bare.dollars if bare else None,
            close_quantity=close.sent.quantity if close else None,
            close_sent_at=close.sent.at if close else None,
            close_opens_at=close.opens if close else None,
        )


def _state(is_bare: bool, has_stop: bool, is_closing: bool, was_taken: bool) -> Guard:
    if is_bare:
        return Guard.BARE
    if has_stop:
        return Guard.STOP
    if is_closing:
        return Guard.CLOSING
    return Guard.CANCELLED if was_taken else Guard.NOT_RECORDED


def _was_cancelled(stop: SeenStop, records: DayRecords) -> bool:
    """Whether an emergency stop cancelled a stop order, or the entry of which it is a leg."""
    ids = (stop.order.client_order_id, stop.order.parent_client_order_id)
    return any(each.did == CANCELLED and each.order_id in ids for each in records.stop_actions)


def _was_taken(owned: Owned, seen: Collection[SeenStop], records: DayRecords) -> bool:
    """Whether an emergency stop cancelled the stops over what is held, and sent none in their place."""
    sent = any(each.did == STOP_SENT and each.symbol == owned.symbol for each in records.stop_actions)
    return bool(seen) and not sent


def _closes(close: SentClose, owned: Owned) -> bool:
    decision = parse(close.sent.order_id)
    return close.sent.symbol == owned.symbol and decision is not None and decision.strategy == owned.strategy


def _stops_of(owned: Owned, records: DayRecords) -> Iterator[SeenStop]:
    """The stops over what is held: legs of its entries, and stops sent since. The newest has replaced the others."""
    for stop in records.stops:
        order = stop.order
        is_leg = order.parent_client_order_id in owned.entry_ids
        if order.symbol == owned.symbol and (
            is_leg or (order.parent_id is None and new_york_date(order.submitted_at) >= owned.since)
        ):
            yield stop
