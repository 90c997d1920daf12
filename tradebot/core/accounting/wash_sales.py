"""Wash sales: losses on shares that were bought again within 30 days before or after.

26 U.S.C. 1091; 26 CFR 1.1091-1; Publication 550, "Wash Sales". The rules as they are applied here:

- The window is 61 days of trade dates, over the ends of the year too.
- Losses are taken in the order of the sales, replacement shares in the order in which they were bought, share by share
  (1.1091-1(b) to (d)). One share replaces one share, once (1.1091-1(e)).
- The disallowed loss is added to the cost of the replacement shares (1091(d)), whose holding period includes that of
  the shares sold (1223(3)). A loss that such a cost makes may be disallowed in its turn.
- Shares of the purchase that was sold in part do not replace the rest (Rev. Rul. 56-602), nor do shares bought before
  that were no longer held at the end of the day of the sale.
- A loss on a short sale counts by the date of its covering, and another short sale in the window replaces it (1091(e)).

What is substantially identical is judged by the security alone. Other accounts and options are not seen, so the result
is a list of candidates.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from tradebot.core.accounting.tax_lots import Disposal, TaxLot, TaxLots, is_long_term
from tradebot.core.model.values import NANO_SHARE, ZERO, pro_rata

#: Days before and after a sale at a loss.
WINDOW = timedelta(days=30)


@dataclass(slots=True)
class TaxShares:
    """Shares of one lot that share one fate: disposed of at once, and replacing others or not. Amounts are USD."""

    lot: TaxLot
    units: Decimal  # as of a disposal
    opened: Decimal  # the cost; of a short, the proceeds
    disposal: Disposal | None = None  # None while they are open
    closed: Decimal = ZERO  # the proceeds; of a short, the cost
    added_cost: Decimal = ZERO  # disallowed losses of shares that they replace
    held_before: timedelta | None = timedelta(0)  # the holding period of the shares that they replace; None: unknown
    replaces: bool = False
    disallowed: Decimal = ZERO  # of their own loss, positive
    replaced_by: list[date] = field(default_factory=list)  # trade dates of the replacement shares

    @property
    def is_short(self) -> bool:
        """Whether they were sold before they were bought."""
        return self.lot.quantity < 0

    @property
    def quantity(self) -> Decimal:
        """Shares when they were disposed of, or now."""
        return abs(self.lot.quantity)

    @property
    def proceeds(self) -> Decimal:
        """After fees."""
        return self.opened if self.is_short else self.closed

    @property
    def cost(self) -> Decimal:
        """With fees and disallowed losses of the shares that they replace."""
        return (self.closed if self.is_short else self.opened) + self.added_cost

    @property
    def is_long(self) -> bool | None:
        """Whether they were held for more than one year; None where that is unknown. A short never is."""
        if self.is_short or self.disposal is None:
            return False
        sold, began = self.disposal.sold, self.lot.acquired or self.lot.known_since
        if is_long_term(began, sold):
            return True
        if self.lot.acquired is None or self.held_before is None:
            return None
        return is_long_term(began - self.held_before, sold)

    def take_over(self, loser: TaxShares, loss: Decimal, held: timedelta | None) -> None:
        """Replace shares that were sold: their ``loss`` is added to the cost, their holding period to this one."""
        self.replaces, self.held_before = True, held
        self.added_cost += loss
        loser.disallowed += loss
        loser.replaced_by.append(self.lot.known_since)


def with_wash_sales(lots: TaxLots) -> tuple[TaxShares, ...]:
    """All shares of an account with what wash sales do to them: the disposed ones in order, then the open ones."""
    groups = [[TaxShares(each.lot, each.units, each.lot.amount, each, each.amount)] for each in lots.disposals]
    still_open = [TaxShares(each.lot, each.units, each.lot.amount) for each in lots.open_lots]
    pools: dict[tuple[int, bool], _Pool] = {}
    for group in (*groups, *([shares] for shares in still_open)):
        if group[0].lot.is_bought:
            pools.setdefault(_kind(group[0]), _Pool()).add(group[0], group if group[0].disposal else still_open)
    for pool in pools.values():
        pool.sort()
    for group in groups:
        for shares in group:  # an earlier sale may have split it
            pools.get(_kind(shares), _Pool()).disallow(shares)
    return tuple(shares for group in (*groups, still_open) for shares in group)


def _kind(shares: TaxShares) -> tuple[int, bool]:
    return shares.lot.security, shares.is_short


@dataclass(slots=True)
class _Pool:
    """All bought shares of a security, or all that were sold short, in the order of their trade dates."""

    members: list[tuple[TaxShares, list[TaxShares]]] = field(default_factory=list)  # each with the list that it is in
    first: int = 0  # those before it replace nothing any more

    def add(self, shares: TaxShares, group: list[TaxShares]) -> None:
        """Add shares, of one lot those first that are disposed of first."""
        self.members.append((shares, group))

    def sort(self) -> None:
        """Put the shares in order."""
        self.members.sort(key=lambda member: (_bought(member), member[0].lot.at))

    def disallow(self, loser: TaxShares) -> None:
        """Add the loss of ``loser`` to the cost of its replacement shares."""
        loss, units = loser.cost - loser.proceeds, loser.units
        assert loser.disposal is not None, "open shares have no loss"
        sold, at = loser.disposal.sold, loser.disposal.at
        while self.first < len(self.members) and _is_over(self.members[self.first][0], at):
            self.first += 1
        place = bisect_left(self.members, sold - WINDOW, lo=self.first, key=_bought)
        while loss > 0 and units > NANO_SHARE and place < len(self.members):
            (found, group), place = self.members[place], place + 1
            if found.lot.known_since > sold + WINDOW:
                break
            if not _may_replace(found, loser, at):
                continue
            if found.units > units + NANO_SHARE:
                rest = _split(found, units)
                group.append(rest)
                self.members.insert(place, (rest, group))
            part = loss if found.units >= units - NANO_SHARE else pro_rata(loss, found.units, units)
            found.take_over(loser, part, _held(loser, sold))
            loss, units = loss - part, units - found.units


def _bought(member: tuple[TaxShares, list[TaxShares]]) -> date:
    """When shares were bought; of a short, when they were sold."""
    return member[0].lot.known_since


def _is_over(shares: TaxShares, at: datetime) -> bool:
    """Whether shares replace none that are sold at ``at`` or later."""
    return shares.replaces or (shares.disposal is not None and shares.disposal.at < at)


def _may_replace(found: TaxShares, loser: TaxShares, at: datetime) -> bool:
    if found.replaces or found is loser or found.lot.purchase == loser.lot.purchase:
        return False
    if found.disposal is None or loser.disposal is None or found.lot.at > at:
        return True
    return found.disposal.sold > loser.disposal.sold


def _held(shares: TaxShares, sold: date) -> timedelta | None:
    """The holding period of shares that were sold; None where it is unknown."""
    if shares.lot.acquired is None or shares.held_before is None:
        return None
    return sold - shares.lot.acquired + shares.held_before


def _split(shares: TaxShares, units: Decimal) -> TaxShares:
    """Leave ``units`` in ``shares``; returns the rest, which replaces nothing yet."""
    quantity = (shares.lot.quantity * units / shares.units).quantize(NANO_SHARE)
    opened = pro_rata(shares.opened, units, shares.units)
    closed = pro_rata(shares.closed, units, shares.units)
    rest = replace(
        shares,
        lot=replace(shares.lot, quantity=shares.lot.quantity - quantity),
        units=shares.units - units,
        opened=shares.opened - opened,
        closed=shares.closed - closed,
        replaced_by=[],
    )
    shares.lot = replace(shares.lot, quantity=quantity)
    shares.units, shares.opened, shares.closed = units, opened, closed
    return rest
