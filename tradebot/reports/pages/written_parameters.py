"""What `--write` changed, or is about to change, in a file of parameters."""

from __future__ import annotations

from collections.abc import Iterable

from tradebot.core.model.values import plural
from tradebot.core.results.written_parameters import ParameterChange, WrittenParameters
from tradebot.reports.layout import Line, Page, Tone, section, table


def written_parameters(written: WrittenParameters | None) -> Page:
    """The changes of a file, and what they mean to the home that trades with it."""
    if written is None:
        return ()
    return section(
        "Parameters written",
        Line(written.file if written.changes else f"{written.file} gives these parameters already"),
        *parameter_changes_page(written.changes),
        *((Line(_then(written), Tone.WARN),) if written.home and written.changes else ()),
    )


def parameter_changes_page(changes: Iterable[ParameterChange]) -> Page:
    """Each value that changes."""
    rows = ((each.strategy, each.parameter, _shown(each.old_value), _shown(each.new_value)) for each in changes)
    return table("strategy | parameter | >before | >after", rows)


def _then(written: WrittenParameters) -> str:
    changed = " and ".join(sorted({each.strategy for each in written.changes}))
    then = f"{written.home} trades with them from its next session on"
    if not written.probation_sessions:
        return then
    return (
        f"{then}; probation begins anew: {plural(written.probation_sessions, 'session')} at part of the size, {changed}"
    )


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
