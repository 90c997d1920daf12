"""Parts that several pages show: orders, denials, positions, halts, breaks, totals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tradebot.core.breaks import Break
from tradebot.core.halts import Halt, HaltLevel
from tradebot.core.orders import OrderState, OrderType
from tradebot.core.outcomes import FailureLine, OrderLine, Outcome, PositionLine
from tradebot.core.performance import Totals
from tradebot.core.plan import Denial
from tradebot.core.records import RunStatus
from tradebot.errors import ExitCode
from tradebot.reports.page import Block, Cell, Facts, Heading, Line, Page, Tone, lines, section, table
from tradebot.reports.where import Where
from tradebot.reports.words import day, instant, number, percent, price, ratio, shares, signed_usd, usd

_STATE_TONES = {
    OrderState.FILLED: Tone.GOOD,
    OrderState.REJECTED: Tone.BAD,
    OrderState.UNKNOWN: Tone.BAD,
    OrderState.ABANDONED: Tone.WARN,
    OrderState.EXPIRED: Tone.WARN,
}


def headline(outcome: Outcome) -> Page:
    """The outcome in a line, with the exit code when it is not 0."""
    tone = Tone.STRONG
    if outcome.exit_code is not ExitCode.OK:
        tone = Tone.WARN if outcome.status in (RunStatus.RAN, RunStatus.IDLE) else Tone.BAD
    blocks: list[Block] = [Heading(str(outcome.job)), Line(outcome.headline, tone)]
    if outcome.exit_code is not ExitCode.OK:
        blocks.append(Line(f"exit code {int(outcome.exit_code)}: {outcome.exit_code.meaning}", tone))
    return tuple(blocks)


def order_text(line: OrderLine) -> str:
    """``BUY 10 AAPL @ 25.10, stop 24.85, target 28.87``."""
    quantity = line.filled_quantity if line.state is OrderState.FILLED else line.quantity
    kind = "stop " if line.type is OrderType.STOP else ""
    text = f"{line.side.upper()} {shares(quantity)} {line.symbol} {kind}@ {price(line.price)}"
    if line.stop is not None:
        text += f", stop {price(line.stop)}"
    if line.target is not None:
        text += f", target {price(line.target)}"
    return text


def orders(found: Iterable[OrderLine]) -> Page:
    """Each order as traders say it, what became of it, and whose decision it was."""
    return section("Orders", *(line for order in found for line in _order(order)))


def _order(order: OrderLine) -> tuple[Line, Line]:
    ended = str(order.state).replace("_", " ")
    if order.filled_quantity not in (0, order.quantity):
        ended += f", {shares(order.filled_quantity)} of {shares(order.quantity)} filled"
    return (
        Line(f"{order_text(order)} ({ended})", _STATE_TONES.get(order.state, Tone.STRONG)),
        Line(f"  {order.strategy}: {order.reason}" if order.reason else f"  {order.strategy}", Tone.QUIET),
    )


def denials(found: Iterable[Denial]) -> Page:
    """What was decided against, and the numbers that were compared."""
    return section(
        "Not done, and why",
        *table(
            "code | strategy | symbol | why | >value | >limit",
            (
                (
                    Cell(str(denial.code), Tone.WARN),
                    denial.strategy,
                    denial.symbol,
                    denial.message,
                    number(denial.value),
                    number(denial.limit),
                )
                for denial in found
            ),
        ),
    )


def positions(found: Iterable[PositionLine]) -> Page:
    return section(
        "Open positions",
        *table(
            "strategy | symbol | >shares | >entry | >last | >value | >P&L | >stop | >target | since | protected",
            (
                (
                    line.strategy,
                    line.symbol,
                    shares(line.quantity),
                    price(line.entry_price),
                    price(line.last),
                    usd(line.market_value),
                    signed_usd(line.pnl),
                    price(line.stop),
                    price(line.target),
                    day(line.opened),
                    Cell("yes", Tone.GOOD) if line.protected else Cell("NO", Tone.BAD),
                )
                for line in found
            ),
        ),
    )


def breaks(found: Iterable[Break]) -> Page:
    """Differences between the ledger and the broker."""
    return section(
        "Breaks",
        *table(
            "break | symbol | >ledger | >broker | first seen | >sessions | what",
            (
                (
                    Cell(item.kind.replace("_", " "), Tone.BAD),
                    item.symbol,
                    number(item.here),
                    number(item.there),
                    day(item.first_seen),
                    str(item.age_sessions),
                    item.message,
                )
                for item in found
            ),
        ),
    )


def halts(found: Iterable[Halt]) -> Page:
    return section(
        "Halts",
        *table(
            "level | set by | rule | since | until | why | >value | >limit",
            (
                (
                    Cell(halt.level.upper(), Tone.BAD if halt.level is HaltLevel.HALTED else Tone.WARN),
                    halt.source.replace("_", " "),
                    halt.rule.replace("_", " "),
                    instant(halt.since),
                    day(halt.until) if halt.until else "resume",
                    halt.reason,
                    number(halt.value),
                    number(halt.limit),
                )
                for halt in found
            ),
        ),
    )


def failures(found: Iterable[FailureLine]) -> Page:
    return section("Failed, without stopping the rest", *lines((f"{f.what}: {f.message}" for f in found), Tone.BAD))


def notes(found: Iterable[str]) -> Page:
    return section("Notes", *lines(found))


def totals(all_trades: Totals | None, title: str = "Totals") -> Page:
    """The runbook's figures: total trades, win rate, total P&L, profit factor."""
    if all_trades is None:
        return ()
    return section(
        title,
        Facts(
            (
                ("total trades", f"{all_trades.trades} ({all_trades.wins} won, {all_trades.losses} lost)"),
                ("win rate", percent(all_trades.win_rate)),
                ("total P&L", signed_usd(all_trades.pnl)),
                ("profit factor", ratio(all_trades.profit_factor)),
                ("fees", usd(all_trades.fees)),
            )
        ),
    )


def totals_by_strategy(found: Mapping[str, Totals]) -> Page:
    return section(
        "By strategy",
        *table(
            "strategy | >trades | >win rate | >P&L | >profit factor | >average | >best | >worst | >fees",
            (
                (
                    strategy,
                    str(totals.trades),
                    percent(totals.win_rate),
                    signed_usd(totals.pnl),
                    ratio(totals.profit_factor),
                    signed_usd(totals.average),
                    signed_usd(totals.best),
                    signed_usd(totals.worst),
                    usd(totals.fees),
                )
                for strategy, totals in found.items()
            ),
        ),
    )


def account(outcome: Outcome) -> Page:
    if outcome.account is None:
        return ()
    pairs: list[tuple[str, str | Cell]] = [
        ("equity", usd(outcome.account.equity)),
        ("cash", usd(outcome.account.cash)),
        ("buying power", usd(outcome.account.buying_power)),
    ]
    if outcome.unprotected is not None:
        pairs.append(("unprotected", Cell(usd(outcome.unprotected), Tone.BAD if outcome.unprotected else Tone.GOOD)))
    return section("Account, USD", Facts(tuple(pairs)))


def written_down(where: Where) -> Page:
    return section("Written down in", Facts((("database", str(where.database)), ("logs", str(where.logs)))))
