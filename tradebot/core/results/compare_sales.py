"""The sales of a symbol, live and in the backtest, and why they differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tradebot.core.model.exits import ExitKind
from tradebot.core.model.values import canonical, price_text
from tradebot.core.results.diff_causes import Found, first_agreeing, line_of, why_price
from tradebot.core.results.diff_outcome import Cause, Compared, DiffLine, Fact
from tradebot.core.results.session_facts import Key, SaleOrder, SessionDetails, SessionFacts, Sold, Variant

#: Exits that a job decides on.
_DECIDED = frozenset({ExitKind.SIGNAL, ExitKind.TIME})
#: Exits at a price that rests at the broker, or that a job sees crossed.
_AT_A_LEVEL = frozenset({ExitKind.STOP, ExitKind.TRAILING_STOP, ExitKind.TARGET})
#: Why a stop that trails is not where that of the backtest is.
TRAILS = "it trails a price that live saw at another time than the open and the close"


def sale_lines(
    key: Key,
    live: SessionFacts,
    backtest: SessionFacts,
    variants: Sequence[Variant],
    details: SessionDetails,
    before: Found | None,
) -> Iterator[DiffLine]:
    """A line for the sale, and one for its price where both sold the same. ``before``: why what was held differs."""
    sale = _Sale(key, live.sold.get(key), backtest.sold.get(key), details, before)
    here, there = _fact(sale.ours), _fact(sale.theirs)
    if sale.ours == sale.theirs:
        yield line_of(Compared.EXIT, key, here, there, None)
        return
    same = first_agreeing(variants, lambda facts: facts.sold.get(key) == sale.ours)
    if sale.ours is None or sale.theirs is None:
        why = sale.why_not_both() or same or before
        yield line_of(Compared.EXIT, key, here, there, why or _unexplained("only one of both sold"))
        return
    if by_others := sale.by_others(sale.ours):
        yield line_of(Compared.EXIT, key, here, there, by_others)
        return
    if sale.ours.kind != sale.theirs.kind:
        why = sale.why_kinds(sale.ours) or same
        yield line_of(Compared.EXIT, key, here, there, why or _unexplained("they sold for other reasons"))
        return
    if sale.ours.quantity != sale.theirs.quantity:
        is_left = key in live.stops or key in backtest.stops
        why = same or before or sale.why_shares(sale.ours, sale.theirs, is_left=is_left)
        yield line_of(Compared.EXIT, key, here, there, why)
    if sale.ours.price != sale.theirs.price:
        yield line_of(Compared.EXIT, key, here, there, same or sale.why_prices(sale.ours, sale.theirs))


class _Sale:
    """The sale of one symbol on both sides."""

    def __init__(
        self, key: Key, ours: Sold | None, theirs: Sold | None, details: SessionDetails, before: Found | None
    ) -> None:
        self.key, self.ours, self.theirs, self.details, self.before = key, ours, theirs, details, before
        self.order: SaleOrder | None = details.sales.get(key)

    def by_others(self, ours: Sold) -> Found | None:
        """Why live sold where no job wanted it: a person, or an emergency stop."""
        if ours.kind is ExitKind.EMERGENCY_STOP:
            return Cause.HALT, "an emergency stop sold"
        if self.order is not None and not self.order.is_ours:
            level = f" at {price_text(self.order.level)}" if self.order.level else ""
            return Cause.BY_HAND, f"an order{level} that no job sent has sold"
        if ours.kind is ExitKind.OUTSIDE:
            return Cause.BY_HAND, "no job has sold it"
        order = self.order
        if order and order.level is not None and order.planned_level not in (None, order.level):
            return Cause.BY_HAND, f"it rested at {price_text(order.level)}, and no job set that"
        return None

    def why_not_both(self) -> Found | None:
        """Why only one side sold; None where the order does not tell."""
        if self.ours is not None:
            return self.by_others(self.ours) or self._only_live(self.ours)
        assert self.theirs is not None, "one of both sold"
        return self._only_backtest(self.theirs)

    def _only_live(self, ours: Sold) -> Found | None:
        if self.before is not None or self.order is None or ours.kind not in _AT_A_LEVEL:
            return None
        if self.order.decided_at is not None:
            return Cause.PRICE, f"a job saw {price_text(self.order.decided_at)}, between the open and the close"
        if self.key in self.details.trailed:
            return Cause.PRICE, TRAILS
        low, high = self.details.lows.get(self.key[1]), self.details.highs.get(self.key[1])
        if low and high and low < ours.price < high:
            return None  # the bar has that price: the backtest would have sold there too
        return Cause.BROKER, f"it filled at {price_text(ours.price)}, and the bar goes {self._range()}"

    def _only_backtest(self, theirs: Sold) -> Found | None:
        details = self.details
        if self.key in details.moved_stops:
            return Cause.BY_HAND, f"its stop rests at {price_text(details.moved_stops[self.key])}: no job set that"
        if theirs.kind in _DECIDED:
            if details.no_run:
                return details.no_run_cause, details.no_run
            if why := details.denied_exits.get(self.key):
                return Cause.BROKER, why
            return None
        if self.before is not None:
            return None
        if self.key in details.bare:
            return Cause.BROKER, "it had no live stop for some time"
        if self.key in details.entries:
            return Cause.PRICE, f"it was bought after the open, and the bar goes {self._range()} at any time of the day"
        return Cause.BROKER, f"its order rests unfilled, and the bar goes {self._range()}"

    def why_kinds(self, ours: Sold) -> Found | None:
        """Why both sold for other reasons: one price came before the other."""
        if ours.kind in _AT_A_LEVEL or (self.theirs and self.theirs.kind in _AT_A_LEVEL):
            return Cause.PRICE, f"live sold at {price_text(ours.price)}; the bar goes {self._range()}, and not when"
        return None

    def why_shares(self, ours: Sold, theirs: Sold, *, is_left: bool) -> Found:
        """Why they sold other shares. ``is_left``: whether one of both still holds some."""
        shares = f"live sold {canonical(ours.quantity)} shares, the backtest {canonical(theirs.quantity)}"
        if not is_left:
            return _unexplained(f"{shares}, and neither holds any more")
        return Cause.PARTIAL_FILL, f"{shares}: not all that was ordered filled"

    def why_prices(self, ours: Sold, theirs: Sold) -> Found:
        """Why they sold at other prices."""
        order, opened = self.order, self.details.opens.get(self.key[1])
        if order is not None and order.level is not None:
            fills = f"filled at {price_text(ours.price)}, the backtest at {price_text(theirs.price)}"
            return Cause.SLIPPAGE, f"it rested at {price_text(order.level)} and {fills}"
        if order is not None and order.decided_at is not None and opened is not None:
            return why_price(order.decided_at, opened, ours.price, theirs.price)
        return _unexplained("the order of the sale is not known")

    def _range(self) -> str:
        low, high = self.details.lows.get(self.key[1]), self.details.highs.get(self.key[1])
        return f"from {price_text(low)} to {price_text(high)}" if low and high else "nowhere that is known"


def _unexplained(why: str) -> Found:
    return Cause.UNEXPLAINED, why


def _fact(sold: Sold | None) -> Fact | None:
    return (
        Fact(f"sold: {sold.kind.text if sold.kind else 'not known why'}", sold.quantity, sold.price) if sold else None
    )
