"""The disposals of a year as Form 8949 asks for them (Instructions for Form 8949, "How To Complete Form 8949").

Column (h) is (d) less (e) plus (g). Code W in column (f) marks a loss that is not deductible because of a wash sale,
and column (g) has its amount as a positive number. A short sale is reported when it is covered, with the date of the
covering as date acquired and date sold. An unknown date of acquisition is VARIOUS, the one word that the form takes
for shares bought at several times.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from tradebot.core.accounting.tax_lots import Disposal, TaxActivity, tax_lots
from tradebot.core.accounting.wash_sales import WINDOW, TaxShares, with_wash_sales
from tradebot.core.model.account import CashEvent, CashKind
from tradebot.core.model.values import ZERO, canonical

#: The date acquired where it is unknown.
VARIOUS = "VARIOUS"
SHORT, LONG, UNKNOWN = "short", "long", "unknown"


@dataclass(frozen=True, slots=True)
class Form8949Row:
    """One row. Amounts are USD to the cent, dates as the form has them: month/day/year."""

    description: str  # column (a)
    date_acquired: str  # (b)
    date_sold: str  # (c)
    proceeds: Decimal  # (d)
    cost_basis: Decimal  # (e)
    code: str  # (f): "W" or ""
    adjustment: Decimal  # (g)
    gain_or_loss: Decimal  # (h)
    term: str  # short: Part I, long: Part II, or unknown
    note: str  # for people; no column of the form


@dataclass(frozen=True, slots=True)
class TermTotals:
    """The sums of the rows of one term, USD."""

    term: str
    rows: int
    proceeds: Decimal
    cost_basis: Decimal
    adjustment: Decimal
    gain_or_loss: Decimal


@dataclass(frozen=True, slots=True)
class TaxYear:
    """The disposals of one year, and what a reader has to know of them."""

    year: int
    rows: tuple[Form8949Row, ...]
    by_term: tuple[TermTotals, ...]  # one for each term that has rows
    remarks: tuple[str, ...]  # what moved shares in the year and is no row
    fees: Decimal  # USD booked in the year as fees of their own: in no row
    carried: Decimal  # USD of disallowed losses in the cost of shares that are open now
    seen_until: date | None  # the newest session that the records know; None: none at all

    @property
    def window_ends(self) -> date:
        """The last day on which a purchase makes a loss of the year a wash sale."""
        return date(self.year, 12, 31) + WINDOW

    @property
    def is_final(self) -> bool:
        """Whether the records reach to the end of that window."""
        return self.seen_until is not None and self.seen_until >= self.window_ends


def tax_year(activities: Iterable[TaxActivity], year: int, seen_until: date | None) -> TaxYear:
    """The rows of a year, by date sold.

    activities: all of the account's from its beginning, in the order of booking.
    seen_until: the newest session that they reach to.
    """
    activities = tuple(activities)
    lots = tax_lots(activities)
    shares = with_wash_sales(lots)
    rows = tuple(map(_row, _together(each for each in shares if each.disposal and each.disposal.sold.year == year)))
    events = (each for each in activities if isinstance(each, CashEvent) and each.session.year == year)
    fees = (each.amount for each in events if each.kind is CashKind.FEE)
    return TaxYear(
        year=year,
        rows=rows,
        by_term=tuple(_totals(term, rows) for term in (SHORT, LONG, UNKNOWN) if any(row.term == term for row in rows)),
        remarks=tuple(dict.fromkeys(text for session, text in lots.remarks if session.year == year)),
        fees=-sum(fees, ZERO),
        carried=sum((each.added_cost for each in shares if each.disposal is None), ZERO),
        seen_until=seen_until,
    )


def _together(shares: Iterable[TaxShares]) -> Iterable[list[TaxShares]]:
    """Shares of one lot that were sold at once and have one term: wash sales alone made parts of them."""
    rows: dict[tuple[int, bool | None], list[TaxShares]] = {}
    for each in shares:
        rows.setdefault((id(each.disposal), each.is_long), []).append(each)
    return rows.values()


def _row(parts: list[TaxShares]) -> Form8949Row:
    shares, disposal = parts[0], parts[0].disposal
    assert disposal is not None, "open shares are no row"
    acquired = disposal.sold if shares.is_short else shares.lot.acquired
    proceeds = sum((each.proceeds for each in parts), ZERO)
    cost = sum((each.cost for each in parts), ZERO)
    adjustment = sum((each.disallowed for each in parts), ZERO)
    return Form8949Row(
        description=_description(shares, sum((each.quantity for each in parts), ZERO)),
        date_acquired=VARIOUS if acquired is None else _text(acquired),
        date_sold=_text(disposal.sold),
        proceeds=proceeds,
        cost_basis=cost,
        code="W" if adjustment else "",
        adjustment=adjustment,
        gain_or_loss=proceeds - cost + adjustment,
        term={True: LONG, False: SHORT, None: UNKNOWN}[shares.is_long],
        note="; ".join(_notes(parts, disposal)),
    )


def _description(shares: TaxShares, quantity: Decimal) -> str:
    if not quantity:
        return f"cash in lieu, {shares.lot.symbol}"
    return f"{canonical(quantity)} sh. {shares.lot.symbol}{' short sale' if shares.is_short else ''}"


def _notes(parts: list[TaxShares], disposal: Disposal) -> Iterable[str]:
    shares = parts[0]
    yield from filter(None, (shares.lot.note, disposal.note))
    if shares.is_short:
        yield f"sold short on {_text(shares.lot.known_since)}"
    if days := sorted({day for each in parts for day in each.replaced_by}):
        more = f" and {len(days) - 2} more days" if len(days) > 3 else ""
        listed = ", ".join(map(_text, days[:2] if more else days))
        yield f"wash sale candidate: replacement {'sold short' if shares.is_short else 'bought'} on {listed}{more}"
    if added := sum((each.added_cost for each in parts), ZERO):
        yield f"cost includes {added} of disallowed losses on shares that these replace"
        if not shares.is_short and any(each.held_before != timedelta(0) for each in parts):
            yield "the holding period includes theirs"


def _totals(term: str, rows: Iterable[Form8949Row]) -> TermTotals:
    chosen = [row for row in rows if row.term == term]
    return TermTotals(
        term,
        len(chosen),
        sum((row.proceeds for row in chosen), ZERO),
        sum((row.cost_basis for row in chosen), ZERO),
        sum((row.adjustment for row in chosen), ZERO),
        sum((row.gain_or_loss for row in chosen), ZERO),
    )


def _text(day: date) -> str:
    return f"{day:%m/%d/%Y}"
