"""Circuit breakers: what halts the account without being asked. Each halt says which rule, and what was compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from itertools import takewhile

from tradebot.core.model.account import AccountSnapshot, Position, Quote
from tradebot.core.model.breaks import ACCEPTABLE, Break, unexplained
from tradebot.core.model.halts import Halt, HaltLevel, HaltRule, HaltSource
from tradebot.core.model.holdings import Holding
from tradebot.core.model.ledger_rows import Run, RunStatus
from tradebot.core.model.limits import Counters, Limits, LossAction
from tradebot.core.model.orders import BrokerOrder, Intent
from tradebot.core.model.schedule import Job
from tradebot.core.model.values import ONE, ZERO, dollars, percent
from tradebot.core.risk.exposure import Exposure, measure
from tradebot.errors import ExitCode


@dataclass(frozen=True, slots=True)
class EquityLoss:
    """How far the equity has fallen below a base, as a fraction of it, against the fraction that is allowed."""

    base: Decimal
    equity: Decimal
    fraction: Decimal
    limit: Decimal

    @property
    def breaks_limit(self) -> bool:
        """A fall that reaches its limit breaks it."""
        return self.fraction > 0 and self.fraction >= self.limit

    def __str__(self) -> str:
        return (
            f"equity {dollars(self.equity)} is {percent(self.fraction)} below {dollars(self.base)}, "
            f"and {percent(self.limit)} is the limit"
        )


def daily_loss(account: AccountSnapshot, counters: Counters, limits: Limits) -> EquityLoss:
    """Today's loss. Money put in or taken out today moves the baseline, since it is neither gain nor loss."""
    return _fall(counters.baseline_equity + counters.cash_flow_today, account.equity, limits.daily_loss_limit_pct)


def drawdown(account: AccountSnapshot, counters: Counters, limits: Limits) -> EquityLoss:
    """The fall from the equity peak, which the ledger keeps adjusted for deposits and withdrawals."""
    return _fall(counters.peak_equity, account.equity, limits.emergency_stop_loss_pct)


def _fall(base: Decimal, equity: Decimal, limit: Decimal) -> EquityLoss:
    lost = max(ZERO, base - equity)
    if lost == 0:
        return EquityLoss(base, equity, ZERO, limit)
    return EquityLoss(base, equity, lost / base if base > 0 else ONE, limit)


def loss_halts(
    account: AccountSnapshot, counters: Counters, limits: Limits, session: date, now: datetime
) -> tuple[Halt, ...]:
    """The halts that today's losses call for. ``until`` is left to the caller, who knows the next session."""
    reduce_only = limits.daily_loss_action is LossAction.REDUCE
    falls = (
        (
            HaltRule.DAILY_LOSS,
            HaltLevel.REDUCING if reduce_only else HaltLevel.HALTED,
            "daily loss",
            daily_loss(account, counters, limits),
        ),
        (HaltRule.DRAWDOWN, HaltLevel.HALTED, "drawdown", drawdown(account, counters, limits)),
    )
    return tuple(
        _halt(rule, level, f"{name}: {fall}", session, now, fall.fraction, fall.limit)
        for rule, level, name, fall in falls
        if fall.breaks_limit
    )


def limit_breach_halt(standing: LimitInputs, session: date, now: datetime) -> Halt | None:
    """The halt that limits call for which the account exceeds as it is; its figures are those of the first.

    It only reduces, so that every exit that mends the breach goes on, and it ends when the breach has.
    """
    found = breaches(standing)
    if not found:
        return None
    reason = "; ".join(breach.message for breach in found)
    first = found[0]
    return _halt(HaltRule.LIMIT_BREACH, HaltLevel.REDUCING, reason, session, now, first.value, first.limit)


def breaks_halt(breaks: Iterable[Break], limits: Limits, session: date, now: datetime) -> Halt | None:
    """The halt that differences between ledger and broker call for, when they are worth too much together."""
    breaks = tuple(breaks)
    value, limit = unexplained(breaks), limits.break_halt_value
    if value < limit:
        return None
    symbols = ", ".join(dict.fromkeys(found.symbol for found in breaks if found.dollars and found.kind in ACCEPTABLE))
    reason = (
        f"the ledger and the broker differ by {dollars(value)} (in {symbols}), and {dollars(limit)} is the limit; "
        "`tradebot reconcile` shows each break"
    )
    return _halt(HaltRule.BREAKS, HaltLevel.HALTED, reason, session, now, value, limit)


#: The jobs whose failing is counted: those that look after the account, and so have to work.
COUNTED_JOBS = (Job.RUN_DAILY, Job.CHECK_EXITS, Job.RECONCILE)
#: How a run ends that counts, for or against; one that found nothing to do, or was kept from it, says nothing.
COUNTED_STATUSES = (RunStatus.RAN, RunStatus.FAILED, RunStatus.RUNNING)
_ASKED_TO_END = (ExitCode.INTERRUPTED, ExitCode.TERMINATED)


