"""The equity of a period on a page: from the beginning to the end, with what explains the change."""

from __future__ import annotations

from datetime import datetime

from tradebot.core.accounting.bridge import Bridge
from tradebot.core.model.exchange_time import new_york_date
from tradebot.core.results.report_outcome import ReportOutcome
from tradebot.reports.formatting import day, instant, signed_usd, usd
from tradebot.reports.layout import Cell, Facts, Line, Page, Tone, lines, section
from tradebot.reports.statistics import Curve

_TITLE = "Equity, USD"
#: The terms of the bridge that are shown even if they are 0.
_ALWAYS = ("realised", "unrealised", "not_explained")


def equity(outcome: ReportOutcome) -> Page:
    """The equity at both ends of the period with the bridge between them, then cash and sessions."""
    curve, bridge = Curve.of(outcome), outcome.bridge
    if bridge is None and (curve is None or not curve.points):
        return section(_TITLE, Line("no closing equity was recorded in this period", Tone.QUIET))
    rows = _without_bridge(outcome, curve) if bridge is None else _bridge(outcome, bridge)
    if curve is not None and curve.points:
        rows = (*rows, ("cash", usd(curve.points[-1].cash)), ("sessions", str(len(curve.points))))
    notes = bridge.notes if bridge is not None else ()
    return section(_TITLE, Facts(rows), *lines(notes, Tone.QUIET))


def _without_bridge(outcome: ReportOutcome, curve: Curve | None) -> tuple[tuple[str, str | Cell], ...]:
    assert curve is not None, "its caller has points"
    last = curve.points[-1]
    before = f"at the close of {day(curve.base_session)}" if curve.base_session else "before"
    return (
        (before, usd(curve.base)),
        (f"last seen on {day(last.session)}", usd(last.equity)),
        ("change", signed_usd(last.equity - curve.base)),
    )


def _bridge(outcome: ReportOutcome, bridge: Bridge) -> tuple[tuple[str, str | Cell], ...]:
    begins = "opening statement of" if outcome.opening is not None else ""
    left = bridge.not_explained
    # None of the others is a gain or a loss, so none is coloured.
    others = {name: amount for name, amount in bridge.terms.items() if name not in _ALWAYS and amount}
    return (
        (_moment(bridge.opened_at, begins, is_close=bridge.is_opening_close), usd(bridge.opening_equity)),
        ("  realised before fees", signed_usd(bridge.realised)),
        ("  unrealised change", signed_usd(bridge.unrealised)),
        *((f"  {name.replace('_', ' ')}", signed_usd(amount).text) for name, amount in others.items()),
        ("  not explained", Cell(usd(left), Tone.BAD) if left else usd(left)),
        (_moment(bridge.closed_at, is_close=bridge.is_closing_close), usd(bridge.closing_equity)),
        ("change", signed_usd(bridge.change)),
    )


def _moment(at: datetime, begins: str = "", *, is_close: bool) -> str:
    if not is_close:
        return f"as of {instant(at)}"
    return f"{begins or 'at the close of'} {day(new_york_date(at))}"
