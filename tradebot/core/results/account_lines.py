"""The accounts of all ledgers for people, and what they add up to. Money on paper and real money are never added."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from tradebot.core.model.halts import HaltLevel
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.schedule import Job
from tradebot.core.model.values import ZERO
from tradebot.core.results.position_lines import PositionLine
from tradebot.errors import ExitCode


@dataclass(frozen=True, slots=True)
class AccountLine:
    """An account as its ledger knew it last. Amounts are USD; None: no job has looked at it yet."""

    broker: str
    mode: str  # "paper" or "live"
    account: str  # its number, masked where it is secret
    homes: tuple[str, ...]  # the places of the homes that trade it, each with its machine
    ledger: str
    level: HaltLevel  # by the ledger, and by the halt files of the homes on this machine
    last_job: Job | None = None
    last_run: datetime | None = None  # when it began
    last_status: RunStatus | None = None
    session: date | None = None  # of the newest look
    known_at: datetime | None = None  # the time of that look
    equity: Decimal | None = None
    day_result: Decimal | None = None  # of that session: since the close before, without deposits and withdrawals
    trades: int = 0  # round trips that ended in that session
    realised: Decimal = ZERO  # by these
    positions: tuple[PositionLine, ...] = ()


@dataclass(frozen=True, slots=True)
class AccountTotals:
    """The sums over the accounts of one mode, USD."""

    mode: str
    account_count: int
    equity: Decimal
    day_result: Decimal
    gross_exposure: Decimal  # market value of longs plus that of shorts
    trades: int
    realised: Decimal
    oldest: datetime | None  # the time of the look that is the oldest


@dataclass(frozen=True, slots=True)
class SymbolExposure:
    """One symbol over the accounts of one mode."""

    mode: str
    symbol: str
    account_count: int
    quantity: Decimal  # shares, negative for a short
    market_value: Decimal  # USD, negative for a short
    pnl: Decimal  # USD, unrealised, before fees


@dataclass(frozen=True, slots=True)
class AllAccounts:
    """Every account that could be read, and what could not be."""

    accounts: tuple[AccountLine, ...]
    missing: tuple[str, ...] = ()  # homes and ledgers that are known and could not be read, and why others may exist

    @property
    def exit_code(self) -> ExitCode:
        """INCOMPLETE where something is missing, or nothing is known at all."""
        return ExitCode.OK if self.accounts and not self.missing else ExitCode.INCOMPLETE

    @property
    def totals(self) -> tuple[AccountTotals, ...]:
        """The sums of each mode that has accounts, real money first."""
        return tuple(_totals(mode, accounts) for mode in ("live", "paper") if (accounts := self._of(mode)))

    @property
    def exposure(self) -> tuple[SymbolExposure, ...]:
        """Each symbol of each mode, real money first, the largest exposure first."""
        return tuple(
            sorted(
                (each for mode in ("live", "paper") for each in _exposure(mode, self._of(mode))),
                key=lambda each: (each.mode, -abs(each.market_value), each.symbol),
            )
        )

    def _of(self, mode: str) -> tuple[AccountLine, ...]:
        return tuple(account for account in self.accounts if account.mode == mode)


def _totals(mode: str, accounts: tuple[AccountLine, ...]) -> AccountTotals:
    return AccountTotals(
        mode=mode,
        account_count=len(accounts),
        equity=sum((account.equity or ZERO for account in accounts), ZERO),
        day_result=sum((account.day_result or ZERO for account in accounts), ZERO),
        gross_exposure=sum((abs(line.market_value) for each in accounts for line in each.positions), ZERO),
        trades=sum(account.trades for account in accounts),
        realised=sum((account.realised for account in accounts), ZERO),
        oldest=min((account.known_at for account in accounts if account.known_at), default=None),
    )


def _exposure(mode: str, accounts: Iterable[AccountLine]) -> Iterable[SymbolExposure]:
    held: dict[str, list[tuple[int, PositionLine]]] = {}
    for number, account in enumerate(accounts):
        for line in account.positions:
            held.setdefault(line.symbol, []).append((number, line))
    for symbol, lines in held.items():
        yield SymbolExposure(
            mode=mode,
            symbol=symbol,
            account_count=len({number for number, _ in lines}),
            quantity=sum((line.quantity for _, line in lines), ZERO),
            market_value=sum((line.market_value for _, line in lines), ZERO),
            pnl=sum((line.pnl for _, line in lines), ZERO),
        )
