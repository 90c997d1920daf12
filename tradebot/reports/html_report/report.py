"""The HTML report of a period."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

from tradebot.core.model.halts import distinct
from tradebot.core.model.holdings import Trade
from tradebot.core.model.orders import Side
from tradebot.core.model.values import plural
from tradebot.core.results.report_outcome import ReportOutcome
from tradebot.home.output_files import output_path, write_output
from tradebot.reports.formatting import day, percent_text, price, ratio, shares, signed_usd, usd
from tradebot.reports.html_report.document import HTML_REPORT, Document, Section, html_text
from tradebot.reports.html_report.document import Figure as Chart
from tradebot.reports.html_report.figures import figures
from tradebot.reports.html_report.masking import masked_account, masker
from tradebot.reports.html_report.trading_figures import trading_figures
from tradebot.reports.layout import Block, Cell, Heading, Line, Page, Table, Tone, table
from tradebot.reports.pages import common
from tradebot.reports.pages.report import report_page
from tradebot.reports.run_header import RunHeader
from tradebot.reports.statistics import Curve, Figure, by_key
from tradebot.settings import Loaded

Hide = Callable[[str], str]
OPTION = "--html"
#: The trades that are listed; the page says how many there are.
MOST_TRADES = 200
#: The rows of any other table.
MOST_ROWS = 100
_HIGHLIGHTS = ("total_return", "benchmark_return", "buy_and_hold_return", "max_drawdown", "sharpe", "exposure")


def html_path(path: Path, loaded: Loaded, *, force: bool) -> Path:
    """The path that ``write_html`` writes to. Raises UsageError, as ``output_path`` does, if it may not be written."""
    return output_path(path, OPTION, loaded, HTML_REPORT, force=force)


def write_html(path: Path, text: str) -> None:
    """Write a report to ``path``, which ``html_path`` gave, atomically. Raises UsageError; then an old file stays."""
    write_output(path, text, OPTION)


def report_html(
    outcome: ReportOutcome, where: RunHeader, statistics: Iterable[Figure], secrets: Callable[[str], str]
) -> str:
    """The report as the text of one HTML file, without account number, paths of the machine or secrets.

    ``secrets`` masks the secrets of the settings in a text.
    """
    hide = masker(where, secrets)
    return html_text(report_document(outcome, where, by_key(statistics), hide), hide)


def report_document(outcome: ReportOutcome, where: RunHeader, statistics: Mapping[str, Figure], hide: Hide) -> Document:
    """The report's structure. ``hide`` masks what must not be told in the names that are drawn."""
    return Document(
        title=f"Trading report, {_span(outcome)}",
        subtitle=f"{_place(where)}, account {masked_account(where.account_id)}. Amounts are USD.",
        warnings=_warnings(outcome),
        highlights=_highlights(outcome, statistics),
        sections=tuple(section for section in _sections(outcome, where, statistics.values(), hide) if section.blocks),
    )


def _place(where: RunHeader) -> str:
    return f"{where.mode} mode" if where.broker == where.mode else f"{where.broker}, {where.mode} mode"


def _span(outcome: ReportOutcome) -> str:
    return day(outcome.last) if outcome.first == outcome.last else f"{day(outcome.first)} to {day(outcome.last)}"


def _warnings(outcome: ReportOutcome) -> tuple[str, ...]:
    """What needs somebody now, each in a sentence."""
    found = [f"{halt.level.upper()}: {halt.reason}" for halt, *_ in distinct(outcome.halts)]
    if outcome.unprotected:
        found.append(f"{usd(outcome.unprotected)} USD have no stop at the broker.")
    if outcome.breaks:
        found.append(f"{plural(len(outcome.breaks), 'difference')} between the ledger and the broker.")
    return tuple(found)


