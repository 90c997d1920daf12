"""The sections of a report on its parts: strategies, symbols, months, trades, turnover, and what happened beside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from tradebot.core.accounting.months import MonthLine
from tradebot.core.accounting.performance import Totals
from tradebot.core.model.holdings import Trade
from tradebot.core.model.values import ZERO, plural
from tradebot.core.results.halt_texts import BY_MACHINE, clock_text
from tradebot.core.results.period_lines import BreakLine, DrillLine, HaltLine, JobCount
from tradebot.core.results.report_outcome import ReportOutcome
from tradebot.reports.daily_series import returns_by_month
from tradebot.reports.formatting import (
    NOTHING,
    day,
    instant,
    minute,
    percent_text,
    price,
    ratio,
    shares,
    signed_usd,
    usd,
)
from tradebot.reports.layout import Block, Cell, Facts, Line, Page, Tone, section, table
from tradebot.reports.pages import common
from tradebot.reports.statistics import Curve

#: The symbols and the months that a page lists; the rest is in --json and --csv.
MOST_SYMBOLS = 20
MOST_MONTHS = 12


def by_strategy(outcome: ReportOutcome) -> Page:
    """The closed trades of each strategy, and beside them what its open positions have gained or lost; USD."""
    names = sorted(outcome.by_strategy.keys() | outcome.unrealised_by_strategy.keys())
    known = outcome.unrealised is not None
    rows = (
        _result(
            name,
            outcome.by_strategy.get(name),
            signed_usd(outcome.unrealised_by_strategy.get(name, ZERO)) if known else Cell(NOTHING),
        )
        for name in names
    )
    return section(
        "By strategy",
        *table("~strategy | >trades | >won | >P&L | >unrealised | >factor | ?>best | ?>worst | ?>fees", rows),
    )


def by_symbol(totals: Mapping[str, Totals]) -> Page:
    """The closed trades of each symbol, the best first; USD."""
    ranked = sorted(totals.items(), key=lambda item: (-item[1].pnl, item[0]))
    half = MOST_SYMBOLS // 2
    shown = ranked if len(ranked) <= MOST_SYMBOLS else [*ranked[:half], *ranked[-half:]]
    left_out = len(ranked) - len(shown)
    note = (Line(f"{plural(left_out, 'symbol')} between them; --json has all", Tone.QUIET),) if left_out else ()
    rows = (_result(name, each) for name, each in shown)
    return section(
        "By symbol", *table("symbol | >trades | >won | >P&L | >factor | ?>best | ?>worst | ?>fees", rows), *note
    )


def _result(name: str, totals: Totals | None, *more: Cell) -> tuple[str | Cell, ...]:
    if totals is None:
        return (name, "0", NOTHING, signed_usd(ZERO), *more, NOTHING, NOTHING, NOTHING, NOTHING)
    return (
        name,
        str(totals.trades),
        percent_text(totals.win_rate),
        signed_usd(totals.pnl),
        *more,
        ratio(totals.profit_factor),
        signed_usd(totals.best),
        signed_usd(totals.worst),
        usd(totals.fees),
    )


def by_month(outcome: ReportOutcome) -> Page:
    """The newest months, and the years where there are more; USD."""
    if len(outcome.months) < 2:
        return ()
    returns = returns_by_month(outcome)
    newest = outcome.months[-MOST_MONTHS:]
    years: tuple[Block, ...] = ()
    if len(outcome.months) > MOST_MONTHS:
        years = _periods("year", _years(outcome.months, returns))
    months = _periods("month", ((f"{each.month:%Y-%m}", each, returns.get(each.month)) for each in newest))
    return section("By month", *years, *months)


def _years(months: Iterable[MonthLine], returns: Mapping[date, float]) -> Iterable[tuple[str, MonthLine, float | None]]:
    years: dict[int, list[MonthLine]] = {}
    for line in months:
        years.setdefault(line.month.year, []).append(line)
    for year, lines in years.items():
        whole = MonthLine(
            date(year, 1, 1),
            sum(line.sessions for line in lines),
            sum((line.change for line in lines), ZERO),
            sum((line.paid for line in lines), ZERO),
            sum(line.trades for line in lines),
            sum((line.realised for line in lines), ZERO),
            sum((line.fees for line in lines), ZERO),
        )
        growth = 1.0
        for line in lines:
            growth *= 1 + returns.get(line.month, 0.0)
        yield str(year), whole, growth - 1


def _periods(name: str, lines: Iterable[tuple[str, MonthLine, float | None]]) -> tuple[Block, ...]:
    return table(
        f"{name} | >sessions | >return | >change | >trades | >P&L of trades | ?>paid in | ?>fees",
        (
            (
                text,
                str(line.sessions),
                percent_text(growth, 2),
                signed_usd(line.change),
                str(line.trades),
                signed_usd(line.realised),
                usd(line.paid),
                usd(line.fees),
            )
            for text, line, growth in lines
        ),
    )


def best_and_worst(outcome: ReportOutcome) -> Page:
    """The trades that won and lost most. Prices are USD a share."""
    trades = (*outcome.best_trades, *reversed(outcome.worst_trades))
    if len(outcome.trades) <= 1:
        return ()
    return section("Best and worst trades", *_trades(trades))


def _trades(trades: Sequence[Trade]) -> tuple[Block, ...]:
    return table(
        "closed | symbol | >shares | >entry | >exit | >P&L | ~why closed | ?~strategy",
        (
            (
                day(trade.exit_session),
                trade.symbol,
                shares(trade.quantity),
                price(trade.entry_price),
                price(trade.exit_price),
                signed_usd(trade.pnl),
                trade.exit_text,
                trade.strategy,
            )
            for trade in trades
        ),
    )


def turnover(outcome: ReportOutcome) -> Page:
    """What was traded against what the account was worth, and the highest exposure at a close."""
    traded = outcome.turnover
    if traded is None:
        return ()
    curve = Curve.of(outcome)
    held = [(p.long_value + abs(p.short_value)) / p.equity for p in curve.points if p.equity > 0] if curve else []
    return section(
        "Exposure and turnover, USD",
        Facts(
            (
                ("bought", usd(traded.bought)),
                ("sold", usd(traded.sold)),
                ("mean equity at the closes", usd(traded.mean_equity)),
                ("turnover (smaller of the two / mean equity)", percent_text(traded.ratio)),
                ("highest exposure at a close", percent_text(max(held, default=None))),
            )
        ),
    )


def positions(outcome: ReportOutcome) -> Page:
    """The open positions, and of a period that is over those that were last seen in it."""
    if not outcome.is_over:
        return common.positions(outcome.positions)
    title = "Positions at the end"
    if outcome.positions_at is None:
        return section(title, Line("not recorded", Tone.QUIET))
    seen = Line(f"as last seen at {instant(outcome.positions_at)}; stops of the past are not stored", Tone.QUIET)
    return section(
        title,
        seen,
        *table(
            "symbol | >shares | >entry | >last | >value | >P&L | ~strategy",
            (
                (
                    line.symbol,
                    shares(line.quantity),
                    price(line.entry_price),
                    price(line.last),
                    usd(line.market_value),
                    signed_usd(line.pnl),
                    line.strategy,
                )
                for line in outcome.positions
            ),
        ),
    )


def halts_and_drills(halts: Iterable[HaltLine], drills: Iterable[DrillLine]) -> Page:
    """The halts that were in force in the period, and the drills of the emergency stop."""
    held = table(
        "from, New York | rule | ~why | ~end",
        (
            (
                f"{minute(halt.began_at)}{clock_text(halt.rule)}",
                Cell(halt.rule.replace("_", " "), Tone.BAD if halt.level == "halted" else Tone.WARN),
                halt.reason,
                _end_of(halt),
            )
            for halt in halts
        ),
    )
    made = tuple(_drill(drill) for drill in drills)
    return section("Halts and drills", *held, *made)


def _end_of(halt: HaltLine) -> str:
    if halt.ended_at is not None:
        return f"{minute(halt.ended_at)}: {halt.ended_by}"
    return f"until session {halt.until}" if halt.until else "it stands"


def _drill(drill: DrillLine) -> Line:
    said = "passed" if drill.passed else "FAILED"
    flat = "" if drill.to_flat is None else f", flat after {drill.to_flat:.1f} s"
    return Line(f"drill on {minute(drill.at)}{BY_MACHINE}: {said}{flat}", Tone.PLAIN if drill.passed else Tone.BAD)


def _tone(job: JobCount) -> Tone:
    """Missing a job has no colour: where a person starts the jobs it is normal."""
    return Tone.PLAIN if job.status == "missed" else Tone.WARN


def troubles(jobs: Iterable[JobCount], breaks: Iterable[BreakLine]) -> Page:
    """The jobs that failed, were blocked or missed, and the differences that were found."""
    bad = [each for each in jobs if each.status in ("failed", "blocked", "missed", "running")]
    said = tuple(Line(f"{each.job} {_status(each.status)} {plural(each.times, 'time')}", _tone(each)) for each in bad)
    found = table(
        "found | symbol | severity | >dollars | ~difference | ?ended",
        (
            (
                day(each.first_seen),
                each.symbol,
                each.severity,
                usd(each.dollars),
                each.message,
                minute(each.closed_at) if each.closed_at else "open",
            )
            for each in breaks
        ),
    )
    return section("What went wrong", *said, *found)


def _status(status: str) -> str:
    return {"blocked": "was blocked", "missed": "was missed", "running": "died"}.get(status, status)
