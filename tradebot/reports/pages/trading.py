"""run-daily and check-exits: the story of a session's work, in the order in which it was done."""

from __future__ import annotations

from collections.abc import Iterator

from tradebot.core.orders import OrderState, Purpose
from tradebot.core.outcomes import Outcome
from tradebot.core.records import RunStatus
from tradebot.core.wording import plural
from tradebot.reports.page import Heading, Line, Page, Tone, lines, section, table
from tradebot.reports.pages import parts
from tradebot.reports.where import Where
from tradebot.reports.words import price, shares


def page(outcome: Outcome, where: Where) -> Page:
    """Strategies, orders, denials, exits, what protects the positions, totals, and where all of it is written."""
    if outcome.status is RunStatus.IDLE:
        return (*parts.headline(outcome), *parts.notes(outcome.notes))
    return (
        *parts.headline(outcome),
        *parts.halts(outcome.halts),
        *section("Strategies", *lines(f"strategy loaded: {strategy}" for strategy in outcome.strategies)),
        *_exits(outcome),
        *_plan(outcome),
        *parts.denials(outcome.denials),
        *_protection(outcome),
        *parts.breaks(outcome.breaks),
        *parts.failures(outcome.failures),
        *parts.notes(outcome.notes),
        *parts.account(outcome),
        *parts.totals(outcome.totals, "Totals of all closed trades"),
        *parts.written_down(where),
    )


def _plan(outcome: Outcome) -> Page:
    filled = sum(1 for line in outcome.orders if line.filled_quantity)
    counts = (plural(len(outcome.orders), "order"), f"{filled} filled", plural(len(outcome.denials), "denial"))
    return (Heading(f"Plan executed: {', '.join(counts)}"), *parts.order_lines(outcome.orders))


def _exits(outcome: Outcome) -> Page:
    if not outcome.exits:
        return section("Exits checked", Line("no position held", Tone.QUIET))
    return section(
        "Exits checked",
        *table(
            "symbol | >shares | >last | >stop | >target | strategy | ~verdict",
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
    """What rests at the exchange to protect what is held, and what does not."""
    return section(
        "Resting at the exchange",
        *lines(_resting(outcome)),
        *lines(
            (
                f"{gap.symbol}: {shares(gap.held)} held, {shares(gap.protected)} protected ({gap.kind})"
                for gap in outcome.gaps
            ),
            Tone.BAD,
        ),
    )


def _resting(outcome: Outcome) -> Iterator[str]:
    sold = {line.symbol for line in outcome.orders if line.purpose is Purpose.EXIT and line.state is OrderState.FILLED}
    entered = {
        line.symbol: line
        for line in outcome.orders
        if line.purpose is Purpose.ENTRY and line.filled_quantity and line.stop is not None
    }
    unprotected = {gap.symbol for gap in outcome.gaps}
    for held in outcome.exits:
        if held.symbol not in sold | unprotected | entered.keys():
            yield _protected_by(
                held.symbol, shares(abs(held.quantity)), price(held.stop), held.target and price(held.target)
            )
    for symbol, line in entered.items():
        if symbol not in unprotected:
            yield _protected_by(
                symbol, shares(line.filled_quantity), price(line.stop), line.target and price(line.target)
            )


def _protected_by(symbol: str, quantity: str, stop: str, target: object) -> str:
    return f"{symbol}: stop {stop}{f' and target {target}' if target else ''} for {quantity} shares"
