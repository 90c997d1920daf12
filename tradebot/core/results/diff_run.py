"""The outcome of `diff`, the command and the job: sessions beside their backtests, and the words for both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from tradebot.core.model.values import canonical, plural, price_text
from tradebot.core.results.diff_outcome import Cause, DiffLine, DiffOutcome, Fact
from tradebot.core.results.outcomes import Outcome
from tradebot.errors import ExitCode

#: What to do about a difference, by its cause. SYMBOL and SESSION are those of the difference.
REMEDIES: Mapping[Cause, str] = {
    Cause.DATA_REVISED: "nothing: live decided on the bars of its day. A backtest over later bars knows more.",
    Cause.STRATEGY_CHANGED: "nothing, if you changed it. `tradebot strategies list` shows fingerprint and probation.",
    Cause.PRICE: "nothing. `tradebot report --period month` shows what the way from the decision to the fill cost.",
    Cause.SLIPPAGE: "compare `tradebot report --period month` with the --slippage of your backtests.",
    Cause.PARTIAL_FILL: "nothing. If it is frequent, a lower MAX_ORDER_ADV orders less of what is thinly traded.",
    Cause.HALT: "`tradebot status` says whether the halt lasts, and what ends it.",
    Cause.BROKER: "`tradebot explain SYMBOL --date SESSION` shows the broker's answer.",
    Cause.BY_HAND: "nothing, if it was you. If not, change the password of the account, then `tradebot reconcile`.",
    Cause.MISSED_RUN: "`tradebot schedule verify` on the host that should have started run-daily.",
    Cause.UNEXPLAINED: "`tradebot explain SYMBOL --date SESSION` tells what live did; `tradebot strategies check` "
    "whether the strategy gives the same signals twice.",
}
#: Differences that an alert names one by one.
_NAMED = 8
_LONGEST_KEY = 200


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alert that is to be raised."""

    title: str
    message: str
    key: str


@dataclass(frozen=True, slots=True)
class DiffRun(Outcome):
    """Sessions of the ledger compared with their backtests."""

    diffs: tuple[DiffOutcome, ...] = ()
    causes: Mapping[Cause, int] = field(default_factory=dict)  # how often each cause, over all sessions
    unexplained_count: int = 0  # differences that nothing known explains


def diff_run(base: Outcome, compared: Iterable[DiffOutcome]) -> DiffRun:
    """The outcome of what was compared: ``base`` with its headline, and BREAKS where a difference is unexplained."""
    compared = tuple(compared)
    causes = _causes(compared)
    unexplained = causes.get(Cause.UNEXPLAINED, 0)
    codes = base.codes | {ExitCode.BREAKS} if unexplained else base.codes
    base = replace(base, headline=_headline(compared, causes), codes=codes)
    return DiffRun.of(base, diffs=compared, causes=causes, unexplained_count=unexplained)


def remedy(line: DiffLine, session: date) -> str:
    """What to do about a difference; "" for lines that agree."""
    if line.cause is None:
        return ""
    return REMEDIES[line.cause].replace("SYMBOL", line.symbol).replace("SESSION", session.isoformat())


def alert_of(found: DiffOutcome) -> Alarm | None:
    """The alert of a session; None where every difference is explained."""
    if not found.unexplained:
        return None
    lines = found.unexplained
    said = [f"{text_of(line)}. {remedy(line, found.session)}" for line in lines[:_NAMED]]
    if len(lines) > _NAMED:
        said.append(f"{plural(len(lines) - _NAMED, 'more difference')}: `tradebot diff {found.session}` shows each.")
    what = ",".join(sorted(f"{line.compared}-{line.strategy}-{line.symbol}" for line in lines))
    return Alarm(
        title=f"{found.session}: {plural(len(lines), 'difference')} to the backtest unexplained",
        message="\n".join(said),
        key=f"diff:{found.session}:{len(lines)}:{what}"[:_LONGEST_KEY],
    )


def text_of(line: DiffLine) -> str:
    """A line in words: "AAPL exit (rsi2): live sold 10 at 25.10, backtest nothing"."""
    said = f": {line.why}" if line.why else ""
    who = f"{line.symbol} {line.compared} ({line.strategy})" if line.symbol else str(line.compared)
    return f"{who}: live {fact_text(line.live)}, backtest {fact_text(line.backtest)}{said}"


def fact_text(fact: Fact | None) -> str:
    """What happened on one side: "bought 10 at 25.10"."""
    if fact is None:
        return "nothing"
    quantity = "" if fact.quantity is None else f" {canonical(fact.quantity)}"
    return f"{fact.what}{quantity}{'' if fact.price is None else f' at {price_text(fact.price)}'}"


def _causes(compared: Iterable[DiffOutcome]) -> dict[Cause, int]:
    counts: Counter[Cause] = Counter()
    for each in compared:
        counts.update(each.causes)
    return {cause: counts[cause] for cause in Cause if counts[cause]}


def _headline(compared: Sequence[DiffOutcome], causes: Mapping[Cause, int]) -> str:
    """What was found: "2007-01-05: 1 of 3 differences unexplained (slippage 2); 14 lines agree"."""
    sessions = [each.session for each in compared]
    if not sessions:
        return "no session was compared"
    one = len(sessions) == 1
    where = f"{sessions[0]}" if one else f"{len(sessions)} sessions from {sessions[0]} to {sessions[-1]}"
    left_out = sum(1 for each in compared if not each.is_recorded)
    why = "not compared, what it was decided on is not stored" if one else f"{left_out} not compared"
    found = (*((_found(compared, causes),) if left_out < len(sessions) else ()), *((why,) if left_out else ()))
    return f"{where}: {'; '.join(found)}"


def _found(compared: Iterable[DiffOutcome], causes: Mapping[Cause, int]) -> str:
    differ, unexplained = sum(causes.values()), causes.get(Cause.UNEXPLAINED, 0)
    agree = sum(len(each.lines) for each in compared) - differ
    alike = f"{plural(agree, 'line')} {'agrees' if agree == 1 else 'agree'}"
    if not differ:
        return f"no difference; {alike}"
    known = ", ".join(f"{cause.text} {count}" for cause, count in causes.items() if cause is not Cause.UNEXPLAINED)
    count = f"{unexplained or 'none'} of {plural(differ, 'difference')} unexplained"
    return f"{count}{f' ({known})' if known else ''}; {alike}"
