"""The pages of `data import` and `data check`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tradebot.core.model.values import plural
from tradebot.market.answers import Question
from tradebot.market.imports.price_import import Imported
from tradebot.market.imports.tally import Entry
from tradebot.market.price_check import PriceSummary
from tradebot.reports.layout import Facts, Line, Page, Tone, section, table

_SHOWN = 20
_ROWS_SHOWN = 40


def import_page(imported: Imported, summary: PriceSummary, out: Path, actions: Path | None) -> Page:
    """What was read, written, changed and left out, and which settings name it."""
    makers = dict.fromkeys(maker.name for maker in imported.makers.values())
    tally = imported.tally
    settings = [f"PAPER_DATA={out}", *([f"PAPER_ACTIONS={actions.resolve()}"] if actions else [])]
    return (
        Facts(
            (
                ("read", f"{plural(len(imported.makers), 'file')}, {', '.join(makers)}"),
                *_extent(summary),
                ("written", str(out)),
            )
        ),
        *section("Changed or dropped", *_entries(tally.changes)),
        *section("Left out", *_entries(tally.left_out)),
        *_confirmed(summary.answered),
        *section("Notes", *(Line(note) for note in (*tally.notes, *_remarks(summary)))),
        *section("To trade on it", *(Line(setting) for setting in settings)),
    )


def check_page(summary: PriceSummary, path: Path) -> Page:
    """What a sound price file holds."""
    return (
        Facts((("file", str(path)), *_extent(summary), ("actions", str(summary.actions)))),
        Line("sound: PAPER_DATA can name it", Tone.GOOD),
        *_confirmed(summary.answered),
        *section("Notes", *(Line(note) for note in _remarks(summary))),
    )


def _extent(summary: PriceSummary) -> tuple[tuple[str, str], ...]:
    symbols = len(summary.symbols)
    named = ", ".join(summary.symbols[:_SHOWN]) + (f" and {symbols - _SHOWN} more" if symbols > _SHOWN else "")
    return (
        ("symbols", f"{symbols}: {named}"),
        ("bars", f"{summary.bars:,} from {summary.first_session} to {summary.last_session}"),
        ("at the end", f"{summary.surviving} of {symbols} symbols have a bar in the last session"),
    )


def _entries(entries: list[Entry]) -> Page:
    """A row for each entry; entries that differ in the file alone share one."""
    by_what: dict[str, list[Entry]] = {}
    for entry in entries:
        by_what.setdefault(entry.what, []).append(entry)
    rows = [
        (_files(alike), what, str(sum(entry.count for entry in alike)), alike[0].where if len(alike) == 1 else "")
        for what, alike in by_what.items()
    ]
    more = len(rows) - _ROWS_SHOWN
    rest = (Line(f"and {more} more kinds; --json has them all"),) if more > 0 else ()
    return (*table("file | ~what | >count | ~where", rows[:_ROWS_SHOWN]), *rest)


def _files(entries: list[Entry]) -> str:
    return entries[0].file if len(entries) == 1 else f"{len(entries)} files"


def _confirmed(confirmed: tuple[Question, ...]) -> Page:
    shown = [Line(f"confirmed: {question.what}") for question in confirmed[:_SHOWN]]
    more = len(confirmed) - len(shown)
    return section("Taken as true", *shown, *([Line(f"and {more} more")] if more else []))


def _remarks(summary: PriceSummary) -> Iterable[str]:
    if summary.absent:
        yield f"{len(summary.absent)} sessions of the exchange have no bar at all, the first {summary.absent[0]}"
    if summary.missing_bars:
        lacking = summary.missing_bars
        most = max(lacking, key=lambda symbol: lacking[symbol])
        total = sum(lacking.values())
        yield f"{total} bars are lacking between the first and last of {len(lacking)} symbols, most of {most}"
    if summary.surviving == len(summary.symbols) > 1:
        yield "every symbol is still there at the end: a list made with hindsight shows better results than it had"
