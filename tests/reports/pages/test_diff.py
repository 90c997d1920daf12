"""The page of diff: what happened live beside the backtest, the cause of each difference, and what to do."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from tests.reports.builders import Plain
from tests.reports.conftest import Place
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.schedule import Job
from tradebot.core.results.diff_outcome import Cause, Compared, DiffLine, DiffOutcome, Fact
from tradebot.core.results.diff_run import diff_run
from tradebot.core.results.outcomes import Outcome
from tradebot.reports.pages.diff import diff_page

DAY = date(2007, 1, 5)
BASE = Outcome(Job.DIFF, DAY, RunStatus.RAN, "")


def fact(what: str, price: str) -> Fact:
    return Fact(what, Decimal(10), Decimal(price))


LINES = (
    DiffLine(Compared.EXIT, "rsi2", "CORD", fact("sold: stop", "9.50"), None, Cause.UNEXPLAINED, "nothing says so"),
    DiffLine(
        Compared.FILL, "rsi2", "BOLT", fact("bought", "25.20"), fact("bought", "25.10"), Cause.SLIPPAGE, "$0.10 a share"
    ),
    DiffLine(Compared.SIGNAL, "rsi2", "ACME", Fact("enter"), Fact("enter")),
)


def test_differences_stand_in_the_order_of_a_session_each_with_its_cause(place: Place, plain: Plain) -> None:
    found = DiffOutcome(DAY, date(2007, 1, 4), LINES, revised=("CORD",), notes=("ZED has no bar of the session.",))
    outcome = diff_run(BASE, (found,))
    text = plain(diff_page(outcome, place))
    for words in (
        "diff\n", "2007-01-05: 1 of 2 differences unexplained (slippage 1); 1 line agrees",
        "exit code 7: reconciliation found differences, or diff one that nothing explains",
        "2007-01-05, decided on the close of 2007-01-04", "bars revised since: CORD",
        "bought 10 at 25.20", "bought 10 at 25.10", "$0.10 a share", "sold: stop", "9.50", "nothing says so",
        "1 line agrees; --full shows them", "ZED has no bar of the session.",
        "What to do", "slippage: compare", "unexplained: `tradebot explain CORD --date 2007-01-05`",
    ):  # fmt: skip
        assert words in text
    assert text.index("BOLT") < text.index("$0.10 a share") < text.index("nothing says so")
    assert "ACME" not in text
    full = plain(diff_page(outcome, place, full=True))
    assert full.index("ACME") < full.index("BOLT")
    assert "--full" not in full


def test_a_session_of_an_earlier_version_says_what_is_missing(place: Place, plain: Plain) -> None:
    found = DiffOutcome(DAY, None, (), is_recorded=False, notes=("an earlier version traded it",))
    text = plain(diff_page(diff_run(BASE, (found,)), place))
    assert "2007-01-05: not compared, what it was decided on is not stored" in text
    assert "an earlier version traded it" in text
    assert "What to do" not in text
