"""The summary of a session: a few lines of plain text that a person reads in the evening. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tradebot.core.model.account import Fill
from tradebot.core.model.halts import Halt, distinct
from tradebot.core.model.ledger_rows import Run
from tradebot.core.model.orders import Side
from tradebot.core.model.values import ZERO, canonical, dollars, percent, plural
from tradebot.core.results.needs import find_needs
from tradebot.core.results.position_lines import PositionLine
from tradebot.core.results.report_outcome import ReportOutcome
from tradebot.core.safety.schedule_status import SessionJob
from tradebot.errors import ExitCode

#: Names in one line; the rest are counted.
_LISTED = 4
#: The longest line, in characters: what a mail program and a phone show without scrolling.
_WIDTH = 200


@dataclass(frozen=True, slots=True)
class DailySummary:
    """The summary of one session."""

    session: date
    title: str
    lines: tuple[str, ...]  # at most seven: with what every alert ends with, a message has ten at most
    is_news: bool  # something was traded, halted, missed or failed, or needs a person

    @property
    def text(self) -> str:
        """The lines as one text."""
        return "\n".join(self.lines)


@dataclass(frozen=True, slots=True)
class _Day:
    """What a session made of the account, USD."""

    before: Decimal  # equity at the close before, or of the opening
    change: Decimal  # without what was paid in or out
    paid_in: Decimal  # less what was paid out
    is_close: bool = True  # whether it ends with the session's close


def daily_summary(
    report: ReportOutcome,
    session: date,
    halts: Iterable[Halt],
    jobs: Iterable[SessionJob],
    diff: Run | None = None,
) -> DailySummary:
    """The summary of a session: what needs a person first.

    report: a report on a period that ends with the session.
    halts: those in force.
    jobs: the jobs of this session, and of those that no summary has told of.
    diff: its newest run, of which no summary has told; None without one.
    """
    fills = [fill for fill in report.period_fills if fill.session == session]
    urgent = (*_undone(jobs), *_halted(halts), *_troubles(report, diff))
    result, day = _result(report, session), _day_of(report, session)
    lines = (
        *(urgent or ("Nothing needs you.",)),
        _traded(fills),
        *filter(None, (result,)),
        _equity(day),
        _held(report.positions),
    )
    title = f"{session}: {'no close yet' if day is None else _signed(day.change)}, {_counted(fills)}"
    return DailySummary(
        session=session,
        title=f"{title}, needs you" if urgent else title,
        lines=tuple(_short(line) for line in lines),
        is_news=bool(urgent or fills or result),
    )


# --- what needs a person ---------------------------------------------------------------------------


def _undone(jobs: Iterable[SessionJob]) -> Iterator[str]:
    """One line for the jobs that were missed, and those that failed or were kept from their work."""
    told = [need.what for need in find_needs((), (), jobs, ())]
    if told:
        yield f"Not done: {_listed(told, 'job', '; ')}. `tradebot status` shows them."


def _halted(halts: Iterable[Halt]) -> Iterator[str]:
    """One line: the first halt, and how many more there are."""
    each = distinct(halts)
    if each:
        halt = each[0][0]
        more = f" And {plural(len(each) - 1, 'more halt')}, see `tradebot status`." if len(each) > 1 else ""
        yield f"{halt.level.upper()}: {halt.reason}. It holds {halt.holds}.{more}"


def _troubles(report: ReportOutcome, diff: Run | None) -> Iterator[str]:
    found = [f"{each.symbol} {each.kind.replace('_', ' ')}" for each in report.breaks if each.matters]
    parts = [f"differences to the broker: {_listed(found, 'difference')}"] if found else []
    if report.unprotected:
        parts.append(f"{dollars(report.unprotected)} without a stop")
    parts += [f"{each.what}: {each.message}" for each in report.failures]
    if diff is not None and diff.exit_code == ExitCode.BREAKS:
        parts.append(f"`tradebot diff` of {diff.summary}")
    if parts:
        yield f"Look at: {'; '.join(parts)}"


# --- the day ---------------------------------------------------------------------------------------


def _traded(fills: Sequence[Fill]) -> str:
    if not fills:
        return "Traded: nothing"
    together: dict[tuple[Side, str], list[Fill]] = {}
    for fill in fills:
        together.setdefault((fill.side, fill.symbol), []).append(fill)
    return f"Traded: {_listed([_trade_text(*key, same) for key, same in together.items()], 'order')}"


def _trade_text(side: Side, symbol: str, fills: Sequence[Fill]) -> str:
    shares = sum((fill.quantity for fill in fills), ZERO)
    price = sum((fill.quantity * fill.price for fill in fills), ZERO) / shares
    return f"{'bought' if side is Side.BUY else 'sold'} {canonical(shares)} {symbol} at {price:,.2f}"


def _result(report: ReportOutcome, session: date) -> str:
    """The trades that ended; "" for none."""
    ended = [trade for trade in report.trades if trade.exit_session == session]
    if not ended:
        return ""
    won = sum(1 for trade in ended if trade.pnl > 0)
    each = [f"{trade.symbol} {_signed(trade.pnl)} ({trade.exit_text})" for trade in ended]
    total = _signed(sum((trade.pnl for trade in ended), ZERO))
    return f"Closed: {plural(len(ended), 'trade')}, {won} won, {total} after fees: {_listed(each, 'trade')}"


def _equity(day: _Day | None) -> str:
    if day is None:
        return "Equity: no close was recorded for this session"
    share = f" ({'+' if day.change > 0 else ''}{percent(day.change / day.before)})" if day.before > 0 else ""
    flow = f", {dollars(abs(day.paid_in))} paid {'in' if day.paid_in > 0 else 'out'}" if day.paid_in else ""
    after = dollars(day.before + day.change + day.paid_in)
    return f"Equity{'' if day.is_close else ', not of a close'}: {after}, {_signed(day.change)}{share} on the day{flow}"


def _day_of(report: ReportOutcome, session: date) -> _Day | None:
    """The session's result by the bridge of a report on this day alone, else by its closes; None without a close."""
    bridge = report.bridge
    if bridge is not None and report.first == session:
        paid_in = bridge.paid_in - bridge.paid_out
        return _Day(bridge.opening_equity, bridge.change - paid_in, paid_in, bridge.is_closing_close)
    own = [each for each in report.equity if each.session == session]
    earlier = [each for each in report.equity if each.session < session]
    if not own:
        return None
    first = own[0].equity if len(own) > 1 else own[0].last_equity  # the opening's point leads the first session
    before, closed = (earlier[-1].equity, earlier[-1].session) if earlier else (first, None)
    paid_in = _paid_in(report, closed, session)
    return _Day(before, own[-1].equity - before - paid_in, paid_in)


