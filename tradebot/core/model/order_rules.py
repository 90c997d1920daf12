"""The rules of a venue for orders, beside the tick: distances of a bracket's legs, and fractions of a share."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from tradebot.core.model.values import CENT, NANO_SHARE, ONE, tick_down, tick_up, whole_shares


@dataclass(frozen=True, slots=True)
class OrderRules:
    """What a venue takes."""

    leg_distance: Decimal  # USD a share: the least distance of a leg from the price that its entry is compared with
    share_step: Decimal  # the finest quantity, in shares
    min_fraction_value: Decimal  # USD: the least value of an order that has a fraction of a share

    def leg_below(self, base: Decimal) -> Decimal | None:
        """The highest price that a leg below ``base`` may have; None where it would not be above 0."""
        highest = tick_down(base - self.leg_distance)
        return highest if highest > 0 else None

    def leg_above(self, base: Decimal) -> Decimal:
        """The lowest price that a leg above ``base`` may have."""
        return tick_up(base + self.leg_distance)

    def takes_fraction(self, shares: Decimal, price: Decimal) -> bool:
        """Whether an order for ``shares``, which are not whole, is fine and large enough at ``price`` USD a share."""
        return shares.quantize(self.share_step) == shares and shares * price >= self.min_fraction_value

    def saleable(self, shares: Decimal, price: Decimal, *, fractionable: bool) -> Decimal:
        """The most of ``shares`` that one DAY order at about ``price`` may sell: with their fraction if it is taken."""
        whole = whole_shares(shares)
        if whole == shares:
            return whole
        stepped = shares.quantize(self.share_step, rounding=ROUND_DOWN)
        return stepped if stepped > whole and fractionable and self.takes_fraction(stepped, price) else whole


#: The rules of Alpaca for US stocks, which the embedded exchange applies too. The distance holds below $1 as well.
#: Sources: https://docs.alpaca.markets/docs/orders-at-alpaca and /fractional-trading, January 2026.
US_STOCKS = OrderRules(leg_distance=CENT, share_step=NANO_SHARE, min_fraction_value=ONE)
