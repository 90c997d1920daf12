"""A sweep as one HTML file: its table, the map of its parameters, and the curve of its walk-forward."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from tradebot.core.results.sweep_outcome import SweepOutcome, SweepRun, Value
from tradebot.reports.charts.bar_chart import Bar, BarChart, bar_chart
from tradebot.reports.charts.heat_map import HeatMap, heat_map
from tradebot.reports.charts.line_chart import LineChart, Series, line_chart
from tradebot.reports.formatting import percent_text, ratio
from tradebot.reports.html_report.document import Document, Figure, Section, html_text
from tradebot.reports.layout import Cell, Heading, Table, Tone, columns
from tradebot.reports.pages.sweep import (
    conclusion,
    failures,
    headline,
    params_text,
    sweep_luck,
    value_text,
    variants,
    walk_forward,
)

#: The variants that the table lists.
MOST_ROWS = 500
_STRONGEST = 1.5  # the Sharpe ratio of a year that has the strongest colour


def sweep_html(outcome: SweepOutcome, hide: Callable[[str], str]) -> str:
    """The sweep as the text of one HTML file. ``hide`` masks what must not leave the machine."""
    said, tone = conclusion(outcome)
    document = Document(
        title=f"Sweep, {outcome.first} to {outcome.last}",
        subtitle=f"{headline(outcome)}. Amounts are USD.",
        warnings=() if tone is Tone.GOOD else (f"{said[0].upper()}{said[1:]}.",),
        highlights=_highlights(outcome),
        sections=tuple(
            Section(page[0].text, (*charts, *page[1:]))
            for page, charts in (
                (sweep_luck(outcome), ()),
                (variants(outcome, MOST_ROWS), _map(outcome)),
                (walk_forward(outcome.walk_forward), _curve(outcome)),
                (failures(outcome.ranking), ()),
            )
            if page and isinstance(page[0], Heading)
        ),
    )
    return html_text(document, hide)


def _highlights(outcome: SweepOutcome) -> tuple[tuple[str, Cell], ...]:
    highest = next((run for run in outcome.ranking if run.figures), None)
    tiles = [("variants", Cell(f"{len(outcome.ranking):,}"))]
    if highest is not None and highest.figures is not None and highest.luck is not None:
        tiles += [
            ("highest Sharpe", Cell(ratio(highest.figures.sharpe))),
            ("its deflated Sharpe", Cell(ratio(highest.luck.deflated_sharpe))),
            ("trials on this data", Cell(f"{highest.luck.trials:,}")),
        ]
    tiles.append(("overfitting (PBO)", Cell(ratio(outcome.overfit.probability))))
    if outcome.walk_forward is not None:
        tiles.append(("tests: return", Cell(percent_text(outcome.walk_forward.of_curve.get("total_return")))))
    return tuple(tiles)


def _map(outcome: SweepOutcome) -> tuple[Figure, ...]:
    """The Sharpe ratios by the first two parameters; the others are at the values of the highest variant."""
    ranked = [run for run in outcome.ranking if run.figures is not None]
    if not ranked:
        return ()
    names = sorted(tuple(outcome.swept)[:2], key=lambda name: len(outcome.swept[name]), reverse=True)
    others = {name: value for name, value in ranked[0].params.items() if name not in names}
    shown = [run for run in ranked if all(run.params[name] == value for name, value in others.items())]
    fixed = f" with {params_text(others)}, as the highest variant has" if others else ""
    said = f"Sharpe ratio of a year by {' and '.join(names)}{fixed}."
    caption = f"{said} High neighbours speak for a value, a lone peak against it."
    return (_heat_map(outcome, names, shown, caption) if len(names) == 2 else _bars(names[0], shown, caption),)


def _heat_map(outcome: SweepOutcome, names: Sequence[str], runs: Iterable[SweepRun], caption: str) -> Figure:
    rows, across = (sorted(outcome.swept[name], key=_order) for name in names)
    cells = {(run.params[names[0]], run.params[names[1]]): _sharpe(run) for run in runs}
    chart = HeatMap(
        key="parameters",
        title=f"Sharpe ratio by {names[0]} and {names[1]}",
        description=caption,
        columns=tuple(map(value_text, across)),
        rows=tuple((value_text(row), tuple(cells.get((row, column)) for column in across)) for row in rows),
        strongest=_STRONGEST,
        label=lambda value: f"{value:.2f}",
        short_label=lambda value: f"{value:.1f}",
        whole_names=True,
    )
    return Figure(f"{names[0]} (down) and {names[1]} (across)", heat_map(chart), caption)


def _bars(name: str, runs: Iterable[SweepRun], caption: str) -> Figure:
    found = sorted(runs, key=lambda run: _order(run.params[name]))
    bars = tuple(
        Bar(value_text(run.params[name]), sharpe, f"{sharpe:.2f}", is_bad=sharpe < 0)
        for run in found
        if (sharpe := _sharpe(run)) is not None
    )
    return Figure(name, bar_chart(BarChart("parameters", f"Sharpe ratio by {name}", caption, bars)), caption)


def _curve(outcome: SweepOutcome) -> tuple[Figure, ...]:
    """The equity of all tests."""
    found = outcome.walk_forward
    if found is None or len(found.curve) < 2:
        return ()
    series = Series("the tests, one after the other", tuple(found.curve.items()))
    caption = "Equity from the returns of the test sessions: each was chosen for by sessions before it."
    ends = (next(iter(found.curve.items())), list(found.curve.items())[-1])
    rows = tuple((str(session), f"{value:,.2f}") for session, value in ends)
    chart = line_chart(LineChart("tests", "Equity of the tests, USD", caption, (series,)))
    return (Figure("Equity of the tests", chart, caption, Table(columns("close of | >equity, USD"), rows)),)


def _sharpe(run: SweepRun) -> float | None:
    return None if run.figures is None else run.figures.sharpe


def _order(value: Value) -> tuple[int, float, str]:
    """Numbers by size, then texts by name."""
    return (1, 0.0, value) if isinstance(value, str) else (0, float(value), "")