def _paid_in(report: ReportOutcome, closed: date | None, session: date) -> Decimal:
    """What was paid in since the close of ``closed``, less what was paid out, USD."""
    flows = (each for each in report.cash_events if each.kind.is_external)
    since = (each for each in flows if (closed < each.session <= session if closed else each.session == session))
    return sum((each.amount for each in since), ZERO)


def _held(positions: Sequence[PositionLine]) -> str:
    if not positions:
        return "Held: nothing"
    worth = sum((abs(line.market_value) for line in positions), ZERO)
    bare = sum((line.bare or ZERO for line in positions), ZERO)
    lost = bare + sum((line.to_stop or ZERO for line in positions), ZERO)
    without = f", {dollars(bare)} of it shares without a stop, in full" if bare else ""
    what = f"{plural(len(positions), 'position')}, {dollars(worth)}"
    return f"Held: {what}. If every stop fills at its price, {dollars(lost)} is lost{without}; a gap loses more."


# --- text ------------------------------------------------------------------------------------------


def _counted(fills: Sequence[Fill]) -> str:
    """How many symbols were bought and sold: "2 bought, 1 sold"."""
    sides = {side: len({fill.symbol for fill in fills if fill.side is side}) for side in Side}
    words = ((sides[Side.BUY], "bought"), (sides[Side.SELL], "sold"))
    return ", ".join(f"{count} {word}" for count, word in words if count) or "nothing traded"


def _listed(names: Sequence[str], noun: str, between: str = ", ") -> str:
    if len(names) <= _LISTED + 1:
        return between.join(names)
    return f"{between.join(names[:_LISTED])} and {plural(len(names) - _LISTED, f'more {noun}')}"


def _signed(amount: Decimal) -> str:
    return f"+{dollars(amount)}" if amount > 0 else dollars(amount)


def _short(line: str) -> str:
    """One line, cut at the width."""
    text = " ".join(line.split())
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 1]}…"
