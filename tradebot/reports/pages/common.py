"""Parts that several pages show: orders, denials, positions, halts, breaks, totals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from tradebot.core.accounting.performance import Totals
from tradebot.core.model.breaks import Break, BreakSeverity
from tradebot.core.model.halts import Halt, HaltLevel, distinct, sources_text
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.orders import OrderState, OrderType
from tradebot.core.model.plan import Denial
from tradebot.core.results.outcomes import FailureLine, OrderLine, Outcome
from tradebot.core.results.position_lines import PositionLine
from tradebot.errors import ExitCode
from tradebot.reports.formatting import NOTHING, day, instant, number, percent, price, ratio, shares, signed_usd, usd
from tradebot.reports.layout import Block, Cell, Facts, Heading, Line, Page, Tone, lines, section, table
from tradebot.reports.run_header import RunHeader

_STATE_TONES = {
    OrderState.FILLED: Tone.GOOD,
    OrderState.REJECTED: Tone.BAD,
    OrderState.UNKNOWN: Tone.BAD,
    OrderState.ABANDONED: Tone.WARN,
    OrderState.EXPIRED: Tone.WARN,
}


_RESTS = {True: Cell("yes", Tone.GOOD), False: Cell("NO", Tone.BAD), None: Cell(NOTHING)}

_SEVERITIES = {BreakSeverity.INFO: Tone.QUIET, BreakSeverity.WARNING: Tone.WARN, BreakSeverity.CRITICAL: Tone.BAD}


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


def order_lines(found: Iterable[OrderLine]) -> tuple[Line, ...]:
    """Each order as traders say it, what became of it, and whose decision it was."""
    return tuple(line for order in found for line in _order(order))


def _order(order: OrderLine) -> tuple[Line, Line]:
    ended = str(order.state).replace("_", " ")
    if order.filled_quantity not in (0, order.quantity):
        ended += f", {shares(order.filled_quantity)} of {shares(order.quantity)} filled"
    return (
        Line(f"{order_text(order)} ({ended})", _STATE_TONES.get(order.state, Tone.STRONG)),
        Line(f"{order.strategy}: {order.reason}" if order.reason else order.strategy, Tone.QUIET, under=True),
    )


def denials(found: Iterable[Denial]) -> Page:
    """What was decided against, and why; the messages carry the numbers that were compared."""
    return section(
        "Not done, and why",
        *table(
            "code | symbol | strategy | ~why",
            ((Cell(str(d.code), Tone.WARN), d.symbol, d.strategy, d.message) for d in found),
        ),
    )


def positions(found: Iterable[PositionLine]) -> Page:
    return section(
        "Open positions",
        *table(
            "symbol | >shares | >entry | >last | >value | >P&L | >stop | >target | rests | ~strategy",
            (
                (
                    line.symbol,
                    shares(line.quantity),
                    price(line.entry_price),
                    price(line.last),
                    usd(line.market_value),
                    signed_usd(line.pnl),
                    price(line.stop),
                    price(line.target),
                    _RESTS[line.protected],
                    line.strategy,
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
            "break | severity | symbol | >ledger | >broker | first seen | >sessions | ~what",
            (
                (
                    Cell(item.kind.replace("_", " "), _SEVERITIES[item.severity]),
                    Cell(str(item.severity), _SEVERITIES[item.severity]),
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
    """Each halt: its level and reason, then which latches hold it, since when, and until when."""
    return section("Halts", *(line for same in distinct(found) for line in _halt(same)))


def _halt(same: tuple[Halt, ...]) -> tuple[Line, Line]:
    halt = same[0]
    level = max((each.level for each in same), key=list(HaltLevel).index)
    about = "" if halt.of_account else f" {halt.subject}"
    set_by = f"set by {sources_text(same)} ({halt.rule.replace('_', ' ')})"
    since = f" on {instant(halt.since)}" if halt.since else ""
    compared = f"; {compared_numbers(halt.value, halt.limit)}" if halt.value is not None else ""
    tone = Tone.BAD if level is HaltLevel.HALTED else Tone.WARN
    return (
        Line(f"{level.upper()}{about}: {halt.reason}", tone),
        Line(f"{set_by}{since}, {halt.holds}{compared}", Tone.QUIET, under=True),
    )


def compared_numbers(value: Decimal | None, limit: Decimal | None) -> str:
    return f"{number(value)} against {number(limit)}" if limit is not None else number(value)


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
                ("fees of closed trades", usd(all_trades.fees)),
            )
        ),
    )


def totals_by_strategy(found: Mapping[str, Totals]) -> Page:
    return section(
        "By strategy",
        *table(
            "~strategy | >trades | >won | >P&L | >factor | >average | >best | >worst | >fees",
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


def written_down(where: RunHeader) -> Page:
    return section("Written down in", Facts((("database", str(where.database)), ("logs", str(where.logs)))))
