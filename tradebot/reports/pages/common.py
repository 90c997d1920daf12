"""Sections that several pages share: orders, denials, positions, halts, breaks, totals."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from itertools import chain, repeat
from pathlib import Path

from tradebot.core.accounting.performance import Totals
from tradebot.core.model.breaks import Break, BreakSeverity
from tradebot.core.model.halts import Halt, HaltLevel, account_text, distinct, sources_text
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.orders import OrderState, OrderType
from tradebot.core.model.plan import Denial
from tradebot.core.model.values import ZERO, plural
from tradebot.core.results.bare_lines import BareLine
from tradebot.core.results.halt_texts import commands_of, since_text
from tradebot.core.results.outcomes import FailureLine, OrderLine, Outcome
from tradebot.core.results.position_lines import PositionLine
from tradebot.core.safety.stop_losses import StopLossTotal
from tradebot.errors import ExitCode
from tradebot.reports.formatting import (
    NOTHING,
    day,
    instant,
    number,
    percent_text,
    price,
    ratio,
    shares,
    signed_usd,
    usd,
)
from tradebot.reports.layout import Block, Cell, Facts, Heading, Line, Page, Table, Tone, lines, section, table
from tradebot.reports.run_header import RunHeader

#: The title of the section that names files of the machine.
RECORD_FILES = "Written down in"
#: The title of the section on times without a live stop.
BARE = "Without a live stop"

_STATE_TONES = {
    OrderState.FILLED: Tone.GOOD,
    OrderState.REJECTED: Tone.BAD,
    OrderState.UNKNOWN: Tone.BAD,
    OrderState.ABANDONED: Tone.WARN,
    OrderState.EXPIRED: Tone.WARN,
}

_SEVERITY_TONES = {BreakSeverity.INFO: Tone.QUIET, BreakSeverity.WARNING: Tone.WARN, BreakSeverity.CRITICAL: Tone.BAD}


def headline(outcome: Outcome) -> Page:
    """The job and its outcome in a line, and the exit code unless it is 0."""
    tone = Tone.STRONG
    if outcome.exit_code is not ExitCode.OK:
        tone = Tone.WARN if outcome.status in (RunStatus.RAN, RunStatus.IDLE) else Tone.BAD
    blocks: list[Block] = [Heading(str(outcome.job)), Line(outcome.headline, tone)]
    if outcome.exit_code is not ExitCode.OK:
        blocks.append(Line(f"exit code {int(outcome.exit_code)}: {outcome.exit_code.meaning}", tone))
    return tuple(blocks)


def order_text(line: OrderLine) -> str:
    """An order in USD per share: ``BUY 10 AAPL @ 25.10, stop 24.85, target 28.87``.

    A filled order shows its filled quantity, any other the ordered one.
    """
    quantity = line.filled_quantity if line.state is OrderState.FILLED else line.quantity
    kind = "stop " if line.type is OrderType.STOP else ""
    text = f"{line.side.upper()} {shares(quantity)} {line.symbol} {kind}@ {price(line.price)}"
    if line.stop is not None:
        text += f", stop {price(line.stop)}"
    if line.target is not None:
        text += f", target {price(line.target)}"
    return text


def order_lines(orders: Iterable[OrderLine]) -> tuple[Line, ...]:
    """Two lines for each order: the order with its state, then its strategy and reason."""
    return tuple(line for order in orders for line in _order(order))


def _order(order: OrderLine) -> tuple[Line, Line]:
    state = str(order.state).replace("_", " ")
    if order.filled_quantity not in (0, order.quantity):
        state += f", {shares(order.filled_quantity)} of {shares(order.quantity)} filled"
    return (
        Line(f"{order_text(order)} ({state})", _STATE_TONES.get(order.state, Tone.STRONG)),
        Line(f"{order.strategy}: {order.reason}" if order.reason else order.strategy, Tone.QUIET, under=True),
    )


def denials(denied: Iterable[Denial]) -> Page:
    """The denials with their reasons. The messages contain the compared numbers."""
    return section(
        "Not done, and why",
        *table(
            "code | symbol | ~strategy | ~why",
            ((str(d.code), d.symbol, d.strategy, d.message) for d in denied),
        ),
    )


def positions(position_lines: Iterable[PositionLine]) -> Page:
    """The open positions, ours and foreign."""
    return section("Open positions", *positions_table(position_lines))


def lost_at_stops(
    lost: StopLossTotal, position_lines: Iterable[PositionLine], equity: Decimal | None, known_at: datetime | None
) -> Page:
    """What is lost if every stop fills at its price; empty without a position.

    equity: of the account, USD; None: unknown. known_at: when the positions were known last; None: now.
    """
    held = tuple(position_lines)
    if not held:
        return ()
    part = f" ({percent_text(lost.total / equity)} of equity)" if equity else ""
    bare = f", {usd(lost.bare)} of it shares without a stop, in full" if lost.bare else ""
    said = f"If every stop fills at its price, {usd(lost.total)} is lost from here{part}{bare}."
    said += " A gap through a stop loses more."
    if known_at is not None:
        said += " Whether the stops still rest is not known."
    if unknown := [line.symbol for line in held if line.to_stop is None]:
        said += f" Not counted, as no stop is known: {', '.join(unknown)}."
    return (Line(said, Tone.STRONG),)


def positions_table(position_lines: Iterable[PositionLine]) -> tuple[Table, ...]:
    """The open positions with the distance to the stop. Prices are USD per share, amounts USD; empty without any."""
    return table(
        "symbol | >shares | >last | >P&L | >stop | >away | ?>to lose | ?>value | ?~strategy | ?>entry | ?>target",
        (
            (
                line.symbol,
                shares(line.quantity),
                price(line.last),
                signed_usd(line.pnl),
                price(line.stop),
                _distance(line),
                usd(_at_stop(line)),
                usd(line.market_value),
                line.strategy,
                price(line.entry_price),
                price(line.target),
            )
            for line in position_lines
        ),
    )


def _distance(line: PositionLine) -> Cell:
    """The distance from the last price to the stop; a stop that is not there or not right is said so."""
    if line.protected is False:
        return Cell("WRONG" if line.bare == 0 else "NO STOP", Tone.BAD)
    if line.stop is None or not line.last:
        return Cell(NOTHING)
    return Cell(percent_text((line.last - line.stop) / line.last * (1 if line.quantity > 0 else -1)))


def _at_stop(line: PositionLine) -> Decimal | None:
    """The USD lost if its stop fills at its price; shares without one count in full."""
    return None if line.to_stop is None or line.bare is None else line.to_stop + line.bare


def bare(bare_lines: Iterable[BareLine]) -> Page:
    """How often and how long shares had no live stop in all, and each time that took a second or lasts; USD."""
    told = tuple(bare_lines)
    if not told:
        return ()
    whole = sum((line.seconds for line in told), ZERO)
    seconds = f"{whole:,.1f} seconds" if round(whole, 1) else "under 0.1 seconds"
    longer = (line for line in told if line.seconds >= 1 or line.ended_at is None)
    return section(BARE, *_bare(longer), Line(f"{plural(len(told), 'time')}, {seconds} in all", Tone.QUIET))


def _bare(bare_lines: Iterable[BareLine]) -> tuple[Block, ...]:
    return table(
        "symbol | >shares | >value | from | >bare for | ~strategy",
        (
            (
                line.symbol,
                shares(line.shares),
                usd(line.dollars),
                instant(line.began_at),
                Cell(f"{round(line.seconds):,} s{'' if line.ended_at else ' so far'}", _bare_tone(line)),
                line.strategy,
            )
            for line in bare_lines
        ),
    )


def _bare_tone(line: BareLine) -> Tone:
    return Tone.PLAIN if line.ended_at else Tone.BAD


def breaks(open_breaks: Iterable[Break]) -> Page:
    """The differences between the ledger and the broker."""
    return section(
        "Breaks",
        *table(
            "break | severity | symbol | >ledger | >broker | first seen | >sessions | ~what",
            (
                (
                    Cell(item.kind.replace("_", " "), _SEVERITY_TONES[item.severity]),
                    Cell(str(item.severity), _SEVERITY_TONES[item.severity]),
                    item.symbol,
                    number(item.here),
                    number(item.there),
                    day(item.first_seen),
                    str(item.age_sessions),
                    item.message,
                )
                for item in open_breaks
            ),
        ),
    )


def halts(active: Iterable[Halt], home: Path) -> Page:
    """Each halt of a home: level and reason; latches, beginning, end and the compared numbers; a command a line."""
    return section("Halts", *halt_lines(active, home))


def halt_lines(active: Iterable[Halt], home: Path) -> tuple[Block, ...]:
    """The lines of each halt, without a heading."""
    return tuple(line for same in distinct(active) for line in _halt(same, home))


def _halt(same: tuple[Halt, ...], home: Path) -> tuple[Block, ...]:
    """The lines of one halt, which several latches may hold. The strictest level is shown."""
    halt = same[0]
    level = max((each.level for each in same), key=list(HaltLevel).index)
    subject = "" if halt.of_account else f" {halt.subject}"
    set_by = f"set by {sources_text(same)} ({halt.rule.replace('_', ' ')})"
    since = f" on {since_text(halt)}" if halt.since else ""
    compared = f"; {compared_numbers(halt.value, halt.limit)}" if halt.value is not None else ""
    tone = Tone.BAD if level is HaltLevel.HALTED else Tone.WARN
    return (
        Line(f"{level.upper()}{subject}: {halt.reason}", tone),
        Line(f"{set_by}{since}, {halt.holds}{compared}; for {account_text(same)}", Tone.QUIET, under=True),
        Facts(tuple(zip(chain(("  now",), repeat("")), map(_whole, commands_of(halt, home)), strict=False))),
    )


def compared_numbers(value: Decimal | None, limit: Decimal | None) -> str:
    """The value and the limit that a rule compared: ``0.12 against 0.1``."""
    return f"{number(value)} against {number(limit)}" if limit is not None else number(value)


def failures(failed: Iterable[FailureLine]) -> Page:
    """The failures that did not end the run."""
    return section("Failed, without stopping the rest", *lines((f"{f.what}: {f.message}" for f in failed), Tone.BAD))


def notes(texts: Iterable[str]) -> Page:
    """The notes of a run, a line each."""
    return section("Notes", *lines(texts))


def totals(closed: Totals | None, title: str = "Totals", *, unrealised: Decimal | None = None) -> Page:
    """Number, win rate, P&L, profit factor and fees of closed trades, in USD; empty without totals.

    ``unrealised``: of the open positions, to stand beside it.
    """
    if closed is None:
        return ()
    beside = () if unrealised is None else (("unrealised P&L", signed_usd(unrealised)),)
    return section(
        title,
        Facts(
            (
                ("total trades", f"{closed.trades} ({closed.wins} won, {closed.losses} lost)"),
                ("win rate", percent_text(closed.win_rate)),
                ("total P&L", signed_usd(closed.pnl)),
                *beside,
                ("profit factor", ratio(closed.profit_factor)),
                ("fees of closed trades", usd(closed.fees)),
            )
        ),
    )


def account(outcome: Outcome) -> Page:
    """The account's equity, cash, buying power and unprotected value; empty if the account was not read."""
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


def record_files(where: RunHeader) -> Page:
    """The paths of the ledger and of the logs."""
    return section(RECORD_FILES, Facts((("database", _whole(where.database)), ("logs", _whole(where.logs)))))


def _whole(text: object) -> Cell:
    """A path or a command, which is not wrapped."""
    return Cell(str(text), whole=True)
