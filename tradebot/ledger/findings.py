"""Findings of a verification of the ledger."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault of the ledger."""

    table: str  # or "file"
    row: str  # the key of the row; empty for the table or file as a whole
    message: str

    def __str__(self) -> str:
        return f"{self.table} {self.row}".strip() + f": {self.message}"
