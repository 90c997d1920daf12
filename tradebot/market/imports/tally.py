"""What an import changed, dropped or left out, counted by kind with the lines where it happened."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

_LINES_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Entry:
    """One kind of change in one file."""

    file: str
    what: str
    lines: tuple[int, ...]  # of the file, counted from 1; empty where the whole file is meant
    count: int

    @property
    def where(self) -> str:
        """ "line 5", "lines 5, 9 and 12", or the first ten "and 30 more"; empty for the whole file."""
        if not self.lines:
            return ""
        if len(self.lines) == 1:
            return f"line {self.lines[0]}"
        shown = [str(line) for line in self.lines[:_LINES_SHOWN]]
        more = len(self.lines) - len(shown)
        last = f"{more} more" if more else shown.pop()
        return f"lines {', '.join(shown)} and {last}"


@dataclass(slots=True)
class Tally:
    """Collects the entries of an import.

    changes: what was changed, or dropped without loss (an empty row).
    left_out: rows that hold something and are not in the result.
    notes: what the reader of the result should know.
    """

    changes: list[Entry] = field(default_factory=list)
    left_out: list[Entry] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def changed(self, file: str, what: str, lines: Iterable[int]) -> None:
        """Count rows that were changed, or dropped without loss."""
        _add(self.changes, file, what, tuple(lines))

    def changed_whole(self, file: str, what: str, count: int) -> None:
        """Count a change that concerns no single line."""
        if count:
            self.changes.append(Entry(file, what, (), count))

    def leave_out(self, file: str, what: str, lines: Iterable[int]) -> None:
        """Count rows that are left out."""
        _add(self.left_out, file, what, tuple(lines))

    def note(self, text: str) -> None:
        """Add a note, once."""
        if text not in self.notes:
            self.notes.append(text)


def _add(entries: list[Entry], file: str, what: str, lines: Sequence[int]) -> None:
    if lines:
        entries.append(Entry(file, what, tuple(sorted(int(line) for line in lines)), len(lines)))
