"""Open positions as people read them: ours with the plan for leaving each, and foreign ones."""

from __future__ import annotations

from collections.abc import Iterable

from tradebot.core.account import Position
from tradebot.core.holdings import FOREIGN, Holding
from tradebot.core.outcomes import PositionLine
from tradebot.core.protection import Gap


def position_lines(
    positions: Iterable[Position], holdings: Iterable[Holding], gaps: Iterable[Gap]
) -> tuple[PositionLine, ...]:
    """One line a position at the broker, by symbol; prices USD a share, P&L unrealised in USD before fees."""
    ours = {holding.symbol: holding for holding in holdings}
    open_gaps = {gap.symbol for gap in gaps}
    return tuple(
        _line(position, ours.get(position.symbol), position.symbol not in open_gaps)
        for position in sorted(positions, key=lambda position: position.symbol)
    )


def _line(position: Position, holding: Holding | None, covered: bool) -> PositionLine:
    entry = holding.entry_price if holding else position.average_price
    return PositionLine(
        strategy=holding.strategy if holding else FOREIGN,
        symbol=position.symbol,
        quantity=position.quantity,
        entry_price=entry,
        last=position.market_price,
        market_value=position.market_value,
        pnl=position.quantity * (position.market_price - entry),
        stop=holding.stop_price if holding else None,
        target=holding.target_price if holding else None,
        opened=holding.opened_session if holding else None,
        protected=covered and holding is not None,
    )
