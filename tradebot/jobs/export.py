"""export: what other programs and an accountant take, from the ledger alone."""

from __future__ import annotations

from datetime import date

from tradebot.core.accounting.form_8949 import TaxYear, tax_year
from tradebot.jobs.ledger_desk import LedgerDesk


def tax(desk: LedgerDesk, year: int) -> TaxYear:
    """The disposals of a year as Form 8949 asks for them."""
    newest = desk.ledger.books.previous_close(date.max)
    return tax_year(desk.ledger.history.booked(), year, newest.session if newest else None)