def _highlights(outcome: ReportOutcome, statistics: Mapping[str, Figure]) -> tuple[tuple[str, Cell], ...]:
    tiles: list[tuple[str, Cell]] = []
    curve = Curve.of(outcome)
    if curve is not None and curve.points:
        tiles.append(("equity at the end", Cell(usd(curve.points[-1].equity))))
    for key in _HIGHLIGHTS:
        if (figure := statistics.get(key)) is not None and figure.value is not None:
            tiles.append((figure.label, Cell(_figure_text(figure))))
    if outcome.totals is not None:
        closed = outcome.totals
        tiles += [
            ("trades closed", Cell(f"{closed.trades:,}")),
            ("P&L of closed trades", signed_usd(closed.pnl)),
            ("win rate", Cell(percent_text(closed.win_rate))),
            ("profit factor", Cell(ratio(closed.profit_factor))),
        ]
    return tuple(tiles)


def _sections(outcome: ReportOutcome, where: RunHeader, statistics: Iterable[Figure], hide: Hide) -> Iterable[Section]:
    page = report_page(replace(outcome, halts=()), where, statistics)  # these stand above, among the warnings
    of_equity, *others = page_sections(page[1:], trading_figures(outcome, hide))
    yield of_equity
    yield Section("Charts", figures(outcome))
    yield from others
    yield Section("Trades", _trades(outcome.trades))


def page_sections(page: Page, charts: Mapping[str, tuple[Chart, ...]]) -> Iterable[Section]:
    """The sections of a page that a terminal shows, without what stands before the first and the files of the machine.

    ``charts``: what the section of a title begins with.
    """
    heads = [number for number, block in enumerate(page) if isinstance(block, Heading)]
    for begin, end in pairwise([*heads, len(page)]):
        title = page[begin]
        if isinstance(title, Heading) and title.text != common.RECORD_FILES:
            blocks = (part for block in page[begin + 1 : end] for part in _cut(block))
            yield Section(title.text, (*charts.get(title.text, ()), *blocks))


def _cut(block: Block) -> tuple[Block, ...]:
    """A table without its rows beyond MOST_ROWS, which it says."""
    if not isinstance(block, Table) or len(block.rows) <= MOST_ROWS:
        return (block,)
    said = f"the first {MOST_ROWS} of {len(block.rows):,} rows; `report --json` has them all"
    return Line(said, Tone.QUIET), replace(block, rows=block.rows[:MOST_ROWS])


def _trades(trades: tuple[Trade, ...]) -> tuple[Block, ...]:
    """The newest trades. Prices are USD a share."""
    newest = sorted(trades, key=lambda trade: (trade.closed_at, trade.trade_id), reverse=True)[:MOST_TRADES]
    if not newest:
        return (Line("no trade was closed in this period", Tone.QUIET),)
    said = f"{len(trades):,} trades closed in this period" if len(trades) > 1 else "1 trade closed in this period"
    if len(newest) < len(trades):
        said += f"; the newest {len(newest)} are listed, and `report --csv` writes all of them"
    rows = table(
        "closed | opened | symbol | >shares | >entry | >exit | >fees | >P&L | >return | ~strategy | ~why closed",
        (
            (
                day(trade.exit_session),
                day(trade.entry_session),
                trade.symbol,
                shares(trade.quantity) if trade.side is Side.BUY else f"short {shares(trade.quantity)}",
                price(trade.entry_price),
                price(trade.exit_price),
                usd(trade.fees),
                signed_usd(trade.pnl),
                percent_text(_return_of(trade)),
                trade.strategy,
                trade.exit_text,
            )
            for trade in newest
        ),
    )
    return (Line(f"{said}."), *rows)


def _return_of(trade: Trade) -> Decimal | None:
    """The P&L after fees over the cost of the entry."""
    cost = trade.quantity * trade.entry_price
    return trade.pnl / cost if cost else None


def _figure_text(figure: Figure) -> str:
    return percent_text(figure.value, 2) if figure.is_share else ratio(figure.value)