def failed_runs_halt(newest: Iterable[Run], limits: Limits, session: date, now: datetime) -> Halt | None:
    """The halt that failed runs of one job in a row call for. ``newest`` are its counted runs, newest first.

    One that is still written down as running died: who asks holds the lock. One that a person stopped has not failed.
    """
    failed = list(takewhile(_has_failed, (run for run in newest if run.exit_code not in _ASKED_TO_END)))
    if len(failed) < limits.failed_runs_limit:
        return None
    first, last = failed[-1], failed[0]
    reason = (
        f"the last {len(failed)} runs of {last.job} failed, and {limits.failed_runs_limit} in a row are the limit; "
        f"the first began {first.started_at:%Y-%m-%d %H:%M} UTC, the last said: {last.summary or 'nothing, it died'}"
    )
    value, limit = Decimal(len(failed)), Decimal(limits.failed_runs_limit)
    return _halt(HaltRule.FAILED_RUNS, HaltLevel.HALTED, reason, session, now, value, limit)


def _has_failed(run: Run) -> bool:
    return run.status in (RunStatus.FAILED, RunStatus.RUNNING)


def _halt(
    rule: HaltRule, level: HaltLevel, reason: str, session: date, now: datetime, value: Decimal, limit: Decimal
) -> Halt:
    return Halt(HaltSource.LEDGER, rule, level, reason, since=now, session=session, value=value, limit=limit)


def active_halts(halts: Iterable[Halt], today: date | None) -> tuple[Halt, ...]:
    """The halts that still hold on ``today`` (New York): those whose ``until`` has not come. All, without a session."""
    return tuple(halt for halt in halts if halt.until is None or today is None or today < halt.until)


@dataclass(frozen=True, slots=True)
class LimitInputs:
    """The account as it is: equity in USD, and what the broker and the ledger show."""

    equity: Decimal
    positions: tuple[Position, ...]
    holdings: tuple[Holding, ...]
    open_orders: tuple[BrokerOrder, ...]
    unsettled: tuple[Intent, ...]
    quotes: Mapping[str, Quote]
    limits: Limits


@dataclass(frozen=True, slots=True)
class Breach:
    """One limit that is exceeded: ``value`` against ``limit``, both as fractions of equity or as counts."""

    value: Decimal
    limit: Decimal
    message: str


@dataclass(frozen=True, slots=True)
class LimitUse:
    """How much of its limits an account uses: the very figures that the circuit breakers compare.

    positions: the symbols with a position, foreign ones included, or with an order that may open one.
    gross_exposure: the value of all of them as a fraction of equity, at cost where a long position has gained.
    """

    positions: int
    gross_exposure: Decimal
    daily_loss: EquityLoss
    drawdown: EquityLoss


def limit_use(inputs: LimitInputs, account: AccountSnapshot, counters: Counters) -> LimitUse:
    """The use of the limits, whether or not one is exceeded."""
    exposure = measure(_without_gains(inputs))
    return LimitUse(
        positions=_positions(exposure),
        gross_exposure=_fraction(exposure.total.value, inputs.equity),
        daily_loss=daily_loss(account, counters, inputs.limits),
        drawdown=drawdown(account, counters, inputs.limits),
    )


def breaches(standing: LimitInputs) -> tuple[Breach, ...]:
    """Every limit that the account exceeds by more than the tolerance; the number of positions has none."""
    exposure = measure(_without_gains(standing))
    return (*_count(standing, exposure), *_shares_of_equity(standing, exposure))


def _count(standing: LimitInputs, exposure: Exposure) -> Iterator[Breach]:
    count = _positions(exposure)
    limit = standing.limits.max_positions
    if count > limit:
        message = f"{count} positions are open or under way, foreign ones included, and {limit} is the most"
        yield Breach(Decimal(count), Decimal(limit), message)


def _shares_of_equity(standing: LimitInputs, exposure: Exposure) -> Iterator[Breach]:
    limits, total = standing.limits, exposure.total
    for symbol in sorted({holding.symbol for holding in standing.holdings} & exposure.stakes.keys()):
        yield from _share(standing, f"{symbol} is", exposure.stakes[symbol].value, limits.max_position_size_pct)
    yield from _share(standing, "all positions together are", total.value, limits.max_gross_exposure_pct)
    yield from _share(standing, "at the stops would be lost", total.risk, limits.max_portfolio_risk_pct)


def _share(standing: LimitInputs, what: str, value: Decimal, limit: Decimal) -> Iterator[Breach]:
    equity, tolerance = standing.equity, standing.limits.limit_breach_tolerance_pct
    if value <= 0 or value <= equity * limit * (ONE + tolerance):
        return
    share = _fraction(value, equity)
    message = (
        f"{what} {dollars(value)}, {percent(share)} of equity, and {percent(limit)} is the limit, with "
        f"{percent(tolerance)} of it for drift"
    )
    yield Breach(share, limit, message)


def _positions(exposure: Exposure) -> int:
    return len(exposure.stakes.keys() | exposure.unpriced)


def _fraction(value: Decimal, equity: Decimal) -> Decimal:
    """A value as a fraction of equity: all of it where there is no equity, none where there is no value."""
    if value <= 0:
        return ZERO
    return value / equity if equity > 0 else ONE


def _without_gains(standing: LimitInputs) -> LimitInputs:
    """The account as if no long position were worth more than it cost."""
    cost = {position.symbol: position.average_price for position in standing.positions if position.quantity > 0}

    def capped(symbol: str, price: Decimal) -> Decimal:
        return min(price, cost.get(symbol, price))

    return replace(
        standing,
        positions=tuple(replace(p, market_price=capped(p.symbol, p.market_price)) for p in standing.positions),
        quotes={symbol: replace(q, last=capped(symbol, q.last)) for symbol, q in standing.quotes.items()},
    )
