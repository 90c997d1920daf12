"""The page of run-daily and check-exits: the steps of a session in the order in which they ran."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.values import plural
from tradebot.core.results.outcomes import Outcome
from tradebot.core.results.resting_lines import RestingLine
from tradebot.reports.formatting import price, shares
from tradebot.reports.layout import Heading, Line, Page, Tone, lines, section, table
from tradebot.reports.pages import common
from tradebot.reports.run_header import RunHeader


def page(outcome: Outcome, where: RunHeader) -> Page:
    """Strategies, exits, orders, denials, protective orders, breaks, account, totals and the files of the record."""
    if outcome.status is RunStatus.IDLE:
        return (*common.headline(outcome), *common.notes(outcome.notes))
    return (
        *common.headline(outcome),
        *common.halts(outcome.halts, where.home),
        *section("Strategies", *lines(f"strategy loaded: {strategy}" for strategy in outcome.strategies)),
        *_exits(outcome),
        *_plan(outcome),
        *common.denials(outcome.denials),
        *_protection(outcome),
        *common.breaks(outcome.breaks),
        *common.failures(outcome.failures),
        *common.notes(outcome.notes),
        *common.account(outcome),
        *common.totals(outcome.totals, "Totals of all closed trades"),
        *common.record_files(where),
    )


def _plan(outcome: Outcome) -> Page:
    filled = sum(1 for line in outcome.orders if line.filled_quantity)
    counts = (plural(len(outcome.orders), "order"), f"{filled} filled", plural(len(outcome.denials), "denial"))
    return (Heading(f"Plan executed: {', '.join(counts)}"), *common.order_lines(outcome.orders))


def _exits(outcome: Outcome) -> Page:
    if not outcome.exits:
        return section("Exits checked", Line("no position held", Tone.QUIET))
    return section(
        "Exits checked",
        *table(
            "symbol | >shares | >last | >stop | >target | ~strategy | ~verdict",
            (
                (
                    line.symbol,
                    shares(line.quantity),
                    price(line.last),
                    price(line.stop),
                    price(line.target),
                    line.strategy,
                    line.verdict,
                )
                for line in outcome.exits
            ),
        ),
    )


def _protection(outcome: Outcome) -> Page:
    """The protective orders of each position, and the positions that lack protection."""
    return section(
        "Resting at the exchange",
        *lines(_resting(outcome.resting)),
        *lines(
            (
                f"{gap.symbol}: {shares(gap.held)} held, {shares(gap.protected)} protected ({gap.kind.text})"
                for gap in outcome.gaps
            ),
            Tone.BAD,
        ),
    )


def _resting(orders: Iterable[RestingLine]) -> Iterator[str]:
    """A text for the stops and targets of a symbol that cover the same number of shares."""
    together: dict[tuple[str, Decimal], list[str]] = {}
    for order in orders:
        together.setdefault((order.symbol, order.quantity), []).append(f"{order.purpose} {price(order.price)}")
    for (symbol, quantity), texts in together.items():
        yield f"{symbol}: {' and '.join(texts)} for {shares(quantity)} {'share' if quantity == 1 else 'shares'}"
