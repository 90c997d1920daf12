"""Circuit breakers: halts of the account that no person sets. Each halt names its rule and the figures compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from itertools import takewhile

from tradebot.core.model.account import AccountSnapshot, Position, Quote
from tradebot.core.model.breaks import ACCEPTABLE, Break, unexplained
from tradebot.core.model.exchange_time import new_york_text
from tradebot.core.model.halts import Halt, HaltEnd, HaltLevel, HaltRule, HaltSource
from tradebot.core.model.holdings import Holding
from tradebot.core.model.ledger_rows import Run, RunStatus
from tradebot.core.model.limits import BreaksHaltEnds, Counters, Limits, LossAction
from tradebot.core.model.orders import BrokerOrder, Intent
from tradebot.core.model.schedule import Job
from tradebot.core.model.values import ONE, ZERO, dollars, percent
from tradebot.core.risk.exposure import Exposure, measure_exposure
from tradebot.errors import ExitCode


@dataclass(frozen=True, slots=True)
class EquityLoss:
    """The fall of the equity below a base, against its limit."""

    base: Decimal  # USD
    equity: Decimal  # USD
    fraction: Decimal  # of the base, never negative
    limit: Decimal  # fraction of the base
    base_name: str  # for people: "its peak"

    @property
    def breaks_limit(self) -> bool:
        """Whether the fall has reached its limit."""
        return self.fraction > 0 and self.fraction >= self.limit

    def __str__(self) -> str:
        return (
            f"equity {dollars(self.equity)} is {percent(self.fraction)} below {self.base_name} of "
            f"{dollars(self.base)}, and {percent(self.limit)} is the limit"
        )


def daily_loss(account: AccountSnapshot, counters: Counters, limits: Limits) -> EquityLoss:
    """The loss since the previous close. Deposits and withdrawals are neither gain nor loss."""
    return _loss(
        "the last close",
        counters.baseline_equity,
        account.equity - counters.uncounted_today,
        limits.daily_loss_limit_pct,
    )


def drawdown(account: AccountSnapshot, counters: Counters, limits: Limits) -> EquityLoss:
    """The fall of the explained equity from its peak, which the ledger moves by each booked deposit and withdrawal."""
    return _loss("its peak", counters.peak_equity, account.equity - counters.uncounted, limits.emergency_stop_loss_pct)


def _loss(base_name: str, base: Decimal, equity: Decimal, limit: Decimal) -> EquityLoss:
    lost = max(ZERO, base - equity)
    if lost == 0:
        return EquityLoss(base, equity, ZERO, limit, base_name)
    return EquityLoss(base, equity, lost / base if base > 0 else ONE, limit, base_name)


def loss_halts(
    account: AccountSnapshot, counters: Counters, limits: Limits, session: date, now: datetime
) -> tuple[Halt, ...]:
    """The halts for losses that have reached their limit. The caller sets ``until``, who knows the next session."""
    reduce_only = limits.daily_loss_action is LossAction.REDUCE
    losses = (
        (
            HaltRule.DAILY_LOSS,
            HaltLevel.REDUCING if reduce_only else HaltLevel.HALTED,
            daily_loss(account, counters, limits),
        ),
        (HaltRule.DRAWDOWN, HaltLevel.HALTED, drawdown(account, counters, limits)),
    )
    return tuple(
        _halt(rule, level, str(loss), session, now, loss.fraction, loss.limit)
        for rule, level, loss in losses
        if loss.breaks_limit
    )


def limit_breach_halt(inputs: LimitInputs, session: date, now: datetime) -> Halt | None:
    """The halt for limits that the account exceeds; its figures are those of the first.

    It is REDUCING, so that exits can end the breach, and it ends with the breach.
    """
    breaches = limit_breaches(inputs)
    if not breaches:
        return None
    reason = "; ".join(breach.message for breach in breaches)
    first = breaches[0]
    return _halt(HaltRule.LIMIT_BREACH, HaltLevel.REDUCING, reason, session, now, first.value, first.limit)


#: A halt for breaks that returns within so many sessions of the last one's end ends by a person alone.
BREAKS_RETURN_SESSIONS = 5


def breaks_halt(
    breaks: Iterable[Break], limits: Limits, session: date, now: datetime, sessions_since_last: int | None = None
) -> Halt | None:
    """The halt for differences between ledger and broker that together are worth too much.

    sessions_since_last: since the end of the last halt of this rule; None for none.
    """
    breaks = tuple(breaks)
    value, limit = unexplained(breaks), limits.break_halt_value
    if value < limit:
        return None
    symbols = ", ".join(dict.fromkeys(each.symbol for each in breaks if each.dollars and each.kind in ACCEPTABLE))
    reason = (
        f"the ledger and the broker differ by {dollars(value)} (in {symbols}), and {dollars(limit)} is the limit; "
        "`tradebot reconcile` shows each break"
    )
    returned = sessions_since_last is not None and sessions_since_last <= BREAKS_RETURN_SESSIONS
    by_itself = limits.breaks_halt_ends is BreaksHaltEnds.EXPLAINED and not returned
    halt = _halt(HaltRule.BREAKS, HaltLevel.HALTED, reason, session, now, value, limit)
    return replace(halt, ends=HaltEnd.EXPLAINED if by_itself else HaltEnd.RESUME)


#: The jobs whose failures are counted: those that trade, protect or reconcile.
COUNTED_JOBS = (Job.RUN_DAILY, Job.CHECK_EXITS, Job.RECONCILE)
#: The statuses of runs that count. An idle or blocked run shows neither success nor failure.
COUNTED_STATUSES = (RunStatus.RAN, RunStatus.FAILED, RunStatus.RUNNING)
#: The exit codes of runs that count for nothing: a person stopped them, or mistyped an argument.
UNCOUNTED_CODES = (ExitCode.INTERRUPTED, ExitCode.TERMINATED, ExitCode.USAGE)


def failed_runs_halt(newest: Iterable[Run], limits: Limits, session: date, now: datetime) -> Halt | None:
    """The halt for failed runs of one job in a row. ``newest``: its counted runs, newest first.

    A run that is stored as running has died: it is one of the caller's home, whose lock the caller holds.
    """
    failed = failed_in_a_row(newest)
    if len(failed) < limits.failed_runs_limit:
        return None
    first, last = failed[-1], failed[0]
    reason = (
        f"the last {len(failed)} runs of {last.job} failed, and {limits.failed_runs_limit} in a row are the limit; "
        f"the first began {new_york_text(first.started_at)}, the last said: {last.summary or 'nothing, it died'}"
    )
    value, limit = Decimal(len(failed)), Decimal(limits.failed_runs_limit)
    return _halt(HaltRule.FAILED_RUNS, HaltLevel.HALTED, reason, session, now, value, limit)


def failed_in_a_row(newest: Iterable[Run]) -> tuple[Run, ...]:
    """The failed runs since the last one that did not fail, newest first."""
    return tuple(takewhile(_has_failed, newest))


def _has_failed(run: Run) -> bool:
    return run.status in (RunStatus.FAILED, RunStatus.RUNNING)


def _halt(
    rule: HaltRule, level: HaltLevel, reason: str, session: date, now: datetime, value: Decimal, limit: Decimal
) -> Halt:
    return Halt(HaltSource.LEDGER, rule, level, reason, since=now, session=session, value=value, limit=limit)


def active_halts(halts: Iterable[Halt], today: date | None) -> tuple[Halt, ...]:
    """The halts that still hold in session ``today``: those whose ``until`` has not come. All of them for None."""
    return tuple(halt for halt in halts if halt.until is None or today is None or today < halt.until)


@dataclass(frozen=True, slots=True)
class LimitInputs:
    """What limits are compared with: the account as the broker shows it and the ledger explains it."""

    equity: Decimal  # USD
    positions: tuple[Position, ...]
    holdings: tuple[Holding, ...]
    open_orders: tuple[BrokerOrder, ...]
    unsettled: tuple[Intent, ...]
    quotes: Mapping[str, Quote]
    limits: Limits


@dataclass(frozen=True, slots=True)
class LimitBreach:
    """An exceeded limit. ``value`` and ``limit`` are fractions of equity or counts."""

    value: Decimal
    limit: Decimal
    message: str


@dataclass(frozen=True, slots=True)
class LimitUse:
    """How much of its limits an account uses: the figures that the circuit breakers compare."""

    positions: int  # symbols with a position, foreign ones included, or with an order that may open one
    gross_exposure: Decimal  # their value as a fraction of equity; long positions that gained count at cost
    daily_loss: EquityLoss
    drawdown: EquityLoss


def exposure_at_cost(inputs: LimitInputs) -> Exposure:
    """The exposure with the gains of long positions left out."""
    return measure_exposure(_without_gains(inputs))


def limit_use(inputs: LimitInputs, account: AccountSnapshot, counters: Counters) -> LimitUse:
    """The use of the limits, exceeded or not."""
    exposure = exposure_at_cost(inputs)
    return LimitUse(
        positions=len(exposure.symbols),
        gross_exposure=fraction(exposure.total.value, inputs.equity),
        daily_loss=daily_loss(account, counters, inputs.limits),
        drawdown=drawdown(account, counters, inputs.limits),
    )


def limit_breaches(inputs: LimitInputs) -> tuple[LimitBreach, ...]:
    """The limits that the account exceeds by more than the tolerance; the number of positions has no tolerance."""
    exposure = exposure_at_cost(inputs)
    return (*_count(inputs, exposure), *_shares_of_equity(inputs, exposure))


def _count(inputs: LimitInputs, exposure: Exposure) -> Iterator[LimitBreach]:
    count = len(exposure.symbols)
    limit = inputs.limits.max_positions
    if count > limit:
        message = f"{count} positions are open or under way, foreign ones included, and {limit} is the most"
        yield LimitBreach(Decimal(count), Decimal(limit), message)


def _shares_of_equity(inputs: LimitInputs, exposure: Exposure) -> Iterator[LimitBreach]:
    limits, total = inputs.limits, exposure.total
    for symbol in sorted({holding.symbol for holding in inputs.holdings} & exposure.by_symbol.keys()):
        yield from _share(inputs, f"{symbol} is", exposure.by_symbol[symbol].value, limits.max_position_size_pct)
    yield from _share(inputs, "all positions together are", total.value, limits.max_gross_exposure_pct)
    yield from _share(inputs, "at the stops would be lost", total.risk, limits.max_portfolio_risk_pct)


def _share(inputs: LimitInputs, subject: str, value: Decimal, limit: Decimal) -> Iterator[LimitBreach]:
    equity, tolerance = inputs.equity, inputs.limits.limit_breach_tolerance_pct
    if value <= 0 or value <= equity * limit * (ONE + tolerance):
        return
    share = fraction(value, equity)
    message = (
        f"{subject} {dollars(value)}, {percent(share)} of equity, and {percent(limit)} is the limit, with "
        f"{percent(tolerance)} of it for drift"
    )
    yield LimitBreach(share, limit, message)


def fraction(value: Decimal, equity: Decimal) -> Decimal:
    """A value as a fraction of equity: 1 without equity, 0 without a value."""
    if value <= 0:
        return ZERO
    return value / equity if equity > 0 else ONE


def _without_gains(inputs: LimitInputs) -> LimitInputs:
    """The account with the gains of long positions left out: no price above its cost."""
    cost = {position.symbol: position.average_price for position in inputs.positions if position.quantity > 0}

    def capped(symbol: str, price: Decimal) -> Decimal:
        return min(price, cost.get(symbol, price))

    return replace(
        inputs,
        positions=tuple(replace(p, market_price=capped(p.symbol, p.market_price)) for p in inputs.positions),
        quotes={symbol: replace(q, last=capped(symbol, q.last)) for symbol, q in inputs.quotes.items()},
    )
