"""Whether a halt that has begun has a real cause: worked out from the exchange's own rows and the world's own deeds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal

from tests.worlds.eyes import Row
from tests.worlds.faults import FaultKind
from tests.worlds.moment import Moment, flows, moment
from tests.worlds.process import Ended
from tests.worlds.schedule import hours_of
from tests.worlds.story import Promise
from tests.worlds.town import Town
from tradebot.core.model.halts import HaltRule
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.schedule import Job
from tradebot.errors import ExitCode

ZERO = Decimal(0)
#: A loss is compared to the fraction that the exchange's rounding to cents leaves.
_ROUNDING = Decimal("0.0005")
_K = FaultKind
#: Answers that are not the truth. Told twice within a second they are no cause; told longer, they are what there is.
_TWICE = 2
_UNTRUE = frozenset(
    {_K.OLD_ANSWER, _K.EMPTY_LIST, _K.FEWER_SHARES, _K.LAGGING, _K.UNKNOWN_STATE, _K.NO_QUOTES, _K.CLOCK_ASKEW}
)
_BY_HAND = (
    "emergency stop",
    "emergency stop, closing",
    "halted by the environment",
    "latch file made by hand",
    "latch file unreadable",
    "symbol halted by hand",
    "strategy halted by hand",
)


def check_halts(town: Town, ended: Iterable[Ended]) -> None:
    """Hold every halt that has begun since the last check against what really happened."""
    ended = tuple(ended)
    note_misread_opening(town, ended)
    town.moments.extend(moment for process in ended for moment in process.moments)
    begun = town.ledger.rows("SELECT * FROM halts WHERE halt_id > CAST(? AS INTEGER)", str(town.halts_checked))
    for row in begun:
        town.halts_checked = row["halt_id"]
        if not _has_cause(town, HaltRule(row["rule"]), ended):
            town.story.violate(Promise.REAL_CAUSE, f"{row['rule']}: {row['reason']}")
    for process in ended:
        outcome = process.outcome
        if outcome is None or process.met_fault or process.overlapped or ExitCode.BREAKS not in outcome.codes:
            continue
        if not _differs(town) and not town.missing_rows() and not _in_doubt(town):
            told = [each.message for each in outcome.breaks]
            town.story.violate(Promise.REAL_CAUSE, f"{process.run.job} ended for breaks, and nothing differs: {told}")


def _in_doubt(town: Town) -> bool:
    """Whether an order's outcome is unknown, or shares of ours are bare: breaks that no figure shows."""
    doubtful = "SELECT 1 FROM orders WHERE state IN ('unknown', 'submitting')"
    bare = "SELECT 1 FROM breaks WHERE closed_at IS NULL AND kind IN ('unprotected', 'unknown_outcome')"
    return bool(town.ledger.rows(doubtful) or town.ledger.rows(bare))


def check_ends(town: Town) -> None:
    """After a day without faults no halt for breaks is left, unless it is one that only a person ends."""
    for row in town.ledger.rows("SELECT * FROM halts WHERE cleared_at IS NULL AND rule = 'breaks'"):
        if row["ends"] != "resume":
            town.story.violate(Promise.HALT_ENDS, f"{row['reason']}")


def _has_cause(town: Town, rule: HaltRule, ended: tuple[Ended, ...]) -> bool:
    met = town.story.met
    match rule:
        case HaltRule.OPERATOR:
            return any(met[name] for name in _BY_HAND)
        case HaltRule.UNREADABLE:
            return bool(met["latch file unreadable"]) or any(process.met_fault for process in ended)
        case HaltRule.CHAIN_HEADS:
            return False  # nothing in these worlds takes them away
        case HaltRule.REPEATED_ORDERS:
            return True  # the controls of the worlds check the repetition itself
        case HaltRule.FAILED_RUNS:
            return town.failures > 0
        case HaltRule.LIMIT_BREACH:
            return _untrue(town, ended) or any(_exceeds(town, moment) for moment in _seen(town, ended))
        case HaltRule.BREAKS:
            return _untrue(town, ended) or _differs(town) or bool(town.missing_rows())
        case HaltRule.DAILY_LOSS:
            return _in_the_dark(town, ended) or _lost_today(town, ended) >= _limit(town, "daily_loss_limit_pct")
        case HaltRule.DRAWDOWN:
            return _in_the_dark(town, ended) or _drawdown(town, ended) >= _limit(town, "emergency_stop_loss_pct")


