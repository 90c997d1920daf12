"""Results of the steps of a job. A step returns one and the use case adds it to its run; steps change no run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from itertools import chain
from operator import attrgetter
from typing import Any, Self

from tradebot.core.accounting.day_result import ExplainedEquity
from tradebot.core.model.account import AccountSnapshot, Fill, Position, Quote
from tradebot.core.model.breaks import ACCEPTABLE, OF_SHARES, Break
from tradebot.core.model.halts import Halt
from tradebot.core.model.holdings import Holding
from tradebot.core.model.limits import Limits, LimitUsed
from tradebot.core.model.orders import BrokerOrder, Intent
from tradebot.core.model.plan import Denial
from tradebot.core.model.signals import Signal
from tradebot.core.results.outcomes import ExitLine, FailureLine, OrderLine
from tradebot.core.results.resting_lines import RestingLine
from tradebot.core.risk.circuit_breakers import LimitInputs
from tradebot.core.safety.stop_coverage import Gap
from tradebot.errors import ExitCode


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """What a step did, in the terms of the outcome that its run ends with."""

    strategies: tuple[str, ...] = ()
    orders: tuple[OrderLine, ...] = ()
    fills: tuple[Fill, ...] = ()
    exits: tuple[ExitLine, ...] = ()
    denials: tuple[Denial, ...] = ()
    failures: tuple[FailureLine, ...] = ()
    notes: tuple[str, ...] = ()
    codes: tuple[ExitCode, ...] = ()

    @property
    def has_lines(self) -> bool:
        """Whether the result adds anything to the outcome."""
        return any(_lines_of(self))

    def after(self, *earlier: StepResult) -> Self:
        """This result with the lines of ``earlier`` results before its own."""
        before = [_lines_of(result) for result in earlier if result.has_lines]
        if not before:
            return self
        lines: Iterable[Any] = (tuple(chain(*kind)) for kind in zip(*before, _lines_of(self), strict=True))
        return replace(self, **dict(zip(_KINDS, lines, strict=True)))


_KINDS = tuple(field.name for field in fields(StepResult))
_lines_of = attrgetter(*_KINDS)


def failed(what: str, message: str, code: ExitCode = ExitCode.DEGRADED) -> StepResult:
    """The result of a step that failed without stopping the rest."""
    return StepResult(failures=(FailureLine(what, message),), codes=(code,))


def coded(code: ExitCode) -> StepResult:
    """The result of a step that met a condition for the exit code."""
    return StepResult(codes=(code,))


def noted(*notes: str) -> StepResult:
    """The result of a step that has only notes."""
    return StepResult(notes=notes)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitResult(StepResult):
    """The result of sending one intent. It has no order line, because the order may not have ended yet."""

    intent: Intent  # in the state after the broker's response
    halts: tuple[Halt, ...] = ()  # every halt in force, where one of them stopped the intent
    rests: bool = True  # False: it was taken, and the broker does not say yet that it surely rests


@dataclass(frozen=True, slots=True)
class AccountState:
    """The account read at one moment: the broker's records beside the ledger's explanation of them."""

    account: AccountSnapshot
    positions: tuple[Position, ...]
    open_orders: tuple[BrokerOrder, ...]
    holdings: tuple[Holding, ...]
    unsettled: tuple[Intent, ...]
    quotes: Mapping[str, Quote]
    breaks: tuple[Break, ...]  # confirmed
    gaps: tuple[Gap, ...]
    resting: tuple[RestingLine, ...]
    explained: ExplainedEquity
    at: datetime  # when the broker had been read, desk time, aware UTC
    pending: tuple[Break, ...] = ()  # differences that one look has shown
    unsettled_symbols: frozenset[str] = frozenset()  # they changed with each look; CASH among them
    foreign_orders: tuple[BrokerOrder, ...] = ()  # open ones that somebody else sent
    limits_used: tuple[LimitUsed, ...] = ()  # that are stored with this look

    def limit_inputs(self, limits: Limits) -> LimitInputs:
        """What the limits are compared with."""
        account = (self.positions, self.holdings, self.open_orders, self.unsettled, self.quotes)
        return LimitInputs(self.account.equity, *account, limits)

    @property
    def differences(self) -> tuple[Break, ...]:
        """Everything that the ledger does not explain, confirmed or not."""
        return (*self.breaks, *self.pending)

    @property
    def explains_everything(self) -> bool:
        """Whether the ledger explains shares and cash, in a look of one moment."""
        differs = any(each.kind in ACCEPTABLE and each.matters for each in self.differences)
        return not differs and not self.unsettled_symbols

    def agrees_on(self, symbol: str) -> bool:
        """Whether ledger and broker show the same shares of a symbol, which did not change while they were read."""
        differs = {each.symbol for each in self.differences if each.kind in OF_SHARES}
        return symbol not in differs | self.unsettled_symbols


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountResult(StepResult):
    """The result of a step that reads the account; ``state`` is the account at its end."""

    state: AccountState


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalsResult(StepResult):
    """The signals of every strategy that gave any."""

    signals: tuple[Signal, ...]
    faults: Mapping[str, str]  # by strategy: why it gave no signals, or what is wrong with its conditions
