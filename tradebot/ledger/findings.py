"""What a proof of the ledger can find."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong: which row of which table (empty for the table or file as a whole), and what."""

    table: str
    row: str
    message: str

    def __str__(self) -> str:
        return f"{self.table} {self.row}".strip() + f": {self.message}"