def _untrue(town: Town, ended: Iterable[Ended]) -> bool:
    """Whether the broker gave untrue answers more often than twice."""
    faults = [fault for process in ended if process.met_fault for fault in process.run.faults]
    lies = [fault for fault in faults if fault.kind in _UNTRUE]
    return sum(min(fault.times, _TWICE + 1) for fault in lies) > _TWICE


def _in_the_dark(town: Town, ended: Iterable[Ended]) -> bool:
    """Whether a result can't be known: untrue answers, a row kept back that is no transfer, or other shares here."""
    return _untrue(town, ended) or bool(town.missing_rows() - {"transfer"}) or _shares_differ(town)


def _differs(town: Town) -> bool:
    """Whether ledger and exchange hold other shares or other cash."""
    (cash,) = town.exchange.texts("SELECT cash FROM exchange")
    booked = town.ledger.texts("SELECT cash FROM accounts JOIN pins USING (account_key)")
    return _shares_differ(town) or Decimal(booked[0] or 0) != Decimal(cash)


def _shares_differ(town: Town) -> bool:
    here = _shares(town.ledger.rows("SELECT symbol, quantity FROM lots"))
    return here != _shares(town.exchange.rows("SELECT symbol, quantity FROM positions"))


def _shares(rows: Iterable[Row]) -> dict[str, Decimal]:
    shares: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    for row in rows:
        shares[row["symbol"]] += Decimal(row["quantity"])
    return {symbol: count for symbol, count in shares.items() if count}


def _limit(town: Town, name: str) -> Decimal:
    limit: Decimal = getattr(town.limits, name)
    return limit - _ROUNDING


def _lost_today(town: Town, ended: Iterable[Ended]) -> Decimal:
    """The largest loss since the previous close that a process could see, as a fraction of that close."""
    before = town.exchange.rows(
        "SELECT * FROM equity WHERE session < ? ORDER BY session DESC LIMIT 1", town.session.isoformat()
    )
    if before:
        day = hours_of(town.market.after(town.session, -1)).closes
        base = Moment(Decimal(before[0]["equity"]), flows(town.exchange, day))
    else:
        (cash,) = town.exchange.texts("SELECT starting_cash FROM exchange")
        base = Moment(Decimal(cash), Decimal(cash))
    return max((_fraction_lost(base, moment) for moment in _seen(town, ended)), default=ZERO)


def _drawdown(town: Town, ended: Iterable[Ended]) -> Decimal:
    """The largest fall from the highest profit so far, as a fraction of the equity at that height."""
    peak = max(town.moments, key=lambda moment: moment.profit, default=None)
    if peak is None:
        return ZERO
    return max((_fraction_lost(peak, moment) for moment in _seen(town, ended)), default=ZERO)


def _fraction_lost(base: Moment, moment: Moment) -> Decimal:
    height = base.profit + moment.flows
    return (base.profit - moment.profit) / height if height > 0 else Decimal(1)


def _seen(town: Town, ended: Iterable[Ended]) -> Iterator[Moment]:
    for process in ended:
        yield from process.moments
    yield moment_now(town)


def moment_now(town: Town) -> Moment:
    """The account as it is."""
    with town.venue.exchange() as exchange:
        return moment(exchange, flows(town.exchange))


def _exceeds(town: Town, moment: Moment) -> bool:
    """Whether the account is over a limit, by figures that are never below the ones that halt."""
    limits, equity = town.limits, moment.equity
    total = sum(moment.values, ZERO)
    return (
        moment.symbols > limits.max_positions
        or any(value > equity * limits.max_position_size_pct for value in moment.values)
        or total > equity * min(limits.max_gross_exposure_pct, limits.max_portfolio_risk_pct)
    )


def note_misread_opening(town: Town, ended: Iterable[Ended]) -> None:
    """Note an opening that was made while the broker gave the same untrue answer twice: it stays a difference."""
    lies = (fault for process in ended for fault in process.run.faults if fault.kind in _UNTRUE and fault.times > 1)
    if not town.opened:
        town.opened = bool(town.ledger.rows("SELECT 1 FROM openings"))
        town.misread = town.opened and any(lies)


def count_failures(town: Town, ended: Iterable[Ended]) -> None:
    """Count the processes of counted jobs that did not end well."""
    town.rows_late += bool(town.missing_rows())
    counted = (Job.RUN_DAILY, Job.CHECK_EXITS, Job.RECONCILE)
    town.failures += sum(
        process.run.job in counted and (process.outcome is None or process.outcome.status is RunStatus.FAILED)
        for process in ended
    )
