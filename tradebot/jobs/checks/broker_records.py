"""Checks of the account's permissions at the broker, and of the broker's daily records."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from tradebot.core.model.account import AccountDay, CashEvent
from tradebot.core.model.values import CENT, ZERO, dollars
from tradebot.core.results.preflight_checks import Check, CheckResult
from tradebot.jobs.desk import Desk
from tradebot.jobs.job_run import JobRun, read_account

PASS, WARN, FAIL = CheckResult.PASS, CheckResult.WARN, CheckResult.FAIL

#: Two figures of the broker on one close may differ by this part: it marks positions at slightly other prices.
_TOLERANCE = Decimal("0.005")


def permissions(desk: Desk, run: JobRun) -> Check:
    """Fails where the broker does not let the account trade. Tells what is left to jobs, and when no stop triggers."""
    permitted, capabilities = desk.broker.permissions(), desk.broker.capabilities
    names = {
        "trading": permitted.trading,
        "short sales": permitted.shorting,
        "parts of shares": permitted.fractions and capabilities.fractions,
    }
    allowed = ", ".join(f"{name} {'allowed' if allowed else 'not allowed'}" for name, allowed in names.items())
    figure = "; ".join(filter(None, (allowed, *capabilities.left_to_jobs, capabilities.unguarded_hours)))
    if not permitted.trading:
        return Check("permissions", FAIL, figure, "allow trading in the account's configuration at the broker")
    return Check("permissions", PASS, figure)


def baseline(desk: Desk, run: JobRun) -> Check:
    """Warns where the day's baseline or deposits, which loss limits count from, differ from the broker's records."""
    account = read_account(desk, run, at_most=desk.fresh_for)
    before = run.market.previous
    days = desk.broker.days(before.session if before else run.session, run.session)
    figure = f"the day is counted from {dollars(account.last_equity)}"
    doubts = [
        *_of_close(account.last_equity, [day for day in days if before and day.session == before.session]),
        *_of_flows(_paid_in(desk, run), [day for day in days if day.session == run.session]),
    ]
    if doubts:
        remedy = "look at the account's history at the broker: DAILY_LOSS_LIMIT_PCT counts from these figures"
        return Check("baseline", WARN, "; ".join((figure, *doubts)), remedy)
    return Check("baseline", PASS, figure)


def _of_close(last_equity: Decimal, days: list[AccountDay]) -> Iterator[str]:
    for day in days:
        if abs(day.equity - last_equity) > _TOLERANCE * abs(last_equity):
            yield f"the broker's books have {dollars(day.equity)} at the close of {day.session}"


def _of_flows(paid_in: Decimal, days: list[AccountDay]) -> Iterator[str]:
    for day in days:
        if abs(day.paid_in - paid_in) > CENT:
            yield f"{dollars(day.paid_in)} was paid in by the broker's books, {dollars(paid_in)} by its activities"


def _paid_in(desk: Desk, run: JobRun) -> Decimal:
    """Deposits less withdrawals of the session by the activities, those that the ledger has yet to book included."""
    books = desk.ledger.books
    new = books.unbooked(desk.broker.activities(books.cursor()))
    flows = (done for done in new if isinstance(done, CashEvent) and done.kind.is_external)
    unbooked = sum((flow.amount for flow in flows if flow.session == run.session), ZERO)
    return books.cash_flow(run.session) + unbooked
