"""Identity of shares: whether the broker's shares under a symbol are those that the ledger holds under it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal

from tradebot.core.accounting.corporate_actions import has_other_asset
from tradebot.core.model.account import Position
from tradebot.core.model.breaks import Break, BreakKind, BreakSeverity
from tradebot.core.model.holdings import Holding, Lot
from tradebot.core.model.orders import BrokerOrder
from tradebot.core.model.ownership import BookedPositions
from tradebot.core.model.values import ZERO, plural, tick_size
from tradebot.core.safety.stop_coverage import Gap, GapKind, waits_for_its_entry


def find_strangers(
    positions: Iterable[Position], lots: Iterable[Lot], asset_ids: Mapping[str, str]
) -> tuple[Position, ...]:
    """The positions under a held symbol that are shares of another company."""
    held = {lot.symbol for lot in lots}
    return tuple(each for each in positions if each.symbol in held and has_other_asset(each, asset_ids))


def identity_breaks(strangers: Iterable[Position]) -> tuple[Break, ...]:
    """A break for each symbol that stands for shares of another company. None of them is sold or protected."""
    return tuple(
        Break(
            BreakKind.IDENTITY,
            each.symbol,
            ZERO,
            each.quantity,
            f"{each.symbol}: the broker shows {plural(each.quantity, 'share')} of another company under this symbol",
            severity=BreakSeverity.CRITICAL,
        )
        for each in strangers
    )


def followed(booked: BookedPositions, positions: Collection[Position]) -> tuple[BookedPositions, dict[str, str]]:
    """What the ledger has booked, under the symbols that the assets have at the broker now; and the changed symbols.

    A symbol that stands for another company's shares now holds nothing of the ledger's; where its asset is not shown,
    its new symbol is "".
    """
    symbol_of = {each.asset_id: each.symbol for each in positions if each.asset_id is not None and each.quantity}
    shown, held = {each.symbol for each in positions if each.quantity}, {lot.symbol for lot in booked.lots}
    strangers = {each.symbol for each in find_strangers(positions, booked.lots, booked.asset_ids)}
    changed = {
        symbol: symbol_of.get(booked.asset_ids.get(symbol, ""), "")
        for symbol in held
        if symbol in strangers or (symbol not in shown and booked.asset_ids.get(symbol) in symbol_of)
    }
    if not changed:
        return booked, {}
    lots = (replace(lot, symbol=changed.get(lot.symbol, lot.symbol)) for lot in booked.lots)
    holdings = (replace(each, symbol=changed.get(each.symbol, each.symbol)) for each in booked.holdings)
    return replace(
        booked,
        lots=tuple(lot for lot in lots if lot.symbol),
        holdings=tuple(each for each in holdings if each.symbol),
    ), changed


def unfollowed_gaps(
    holdings: Iterable[Holding],
    positions: Iterable[Position],
    lots: Collection[Lot],
    open_orders: Collection[BrokerOrder],
) -> tuple[Gap, ...]:
    """The shares that are probably a holding's under a symbol that nothing tells of, as far as they have no stop.

    The broker shows none of the holding, and as many shares as it has under a symbol that the ledger does not know.
    """
    shown = {position.symbol: position for position in positions if position.quantity}
    known = {lot.symbol for lot in lots}
    found = []
    for holding in holdings:
        if holding.symbol in shown:
            continue
        for position in shown.values():
            if position.symbol not in known and position.quantity == holding.quantity:
                found.append(_gap(holding, position, open_orders))
                break
    return tuple(gap for gap in found if gap.dollars)


def unfollowed_holding(
    gap: Gap, holdings: Iterable[Holding], positions: Iterable[Position], breaks: Iterable[Break]
) -> Holding | None:
    """A lost holding under the symbol of its probable shares, whose stop may cover them; None where it may not.

    They have to have cost the same, and two looks have to have shown that the one is gone and the other there.
    ``breaks`` are confirmed ones.
    """
    confirmed = {(each.kind, each.symbol) for each in breaks}
    if not {(BreakKind.MISSING_THERE, gap.held_as), (BreakKind.MISSING_HERE, gap.symbol)} <= confirmed:
        return None
    lost = next((each for each in holdings if (each.strategy, each.symbol) == (gap.strategy, gap.held_as)), None)
    shown = next((each for each in positions if each.symbol == gap.symbol), None)
    if lost is None or shown is None or abs(shown.average_price - lost.entry_price) > tick_size(lost.entry_price):
        return None
    return replace(lost, symbol=gap.symbol)


def _gap(holding: Holding, position: Position, open_orders: Collection[BrokerOrder]) -> Gap:
    stops = [
        order
        for order in open_orders
        if order.symbol == position.symbol
        and order.state.live
        and not waits_for_its_entry(order, open_orders, None)
        and order.stop_price is not None
        and order.side is holding.side.opposite
    ]
    held = abs(position.quantity)
    covered: Decimal = min(sum((stop.remaining for stop in stops), ZERO), held)
    return Gap(
        kind=GapKind.UNFOLLOWED,
        strategy=holding.strategy,
        symbol=position.symbol,
        held=position.quantity,
        protected=covered.copy_sign(position.quantity),
        stop_price=holding.stop_price,
        dollars=(held - covered) * position.market_price,
        stop_order_ids=tuple(stop.broker_order_id for stop in stops),
        held_as=holding.symbol,
    )
