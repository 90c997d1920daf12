"""export: what other programs and an accountant take, from the ledger alone."""

from __future__ import annotations

from datetime import date

from tradebot.core.accounting.form_8949 import TaxYear, tax_year
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.schedule import Job
from tradebot.core.results.report_outcome import ReportOutcome
from tradebot.core.results.report_periods import Period
from tradebot.jobs.ledger_desk import LedgerDesk


def tax(desk: LedgerDesk, year: int) -> TaxYear:
    """The disposals of a year as Form 8949 asks for them."""
    newest = desk.ledger.books.previous_close(date.max)
    return tax_year(desk.ledger.history.booked(), year, newest.session if newest else None)


def equity(desk: LedgerDesk) -> ReportOutcome:
    """The closing equity of every session and the cash paid in and out, as a report on everything has them."""
    history, opening = desk.ledger.history, desk.ledger.openings.opening()
    points = history.closing_equity()
    base = desk.ledger.books.first_of_session(opening.session) if opening else None
    return ReportOutcome(
        job=Job.REPORT,
        session=points[-1].session if points else None,
        status=RunStatus.RAN,
        headline="",
        period=Period.ALL,
        equity=(base, *points) if base else points,
        opening=opening,
        cash_events=history.cash_events(),
    )
